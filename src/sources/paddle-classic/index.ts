/**
 * Paddle Classic, which is no longer sold and still pays out: one alert per form, signed with the vendor's RSA key.
 * docs/sources/paddle-classic.md says how it is set up and what becomes which fact.
 */
import { z } from 'zod';
import { providerEventId } from '../../canonical/ids.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import type { VerifiedDelivery } from '../../verification/verification.ts';
import { facts, type Reader, reader, unknownType, without } from '../reading.ts';
import type {
  AddressedEvent,
  Interpretation,
  QuarantineReason,
  SourceDefinition,
  UnreadableDelivery,
} from '../source.ts';
import { checked } from '../wire.ts';
import { type Context, disputeChanged, failed, key, paid, refunded, subscriptionPaid, transferred } from './money.ts';
import {
  type Alert,
  alert,
  dispute,
  failedPayment,
  payment,
  refund,
  type Subscription,
  subscription,
  subscriptionPayment,
  transfer,
} from './schemas.ts';
import { type AlertFields, readFields, verifyAlert } from './signature.ts';

export const paddleClassicSettings = z.strictObject({});
export type PaddleClassicSettings = z.infer<typeof paddleClassicSettings>;

const subscriptions = reader(subscription, subscriptionChanged);
const refunds = reader(refund, refunded);

const readers: ReadonlyMap<string, Reader<Context>> = new Map<string, Reader<Context>>([
  ['payment_succeeded', reader(payment, paid)],
  ['payment_refunded', refunds],
  ['subscription_created', subscriptions],
  ['subscription_updated', subscriptions],
  ['subscription_cancelled', subscriptions],
  ['subscription_payment_succeeded', reader(subscriptionPayment, subscriptionPaid)],
  ['subscription_payment_failed', reader(failedPayment, failed)],
  ['subscription_payment_refunded', refunds],
  ['payment_dispute_created', reader(dispute, (read, context: Context) => disputeChanged(read, context, 'withdrawn'))],
  ['payment_dispute_closed', reader(dispute, (read, context: Context) => disputeChanged(read, context, 'won'))],
  ['transfer_created', without('a payout is booked when it is paid')],
  ['transfer_paid', reader(transfer, transferred)],
  ['locker_processed', without('the order is fulfilled; its money is told by payment_succeeded')],
  ['high_risk_transaction_created', without('a review; the payment has an alert of its own')],
  ['high_risk_transaction_updated', without('a review; the payment has an alert of its own')],
  ['new_audience_member', without('marketing consent concerns no books')],
  ['update_audience_member', without('marketing consent concerns no books')],
]);

export const paddleClassic: SourceDefinition<PaddleClassicSettings> = {
  provider: 'paddle-classic',
  settings: paddleClassicSettings,
  maxBodyBytes: 256_000,
  methods: ['POST'],
  contentTypes: ['application/x-www-form-urlencoded'],
  verify: (delivery, secrets) => verifyAlert(delivery, secrets),
  parse,
  /** 200 and nothing else: every other status is sent again. */
  acknowledge: (summary) => Response.json(summary, { status: 200 }),
  enrichment: () => [],
  interpret(stored) {
    const read = readAlert(stored.body);
    if (!read.ok) return { kind: 'quarantine', reason: read.error };
    const { fields, known } = read.value;
    const own = readers.get(known.alert_name);
    if (own === undefined) return { kind: 'quarantine', reason: unknownType };
    return own.facts(fields, { alertId: known.alert_id, occurredAt: known.event_time });
  },
  understands: [...readers.keys()].sort(),
  about: {
    name: 'Paddle Classic',
    auth: '`p_signature`: RSA with SHA-1 over the PHP-serialized fields, by the vendor’s public key; no time is signed',
    trust: 'signed',
    acknowledges: '200 exactly, within ten seconds, with the events and their lanes as JSON',
    dedupe: '`alert_id`',
    retries: 'every 15 minutes for three days',
    page: null,
  },
};

interface ReadAlert {
  readonly fields: AlertFields;
  readonly known: Alert;
}

function readAlert(body: Uint8Array): Result<ReadAlert, QuarantineReason> {
  const fields = readFields(body);
  if (fields === null) return err({ code: 'unsupported_shape', detail: 'not a flat form' });
  const known = checked(fields, alert);
  return known.ok ? ok({ fields, known: known.value }) : known;
}

function parse(delivery: VerifiedDelivery): Result<readonly AddressedEvent[], UnreadableDelivery> {
  const read = readAlert(delivery.body);
  if (!read.ok) return err({ reason: read.error });
  const { fields, known } = read.value;
  const own = readers.get(known.alert_name);
  return ok([
    {
      eventId: providerEventId(known.alert_id),
      type: known.alert_name,
      occurredAt: known.event_time,
      // Disputes and one-off orders name no customer; an order's alerts share its lane.
      customer: known.user_id ?? (known.order_id === undefined ? null : `order-${known.order_id}`),
      sharedLane: 'account',
      body: delivery.body,
      quarantine: own === undefined ? unknownType : own.problem(fields),
    },
  ]);
}

/** An alert's time is in whole seconds: of two changes within one the books keep the first that comes. */
function subscriptionChanged(read: Subscription, { occurredAt }: Context): Interpretation {
  const { subscription_plan_id: plan } = read;
  return facts({
    kind: 'subscription.changed',
    occurredAt,
    requires: [],
    subscription: key('subscription', read.subscription_id),
    customer: key('customer', read.user_id),
    version: occurredAt,
    status: read.status,
    items:
      plan === undefined
        ? []
        : [{ product: key('product', plan), quantity: read.new_quantity ?? read.quantity ?? '1' }],
  });
}
