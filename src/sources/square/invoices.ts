/**
 * Invoices. Square's events name the order that holds the lines and taxes, so an invoice is booked only when the order
 * could be read (`GET /v2/orders/{id}`): a total without its taxes is no entry.
 */
import type { CanonicalEvent, InvoiceLine, LineTax } from '../../canonical/events.ts';
import { minorUnits } from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { readInstant } from '../instants.ts';
import { facts, nothing, unsupported } from '../reading.ts';
import { type EnrichmentNeed, enrichmentKey, type Interpretation } from '../source.ts';
import { amountOf, type Context, currencyOf, key } from './context.ts';
import { partyName } from './parties.ts';
import { type Invoice, type Order, order as orderSchema } from './schemas.ts';

const orderNeed = (id: string): EnrichmentNeed => ({ kind: 'order', id, account: null });

export const invoiceNeeds = (invoice: Invoice): readonly EnrichmentNeed[] => [orderNeed(invoice.order_id)];

/** The order as fetched, bare or in its `{ order }` wrapper; an error that says what is missing. */
function orderOf(invoice: Invoice, { enrichment }: Context): Result<Order, string> {
  const found = enrichment.get(enrichmentKey(orderNeed(invoice.order_id)));
  const bare = typeof found === 'object' && found !== null && 'order' in found ? found.order : found;
  const parsed = orderSchema.safeParse(bare);
  if (!parsed.success) return err('invoice.order_id: the order, which holds lines and taxes, could not be read');
  return parsed.data.id === invoice.order_id ? ok(parsed.data) : err('order.id: another order');
}

function taxesOf(order: Order, item: Order['line_items'][number], path: string): Result<readonly LineTax[], string> {
  const taxes = item.applied_taxes.flatMap((applied): LineTax[] => {
    const named = order.taxes.find((tax) => tax.uid === applied.tax_uid);
    const amount = applied.applied_money?.amount ?? 0;
    if (amount === 0) return [];
    const percent = named?.percentage ?? null;
    const code = `${named?.name ?? 'tax'}-${percent ?? '?'}`;
    return [{ code, amount: minorUnits(amount), inclusive: named?.type === 'INCLUSIVE', percent }];
  });
  const sum = taxes.reduce((total, tax) => total + tax.amount, 0);
  return sum === item.total_tax_money.amount ? ok(taxes) : err(`${path}.applied_taxes: do not sum to total_tax_money`);
}

/** An item's total is after discounts and with all taxes, inclusive ones too. */
function linesOf(order: Order): Result<readonly InvoiceLine[], string> {
  const lines: InvoiceLine[] = [];
  for (const [index, item] of order.line_items.entries()) {
    const path = `order.line_items[${index}]`;
    const taxes = taxesOf(order, item, path);
    if (!taxes.ok) return taxes;
    const catalogue = item.catalog_object_id;
    lines.push({
      id: item.uid ?? `line-${index + 1}`,
      description: item.name ?? '',
      product: catalogue === undefined ? null : key('product', catalogue),
      quantity: item.quantity,
      net: minorUnits(item.total_money.amount - item.total_tax_money.amount),
      discount: minorUnits(item.total_discount_money.amount),
      taxes: taxes.value,
      period: null,
      proration: false,
    });
  }
  const total = lines.flatMap((line) => [line.net, ...line.taxes.map((tax) => tax.amount)]).reduce((a, b) => a + b, 0);
  if (new Set(lines.map((line) => line.id)).size !== lines.length) return err('order.line_items: a uid twice');
  return total === order.total_money.amount
    ? ok(lines)
    : err('order.line_items: nets and taxes do not sum to total_money (service charges and tips have no rule)');
}

export function invoicePublished(invoice: Invoice, context: Context): Interpretation {
  const recipient = invoice.primary_recipient?.customer_id;
  if (recipient === undefined) return unsupported('invoice.primary_recipient.customer_id: absent');
  const order = orderOf(invoice, context);
  if (!order.ok) return unsupported(order.error);
  const lines = linesOf(order.value);
  if (!lines.ok) return unsupported(lines.error);
  const due = invoice.payment_requests.map((request) => request.due_date).filter((date) => date !== undefined);
  const last = due.sort().at(-1);
  return facts({
    kind: 'invoice.issued',
    occurredAt: context.occurredAt,
    requires: [],
    invoice: key('invoice', invoice.id),
    customer: key('customer', recipient),
    number: invoice.invoice_number ?? null,
    currency: currencyOf(order.value.total_money),
    lines: lines.value,
    total: amountOf(order.value.total_money),
    creditApplied: minorUnits(0),
    dueAt: last === undefined ? null : readInstant(`${last}T00:00:00`),
    billedTo: {
      name: invoice.primary_recipient === undefined ? null : partyName(invoice.primary_recipient),
      email: invoice.primary_recipient?.email_address ?? null,
    },
  });
}

/** Assigns the payments of the invoice's order to it; their money has events of its own. */
export function invoicePaid(invoice: Invoice, context: Context): Interpretation {
  const order = orderOf(invoice, context);
  if (!order.ok) return unsupported(order.error);
  const recipient = invoice.primary_recipient?.customer_id;
  const applied: CanonicalEvent[] = order.value.tenders.flatMap((tender): CanonicalEvent[] => {
    if (tender.payment_id === undefined || tender.amount_money === undefined) return [];
    const payment = key('payment', tender.payment_id);
    const target = key('invoice', invoice.id);
    return [
      {
        kind: 'payment.applied',
        occurredAt: context.occurredAt,
        requires: [payment, target],
        payment,
        invoice: target,
        customer: recipient === undefined ? null : key('customer', recipient),
        currency: currencyOf(tender.amount_money),
        amount: amountOf(tender.amount_money),
      },
    ];
  });
  return applied.length === 0 ? unsupported('order.tenders: no payment in them') : facts(...applied);
}

export function invoiceCanceled(invoice: Invoice, { occurredAt }: Context): Interpretation {
  const recipient = invoice.primary_recipient?.customer_id;
  if (recipient === undefined) return nothing('a draft without a recipient was cancelled');
  const subject = key('invoice', invoice.id);
  return facts({
    kind: 'invoice.voided',
    occurredAt,
    requires: [subject],
    invoice: subject,
    customer: key('customer', recipient),
  });
}
