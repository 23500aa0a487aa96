/** GoCardless events → facts. Its own balance is the clearing account: filled by confirmed payments, emptied by payouts. */
import type { z } from 'zod';
import type { CanonicalEvent } from '../../canonical/events.ts';
import { currency, minorUnits } from '../../canonical/money.ts';
import { readInstant } from '../instants.ts';
import { facts, nothing, partyName, unsupported } from '../reading.ts';
import { type Enrichment, type EnrichmentNeed, enrichmentKey, type Interpretation, keysOf } from '../source.ts';
import {
  type Customer,
  customer,
  type GocardlessEvent,
  type Payment,
  type Payout,
  payment,
  payout,
  type Refund,
  refund,
} from './schemas.ts';
import type { GocardlessSettings } from './settings.ts';

const key = keysOf('gocardless');

interface Context {
  readonly event: GocardlessEvent;
  readonly settings: GocardlessSettings;
}

interface Action {
  /** What must be read first: kind of resource, which is also the name of the link that holds its id. */
  readonly resource: string | null;
  interpret(context: Context, enrichment: Enrichment): Interpretation;
}

const linkOf = (event: GocardlessEvent, name: string): string | null => event.links[name] ?? null;

const unwrapped = (value: unknown, wrapper: string): unknown => {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, wrapper)) return value;
  return Object.getOwnPropertyDescriptor(value, wrapper)?.value;
};

/** Binds an action to the resource it is about. An answer for another id proves nothing and counts as none. */
const about = <T extends { readonly id: string }>(
  resource: string,
  schema: z.ZodType<T>,
  interpret: (resource: T, context: Context) => Interpretation,
): Action => ({
  resource,
  interpret(context, enrichment) {
    const id = linkOf(context.event, resource);
    if (id === null) return unsupported(`links.${resource}: absent`);
    const found = enrichment.get(enrichmentKey({ kind: resource, id, account: null }));
    const parsed = schema.safeParse(unwrapped(found, `${resource}s`));
    if (!parsed.success || parsed.data.id !== id) {
      return unsupported(`links.${resource}: the ${resource}, which holds the amount, could not be read`);
    }
    return interpret(parsed.data, context);
  },
});

const silent = (note: string): Action => ({ resource: null, interpret: () => nothing(note) });

function customerOf(metadata: Readonly<Record<string, unknown>>, { event, settings }: Context) {
  const name = settings.customerMetadataKey;
  if (name === undefined) return null;
  const id = metadata[name] ?? event.resource_metadata[name];
  return typeof id === 'string' && id !== '' && id.length <= 255 ? key('customer', id) : null;
}

const paymentFacts = (object: Payment, context: Context) => ({
  occurredAt: context.event.created_at,
  requires: [],
  payment: key('payment', object.id),
  customer: customerOf(object.metadata, context),
  currency: currency(object.currency),
  amount: minorUnits(object.amount),
});

const captured = about('payment', payment, (object, context) =>
  facts({ kind: 'payment.captured', ...paymentFacts(object, context), invoice: null, settlement: null }),
);

const failed = about('payment', payment, (object, context) =>
  facts({
    kind: 'payment.failed',
    ...paymentFacts(object, context),
    invoice: null,
    reason: context.event.details?.cause ?? null,
  }),
);

/** A confirmed payment that bounced after all, now taken out of a payout. */
const lateFailure = about('payment', payment, (object, context) =>
  facts({
    kind: 'balance.adjusted',
    occurredAt: context.event.created_at,
    requires: [],
    adjustment: key('adjustment', `${object.id}-late-failure`),
    currency: currency(object.currency),
    amount: minorUnits(-object.amount),
    category: 'late_failure',
  }),
);

const dispute = (...kinds: readonly ('dispute.opened' | 'dispute.withdrawn' | 'dispute.won' | 'dispute.lost')[]) =>
  about('payment', payment, (object, context) => {
    const subject = paymentFacts(object, context);
    return facts(
      ...kinds.map((kind): CanonicalEvent => {
        const fact = { ...subject, requires: [subject.payment], dispute: key('dispute', object.id) };
        return kind === 'dispute.withdrawn' || kind === 'dispute.won'
          ? { kind, ...fact, settlement: null }
          : { kind, ...fact };
      }),
    );
  });

function refundFacts(object: Refund, { event }: Context) {
  const paymentId = object.links.payment ?? linkOf(event, 'payment');
  if (paymentId === null) return null;
  return {
    occurredAt: event.created_at,
    refund: key('refund', object.id),
    payment: key('payment', paymentId),
    customer: null,
    currency: currency(object.currency),
    amount: minorUnits(object.amount),
  };
}

const refundPaid = about('refund', refund, (object, context) => {
  const subject = refundFacts(object, context);
  if (subject === null) return unsupported('refund.links.payment: absent (a refund of a mandate)');
  return facts({
    kind: 'refund.paid',
    ...subject,
    requires: [subject.payment],
    invoice: null,
    // The least that is known to be refunded; `amount` decides.
    cumulative: subject.amount,
    creditNote: null,
    settlement: null,
  });
});

const refundReturned = about('refund', refund, (object, context) => {
  const subject = refundFacts(object, context);
  if (subject === null) return unsupported('refund.links.payment: absent (a refund of a mandate)');
  return facts({ kind: 'refund.reversed', ...subject, requires: [subject.refund] });
});

/** Payments were booked gross, so what GoCardless kept of this payout is its fee. */
const payoutPaid = about('payout', payout, (object: Payout, { event }) => {
  const arrives = object.arrival_date ?? null;
  const common = { occurredAt: event.created_at, requires: [], currency: currency(object.currency) };
  const sent: CanonicalEvent = {
    kind: 'payout.sent',
    ...common,
    payout: key('payout', object.id),
    amount: minorUnits(object.amount),
    arrivesAt: arrives === null ? null : readInstant(`${arrives}T00:00:00`),
    transactions: null,
  };
  if (object.payout_type === 'partner') return unsupported('payout.payout_type: a partner’s fees, not payments');
  if (object.deducted_fees === 0) return facts(sent);
  const fee: CanonicalEvent = {
    kind: 'processor.fee',
    ...common,
    fee: key('fee', object.id),
    amount: minorUnits(object.deducted_fees),
    description: 'GoCardless fees deducted from a payout',
  };
  return facts(fee, sent);
});

/** Customers carry no version; the event's time orders what was read because of it. */
const customerOn = (event: GocardlessEvent, id: string) => ({
  kind: 'customer.upserted' as const,
  occurredAt: event.created_at,
  requires: [],
  customer: key('customer', id),
  version: event.created_at,
  taxId: null,
  references: {},
});

const customerChanged = about('customer', customer, (object: Customer, { event }) =>
  facts({
    ...customerOn(event, object.id),
    name: partyName(object.company_name, object.given_name, object.family_name),
    email: object.email ?? null,
    phone: object.phone_number ?? null,
    address: {
      line1: object.address_line1 ?? null,
      line2: object.address_line2 ?? null,
      city: object.city ?? null,
      postalCode: object.postal_code ?? null,
      state: object.region ?? null,
      country: object.country_code ?? null,
    },
    deleted: false,
  }),
);

/** A removed customer cannot be read any more (developer.gocardless.com, customers): only that it is gone is known. */
const customerRemoved: Action = {
  resource: null,
  interpret({ event }) {
    const id = linkOf(event, 'customer');
    if (id === null) return unsupported('links.customer: absent');
    return facts({ ...customerOn(event, id), name: null, email: null, phone: null, address: null, deleted: true });
  },
};

const onItsWay = silent('on its way; no money has been collected');
const settled = silent('part of a payout, which has an event of its own');

const actions: Readonly<Record<string, Action>> = {
  'payments.confirmed': captured,
  'payments.failed': failed,
  'payments.late_failure_settled': lateFailure,
  'payments.charged_back': dispute('dispute.opened', 'dispute.withdrawn'),
  'payments.chargeback_cancelled': dispute('dispute.won'),
  'payments.chargeback_settled': dispute('dispute.lost'),
  'payments.paid_out': settled,
  'payments.surcharge_fee_debited': silent('part of the fees deducted from a payout'),
  'payments.created': onItsWay,
  'payments.customer_approval_granted': onItsWay,
  'payments.customer_approval_denied': onItsWay,
  'payments.submitted': onItsWay,
  'payments.resubmission_requested': onItsWay,
  'payments.cancelled': onItsWay,
  'refunds.created': silent('the refund is under way; money moves when it is paid'),
  'refunds.failed': silent('the refund was not paid'),
  'refunds.paid': refundPaid,
  'refunds.refund_settled': settled,
  'refunds.funds_returned': refundReturned,
  'refunds.bounced': refundReturned,
  'payouts.paid': payoutPaid,
  'payouts.fx_rate_confirmed': silent('a rate; the money is told by payouts.paid'),
  'payouts.tax_exchange_rates_confirmed': silent('a rate; the money is told by payouts.paid'),
  'customers.created': customerChanged,
  'customers.updated': customerChanged,
  'customers.removed': customerRemoved,
};

const families =
  /^(mandates|subscriptions|instalment_schedules|billing_requests|creditors|exports|organisations|scheme_identifiers|payer_authorisations)\./;
const agreement = silent('an agreement to pay; each payment has events of its own');

const typeOf = (event: GocardlessEvent): string => `${event.resource_type}.${event.action}`;

function actionOf(event: GocardlessEvent): Action | null {
  const type = typeOf(event);
  const known = Object.hasOwn(actions, type) ? actions[type] : undefined;
  return known ?? (families.test(type) ? agreement : null);
}

export const isUnderstood = (event: GocardlessEvent): boolean => actionOf(event) !== null;
export const understoodTypes: readonly string[] = Object.keys(actions);

export function needsOf(event: GocardlessEvent): readonly EnrichmentNeed[] {
  const resource = actionOf(event)?.resource ?? null;
  const id = resource === null ? null : linkOf(event, resource);
  return resource === null || id === null ? [] : [{ kind: resource, id, account: null }];
}

export function factsOf(
  event: GocardlessEvent,
  settings: GocardlessSettings,
  enrichment: Enrichment,
): Interpretation | null {
  return actionOf(event)?.interpret({ event, settings }, enrichment) ?? null;
}
