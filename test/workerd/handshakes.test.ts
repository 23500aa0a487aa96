/** Set-up checks and unusual proofs of providers, through the Worker as they call it. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Bindings } from '../../src/bindings.ts';
import { laneKey, tenantId } from '../../src/canonical/ids.ts';
import { laneName } from '../../src/durable-objects/customer-lane/protocol.ts';
import worker from '../../src/index.ts';
import { layBooks } from './books-fixture.ts';

const ROOT_TOKEN = 'root-token-for-handshakes';
const bindings: Bindings = { ...env, ROOT_TOKEN, SECRETS_KEY: btoa('handshakehandshakehandshakehands') };
const TENANT = 'aef86862-2015-4b6b-88bc-d89032cecc50';
const SET_UP = 'setup-0123456789abcdef';

const source = (provider: string, secrets: readonly string[], rest: object = {}) => ({
  ...{ provider, secrets: secrets.map((name) => `secret://${name}`), entity: 'acme-eu' },
  ...rest,
});
const config = {
  tenant: 'acme',
  entities: { 'acme-eu': { currency: 'EUR', timeZone: 'Europe/Paris' } },
  sources: {
    xero: source('xero', ['key'], { tenantId: TENANT }),
    gusto: source('gusto', ['setup']),
    ramp: source('ramp', ['key', 'setup']),
    ironclad: source('ironclad', ['pem']),
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

const post = (path: string, body: string, headers: Readonly<Record<string, string>> = {}) =>
  ask(path, { method: 'POST', headers: { 'content-type': 'application/json; charset=utf-8', ...headers }, body });

const base64 = (bytes: ArrayBuffer): string => btoa(String.fromCharCode(...new Uint8Array(bytes)));

async function hmac(body: string, secret = 'webhook-key'): Promise<ArrayBuffer> {
  const encoder = new TextEncoder();
  const hash = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), hash, false, ['sign']);
  return crypto.subtle.sign('HMAC', key, encoder.encode(body));
}

async function heldIn(lane: string): Promise<number> {
  const status = await env.LANES.getByName(laneName({ tenant: tenantId('acme'), lane: laneKey(lane) })).status(10);
  return status?.held.length ?? 0;
}

let signing: CryptoKeyPair;

beforeAll(async () => {
  const rsa = {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-256',
  };
  const pair = await crypto.subtle.generateKey(rsa, true, ['sign', 'verify']);
  if (!('privateKey' in pair)) throw new Error('expected a key pair');
  signing = pair;
  const der = await crypto.subtle.exportKey('spki', signing.publicKey);
  if (!(der instanceof ArrayBuffer)) throw new Error('expected bytes');
  await layBooks();
  await operator('PUT', '/tenants/acme/secrets/key', { value: 'webhook-key' });
  await operator('PUT', '/tenants/acme/secrets/setup', { value: SET_UP });
  await operator('PUT', '/tenants/acme/secrets/pem', {
    value: `-----BEGIN PUBLIC KEY-----\n${base64(der)}\n-----END PUBLIC KEY-----\n`,
  });
  await operator('POST', '/tenants/acme/config', config);
});

describe("Xero's intent to receive", () => {
  const probe = JSON.stringify({ events: [], firstEventSequence: 0, lastEventSequence: 0, entropy: 'S0m3r4Nd0mt3xt' });

  it('gets 200 for a right signature and 401 for a wrong one: no body, no cookie, no type', async () => {
    const right = await post('/in/acme/xero', probe, { 'x-xero-signature': base64(await hmac(probe)) });
    const wrong = await post('/in/acme/xero', probe, { 'x-xero-signature': base64(await hmac(probe, 'guess')) });
    const none = await post('/in/acme/xero', probe);
    expect([right.status, wrong.status, none.status]).toEqual([200, 401, 401]);
    for (const { text, headers } of [right, wrong, none]) {
      expect(text).toBe('');
      expect([headers.get('set-cookie'), headers.get('content-type')]).toEqual([null, null]);
    }
  });
});

describe('set-up messages', () => {
  it("keep Gusto's token for a person when it comes to the set-up address, and refuse it elsewhere", async () => {
    const token = JSON.stringify({ verification_token: 'tok_1', webhook_subscription_uuid: 'sub-1' });
    expect((await post('/in/acme/gusto', token)).status).toBe(401);
    expect((await post('/in/acme/gusto/setup-some-other-address', token)).status).toBe(401);
    const answers = [await post(`/in/acme/gusto/${SET_UP}`, token), await post(`/in/acme/gusto/${SET_UP}`, token)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers.map(({ text }) => JSON.parse(text).status)).toEqual(['quarantined', 'duplicate']);
    for (const { text } of answers) expect(text).not.toContain('tok_1');
    expect(await heldIn('gusto:~account')).toBe(1);
  });

  it("give Ramp's challenge back when it is proven, and to nobody else", async () => {
    const challenge = JSON.stringify({ type: 'webhooks.verification', challenge: 'ch_1' });
    expect((await post('/in/acme/ramp', challenge)).text).not.toContain('ch_1');
    const answer = await post(`/in/acme/ramp/${SET_UP}`, challenge);
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { challenge: 'ch_1' }]);
  });
});

describe("Ironclad's RSA signatures", () => {
  it('are verified on workerd', async () => {
    const body = JSON.stringify({
      companyID: 'c1',
      payload: { event: 'workflow_launched', workflowID: 'wf-1' },
      timestamp: '2026-11-20T10:00:00Z',
      webhookID: 'h1',
    });
    const message = new TextEncoder().encode(`event-1${body}n0nce`);
    const signature = base64(await crypto.subtle.sign('RSASSA-PKCS1-v1_5', signing.privateKey, message));
    const headers = {
      'x-ironclad-webhook-event-id': 'event-1',
      'x-ironclad-webhook-verification': JSON.stringify({ nonce: 'n0nce', signature, encoding: 'base64' }),
    };
    expect((await post('/in/acme/ironclad', body, headers)).status).toBe(200);
    expect((await post('/in/acme/ironclad', body.replace('wf-1', 'wf-2'), headers)).status).toBe(401);
  });
});
