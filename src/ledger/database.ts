/**
 * The part of D1 the ledger uses, so that the very same SQL runs on D1, in tests on SQLite and in the simulator.
 * `batch` is one transaction: all or nothing. Writes are never retried for us (platform.md), so every write here is
 * idempotent by key or guarded by compare-and-set.
 */
export interface LedgerStatement {
  bind(...values: unknown[]): LedgerStatement;
  all<Row>(): Promise<{ readonly results: Row[] }>;
  run(): Promise<unknown>;
}

export interface LedgerDatabase {
  prepare(sql: string): LedgerStatement;
  batch(statements: LedgerStatement[]): Promise<unknown>;
}

/** How a failed write is to be understood. */
export type WriteFailure =
  /** The stored head is another than believed: replayed, stale or gapped. Nothing was written. */
  | 'seq_gap'
  /** The lane is linked to another, or the link would make a chain: learnt meanwhile by somebody else. Nothing was written. */
  | 'linked'
  /** A period was closed since it was decided. Nothing was written; planned anew it goes by the books as they are. */
  | 'period_closed'
  /** An entry, an owner or an immutable row was violated: a bug or an attack. Nothing was written. */
  | 'refused'
  /** It may have been written (connection lost, timeout): read back before anything else. */
  | 'ambiguous';

const refusals = ['unbalanced', 'immutable', 'object_owner', 'CONSTRAINT', 'constraint failed', 'datatype mismatch'];

/** Sorted by the words that our triggers RAISE and SQLite's own; everything else may have landed. */
export function classifyWriteFailure(error: unknown): WriteFailure {
  const message = error instanceof Error ? `${error.message} ${String(error.cause ?? '')}` : String(error);
  if (message.includes('seq_gap')) return 'seq_gap';
  if (message.includes('lane_linked') || message.includes('link_chain')) return 'linked';
  if (message.includes('period_closed')) return 'period_closed';
  return refusals.some((word) => message.includes(word)) ? 'refused' : 'ambiguous';
}
