import {
  createExecutionContext,
  createMessageBatch,
  createScheduledController,
  waitOnExecutionContext,
} from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import * as make from '../../sandbox/stripe/events.ts';
import { signStripe } from '../../sandbox/stripe/sign.ts';
import type { Bindings } from '../../src/bindings.ts';
import { isoDate } from '../../src/canonical/ids.ts';
import type { Doorbell } from '../../src/durable-objects/customer-lane/protocol.ts';
import worker from '../../src/index.ts';
import { openMonths, scheduledBooks } from '../../src/ledger/schedules.ts';
import { dueBooks } from '../../src/operations/recognition-run.ts';
import demo from '../../tenants/demo.json';
import { layBooks, publish } from './books-fixture.ts';
import { countedD1 } from './counted-d1.ts';

const SECRET = 'whsec_recognition';
const config = {
  ...demo,
  tenant: 'acme',
  sources: { stripe: { provider: 'stripe', secrets: ['secret://stripe-1'], entity: 'demo-eu' } },
  targets: { gl: { kind: 'embedded-gl' } },
  routes: [],
  policies: { recognition: 'monthly' },
};

const counter = countedD1(env.LEDGER_0);
const rung: Doorbell[] = [];
const bindings: Bindings = {
  ...env,
  LEDGER_0: counter.db,
  DOORBELLS: new Proxy(env.DOORBELLS, {
    get: () => async (messages: Iterable<{ body: Doorbell }>) =>
      void rung.push(...[...messages].map(({ body }) => body)),
  }),
  ROOT_TOKEN: 'root-token-for-tests',
  SECRETS_KEY: btoa('k'.repeat(32)),
};

async function call(path: string, init: RequestInit): Promise<Response> {
  const context = createExecutionContext();
  const answer = await worker.fetch(new Request(`https://gate.example${path}`, init), bindings, context);
  await waitOnExecutionContext(context);
  return answer;
}

async function answerDoorbells(): Promise<void> {
  const bodies = rung.splice(0);
  const messages = bodies.map((body, n) => ({ id: `m${n}`, timestamp: new Date(), attempts: 1, body }));
  await worker.queue(createMessageBatch('ledgergate-doorbells-dev', messages), bindings);
}

/** An invoice over 120.00 of 10 January 2091, for service from the first of it on. Answers the rows its decision wrote. */
async function sell(id: string, months: number): Promise<number> {
  const first = (offset: number) => Date.UTC(2091, offset, 1, 12) / 1000;
  const created = Date.UTC(2091, 0, 10) / 1000;
  const invoice = make.invoice({
    ...{ id: `in_${id}`, number: id, customer: `cus_${id}`, customerName: 'Ada', customerEmail: 'ada@example.com' },
    currency: 'eur',
    lines: [
      {
        ...{ id: `il_${id}`, product: 'prod_pro', description: 'Pro', amount: 12_000 },
        period: { start: first(0), end: first(months) },
      },
    ],
    finalizedAt: created,
  });
  const body = JSON.stringify(make.event('invoice.finalized', invoice, { id: `evt_${id}`, created }));
  const headers = await signStripe(body, SECRET, Math.floor(Date.now() / 1000));
  expect((await call('/in/acme/stripe', { method: 'POST', headers, body })).status).toBe(200);
  counter.written = 0;
  await answerDoorbells();
  return counter.written;
}

const rows = async <Row>(sql: string) => (await env.LEDGER_0.prepare(sql).all<Row>()).results;

describe('recognition on D1', () => {
  beforeAll(async () => {
    await layBooks();
    await publish('acme', config);
    const headers = { authorization: 'Bearer root-token-for-tests', 'content-type': 'application/json' };
    const body = JSON.stringify({ value: SECRET });
    expect((await call('/api/v1/tenants/acme/secrets/stripe-1', { method: 'PUT', headers, body })).status).toBe(200);
  });

  it('costs an invoice a row for each month to come and one for the balance of deferred revenue, and no other more', async () => {
    await sell('first', 12);
    const month = await sell('month', 1);
    const before = await rows('SELECT period FROM schedules');
    expect(await sell('year', 12)).toBe(month + 11 + 1);
    expect(await rows('SELECT period FROM schedules')).toEqual(before);
  });

  it('is told by the cron, leaves no row of the month, and is not told again', async () => {
    await env.LEDGER_0.prepare(
      "UPDATE schedules SET period = '2020-01-01' WHERE period = (SELECT min(period) FROM schedules)",
    ).run();
    await worker.scheduled(createScheduledController(), bindings);
    expect(rung).toContainEqual({ tenant: 'acme', lane: 'ledgergate:~demo-eu' });
    await answerDoorbells();
    expect(await rows("SELECT kind, date FROM entries WHERE source = 'ledgergate'")).toEqual([
      { kind: 'revenue.recognized', date: '2020-01-31' },
    ]);
    expect(await rows("SELECT * FROM schedules WHERE period = '2020-01-01'")).toEqual([]);
    await worker.scheduled(createScheduledController(), bindings);
    expect(rung).not.toContainEqual({ tenant: 'acme', lane: 'ledgergate:~demo-eu' });
  });

  it('is in the waterfall, which the entries and the schedules tell alike', async () => {
    const deferred = async (query: string): Promise<object> => {
      const headers = { authorization: 'Bearer root-token-for-tests' };
      const answer = await call(`/api/v1/ledger/deferred?tenant=acme${query}`, { headers });
      expect(answer.status).toBe(200);
      return answer.json();
    };
    const total = { text: '200.00 EUR' };
    // The month was moved back by hand above, so only the account and the sums can agree.
    expect(await deferred('')).toMatchObject({
      rows: [{ closing: total }],
      accounts: [{ balance: total, agrees: true }],
    });
    expect(await deferred('&asOf=2999-12-31')).toMatchObject({
      rows: [{ added: { text: '220.00 EUR' }, recognised: { text: '20.00 EUR' }, closing: total }],
      accounts: [{ agrees: true }],
    });
  });

  it('looks at a few rows an entity to find what is due, however many months and accounts it has', async () => {
    const months =
      'WITH RECURSIVE m(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM m WHERE n < ?), t(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM t WHERE n < 49)';
    const insert = `${months} INSERT OR IGNORE INTO schedules SELECT 'tenant-' || t.n, 'books', date('2090-01-01', m.n || ' months'), 'EUR', 'r', 'd', 1, 1 FROM m, t`;
    const walked = async (most: number) => {
      await env.LEDGER_0.prepare(insert).bind(most).run();
      counter.read = 0;
      expect(await scheduledBooks(counter.db, null, 1000)).toHaveLength(51);
      expect(await openMonths(counter.db, 'tenant-7', 'books', isoDate('2089-01-01'), 12)).toEqual([]);
      return counter.read;
    };
    const few = await walked(2);
    expect(await walked(120)).toBe(few);
    expect(few).toBeLessThan(51 * 8);
  });

  it('goes on after the last entity told when more are due than a minute takes', () => {
    const due = Array.from({ length: 60 }, (_, n) => ({
      ...{ tenant: `t${String(n).padStart(2, '0')}`, entity: 'books', period: isoDate('2026-01-01') },
    }));
    const first = dueBooks(due, isoDate('2026-02-01'));
    expect(first.due).toHaveLength(50);
    expect(first.cursor).toEqual({ tenant: 't49', entity: 'books' });
    expect(dueBooks(due.slice(50), isoDate('2026-02-01'))).toEqual({ due: due.slice(50), cursor: null });
    expect(dueBooks(due, isoDate('2026-01-01'))).toEqual({ due: [], cursor: null });
  });
});
