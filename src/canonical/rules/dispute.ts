/**
 * Disputes. Opened: only noted. Withdrawn: the amount is parked on disputes receivable, the processor's fee is a cost.
 * Won: back to clearing. Lost: to dispute loss. Each step is booked once, in whatever order they come.
 */
import type { DisputeLost, DisputeOpened, DisputeWithdrawn, DisputeWon } from '../events.ts';
import { type MinorUnits, minorUnits } from '../money.ts';
import type { DisputeState } from '../objects.ts';
import { ok } from '../result.ts';
import { type Heading, postCash } from './booking.ts';
import { cashMovement } from './clearing.ts';
import { documentKey } from './document-keys.ts';
import { idOf } from './documents.ts';
import { baseOn, share } from './fx.ts';
import type { LineDraft } from './lines.ts';
import { ensurePartner } from './partners.ts';
import { booked, bookingDate, find, nothing, type OrException, type Rule, type RuleContext, refuse } from './rule.ts';

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
    }
  );
}

export const disputeOpened: Rule<DisputeOpened> = (fact, context) => {
  const dispute = known(context, fact);
  if (dispute.version > 0) return nothing('already_booked', 'The dispute is known.');
  return booked({ objects: [{ ...dispute, version: 1 }] });
};

interface Moves {
  readonly lines: readonly LineDraft[];
  readonly base: MinorUnits;
}

/** The side opposite to disputes receivable. `amount` out of clearing is negative. */
function opposite(context: RuleContext, fact: DisputeStep, date: BookedOn, dispute: DisputeState): OrException<Moves> {
  const { amount, currency } = fact;
  if (fact.kind !== 'dispute.lost') {
    const sign = fact.kind === 'dispute.won' ? 1 : -1;
    const moved = { amount: minorUnits(sign * amount), currency };
    return cashMovement(context, {
      moved,
      settlement: fact.settlement,
      date,
      object: fact.dispute,
      item: fact.payment,
    });
  }
  const base =
    dispute.parked === 0
      ? baseOn(context, { amount, currency }, date, fact.dispute)
      : ok(share(dispute.parkedBase, amount, dispute.parked));
  if (!base.ok) return base;
  const loss: LineDraft = { role: 'disputeLoss', qualifier: currency, currency, amount, base: base.value };
  return ok({ lines: [loss], base: base.value });
}

type BookedOn = Parameters<typeof baseOn>[2];

/** What leaves (or comes to) disputes receivable goes at the base it stands there with; the last of it takes all. */
function parkedLine(fact: DisputeStep, dispute: DisputeState, other: Moves): LineDraft {
  const amount = fact.kind === 'dispute.withdrawn' ? fact.amount : -fact.amount;
  const settles = dispute.parked !== 0 && Math.sign(dispute.parked) !== Math.sign(amount);
  const base = settles ? share(dispute.parkedBase, amount, dispute.parked) : -other.base;
  const { currency, customer } = fact;
  return { role: 'disputesReceivable', qualifier: currency, currency, amount, base, customer };
}

const statusOf = (steps: readonly StepName[]): DisputeState['status'] =>
  steps.includes('lost') ? 'lost' : steps.includes('won') ? 'won' : 'withdrawn';

export const disputeStep: Rule<DisputeStep> = (fact, context) => {
  const dispute = known(context, fact);
  const step = stepOf[fact.kind];
  if (dispute.steps.includes(step)) return nothing('already_booked', `The dispute is ${step} in the books.`);
  const stake = { amount: fact.amount, currency: fact.currency };
  const when = bookingDate(context, fact.occurredAt, fact.dispute, stake);
  if (!when.ok) return refuse(when.error);
  const other = opposite(context, fact, when.value.date, dispute);
  if (!other.ok) return refuse(other.error);
  const parked = parkedLine(fact, dispute, other.value);
  const description = `Dispute ${idOf(fact.dispute)} of payment ${idOf(fact.payment)} ${step}`;
  const heading: Heading = { kind: fact.kind, object: fact.dispute, when: when.value, description };
  const none = { lines: [], deferrals: [], recoveries: [] };
  const key = documentKey('entry', fact.dispute, step);
  const posted = postCash(context, heading, [...other.value.lines, parked], none, fact.currency, key);
  if (!posted.ok) return refuse(posted.error);
  const steps = [...dispute.steps, step];
  const state: DisputeState = {
    ...dispute,
    version: dispute.version + 1,
    steps,
    status: statusOf(steps),
    parked: minorUnits(dispute.parked + parked.amount),
    parkedBase: minorUnits(dispute.parkedBase + parked.base),
  };
  const partner = ensurePartner(context, fact.customer);
  return booked({
    entries: posted.value.entries,
    documents: [...partner.documents, ...posted.value.documents],
    objects: [...partner.objects, state],
  });
};
