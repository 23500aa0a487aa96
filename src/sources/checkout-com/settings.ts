/** A Checkout.com source's settings. */
import { z } from 'zod';

export const checkoutSettings = z.strictObject({
  /**
   * Whether deliveries must also carry a key in `Authorization`, as the webhook is set up to send: a live secret that
   * begins with `authorization:`, the key behind it. It stands beside the signature, never in its place.
   */
  authorization: z.boolean().default(false),
  /** The tenant's own entities, `ent_…`: their payouts are booked. */
  ownEntities: z
    .array(z.string().regex(/^ent_\w{1,60}$/))
    .max(50)
    .default([]),
});
export type CheckoutSettings = z.infer<typeof checkoutSettings>;
