import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Bindings } from '../../src/bindings.ts';
import { createApi } from '../../src/routes/api/index.ts';
import { layBooks, publish } from './books-fixture.ts';

/** D1 as it is, with its own count of rows read summed up. */
function counted(db: D1Database): { readonly db: D1Database; rows: number } {
  const counter = { rows: 0, db };
  const count = (result: D1Result): void => {
    counter.rows += result.meta.rows_read;
  };
  const statement = (inner: D1PreparedStatement): D1PreparedStatement =>
    new Proxy(inner, {
      get(target, property) {
        if (property === 'bind') return (...values: unknown[]) => statement(target.bind(...values));
        const method: unknown = Reflect.get(target, property);
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          if (property !== 'run') count(await target.all());
          return Reflect.apply(method, target, args);
        };
      },
    });
  counter.db = new Proxy(db, {
    get(target, property) {
      if (property === 'prepare') return (sql: string) => statement(target.prepare(sql));
      if (property === 'batch') {
        return async (statements: D1PreparedStatement[]) => {
          const results = await Promise.all(statements.map((one) => one.all()));
          return results;
        };
      }
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return counter;
}

const PER_LANE = 25;
const hash = "printf('%064d', 1)";
const numbers = (from: number, to: number, name: string): string =>
  `${name}(n) AS (SELECT ${from} UNION ALL SELECT n + 1 FROM ${name} WHERE n < ${to})`;

const lines = JSON.stringify([
  {
    role: 'receivable',
    account: '121000',
    currency: 'EUR',
    amount: 100,
    base: 100,
    customer: null,
    tax: null,
    memo: null,
  },
  {
    role: 'revenue',
    account: '400000',
    currency: 'EUR',
    amount: -100,
    base: -100,
    customer: null,
    tax: null,
    memo: null,
  },
]);
const documents = JSON.stringify({ targets: [{ target: 'odoo', notBefore: 0 }], documents: [] });

/** Lanes `from`…`to` with 25 booked events, entries, postings, resolved exceptions and audit rows each. */
async function grow(from: number, to: number): Promise<void> {
  const with2 = `WITH RECURSIVE ${numbers(from, to, 'l')}, ${numbers(1, PER_LANE, 'p')}`;
  const id = "printf('evt_%06d_%03d', l.n, p.n)";
  const run = (sql: string) => env.LEDGER_0.prepare(sql).run();
  await run(`INSERT INTO lanes ${with2} SELECT 'acme', 'lane_' || n, ${PER_LANE}, ${hash}, 0, ${hash} FROM l`);
  await run(
    `INSERT INTO events ${with2} SELECT 'acme', 'stripe', ${id}, 'lane_' || l.n, p.n, p.n, 'invoice.finalized', 1, 1, 'signed', ${hash}, NULL, 'booked', NULL, '[]', '${documents}', 1, l.n FROM l, p`,
  );
  await run(
    `INSERT INTO entries ${with2} SELECT 'acme', 'lane_' || l.n, p.n, 0, 'acme-eu', 'invoice.issued', '2026-11-01', 'stripe:invoice:' || ${id}, 'x', 'EUR', '${lines}', '[]', 'stripe', ${id}, ${hash}, 1, l.n, ${hash}, ${hash} FROM l, p`,
  );
  await run(
    `INSERT INTO commits ${with2} SELECT 'acme', printf('%016d-00', l.n), l.n, (SELECT json_group_array(json_array('stripe', printf('evt_%06d_%03d', l.n, p.n))) FROM p) FROM l`,
  );
  await run(
    `INSERT INTO postings ${with2} SELECT 'acme', 'odoo', ${id}, 'invoice', 'lane_' || l.n, p.n, 'stripe', ${id}, 'applied', 'r', NULL, NULL, '[]', NULL, 1, 1 FROM l, p`,
  );
  await run(
    `INSERT INTO exceptions ${with2} SELECT 'acme', 'rate_missing/stripe/' || ${id}, 'rate_missing', 'resolved', 'lane_' || l.n, p.n, 'stripe', ${id}, NULL, NULL, NULL, 1, 'EUR', 'm', 'r', 1, 2, 'x' FROM l, p`,
  );
  await run(`INSERT INTO objects ${with2} SELECT 'acme', 'stripe:invoice:' || ${id}, 'lane_' || l.n, '{}' FROM l, p`);
  await run(
    `INSERT INTO audit ${with2} SELECT 'acme', printf('%016d-%03d', l.n, p.n), 1, 'root', 'x', 'y', '{}' FROM l, p`,
  );
}

const reads = [
  '/events',
  '/events?limit=200',
  '/events?outcome=waiting',
  '/events/evt_000003_020',
  '/ledger/entries',
  '/ledger/entries?lane=lane_3',
  '/ledger/entries?object=stripe%3Ainvoice%3Aevt_000003_020',
  '/ledger/entries/lane_3%2320.0',
  '/ledger/balances',
  '/ledger/trial-balance',
  '/postings',
  '/postings?target=odoo',
  '/postings?open=1',
  '/exceptions',
  '/exceptions/rate_missing%2Fstripe%2Fevt_000003_020',
  '/quarantine',
  '/audit',
  '/config',
  '/config/versions',
] as const;

describe('what a read costs', () => {
  const counter = counted(env.LEDGER_0);
  const bindings: Bindings = { ...env, LEDGER_0: counter.db, ROOT_TOKEN: 'root-token-for-tests' };
  const api = createApi({ now: () => 1, newId: () => '0' });

  async function cost(path: string): Promise<number> {
    counter.rows = 0;
    const response = await api.fetch(
      new Request(`https://gate.example${path}`, { headers: { authorization: 'Bearer root-token-for-tests' } }),
      bindings,
    );
    expect([path, response.status]).toEqual([path, 200]);
    await response.arrayBuffer();
    return counter.rows;
  }
  const costs = async (): Promise<Record<string, number>> => {
    const found: Record<string, number> = {};
    for (const path of reads) found[path] = await cost(path);
    return found;
  };

  beforeAll(async () => {
    await layBooks();
    await publish('acme');
  });

  it('stays the same in rows read from 1,000 to 20,000 entries', async () => {
    await grow(1, 40);
    const small = await costs();
    await grow(41, 800);
    const large = await costs();
    expect(large).toEqual(small);
    expect(Math.max(...Object.values(large))).toBeLessThanOrEqual(1500);
  });
});
