/**
 * For every provider one sender and what it signs, for tests of the proof alone: bodies need not be understood. Those that
 * have public payloads are signed as `vendors` says; the others here, with crypto that is not the code under test.
 */
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { outboundMessage } from '../../sandbox/salesforce/messages.ts';
import { wrongSecret } from '../../scripts/send/signing.ts';
import { paypalSigner, WEBHOOK_ID } from '../verification/paypal-signer.ts';
import { hmac } from '../verification/signing.ts';
import type { Payload } from './payloads.ts';
import { type Vendor, vendors } from './vendors.ts';

export interface Sender {
  /** Names its sources. */
  readonly name: string;
  readonly vendor: Vendor;
  /** What is sent, and its type. */
  readonly payload: Payload;
  /** Another secret of the same form. */
  readonly other: string;
  /** Whether a secret of ours makes the proof; else it is a key that the vendor publishes. */
  readonly ourSecret: boolean;
  /** Whether anyone but the vendor can make a proof that the running gateway believes. */
  readonly provable: boolean;
}

const bytes = (text: string) => new Uint8Array(new TextEncoder().encode(text));
const seconds = (now: number): string => String(Math.floor(now / 1000));
const base64 = (of: ArrayBuffer): string => btoa(String.fromCharCode(...new Uint8Array(of)));

async function sha256Hex(of: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', of));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

// ---- Keys that vendors hold ------------------------------------------------------

const rsa = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
};

async function rsaPair(): Promise<{ readonly privateKey: CryptoKey; readonly pem: string }> {
  const pair = await crypto.subtle.generateKey(rsa, true, ['sign', 'verify']);
  if (!('privateKey' in pair)) throw new Error('expected a key pair');
  const der = await crypto.subtle.exportKey('spki', pair.publicKey);
  if (!(der instanceof ArrayBuffer)) throw new Error('expected bytes');
  return { privateKey: pair.privateKey, pem: `-----BEGIN PUBLIC KEY-----\n${base64(der)}\n-----END PUBLIC KEY-----\n` };
}

const [ironcladKeys, otherKeys] = [await rsaPair(), await rsaPair()];
const plaidKeys = await generateKeyPair('ES256', { extractable: true });
const PLAID_KEY_ID = 'conformance-key';
const paypalKeys = await paypalSigner();

/** What the vendors' own servers answer that keys are fetched from; null for every other address. */
export async function publishedKey(address: string): Promise<Response | null> {
  const { hostname } = new URL(address);
  if (hostname === 'api.paypal.com') return new Response(paypalKeys.chain);
  if (hostname !== 'production.plaid.com') return null;
  const jwk = await exportJWK(plaidKeys.publicKey);
  return Response.json({ key: { ...jwk, kid: PLAID_KEY_ID, alg: 'ES256', use: 'sig', expired_at: null } });
}

// ---- Vendors without public payloads ---------------------------------------------

const TEXT = 'conformance-secret-0123456789';
const KEY_BYTES = new Uint8Array(32).fill(7);
const BASE64 = base64(KEY_BYTES.buffer);
const BASIC = `hooks:${TEXT}`;
const none = () => ({});
const basic = () => ({ authorization: `Basic ${btoa(BASIC)}` });

const bodyHmac =
  (header: string, encoding: 'hex' | 'base64'): Vendor['sign'] =>
  ({ body }) => ({ [header]: hmac(TEXT, [body], encoding) });

const others: Readonly<Record<string, Vendor>> = {
  zuora: {
    provider: 'zuora',
    secret: BASIC,
    settings: () => ({ eventId: ['Id'], occurredAt: 'UpdatedOn', events: { Reminder: { fact: 'nothing' } } }),
    sign: basic,
  },
  quickbooks: {
    provider: 'quickbooks',
    secret: TEXT,
    settings: () => ({ realmId: '1' }),
    sign: bodyHmac('intuit-signature', 'base64'),
  },
  'modern-treasury': {
    provider: 'modern-treasury',
    secret: TEXT,
    settings: none,
    sign: bodyHmac('x-signature', 'hex'),
  },
  gusto: { provider: 'gusto', secret: TEXT, settings: none, sign: bodyHmac('x-gusto-signature', 'hex') },
  ramp: { provider: 'ramp', secret: TEXT, settings: none, sign: bodyHmac('x-ramp-signature', 'hex') },
  coupa: { provider: 'coupa', secret: BASIC, settings: () => ({ object: 'contract' }), sign: basic },
  odoo: { provider: 'odoo', secret: TEXT, secretPath: true, settings: none, sign: none },
  mercury: {
    provider: 'mercury',
    secret: BASE64,
    settings: none,
    sign: ({ body, now }) => ({
      'mercury-signature': `t=${seconds(now)},v1=${hmac(KEY_BYTES, [`${seconds(now)}.`, body])}`,
    }),
  },
  brex: {
    provider: 'brex',
    secret: BASE64,
    settings: none,
    sign: ({ body, now }) => ({
      'webhook-id': 'msg_1',
      'webhook-timestamp': seconds(now),
      'webhook-signature': `v1,${hmac(KEY_BYTES, [`msg_1.${seconds(now)}.`, body], 'base64')}`,
    }),
  },
  ironclad: {
    provider: 'ironclad',
    secret: ironcladKeys.pem,
    settings: none,
    async sign({ body }) {
      const message = new Uint8Array([...bytes('event-1'), ...body, ...bytes('n0nce')]);
      const signature = base64(await crypto.subtle.sign(rsa.name, ironcladKeys.privateKey, message));
      return {
        'x-ironclad-webhook-event-id': 'event-1',
        'x-ironclad-webhook-verification': JSON.stringify({ nonce: 'n0nce', signature, encoding: 'base64' }),
      };
    },
  },
  plaid: {
    provider: 'plaid',
    secret: BASIC,
    settings: none,
    sign: async ({ body, now }) => ({
      'plaid-verification': await new SignJWT({
        iat: Math.floor(now / 1000),
        request_body_sha256: await sha256Hex(body),
      })
        .setProtectedHeader({ alg: 'ES256', kid: PLAID_KEY_ID, typ: 'JWT' })
        .sign(plaidKeys.privateKey),
    }),
  },
  paypal: {
    provider: 'paypal',
    secret: WEBHOOK_ID,
    settings: none,
    sign: ({ body, now }) => paypalKeys.headers(body, now),
  },
  custom: {
    provider: 'custom',
    secret: TEXT,
    settings: () => ({
      system: 'acme',
      auth: { scheme: 'hmac', header: 'x-acme-signature' },
      event: { id: '$.id', type: '$.type' },
      types: { 'nothing.yet': { facts: null } },
    }),
    sign: bodyHmac('x-acme-signature', 'hex'),
  },
};

/** Adyen's standard webhooks, whose proof stands in each item. */
const adyenItems: Readonly<Record<string, Vendor>> =
  vendors.adyen === undefined ? {} : { 'adyen-items': { ...vendors.adyen, sign: none } };
const item = {
  ...{ pspReference: 'PSP1', merchantAccountCode: 'Acme', merchantReference: 'order', success: 'true' },
  ...{ amount: { value: 1000, currency: 'EUR' }, eventCode: 'REPORT_AVAILABLE' },
};

/** Part of every body; a test that alters it alters what was signed. */
export const SIGNED_PART = '1000';

/** Bodies and types where an empty JSON object will not do. */
const written: Readonly<Record<string, Partial<Payload>>> = {
  'adyen-items': {
    body: bytes(JSON.stringify({ live: 'true', notificationItems: [{ NotificationRequestItem: item }] })),
  },
  adyen: { eventType: 'balancePlatform.transfer.updated' },
  salesforce_outbound_message: {
    contentType: 'text/xml',
    body: bytes(
      outboundMessage({ organizationId: '00D000000000001AAA', actionId: '04k000000000001AAA', notifications: [] }),
    ),
  },
  maxio: { contentType: 'application/x-www-form-urlencoded', body: bytes('id=1000&event=test') },
  paddle_classic: { contentType: 'application/x-www-form-urlencoded', body: bytes('{"alert_id":"1000"}') },
  shopify: { eventType: 'orders/create' },
  woocommerce: { eventType: 'order.updated' },
};

const payloadOf = (name: string): Payload => ({
  file: 'sample.json',
  eventType: null,
  kind: 'event',
  contentType: 'application/json',
  body: bytes('{"id":"sample-1000"}'),
  ...written[name],
});

/** Of the same form: hexadecimal, base64, a prefix and so on. */
const otherOf = ({ provider, secret }: Vendor): string =>
  provider === 'ironclad' || provider === 'paddle-classic'
    ? otherKeys.pem
    : /^[0-9A-F]{64}$/.test(secret)
      ? secret.replaceAll(/./g, (digit) => (15 - Number.parseInt(digit, 16)).toString(16).toUpperCase())
      : wrongSecret(secret);

const senderOf = (name: string, vendor: Vendor): Sender => ({
  name: name.replaceAll('_', '-'),
  vendor,
  payload: payloadOf(name),
  other: otherOf(vendor),
  ourSecret: vendor.provider !== 'plaid',
  // The gateway believes certificates of the public roots alone, and none of those signs for a test.
  provable: vendor.provider !== 'paypal',
});

/** At least one for every provider. */
export const senders: readonly Sender[] = Object.entries({ ...vendors, ...others, ...adyenItems })
  .filter(([, { sign }]) => sign !== null)
  .map(([name, vendor]) => senderOf(name, vendor));
