/** A Shopify source's settings. */
import { z } from 'zod';

export const shopifySettings = z.strictObject({
  /** The only shop whose events are booked. The header that names it is not signed, so this is a filter, not a proof. */
  shop: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,252}$/, 'the shop’s domain, acme.myshopify.com')
    .optional(),
  /** When an order becomes a claim: when it is placed, or when it is paid. */
  issueAt: z.enum(['created', 'paid']).default('created'),
  /** Orders and transactions of test gateways are set aside, or booked (a development shop's source). */
  testOrders: z.enum(['refuse', 'book']).default('refuse'),
});

export type ShopifySettings = z.infer<typeof shopifySettings>;
