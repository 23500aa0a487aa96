/** A Lago source's settings: which signature its endpoint was given, and what says that money came. */
import { z } from 'zod';

const common = {
  /**
   * Lago announces payments through a processor as `payment.succeeded`. Where invoices are marked as paid in Lago
   * instead, only their status says so; never let both speak of the same money.
   */
  paymentsFrom: z.enum(['payments', 'invoice-status']).default('payments'),
};

export const lagoSettings = z.discriminatedUnion('signature', [
  /** Secrets: the organization's HMAC key. */
  z.strictObject({ signature: z.literal('hmac'), ...common }),
  /** Secrets: Lago's public key. `issuer` is the address of its API, `https://api.getlago.com`. */
  z.strictObject({ signature: z.literal('jwt'), issuer: z.string().min(1).max(512), ...common }),
]);

export type LagoSettings = z.infer<typeof lagoSettings>;
