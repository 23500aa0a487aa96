/** A WooCommerce source's settings. */
import { z } from 'zod';

export const woocommerceSettings = z.strictObject({
  /**
   * Whose word counts for the money of an order. `book`: the order's own, as paid to clearing, or outside any processor for
   * bank transfers, cheques and cash on delivery. `elsewhere`: a source of the gateway's (Stripe, PayPal …) tells it, so
   * orders are claims only. There is no default: the wrong one books nothing, or twice.
   */
  payments: z.enum(['book', 'elsewhere']),
  /** The only shop whose events are booked, as `X-WC-Webhook-Source` has it. That header is not signed: a filter, not a proof. */
  shop: z.url().max(255).optional(),
});
export type WoocommerceSettings = z.infer<typeof woocommerceSettings>;
