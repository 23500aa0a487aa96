/**
 * Where a payment's money went: to invoices by name, the rest to the invoice it was collected for, or nowhere yet; and
 * which of it came back. A function of the set of facts about the payment, so that order of arrival does not matter.
 */
import type { ObjectKey } from '../ids.ts';
import { minorUnits } from '../money.ts';
import type { DatedAmount, InvoicePayment, InvoiceState, PaymentState } from '../objects.ts';
import { ok } from '../result.ts';
import { share } from './fx.ts';
import { type Movement, type Restatement, restate } from './invoice-restatement.ts';
import { type Line, type LineDraft, merge, resolve } from './lines.ts';
import { find, type OrException, type RuleContext } from './rule.ts';

type PaymentFacts = Pick<PaymentState, 'key' | 'amount' | 'invoice' | 'applied' | 'refunds'>;

/** Part of a payment: on an invoice, or on none. */
interface Portion {
  readonly invoice: ObjectKey | null;
  readonly amount: number;
  readonly refunds: DatedAmount[];
}

function portionsOf(payment: PaymentFacts): Portion[] {
  const byInvoice = new Map<ObjectKey, number>();
  for (const part of payment.applied) byInvoice.set(part.invoice, (byInvoice.get(part.invoice) ?? 0) + part.amount);
  const rest = payment.amount - [...byInvoice.values()].reduce((sum, amount) => sum + amount, 0);
  if (payment.invoice !== null) byInvoice.set(payment.invoice, (byInvoice.get(payment.invoice) ?? 0) + rest);
  const named = [...byInvoice].sort(([a], [b]) => (a < b ? -1 : 1));
  const unassigned: Portion = { invoice: null, amount: payment.invoice === null ? rest : 0, refunds: [] };
  return [unassigned, ...named.map(([invoice, amount]) => ({ invoice, amount, refunds: [] }))];
}

/** Refunds return unassigned money first, then what the invoices got, earliest refund first. */
function withRefunds(payment: PaymentFacts): Portion[] {
  const portions = portionsOf(payment);
  const refunds = [...payment.refunds].sort((a, b) =>
    a.date === b.date ? (a.object < b.object ? -1 : 1) : a.date < b.date ? -1 : 1,
  );
  let at = 0;
  let room = portions[0]?.amount ?? 0;
  for (const refund of refunds) {
    let left: number = refund.amount;
    while (left > 0 && at < portions.length) {
      const part = Math.min(left, room);
      if (part > 0) portions[at]?.refunds.push({ ...refund, amount: minorUnits(part) });
      left -= part;
      room -= part;
      if (left > 0) {
        at += 1;
        room = portions[at]?.amount ?? 0;
      }
    }
    if (left > 0) throw new Error(`refunds of ${payment.key} exceed it by ${left}`);
  }
  return portions;
}

const refunded = (refunds: readonly DatedAmount[]) => refunds.reduce((sum, refund) => sum + refund.amount, 0);

/** Cash on no invoice that was not returned either. */
function unassigned(payment: PaymentFacts): number {
  const portion = withRefunds(payment).find((candidate) => candidate.invoice === null);
  return portion === undefined ? 0 : portion.amount - refunded(portion.refunds);
}

function withPayment(invoice: InvoiceState, payment: ObjectKey, portion: Portion | undefined): InvoiceState {
  const others = invoice.payments.filter((candidate) => candidate.payment !== payment);
  if (portion === undefined || portion.amount === 0) return { ...invoice, payments: others };
  const mine: InvoicePayment = { payment, amount: minorUnits(portion.amount), refunds: portion.refunds };
  return { ...invoice, payments: [...others, mine] };
}

export interface Reassignment {
  readonly payment: PaymentState;
  readonly invoices: readonly InvoiceState[];
  /** The customer's side: receivables, unapplied cash, revenue taken back by refunds. Balances against the cash moved. */
  readonly lines: readonly Line[];
  readonly deferrals: Restatement['deferrals'];
  readonly recoveries: readonly (Movement & { readonly invoice: InvoiceState })[];
}

/**
 * From `before` (null: a new payment) to `after`: restates every invoice the payment touches or touched, which the
 * caller has made sure are in the books.
 */
export function reassign(
  context: RuleContext,
  before: PaymentState | null,
  after: PaymentState,
): OrException<Reassignment> {
  const lines: Line[] = [];
  const deferrals: Restatement['deferrals'][number][] = [];
  const invoices: InvoiceState[] = [];
  const recoveries: (Movement & { invoice: InvoiceState })[] = [];
  const portions = withRefunds(after);
  for (const key of invoicesOf(before, after)) {
    const invoice = find(context, key, 'invoice');
    if (invoice === null) throw new Error(`${after.key} is assigned to ${key}, which is not loaded`);
    const portion = portions.find((candidate) => candidate.invoice === key);
    const restated = restate(context, invoice, withPayment(invoice, after.key, portion), false);
    if (!restated.ok) return restated;
    lines.push(...restated.value.lines);
    deferrals.push(...restated.value.deferrals);
    invoices.push(restated.value.state);
    if (restated.value.recovery !== null) recoveries.push({ ...restated.value.recovery, invoice });
  }
  const left = unassigned(after);
  const leftBase = share(after.amountBase, left, after.amount);
  const own = resolve(
    context.books.accounts,
    [unappliedLine(after, -(left - (before?.unapplied ?? 0)), -(leftBase - (before?.unappliedBase ?? 0)))],
    after.key,
  );
  if (!own.ok) return own;
  const related = [...new Set(invoicesOf(null, after))];
  const payment = { ...after, unapplied: minorUnits(left), unappliedBase: leftBase, related };
  return ok({ payment, invoices, lines: merge([...lines, ...own.value]), deferrals, recoveries });
}

const unappliedLine = (payment: PaymentState, amount: number, base: number): LineDraft => ({
  role: 'unapplied',
  qualifier: payment.currency,
  currency: payment.currency,
  amount,
  base,
  customer: payment.customer,
  item: payment.key,
});

/** The invoices either state bears on, in a stable order. */
export function invoicesOf(before: PaymentState | null, after: PaymentState): ObjectKey[] {
  const keys = new Set<ObjectKey>();
  for (const payment of [before, after]) {
    if (payment === null) continue;
    if (payment.invoice !== null) keys.add(payment.invoice);
    for (const part of payment.applied) keys.add(part.invoice);
  }
  return [...keys].sort();
}
