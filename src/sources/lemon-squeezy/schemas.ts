/**
 * The parts of Lemon Squeezy's JSON:API resources that the books need. Amounts are whole cents of the stated currency.
 * Source: docs.lemonsqueezy.com/api, the order, subscription and subscription invoice objects.
 */
import { z } from 'zod';
import { timestamp, wireInstant } from '../instants.ts';
import { currencyCode, minorAmount } from '../reading.ts';
import { numericId, wireText } from '../wire.ts';

const cents = minorAmount.min(0);
const text = wireText.nullish();
const instant = wireInstant.nullish();

export const lemonEvent = z.object({
  meta: z.looseObject({
    event_name: z.string().regex(/^[a-z_]{1,80}$/),
    test_mode: z.boolean().nullish().catch(null),
  }),
  data: z.looseObject({
    type: z.string().regex(/^[a-z-]{1,80}$/),
    id: numericId,
    attributes: z.looseObject({
      store_id: numericId.nullish().catch(null),
      customer_id: numericId.nullish().catch(null),
      test_mode: z.boolean().nullish().catch(null),
      // As text: what is read here is read again by the type's own schema.
      created_at: z.string().max(64).nullish().catch(null),
      updated_at: z.string().max(64).nullish().catch(null),
    }),
  }),
});
export type LemonEvent = z.infer<typeof lemonEvent>;

const priced = {
  customer_id: numericId,
  user_name: text,
  user_email: text,
  currency: currencyCode,
  status: z.string().min(1).max(40),
  subtotal: cents,
  discount_total: cents,
  tax: cents,
  total: cents,
  refunded_amount: cents.nullish(),
  refunded_at: instant,
  created_at: wireInstant,
};

export const order = z.object({
  ...priced,
  order_number: numericId.nullish(),
  setup_fee: cents.nullish(),
  first_order_item: z
    .object({
      product_id: numericId,
      product_name: text,
      price: cents,
      quantity: z.int().min(1).max(1_000_000).default(1),
    })
    .nullish(),
});
export type Order = z.infer<typeof order>;

export const subscriptionInvoice = z.object({
  ...priced,
  subscription_id: numericId,
  /** `initial`, `renewal` or `updated`. */
  billing_reason: z.string().min(1).max(40),
});
export type SubscriptionInvoice = z.infer<typeof subscriptionInvoice>;

export const subscription = z.object({
  customer_id: numericId,
  product_id: numericId,
  status: z.string().min(1).max(40),
  first_subscription_item: z.object({ quantity: z.int().min(0).max(1_000_000) }).nullish(),
  updated_at: timestamp,
});
export type Subscription = z.infer<typeof subscription>;
