import { DurableObject } from 'cloudflare:workers';
import { z } from 'zod';
import { fault, ownerOf, type StripeStore, storedObject } from './store.ts';

const objectList = z.array(storedObject);
const payoutMap = z.record(z.string(), z.array(z.string()));

/** The stand-in's objects, in SQLite. One instance holds one Stripe account. */
export class StripeObjects extends DurableObject implements StripeStore {
  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    super(state, env);
    state.storage.sql.exec(`
      CREATE TABLE IF NOT EXISTS objects (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, owner TEXT, json TEXT NOT NULL
      ) STRICT;
      CREATE INDEX IF NOT EXISTS objects_by_owner ON objects (kind, owner, seq);
      CREATE TABLE IF NOT EXISTS fault (one INTEGER PRIMARY KEY CHECK (one = 1), json TEXT NOT NULL, times INTEGER NOT NULL) STRICT;
    `);
  }

  async save(objects: string, payouts: string): Promise<void> {
    const all = objectList.parse(JSON.parse(objects));
    const transactionsOf = payoutMap.parse(JSON.parse(payouts));
    this.ctx.storage.transactionSync(() => {
      for (const object of all) {
        this.ctx.storage.sql.exec(
          `INSERT INTO objects (id, kind, owner, json) VALUES (?, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, owner = coalesce(excluded.owner, owner), json = excluded.json`,
          object.id,
          object.object,
          ownerOf(object),
          JSON.stringify(object),
        );
      }
      for (const [payout, transactions] of Object.entries(transactionsOf)) {
        const sql = `UPDATE objects SET owner = ? WHERE kind = 'balance_transaction' AND id IN (SELECT value FROM json_each(?))`;
        this.ctx.storage.sql.exec(sql, payout, JSON.stringify(transactions));
      }
    });
  }

  async find(id: string): Promise<string | null> {
    const [row] = this.ctx.storage.sql.exec<{ json: string }>('SELECT json FROM objects WHERE id = ?', id).toArray();
    return row?.json ?? null;
  }

  async listed(kind: string, owner: string, after: string | null, limit: number): Promise<string[]> {
    return this.ctx.storage.sql
      .exec<{ json: string }>(
        `SELECT json FROM objects WHERE kind = ?1 AND (owner = ?2 OR (kind = 'invoice_payment' AND json_extract(json, '$.invoice') = ?2))
           AND seq > coalesce((SELECT seq FROM objects WHERE id = ?3), 0) ORDER BY seq LIMIT ?4`,
        kind,
        owner,
        after,
        limit,
      )
      .toArray()
      .map((row) => row.json);
  }

  async arm(json: string): Promise<void> {
    const { times } = fault.parse(JSON.parse(json));
    this.ctx.storage.sql.exec('INSERT OR REPLACE INTO fault (one, json, times) VALUES (1, ?, ?)', json, times);
  }

  async meet(): Promise<string | null> {
    return this.ctx.storage.transactionSync(() => {
      const [row] = this.ctx.storage.sql.exec<{ json: string }>('SELECT json FROM fault WHERE times > 0').toArray();
      if (row !== undefined) this.ctx.storage.sql.exec('UPDATE fault SET times = times - 1');
      return row?.json ?? null;
    });
  }
}
