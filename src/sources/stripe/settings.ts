/** The Stripe part of a source's config. */
import { z } from 'zod';
import { DEFAULT_TOLERANCE_SECONDS } from '../../verification/hmac.ts';

export const stripeSettings = z.strictObject({
  /** Only live (true) or only test events; absent: both, told apart by nothing. Production sources should say true. */
  livemode: z.boolean().optional(),
  /** Connect: the one connected account whose events these are. Absent: events of the own account only. */
  account: z
    .string()
    .regex(/^acct_[A-Za-z0-9]{1,64}$/, 'a Stripe account id, acct_…')
    .optional(),
  toleranceSeconds: z.int().min(1).max(3600).default(DEFAULT_TOLERANCE_SECONDS),
  /** The endpoint's pinned API version, for people; events say their own. */
  apiVersion: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$/, 'a Stripe API version, such as 2025-03-31.basil')
    .optional(),
});

export type StripeSettings = z.infer<typeof stripeSettings>;
