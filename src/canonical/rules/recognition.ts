/**
 * revenue.recognized: Dr deferred revenue, Cr revenue, on the month's last day. The entry's own slices take off the
 * schedule what it recognises, so a second run finds nothing and what comes late is found by the next.
 */
import { accountFor } from '../accounts.ts';
import type { DeferralSlice } from '../entry.ts';
import type { RevenueRecognized } from '../events.ts';
import { minorUnits, negate } from '../money.ts';
import { lastDayOf } from '../periods.ts';
import { type Heading, postEntry } from './booking.ts';
import { documentKey } from './document-keys.ts';
import { memo } from './fee.ts';
import { type Line, merge } from './lines.ts';
import { booked, find, nothing, openDay, type Rule, type RuleContext, refuse } from './rule.ts';

/** A slice of the discount's schedule goes back to the contra account it came from. */
function roleOf({ books }: RuleContext, slice: DeferralSlice): 'revenue' | 'discount' {
  const discount = accountFor(books.accounts, 'discount', slice.currency);
  return discount.ok && discount.value === slice.revenueAccount ? 'discount' : 'revenue';
}

function linesOf(context: RuleContext, slice: DeferralSlice): Line[] {
  const { currency, amount, base, revenueAccount, deferredAccount } = slice;
  const common = { currency, customer: null, tax: null, memo: null, settles: null };
  return [
    { ...common, role: 'deferredRevenue', account: deferredAccount, amount, base },
    { ...common, role: roleOf(context, slice), account: revenueAccount, amount: negate(amount), base: negate(base) },
  ];
}

export const revenueRecognized: Rule<RevenueRecognized> = (fact, context) => {
  const { recognition, period } = fact;
  if (find(context, recognition, 'memo') !== null) return nothing('already_booked', 'The run is in the books.');
  const open = fact.open.filter((slice) => slice.amount !== 0 || slice.base !== 0);
  if (open.length === 0) return nothing('no_effect', `Nothing is left to recognise for ${period.slice(0, 7)}.`);
  const stake = {
    amount: minorUnits(open.reduce((sum, slice) => sum + slice.base, 0)),
    currency: context.books.currency,
  };
  const when = openDay(context, lastDayOf(period), recognition, stake);
  if (!when.ok) return refuse(when.error);
  const description = `Revenue recognised for ${period.slice(0, 7)}`;
  const heading: Heading = { kind: fact.kind, object: recognition, when: when.value, description };
  const lines = merge(open.flatMap((slice) => linesOf(context, slice)));
  const deferrals = open.map((slice) => ({ ...slice, amount: negate(slice.amount), base: negate(slice.base) }));
  const posted = postEntry(context, heading, { lines, deferrals }, documentKey('entry', recognition));
  return booked({ ...posted, objects: [memo(context, recognition, description, fact.occurredAt)] });
};
