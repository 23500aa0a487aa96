/** Lemon Squeezy: signed JSON:API resources, one per delivery, without an event id. docs/sources/lemon-squeezy.md. */
import { z } from 'zod';
import { bodyAlone, type HmacScheme, signatureHeader, verifyHmac } from '../../verification/hmac-scheme.ts';
import { announcingSource, otherAccount } from '../announcing.ts';
import { readInstant } from '../instants.ts';
import { facts, fingerprint, type Reader, reader, unknownType, without } from '../reading.ts';
import type { Interpretation, QuarantineReason } from '../source.ts';
import {
  type Context,
  invoiceFailed,
  invoicePaid,
  invoiceRefunded,
  key,
  orderCreated,
  orderRefunded,
} from './money.ts';
import { type LemonEvent, lemonEvent, order, type Subscription, subscription, subscriptionInvoice } from './schemas.ts';

export const lemonSqueezySettings = z.strictObject({
  /** The only store whose events are booked. */
  storeId: z
    .string()
    .regex(/^\d{1,20}$/)
    .optional(),
  /** Events of test mode are set aside, or booked. */
  testMode: z.enum(['refuse', 'book']).default('refuse'),
});
export type LemonSqueezySettings = z.infer<typeof lemonSqueezySettings>;

const scheme: HmacScheme = {
  form: { hash: 'SHA-256', key: 'text', signature: 'hex' },
  present: signatureHeader('x-signature'),
  content: bodyAlone,
  time: null,
  evidence: ['x-signature', 'x-event-name'],
};

const subscriptions = reader(subscription, subscriptionChanged);

const readers: ReadonlyMap<string, Reader<Context>> = new Map<string, Reader<Context>>([
  ['order_created', reader(order, orderCreated)],
  ['order_refunded', reader(order, orderRefunded)],
  ...[
    'subscription_created',
    'subscription_updated',
    'subscription_cancelled',
    'subscription_resumed',
    'subscription_expired',
    'subscription_paused',
    'subscription_unpaused',
    'subscription_plan_changed',
  ].map((name): [string, Reader<Context>] => [name, subscriptions]),
  ['subscription_payment_success', reader(subscriptionInvoice, invoicePaid)],
  ['subscription_payment_recovered', without('a subscription_payment_success always comes with it')],
  ['subscription_payment_failed', reader(subscriptionInvoice, invoiceFailed)],
  ['subscription_payment_refunded', reader(subscriptionInvoice, invoiceRefunded)],
  ['license_key_created', without('a licence key moves no money')],
  ['license_key_updated', without('a licence key moves no money')],
  ['affiliate_activated', without('concerns no books')],
]);

const isTest = ({ meta, data }: LemonEvent): boolean => meta.test_mode === true || data.attributes.test_mode === true;

function objection(event: LemonEvent, { storeId, testMode }: LemonSqueezySettings): QuarantineReason | null {
  const { attributes } = event.data;
  if (storeId !== undefined && attributes.store_id !== storeId) return otherAccount('data.attributes.store_id');
  if (isTest(event) && testMode === 'refuse') return { code: 'wrong_mode', detail: 'test_mode: expected false' };
  const own = readers.get(event.meta.event_name);
  return own === undefined ? unknownType : own.problem(attributes);
}

export const lemonSqueezy = announcingSource<LemonSqueezySettings, LemonEvent>({
  provider: 'lemon-squeezy',
  about: {
    name: 'Lemon Squeezy',
    auth: '`X-Signature`: HMAC-SHA256 over the body; no time is signed',
    trust: 'signed',
    acknowledges: '200 exactly, with the events and their lanes as JSON',
    dedupe: 'event name, object and the body’s bytes: there is no event id',
    retries: 'three times in some two and a half minutes, then never',
    page: null,
  },
  settings: lemonSqueezySettings,
  verify: (delivery, secrets) => verifyHmac(delivery, secrets, scheme),
  event: lemonEvent,
  /**
   * `updated_at` is in whole seconds, so two changes within one would be taken for a repeat. A repeat whose bytes differ
   * after all books nothing twice: every fact is known by its object.
   */
  address({ meta, data }, { body }) {
    return {
      eventId: `${meta.event_name}/${data.id}/${fingerprint(body)}`,
      type: meta.event_name,
      occurredAt: readInstant(data.attributes.updated_at) ?? readInstant(data.attributes.created_at),
      customer: data.attributes.customer_id ?? null,
    };
  },
  objection,
  interpret({ meta, data }, { occurredAt }): Interpretation {
    const own = readers.get(meta.event_name);
    if (own === undefined) return { kind: 'quarantine', reason: unknownType };
    return own.facts(data.attributes, { id: data.id, occurredAt });
  },
  understands: [...readers.keys()].sort(),
});

function subscriptionChanged(read: Subscription, { id, occurredAt }: Context): Interpretation {
  return facts({
    kind: 'subscription.changed',
    occurredAt,
    requires: [],
    subscription: key('subscription', id),
    customer: key('customer', read.customer_id),
    version: read.updated_at,
    status: read.status,
    items: [
      {
        product: key('product', read.product_id),
        quantity: String(read.first_subscription_item?.quantity ?? 1),
      },
    ],
  });
}
