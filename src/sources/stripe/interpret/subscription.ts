import { idOf } from '../schemas/common.ts';
import { type Subscription, subscription } from '../schemas/parties.ts';
import { facts, keyOf, requiredCustomer } from './context.ts';
import { handler } from './handler.ts';

/** Items, or the single plan that subscriptions had before items existed. */
function itemsOf(object: Subscription) {
  const items = object.items?.data ?? [{ price: null, plan: object.plan, quantity: object.quantity }];
  return items.map((item) => {
    const product = idOf(item.price?.product ?? item.plan?.product);
    return { product: product === null ? null : keyOf('product', product), quantity: String(item.quantity ?? 1) };
  });
}

export const subscriptionChanged = handler(subscription, {
  interpret: (object, context) =>
    facts({
      kind: 'subscription.changed',
      occurredAt: context.occurredAt,
      requires: [],
      subscription: keyOf('subscription', object.id),
      customer: requiredCustomer(context, object),
      version: context.occurredAt,
      status: object.status,
      items: itemsOf(object),
    }),
});
