/**
 * The parts of Shopify's REST resources that the books need. Ids pass 2^53 and come as text from here on; amounts are
 * decimals of the shop's currency, as text or (old payloads) as numbers. Source: shopify.dev/docs/api/admin-rest.
 */
import { z } from 'zod';
import { wireInstant } from '../instants.ts';
import { currencyCode, decimalText } from '../reading.ts';
import { numericId, wireText } from '../wire.ts';

const decimal = z.union([decimalText, z.number().transform(String).pipe(decimalText)]);
const text = wireText.nullish();
const instant = wireInstant.nullish();
const many = <T extends z.ZodType>(item: T) => z.array(item).max(1000).default([]);

/** Whatever the topic: which object, whose, and when. */
export const subject = z.looseObject({
  id: numericId.nullish().catch(null),
  admin_graphql_api_id: z.string().max(255).nullish().catch(null),
  order_id: numericId.nullish().catch(null),
  customer: z.object({ id: numericId }).nullish().catch(null),
  updated_at: instant.catch(null),
  created_at: instant.catch(null),
});
export type Subject = z.infer<typeof subject>;

const address = z.object({
  address1: text,
  address2: text,
  city: text,
  zip: text,
  province: text,
  country_code: text,
});

export const customer = z.object({
  id: numericId,
  admin_graphql_api_id: z.string().max(255).nullish(),
  first_name: text,
  last_name: text,
  email: text,
  phone: text,
  updated_at: instant,
  default_address: address.nullish(),
});
export type Customer = z.infer<typeof customer>;

export const product = z.object({
  id: numericId,
  title: wireText.nullish(),
  body_html: z.string().max(200_000).nullish(),
  status: z.string().max(40).nullish(),
  updated_at: instant,
});
export type Product = z.infer<typeof product>;

const taxLine = z.object({
  title: z.string().min(1).max(200),
  price: decimal,
  rate: z.number().min(0).max(10).nullish(),
});
const allocation = z.object({ amount: decimal });

export const order = z.object({
  id: numericId,
  name: wireText.nullish(),
  currency: currencyCode,
  financial_status: z.string().max(40).nullish(),
  taxes_included: z.boolean().default(false),
  total_price: decimal,
  test: z.boolean().default(false),
  processed_at: instant,
  created_at: instant,
  email: text,
  customer: z.object({ id: numericId, first_name: text, last_name: text }).nullish(),
  billing_address: z.object({ name: text, company: text }).nullish(),
  line_items: many(
    z.object({
      id: numericId,
      name: wireText.nullish(),
      title: wireText.nullish(),
      price: decimal,
      quantity: z.int().min(0).max(1_000_000),
      product_id: numericId.nullish(),
      gift_card: z.boolean().default(false),
      discount_allocations: many(allocation),
      tax_lines: many(taxLine),
    }),
  ),
  shipping_lines: many(
    z.object({
      id: numericId.nullish(),
      title: wireText.nullish(),
      price: decimal,
      discount_allocations: many(allocation),
      tax_lines: many(taxLine),
    }),
  ),
});
export type Order = z.infer<typeof order>;

export const transaction = z.object({
  id: numericId,
  order_id: numericId.nullish(),
  parent_id: numericId.nullish(),
  kind: z.enum(['authorization', 'capture', 'sale', 'void', 'refund', 'change', 'emv_authorization']),
  status: z.string().max(40),
  amount: decimal,
  currency: currencyCode,
  gateway: z.string().max(120).nullish(),
  test: z.boolean().default(false),
  error_code: z.string().max(200).nullish(),
  processed_at: instant,
  created_at: instant,
});
export type Transaction = z.infer<typeof transaction>;

export const refund = z.object({
  id: numericId,
  order_id: numericId,
  processed_at: instant,
  created_at: instant,
  refund_line_items: many(z.object({ id: numericId.nullish() })),
  order_adjustments: many(z.object({ id: numericId.nullish() })),
  transactions: many(transaction),
});
export type Refund = z.infer<typeof refund>;

export const dispute = z.object({
  id: numericId,
  order_id: numericId,
  type: z.enum(['inquiry', 'chargeback']),
  status: z.string().max(60),
  amount: decimal,
  currency: currencyCode,
  initiated_at: instant,
  finalized_on: instant,
});
export type Dispute = z.infer<typeof dispute>;

export const merge = z.object({ status: z.string().max(40) });
