/**
 * Orders and subscription invoices → facts. Lemon Squeezy sells in its own name and owes the tax itself (merchant of
 * record), so every amount here is without it. Its fee is told by no webhook: payments are booked gross to clearing.
 */
import type { CanonicalEvent } from '../../canonical/events.ts';
import type { EpochMs, ObjectKey } from '../../canonical/ids.ts';
import { type Currency, currency, isoExponent, type MinorUnits, minorUnits, ZERO } from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { facts, nothing, plainLine, said, unsupported } from '../reading.ts';
import { type Interpretation, keysOf } from '../source.ts';
import type { Order, SubscriptionInvoice } from './schemas.ts';

export const key = keysOf('lemon-squeezy');

export interface Context {
  /** Of the order, the subscription invoice or the subscription. */
  readonly id: string;
  readonly occurredAt: EpochMs;
}

type Priced = Order | SubscriptionInvoice;

interface Price {
  readonly currency: Currency;
  /** Without tax. */
  readonly net: MinorUnits;
  readonly discount: MinorUnits;
}

const at = 'data.attributes';

/** "In cents" says nothing of a currency without hundredths, so such an amount goes to a person. */
function currencyOf(read: Priced): Result<Currency, string> {
  const code = currency(read.currency);
  return isoExponent(code) === 2 ? ok(code) : err(`${at}.currency: not one of hundredths, and amounts are in cents`);
}

/** Whether the tax is in the price or on top of it is not told of orders: the sums tell. */
function priceOf(read: Priced): Result<Price, string> {
  const code = currencyOf(read);
  if (!code.ok) return code;
  const { subtotal, discount_total: discount, tax, total } = read;
  const before = subtotal - discount;
  if (tax > total || (before + tax !== total && before !== total)) {
    return err(`${at}.total: not subtotal less discount_total, with or without tax`);
  }
  // A discount on a price with tax in it holds tax, and how much of it is not told: it is left out of what is shown.
  const shown = before === total && tax > 0 ? ZERO : minorUnits(discount);
  return ok({ currency: code.value, net: minorUnits(total - tax), discount: shown });
}

interface Sold {
  /** Unique among orders and subscription invoices, which have numbers of their own. */
  readonly reference: string;
  readonly number: string | null;
  readonly description: string;
  readonly product: ObjectKey | null;
  readonly quantity: string;
}

/** It is billed and paid in one. Over nothing (a trial, a full discount) there is no payment. */
function sale(read: Priced, sold: Sold): Interpretation {
  const price = priceOf(read);
  if (!price.ok) return unsupported(price.error);
  const { currency: code, net, discount } = price.value;
  const { reference, number, ...line } = sold;
  const invoice = key('invoice', reference);
  const customer = key('customer', read.customer_id);
  const issued: CanonicalEvent = {
    kind: 'invoice.issued',
    occurredAt: read.created_at,
    requires: [],
    invoice,
    customer,
    number,
    currency: code,
    lines: [plainLine({ id: reference, ...line, net, discount })],
    total: net,
    creditApplied: ZERO,
    dueAt: null,
    billedTo: { name: said(read.user_name), email: said(read.user_email) },
  };
  if (net === 0) return facts(issued);
  return facts(issued, {
    kind: 'payment.captured',
    occurredAt: read.created_at,
    requires: [invoice],
    payment: key('payment', reference),
    customer,
    invoice,
    currency: code,
    amount: net,
    settlement: null,
  });
}

const ofOrder = (id: string): string => `order/${id}`;
const ofInvoice = (id: string): string => `subscription-invoice/${id}`;

/** Of an order's items only the first is told: its product is the line's where it accounts for the whole subtotal. */
function orderLine(read: Order, id: string): Omit<Sold, 'reference'> {
  const number = read.order_number ?? id;
  const item = read.first_order_item ?? null;
  const whole = item !== null && item.price * item.quantity + (read.setup_fee ?? 0) === read.subtotal;
  return {
    number,
    description: (whole ? said(item.product_name) : null) ?? `Order ${number}`,
    product: whole ? key('product', item.product_id) : null,
    quantity: whole ? String(item.quantity) : '1',
  };
}

/** Refunds have an event of their own. */
const paidStatuses: ReadonlySet<string> = new Set(['paid', 'refunded', 'partial_refund']);
const notPaid = unsupported(`${at}.status: expected paid, refunded or partial_refund`);

export function orderCreated(read: Order, { id }: Context): Interpretation {
  if (read.status === 'failed') return nothing('the order was not paid');
  return paidStatuses.has(read.status) ? sale(read, { reference: ofOrder(id), ...orderLine(read, id) }) : notPaid;
}

/** The first payment of a subscription comes twice: an order always comes with it, and is what the books take. */
export function invoicePaid(read: SubscriptionInvoice, { id }: Context): Interpretation {
  if (read.billing_reason === 'initial') return nothing('told by the order that began the subscription');
  if (!paidStatuses.has(read.status)) return notPaid;
  return sale(read, {
    reference: ofInvoice(id),
    number: null,
    description: `Subscription ${read.subscription_id}`,
    product: null,
    quantity: '1',
  });
}

export function invoiceFailed(read: SubscriptionInvoice, { id, occurredAt }: Context): Interpretation {
  const price = priceOf(read);
  if (!price.ok) return unsupported(price.error);
  return facts({
    kind: 'payment.failed',
    occurredAt,
    requires: [],
    payment: key('payment', ofInvoice(id)),
    invoice: null,
    customer: key('customer', read.customer_id),
    currency: price.value.currency,
    amount: price.value.net,
    reason: null,
  });
}

/** All that was refunded so far, without tax. Of a refund in part it is not told how much is tax. */
function refundedOf(read: Priced): Result<MinorUnits, string> {
  const amount = read.refunded_amount ?? (read.status === 'refunded' ? read.total : null);
  if (amount === null) return err(`${at}.refunded_amount: absent`);
  if (amount === 0 || amount > read.total) return err(`${at}.refunded_amount: expected more than nothing, up to total`);
  if (amount === read.total) return ok(minorUnits(read.total - read.tax));
  if (read.tax === 0) return ok(minorUnits(amount));
  return err(`${at}.refunded_amount: of a part, and what of it is tax is not told`);
}

/** Refunds have no ids; the running total says what is new. */
function refund(read: Priced, reference: string, { occurredAt }: Context): Interpretation {
  const code = currencyOf(read);
  if (!code.ok) return unsupported(code.error);
  const cumulative = refundedOf(read);
  if (!cumulative.ok) return unsupported(cumulative.error);
  if (cumulative.value === 0) return nothing('a refund of tax alone; the tax is Lemon Squeezy’s');
  const payment = key('payment', reference);
  return facts({
    kind: 'refund.paid',
    occurredAt: read.refunded_at ?? occurredAt,
    requires: [payment],
    refund: key('refund', `${reference}/${cumulative.value}`),
    payment,
    invoice: key('invoice', reference),
    customer: key('customer', read.customer_id),
    currency: code.value,
    cumulative: cumulative.value,
    creditNote: null,
    settlement: null,
  });
}

export const orderRefunded = (read: Order, context: Context): Interpretation =>
  refund(read, ofOrder(context.id), context);

/** The first payment was booked under its order, which a subscription invoice does not name. */
export const invoiceRefunded = (read: SubscriptionInvoice, context: Context): Interpretation =>
  read.billing_reason === 'initial'
    ? unsupported(`${at}.billing_reason: initial, so it is an order’s payment, and which order is not told`)
    : refund(read, ofInvoice(context.id), context);
