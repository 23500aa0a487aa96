import { describe, expect, it } from 'vitest';
import { Lane } from '../../../src/durable-objects/customer-lane/lane.ts';
import {
  type Migration,
  migrate,
  migrations,
  storedVersion,
} from '../../../src/durable-objects/customer-lane/schema.ts';
import { applying, delivery, identity } from '../../support/lane-events.ts';
import { NodeLaneStorage } from '../../support/node-lane-storage.ts';

/** Version 1 as released, with a lane in it that accepted two events and applied one. Never edit it. */
const version1 = [
  `CREATE TABLE schema_version (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL) STRICT`,
  `CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), tenant TEXT NOT NULL, lane TEXT NOT NULL,
    epoch INTEGER NOT NULL DEFAULT 0, lease_until INTEGER NOT NULL DEFAULT 0, leased TEXT, doubt TEXT NOT NULL DEFAULT '[]',
    position INTEGER NOT NULL DEFAULT 0, hash TEXT NOT NULL, settled_to INTEGER NOT NULL DEFAULT 0,
    settled_epoch INTEGER NOT NULL DEFAULT 0, settled_print TEXT NOT NULL DEFAULT '',
    archived_to INTEGER NOT NULL DEFAULT 0, pruned_to INTEGER NOT NULL DEFAULT 0, conflicts_to INTEGER NOT NULL DEFAULT 0,
    conflicts_omitted INTEGER NOT NULL DEFAULT 0, quarantined_to INTEGER NOT NULL DEFAULT 0,
    paused INTEGER NOT NULL DEFAULT 0) STRICT`,
  `CREATE TABLE log (seq INTEGER PRIMARY KEY, source TEXT NOT NULL, event_id TEXT NOT NULL, type TEXT NOT NULL,
    occurred_at INTEGER NOT NULL, received_at INTEGER NOT NULL, trust TEXT NOT NULL, body_hash TEXT NOT NULL,
    size INTEGER NOT NULL, evidence TEXT NOT NULL, body BLOB) STRICT`,
  `CREATE TABLE seen (source TEXT NOT NULL, event_id TEXT NOT NULL, seq INTEGER NOT NULL, body_hash TEXT NOT NULL,
    PRIMARY KEY (source, event_id)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE held (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, reason TEXT NOT NULL, due_at INTEGER,
    held_at INTEGER NOT NULL, tries INTEGER NOT NULL, archived INTEGER NOT NULL) STRICT`,
  'CREATE INDEX held_due ON held (due_at) WHERE due_at IS NOT NULL',
  `CREATE TABLE resolved (seq INTEGER PRIMARY KEY, position INTEGER, reason TEXT, at INTEGER NOT NULL,
    archived INTEGER NOT NULL) STRICT`,
  'CREATE INDEX resolved_unarchived ON resolved (seq) WHERE archived = 0',
  `CREATE TABLE outbox (target TEXT NOT NULL, position INTEGER NOT NULL, seq INTEGER NOT NULL, uncertain INTEGER NOT NULL,
    attempts INTEGER NOT NULL, not_before INTEGER NOT NULL, PRIMARY KEY (target, position)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE conflicts (number INTEGER PRIMARY KEY, seq INTEGER NOT NULL, source TEXT NOT NULL, event_id TEXT NOT NULL,
    received_at INTEGER NOT NULL, body_hash TEXT NOT NULL, body BLOB) STRICT`,
  'INSERT INTO schema_version VALUES (1, 1)',
  `INSERT INTO state (one, tenant, lane, epoch, position, hash, settled_to, settled_epoch, archived_to)
    VALUES (1, 'acme', 'stripe:cus_1', 1, 1, '${'a'.repeat(64)}', 1, 1, 1)`,
  ...[1, 2].flatMap((seq) => [
    `INSERT INTO log VALUES (${seq}, 'stripe', 'e${seq}', 'invoice.paid', 9, 10, 'signed', '${'b'.repeat(64)}', 2, '{}', x'7b7d')`,
    `INSERT INTO seen VALUES ('stripe', 'e${seq}', ${seq}, '${'b'.repeat(64)}')`,
  ]),
];

/** A release after this one, which adds a column and a table. */
const later: readonly Migration[] = [
  ...migrations,
  [
    "ALTER TABLE state ADD COLUMN note TEXT NOT NULL DEFAULT 'kept'",
    'CREATE TABLE later (one INTEGER PRIMARY KEY) STRICT',
  ],
];

function atVersion1(): NodeLaneStorage {
  const storage = new NodeLaneStorage();
  for (const statement of version1) storage.exec(statement);
  return storage;
}

const shape = (storage: NodeLaneStorage) =>
  storage
    .exec('SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name')
    .map(({ name, sql }) => [name, String(sql).replace(/\s+/g, '').toLowerCase()]);

describe('the lane’s schema', () => {
  it.each([
    ['this code', migrations],
    ['a later release', later],
  ])('of version 1 wakes under %s with all it had', (_, steps) => {
    const storage = atVersion1();
    const lane = new Lane(storage, steps);
    expect(storedVersion(storage)).toBe(steps.length);
    const given = lane.lease(100);
    expect(given).toMatchObject({
      code: 'leased',
      epoch: 2,
      head: { position: 1 },
      events: [{ seq: 2, eventId: 'e2' }],
    });
    if (given.code !== 'leased') return;
    expect(lane.settle(2, applying(given, [2], { archivedTo: 2 }), 100)).toEqual({ code: 'settled', more: false });
    expect(lane.accept(identity, [{ ...delivery('e1'), bodyHash: 'b'.repeat(64) }], 100)).toMatchObject({
      results: [{ code: 'duplicate', seq: 1 }],
      created: false,
    });
  });

  it('of version 1 has not been edited since it was released', () => {
    const made = new NodeLaneStorage();
    migrate(made, migrations.slice(0, 1));
    expect(shape(made)).toEqual(shape(atVersion1()));
  });

  it('made by a later release still serves this one, which leaves the additions alone', () => {
    const storage = atVersion1();
    new Lane(storage, later);
    const lane = new Lane(storage);
    expect(lane.lease(100).code).toBe('leased');
    expect(storedVersion(storage)).toBe(later.length);
    expect(storage.exec('SELECT note FROM state')).toEqual([{ note: 'kept' }]);
  });

  it('is migrated whole or not at all', () => {
    const storage = atVersion1();
    expect(() => new Lane(storage, [...later, ['CREATE TABLE broken (']])).toThrow();
    expect(storedVersion(storage)).toBe(1);
    expect(storage.exec("SELECT name FROM sqlite_master WHERE name = 'later'")).toEqual([]);
  });
});
