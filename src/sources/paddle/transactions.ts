/**
 * Transactions → facts. Paddle sells in its own name and owes the tax itself (merchant of record): what the tenant earns,
 * and what Paddle owes it, is without tax. So every amount here is; with the fee it makes Paddle's `earnings`.
 */
import type { CanonicalEvent, InvoiceIssued, InvoiceLine, Settlement } from '../../canonical/events.ts';
import { convert, currency, minorUnits, type Rate, rate, ZERO } from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { instantOf } from '../instants.ts';
import { exactSum, facts, nothing, plainLine, said, unsupported } from '../reading.ts';
import { type Interpretation, keysOf } from '../source.ts';
import type { Transaction } from './schemas.ts';

const key = keysOf('paddle');

/** `transaction.billed`: a claim, dated when it was billed. `occurredAt` in microseconds, like all of Paddle's times. */
export function billed(read: Transaction, occurredAt: number): Interpretation {
  const issued = invoiceOf(read, occurredAt);
  return issued.ok ? facts(issued.value) : unsupported(issued.error);
}

/**
 * `transaction.paid`, `transaction.completed`: the money is at Paddle. A checkout is billed and paid in one, so the
 * invoice comes along each time; the books take it once. The fee is known on completion.
 */
export function collected(read: Transaction, occurredAt: number): Interpretation {
  const issued = invoiceOf(read, occurredAt);
  if (!issued.ok) return unsupported(issued.error);
  if (read.details.totals.balance !== 0) return unsupported('details.totals.balance: paid, and something is still due');
  const settlement = settlementOf(read);
  if (!settlement.ok) return unsupported(settlement.error);
  const { total, invoice, customer, currency: code } = issued.value;
  if (total === 0) return facts(issued.value);
  const captured = read.payments
    .filter((payment) => payment.status === 'captured')
    .map((payment) => payment.captured_at ?? payment.created_at);
  const payment: CanonicalEvent = {
    kind: 'payment.captured',
    occurredAt: instantOf(captured.length === 0 ? (read.billed_at ?? occurredAt) : Math.max(...captured)),
    requires: [invoice],
    payment: key('payment', read.id),
    customer,
    invoice,
    currency: code,
    amount: total,
    settlement: settlement.value,
  };
  return facts(issued.value, payment);
}

/** Only a claim can be voided; a draft that is dropped never was one. */
export function canceled(read: Transaction, occurredAt: number): Interpretation {
  if (read.billed_at === null || read.billed_at === undefined) return nothing('it was never billed');
  if (read.customer_id === null || read.customer_id === undefined) return unsupported('customer_id: absent');
  const invoice = key('invoice', read.id);
  const customer = key('customer', read.customer_id);
  return facts({
    kind: 'invoice.voided',
    occurredAt: instantOf(occurredAt),
    requires: [invoice],
    invoice,
    customer,
  });
}

/** The latest attempt; it books nothing. */
export function failed(read: Transaction, occurredAt: number): Interpretation {
  const [attempt] = [...read.payments].sort((a, b) => b.created_at - a.created_at);
  if (attempt === undefined) return unsupported('payments: none, of a payment that failed');
  return facts({
    kind: 'payment.failed',
    occurredAt: instantOf(occurredAt),
    requires: [],
    payment: key('payment', attempt.payment_attempt_id),
    invoice: read.billed_at === null || read.billed_at === undefined ? null : key('invoice', read.id),
    customer: read.customer_id === null || read.customer_id === undefined ? null : key('customer', read.customer_id),
    currency: currency(read.currency_code),
    amount: minorUnits(attempt.amount),
    reason: said(attempt.error_code),
  });
}

function invoiceOf(read: Transaction, occurredAt: number): Result<InvoiceIssued, string> {
  const { totals } = read.details;
  if (read.customer_id === null || read.customer_id === undefined) return err('customer_id: absent');
  // Credit holds tax that is Paddle's; how much of it only Paddle knows.
  if (totals.credit !== 0 || totals.credit_to_balance !== 0) return err('details.totals.credit: a balance is involved');
  const lines = linesOf(read);
  if (!lines.ok) return lines;
  const total = totals.subtotal - totals.discount;
  if (total + totals.tax !== totals.total) return err('details.totals: subtotal, discount and tax do not make total');
  if (exactSum(lines.value.map((line) => line.net)) !== total) return err('details.line_items: do not sum to totals');
  return ok({
    kind: 'invoice.issued',
    occurredAt: instantOf(read.billed_at ?? occurredAt),
    requires: [],
    invoice: key('invoice', read.id),
    customer: key('customer', read.customer_id),
    number: said(read.invoice_number),
    currency: currency(read.currency_code),
    lines: lines.value,
    total: minorUnits(total),
    creditApplied: ZERO,
    dueAt: null,
    billedTo: { name: null, email: null },
  });
}

function linesOf(read: Transaction): Result<readonly InvoiceLine[], string> {
  const { line_items: items } = read.details;
  const recurring = new Set(
    read.items.filter(({ price }) => price.billing_cycle !== null).map(({ price }) => price.id ?? ''),
  );
  const lines: InvoiceLine[] = [];
  for (const [index, item] of items.entries()) {
    const { subtotal, discount, tax, total } = item.totals;
    if (subtotal - discount + tax !== total) return err(`details.line_items[${index}].totals: do not make total`);
    const recurs = item.price_id === undefined || item.price_id === null || recurring.has(item.price_id);
    const period = recurs ? (item.proration?.billing_period ?? read.billing_period ?? null) : null;
    lines.push(
      plainLine({
        id: item.id,
        description: item.product.name,
        product: key('product', item.product.id),
        quantity: String(item.quantity),
        net: subtotal - discount,
        discount: minorUnits(discount),
        period:
          period !== null && period.ends_at > period.starts_at
            ? { start: instantOf(period.starts_at), end: instantOf(period.ends_at) }
            : null,
        proration: item.proration !== null && item.proration !== undefined,
      }),
    );
  }
  if (new Set(lines.map((line) => line.id)).size !== lines.length) return err('details.line_items: an id twice');
  return ok(lines);
}

/** Null before completion, when Paddle has not said what it keeps. */
function settlementOf(read: Transaction): Result<Settlement | null, string> {
  const payout = read.details.payout_totals;
  if (payout === null || payout === undefined) return ok(null);
  const gross = payout.total - payout.tax;
  if (gross - payout.fee !== payout.earnings) {
    return err('details.payout_totals: total less tax and fee is not earnings');
  }
  const { totals } = read.details;
  const sold = { amount: minorUnits(totals.total - totals.tax), currency: currency(read.currency_code) };
  const settled = { amount: minorUnits(gross), currency: currency(payout.currency_code) };
  return ok({
    currency: settled.currency,
    gross: settled.amount,
    fee: minorUnits(payout.fee),
    feeTax: ZERO,
    net: minorUnits(payout.earnings),
    exchangeRate: sold.currency === settled.currency ? null : statedRate(payout.exchange_rate, sold, settled),
    reference: read.id,
  });
}

type Amount = Parameters<typeof convert>[0];

/** Paddle's rate, if it leads from the one amount to the other; which way it is meant is not documented. */
function statedRate(text: string | null | undefined, sold: Amount, settled: Amount): Rate | null {
  if (text === null || text === undefined || !/^\d{1,12}(?:\.\d{1,12})?$/.test(text) || /^[0.]+$/.test(text)) {
    return null;
  }
  const stated = rate(text);
  const there = convert(sold, settled.currency, stated);
  // Each line is converted and rounded by itself: a few minor units either way.
  return Math.abs(there.amount - settled.amount) <= 5 ? stated : null;
}
