/** Migrations on a database that has books already: what was there before stands, and is held by the newer rules. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';

const directory = path.resolve(import.meta.dirname, '../../migrations');
const migrations = readdirSync(directory)
  .filter((name) => name.endsWith('.sql'))
  .toSorted();

function apply(db: DatabaseSync, names: readonly string[]): void {
  for (const name of names) db.exec(readFileSync(path.join(directory, name), 'utf8'));
}

const slice = (period: string, amount: number, line: string) => ({
  ...{ period, currency: 'USD', amount, base: amount / 2, revenueAccount: '400', deferredAccount: '487', line },
});

/** Two entries of one lane: an invoice over three months, and a credit note that takes the last of them. */
const before = `
INSERT INTO lanes VALUES ('t', 'stripe:cus', 2, 'h2', 0, 'h0', 1);
INSERT INTO commits VALUES ('t', '001767603600000-0badcafe', 1767603600000, '[["stripe","evt_1"]]');
INSERT INTO objects VALUES ('t', 'stripe:customer:cus', 'stripe:cus', '{"kind":"customer"}');
INSERT INTO events VALUES ('t', 'stripe', 'evt_1', 'stripe:cus', 1, 1, 'invoice.finalized', 1, 1, 'signed', 'bh', NULL, 'booked', NULL, '[]', '{"targets":[],"documents":[]}', 1, 1);
INSERT INTO entries VALUES ('t', 'stripe:cus', 1, 0, 'eu', 'invoice.issued', '2026-01-05', 'stripe:invoice:1', '', 'EUR', '[]', '${JSON.stringify(
  [slice('2026-02-01', 400, 'a'), slice('2026-02-01', 200, 'b'), slice('2026-03-01', 600, 'a')],
)}', 'stripe', 'evt_1', 'bh', 1, 1, 'h0', 'h1');
INSERT INTO entries VALUES ('t', 'stripe:cus', 2, 0, 'eu', 'credit_note.issued', '2026-01-06', 'stripe:note:1', '', 'EUR', '[]', '${JSON.stringify(
  [slice('2026-03-01', -600, 'a')],
)}', 'stripe', 'evt_2', 'bh', 1, 1, 'h1', 'h2');
`;

function migrated(): DatabaseSync {
  const db = new DatabaseSync(':memory:');
  const first = migrations.filter((name) => name < '0003');
  apply(db, first);
  db.exec(before);
  apply(db, migrations.slice(first.length));
  return db;
}

describe('books of before', () => {
  it('have the schedules that their entries add up to, and none that is closed', () => {
    const rows = migrated().prepare('SELECT entity, period, currency, amount, base FROM schedules').all();
    expect(rows.map((row) => ({ ...row }))).toEqual([
      { entity: 'eu', period: '2026-02-01', currency: 'USD', amount: 600, base: 300 },
    ]);
  });

  it('keep their events, which learn where their bytes lie and nothing else', () => {
    const db = migrated();
    db.exec("UPDATE events SET archive = 'a#0'");
    expect(() => db.exec("UPDATE events SET note = 'otherwise'")).toThrow(/immutable/);
    expect(() => db.exec("UPDATE events SET hash = 'h'")).toThrow(/immutable/);
    expect(() => db.exec('DELETE FROM commits')).toThrow(/immutable/);
  });

  it('take nothing into a month that is closed since', () => {
    const db = migrated();
    db.exec("INSERT INTO entity_books VALUES ('t', 'eu', '2026-01-31', NULL)");
    db.exec("UPDATE lanes SET position = 4, hash = 'h4', from_position = 2, from_hash = 'h2'");
    const insert = (position: number, date: string) =>
      db.exec(
        `INSERT INTO entries VALUES ('t', 'stripe:cus', ${position}, 0, 'eu', 'k', '${date}', 'o', '', 'EUR', '[]', '[]', 's', 'e', 'b', 1, 1, 'p', 'h')`,
      );
    expect(() => insert(3, '2026-01-31')).toThrow(/period_closed/);
    insert(3, '2026-02-01');
  });

  it('have their next commit behind the last one', () => {
    const db = migrated();
    const next = `SELECT 1 + CAST(substr(max(id), 1, 15) AS INTEGER) AS id FROM commits WHERE tenant = 't'`;
    expect(db.prepare(next).get()).toMatchObject({ id: 1_767_603_600_001 });
  });
});
