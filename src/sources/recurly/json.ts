/** The JSON notifications name an object and no more: the object is read from Recurly's API before it is understood. */
import type { InvoiceLine } from '../../canonical/events.ts';
import { type Currency, currency, minorUnits, ZERO } from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { instantOf } from '../instants.ts';
import {
  exactMinor,
  facts,
  linesTotal,
  nothing,
  partyName,
  plainLine,
  type Reader,
  reader,
  said,
  unknownType,
  unsupported,
} from '../reading.ts';
import {
  type Enrichment,
  type EnrichmentNeed,
  enrichmentKey,
  type Interpretation,
  keysOf,
  type QuarantineReason,
} from '../source.ts';
import {
  type ApiInvoice,
  type ApiTransaction,
  apiAccount,
  apiInvoice,
  apiSubscription,
  apiTransaction,
  type Notification,
} from './schemas.ts';

const key = keysOf('recurly');

interface Subject {
  /** Kind of the object at the API. */
  readonly kind: 'account' | 'subscription' | 'invoice' | 'transaction';
  readonly reader: Reader<Notification>;
}

const account: Subject = {
  kind: 'account',
  reader: reader(apiAccount, (read, { event_time: at }: Notification) =>
    facts({
      kind: 'customer.upserted',
      occurredAt: instantOf(at),
      requires: [],
      customer: key('customer', read.code),
      version: read.updated_at ?? at,
      name: partyName(read.company, read.first_name, read.last_name),
      email: said(read.email),
      phone: said(read.address?.phone),
      taxId: said(read.vat_number),
      address:
        read.address === null || read.address === undefined
          ? null
          : {
              line1: said(read.address.street1),
              line2: said(read.address.street2),
              city: said(read.address.city),
              postalCode: said(read.address.postal_code),
              state: said(read.address.region),
              country: said(read.address.country),
            },
      references: {},
      deleted: read.state === 'inactive',
    }),
  ),
};

const subscription: Subject = {
  kind: 'subscription',
  reader: reader(apiSubscription, (read, { event_time: at }: Notification) =>
    facts({
      kind: 'subscription.changed',
      occurredAt: instantOf(at),
      requires: [],
      subscription: key('subscription', read.id),
      customer: key('customer', read.account.code),
      version: read.updated_at ?? at,
      status: read.state,
      items: [{ product: key('plan', read.plan.code), quantity: String(read.quantity ?? 1) }],
    }),
  ),
};

const invoice: Subject = { kind: 'invoice', reader: reader(apiInvoice, (read) => invoiceIssued(read)) };
const transaction: Subject = { kind: 'transaction', reader: reader(apiTransaction, (read) => moved(read)) };

/** What a notification is read from; null: understood, and of no effect; undefined: unknown. */
function subjectOf({ object_type: type, event_type: event }: Notification): Subject | 'person' | null | undefined {
  switch (type) {
    case 'account':
      return account;
    case 'subscription':
      return /^(?:prerenewal|trial_)/.test(event) ? null : subscription;
    case 'charge_invoice':
      return event === 'created' ? invoice : null;
    case 'credit_invoice':
      return event === 'created' || event === 'voided' ? 'person' : null;
    case 'payment':
    case 'transaction':
      return /^(?:scheduled|processing)$/.test(event) ? null : transaction;
    case 'billing_info':
    case 'dunning_event':
    case 'item':
    case 'plan':
    case 'shipping_address':
    case 'usage':
    case 'gift_card':
      return null;
    default:
      return undefined;
  }
}

/** Object types and events, for the list of what is understood. */
export const understoodJsonTypes: readonly string[] = ['account', 'charge_invoice.created', 'payment', 'subscription'];

export const jsonObjection = (read: Notification): QuarantineReason | null =>
  subjectOf(read) === undefined ? unknownType : null;

const needOf = (subject: Subject, { id }: Notification): EnrichmentNeed => ({ kind: subject.kind, id, account: null });

export function jsonNeeds(read: Notification): readonly EnrichmentNeed[] {
  const subject = subjectOf(read);
  return subject === undefined || subject === null || subject === 'person' ? [] : [needOf(subject, read)];
}

export function jsonFacts(read: Notification, fetched: Enrichment): Interpretation {
  const subject = subjectOf(read);
  if (subject === undefined) return { kind: 'quarantine', reason: unknownType };
  if (subject === null) return nothing(`${read.object_type}.${read.event_type} concerns no books`);
  if (subject === 'person')
    return unsupported('credit_invoice: what it corrects and where its money goes is for a person');
  const object = fetched.get(enrichmentKey(needOf(subject, read)));
  if (object === null || object === undefined) return unsupported(`${subject.kind}: could not be read from Recurly`);
  return subject.reader.facts(object, read);
}

/** Credit it used is a credit payment, not the invoice's own: an invoice with one goes to a person. */
function invoiceIssued(read: ApiInvoice): Interpretation {
  if (read.type === 'credit') return unsupported('invoice.type: a charge');
  if (read.has_more_line_items === true) return unsupported('invoice.line_items: more than the answer carries');
  if (read.credit_payments.length > 0)
    return unsupported('invoice.credit_payments: credit of another invoice was used');
  const code = currency(read.currency);
  const total = exactMinor(read.total, code, 'invoice.total');
  if (!total.ok) return unsupported(total.error);
  const lines = linesOf(read, code);
  if (!lines.ok) return unsupported(lines.error);
  if (linesTotal(lines.value) !== total.value) return unsupported('invoice.line_items: they do not make total');
  return facts({
    kind: 'invoice.issued',
    occurredAt: instantOf(read.created_at),
    requires: [],
    invoice: key('invoice', read.id),
    customer: key('customer', read.account.code),
    number: said(read.number),
    currency: code,
    lines: lines.value,
    total: total.value,
    creditApplied: ZERO,
    dueAt: read.due_at === null || read.due_at === undefined ? null : instantOf(read.due_at),
    billedTo: { name: null, email: null },
  });
}

function linesOf(read: ApiInvoice, code: Currency): Result<readonly InvoiceLine[], string> {
  const lines: InvoiceLine[] = [];
  for (const [index, item] of read.line_items.entries()) {
    const path = `invoice.line_items[${index}]`;
    const subtotal = exactMinor(item.subtotal, code, `${path}.subtotal`);
    const discount = exactMinor(item.discount, code, `${path}.discount`);
    const tax = exactMinor(item.tax, code, `${path}.tax`);
    if (!subtotal.ok) return subtotal;
    if (!discount.ok) return discount;
    if (!tax.ok) return tax;
    const inclusive = item.tax_inclusive === true;
    const net = subtotal.value - discount.value - (inclusive ? tax.value : 0);
    const taxCode =
      [item.tax_info?.type, item.tax_info?.region].filter((part) => said(part) !== null).join('-') || 'tax';
    const [start, end] = [item.start_date ?? null, item.end_date ?? null];
    lines.push(
      plainLine({
        id: item.id,
        description: item.description ?? '',
        product: item.plan_code === null || item.plan_code === undefined ? null : key('plan', item.plan_code),
        quantity: String(item.quantity ?? 1),
        net,
        discount: minorUnits(discount.value),
        taxes: tax.value === 0 ? [] : [{ code: taxCode, amount: tax.value, inclusive, percent: null }],
        period: start !== null && end !== null && end > start ? { start: instantOf(start), end: instantOf(end) } : null,
      }),
    );
  }
  return new Set(lines.map((line) => line.id)).size === lines.length
    ? ok(lines)
    : err('invoice.line_items: an id twice');
}

/** The transaction itself says what it is, whatever the notification called it. */
function moved(read: ApiTransaction): Interpretation {
  const code = currency(read.currency);
  const amount = exactMinor(read.amount, code, 'transaction.amount');
  if (!amount.ok) return unsupported(amount.error);
  const invoiceKey = read.invoice === null || read.invoice === undefined ? null : key('invoice', read.invoice.id);
  const common = {
    occurredAt: instantOf(read.collected_at ?? read.created_at),
    customer: key('customer', read.account.code),
    currency: code,
  };
  const isPayment = read.type === 'purchase' || read.type === 'capture';
  const payment = key('payment', read.id);
  if (read.type === 'authorization' || read.type === 'verify') return nothing('it holds money and moves none');
  if (read.status === 'pending' || read.status === 'scheduled' || read.status === 'processing')
    return nothing('it is on its way');
  if (isPayment && (read.status === 'declined' || read.status === 'error')) {
    return facts({
      kind: 'payment.failed',
      ...common,
      requires: [],
      payment,
      invoice: invoiceKey,
      amount: amount.value,
      reason: said(read.status_code),
    });
  }
  if (read.status !== 'success') return unsupported('transaction.status: success');
  if (isPayment) {
    const requires = invoiceKey === null ? [] : [invoiceKey];
    return facts({
      kind: 'payment.captured',
      ...common,
      requires,
      payment,
      invoice: invoiceKey,
      amount: amount.value,
      settlement: null,
    });
  }
  if (read.type !== 'refund' || said(read.original_transaction_id) === null)
    return unsupported('transaction.type: a refund of a payment');
  const original = key('payment', read.original_transaction_id ?? '');
  // Written as a positive amount; a negative one would be the same money.
  const returned = minorUnits(Math.abs(amount.value));
  return facts({
    kind: 'refund.paid',
    ...common,
    requires: [original],
    refund: key('refund', read.id),
    payment: original,
    invoice: invoiceKey,
    cumulative: returned,
    amount: returned,
    creditNote: null,
    settlement: null,
  });
}
