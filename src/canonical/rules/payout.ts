/**
 * payout.sent: Dr money in transit to the bank, Cr clearing; the bank account itself is the statement's to book. Fees of
 * payments that had been booked gross (not known then, or by the policy `feeAt`) are booked with the payout that lists
 * them, once. payout.returned: back to clearing.
 */
import type { ExceptionDraft } from '../decision.ts';
import type { PayoutReturned, PayoutSent } from '../events.ts';
import type { ObjectKey } from '../ids.ts';
import { type MinorUnits, type Money, minorUnits } from '../money.ts';
import { type ObjectState, type PayoutState, type SettlementState, settlementKey } from '../objects.ts';
import { ok } from '../result.ts';
import { type BookedEntries, type Heading, joined, postCash, postEntry } from './booking.ts';
import { feeAlone, lateSettlement, settles } from './clearing.ts';
import { documentKey } from './document-keys.ts';
import { idOf } from './documents.ts';
import { baseOn } from './fx.ts';
import { exchangeDifference, type LineDraft, resolve, reversed } from './lines.ts';
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

type Listed = NonNullable<PayoutSent['transactions']>[number];

/** What the payout must say about a listed payment: book its fee now, or leave word for when the payment comes. */
interface ListedFee {
  readonly listed: Listed;
  /** How the payment stands in the books; null when it is not there yet. */
  readonly gross: { readonly booked: Money; readonly base: MinorUnits; readonly feeOnly: boolean } | null;
}

/**
 * Collections only, each once, and not if another payout saw to it. Money out is settled when it is booked; money back
 * (a dispute won, a refund that bounced) is listed under the same payment, and told apart by its gross.
 */
function feesToBook(context: RuleContext, fact: PayoutSent): ListedFee[] {
  const seen = new Set<ObjectKey>();
  return (fact.transactions ?? []).flatMap((listed): ListedFee[] => {
    if (seen.has(listed.payment) || listed.settlement.gross <= 0) return [];
    seen.add(listed.payment);
    if (context.objects(settlementKey(listed.payment)) !== null) return [];
    const state = context.objects(listed.payment);
    if (state === null) return [{ listed, gross: null }];
    if (state.kind !== 'payment' || !settles(listed.settlement, state)) return [];
    const feeOnly = state.feeDue !== undefined;
    if (state.settled && !feeOnly) return [];
    const booked = { amount: state.amount, currency: state.currency };
    return [{ listed, gross: { booked, base: state.amountBase, feeOnly } }];
  });
}

interface Fees extends BookedEntries {
  readonly objects: readonly SettlementState[];
  readonly feesOf: readonly ObjectKey[];
}

function bookFees(context: RuleContext, fact: PayoutSent, when: BookingDate): OrException<Fees> {
  const drafts: LineDraft[] = [];
  const fees = feesToBook(context, fact);
  for (const { listed, gross } of fees) {
    if (gross === null) continue;
    const { settlement, payment } = listed;
    const late = gross.feeOnly
      ? feeAlone(context, settlement, gross.base, when.date, payment)
      : lateSettlement(context, gross, settlement, when.date, payment);
    if (!late.ok) return late;
    drafts.push(...late.value.map((line) => ({ ...line, memo: null })));
    drafts.push(...exchangeDifference(late.value, context.books.currency, gross.booked.currency));
  }
  const lines = resolve(context.books.accounts, drafts, fact.payout);
  if (!lines.ok) return lines;
  const objects = fees.map(({ listed, gross }) => settlementState(context, listed, gross !== null));
  const feesOf = objects.filter((state) => state.booked).map((state) => state.payment);
  if (lines.value.length === 0) return ok({ entries: [], documents: [], objects, feesOf });
  const description = `Fees of ${feesOf.length} payments in payout ${idOf(fact.payout)}`;
  const heading: Heading = { kind: fact.kind, object: fact.payout, when, description };
  const posted = postEntry(
    context,
    heading,
    { lines: lines.value, deferrals: [] },
    documentKey('entry', fact.payout, 'fees'),
  );
  return ok({ ...posted, objects, feesOf });
}

function settlementState(context: RuleContext, { payment, settlement }: Listed, isBooked: boolean): SettlementState {
  return {
    kind: 'settlement',
    key: settlementKey(payment),
    entity: context.books.entity,
    version: 1,
    related: [],
    payment,
    settlement,
    booked: isBooked,
  };
}

/** Where fees wait for the payout that lists their payments, one that lists nothing leaves them on clearing. */
function unlisted(context: RuleContext, fact: PayoutSent): ExceptionDraft[] {
  if (context.books.policies.feeAt === 'charge') return [];
  return [
    problem('unsupported', fact.payout, {
      message: 'The payout does not list its payments, and fees are booked with the payout: theirs are not booked.',
      remedy:
        'Let the gateway read payouts at the processor, or book the fees by hand; else set the policy feeAt to charge.',
      stake: { amount: fact.amount, currency: fact.currency },
    }),
  ];
}

/** A payout is the sum of what it lists; where it is not, money moved that the books do not know. */
function differing(context: RuleContext, fact: PayoutSent): ExceptionDraft[] {
  if (fact.transactions === null) return unlisted(context, fact);
  const listed = fact.transactions.reduce((sum, { settlement }) => sum + settlement.net, 0);
  const difference = { amount: minorUnits(fact.amount - listed), currency: fact.currency };
  if (difference.amount === 0) return [];
  const amount = spoken({ amount: fact.amount, currency: fact.currency });
  return [
    problem('does_not_add_up', fact.payout, {
      message: `The payout of ${amount} differs by ${spoken(difference)} from the transactions it lists.`,
      remedy:
        "Compare it with the processor's payout report; clearing stays off by the difference until it is explained.",
      stake: difference,
    }),
  ];
}

function transfer(context: RuleContext, fact: PayoutSent, when: BookingDate): OrException<readonly LineDraft[]> {
  const { amount, currency } = fact;
  const base = baseOn(context, { amount, currency }, when.date, fact.payout);
  if (!base.ok) return base;
  const line = { qualifier: currency, currency };
  return ok([
    { role: 'bankInTransit', ...line, amount, base: base.value },
    { role: 'clearing', ...line, amount: -amount, base: -base.value },
  ]);
}

function repeated(fact: PayoutSent, known: PayoutState) {
  if (known.amount === fact.amount && known.currency === fact.currency) {
    return nothing('already_booked', 'The payout is in the books.');
  }
  const stake = { amount: fact.amount, currency: fact.currency };
  const was = spoken({ amount: known.amount, currency: known.currency });
  const message = `The payout is booked with ${was}; now it is said to be ${spoken(stake)}.`;
  const remedy = 'Compare it with the processor and the bank statement, then book the difference by hand.';
  return refuse(problem('conflicting_facts', fact.payout, { message, remedy, stake }));
}

export const payoutSent: Rule<PayoutSent> = (fact, context) => {
  const known = find(context, fact.payout, 'payout');
  if (known !== null) return repeated(fact, known);
  const { amount, currency } = fact;
  const when = bookingDate(context, fact.occurredAt, fact.payout, { amount, currency });
  if (!when.ok) return refuse(when.error);
  const drafts = transfer(context, fact, when.value);
  if (!drafts.ok) return refuse(drafts.error);
  const heading: Heading = {
    kind: fact.kind,
    object: fact.payout,
    when: when.value,
    description: `Payout ${idOf(fact.payout)}`,
  };
  const none = { lines: [], deferrals: [], recoveries: [] };
  const posted = postCash(context, heading, drafts.value, none, currency, documentKey('entry', fact.payout));
  if (!posted.ok) return refuse(posted.error);
  const fees = bookFees(context, fact, when.value);
  if (!fees.ok) return refuse(fees.error);
  const state: PayoutState = {
    ...{ kind: 'payout', key: fact.payout, entity: context.books.entity, version: 1, related: [] },
    ...{ currency, amount, status: 'sent', feesOf: fees.value.feesOf },
    booked: posted.value.cash.map(({ settles: _, ...line }) => line),
  };
  const objects: ObjectState[] = [state, ...fees.value.objects];
  return booked({ ...joined(posted.value, fees.value), objects, notices: differing(context, fact) });
};

export const payoutReturned: Rule<PayoutReturned> = (fact, context) => {
  const payout = find(context, fact.payout, 'payout');
  if (payout === null) return waitFor(fact.payout);
  if (payout.status === 'returned') return nothing('already_booked', 'The payout is returned in the books.');
  const stake = { amount: fact.amount, currency: fact.currency };
  if (payout.amount !== fact.amount || payout.currency !== fact.currency) {
    const was = spoken({ amount: payout.amount, currency: payout.currency });
    const message = `A payout of ${was} came back with ${spoken(stake)}.`;
    const remedy = 'Compare it with the processor and the bank statement, then book the difference by hand.';
    return refuse(problem('conflicting_facts', fact.payout, { message, remedy, stake }));
  }
  const when = bookingDate(context, fact.occurredAt, fact.payout, stake);
  if (!when.ok) return refuse(when.error);
  const heading: Heading = {
    kind: fact.kind,
    object: fact.payout,
    when: when.value,
    description: `Payout ${idOf(fact.payout)} came back`,
  };
  const lines = reversed(payout.booked).map((line) => ({ ...line, settles: null }));
  const posted = postEntry(context, heading, { lines, deferrals: [] }, documentKey('entry', fact.payout, 'returned'));
  return booked({ ...posted, objects: [{ ...payout, version: payout.version + 1, status: 'returned' }] });
};
