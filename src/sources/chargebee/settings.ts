/** A Chargebee source's settings. Chargebee signs nothing: it proves itself by Basic, a secret address, or both. */
import { z } from 'zod';

export const chargebeeSettings = z.strictObject({
  /**
   * With `basic-and-secret-path` both must hold; secrets with a colon are Basic credentials, the others addresses.
   * A secret address alone is the weakest proof (`addressed`), which moves no money by default.
   */
  proof: z.enum(['basic', 'secret-path', 'basic-and-secret-path']).default('basic'),
  /** Customer fields that hold the same customer's id elsewhere: `{ "salesforce": "cf_salesforce_account_id" }`. */
  referenceFields: z
    .record(z.string().min(1).max(48), z.string().regex(/^[a-z][a-z0-9_]{0,79}$/, 'the API name of a field'))
    .default({}),
});

export type ChargebeeSettings = z.infer<typeof chargebeeSettings>;
