/** subscription.changed: remembered, not booked; revenue comes with its invoices. */
import type { SubscriptionChanged } from '../events.ts';
import type { SubscriptionState } from '../objects.ts';
import { booked, find, nothing, type Rule } from './rule.ts';

export const subscriptionChanged: Rule<SubscriptionChanged> = (fact, context) => {
  const known = find(context, fact.subscription, 'subscription');
  if (known !== null && fact.version < known.version) return nothing('stale', 'A newer snapshot is in the books.');
  if (known !== null && fact.version === known.version)
    return nothing('already_booked', 'This snapshot is in the books.');
  const { subscription, customer, version, status } = fact;
  const { entity } = context.books;
  const state: SubscriptionState = {
    kind: 'subscription',
    key: subscription,
    ...{ entity, version, related: [], customer, status },
  };
  return booked({ objects: [state] });
};
