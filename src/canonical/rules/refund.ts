/**
 * refund.paid: Cr clearing by the settlement; Dr refund clearing where a credit note took the revenue back, else Dr the
 * unassigned cash it returns, then tax pro rata, months not yet earned, and refunds (contra-revenue). The processor keeps
 * its fee. refund.reversed: the money is back, and what the refund took stands again.
 */
import type { RefundPaid, RefundReversed } from '../events.ts';
import { type Money, minorUnits } from '../money.ts';
import type { CreditNoteState, PaymentState, RefundState } from '../objects.ts';
import { err, ok } from '../result.ts';
import { type Reassignment, reassign } from './applications.ts';
import { type Heading, postCash } from './booking.ts';
import { cashMovement } from './clearing.ts';
import { documentKey } from './document-keys.ts';
import { idOf } from './documents.ts';
import { share } from './fx.ts';
import { type Line, plus, resolve, reversed } from './lines.ts';
import {
  type BookingDate,
  booked,
  bookingDate,
  find,
  nothing,
  type OrException,
  problem,
  type Rule,
  type RuleContext,
  refuse,
  spoken,
  waitFor,
} from './rule.ts';

/**
 * What this fact adds. A stated amount is the refund's own, and its key says whether it is booked. Without it: what its
 * settlement says, never more than the highest running total leaves; else the running total less what is booked. Nothing
 * for a repeat.
 */
function amountOf(fact: RefundPaid, payment: PaymentState): number {
  const { amount, settlement } = fact;
  if (amount !== undefined && amount !== null) return amount;
  const left = Math.max(fact.cumulative, payment.refundedByProvider) - payment.refunded;
  const settled = settlement !== null && settlement.currency === fact.currency ? -settlement.gross : null;
  return Math.min(settled ?? fact.cumulative - payment.refunded, left);
}

function tooMuch(payment: PaymentState, moved: Money): OrException<null> {
  if (payment.refunded + moved.amount <= payment.amount && moved.currency === payment.currency) return ok(null);
  const received = spoken({ amount: payment.amount, currency: payment.currency });
  return err(
    problem('does_not_add_up', payment.key, {
      message: `${spoken(moved)} more is refunded than is left of the ${received} that was received.`,
      remedy: 'Compare the payment and its refunds at the processor, then book the difference by hand.',
      stake: moved,
    }),
  );
}

type Change = Pick<Reassignment, 'payment' | 'invoices' | 'lines' | 'deferrals' | 'recoveries'> & {
  readonly note: CreditNoteState | null;
};

/** The credit note took the revenue; the refund clears what it left to be refunded, at the base it was booked at. */
function clearing(
  context: RuleContext,
  note: CreditNoteState,
  payment: PaymentState,
  amount: number,
): OrException<Change> {
  const base =
    note.awaitingRefund === 0
      ? share(payment.amountBase, amount, payment.amount)
      : share(note.awaitingRefundBase, amount, note.awaitingRefund);
  const { currency, customer } = note;
  const lines = resolve(
    context.books.accounts,
    [{ role: 'refundClearing', qualifier: currency, currency, amount, base, customer, item: note.key }],
    note.key,
  );
  if (!lines.ok) return lines;
  const awaiting = {
    awaitingRefund: minorUnits(note.awaitingRefund - amount),
    awaitingRefundBase: minorUnits(note.awaitingRefundBase - base),
  };
  const cleared = { ...note, version: note.version + 1, ...awaiting };
  return ok({ payment, invoices: [], lines: lines.value, deferrals: [], recoveries: [], note: cleared });
}

function refunded(fact: RefundPaid, payment: PaymentState, amount: number, when: BookingDate): PaymentState {
  const dated = { object: fact.refund, date: when.date, amount: minorUnits(amount) };
  return {
    ...payment,
    version: payment.version + 1,
    refunded: minorUnits(payment.refunded + amount),
    refundedByProvider: minorUnits(Math.max(payment.refundedByProvider, fact.cumulative)),
    refunds: fact.creditNote === null ? [...payment.refunds, dated] : payment.refunds,
  };
}

export const refundPaid: Rule<RefundPaid> = (fact, context) => {
  if (find(context, fact.refund, 'refund') !== null) return nothing('already_booked', 'The refund is in the books.');
  const payment = find(context, fact.payment, 'payment');
  if (payment === null) return waitFor(fact.payment);
  const note = fact.creditNote === null ? null : find(context, fact.creditNote, 'credit_note');
  if (fact.creditNote !== null && note === null) return waitFor(fact.creditNote);
  const amount = amountOf(fact, payment);
  if (amount <= 0) return nothing('already_booked', 'All that was refunded of the payment is in the books.');
  const moved = { amount: minorUnits(amount), currency: fact.currency };
  const possible = tooMuch(payment, moved);
  if (!possible.ok) return refuse(possible.error);
  const when = bookingDate(context, fact.occurredAt, fact.refund, moved);
  if (!when.ok) return refuse(when.error);
  const out = { amount: minorUnits(-amount), currency: fact.currency };
  const settlement = settlementFor(fact, amount);
  const { date } = when.value;
  const item = fact.payment;
  const cash = cashMovement(context, { moved: out, settlement, date, object: fact.refund, item });
  if (!cash.ok) return refuse(cash.error);
  const after = refunded(fact, payment, amount, when.value);
  const change = note === null ? reassigned(context, payment, after) : clearing(context, note, after, amount);
  if (!change.ok) return refuse({ ...change.error, ...moved });
  const description = `Refund ${idOf(fact.refund)} of payment ${idOf(fact.payment)}`;
  const heading: Heading = { kind: fact.kind, object: fact.refund, when: when.value, description };
  const key = documentKey('entry', fact.refund);
  const posted = postCash(context, heading, cash.value.lines, change.value, fact.currency, key);
  if (!posted.ok) return refuse(posted.error);
  const state = stateOf(context, fact, moved, [...posted.value.cash, ...(note === null ? [] : change.value.lines)]);
  return booked({
    entries: posted.value.entries,
    documents: posted.value.documents,
    objects: [...change.value.invoices, change.value.payment, state, ...(change.value.note ? [change.value.note] : [])],
  });
};

/**
 * The settlement is of this refund alone. Where only the running total is known and an earlier refund is still under
 * way, it covers too little in the same currency: then the gross is what is booked and the fee (none, as a rule) with it.
 */
function settlementFor(fact: RefundPaid, amount: number): RefundPaid['settlement'] {
  const { settlement } = fact;
  if (settlement === null || settlement.currency !== fact.currency || settlement.gross === -amount) return settlement;
  const net = -amount - settlement.fee - settlement.feeTax;
  return { ...settlement, gross: minorUnits(-amount), net: minorUnits(net) };
}

function reassigned(context: RuleContext, before: PaymentState, after: PaymentState): OrException<Change> {
  const change = reassign(context, before, after);
  return change.ok ? ok({ ...change.value, note: null }) : change;
}

function stateOf(context: RuleContext, fact: RefundPaid, moved: Money, lines: readonly Line[]): RefundState {
  return {
    kind: 'refund',
    key: fact.refund,
    entity: context.books.entity,
    version: 1,
    related: fact.creditNote === null ? [fact.payment] : [fact.payment, fact.creditNote],
    payment: fact.payment,
    customer: fact.customer,
    creditNote: fact.creditNote,
    amount: moved.amount,
    reversed: false,
    booked: lines.map(({ settles: _, ...line }) => line),
  };
}

function withoutRefund(payment: PaymentState, refund: RefundState): PaymentState {
  return {
    ...payment,
    version: payment.version + 1,
    refunded: minorUnits(payment.refunded - refund.amount),
    refundedByProvider: minorUnits(Math.max(payment.refundedByProvider - refund.amount, 0)),
    refunds: payment.refunds.filter((known) => known.object !== refund.key),
  };
}

/** The credit note waits for its refund again. */
function awaiting(note: CreditNoteState, refund: RefundState): CreditNoteState {
  const cleared = refund.booked.find((line) => line.role === 'refundClearing');
  return {
    ...note,
    version: note.version + 1,
    awaitingRefund: minorUnits(note.awaitingRefund + (cleared?.amount ?? 0)),
    awaitingRefundBase: minorUnits(note.awaitingRefundBase + (cleared?.base ?? 0)),
  };
}

export const refundReversed: Rule<RefundReversed> = (fact, context) => {
  const refund = find(context, fact.refund, 'refund');
  if (refund === null) return waitFor(fact.refund);
  if (refund.reversed) return nothing('already_booked', 'The refund is reversed in the books.');
  const payment = find(context, refund.payment, 'payment');
  if (payment === null) return waitFor(refund.payment);
  const moved = { amount: fact.amount, currency: fact.currency };
  if (fact.amount !== refund.amount) {
    const was = spoken({ amount: refund.amount, currency: payment.currency });
    const message = `A refund booked with ${was} came back with ${spoken(moved)}.`;
    const remedy = 'Compare the refund with the processor and book the difference by hand.';
    return refuse(problem('conflicting_facts', fact.refund, { message, remedy, stake: moved }));
  }
  const when = bookingDate(context, fact.occurredAt, fact.refund, moved);
  if (!when.ok) return refuse(when.error);
  const note = refund.creditNote === null ? null : find(context, refund.creditNote, 'credit_note');
  const change = reassign(context, payment, withoutRefund(payment, refund));
  if (!change.ok) return refuse(change.error);
  const heading: Heading = {
    kind: fact.kind,
    object: fact.refund,
    when: when.value,
    description: `Refund ${idOf(fact.refund)} came back`,
  };
  const back = reversed(refund.booked).map((line) => ({ ...plus(line, 0, 0), qualifier: line.currency }));
  const key = documentKey('entry', fact.refund, 'reversed');
  const posted = postCash(context, heading, back, change.value, fact.currency, key);
  if (!posted.ok) return refuse(posted.error);
  const state: RefundState = { ...refund, version: refund.version + 1, reversed: true };
  const objects = [...change.value.invoices, change.value.payment, state, ...(note ? [awaiting(note, refund)] : [])];
  return booked({ entries: posted.value.entries, documents: posted.value.documents, objects });
};
