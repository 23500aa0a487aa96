/** The lane's port on a Durable Object's own storage. */
import type { EpochMs } from '../../canonical/ids.ts';
import type { LaneStorage, SqlRow, SqlValue } from './storage.ts';

const SIZE_AGE = 64;

/**
 * The alarm's time is kept in memory, because asking for it is asynchronous: it is read once, at wake. When
 * setting it fails, the platform resets the object and the writes of that turn are not confirmed (output gate).
 */
export class DurableLaneStorage implements LaneStorage {
  readonly #storage: DurableObjectStorage;
  #armedAt: EpochMs | null = null;
  #size: number | null = null;
  #sizeAge = 0;
  /** Billable: rows written by statements so far, and alarms set (one row each). */
  readonly billed = { rowsWritten: 0, alarmsSet: 0 };

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Once at wake, before any command. */
  async loadAlarm(): Promise<void> {
    this.#armedAt = await this.#storage.getAlarm();
  }

  exec(sql: string, ...params: SqlValue[]): SqlRow[] {
    const cursor = this.#storage.sql.exec(sql, ...params);
    const rows = cursor.toArray();
    this.billed.rowsWritten += cursor.rowsWritten;
    return rows;
  }

  transaction<T>(work: () => T): T {
    const armedBefore = this.#armedAt;
    try {
      return this.#storage.transactionSync(work);
    } catch (error) {
      this.#armedAt = armedBefore;
      throw error;
    }
  }

  /** As of at most `SIZE_AGE` statements ago: asking costs as much as a statement, and bounds have a wide margin. */
  size(): number {
    this.#sizeAge += 1;
    if (this.#size === null || this.#sizeAge > SIZE_AGE) {
      this.#size = this.#storage.sql.databaseSize;
      this.#sizeAge = 0;
    }
    return this.#size;
  }

  armedAt(): EpochMs | null {
    return this.#armedAt;
  }

  arm(at: EpochMs): void {
    this.#armedAt = at;
    this.billed.alarmsSet += 1;
    void this.#storage.setAlarm(at);
  }

  /** The alarm is being handled: none is armed now. */
  alarmFired(): void {
    this.#armedAt = null;
  }
}
