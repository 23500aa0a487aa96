/** Payments, refunds, statements and invoices of Maxio → facts. */
import type { CanonicalEvent, InvoiceLine } from '../../canonical/events.ts';
import type { EpochMs } from '../../canonical/ids.ts';
import { allocate, type Currency, currency, minorUnits, ZERO } from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { instantOf } from '../instants.ts';
import {
  exactMinor,
  exactSum,
  facts,
  linesTotal,
  nothing,
  partyName,
  plainLine,
  said,
  unsupported,
} from '../reading.ts';
import { type Interpretation, keysOf } from '../source.ts';
import type { Customer, Invoice, Refund, Statement, Subscription, Transaction } from './schemas.ts';

export const key = keysOf('maxio');

/** Older payloads name no currency; then it is the site's, which the tenant states. */
export const currencyOf = (stated: readonly (string | undefined)[], site: string | null): Currency | null => {
  const code = stated.find((one) => one !== undefined) ?? site;
  return code === null || code === undefined ? null : currency(code);
};

const noCurrency = unsupported('currency: neither in the payload nor in the settings');

/** The one invoice it pays; a site that bills by statement names that. */
function paidDocument(transaction: Transaction) {
  const uids = transaction.invoice_uids ?? [];
  if (uids.length > 0) return uids.length === 1 ? key('invoice', uids[0] ?? '') : null;
  if (transaction.invoice_id !== undefined) return key('invoice', transaction.invoice_id);
  return transaction.statement_id === undefined ? null : key('invoice', `statement/${transaction.statement_id}`);
}

/** Through a gateway it is at the processor; recorded by hand it never was. */
export function paymentSucceeded(
  transaction: Transaction,
  subscription: Subscription | undefined,
  site: string | null,
): Interpretation {
  if (transaction.success !== 'true') return unsupported('transaction.success: true');
  if (transaction.amount_in_cents === 0) return nothing('no money moved');
  if (transaction.amount_in_cents < 0) return unsupported('transaction.amount_in_cents: positive');
  const code = currencyOf([transaction.currency, subscription?.currency], site);
  if (code === null) return noCurrency;
  const invoice = paidDocument(transaction);
  const customerId = transaction.customer_id ?? subscription?.customer?.id;
  const customer = customerId === undefined ? null : key('customer', customerId);
  const common = {
    occurredAt: instantOf(transaction.created_at),
    requires: invoice === null ? [] : [invoice],
    payment: key('payment', transaction.id),
    currency: code,
    amount: minorUnits(transaction.amount_in_cents),
  };
  if (transaction.gateway_used !== undefined) {
    return facts({ kind: 'payment.captured', ...common, customer, invoice, settlement: null });
  }
  if (invoice === null || customer === null)
    return unsupported('transaction.invoice_uids: a payment by hand, of no invoice');
  return facts({ kind: 'payment.external', ...common, customer, invoice });
}

export function paymentFailed(
  transaction: Transaction,
  subscription: Subscription | undefined,
  site: string | null,
): Interpretation {
  const code = currencyOf([transaction.currency, subscription?.currency], site);
  if (code === null) return noCurrency;
  const customerId = transaction.customer_id ?? subscription?.customer?.id;
  return facts({
    kind: 'payment.failed',
    occurredAt: instantOf(transaction.created_at),
    requires: [],
    payment: key('payment', transaction.id),
    invoice: paidDocument(transaction),
    customer: customerId === undefined ? null : key('customer', customerId),
    currency: code,
    amount: minorUnits(transaction.amount_in_cents),
    reason: transaction.memo ?? null,
  });
}

export function refunded(read: Refund, occurredAt: EpochMs, site: string | null): Interpretation {
  const code = currencyOf([read.currency], site);
  if (code === null) return noCurrency;
  if (read.amount_in_cents <= 0) return unsupported('amount_in_cents: positive');
  const payment = key('payment', read.payment_id);
  const amount = minorUnits(read.amount_in_cents);
  return facts({
    kind: 'refund.paid',
    occurredAt: read.timestamp === undefined ? occurredAt : instantOf(read.timestamp),
    requires: [payment],
    refund: key('refund', read.refund_id),
    payment,
    invoice: null,
    customer: read.customer_id === undefined ? null : key('customer', read.customer_id),
    currency: code,
    cumulative: amount,
    amount,
    creditNote: null,
    settlement: null,
  });
}

/**
 * On sites that bill by statement the statement is the claim: its charges and adjustments, told when it is closed and
 * again when it is settled. Payments on it have events of their own.
 */
export function statementClosed(
  statement: Statement,
  customer: Customer,
  stated: string | undefined,
  occurredAt: EpochMs,
  site: string | null,
): Interpretation {
  const code = currencyOf([stated], site);
  if (code === null) return noCurrency;
  const lines = statement.transactions
    .filter((one) => one.success === 'true' && (one.type === 'Charge' || one.type === 'Adjustment'))
    .map(statementLine);
  const others = statement.transactions.filter((one) => !/^(?:Charge|Adjustment|Payment)$/.test(one.type));
  if (others.length > 0)
    return unsupported('statement.transactions: a refund, a credit or another kind beside charges');
  if (linesTotal(lines) !== statement.total_in_cents) {
    return unsupported('statement.transactions: charges do not make total_in_cents');
  }
  if (lines.length === 0) return nothing('a statement without charges');
  if (new Set(lines.map((line) => line.id)).size !== lines.length)
    return unsupported('statement.transactions: an id twice');
  const issued: CanonicalEvent = {
    kind: 'invoice.issued',
    occurredAt: statement.closed_at === undefined ? occurredAt : instantOf(statement.closed_at),
    requires: [],
    invoice: key('invoice', `statement/${statement.id}`),
    customer: key('customer', customer.id),
    number: statement.id,
    currency: code,
    lines,
    total: minorUnits(statement.total_in_cents),
    creditApplied: ZERO,
    dueAt: null,
    billedTo: {
      name: partyName(customer.organization, customer.first_name, customer.last_name),
      email: customer.email ?? null,
    },
  };
  return facts(issued);
}

function statementLine(one: Transaction): InvoiceLine {
  const line = {
    id: one.id,
    description: one.memo ?? one.type,
    product: one.product_id === undefined || one.kind === 'tax' ? null : key('product', one.product_id),
  };
  if (one.kind !== 'tax') return plainLine({ ...line, net: one.amount_in_cents });
  const tax = { code: 'tax', amount: minorUnits(one.amount_in_cents), inclusive: false, percent: null };
  return plainLine({ ...line, net: 0, taxes: [tax] });
}

/** `invoice_issued` of relationship invoicing. Amounts are decimals; what is finer than the currency is not rounded. */
export function invoiceIssued(read: Invoice): Interpretation {
  if (read.status === 'draft' || read.status === 'pending') return nothing('the invoice is no claim yet');
  const customerId = read.customer_id ?? read.customer?.chargify_id;
  if (customerId === undefined) return unsupported('invoice.customer_id: absent');
  const code = currency(read.currency);
  const total = exactMinor(read.total_amount, code, 'invoice.total_amount');
  if (!total.ok) return unsupported(total.error);
  const lines = invoiceLines(read, code);
  if (!lines.ok) return unsupported(lines.error);
  if (linesTotal(lines.value) !== total.value) return unsupported('invoice.line_items: do not make total_amount');
  return facts({
    kind: 'invoice.issued',
    occurredAt: noon(read.issue_date),
    requires: [],
    invoice: key('invoice', read.uid),
    customer: key('customer', customerId),
    number: said(read.number),
    currency: code,
    lines: lines.value,
    total: total.value,
    creditApplied: ZERO,
    dueAt: read.due_date === undefined ? null : noon(read.due_date),
    billedTo: { name: said(read.customer?.organization), email: said(read.customer?.email) },
  });
}

/** Noon in UTC is that day in nearly every zone; the schema has seen to the form. */
const noon = (date: string): EpochMs => {
  const instant = Date.parse(`${date}T12:00:00Z`);
  return Number.isNaN(instant) ? 0 : instant;
};

/** A line's tax is one number; with several taxes on the invoice each line's is shared in proportion to them. */
function invoiceLines(read: Invoice, code: Currency): Result<readonly InvoiceLine[], string> {
  const taxes: { readonly code: string; readonly percent: string | null; readonly amount: number }[] = [];
  for (const [index, tax] of read.taxes.entries()) {
    const amount = exactMinor(tax.tax_amount, code, `invoice.taxes[${index}].tax_amount`);
    if (!amount.ok) return amount;
    if (amount.value < 0) return err(`invoice.taxes[${index}].tax_amount: negative`);
    taxes.push({ code: tax.title, percent: tax.percentage ?? null, amount: amount.value });
  }
  if (new Set(taxes.map((tax) => tax.code)).size !== taxes.length) return err('invoice.taxes: a title twice');
  const lines: InvoiceLine[] = [];
  const taxed: number[] = [];
  for (const [index, item] of read.line_items.entries()) {
    const path = `invoice.line_items[${index}]`;
    const subtotal = exactMinor(item.subtotal_amount, code, `${path}.subtotal_amount`);
    const discount = exactMinor(item.discount_amount, code, `${path}.discount_amount`);
    const tax = exactMinor(item.tax_amount, code, `${path}.tax_amount`);
    if (!subtotal.ok) return subtotal;
    if (!discount.ok) return discount;
    if (!tax.ok) return tax;
    taxed.push(tax.value);
    const shares =
      taxes.length === 0
        ? [tax.value]
        : allocate(
            tax.value,
            taxes.map((one) => one.amount),
          );
    lines.push(
      plainLine({
        id: item.uid,
        description: item.title ?? '',
        product: item.product_id === undefined ? null : key('product', item.product_id),
        quantity: item.quantity,
        net: subtotal.value - discount.value,
        discount: discount.value,
        taxes: shares
          .map((amount, which) => ({
            code: taxes[which]?.code ?? 'tax',
            amount,
            inclusive: false,
            percent: taxes[which]?.percent ?? null,
          }))
          .filter((one) => one.amount !== 0),
        period: periodOf(item.period_range_start, item.period_range_end),
      }),
    );
  }
  const sum = exactSum(taxes.map((tax) => tax.amount));
  if (taxes.length > 0 && exactSum(taxed) !== sum) return err('invoice.taxes: do not make the tax of the lines');
  return new Set(lines.map((line) => line.id)).size === lines.length
    ? ok(lines)
    : err('invoice.line_items: an id twice');
}

function periodOf(start: string | undefined, end: string | undefined): InvoiceLine['period'] {
  if (start === undefined || end === undefined || start >= end) return null;
  return { start: noon(start), end: noon(end) };
}
