/**
 * Each folder of public payloads as its vendor would send it: which source it goes to, with which settings, and the
 * proof its sender makes, written with Node's own crypto so that it is not the code under test.
 */
import { z } from 'zod';
import { signStripe } from '../../sandbox/stripe/sign.ts';
import { newVendor, signedForm } from '../verification/paddle-classic-signer.ts';
import { hmac } from '../verification/signing.ts';
import type { Payload } from './payloads.ts';

export interface Sending {
  /** Where it is sent, as the vendor was told. */
  readonly url: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly payload: Payload;
  /** Counts the payloads of the folder: ids of messages are made of it. */
  readonly n: number;
  /** Epoch ms. */
  readonly now: number;
}

type Headers = Readonly<Record<string, string>>;

export interface Vendor {
  /** The provider of the source; several folders may be one's. */
  readonly provider: string;
  readonly secret: string;
  /** The secret is the address's last segment. */
  readonly secretPath?: boolean;
  readonly settings: (payload: Payload) => Readonly<Record<string, unknown>>;
  /** Null: its proof can only be made by the vendor, so all of it is refused. */
  readonly sign: ((sending: Sending) => Headers | Promise<Headers>) | null;
  /** Where it is sent as something else than it was published as. */
  readonly contentType?: string;
  /** Where the proof stands inside the body. */
  readonly seal?: (payload: Payload) => Uint8Array<ArrayBuffer>;
}

const KEY = 'ledgergate-conformance-key';
const HEX_KEY = '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056';
const HEX_BYTES = Buffer.from(HEX_KEY, 'hex');
const WHSEC = `whsec_${btoa('ledgergate-conformance-callouts!')}`;
const BASIC = `ledgergate:${KEY}`;
const SECRET_PATH = 'ledgergate-conformance-path-0123456789abcdef';
const basic: Headers = { authorization: `Basic ${btoa(BASIC)}` };
const none = () => ({});

export const textOf = (payload: Payload): string => new TextDecoder().decode(payload.body);
const bytesOf = (text: string) => new Uint8Array(new TextEncoder().encode(text));
const seconds = (now: number): string => String(Math.floor(now / 1000));

/** A member of a JSON payload by its path, if it is what the schema says. */
function told<T>(payload: Payload, schema: z.ZodType<T>): T | null {
  const parsed = schema.safeParse(JSON.parse(textOf(payload)));
  return parsed.success ? parsed.data : null;
}

function standardWebhook({ body, n, now }: Sending): Headers {
  const key = Buffer.from(WHSEC.slice('whsec_'.length), 'base64');
  const signature = hmac(key, [`msg_${n}.${seconds(now)}.`, body], 'base64');
  return { 'webhook-id': `msg_${n}`, 'webhook-timestamp': seconds(now), 'webhook-signature': `v1,${signature}` };
}

/** A header that holds the HMAC-SHA256 of the body. */
const bodyHmac =
  (header: string, encoding: 'hex' | 'base64', more: (sending: Sending) => Headers = none) =>
  (sending: Sending): Headers => ({ [header]: hmac(KEY, [sending.body], encoding), ...more(sending) });

const fields = z.looseObject({
  pspReference: z.unknown().optional(),
  originalReference: z.unknown().optional(),
  merchantAccountCode: z.unknown().optional(),
  merchantReference: z.unknown().optional(),
  amount: z.looseObject({ value: z.unknown().optional(), currency: z.unknown().optional() }).nullish(),
  eventCode: z.unknown().optional(),
  success: z.unknown().optional(),
  additionalData: z.record(z.string(), z.unknown()).nullish(),
});
const adyenBatch = z.looseObject({
  notificationItems: z.array(z.looseObject({ NotificationRequestItem: fields })),
});

/** Adyen's standard webhooks hold one signature per item, over some of its fields. */
function sealAdyen(payload: Payload): Uint8Array<ArrayBuffer> {
  const batch = told(payload, adyenBatch);
  if (batch === null) return payload.body;
  const notificationItems = batch.notificationItems.map(({ NotificationRequestItem: item }) => {
    const { pspReference, originalReference, merchantAccountCode, merchantReference, amount, eventCode, success } =
      item;
    const signed = [
      ...[pspReference, originalReference, merchantAccountCode, merchantReference],
      ...[amount?.value, amount?.currency, eventCode, success],
    ].map((part) => (part === undefined || part === null ? '' : String(part)));
    const hmacSignature = hmac(HEX_BYTES, signed.join(':'), 'base64');
    return { NotificationRequestItem: { ...item, additionalData: { ...item.additionalData, hmacSignature } } };
  });
  return bytesOf(JSON.stringify({ ...batch, notificationItems }));
}

const balanceAccount = z.object({ data: z.object({ balanceAccount: z.object({ id: z.string() }) }) });
const stripeAccount = z.string().startsWith('acct_').optional().catch(undefined);
const stripeEnvelope = z.object({ object: z.string(), account: stripeAccount, context: stripeAccount, id: z.string() });

/** Published examples share event ids, and a shared id would be a duplicate: each gets one of its own, nothing else changes. */
function ownStripeId(payload: Payload, n: number): Uint8Array<ArrayBuffer> {
  const id = told(payload, stripeEnvelope)?.id;
  return id === undefined ? payload.body : bytesOf(textOf(payload).replaceAll(`"${id}"`, `"${id}_${n}"`));
}

const stripe: Vendor = {
  provider: 'stripe',
  secret: KEY,
  settings(payload) {
    const envelope = told(payload, stripeEnvelope);
    const account = envelope?.account ?? envelope?.context;
    return account === undefined ? {} : { account };
  },
  sign: async ({ body, now }) => ({ ...(await signStripe(body, KEY, Number(seconds(now)))) }),
};

const salesforceCallout: Vendor = {
  provider: 'salesforce',
  secret: WHSEC,
  settings: () => ({ channel: 'callout', auth: 'standard-webhooks' }),
  sign: standardWebhook,
};

const paddleVendor = newVendor();
const alert = z.record(z.string(), z.string());

/** Published as JSON; Paddle Classic sends forms, with the vendor's own signature in place of the published one. */
function sealAlert(payload: Payload): Uint8Array<ArrayBuffer> {
  const fields = told(payload, alert);
  if (fields === null) return payload.body;
  const { p_signature: _, ...signed } = fields;
  return signedForm(signed, paddleVendor);
}

const organization = (payload: Payload): string =>
  /<OrganizationId>(\w+)</.exec(textOf(payload))?.[1] ?? '00D000000000000';

const shopifyTopic = ({ eventType }: Payload): string =>
  (eventType ?? '').replace('customers/*', 'customers/update').replace('orders/*', 'orders/create');

const portal = z.union([
  z.object({ portalId: z.int() }),
  z.tuple([z.object({ portalId: z.int() })]).transform(([first]) => first),
]);

/** By folder. */
export const vendors: Readonly<Record<string, Vendor>> = {
  stripe,
  stripe_v2: stripe,
  chargebee: { provider: 'chargebee', secret: BASIC, settings: none, sign: () => basic },
  salesforce_cdc: salesforceCallout,
  salesforce_ampersand: salesforceCallout,
  salesforce_outbound_message: {
    provider: 'salesforce',
    secret: SECRET_PATH,
    secretPath: true,
    settings: (payload) => ({
      channel: 'outbound-message',
      organizationId: organization(payload),
      moneyNeeds: 'addressed',
    }),
    sign: none,
  },
  adyen: {
    provider: 'adyen',
    secret: HEX_KEY,
    settings(payload) {
      if (textOf(payload).includes('notificationItems')) return { webhook: 'standard', capture: 'manual' };
      const own = told(payload, balanceAccount)?.data.balanceAccount.id;
      // The accounts of the samples that move a balance, as if they were the tenant's own.
      return { webhook: 'platform', balanceAccounts: own === undefined ? [] : [own] };
    },
    seal: sealAdyen,
    sign: ({ body }) => ({ hmacsignature: hmac(HEX_BYTES, [body], 'base64'), protocol: 'HmacSHA256' }),
  },
  docusign: { provider: 'docusign', secret: KEY, settings: none, sign: bodyHmac('x-docusign-signature-1', 'base64') },
  gocardless: { provider: 'gocardless', secret: KEY, settings: none, sign: bodyHmac('webhook-signature', 'hex') },
  hubspot: {
    provider: 'hubspot',
    secret: KEY,
    settings: (payload) => ({ portalId: told(payload, portal)?.portalId ?? 1, currency: 'USD' }),
    sign: ({ url, body, now }) => ({
      'x-hubspot-request-timestamp': String(now),
      'x-hubspot-signature-v3': hmac(KEY, [`POST${url}`, body, String(now)], 'base64'),
    }),
  },
  lago: {
    provider: 'lago',
    secret: KEY,
    settings: () => ({ signature: 'hmac' }),
    sign: bodyHmac('x-lago-signature', 'base64', ({ n }) => ({
      'x-lago-signature-algorithm': 'hmac',
      'x-lago-unique-key': `lago-payload-${n}`,
    })),
  },
  maxio: {
    provider: 'maxio',
    secret: KEY,
    settings: () => ({ currency: 'USD' }),
    sign: bodyHmac('x-chargify-webhook-signature-hmac-sha-256', 'hex', ({ n }) => ({
      'x-chargify-webhook-id': String(n),
    })),
  },
  orb: {
    provider: 'orb',
    secret: KEY,
    settings: none,
    sign({ body, now }) {
      const time = new Date(now).toISOString().slice(0, -1);
      return { 'x-orb-timestamp': time, 'x-orb-signature': `v1=${hmac(KEY, [`v1:${time}:`, body])}` };
    },
  },
  paddle: {
    provider: 'paddle',
    secret: KEY,
    settings: none,
    sign: ({ body, now }) => ({
      'paddle-signature': `ts=${seconds(now)};h1=${hmac(KEY, [`${seconds(now)}:`, body])}`,
    }),
  },
  // Its certificate comes from PayPal's own host and chains to a public root, so nobody else can sign for it
  // (test/sources/paypal has the scheme with a chain of its own).
  paypal: { provider: 'paypal', secret: KEY, settings: none, sign: null },
  // Its token is signed by a key that only Plaid's API gives (test/sources/plaid has the scheme with its own).
  plaid: { provider: 'plaid', secret: BASIC, settings: none, sign: null },
  // Only answers of its API are public, no events.
  quickbooks: { provider: 'quickbooks', secret: KEY, settings: () => ({ realmId: '1' }), sign: null },
  recurly: {
    provider: 'recurly',
    secret: BASIC,
    settings: (payload) =>
      payload.file.endsWith('.xml') ? { format: 'xml', currency: 'USD', acceptTest: true } : { format: 'json' },
    sign: ({ payload, body, now }) =>
      payload.file.endsWith('.xml') ? basic : { 'recurly-signature': `${now},${hmac(BASIC, [`${now}.`, body])}` },
  },
  shopify: {
    provider: 'shopify',
    secret: KEY,
    settings: () => ({ testOrders: 'book' }),
    sign: bodyHmac('x-shopify-hmac-sha256', 'base64', ({ payload, n }) => ({
      'x-shopify-topic': shopifyTopic(payload),
      'x-shopify-webhook-id': `shopify-payload-${n}`,
      'x-shopify-shop-domain': 'acme.myshopify.com',
    })),
  },
  square: {
    provider: 'square',
    secret: KEY,
    settings: none,
    sign: ({ url, body }) => ({ 'x-square-hmacsha256-signature': hmac(KEY, [url, body], 'base64') }),
  },
  standard_webhooks: {
    provider: 'standard-webhooks',
    secret: WHSEC,
    settings: () => ({
      system: 'sender',
      types: {
        'contact.created': {
          facts: "{'kind': 'customer.upserted', 'customer': event.data.id, 'name': event.data.?fullName.orValue(null)}",
        },
      },
    }),
    sign: standardWebhook,
  },
  xero: {
    provider: 'xero',
    secret: KEY,
    settings: () => ({ tenantId: 'aef86862-2015-4b6b-88bc-d89032cecc50' }),
    sign: bodyHmac('x-xero-signature', 'base64'),
  },
  paddle_classic: {
    provider: 'paddle-classic',
    secret: paddleVendor.publicKey,
    settings: none,
    contentType: 'application/x-www-form-urlencoded',
    seal: sealAlert,
    sign: none,
  },
  checkout_com: { provider: 'checkout-com', secret: KEY, settings: none, sign: bodyHmac('cko-signature', 'hex') },
  lemon_squeezy: {
    provider: 'lemon-squeezy',
    secret: KEY,
    settings: none,
    sign: bodyHmac('x-signature', 'hex', ({ payload }) => ({ 'x-event-name': payload.eventType ?? '' })),
  },
  woocommerce: {
    provider: 'woocommerce',
    secret: KEY,
    settings: () => ({ payments: 'book' }),
    sign: bodyHmac('x-wc-webhook-signature', 'base64', ({ payload }) => ({
      'x-wc-webhook-topic': payload.eventType ?? '',
      'x-wc-webhook-source': 'https://shop.example/',
      'x-wc-webhook-id': '1',
    })),
  },
};

/** The body as it is sent: with its proof where that stands inside, and Stripe's shared ids told apart. */
export function bodyToSend(vendor: Vendor, payload: Payload, n: number): Uint8Array<ArrayBuffer> {
  return vendor.provider === 'stripe' ? ownStripeId(payload, n) : (vendor.seal?.(payload) ?? payload.body);
}
