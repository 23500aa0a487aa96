/**
 * Shopify: one resource per delivery; what happened to it, and the delivery's id, stand in headers that are not signed.
 * A retry carries the original bytes. docs/sources/shopify.md says how it is set up and what becomes which fact.
 */
import { providerEventId } from '../../canonical/ids.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { bodyAlone, type HmacScheme, signatureHeader, verifyHmac } from '../../verification/hmac-scheme.ts';
import type { VerifiedDelivery } from '../../verification/verification.ts';
import { otherAccount } from '../announcing.ts';
import { readInstant } from '../instants.ts';
import { parseJson } from '../json.ts';
import { notJson, unknownType } from '../reading.ts';
import type { AddressedEvent, QuarantineReason, SourceDefinition, UnreadableDelivery } from '../source.ts';
import { readJson } from '../wire.ts';
import { digitsOf, orderLane } from './context.ts';
import { type Subject, subject } from './schemas.ts';
import { type ShopifySettings, shopifySettings } from './settings.ts';
import { topicReader, understoodTopics } from './topics.ts';

const signature = 'x-shopify-hmac-sha256';
const topicHeader = 'x-shopify-topic';
const shopHeader = 'x-shopify-shop-domain';
const idHeader = 'x-shopify-webhook-id';

const topicPattern = /^[a-z_]{1,80}\/[a-z_]{1,80}$/;
const idPattern = /^[\w-]{1,120}$/;

/** As Shopify's own library: a delivery without topic, shop or id is none of its, whatever its signature. */
const scheme: HmacScheme = {
  form: { hash: 'SHA-256', key: 'text', signature: 'base64' },
  present(delivery) {
    const { headers } = delivery;
    if ([topicHeader, shopHeader, idHeader].some((name) => headers.get(name) === null)) return err('header_missing');
    if (!topicPattern.test(headers.get(topicHeader) ?? '') || !idPattern.test(headers.get(idHeader) ?? '')) {
      return err('header_malformed');
    }
    return signatureHeader(signature)(delivery);
  },
  content: bodyAlone,
  time: null,
  evidence: [signature, topicHeader, shopHeader, idHeader, 'x-shopify-api-version', 'x-shopify-triggered-at'],
};

/** The customer's own lane for them and their orders; what names an order only goes to that order's. */
function customerOf(topic: string, object: Subject): string | null {
  const [resource] = topic.split('/');
  const id = object.id ?? null;
  switch (resource) {
    case 'customers':
      return id === null ? null : digitsOf({ ...object, id });
    case 'orders':
      return object.customer?.id ?? (id === null ? null : orderLane(id));
    case 'order_transactions':
    case 'refunds':
    case 'disputes':
      return typeof object.order_id === 'string' ? orderLane(object.order_id) : null;
    default:
      return null;
  }
}

function objection(delivery: VerifiedDelivery, topic: string, settings: ShopifySettings): QuarantineReason | null {
  if (settings.shop !== undefined && delivery.headers.get(shopHeader) !== settings.shop)
    return otherAccount(shopHeader);
  return topicReader(topic) === null ? unknownType : null;
}

function parse(
  delivery: VerifiedDelivery,
  settings: ShopifySettings,
): Result<readonly AddressedEvent[], UnreadableDelivery> {
  const topic = delivery.headers.get(topicHeader) ?? '';
  const id = delivery.headers.get(idHeader) ?? '';
  if (!topicPattern.test(topic) || !idPattern.test(id)) {
    return err({ reason: { code: 'unsupported_shape', detail: `${topicHeader}, ${idHeader}: expected both` } });
  }
  const read = readJson(delivery.body, subject);
  if (!read.ok) return err({ reason: read.error });
  const object = read.value;
  const triggeredAt = readInstant(delivery.headers.get('x-shopify-triggered-at') ?? '');
  return ok([
    {
      eventId: providerEventId(id),
      type: topic,
      occurredAt: object.updated_at ?? object.created_at ?? triggeredAt ?? delivery.receivedAt,
      customer: customerOf(topic, object),
      sharedLane: topic.startsWith('products/') ? 'catalogue' : 'account',
      body: delivery.body,
      quarantine: objection(delivery, topic, settings),
    },
  ]);
}

export const shopify: SourceDefinition<ShopifySettings> = {
  provider: 'shopify',
  about: {
    name: 'Shopify',
    auth: '`X-Shopify-Hmac-Sha256` over the body; no time is signed',
    trust: 'signed',
    acknowledges: '200 with the events and their lanes as JSON',
    dedupe: '`X-Shopify-Webhook-Id`',
    retries: 'eight times in four hours, then the subscription is removed',
    page: null,
  },
  settings: shopifySettings,
  maxBodyBytes: 1_500_000,
  methods: ['POST'],
  contentTypes: ['application/json'],
  verify: (delivery, secrets) => verifyHmac(delivery, secrets, scheme),
  parse,
  acknowledge: (summary) => Response.json(summary),
  enrichment: () => [],
  interpret(stored, settings) {
    const own = topicReader(stored.type);
    if (own === null) return { kind: 'quarantine', reason: unknownType };
    const json = parseJson(stored.body);
    if (!json.ok) return { kind: 'quarantine', reason: notJson };
    return own.facts(json.value, { topic: stored.type, occurredAt: stored.occurredAt, settings });
  },
  understands: understoodTopics,
};
