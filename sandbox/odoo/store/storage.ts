/** One row as it is kept: `body` is JSON, or null when the row is gone. */
export interface StoredRow {
  readonly table: string;
  readonly id: number;
  readonly body: string | null;
}

/**
 * Where the engine's rows survive. The engine works in memory and hands over each transaction's rows once, on commit;
 * `save` must keep all of them or throw, in which case the engine undoes the transaction.
 */
export interface Storage {
  load(): Iterable<StoredRow>;
  save(rows: readonly StoredRow[]): void;
  clear(): void;
}

/** Keeps nothing beyond the process: for tests and simulations. */
export function memoryStorage(): Storage {
  return { load: () => [], save: () => {}, clear: () => {} };
}
