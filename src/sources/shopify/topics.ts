/** Every topic the source understands. One that is neither here nor of a family here is quarantined. */
import { type Reader, reader, unsupported, without } from '../reading.ts';
import type { Context } from './context.ts';
import { customerChanged, customersMerged, productChanged } from './master.ts';
import { disputeChanged, refundCreated, transactionCreated } from './money.ts';
import { orderCancelled, orderCreated, orderPaid } from './orders.ts';
import { customer, dispute, merge, order, product, refund, transaction } from './schemas.ts';

const customerReader = reader(customer, customerChanged);
const productReader = reader(product, productChanged);
const disputeReader = reader(dispute, disputeChanged);
const forPerson = (detail: string): Reader<unknown> => ({ problem: () => null, facts: () => unsupported(detail) });
const privacy = forPerson('a privacy request: to be carried out by a person within its legal time');

const topics: Readonly<Record<string, Reader<Context>>> = {
  'customers/create': customerReader,
  'customers/update': customerReader,
  'customers/enable': customerReader,
  'customers/disable': customerReader,
  'customers/delete': customerReader,
  'customers/merge': reader(merge, customersMerged),
  'customers/redact': privacy,
  'customers/data_request': privacy,
  'shop/redact': privacy,
  'products/create': productReader,
  'products/update': productReader,
  'products/delete': productReader,
  'orders/create': reader(order, orderCreated),
  'orders/paid': reader(order, orderPaid),
  'orders/cancelled': reader(order, orderCancelled),
  'orders/edited': forPerson('order_edit: an order was changed after it was booked'),
  'orders/updated': without('what moves money has topics of its own'),
  'orders/fulfilled': without('fulfilment moves no money'),
  'orders/partially_fulfilled': without('fulfilment moves no money'),
  'orders/delete': without('only archived, test and cancelled orders can be deleted'),
  'order_transactions/create': reader(transaction, transactionCreated),
  'refunds/create': reader(refund, refundCreated),
  'disputes/create': disputeReader,
  'disputes/update': disputeReader,
  'tender_transactions/create': without('repeats an order’s transaction'),
};

const families: readonly (readonly [RegExp, string])[] = [
  [/^orders\/(risk_assessment_changed|shopify_protect_eligibility_changed|link_requested)$/, 'concerns no books'],
  [
    /^(subscription_contracts|subscription_billing_attempts|subscription_billing_cycle\w*|selling_plan_groups)\//,
    'each billing makes an order, which has events of its own',
  ],
  [/^(returns|reverse_\w+|fulfillments?|fulfillment_\w+)\//, 'goods move; money is told by refunds/create'],
  [/^(payment_terms|payment_schedules)\//, 'when an order falls due; the order has events of its own'],
  [/^(draft_orders|carts|checkouts)\//, 'not an order yet'],
  [
    /^(app|app_\w+|shop|themes|locations|locales|domains|markets|profiles|segments|tax_services|bulk_operations|audit_events|metaobjects|channels|companies|company_\w+|customer_\w+|customers_\w+|collections|collection_\w+|product_\w+|variants|inventory_\w+|discounts|scheduled_product_listings)\//,
    'concerns no books',
  ],
];

export const understoodTopics: readonly string[] = Object.keys(topics);

export function topicReader(topic: string): Reader<Context> | null {
  const known = Object.hasOwn(topics, topic) ? topics[topic] : undefined;
  if (known !== undefined) return known;
  const family = families.find(([pattern]) => pattern.test(topic));
  return family === undefined ? null : without(family[1]);
}
