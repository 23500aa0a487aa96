/** processor.fee: Dr fees, Cr clearing. balance.adjusted: Dr or Cr suspense, and a person is told. */
import type { AccountRole } from '../accounts.ts';
import type { BalanceAdjusted, ProcessorFee } from '../events.ts';
import type { ObjectKey } from '../ids.ts';
import { minorUnits } from '../money.ts';
import type { MemoState } from '../objects.ts';
import { type Heading, postCash } from './booking.ts';
import { documentKey } from './document-keys.ts';
import { idOf } from './documents.ts';
import { baseOn } from './fx.ts';
import { booked, bookingDate, find, nothing, problem, type Rule, type RuleContext, refuse, spoken } from './rule.ts';

/** A fact that is only remembered so that it is not booked twice. */
export const memo = (context: RuleContext, key: ObjectKey, label: string, recordedAt: number): MemoState => ({
  kind: 'memo',
  key,
  entity: context.books.entity,
  version: 1,
  related: [],
  label,
  recordedAt,
});

/** `amount` leaves the processor balance to `role`. */
function charge(
  context: RuleContext,
  fact: ProcessorFee | BalanceAdjusted,
  at: { readonly object: ObjectKey; readonly role: AccountRole; readonly amount: number; readonly description: string },
) {
  const { object, role } = at;
  const moved = { amount: minorUnits(at.amount), currency: fact.currency };
  const when = bookingDate(context, fact.occurredAt, object, moved);
  if (!when.ok) return when;
  const base = baseOn(context, moved, when.value.date, object);
  if (!base.ok) return base;
  const heading: Heading = { kind: fact.kind, object, when: when.value, description: at.description };
  const line = { qualifier: fact.currency, currency: fact.currency };
  const lines = [
    { role, ...line, amount: moved.amount, base: base.value },
    { role: 'clearing' as const, ...line, amount: -moved.amount, base: -base.value },
  ];
  const none = { lines: [], deferrals: [], recoveries: [] };
  return postCash(context, heading, lines, none, fact.currency, documentKey('entry', object));
}

export const processorFee: Rule<ProcessorFee> = (fact, context) => {
  if (find(context, fact.fee, 'memo') !== null) return nothing('already_booked', 'The fee is in the books.');
  const description = `Processor fee: ${fact.description}`;
  const posted = charge(context, fact, { object: fact.fee, role: 'fees', amount: fact.amount, description });
  if (!posted.ok) return refuse(posted.error);
  const { entries, documents } = posted.value;
  return booked({ entries, documents, objects: [memo(context, fact.fee, fact.description, fact.occurredAt)] });
};

export const balanceAdjusted: Rule<BalanceAdjusted> = (fact, context) => {
  if (find(context, fact.adjustment, 'memo') !== null) {
    return nothing('already_booked', 'The adjustment is in the books.');
  }
  const description = `Balance adjustment ${idOf(fact.adjustment)} (${fact.category})`;
  const at = { object: fact.adjustment, role: 'suspense' as const, amount: -fact.amount, description };
  const posted = charge(context, fact, at);
  if (!posted.ok) return refuse(posted.error);
  const stake = { amount: fact.amount, currency: fact.currency };
  const notice = problem('unsupported', fact.adjustment, {
    message: `The processor changed its balance by ${spoken(stake)} for a reason (${fact.category}) the rules do not know; it stands on suspense.`,
    remedy: 'Find out what it is at the processor and move it from suspense to its account.',
    stake,
  });
  const { entries, documents } = posted.value;
  const objects = [memo(context, fact.adjustment, fact.category, fact.occurredAt)];
  return booked({ entries, documents, objects, notices: [notice] });
};
