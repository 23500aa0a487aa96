/**
 * deal.won, contract.activated: a commitment, no right to consideration yet (ASC 606): an entry without lines, so that it
 * stands in the books' order without moving them.
 */
import type { ContractActivated, DealWon } from '../events.ts';
import type { ObjectKey } from '../ids.ts';
import { entryFor, type Heading } from './booking.ts';
import { memo } from './fee.ts';
import { ensurePartner } from './partners.ts';
import { booked, bookingDate, find, nothing, type Rule, type RuleContext, refuse, spoken } from './rule.ts';

function commitment(context: RuleContext, fact: DealWon | ContractActivated, object: ObjectKey, description: string) {
  if (find(context, object, 'memo') !== null) return nothing('already_booked', 'It is in the books.');
  const when = bookingDate(context, fact.occurredAt, object, null);
  if (!when.ok) return refuse(when.error);
  const heading: Heading = { kind: fact.kind, object, when: when.value, description };
  const partner = ensurePartner(context, fact.customer);
  return booked({
    entries: [entryFor(context, heading, [])],
    documents: partner.documents,
    objects: [...partner.objects, memo(context, object, description, fact.occurredAt)],
  });
}

export const dealWon: Rule<DealWon> = (fact, context) => {
  const { amount, currency } = fact;
  const over = amount === null || currency === null ? '' : ` over ${spoken({ amount, currency })}`;
  return commitment(context, fact, fact.deal, `Deal won: ${fact.name}${over}`);
};

export const contractActivated: Rule<ContractActivated> = (fact, context) =>
  commitment(context, fact, fact.contract, `Contract activated: ${fact.name}`);
