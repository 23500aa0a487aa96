/** Event types → facts. A type that is neither in the table nor known to be without effect goes to a person. */
import type { CanonicalEvent } from '../../canonical/events.ts';
import { currency, minorUnits } from '../../canonical/money.ts';
import { instantOf } from '../instants.ts';
import { facts, nothing, type Reader, reader, said, unknownType, without } from '../reading.ts';
import type { Interpretation, QuarantineReason } from '../source.ts';
import { keysOf } from '../source.ts';
import { adjusted } from './adjustments.ts';
import {
  adjustment,
  type Customer,
  customer,
  type PaddleEvent,
  type Product,
  payout,
  product,
  type Subscription,
  subscription,
  transaction,
} from './schemas.ts';
import { billed, canceled, collected, failed } from './transactions.ts';

const key = keysOf('paddle');

/** Microseconds: Paddle's `occurred_at`. */
interface Context {
  readonly occurredAt: number;
}

const customers = reader(customer, (read, context: Context) => facts(customerUpserted(read, context)));
const products = reader(product, (read, context: Context) => facts(productUpserted(read, context)));
const subscriptions = reader(subscription, (read, context: Context) => facts(subscriptionChanged(read, context)));
const adjustments = reader(adjustment, (read, { occurredAt }: Context) => adjusted(read, occurredAt));
const draft = without('a transaction is no claim before it is billed');
const paid = reader(transaction, (read, { occurredAt }: Context) => collected(read, occurredAt));

const each = (subject: string, verbs: readonly string[], one: Reader<Context>): [string, Reader<Context>][] =>
  verbs.map((verb) => [`${subject}.${verb}`, one]);

const readers: ReadonlyMap<string, Reader<Context>> = new Map<string, Reader<Context>>([
  ...each('customer', ['created', 'updated', 'imported'], customers),
  ...each('product', ['created', 'updated', 'imported'], products),
  ...each(
    'subscription',
    ['created', 'activated', 'canceled', 'imported', 'past_due', 'paused', 'resumed', 'trialing', 'updated'],
    subscriptions,
  ),
  ...each('transaction', ['created', 'ready'], draft),
  ['transaction.billed', reader(transaction, (read, { occurredAt }: Context) => billed(read, occurredAt))],
  ['transaction.paid', paid],
  ['transaction.completed', paid],
  ['transaction.canceled', reader(transaction, (read, { occurredAt }: Context) => canceled(read, occurredAt))],
  ['transaction.payment_failed', reader(transaction, (read, { occurredAt }: Context) => failed(read, occurredAt))],
  ['transaction.past_due', without('lateness is no loss')],
  ['transaction.updated', without('what moves money has an event of its own')],
  ['transaction.revised', without("a revision corrects the customer's details and Paddle's own tax")],
  ...each('adjustment', ['created', 'updated'], adjustments),
  ['payout.created', without('a payout is booked when it is paid')],
  [
    'payout.paid',
    reader(payout, ({ id, amount, currency_code: code }, { occurredAt }: Context) =>
      facts({
        kind: 'payout.sent',
        occurredAt: instantOf(occurredAt),
        requires: [],
        payout: key('payout', id),
        currency: currency(code),
        amount: minorUnits(amount),
        arrivesAt: null,
        transactions: null,
      }),
    ),
  ],
]);

/** Set-up, catalogue details and what a customer keeps at Paddle (addresses, businesses: several for each customer). */
const withoutEffect =
  /^(?:address|api_key|api_key_exposure|business|client_token|discount|discount_group|payment_method|price|report)\./;

export const understoodTypes: readonly string[] = [...readers.keys()].sort();

/** Why the event cannot be handed on, or null. Facts that do not add up show later, when it is interpreted. */
export function objection({ event_type: type, data }: PaddleEvent): QuarantineReason | null {
  const known = readers.get(type);
  if (known !== undefined) return known.problem(data);
  return withoutEffect.test(type) ? null : unknownType;
}

export function factsOf({ event_type: type, data, occurred_at: occurredAt }: PaddleEvent): Interpretation {
  const known = readers.get(type);
  if (known !== undefined) return known.facts(data, { occurredAt });
  return withoutEffect.test(type) ? nothing(`${type} concerns no books`) : { kind: 'quarantine', reason: unknownType };
}

function customerUpserted(read: Customer, { occurredAt }: Context): CanonicalEvent {
  return {
    kind: 'customer.upserted',
    occurredAt: instantOf(occurredAt),
    requires: [],
    customer: key('customer', read.id),
    version: read.updated_at ?? occurredAt,
    name: said(read.name),
    email: said(read.email),
    phone: null,
    taxId: null,
    address: null,
    references: {},
    deleted: read.status === 'archived',
  };
}

function productUpserted(read: Product, { occurredAt }: Context): CanonicalEvent {
  return {
    kind: 'product.upserted',
    occurredAt: instantOf(occurredAt),
    requires: [],
    product: key('product', read.id),
    version: read.updated_at ?? occurredAt,
    name: read.name,
    description: said(read.description),
    active: read.status === 'active',
  };
}

function subscriptionChanged(read: Subscription, { occurredAt }: Context): CanonicalEvent {
  return {
    kind: 'subscription.changed',
    occurredAt: instantOf(occurredAt),
    requires: [],
    subscription: key('subscription', read.id),
    customer: key('customer', read.customer_id),
    version: read.updated_at ?? occurredAt,
    status: read.status,
    items: read.items.map(({ price, quantity }) => ({
      product: key('product', price.product_id),
      quantity: String(quantity),
    })),
  };
}
