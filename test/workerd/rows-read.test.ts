import { createExecutionContext, createMessageBatch, getQueueResult, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { signStripe } from '../../sandbox/stripe/sign.ts';
import { chance } from '../../scripts/demo/chance.ts';
import { customer } from '../../scripts/demo/people.ts';
import { stripeCycle, stripeOpening, stripeWorld } from '../../scripts/demo/stripe-story.ts';
import type { Bindings } from '../../src/bindings.ts';
import { tenantId } from '../../src/canonical/ids.ts';
import worker from '../../src/index.ts';
import { readBookedEvents, readHead, readPosted } from '../../src/ledger/books.ts';
import { nextPage } from '../../src/queues/sweep.ts';
import demo from '../../tenants/demo.json';
import { layBooks, publish } from './books-fixture.ts';
import { countedD1 } from './counted-d1.ts';
import { grow } from './grown-books.ts';

const SECRET = 'whsec_rows';
const tenant = tenantId('acme');
/** The demo's chart of accounts, no target but the books: what is counted is accept and ledger. */
const config = {
  ...demo,
  tenant: 'acme',
  sources: { stripe: { provider: 'stripe', secrets: ['secret://stripe-1'], entity: 'demo-eu' } },
  targets: { gl: { kind: 'embedded-gl' } },
  routes: [],
};
/** Customers whose first cycle is the same story: an invoice, its payment, and the word that it is paid. */
const [WARM, SMALL, LARGE, AGAIN] = [0, 8, 16, 24];
const EVENTS = 5;

const counter = countedD1(env.LEDGER_0);
/** The doorbells are rung by the tests themselves. */
const silent = new Proxy(env.DOORBELLS, { get: () => async () => undefined });
const bindings: Bindings = {
  ...env,
  LEDGER_0: counter.db,
  DOORBELLS: silent,
  ROOT_TOKEN: 'root-token-for-tests',
  SECRETS_KEY: btoa('k'.repeat(32)),
};

interface Rows {
  readonly read: number;
  readonly written: number;
}

async function rows(work: () => Promise<unknown>): Promise<Rows> {
  counter.read = 0;
  counter.written = 0;
  await work();
  return { read: counter.read, written: counter.written };
}

async function call(path: string, init: RequestInit): Promise<Response> {
  const context = createExecutionContext();
  const answer = await worker.fetch(new Request(`https://gate.example${path}`, init), bindings, context);
  await waitOnExecutionContext(context);
  return answer;
}

/** The config is read anew every few seconds: now, so that it is not counted. */
async function readConfig(): Promise<void> {
  expect((await call('/in/acme/none', { method: 'POST' })).status).toBe(404);
}

/** One customer's first five events, accepted and then decided in one pass. */
async function story(number: number): Promise<{ readonly accept: Rows; readonly decide: Rows }> {
  const person = customer(number);
  const told = [...stripeOpening(person), ...stripeCycle(person, 0, chance(1), stripeWorld())];
  const bodies = told.filter(({ expect: expected }) => expected === 'accepted').map(({ body }) => body);
  const accept = { read: 0, written: 0 };
  for (const body of bodies) {
    const headers = await signStripe(body, SECRET, Math.floor(Date.now() / 1000));
    await readConfig();
    const { read, written } = await rows(async () =>
      expect((await call('/in/acme/stripe', { method: 'POST', headers, body })).status).toBe(200),
    );
    accept.read += read;
    accept.written += written;
  }
  const lane = `stripe:${person.stripeId}`;
  const batch = createMessageBatch('ledgergate-doorbells-dev', [
    { id: `ring-${number}`, timestamp: new Date(), attempts: 1, body: { tenant: 'acme', lane } },
  ]);
  await readConfig();
  const decide = await rows(() => worker.queue(batch, bindings));
  const context = createExecutionContext();
  expect((await getQueueResult(batch, context)).explicitAcks).toEqual([`ring-${number}`]);
  expect((await readHead(env.LEDGER_0, tenant, lane))?.position).toBe(EVENTS);
  return { accept, decide };
}

/** What the posting stage and the sweeper look up, ten at a time. */
async function lookUps() {
  const ids = Array.from({ length: 10 }, (_, index) => `evt_000003_${String(index + 1).padStart(3, '0')}`);
  const pairs = (first: string) => ids.map((id): [string, string] => [first, id]);
  const { db } = counter;
  return {
    posted: await rows(async () => expect(await readPosted(db, tenant, pairs('odoo'))).toHaveLength(10)),
    booked: await rows(async () => expect(await readBookedEvents(db, tenant, pairs('stripe'))).toHaveLength(10)),
    head: await rows(async () => expect((await readHead(db, tenant, 'lane_3'))?.position).toBe(25)),
    sweep: await rows(async () => expect(await nextPage(db, { tenant: 'acme', lane: 'lane_1' })).toHaveLength(50)),
  };
}

describe('what an event costs in rows of D1', () => {
  beforeAll(async () => {
    await layBooks();
    await publish('acme', config);
    const headers = { authorization: 'Bearer root-token-for-tests', 'content-type': 'application/json' };
    const body = JSON.stringify({ value: SECRET });
    expect((await call('/api/v1/tenants/acme/secrets/stripe-1', { method: 'PUT', headers, body })).status).toBe(200);
    // The balances of the story's accounts exist before anything is measured.
    await story(WARM);
  });

  it('stays the same from 10,000 to 200,000 entries, for what is written and for what is read', async () => {
    await grow(1, 400);
    const small = { story: await story(SMALL), lookUps: await lookUps() };
    await grow(401, 8000);
    const large = { story: await story(LARGE), lookUps: await lookUps() };
    expect(large).toEqual(small);
  }, 120_000);

  it('is one row by its key for each thing looked up, besides the list of what is asked', async () => {
    const { posted, booked, head, sweep } = await lookUps();
    expect([posted.read, booked.read, head.read].every((read) => read <= 20)).toBe(true);
    expect(sweep.read).toBeLessThanOrEqual(51);
    expect([posted.written, booked.written, head.written, sweep.written]).toEqual([0, 0, 0, 0]);
  });

  it('is one row to accept a new customer, and at most six written and twenty read to decide an event', async () => {
    const { accept, decide } = await story(AGAIN);
    expect(accept.written).toBe(1);
    expect(decide.written).toBeLessThanOrEqual(6 * EVENTS);
    expect(decide.read).toBeLessThanOrEqual(20 * EVENTS);
  });
});
