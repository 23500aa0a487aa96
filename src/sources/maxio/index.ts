/**
 * Maxio Advanced Billing (Chargify): forms with bracket keys, one event per delivery, signed. docs/sources/maxio.md says
 * how it is set up and what becomes which fact.
 */
import { z } from 'zod';
import type { CanonicalEvent } from '../../canonical/events.ts';
import { type EpochMs, providerEventId } from '../../canonical/ids.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { bodyAlone, type HmacScheme, signatureHeader, verifyHmac } from '../../verification/hmac-scheme.ts';
import type { VerifiedDelivery } from '../../verification/verification.ts';
import { instantOf } from '../instants.ts';
import { describeIssues } from '../json.ts';
import { facts, nothing, partyName, type Reader, reader, unknownType, unsupported, without } from '../reading.ts';
import type {
  AddressedEvent,
  Interpretation,
  QuarantineReason,
  SourceDefinition,
  UnreadableDelivery,
} from '../source.ts';
import { invoiceIssued, key, paymentFailed, paymentSucceeded, refunded, statementClosed } from './documents.ts';
import { parseForm } from './form.ts';
import {
  type Customer,
  customerPayload,
  envelope,
  invoicePayload,
  type MaxioEvent,
  paymentPayload,
  refund,
  type Subscription,
  statementPayload,
  subscriptionPayload,
} from './schemas.ts';

export const maxioSettings = z.strictObject({
  /** The site's currency, for payloads that name none. Without it their money goes to a person. */
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .nullable()
    .default(null),
});
export type MaxioSettings = z.infer<typeof maxioSettings>;

/** HMAC-SHA256 of the raw form, hex, with the site's shared key. No time is signed; the id in the form is. */
export const maxioScheme: HmacScheme = {
  form: { hash: 'SHA-256', key: 'text', signature: 'hex' },
  present: signatureHeader('x-chargify-webhook-signature-hmac-sha-256'),
  content: bodyAlone,
  time: null,
  evidence: ['x-chargify-webhook-signature-hmac-sha-256', 'x-chargify-webhook-id'],
};

interface Context {
  readonly event: string;
  readonly occurredAt: EpochMs;
  readonly site: string | null;
}

const subscriptions = reader(subscriptionPayload, (read, context: Context) =>
  subscriptionChanged(read.subscription, read.subscription.customer?.id ?? read.customer?.id, context),
);
const customers = reader(customerPayload, (read, context: Context) => facts(customerUpserted(read.customer, context)));
const statements = reader(statementPayload, (read, { occurredAt, site }: Context) =>
  statementClosed(read.statement, read.customer, read.subscription?.currency, occurredAt, site),
);

const readers: ReadonlyMap<string, Reader<Context>> = new Map<string, Reader<Context>>([
  ...['customer_create', 'customer_update', 'customer_delete'].map((event): [string, Reader<Context>] => [
    event,
    customers,
  ]),
  ...[
    'signup_success',
    'renewal_success',
    'subscription_state_change',
    'subscription_product_change',
    'subscription_group_signup_success',
    'upgrade_downgrade_success',
    'delayed_signup_creation_success',
  ].map((event): [string, Reader<Context>] => [event, subscriptions]),
  [
    'payment_success',
    reader(paymentPayload, (read, { site }: Context) => paymentSucceeded(read.transaction, read.subscription, site)),
  ],
  [
    'payment_failure',
    reader(paymentPayload, (read, { site }: Context) => paymentFailed(read.transaction, read.subscription, site)),
  ],
  ['refund_success', reader(refund, (read, { occurredAt, site }: Context) => refunded(read, occurredAt, site))],
  ['statement_closed', statements],
  ['statement_settled', statements],
  ['invoice_issued', reader(invoicePayload, (read) => invoiceIssued(read.invoice))],
  ...['renewal_failure', 'signup_failure', 'refund_failure', 'upgrade_downgrade_failure'].map(
    (event): [string, Reader<Context>] => [event, without('what failed moved no money')],
  ),
  ['test', without('a test webhook')],
]);

/** Usage, dates, cards, reminders. Not here, so shown to a person: chargebacks, direct debits, prepaid balances. */
const withoutEffect =
  /^(?:billing_date_change|component_|custom_field_|dunning_|expiring_card|expiration_date_change|item_price_point_changed|metered_usage|prepaid_usage|pending_|subscription_bank_account_|subscription_card_update|subscription_prepayment_account|trial_end|upcoming_renewal)/;

export const maxio: SourceDefinition<MaxioSettings> = {
  provider: 'maxio',
  settings: maxioSettings,
  maxBodyBytes: 1_500_000,
  methods: ['POST'],
  contentTypes: ['application/x-www-form-urlencoded'],
  verify: (delivery, secrets) => verifyHmac(delivery, secrets, maxioScheme),
  parse,
  acknowledge: (summary) => Response.json(summary, { status: 200 }),
  enrichment: () => [],
  interpret(stored, { currency: site }) {
    const read = readEvent(stored.body);
    if (!read.ok) return { kind: 'quarantine', reason: read.error };
    const { event, payload } = read.value;
    const known = readers.get(event);
    if (known !== undefined) return known.facts(payload, { event, occurredAt: stored.occurredAt, site });
    return withoutEffect.test(event)
      ? nothing(`${event} concerns no books`)
      : { kind: 'quarantine', reason: unknownType };
  },
  understands: [...readers.keys()].sort(),
  about: {
    name: 'Maxio Advanced Billing (Chargify)',
    auth: 'HMAC-SHA256 of the raw form',
    trust: 'signed',
    acknowledges: '200 with the events and their lanes as JSON',
    dedupe: 'the form’s `id`',
    retries: 'five times in a few minutes',
    page: 'sources/maxio.md',
  },
};

function parse(delivery: VerifiedDelivery): Result<readonly AddressedEvent[], UnreadableDelivery> {
  const read = readEvent(delivery.body);
  if (!read.ok) return err({ reason: read.error });
  const { id, event, payload } = read.value;
  const about = addressed.safeParse(payload);
  const customer = about.success ? customerOf(about.data) : null;
  const at = about.success
    ? (about.data.transaction?.created_at ?? about.data.statement?.closed_at ?? about.data.timestamp)
    : undefined;
  return ok([
    {
      eventId: providerEventId(id),
      type: event,
      occurredAt: at === undefined ? delivery.receivedAt : instantOf(at),
      customer,
      sharedLane: 'account',
      body: delivery.body,
      quarantine: objection(read.value),
    },
  ]);
}

function objection({ event, payload }: MaxioEvent): QuarantineReason | null {
  const known = readers.get(event);
  if (known !== undefined) return known.problem(payload);
  return withoutEffect.test(event) ? null : unknownType;
}

function readEvent(body: Uint8Array<ArrayBuffer>): Result<MaxioEvent, QuarantineReason> {
  const form = parseForm(body);
  if (!form.ok) return err({ code: 'unsupported_shape', detail: 'not a form' });
  const parsed = envelope.safeParse(form.value);
  if (parsed.success) return ok(parsed.data);
  return err({ code: 'unsupported_shape', detail: describeIssues(parsed.error.issues, 490) });
}

const moment = customerPayload.shape.customer.shape.updated_at.catch(undefined);
const reference = z
  .string()
  .regex(/^[\w-]{1,100}$/)
  .optional()
  .catch(undefined);

/** What says whose and when, in whatever payload; what cannot be read says nothing. */
const addressed = z.object({
  customer: z.object({ id: reference }).optional().catch(undefined),
  subscription: z
    .object({ customer: z.object({ id: reference }).optional().catch(undefined) })
    .optional()
    .catch(undefined),
  transaction: z.object({ customer_id: reference, created_at: moment }).optional().catch(undefined),
  statement: z.object({ closed_at: moment }).optional().catch(undefined),
  invoice: z.object({ customer_id: reference }).optional().catch(undefined),
  customer_id: reference,
  timestamp: moment,
});

const customerOf = (about: z.infer<typeof addressed>): string | null =>
  about.customer?.id ??
  about.subscription?.customer?.id ??
  about.transaction?.customer_id ??
  about.invoice?.customer_id ??
  about.customer_id ??
  null;

function customerUpserted(read: Customer, { event, occurredAt }: Context): CanonicalEvent {
  return {
    kind: 'customer.upserted',
    occurredAt,
    requires: [],
    customer: key('customer', read.id),
    version: read.updated_at ?? occurredAt * 1000,
    name: partyName(read.organization, read.first_name, read.last_name),
    email: read.email ?? null,
    phone: read.phone ?? null,
    taxId: read.vat_number ?? null,
    address: {
      line1: read.address ?? null,
      line2: read.address_2 ?? null,
      city: read.city ?? null,
      postalCode: read.zip ?? null,
      state: read.state ?? null,
      country: read.country ?? null,
    },
    references: read.reference === undefined ? {} : { reference: read.reference },
    deleted: event === 'customer_delete',
  };
}

function subscriptionChanged(
  read: Subscription,
  customerId: string | undefined,
  { occurredAt }: Context,
): Interpretation {
  if (customerId === undefined) return unsupported('subscription.customer: absent');
  return facts({
    kind: 'subscription.changed',
    occurredAt,
    requires: [],
    subscription: key('subscription', read.id),
    customer: key('customer', customerId),
    version: read.updated_at ?? occurredAt * 1000,
    status: read.state,
    items: read.product === undefined ? [] : [{ product: key('product', read.product.id), quantity: '1' }],
  });
}
