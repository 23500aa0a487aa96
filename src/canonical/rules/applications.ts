/**
 * Where a payment's money went: to invoices by name, the rest to the invoice it was collected for, or nowhere yet; and
 * which of it came back. A function of the set of facts about the payment, so that order of arrival does not matter.
 */
import type { ObjectKey } from '../ids.ts';
import { type MinorUnits, minorUnits } from '../money.ts';
import type { DatedAmount, InvoicePayment, InvoiceState, LostAmount, PaymentState } from '../objects.ts';
import { ok } from '../result.ts';
import { share } from './fx.ts';
import { type Movement, type Restatement, restate } from './invoice-restatement.ts';
import { type Line, type LineDraft, merge, resolve } from './lines.ts';
import { find, type OrException, type RuleContext } from './rule.ts';

type PaymentFacts = Pick<PaymentState, 'key' | 'amount' | 'invoice' | 'applied' | 'refunds' | 'disputes'>;

/** Part of a payment: on an invoice, or on none. */
interface Portion {
  readonly invoice: ObjectKey | null;
  readonly amount: number;
  readonly refunds: DatedAmount[];
  readonly disputes: LostAmount[];
}

const blank = (invoice: ObjectKey | null, amount: number): Portion => ({ invoice, amount, refunds: [], disputes: [] });

function portionsOf(payment: PaymentFacts): Portion[] {
  const byInvoice = new Map<ObjectKey, number>();
  for (const part of payment.applied) byInvoice.set(part.invoice, (byInvoice.get(part.invoice) ?? 0) + part.amount);
  const rest = payment.amount - [...byInvoice.values()].reduce((sum, amount) => sum + amount, 0);
  if (payment.invoice !== null) byInvoice.set(payment.invoice, (byInvoice.get(payment.invoice) ?? 0) + rest);
  const named = [...byInvoice].sort(([a], [b]) => (a < b ? -1 : 1));
  const unassigned = blank(null, payment.invoice === null ? rest : 0);
  return [unassigned, ...named.map(([invoice, amount]) => blank(invoice, amount))];
}

const earliestFirst = (a: DatedAmount, b: DatedAmount) =>
  a.date === b.date ? (a.object < b.object ? -1 : 1) : a.date < b.date ? -1 : 1;

/** What of `returns` each portion gives back, in turn, each within the room it has; and what none of them could. */
function takeFrom<R extends DatedAmount>(
  portions: readonly Portion[],
  returns: readonly R[],
  keep: (portion: Portion, part: R) => void,
): number {
  const room = portions.map((portion) => portion.amount - sum(portion.refunds) - sum(portion.disputes));
  let beyond = 0;
  for (const item of returns) {
    let left: number = item.amount;
    portions.forEach((portion, index) => {
      const part = Math.min(left, room[index] ?? 0);
      if (part <= 0) return;
      keep(portion, { ...item, amount: minorUnits(part) });
      room[index] = (room[index] ?? 0) - part;
      left -= part;
    });
    beyond += left;
  }
  return beyond;
}

interface Portions {
  readonly all: readonly Portion[];
  /** Lost to disputes beyond what refunds had left of the payment: processors let a whole charge be disputed. */
  readonly lostBeyond: number;
}

/** Refunds return unassigned money first, then what the invoices got, earliest first; lost disputes take what is left. */
function withReturns(payment: PaymentFacts): Portions {
  const all = portionsOf(payment);
  const refunds = [...payment.refunds].sort(earliestFirst);
  const beyond = takeFrom(all, refunds, (portion, part) => portion.refunds.push(part));
  if (beyond > 0) throw new Error(`refunds of ${payment.key} exceed it by ${beyond}`);
  const lost = (payment.disputes ?? []).flatMap((dispute) => (dispute.lost === null ? [] : [dispute.lost]));
  const lostBeyond = takeFrom(all, lost.sort(earliestFirst), (portion, part) => portion.disputes.push(part));
  return { all, lostBeyond };
}

const sum = (amounts: readonly { readonly amount: number }[]) =>
  amounts.reduce((total, { amount }) => total + amount, 0);

/** Cash on no invoice that was not returned either. */
function unassigned({ all }: Portions): number {
  const portion = all.find((candidate) => candidate.invoice === null);
  return portion === undefined ? 0 : portion.amount - sum(portion.refunds) - sum(portion.disputes);
}

function withPayment(invoice: InvoiceState, payment: ObjectKey, portion: Portion | undefined): InvoiceState {
  const others = invoice.payments.filter((candidate) => candidate.payment !== payment);
  if (portion === undefined || portion.amount === 0) return { ...invoice, payments: others };
  const { refunds, disputes } = portion;
  const lost = disputes.length === 0 ? {} : { disputes };
  const mine: InvoicePayment = { payment, amount: minorUnits(portion.amount), refunds, ...lost };
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
  const portions = withReturns(after);
  for (const key of invoicesOf(before, after)) {
    const invoice = find(context, key, 'invoice');
    if (invoice === null) throw new Error(`${after.key} is assigned to ${key}, which is not loaded`);
    const portion = portions.all.find((candidate) => candidate.invoice === key);
    const restated = restate(context, invoice, withPayment(invoice, after.key, portion), false);
    if (!restated.ok) return restated;
    lines.push(...restated.value.lines);
    deferrals.push(...restated.value.deferrals);
    invoices.push(restated.value.state);
    if (restated.value.recovery !== null) recoveries.push({ ...restated.value.recovery, invoice });
  }
  const left = { amount: minorUnits(unassigned(portions)), base: ofPayment(after, unassigned(portions)) };
  const beyond = { amount: minorUnits(portions.lostBeyond), base: ofPayment(after, portions.lostBeyond) };
  const own = resolve(context.books.accounts, ownLines(before, after, left, beyond), after.key);
  if (!own.ok) return own;
  // With its customer, whose partner its documents name, whatever fact moves it.
  const related = [...invoicesOf(null, after), ...(after.customer === null ? [] : [after.customer])];
  const lostBeyond = beyond.amount === 0 && after.lostBeyond === undefined ? {} : { lostBeyond: beyond };
  const payment = { ...after, unapplied: left.amount, unappliedBase: left.base, ...lostBeyond, related };
  return ok({ payment, invoices, lines: merge([...lines, ...own.value]), deferrals, recoveries });
}

interface Valued {
  readonly amount: MinorUnits;
  readonly base: MinorUnits;
}

/** At the rate the payment was booked at. */
const ofPayment = (payment: PaymentState, amount: number) => share(payment.amountBase, amount, payment.amount);

/** What the payment holds by itself, beside its invoices: unapplied cash, and losses that no invoice bears. */
function ownLines(before: PaymentState | null, after: PaymentState, left: Valued, beyond: Valued): LineDraft[] {
  const common = { qualifier: after.currency, currency: after.currency };
  return [
    {
      ...common,
      role: 'unapplied',
      amount: (before?.unapplied ?? 0) - left.amount,
      base: (before?.unappliedBase ?? 0) - left.base,
      customer: after.customer,
      item: after.key,
    },
    {
      ...common,
      role: 'disputedRevenue',
      amount: beyond.amount - (before?.lostBeyond?.amount ?? 0),
      base: beyond.base - (before?.lostBeyond?.base ?? 0),
    },
  ];
}

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
