/**
 * WooCommerce: one resource per delivery; what happened to it stands in a header that is not signed. A shop never sends a
 * delivery again. docs/sources/woocommerce.md says how it is set up and what becomes which fact.
 */
import { providerEventId } from '../../canonical/ids.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { bodyAlone, type HmacScheme, signatureHeader, verifyHmac } from '../../verification/hmac-scheme.ts';
import { signingSecrets, verifySetUpAddress } from '../../verification/set-up-address.ts';
import type { Delivery, LiveSecret, Verification, VerifiedDelivery } from '../../verification/verification.ts';
import { otherAccount } from '../announcing.ts';
import { parseJson } from '../json.ts';
import { fingerprint, notJson, type Reader, reader, unknownType, without } from '../reading.ts';
import type { AddressedEvent, QuarantineReason, SourceDefinition, UnreadableDelivery } from '../source.ts';
import { checked } from '../wire.ts';
import type { Context } from './context.ts';
import { customerChanged, masterDeleted, productChanged } from './master.ts';
import { orderChanged } from './orders.ts';
import { customer, deleted, order, product, type Subject, subject } from './schemas.ts';
import { type WoocommerceSettings, woocommerceSettings } from './settings.ts';

const signature = 'x-wc-webhook-signature';
const topicHeader = 'x-wc-webhook-topic';
const sourceHeader = 'x-wc-webhook-source';
const topicPattern = /^[a-z_-]{1,40}\.[\w-]{1,120}$/;

const scheme: HmacScheme = {
  form: { hash: 'SHA-256', key: 'text', signature: 'base64' },
  present(delivery) {
    const topic = delivery.headers.get(topicHeader);
    if (topic === null) return err('header_missing');
    return topicPattern.test(topic) ? signatureHeader(signature)(delivery) : err('header_malformed');
  },
  content: bodyAlone,
  time: null,
  evidence: [signature, topicHeader, sourceHeader, 'x-wc-webhook-id', 'x-wc-webhook-delivery-id'],
};

const PING = 'ping';
const pingPattern = /^webhook_id=(\d{1,20})$/;

/** What a new webhook sends first, a form and unsigned. Anything but 200 shows the shop's owner an error. */
const pingOf = (body: Uint8Array): string | null =>
  body.length > 64 ? null : (pingPattern.exec(new TextDecoder().decode(body))?.[1] ?? null);

/** The ping is taken at a set-up address only, and means nothing; nothing else is taken unsigned. */
async function verify(delivery: Delivery, secrets: readonly LiveSecret[]): Promise<Verification> {
  const signed = await verifyHmac(delivery, signingSecrets(secrets), scheme);
  if (signed.ok || delivery.headers.has(signature) || pingOf(delivery.body) === null) return signed;
  const addressed = await verifySetUpAddress(delivery, secrets);
  return addressed.ok ? addressed : signed;
}

const orders = reader(order, orderChanged);
const customers = reader(customer, customerChanged);
const products = reader(product, productChanged);
const deletions = reader(deleted, masterDeleted);

const readers: ReadonlyMap<string, Reader<Context>> = new Map<string, Reader<Context>>([
  ['order.created', orders],
  ['order.updated', orders],
  ['order.restored', orders],
  ['order.deleted', without('moved to the bin; what is undone has a status or a refund of its own')],
  ['customer.created', customers],
  ['customer.updated', customers],
  ['customer.deleted', deletions],
  ['product.created', products],
  ['product.updated', products],
  ['product.restored', products],
  ['product.deleted', deletions],
  ['coupon.created', without('a coupon is booked with the order that uses it')],
  ['coupon.updated', without('a coupon is booked with the order that uses it')],
  ['coupon.deleted', without('a coupon is booked with the order that uses it')],
  ['coupon.restored', without('a coupon is booked with the order that uses it')],
  [PING, without('a new webhook says that it is there')],
]);

function objection(
  delivery: VerifiedDelivery,
  topic: string,
  json: unknown,
  settings: WoocommerceSettings,
): QuarantineReason | null {
  if (settings.shop !== undefined && delivery.headers.get(sourceHeader) !== settings.shop) {
    return otherAccount(sourceHeader);
  }
  const own = readers.get(topic);
  return own === undefined ? unknownType : own.problem(json);
}

/** The customer's own lane for them and their orders; a guest's order has its own. */
function customerOf(topic: string, object: Subject): string | null {
  if (topic.startsWith('customer.')) return object.id;
  return topic.startsWith('order.') ? (object.customer_id ?? `order-${object.id}`) : null;
}

function parse(
  delivery: VerifiedDelivery,
  settings: WoocommerceSettings,
): Result<readonly AddressedEvent[], UnreadableDelivery> {
  const ping = pingOf(delivery.body);
  if (ping !== null) return ok([pinged(delivery, ping)]);
  const topic = delivery.headers.get(topicHeader) ?? '';
  if (!topicPattern.test(topic)) {
    return err({ reason: { code: 'unsupported_shape', detail: `${topicHeader}: expected a topic` } });
  }
  const json = parseJson(delivery.body);
  if (!json.ok) return err({ reason: notJson });
  const read = checked(json.value, subject);
  if (!read.ok) return err({ reason: read.error });
  const object = read.value;
  return ok([
    {
      // `X-WC-Webhook-Delivery-ID` is a hash of the webhook and the second, the same for all it sends within one.
      eventId: providerEventId(`${topic}/${object.id}/${fingerprint(delivery.body)}`),
      type: topic,
      occurredAt: object.date_modified_gmt ?? object.date_created_gmt ?? delivery.receivedAt,
      customer: customerOf(topic, object),
      sharedLane: topic.startsWith('product.') ? 'catalogue' : 'account',
      body: delivery.body,
      quarantine: objection(delivery, topic, json.value, settings),
    },
  ]);
}

const pinged = ({ body, receivedAt }: VerifiedDelivery, webhookId: string): AddressedEvent => ({
  eventId: providerEventId(`${PING}/${webhookId}`),
  type: PING,
  occurredAt: receivedAt,
  customer: null,
  sharedLane: 'account',
  body,
  quarantine: null,
});

export const woocommerce: SourceDefinition<WoocommerceSettings> = {
  provider: 'woocommerce',
  about: {
    name: 'WooCommerce',
    auth: '`X-WC-Webhook-Signature`: HMAC-SHA256 over the body; neither time nor topic is signed',
    trust: 'signed',
    acknowledges: '200 with the events and their lanes as JSON, within a minute',
    dedupe: 'topic, object and the body’s bytes: a delivery’s id is shared by all that are sent in one second',
    retries: '**never**; more than five failures in a row switch the webhook off',
    page: null,
  },
  settings: woocommerceSettings,
  maxBodyBytes: 1_500_000,
  methods: ['POST'],
  contentTypes: ['application/json', 'application/x-www-form-urlencoded'],
  verify: (delivery, secrets) => verify(delivery, secrets),
  parse,
  acknowledge: (summary) => Response.json(summary, { status: 200 }),
  enrichment: () => [],
  interpret(stored, settings) {
    const own = readers.get(stored.type);
    if (own === undefined) return { kind: 'quarantine', reason: unknownType };
    const context = { occurredAt: stored.occurredAt, settings };
    if (stored.type === PING) return own.facts(null, context);
    const json = parseJson(stored.body);
    return json.ok ? own.facts(json.value, context) : { kind: 'quarantine', reason: notJson };
  },
  understands: [...readers.keys()].sort(),
};
