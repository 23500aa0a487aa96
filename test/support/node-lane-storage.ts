import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { LaneStorage, SqlRow, SqlValue } from '../../src/durable-objects/customer-lane/storage.ts';

/** A lane's storage in memory, on Node's SQLite. Survives the lane: build another `Lane` on it to evict the first. */
export class NodeLaneStorage implements LaneStorage {
  readonly #database = new DatabaseSync(':memory:');
  readonly #statements = new Map<string, StatementSync>();
  #armedAt: number | null = null;
  /** Overrides the real size, for the rules that depend on it. */
  pretendedSize: number | null = null;
  /** Throw before the n-th statement from now (1 is the next): a crash in the middle of a command. */
  failAfter: number | null = null;
  alarmsSet = 0;

  exec(sql: string, ...params: SqlValue[]): SqlRow[] {
    if (this.failAfter !== null) {
      this.failAfter -= 1;
      if (this.failAfter <= 0) {
        this.failAfter = null;
        throw new Error('crash');
      }
    }
    const bound = params.map((value) => (value instanceof ArrayBuffer ? new Uint8Array(value) : value));
    return this.#prepare(sql).all(...bound);
  }

  /** Statements with a schema in them are not kept: they are run once. */
  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      if (!/^\s*(CREATE|ALTER)/.test(sql)) this.#statements.set(sql, statement);
    }
    return statement;
  }

  transaction<T>(work: () => T): T {
    const armedBefore = this.#armedAt;
    this.#database.exec('BEGIN');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      this.#database.exec('ROLLBACK');
      this.#armedAt = armedBefore;
      throw error;
    } finally {
      this.failAfter = null;
    }
  }

  size(): number {
    return this.pretendedSize ?? 0;
  }

  armedAt(): number | null {
    return this.#armedAt;
  }

  arm(at: number): void {
    this.#armedAt = at;
    this.alarmsSet += 1;
  }

  /** The alarm goes off, or gets lost. */
  disarm(): void {
    this.#armedAt = null;
  }
}
