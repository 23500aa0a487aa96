/**
 * The parts of WooCommerce's REST resources (version 3) that the books need. Amounts are decimals as text, always without
 * tax; `…_gmt` times are UTC without a zone. Source: woocommerce.github.io/woocommerce-rest-api-docs.
 */
import { z } from 'zod';
import { wireInstant } from '../instants.ts';
import { currencyCode, decimalText } from '../reading.ts';
import { numericId, wireText } from '../wire.ts';

const text = wireText.nullish();
const instant = wireInstant.nullish();
const many = <T extends z.ZodType>(item: T) => z.array(item).max(1000).default([]);

/** A reference that is 0 where there is none: guests, products that are gone. */
const reference = z.union([
  z
    .literal([0, '0', ''])
    .nullish()
    .transform(() => null),
  numericId,
]);

/** Whatever the topic: which object, whose, and when. */
export const subject = z.looseObject({
  id: numericId,
  customer_id: reference.nullish().catch(null),
  date_modified_gmt: instant.catch(null),
  date_created_gmt: instant.catch(null),
});
export type Subject = z.infer<typeof subject>;

const rate = numericId.nullish().catch(null);
const taxed = {
  id: numericId,
  total: decimalText,
  /** By rate, unrounded; empty where the rate does not apply. */
  taxes: many(z.object({ id: rate, total: z.union([decimalText, z.literal('')]).nullish() })),
};

export const order = z.object({
  id: numericId,
  number: wireText.nullish(),
  status: z.string().min(1).max(40),
  currency: currencyCode,
  prices_include_tax: z.boolean().default(false),
  total: decimalText,
  customer_id: reference.default(null),
  payment_method: z.string().max(200).default(''),
  date_created_gmt: instant,
  date_paid_gmt: instant,
  billing: z.object({ first_name: text, last_name: text, company: text, email: text }).nullish(),
  line_items: many(
    z.object({
      ...taxed,
      name: text,
      product_id: reference.default(null),
      quantity: z.number().min(0).max(1_000_000),
      subtotal: decimalText,
    }),
  ),
  shipping_lines: many(z.object({ ...taxed, method_title: text })),
  fee_lines: many(z.object({ ...taxed, name: text })),
  tax_lines: many(
    z.object({
      rate_id: rate,
      rate_code: z.string().min(1).max(200),
      rate_percent: z.number().min(0).max(1000).nullish(),
      tax_total: decimalText,
      shipping_tax_total: decimalText,
    }),
  ),
  refunds: many(z.object({ id: numericId, total: decimalText })),
});
export type Order = z.infer<typeof order>;

/** `is_paying_customer` stands on customers alone: the topic is not signed, and an order is not to pass for one. */
export const customer = z.object({
  id: numericId,
  is_paying_customer: z.boolean(),
  first_name: text,
  last_name: text,
  email: text,
  date_modified_gmt: instant,
  billing: z
    .object({
      company: text,
      address_1: text,
      address_2: text,
      city: text,
      postcode: text,
      state: text,
      country: text,
      phone: text,
    })
    .nullish(),
});
export type Customer = z.infer<typeof customer>;

/** Nothing but the id: what a `deleted` topic sends. */
export const deleted = z.strictObject({ id: numericId });
export type Deleted = z.infer<typeof deleted>;

/** `catalog_visibility` stands on products alone. */
export const product = z.object({
  id: numericId,
  name: wireText.min(1),
  status: z.string().max(40),
  catalog_visibility: z.string().max(40),
  date_modified_gmt: instant,
});
export type Product = z.infer<typeof product>;
