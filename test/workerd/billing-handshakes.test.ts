/** Billing systems through the Worker as they call it: Zuora's challenge, a form, and what a stranger is told. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Bindings } from '../../src/bindings.ts';
import worker from '../../src/index.ts';
import { layBooks } from './books-fixture.ts';

const ROOT_TOKEN = 'root-token-for-billing';
const bindings: Bindings = { ...env, ROOT_TOKEN, SECRETS_KEY: btoa('billingbillingbillingbillingbill') };
const source = (provider: string, rest: object = {}) => ({
  ...{ provider, secrets: [`secret://${provider}`], entity: 'acme-eu' },
  ...rest,
});
const config = {
  tenant: 'acme',
  entities: { 'acme-eu': { currency: 'EUR', timeZone: 'Europe/Paris' } },
  sources: {
    zuora: source('zuora', { events: { Reminder: { fact: 'nothing' } } }),
    maxio: source('maxio'),
    paddle: source('paddle'),
  },
  targets: { gl: { kind: 'embedded-gl' } },
  routes: [{ when: { event: '*' }, to: 'gl' }],
  accounts: { receivable: '121000', revenue: '400000' },
};

async function ask(path: string, init: RequestInit) {
  const context = createExecutionContext();
  const response = await worker.fetch(new Request(`https://gate.example${path}`, init), bindings, context);
  await waitOnExecutionContext(context);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

async function operator(method: string, route: string, body: unknown): Promise<void> {
  const headers = { authorization: `Bearer ${ROOT_TOKEN}`, 'content-type': 'application/json' };
  const answer = await ask(`/api/v1${route}`, { method, headers, body: JSON.stringify(body) });
  if (answer.status >= 300) throw new Error(`${method} ${route}: ${answer.status} ${answer.text}`);
}

const json = { 'content-type': 'application/json' };
const form = { 'content-type': 'application/x-www-form-urlencoded' };

async function hexHmac(key: string, text: string): Promise<string> {
  const encoder = new TextEncoder();
  const hash = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('raw', encoder.encode(key), hash, false, ['sign']);
  const digest = new Uint8Array(await crypto.subtle.sign('HMAC', imported, encoder.encode(text)));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

beforeAll(async () => {
  await layBooks();
  await operator('PUT', '/tenants/acme/secrets/zuora', { value: 'zuora:s3cret' });
  await operator('PUT', '/tenants/acme/secrets/maxio', { value: 'shared-key' });
  await operator('PUT', '/tenants/acme/secrets/paddle', { value: 'pdl_ntfset_1' });
  await operator('POST', '/tenants/acme/config', config);
});

describe("Zuora's challenge", () => {
  const body = JSON.stringify({ EventType: 'Reminder', AccountId: 'acc-1' });

  it('comes with every refusal, whatever was wrong, and the answered call is taken with 200', async () => {
    const bare = await ask('/in/acme/zuora', { method: 'POST', headers: json, body });
    const wrong = { ...json, authorization: `Basic ${btoa('zuora:guess')}` };
    const guessed = await ask('/in/acme/zuora', { method: 'POST', headers: wrong, body });
    for (const refusal of [bare, guessed]) {
      expect([refusal.status, refusal.text]).toEqual([401, '']);
      expect(refusal.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
    }
    const right = { ...json, authorization: `Basic ${btoa('zuora:s3cret')}` };
    expect((await ask('/in/acme/zuora', { method: 'POST', headers: right, body })).status).toBe(200);
  });
});

describe("Maxio's form", () => {
  const body = 'id=77&event=test&payload[chargify]=testing%20it';

  it('is taken as it was signed, once', async () => {
    const headers = { ...form, 'x-chargify-webhook-signature-hmac-sha-256': await hexHmac('shared-key', body) };
    const first = await ask('/in/acme/maxio', { method: 'POST', headers, body });
    const again = await ask('/in/acme/maxio', { method: 'POST', headers, body });
    expect([first.status, again.status]).toEqual([200, 200]);
    expect([JSON.parse(first.text).status, JSON.parse(again.text).status]).toEqual(['accepted', 'duplicate']);
  });
});

it('tells a stranger the same whatever was wrong with a Paddle delivery', async () => {
  const body = '{}';
  const now = Math.floor(Date.now() / 1000);
  const answers = await Promise.all(
    [
      undefined,
      'garbage',
      `ts=${now};h1=${'0'.repeat(64)}`,
      `ts=1;h1=${await hexHmac('pdl_ntfset_1', `1:${body}`)}`,
    ].map((signature) => {
      const headers = signature === undefined ? json : { ...json, 'paddle-signature': signature };
      return ask('/in/acme/paddle', { method: 'POST', headers, body });
    }),
  );
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  expect(answers[0]?.status).toBe(401);
});
