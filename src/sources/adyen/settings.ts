/** An Adyen source's settings: one source per webhook, because standard and platform webhooks are signed differently. */
import { z } from 'zod';

/** Adyen signs with the key of the webhook; Basic alone proves the caller, not the bytes. */
const proof = z.enum(['hmac', 'hmac-and-basic', 'basic']).default('hmac');

const standard = z.strictObject({
  webhook: z.literal('standard'),
  proof,
  /**
   * When a payment is money. `automatic`: at AUTHORISATION, there is no CAPTURE. `manual`: at CAPTURE, one per payment.
   * `multiple`: at CAPTURE, each of which is a payment of its own; refunds of those are shown to a person, because
   * Adyen names the authorisation they belong to, not the capture. There is no default: the wrong one books nothing, or twice.
   */
  capture: z.enum(['automatic', 'manual', 'multiple']),
  /** The only merchant account whose items are booked; absent: all. */
  merchantAccount: z.string().min(1).max(128).optional(),
  /** Only live (true) or only test. */
  live: z.boolean().optional(),
});

const platform = z.strictObject({
  webhook: z.literal('platform'),
  proof,
  /** The tenant's own balance accounts, BA…. Transfers of the others are its users' money, not its own. */
  balanceAccounts: z
    .array(z.string().regex(/^[A-Z0-9_]{1,64}$/))
    .max(50)
    .default([]),
  live: z.boolean().optional(),
});

export const adyenSettings = z.discriminatedUnion('webhook', [standard, platform]);
export type AdyenSettings = z.infer<typeof adyenSettings>;
export type StandardSettings = z.infer<typeof standard>;
export type PlatformSettings = z.infer<typeof platform>;
