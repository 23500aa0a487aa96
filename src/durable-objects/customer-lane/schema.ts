/**
 * The lane's tables. A lane is migrated when it wakes, forward only. Versions mix during a deploy, so a migration only
 * ever adds: code of the version before must be able to work on its result. A migration that was released is never
 * edited (test/durable-objects/customer-lane/schema.test.ts holds a copy of it).
 *
 * Rows written are what a lane costs, so an event that goes well writes two: its log row, which carries the bytes, and
 * its row in `seen`. All other tables hold only what is not well, except the one row of `state`.
 */
import { integer, type LaneStorage } from './storage.ts';

/** The statements that lead from the version before to this one; the first is version 1. */
export type Migration = readonly string[];

export const migrations: readonly Migration[] = [
  [
    `CREATE TABLE state (
      one INTEGER PRIMARY KEY CHECK (one = 1),
      tenant TEXT NOT NULL,
      lane TEXT NOT NULL,
      epoch INTEGER NOT NULL DEFAULT 0,
      lease_until INTEGER NOT NULL DEFAULT 0,
      leased TEXT,
      doubt TEXT NOT NULL DEFAULT '[]',
      position INTEGER NOT NULL DEFAULT 0,
      hash TEXT NOT NULL,
      settled_to INTEGER NOT NULL DEFAULT 0,
      settled_epoch INTEGER NOT NULL DEFAULT 0,
      settled_print TEXT NOT NULL DEFAULT '',
      archived_to INTEGER NOT NULL DEFAULT 0,
      pruned_to INTEGER NOT NULL DEFAULT 0,
      conflicts_to INTEGER NOT NULL DEFAULT 0,
      conflicts_omitted INTEGER NOT NULL DEFAULT 0,
      quarantined_to INTEGER NOT NULL DEFAULT 0,
      paused INTEGER NOT NULL DEFAULT 0
    ) STRICT`,
    `CREATE TABLE log (
      seq INTEGER PRIMARY KEY,
      source TEXT NOT NULL,
      event_id TEXT NOT NULL,
      type TEXT NOT NULL,
      occurred_at INTEGER NOT NULL,
      received_at INTEGER NOT NULL,
      trust TEXT NOT NULL,
      body_hash TEXT NOT NULL,
      size INTEGER NOT NULL,
      evidence TEXT NOT NULL,
      body BLOB
    ) STRICT`,
    `CREATE TABLE seen (
      source TEXT NOT NULL,
      event_id TEXT NOT NULL,
      seq INTEGER NOT NULL,
      body_hash TEXT NOT NULL,
      PRIMARY KEY (source, event_id)
    ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE held (
      seq INTEGER PRIMARY KEY,
      kind TEXT NOT NULL,
      reason TEXT NOT NULL,
      due_at INTEGER,
      held_at INTEGER NOT NULL,
      tries INTEGER NOT NULL,
      archived INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX held_due ON held (due_at) WHERE due_at IS NOT NULL',
    `CREATE TABLE resolved (
      seq INTEGER PRIMARY KEY,
      position INTEGER,
      reason TEXT,
      at INTEGER NOT NULL,
      archived INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX resolved_unarchived ON resolved (seq) WHERE archived = 0',
    `CREATE TABLE outbox (
      target TEXT NOT NULL,
      position INTEGER NOT NULL,
      seq INTEGER NOT NULL,
      uncertain INTEGER NOT NULL,
      attempts INTEGER NOT NULL,
      not_before INTEGER NOT NULL,
      PRIMARY KEY (target, position)
    ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE conflicts (
      number INTEGER PRIMARY KEY,
      seq INTEGER NOT NULL,
      source TEXT NOT NULL,
      event_id TEXT NOT NULL,
      received_at INTEGER NOT NULL,
      body_hash TEXT NOT NULL,
      body BLOB
    ) STRICT`,
  ],
];

/** The stored schema's version; 0 for a lane that never accepted anything. Writes nothing. */
export function storedVersion(storage: LaneStorage): number {
  const known = storage.exec("SELECT 1 AS one FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'");
  if (known.length === 0) return 0;
  const [row] = storage.exec('SELECT version FROM schema_version');
  if (row === undefined) throw new Error('schema_version is empty');
  return integer(row, 'version');
}

/**
 * Brings the tables to the newest version; call it inside a transaction. A version newer than this code knows is left
 * alone: it was made by the release after this one and has only added things.
 */
export function migrate(storage: LaneStorage, steps: readonly Migration[] = migrations): void {
  const from = storedVersion(storage);
  if (from >= steps.length) return;
  if (from === 0) {
    storage.exec(
      'CREATE TABLE schema_version (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL) STRICT',
    );
    storage.exec('INSERT INTO schema_version (one, version) VALUES (1, ?)', steps.length);
  } else {
    storage.exec('UPDATE schema_version SET version = ?', steps.length);
  }
  for (const statement of steps.slice(from).flat()) storage.exec(statement);
}
