/** A GoCardless source's settings. */
import { z } from 'zod';

export const gocardlessSettings = z.strictObject({
  /** Partners get events of many organisations through one endpoint: the only one that is booked here, OR…. */
  organisation: z
    .string()
    .regex(/^OR[A-Z0-9]{4,40}$/, 'a GoCardless organisation id, OR…')
    .optional(),
  /** The metadata key of payments under which the customer's id stands; absent: payments are not assigned to customers. */
  customerMetadataKey: z.string().min(1).max(50).optional(),
});

export type GocardlessSettings = z.infer<typeof gocardlessSettings>;
