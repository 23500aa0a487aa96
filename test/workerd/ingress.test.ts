/** The Worker's own handlers over real bindings: what senders, the queue and the clock get. */
import {
  createExecutionContext,
  createMessageBatch,
  createScheduledController,
  getQueueResult,
  waitOnExecutionContext,
} from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { accountNotification, outboundMessage } from '../../sandbox/salesforce/messages.ts';
import { customer, event } from '../../sandbox/stripe/events.ts';
import { signStripe } from '../../sandbox/stripe/sign.ts';
import type { Bindings } from '../../src/bindings.ts';
import { laneKey, tenantId } from '../../src/canonical/ids.ts';
import { type Doorbell, laneName } from '../../src/durable-objects/customer-lane/protocol.ts';
import worker from '../../src/index.ts';
import { layBooks } from './books-fixture.ts';

const SECRET = 'whsec_for_ingress_tests';
const PATH_SECRET = 'a-long-secret-path-segment';
const ORGANIZATION = '00d000000000001AAA';
const ROOT_TOKEN = 'root-token-for-ingress';
const limit = 1024 * 1024;

const bindings: Bindings = { ...env, ROOT_TOKEN, SECRETS_KEY: btoa('ingress-ingress-ingress-ingress!') };

const config = {
  tenant: 'acme',
  entities: { 'acme-eu': { currency: 'EUR', timeZone: 'Europe/Paris' } },
  sources: {
    stripe: { provider: 'stripe', secrets: ['secret://stripe'], entity: 'acme-eu' },
    salesforce: {
      ...{ provider: 'salesforce', secrets: ['secret://path'], entity: 'acme-eu', moneyNeeds: 'addressed' },
      ...{ channel: 'outbound-message', organizationId: ORGANIZATION, currency: 'EUR' },
    },
  },
  targets: { gl: { kind: 'embedded-gl' } },
  routes: [{ when: { event: '*' }, to: 'gl' }],
  accounts: { receivable: '121000', revenue: '400000' },
};

const acknowledgement = z.object({
  status: z.string(),
  events: z.array(z.object({ id: z.string(), lane: z.string(), seq: z.number() })),
});

/** One request to the Worker; everything it left to do afterwards is done. */
async function ask(path: string, init: RequestInit, given: Bindings = bindings) {
  const context = createExecutionContext();
  const response = await worker.fetch(new Request(`https://gate.example${path}`, init), given, context);
  await waitOnExecutionContext(context);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

async function operator(method: string, route: string, body: unknown): Promise<void> {
  const headers = { authorization: `Bearer ${ROOT_TOKEN}`, 'content-type': 'application/json' };
  const answer = await ask(`/api/v1${route}`, { method, headers, body: JSON.stringify(body) });
  if (answer.status >= 300) throw new Error(`${method} ${route}: ${answer.status} ${answer.text}`);
}

const seconds = (): number => Math.floor(Date.now() / 1000);
let serial = 0;

/** A customer event of a customer of its own unless named. */
const customerEvent = (id = `cus_${++serial}`, eventId = `evt_${++serial}`) =>
  JSON.stringify(
    event('customer.created', customer({ id, name: 'Ada', email: 'ada@example.com', created: seconds() }), {
      id: eventId,
      created: seconds(),
    }),
  );

async function stripe(body: string, given: Bindings = bindings, headers?: Record<string, string>) {
  const signed = headers ?? { ...(await signStripe(body, SECRET, seconds())) };
  return ask('/in/acme/stripe', { method: 'POST', headers: signed, body }, given);
}

/** Doorbells as they are sent, instead of the queue. */
function listening(fails = false) {
  const rung: Doorbell[] = [];
  const sendBatch = async (messages: Iterable<{ body: Doorbell }>) => {
    if (fails) throw new Error('Queue is overloaded');
    for (const { body } of messages) rung.push(body);
  };
  return { rung, given: withBindings({ DOORBELLS: { sendBatch } }) };
}

/** Bindings of which some are replaced. The stand-ins offer what the Worker uses, and no more. */
const withBindings = (replaced: Record<string, unknown>): Bindings => ({ ...bindings, ...replaced }) as Bindings;

/** Lanes that fail as the platform makes them fail, where `broken` says so. */
const failingLanes = (broken: (name: string) => boolean, flags: object = {}) =>
  withBindings({
    LANES: {
      getByName: (name: string) =>
        broken(name)
          ? { accept: async () => Promise.reject(Object.assign(new Error('lane is gone'), flags)) }
          : env.LANES.getByName(name),
    },
  });

const statusOf = (lane: string) =>
  env.LANES.getByName(laneName({ tenant: tenantId('acme'), lane: laneKey(lane) })).status(10);

beforeAll(async () => {
  await layBooks();
  await operator('PUT', '/tenants/acme/secrets/stripe', { value: SECRET });
  await operator('PUT', '/tenants/acme/secrets/path', { value: PATH_SECRET });
  await operator('POST', '/tenants/acme/config', config);
});

afterEach(() => void vi.useRealTimers());

describe('limits', () => {
  const headers = { 'content-type': 'application/json' };

  it('refuses a body that says it is too large, and one that turns out to be', async () => {
    const large = new Uint8Array(limit + 1);
    const declared = { ...headers, 'content-length': String(large.length) };
    expect((await ask('/in/acme/stripe', { method: 'POST', headers: declared, body: large })).status).toBe(413);

    let pulled = 0;
    const chunk = new Uint8Array(64 * 1024);
    const body = new ReadableStream({
      pull(controller) {
        pulled += 1;
        if (pulled > 200) controller.close();
        else controller.enqueue(chunk);
      },
    });
    const answer = await ask('/in/acme/stripe', { method: 'POST', headers, body });
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'payload_too_large' });
    expect(pulled).toBeLessThan(25);
  });

  it('takes a body of exactly the limit as far as its proof', async () => {
    const body = new Uint8Array(limit);
    expect((await ask('/in/acme/stripe', { method: 'POST', headers, body })).status).toBe(401);
  });

  it('names the method it wants, and takes no other media type', async () => {
    const get = await ask('/in/acme/stripe', { method: 'GET' });
    expect(get.status).toBe(405);
    expect(get.headers.get('allow')).toBe('POST');
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await ask('/in/acme/stripe', { method: 'POST', headers: form, body: 'a=b' })).status).toBe(415);
  });
});

describe('who is let in', () => {
  it('refuses every failed proof in the same words', async () => {
    const body = customerEvent();
    const type = { 'content-type': 'application/json' };
    const answers = await Promise.all([
      stripe(body, bindings, type),
      stripe(body, bindings, { ...type, 'stripe-signature': 'rubbish' }),
      stripe(body, bindings, { ...(await signStripe(body, 'whsec_of_somebody_else', seconds())) }),
      stripe(body, bindings, { ...(await signStripe(body, SECRET, seconds() - 3600)) }),
      stripe(`${body} `, bindings, { ...(await signStripe(body, SECRET, seconds())) }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(JSON.parse(answers[0]?.text ?? '')).toEqual({
      ...{ type: 'urn:ledgergate:problem:not_authenticated', title: 'Not authenticated', status: 401 },
      code: 'not_authenticated',
    });
  });

  it('knows no other tenant and no other source, and does not say which', async () => {
    const answers = await Promise.all(
      ['/in/nobody/stripe', '/in/acme/nothing', '/in/acme'].map((path) => ask(path, { method: 'POST', body: '{}' })),
    );
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });
});

describe('acceptance', () => {
  it('answers after the event is in its lane, rings for it, and calls a repeat a duplicate', async () => {
    const { rung, given } = listening();
    const body = customerEvent('cus_first', 'evt_first');
    const first = await stripe(body, given);
    expect(first.status).toBe(200);
    const expected = { id: 'evt_first', lane: 'stripe:cus_first', seq: 1 };
    expect(acknowledgement.parse(JSON.parse(first.text))).toEqual({ status: 'accepted', events: [expected] });
    expect(rung).toEqual([{ tenant: 'acme', lane: 'stripe:cus_first' }]);
    expect(await statusOf('stripe:cus_first')).toMatchObject({ accepted: 1, settledTo: 0 });
    expect(acknowledgement.parse(JSON.parse((await stripe(body, given)).text)).status).toBe('duplicate');
    expect(await statusOf('stripe:cus_first')).toMatchObject({ accepted: 1 });
  });

  it('keeps what is authentic but not understood, and answers 2xx', async () => {
    const unheard = event('moon.landed', { id: 'moon_1', object: 'moon' }, { id: 'evt_moon', created: seconds() });
    for (const body of [JSON.stringify(unheard), 'not json at all']) {
      const answer = await stripe(body);
      expect(answer.status).toBe(200);
      expect(acknowledgement.parse(JSON.parse(answer.text)).status).toBe('quarantined');
    }
  });
});

describe('a Salesforce Outbound Message', () => {
  const modifiedAt = '2026-11-22T10:00:00.000Z';
  const account = (n: number) => `001000000000${String(n).padStart(3, '0')}AAA`;
  const message = (numbers: readonly number[]) =>
    outboundMessage({
      organizationId: ORGANIZATION,
      actionId: '04k000000000001AAA',
      notifications: numbers.map((n) =>
        accountNotification(
          { notificationId: `04l000000000${String(n).padStart(3, '0')}AAA`, recordId: account(n), modifiedAt },
          { name: `Account ${n}` },
        ),
      ),
    });
  const send = (body: string, given: Bindings = bindings) => {
    const headers = { 'content-type': 'text/xml; charset=UTF-8' };
    return ask(`/in/acme/salesforce/${PATH_SECRET}`, { method: 'POST', headers, body }, given);
  };

  it('gets one Ack, after every notification is stored', async () => {
    const answer = await send(message([1, 2, 3]));
    expect(answer.status).toBe(200);
    expect(answer.text.match(/<Ack>true<\/Ack>/g)).toHaveLength(1);
    for (const n of [1, 2, 3]) expect(await statusOf(`salesforce:${account(n)}`)).toMatchObject({ accepted: 1 });
  });

  it('gets none while one lane does not take its part, and the repeat stores each once', async () => {
    const failing = failingLanes((name) => name.includes(account(12)));
    const refused = await send(message([11, 12]), failing);
    expect(refused.status).toBe(503);
    expect(refused.text).not.toContain('<Ack>true');
    expect(await statusOf(`salesforce:${account(12)}`)).toBeNull();
    expect((await send(message([11, 12]))).text).toContain('<Ack>true</Ack>');
    for (const n of [11, 12]) expect(await statusOf(`salesforce:${account(n)}`)).toMatchObject({ accepted: 1 });
  });
});

describe('our own trouble', () => {
  it.each([
    { what: 'fails', flags: {}, wait: '10' },
    { what: 'is overloaded', flags: { overloaded: true, retryable: true }, wait: '30' },
  ])('asks the sender to come again when the lane $what', async ({ flags, wait }) => {
    const answer = await stripe(
      customerEvent(),
      failingLanes(() => true, flags),
    );
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe(wait);
    expect(answer.text).not.toContain('lane is gone');
  });

  it('accepts although the doorbell cannot be sent', async () => {
    const { given } = listening(true);
    expect((await stripe(customerEvent(), given)).status).toBe(200);
  });

  it('cannot judge a sender whose config was never read, and uses on what it had read', async () => {
    let down = true;
    const control = {
      prepare: (sql: string) => {
        if (down) throw new Error('D1_ERROR: Network connection lost.');
        return env.LEDGER_0.prepare(sql);
      },
      batch: (statements: D1PreparedStatement[]) => env.LEDGER_0.batch(statements),
    };
    // Another text of the same key: a directory of its own, as a new isolate has.
    const given = withBindings({ LEDGER_0: control, SECRETS_KEY: `${bindings.SECRETS_KEY} ` });
    const refused = await stripe(customerEvent(), given);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('30');

    down = false;
    expect((await stripe(customerEvent(), given)).status).toBe(200);
    down = true;
    const start = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now: start + 60_000 });
    expect((await stripe(customerEvent(), given)).status).toBe(200);
    vi.setSystemTime(start + 11 * 60_000);
    expect((await stripe(customerEvent(), given)).status).toBe(503);
  });
});

describe('the doorbell queue', () => {
  const deliver = async (queue: string, bodies: readonly unknown[], given: Bindings = bindings) => {
    const messages = bodies.map((body, n) => ({ id: `m${n}`, timestamp: new Date(), attempts: 1, body }));
    const batch = createMessageBatch<unknown>(queue, messages);
    const context = createExecutionContext();
    await worker.queue(batch, given);
    return getQueueResult(batch, context);
  };
  const bookedOf = async (eventId: string) =>
    env.LEDGER_0.prepare('SELECT outcome, position FROM events WHERE event_id = ?').bind(eventId).first();

  it('books what its lanes hold, and acknowledges each message by itself', async () => {
    const { given, rung } = listening();
    await stripe(customerEvent('cus_q1', 'evt_q1'), given);
    await stripe(customerEvent('cus_q2', 'evt_q2'), given);
    expect(rung).toHaveLength(2);
    const result = await deliver('ledgergate-doorbells-dev', [...rung, rung[0], { nonsense: true }]);
    expect(result.explicitAcks.sort()).toEqual(['m0', 'm1', 'm2', 'm3']);
    expect(result.retryMessages).toEqual([]);
    expect(await bookedOf('evt_q1')).toEqual({ outcome: 'booked', position: 1 });
    expect(await bookedOf('evt_q2')).toEqual({ outcome: 'booked', position: 1 });
    expect(await statusOf('stripe:cus_q1')).toMatchObject({ settledTo: 1, lease: null });
    const archived = await env.ARCHIVE.list({ prefix: 'raw/acme/' });
    expect(archived.objects.length).toBeGreaterThan(0);
  });

  it('retries the message of a lane that failed, and only that', async () => {
    const { given, rung } = listening();
    await stripe(customerEvent('cus_q3', 'evt_q3'), given);
    await stripe(customerEvent('cus_q4', 'evt_q4'), given);
    const broken = withBindings({
      LANES: {
        getByName: (name: string) =>
          name.endsWith('cus_q3')
            ? { lease: async () => Promise.reject(new Error('lane is gone')) }
            : env.LANES.getByName(name),
      },
    });
    const result = await deliver('ledgergate-doorbells-dev', rung, broken);
    expect(result.retryMessages.map(({ msgId }) => msgId)).toEqual(['m0']);
    expect(result.explicitAcks).toEqual(['m1']);
    expect(await bookedOf('evt_q3')).toBeNull();
    expect(await bookedOf('evt_q4')).toMatchObject({ outcome: 'booked' });
    expect((await deliver('ledgergate-doorbells-dev', rung)).retryMessages).toEqual([]);
    expect(await bookedOf('evt_q3')).toMatchObject({ outcome: 'booked' });
  });

  it('buries dead doorbells without losing what they rang for', async () => {
    const { given, rung } = listening();
    await stripe(customerEvent('cus_q5', 'evt_q5'), given);
    const result = await deliver('ledgergate-doorbells-dead-dev', [...rung, 'rubbish']);
    expect(result.explicitAcks).toEqual(['m0', 'm1']);
    expect(await bookedOf('evt_q5')).toBeNull();
    expect(await statusOf('stripe:cus_q5')).toMatchObject({ accepted: 1, settledTo: 0 });
  });
});

describe('the clock', () => {
  it('rings a lane whose doorbell was lost, and no lane that is done', async () => {
    await stripe(customerEvent('cus_lost', 'evt_lost'), listening(true).given);
    const { rung, given } = listening();
    await worker.scheduled(createScheduledController(), given);
    const lanes = rung.map(({ lane }) => lane);
    expect(lanes).toContain('stripe:cus_lost');
    expect(lanes).not.toContain('stripe:cus_q1');
    expect(new Set(lanes).size).toBe(lanes.length);
  });
});
