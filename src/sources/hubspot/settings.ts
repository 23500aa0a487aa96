/** A HubSpot source's settings: which portal, which signatures, how records are read. */
import { z } from 'zod';

const propertyName = z.string().regex(/^[a-z][a-z0-9_]{0,99}$/, 'the internal name of a property');

export const hubspotSettings = z.strictObject({
  /** The portal (account) this source serves; events of any other are quarantined. */
  portalId: z.int().positive(),
  /** The address as HubSpot knows it, query included, where a proxy in front of the gateway changes it. */
  publicUrl: z.url({ protocol: /^https$/ }).optional(),
  /** `v1` and `v2` signatures are taken only where a request carries no v3, and only if this is set. */
  legacySignatures: z.boolean().default(false),
  /** Which records are customers of the books. */
  customers: z.array(z.enum(['company', 'contact'])).default(['company', 'contact']),
  /** Deal stages that count as won; `hs_is_closed_won` counts too. */
  wonStages: z.array(z.string().min(1).max(120)).max(40).default(['closedwon']),
  /** For portals with one currency, whose deals carry no `deal_currency_code`. */
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'an ISO 4217 code in capitals, such as EUR')
    .optional(),
  /** The property that holds the tax number. */
  taxIdProperty: propertyName.optional(),
  /** Properties that hold the same customer's id elsewhere: `{ "stripe": "stripe_customer_id" }`. */
  referenceProperties: z.record(z.string().min(1).max(48), propertyName).default({}),
});
export type HubspotSettings = z.infer<typeof hubspotSettings>;
