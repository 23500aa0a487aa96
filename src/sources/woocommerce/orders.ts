/**
 * Orders → facts. Each delivery has the order as it stands; the books take each of its parts once, by its key. An order is
 * a claim from when it is paid, which is when WooCommerce calls it processing or completed.
 */
import type { CanonicalEvent, InvoiceIssued, InvoiceLine } from '../../canonical/events.ts';
import type { EpochMs, ObjectKey } from '../../canonical/ids.ts';
import { type Currency, currency, type MinorUnits, minorUnits, negate, ZERO } from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { exactMinor, facts, linesTotal, nothing, partyName, plainLine, said, unsupported } from '../reading.ts';
import type { Interpretation } from '../source.ts';
import { type Context, key } from './context.ts';
import type { Order } from './schemas.ts';
import { type TaxedLine, taxesOf } from './taxes.ts';

/** WooCommerce's own methods without a gateway: bank transfer, cheque, cash on delivery. */
const offline: ReadonlySet<string> = new Set(['bacs', 'cheque', 'cod']);
const CASH_ON_DELIVERY = 'cod';

const unpaidStatuses: ReadonlySet<string> = new Set(['pending', 'on-hold', 'checkout-draft', 'draft', 'auto-draft']);

/** A guest's order stands for the guest: nothing else names them. */
const customerOf = (order: Order): ObjectKey => key('customer', order.customer_id ?? `guest-${order.id}`);

export function orderChanged(order: Order, context: Context): Interpretation {
  const paid = (order.date_paid_gmt ?? null) !== null;
  switch (order.status) {
    case 'processing':
    case 'completed':
      return booked(order, context);
    case 'refunded':
      return paid ? booked(order, context) : unsupported('date_paid_gmt: absent, of an order that was refunded');
    case 'cancelled':
      return paid ? cancelled(order, context) : nothing('it was never paid, so it was never booked');
    case 'failed':
      return paid ? unsupported('status: failed after it was paid') : failed(order, context);
    case 'trash':
      return nothing('moved to the bin; what is undone has a status or a refund of its own');
    default:
      if (unpaidStatuses.has(order.status)) return nothing('not paid yet');
      // A shop's own status, of an order that was paid, is a step of its fulfilment.
      return paid ? booked(order, context) : unsupported('status: no rule for it');
  }
}

/** Cash on delivery counts as paid when the goods leave: an order that is cancelled then was a claim and never money. */
function cancelled(order: Order, { occurredAt }: Context): Interpretation {
  if (order.payment_method !== CASH_ON_DELIVERY) {
    return unsupported('status: cancelled after it was paid; what is given back is not told');
  }
  const invoice = key('invoice', order.id);
  return facts({ kind: 'invoice.voided', occurredAt, requires: [invoice], invoice, customer: customerOf(order) });
}

function failed(order: Order, { occurredAt, settings }: Context): Interpretation {
  if (settings.payments === 'elsewhere') return nothing('the gateway’s own source tells of payments');
  const code = currency(order.currency);
  const total = exactMinor(order.total, code, 'total');
  if (!total.ok) return unsupported(total.error);
  return facts({
    kind: 'payment.failed',
    occurredAt,
    requires: [],
    payment: key('payment', order.id),
    invoice: null,
    customer: customerOf(order),
    currency: code,
    amount: total.value,
    reason: null,
  });
}

function booked(order: Order, context: Context): Interpretation {
  const issued = invoiceOf(order, context);
  if (!issued.ok) return unsupported(issued.error);
  if (context.settings.payments === 'elsewhere' || issued.value.total === 0) return facts(issued.value);
  const money = moneyOf(order, issued.value, context);
  return money.ok ? facts(issued.value, ...money.value) : unsupported(money.error);
}

function invoiceOf(order: Order, { occurredAt }: Context): Result<InvoiceIssued, string> {
  const code = currency(order.currency);
  const total = exactMinor(order.total, code, 'total');
  if (!total.ok) return total;
  const lines = linesOf(order, code);
  if (!lines.ok) return lines;
  if (linesTotal(lines.value) !== total.value) {
    return err('line_items, shipping_lines, fee_lines, tax_lines: do not sum to total');
  }
  const { billing } = order;
  return ok({
    kind: 'invoice.issued',
    occurredAt: order.date_paid_gmt ?? order.date_created_gmt ?? occurredAt,
    requires: [],
    invoice: key('invoice', order.id),
    customer: customerOf(order),
    number: said(order.number),
    currency: code,
    lines: lines.value,
    total: total.value,
    creditApplied: ZERO,
    dueAt: null,
    billedTo: {
      name: partyName(billing?.company, billing?.first_name, billing?.last_name),
      email: said(billing?.email),
    },
  });
}

/** A line of any kind as far as it is alike; `line` has no taxes yet. */
interface Draft {
  readonly item: TaxedLine & { readonly id: string; readonly total: string };
  readonly path: string;
  readonly line: Pick<InvoiceLine, 'description'> & Partial<Pick<InvoiceLine, 'product' | 'quantity' | 'discount'>>;
}

function goodsOf({ line_items }: Order, code: Currency): Result<readonly Draft[], string> {
  const drafts: Draft[] = [];
  for (const [index, item] of line_items.entries()) {
    const path = `line_items[${index}]`;
    const before = exactMinor(item.subtotal, code, `${path}.subtotal`);
    if (!before.ok) return before;
    const after = exactMinor(item.total, code, `${path}.total`);
    if (!after.ok) return after;
    const line = {
      description: said(item.name) ?? path,
      product: item.product_id === null ? null : key('product', item.product_id),
      quantity: String(item.quantity),
      // A price that was raised by hand is no discount.
      discount: minorUnits(Math.max(before.value - after.value, 0)),
    };
    drafts.push({ item, path, line });
  }
  return ok(drafts);
}

function linesOf(order: Order, code: Currency): Result<readonly InvoiceLine[], string> {
  const goods = goodsOf(order, code);
  if (!goods.ok) return goods;
  const drafts: readonly Draft[] = [
    ...goods.value,
    ...order.shipping_lines.map((item, index) => ({
      ...{ item, path: `shipping_lines[${index}]` },
      line: { description: said(item.method_title) ?? 'Shipping' },
    })),
    ...order.fee_lines.map((item, index) => ({
      ...{ item, path: `fee_lines[${index}]` },
      line: { description: said(item.name) ?? 'Fee' },
    })),
  ];
  const taxes = taxesOf(
    order,
    drafts.map(({ item }) => item),
    code,
  );
  if (!taxes.ok) return taxes;
  const lines: InvoiceLine[] = [];
  for (const [index, { item, path, line }] of drafts.entries()) {
    const net = exactMinor(item.total, code, `${path}.total`);
    if (!net.ok) return net;
    lines.push(plainLine({ id: item.id, ...line, net: net.value, taxes: taxes.value[index] ?? [] }));
  }
  if (new Set(lines.map((line) => line.id)).size !== lines.length) return err('line_items: an id twice');
  return ok(lines);
}

/** The payment, and each refund by its own id. A refund's time is not told: it is that of the change that brought it. */
function moneyOf(
  order: Order,
  { invoice, customer, currency: code, total }: InvoiceIssued,
  { occurredAt }: Context,
): Result<readonly CanonicalEvent[], string> {
  const { payment_method: method } = order;
  const paidAt = order.date_paid_gmt ?? null;
  if (paidAt === null) return order.refunds.length === 0 ? ok([]) : err('refunds: of an order that was not paid');
  const payment = key('payment', order.id);
  const collected = { occurredAt: paidAt, requires: [invoice], payment, customer, invoice, currency: code };
  if (method === '') return err('payment_method: absent, so it is not known where the money is');
  if (offline.has(method)) {
    if (order.refunds.length > 0) return err('refunds: of money that no processor holds');
    // Cash is there when the order is completed, not when the goods leave.
    if (method === CASH_ON_DELIVERY && order.status !== 'completed') return ok([]);
    return ok([{ kind: 'payment.external', ...collected, amount: total }]);
  }
  const refunds = refundsOf(order, { payment, invoice, customer, code, occurredAt });
  if (!refunds.ok) return refunds;
  return ok([{ kind: 'payment.captured', ...collected, amount: total, settlement: null }, ...refunds.value]);
}

interface Refunding {
  readonly payment: ObjectKey;
  readonly invoice: ObjectKey;
  readonly customer: ObjectKey;
  readonly code: Currency;
  readonly occurredAt: EpochMs;
}

function refundsOf(order: Order, to: Refunding): Result<readonly CanonicalEvent[], string> {
  const found: CanonicalEvent[] = [];
  let cumulative = 0;
  for (const [index, refund] of order.refunds.entries()) {
    const amount = exactMinor(refund.total, to.code, `refunds[${index}].total`);
    if (!amount.ok) return amount;
    if (amount.value > 0) return err(`refunds[${index}].total: expected a negative amount`);
    // Goods were taken back without money.
    if (amount.value === 0) continue;
    cumulative -= amount.value;
    found.push(refundPaid(refund.id, negate(amount.value), cumulative, to));
  }
  return ok(found);
}

const refundPaid = (id: string, amount: MinorUnits, cumulative: number, to: Refunding): CanonicalEvent => ({
  kind: 'refund.paid',
  occurredAt: to.occurredAt,
  requires: [to.payment],
  refund: key('refund', id),
  payment: to.payment,
  invoice: to.invoice,
  customer: to.customer,
  currency: to.code,
  cumulative: minorUnits(cumulative),
  amount,
  creditNote: null,
  settlement: null,
});
