/** What the tenant says about a Recurly site. */
import { z } from 'zod';

export const recurlySettings = z.strictObject({
  /** JSON notifications are signed; the old XML ones know Basic only. */
  format: z.enum(['json', 'xml']).default('json'),
  toleranceSeconds: z.int().min(1).max(900).default(300),
  /** Of payments in XML, which name none; null: they go to a person. */
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .nullable()
    .default(null),
  /** Whether transactions marked as test are booked: for sandbox sites only. */
  acceptTest: z.boolean().default(false),
});
export type RecurlySettings = z.infer<typeof recurlySettings>;
