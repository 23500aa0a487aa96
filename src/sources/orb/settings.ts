/** What the tenant says about an Orb account. */
import { z } from 'zod';

export const orbSettings = z.strictObject({
  toleranceSeconds: z.int().min(1).max(900).default(300),
  /** Whose id `external_customer_id` is: `salesforce`. Null: nobody's that the gateway knows. */
  externalCustomerId: z.string().min(1).max(48).nullable().default(null),
  /**
   * Where the money of a credit note on a paid invoice goes, which Orb's event does not say: to the customer's balance,
   * or back to the payer. Null: a person says it each time.
   */
  refundNotes: z.enum(['balance', 'refund']).nullable().default(null),
  /** The currency of credit notes, which name none. Null: they go to a person. */
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .nullable()
    .default(null),
});
export type OrbSettings = z.infer<typeof orbSettings>;
