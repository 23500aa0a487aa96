/**
 * Disputes. Opened: only noted. Withdrawn: the amount is parked on disputes receivable, the processor's fee is a cost.
 * Won: back to clearing. Lost: to dispute loss; or, by policy, taken from deferred revenue and contra-revenue as a refund
 * would be. By another policy the amount is a loss at once and comes back when the dispute is won. Each step is booked
 * once, in whatever order they come, and all steps of a dispute by the policy its first was booked by.
 */
import type { DisputePolicy } from '../decision.ts';
import type { DisputeLost, DisputeOpened, DisputeWithdrawn, DisputeWon } from '../events.ts';
import type { IsoDate } from '../ids.ts';
import { type MinorUnits, minorUnits } from '../money.ts';
import type { DisputeState, PaymentState } from '../objects.ts';
import { err, ok } from '../result.ts';
import { type Reassignment, reassign } from './applications.ts';
import { type Heading, postCash } from './booking.ts';
import { cashMovement } from './clearing.ts';
import { documentKey } from './document-keys.ts';
import { idOf } from './documents.ts';
import { baseOn, share } from './fx.ts';
import { baseSum, type LineDraft } from './lines.ts';
import { ensurePartner } from './partners.ts';
import {
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

type DisputeStep = DisputeWithdrawn | DisputeWon | DisputeLost;
type StepName = DisputeState['steps'][number];

const stepOf = { 'dispute.withdrawn': 'withdrawn', 'dispute.won': 'won', 'dispute.lost': 'lost' } as const;

function known(context: RuleContext, fact: DisputeStep | DisputeOpened): DisputeState {
  return (
    find(context, fact.dispute, 'dispute') ?? {
      kind: 'dispute',
      key: fact.dispute,
      entity: context.books.entity,
      version: 0,
      related: [],
      payment: fact.payment,
      status: 'opened',
      steps: [],
      parked: minorUnits(0),
      parkedBase: minorUnits(0),
      bookedAs: context.books.policies.bookDisputesAs,
    }
  );
}

const policyOf = (dispute: DisputeState): DisputePolicy => dispute.bookedAs ?? 'receivable';

/**
 * As contra-revenue a dispute bears on its payment and that payment's invoices. The payment knows of it from the first
 * step on, so that all its steps are decided where the payment is.
 */
function disputing(payment: PaymentState, fact: DisputeStep | DisputeOpened, lost: Lost): PaymentState {
  const others = (payment.disputes ?? []).filter((each) => each.dispute !== fact.dispute);
  const before = payment.disputes?.find((each) => each.dispute === fact.dispute)?.lost ?? null;
  const disputes = [...others, { dispute: fact.dispute, lost: lost ?? before }];
  return { ...payment, version: payment.version + 1, disputes };
}

type Lost = NonNullable<PaymentState['disputes']>[number]['lost'];

export const disputeOpened: Rule<DisputeOpened> = (fact, context) => {
  const dispute = known(context, fact);
  if (dispute.version > 0) return nothing('already_booked', 'The dispute is known.');
  const opened = { ...dispute, version: 1 };
  if (policyOf(dispute) !== 'contra-revenue') return booked({ objects: [opened] });
  const payment = find(context, fact.payment, 'payment');
  if (payment === null) return waitFor(fact.payment);
  return booked({ objects: [disputing(payment, fact, null), opened] });
};

type Change = Pick<Reassignment, 'lines' | 'deferrals' | 'recoveries' | 'invoices'> & {
  readonly payment: PaymentState | null;
};
const unchanged: Change = { lines: [], deferrals: [], recoveries: [], invoices: [], payment: null };

interface Moves {
  /** The side opposite to where the dispute is parked, as far as it is no one's sub-ledger. */
  readonly drafts: readonly LineDraft[];
  readonly change: Change;
  readonly base: MinorUnits;
}

/** Money that left (withdrawn: negative) or came back to (won) the processor's balance. */
function cashSide(context: RuleContext, fact: DisputeWithdrawn | DisputeWon, date: IsoDate): OrException<Moves> {
  const sign = fact.kind === 'dispute.won' ? 1 : -1;
  const moved = { amount: minorUnits(sign * fact.amount), currency: fact.currency };
  const { dispute: object, payment: item, settlement } = fact;
  const cash = cashMovement(context, { moved, settlement, date, object, item });
  return cash.ok ? ok({ drafts: cash.value.lines, change: unchanged, base: cash.value.base }) : cash;
}

function lossSide(context: RuleContext, fact: DisputeLost, date: IsoDate, dispute: DisputeState): OrException<Moves> {
  const { amount, currency } = fact;
  const base =
    dispute.parked === 0
      ? baseOn(context, { amount, currency }, date, fact.dispute)
      : ok(share(dispute.parkedBase, amount, dispute.parked));
  if (!base.ok) return base;
  const loss: LineDraft = { role: 'disputeLoss', qualifier: currency, currency, amount, base: base.value };
  return ok({ drafts: [loss], change: unchanged, base: base.value });
}

/** As a refund without a credit note: unassigned money first, then months still deferred, the rest contra-revenue. */
function contraSide(context: RuleContext, fact: DisputeLost, date: IsoDate, payment: PaymentState): OrException<Moves> {
  const stake = { amount: fact.amount, currency: fact.currency };
  if (fact.currency !== payment.currency) {
    const message = `${spoken(stake)} was lost to a dispute of a payment that is in ${payment.currency}.`;
    const remedy = 'Book the loss by hand at the rate of the dispute.';
    return err(problem('unsupported', fact.dispute, { message, remedy, stake }));
  }
  const { badDebtTax } = context.books.policies;
  const lost = { object: fact.dispute, date, amount: fact.amount, tax: badDebtTax };
  const change = reassign(context, payment, disputing(payment, fact, lost));
  return change.ok ? ok({ drafts: [], change: change.value, base: baseSum(change.value.lines) }) : change;
}

/** What leaves (or comes to) where the dispute is parked goes at the base it stands there with; the last of it takes all. */
function parkedLine(fact: DisputeStep, dispute: DisputeState, other: Moves): LineDraft {
  const amount = fact.kind === 'dispute.withdrawn' ? fact.amount : -fact.amount;
  const settles = dispute.parked !== 0 && Math.sign(dispute.parked) !== Math.sign(amount);
  const base = settles ? share(dispute.parkedBase, amount, dispute.parked) : -other.base;
  const { currency, customer } = fact;
  const common = { qualifier: currency, currency, amount, base };
  return policyOf(dispute) === 'expense'
    ? { role: 'disputeLoss', ...common }
    : { role: 'disputesReceivable', ...common, customer };
}

const statusOf = (steps: readonly StepName[]): DisputeState['status'] =>
  steps.includes('lost') ? 'lost' : steps.includes('won') ? 'won' : 'withdrawn';

const stepped = (dispute: DisputeState, step: StepName, parked: { amount: number; base: number }): DisputeState => {
  const steps = [...dispute.steps, step];
  return {
    ...dispute,
    version: dispute.version + 1,
    steps,
    status: statusOf(steps),
    parked: minorUnits(dispute.parked + parked.amount),
    parkedBase: minorUnits(dispute.parkedBase + parked.base),
  };
};

/** The other side of the step; null: by its policy the step moves nothing. */
function otherSide(
  context: RuleContext,
  fact: DisputeStep,
  date: IsoDate,
  of: { readonly dispute: DisputeState; readonly payment: PaymentState | null },
): OrException<Moves | null> {
  if (fact.kind === 'dispute.lost') {
    if (policyOf(of.dispute) === 'expense') return ok(null);
    return of.payment === null
      ? lossSide(context, fact, date, of.dispute)
      : contraSide(context, fact, date, of.payment);
  }
  const cash = cashSide(context, fact, date);
  if (!cash.ok || of.payment === null) return cash;
  return ok({ ...cash.value, change: { ...unchanged, payment: disputing(of.payment, fact, null) } });
}

export const disputeStep: Rule<DisputeStep> = (fact, context) => {
  const dispute = known(context, fact);
  const step = stepOf[fact.kind];
  if (dispute.steps.includes(step)) return nothing('already_booked', `The dispute is ${step} in the books.`);
  const contra = policyOf(dispute) === 'contra-revenue';
  const payment = contra ? find(context, fact.payment, 'payment') : null;
  if (contra && payment === null) return waitFor(fact.payment);
  const stake = { amount: fact.amount, currency: fact.currency };
  const when = bookingDate(context, fact.occurredAt, fact.dispute, stake);
  if (!when.ok) return refuse(when.error);
  const other = otherSide(context, fact, when.value.date, { dispute, payment });
  if (!other.ok) return refuse({ ...other.error, ...stake });
  if (other.value === null) {
    const note = 'Its amount was a loss when it was withdrawn.';
    return booked({ objects: [stepped(dispute, step, { amount: 0, base: 0 })], note });
  }
  const parked = parkedLine(fact, dispute, other.value);
  const description = `Dispute ${idOf(fact.dispute)} of payment ${idOf(fact.payment)} ${step}`;
  const heading: Heading = { kind: fact.kind, object: fact.dispute, when: when.value, description };
  const { drafts, change } = other.value;
  const key = documentKey('entry', fact.dispute, step);
  const posted = postCash(context, heading, [...drafts, parked], change, fact.currency, key);
  if (!posted.ok) return refuse(posted.error);
  const partner = ensurePartner(context, fact.customer);
  const touched = change.payment === null ? [] : [...change.invoices, change.payment];
  return booked({
    entries: posted.value.entries,
    documents: [...partner.documents, ...posted.value.documents],
    objects: [...partner.objects, ...touched, stepped(dispute, step, parked)],
  });
};
