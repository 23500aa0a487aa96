/** Orb: signed JSON events, one per delivery. docs/sources/orb.md says how it is set up and what becomes which fact. */
import type { CanonicalEvent } from '../../canonical/events.ts';
import { type EpochMs, providerEventId } from '../../canonical/ids.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { type HmacScheme, verifyHmac } from '../../verification/hmac-scheme.ts';
import type { Delivery, VerifiedDelivery } from '../../verification/verification.ts';
import { instantOf } from '../instants.ts';
import { facts, nothing, type Reader, readEnvelope, reader, said, unknownType, without } from '../reading.ts';
import type { AddressedEvent, QuarantineReason, SourceDefinition, UnreadableDelivery } from '../source.ts';
import {
  creditNoteIssued,
  creditNoteVoided,
  invoiceIssued,
  invoiceVoided,
  key,
  paidByHand,
  paymentFailed,
  paymentSucceeded,
} from './documents.ts';
import {
  type Customer,
  creditNoteEvent,
  customerEvent,
  envelope,
  invoiceEvent,
  type OrbEvent,
  owned,
  type Subscription,
  subscriptionEvent,
} from './schemas.ts';
import { type OrbSettings, orbSettings } from './settings.ts';

const MAX_HEADER_LENGTH = 4096;

/** `X-Orb-Signature: v1=<hex> [v1=…]`; other versions are passed over, a comma means that headers were joined. */
function present({ headers }: Delivery): ReturnType<HmacScheme['present']> {
  const [header, timestamp] = [headers.get('x-orb-signature'), headers.get('x-orb-timestamp')];
  if (header === null || timestamp === null) return err('header_missing');
  if (header.length > MAX_HEADER_LENGTH || header.includes(',')) return err('header_malformed');
  const signatures = header
    .split(' ')
    .filter((item) => item.startsWith('v1='))
    .map((item) => item.slice('v1='.length));
  return ok({ signatures, timestamp });
}

/** HMAC-SHA256 over `v1:<timestamp>:<body>`, hex; the timestamp has no zone and means UTC (orb-node, webhooks). */
export const orbScheme = (toleranceSeconds: number): HmacScheme => ({
  form: { hash: 'SHA-256', key: 'text', signature: 'hex' },
  present,
  content: ({ body }, timestamp) => [`v1:${timestamp}:`, body],
  time: { unit: 'iso8601-utc', toleranceSeconds },
  evidence: ['x-orb-signature', 'x-orb-timestamp'],
});

interface Context {
  readonly occurredAt: EpochMs;
  readonly settings: OrbSettings;
}

const subscriptions = reader(subscriptionEvent, (read, context: Context) =>
  facts(subscriptionChanged(read.subscription, context)),
);
const customers = reader(customerEvent, (read, context: Context) => facts(customerUpserted(read.customer, context)));

const readers: ReadonlyMap<string, Reader<Context>> = new Map<string, Reader<Context>>([
  ['customer.created', customers],
  ['customer.edited', customers],
  ...[
    'created',
    'started',
    'edited',
    'ended',
    'fixed_fee_quantity_updated',
    'plan_changed',
    'plan_version_changed',
    'cancellation_scheduled',
    'cancellation_unscheduled',
  ].map((verb): [string, Reader<Context>] => [`subscription.${verb}`, subscriptions]),
  ['invoice.issued', reader(invoiceEvent, (read) => invoiceIssued(read.invoice))],
  ['invoice.payment_succeeded', reader(invoiceEvent, (read) => paymentSucceeded(read.invoice, read.properties))],
  [
    'invoice.payment_failed',
    reader(invoiceEvent, (read, { occurredAt }: Context) => paymentFailed(read.invoice, read.properties, occurredAt)),
  ],
  [
    'invoice.manually_marked_as_paid',
    reader(invoiceEvent, (read, { occurredAt }: Context) => paidByHand(read.invoice, read.properties, occurredAt)),
  ],
  [
    'invoice.manually_marked_as_void',
    reader(invoiceEvent, (read, { occurredAt }: Context) => invoiceVoided(read.invoice, occurredAt)),
  ],
  [
    'credit_note.issued',
    reader(creditNoteEvent, (read, { settings }: Context) => creditNoteIssued(read.credit_note, settings)),
  ],
  [
    'credit_note.marked_as_void',
    reader(creditNoteEvent, (read, { occurredAt }: Context) => creditNoteVoided(read.credit_note, occurredAt)),
  ],
  ['resource_event.test', without('a test webhook')],
]);

/**
 * Alerts, exports, syncs with other systems, drafts. Not here, so shown to a person: an invoice that is no longer paid,
 * and changes of a customer's balance by hand.
 */
const withoutEffect =
  /^(?:billable_metric|data_exports|transaction)\.|^(?:invoice|customer|credit_note)\.(?:accounting_)?sync_(?:failed|succeeded)$|^invoice\.(?:edited|invoice_date_elapsed|issue_failed|payment_processing)$|^customer\.credit_balance_(?:depleted|dropped|recovered)$|^subscription\.(?:usage_exceeded|cost_exceeded|plan_version_change_scheduled|plan_change_scheduled|plan_change_unscheduled)$/;

export const orb: SourceDefinition<OrbSettings> = {
  provider: 'orb',
  settings: orbSettings,
  maxBodyBytes: 1_500_000,
  methods: ['POST'],
  contentTypes: ['application/json'],
  verify: (delivery, secrets, { toleranceSeconds }) => verifyHmac(delivery, secrets, orbScheme(toleranceSeconds)),
  parse,
  acknowledge: (summary) => Response.json(summary, { status: 200 }),
  enrichment: () => [],
  interpret(stored, settings) {
    const read = readEvent(stored.body);
    if (!read.ok) return { kind: 'quarantine', reason: read.error };
    const event = read.value;
    const known = readers.get(event.type);
    if (known !== undefined) return known.facts(event, { occurredAt: instantOf(event.created_at), settings });
    return withoutEffect.test(event.type)
      ? nothing(`${event.type} concerns no books`)
      : { kind: 'quarantine', reason: unknownType };
  },
  understands: [...readers.keys()].sort(),
  about: {
    name: 'Orb',
    auth: 'HMAC-SHA256 over version, time and body',
    trust: 'signed',
    acknowledges: '200 with the events and their lanes as JSON',
    dedupe: '`id`',
    retries: 'on a schedule; an endpoint that answers almost only 5xx for a week is disabled',
    page: 'sources/orb.md',
  },
};

function parse(delivery: VerifiedDelivery): Result<readonly AddressedEvent[], UnreadableDelivery> {
  const read = readEvent(delivery.body);
  if (!read.ok) return err({ reason: read.error });
  const event = read.value;
  const whose = owned.safeParse(event);
  const named = whose.success
    ? (whose.data.customer ??
      whose.data.invoice?.customer ??
      whose.data.credit_note?.customer ??
      whose.data.subscription?.customer)
    : undefined;
  return ok([
    {
      eventId: providerEventId(event.id),
      type: event.type,
      occurredAt: instantOf(event.created_at),
      customer: named?.id ?? null,
      sharedLane: 'account',
      body: delivery.body,
      quarantine: objection(event),
    },
  ]);
}

function objection(event: OrbEvent): QuarantineReason | null {
  const known = readers.get(event.type);
  if (known !== undefined) return known.problem(event);
  return withoutEffect.test(event.type) ? null : unknownType;
}

const readEvent = (body: Uint8Array): Result<OrbEvent, QuarantineReason> => readEnvelope(body, envelope);

/** A customer has no version: the event's time orders its snapshots. */
function customerUpserted(read: Customer, { occurredAt, settings }: Context): CanonicalEvent {
  const references: Record<string, string> = {};
  const external = said(read.external_customer_id);
  if (settings.externalCustomerId !== null && external !== null) references[settings.externalCustomerId] = external;
  const processor = /^(?:stripe|adyen)/.exec(read.payment_provider ?? '')?.[0];
  const processorId = said(read.payment_provider_id);
  if (processor !== undefined && processorId !== null) references[processor] = processorId;
  const address = read.billing_address ?? null;
  return {
    kind: 'customer.upserted',
    occurredAt,
    requires: [],
    customer: key('customer', read.id),
    version: occurredAt,
    name: said(read.name),
    email: said(read.email),
    phone: null,
    taxId: said(read.tax_id?.value),
    address:
      address === null
        ? null
        : {
            line1: said(address.line1),
            line2: said(address.line2),
            city: said(address.city),
            postalCode: said(address.postal_code),
            state: said(address.state),
            country: said(address.country),
          },
    references,
    deleted: false,
  };
}

function subscriptionChanged(read: Subscription, { occurredAt }: Context): CanonicalEvent {
  return {
    kind: 'subscription.changed',
    occurredAt,
    requires: [],
    subscription: key('subscription', read.id),
    customer: key('customer', read.customer.id),
    version: occurredAt,
    status: read.status,
    items: read.plan === null || read.plan === undefined ? [] : [{ product: key('plan', read.plan.id), quantity: '1' }],
  };
}
