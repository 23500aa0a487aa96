import type { Storage } from './storage.ts';

/** Rows per statement, so that one bound JSON text stays well under SQLite's 2 MB. */
const CHUNK = 500;

/** The rows in a Durable Object's SQLite: one upsert per transaction, through json_each. */
export function sqliteStorage(durable: DurableObjectStorage): Storage {
  durable.sql.exec(
    'CREATE TABLE IF NOT EXISTS odoo_rows (tbl TEXT NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (tbl, id)) STRICT, WITHOUT ROWID',
  );
  return {
    *load() {
      for (const row of durable.sql.exec<{ tbl: string; id: number; body: string }>(
        'SELECT tbl, id, body FROM odoo_rows',
      )) {
        yield { table: row.tbl, id: row.id, body: row.body };
      }
    },
    save(rows) {
      durable.transactionSync(() => {
        const kept = rows.filter((row) => row.body !== null).map((row) => [row.table, row.id, row.body]);
        const gone = rows.filter((row) => row.body === null).map((row) => [row.table, row.id]);
        for (let at = 0; at < kept.length; at += CHUNK) {
          durable.sql.exec(
            'INSERT OR REPLACE INTO odoo_rows SELECT value->>0, value->>1, value->>2 FROM json_each(?)',
            JSON.stringify(kept.slice(at, at + CHUNK)),
          );
        }
        for (const [table, id] of gone) durable.sql.exec('DELETE FROM odoo_rows WHERE tbl = ? AND id = ?', table, id);
      });
    },
    clear() {
      durable.sql.exec('DELETE FROM odoo_rows');
    },
  };
}
