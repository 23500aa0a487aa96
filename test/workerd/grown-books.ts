/** Books of any size, laid by SQL in the shape the ledger stage writes them: for claims about what size costs. */
import { env } from 'cloudflare:workers';

/** Entries of each lane. */
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

/** Lanes `from`…`to` with 25 booked events, entries, postings, resolved exceptions and audit rows each, and a customer's mark. */
export async function grow(from: number, to: number): Promise<void> {
  const with2 = `WITH RECURSIVE ${numbers(from, to, 'l')}, ${numbers(1, PER_LANE, 'p')}`;
  const id = "printf('evt_%06d_%03d', l.n, p.n)";
  const run = (sql: string) => env.LEDGER_0.prepare(sql).run();
  await run(
    `INSERT INTO lanes (tenant, lane, position, hash, from_position, from_hash) ${with2} SELECT 'acme', 'lane_' || n, ${PER_LANE}, ${hash}, 0, ${hash} FROM l`,
  );
  await run(
    `INSERT INTO events ${with2} SELECT 'acme', 'stripe', ${id}, 'lane_' || l.n, p.n, p.n, 'invoice.finalized', 1, 1, 'signed', ${hash}, NULL, 'booked', NULL, '[]', '${documents}', 1, l.n, NULL, NULL FROM l, p`,
  );
  await run(
    `INSERT INTO entries ${with2} SELECT 'acme', 'lane_' || l.n, p.n, 0, 'acme-eu', 'invoice.issued', '2026-11-01', 'stripe:invoice:' || ${id}, 'x', 'EUR', '${lines}', '[]', 'stripe', ${id}, ${hash}, 1, l.n, ${hash}, ${hash} FROM l, p`,
  );
  await run(
    `INSERT INTO commits ${with2} SELECT 'acme', printf('%015d', l.n), l.n, (SELECT json_group_array(json_array('stripe', printf('evt_%06d_%03d', l.n, p.n))) FROM p) FROM l`,
  );
  await run(
    `INSERT INTO postings ${with2} SELECT 'acme', 'odoo', ${id}, 'invoice', 'lane_' || l.n, p.n, 'stripe', ${id}, 'applied', 'r', NULL, NULL, '[]', NULL, 1, 1 FROM l, p`,
  );
  await run(
    `INSERT INTO exceptions ${with2} SELECT 'acme', 'rate_missing/stripe/' || ${id}, 'rate_missing', 'resolved', 'lane_' || l.n, p.n, 'stripe', ${id}, NULL, NULL, NULL, 1, 'EUR', 'm', 'r', 1, 2, 'x' FROM l, p`,
  );
  await run(
    `INSERT INTO objects ${with2} SELECT 'acme', 'stripe:invoice:' || ${id}, 'lane_' || l.n, '{"related":[]}', NULL FROM l, p`,
  );
  // On either side of any real hash, so that a new one always finds neighbours.
  await run(
    `INSERT INTO customer_marks WITH RECURSIVE ${numbers(from, to, 'l')} SELECT 'acme', 'email', CASE n % 2 WHEN 0 THEN printf('%064d', n) ELSE printf('ffffffff%056d', n) END, 'stripe:customer:lane_' || n, 'stripe:lane_' || n, 1 FROM l`,
  );
  await run(
    `INSERT INTO audit ${with2} SELECT 'acme', printf('%016d-%03d', l.n, p.n), 1, 'root', 'x', 'y', '{}' FROM l, p`,
  );
}
