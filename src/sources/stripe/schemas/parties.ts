/** Customers, products and subscriptions. */
import { z } from 'zod';
import { reference, stripeId, text } from './common.ts';

const part = z.string().max(500).nullish();
const address = z.object({
  line1: part,
  line2: part,
  city: part,
  postal_code: part,
  state: part,
  country: part,
});

export const customer = z.object({
  id: stripeId,
  name: text.nullish(),
  description: text.nullish(),
  email: text.nullish(),
  phone: text.nullish(),
  address: address.nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  tax_ids: z.object({ data: z.array(z.object({ value: part })).max(100) }).nullish(),
  /** Before 2019. */
  business_vat_id: part,
});
export type Customer = z.infer<typeof customer>;

export const product = z.object({
  id: stripeId,
  name: text.nullish(),
  description: text.nullish(),
  active: z.boolean().nullish(),
});

const priced = z.object({ product: reference.nullish() }).nullish();
const item = z.object({ price: priced, plan: priced, quantity: z.number().nullish() });

export const subscription = z.object({
  id: stripeId,
  customer: reference.nullish(),
  customer_account: stripeId.nullish(),
  status: z.string().max(64),
  items: z.object({ data: z.array(item).max(1000) }).nullish(),
  /** Before items existed. */
  plan: priced,
  quantity: z.number().nullish(),
});
export type Subscription = z.infer<typeof subscription>;
