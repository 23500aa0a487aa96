/** A PayPal source's settings. The webhook's id, as PayPal shows it, stands in `secrets`. */
import { z } from 'zod';

export const paypalSettings = z.strictObject({
  /** Whose certificates are believed: live and sandbox are told apart by where the certificate is fetched. */
  environment: z.enum(['live', 'sandbox']).default('live'),
});

export type PaypalSettings = z.infer<typeof paypalSettings>;
