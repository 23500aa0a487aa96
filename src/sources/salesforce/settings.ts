/** A Salesforce source's settings: which channel it listens to, how that channel proves itself, how fields are read. */
import { z } from 'zod';
import { certificatePin } from '../../verification/certificate.ts';
import { jwtSettings } from '../../verification/jwt.ts';
import { isSalesforceId } from './ids.ts';

const organizationId = z.string().refine(isSalesforceId, { error: 'an organization id: 15 or 18 characters, 00D…' });
const fieldName = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,79}$/, 'the API name of a field');

const reading = {
  /** Opportunity stages that count as won; `IsWon` counts too. */
  wonStages: z.array(z.string().min(1).max(120)).max(40).default(['Closed Won']),
  /** For orgs without multi-currency, whose records carry no `CurrencyIsoCode`. */
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'an ISO 4217 code in capitals, such as EUR')
    .optional(),
  /** The Account field that holds the tax number. */
  taxIdField: fieldName.optional(),
  /** Account fields that hold the same customer's id elsewhere: `{ "stripe": "Stripe_Customer__c" }`. */
  referenceFields: z.record(z.string().min(1).max(48), fieldName).default({}),
};

const outboundMessage = z.strictObject({
  channel: z.literal('outbound-message'),
  /** Compared on 15 characters with each envelope's. */
  organizationId,
  /** Outbound Messages cannot sign: a secret address, or Basic where something in front adds it. */
  proof: z.enum(['secret-path', 'basic']).default('secret-path'),
  /** Salesforce's client certificate, where the ingress host asks for one; raises the trust to `authenticated`. */
  clientCertificate: certificatePin.optional(),
  ...reading,
});

const signedCallout = z.strictObject({
  channel: z.literal('callout'),
  auth: z.literal('standard-webhooks'),
  organizationId: organizationId.optional(),
  ...reading,
});

const tokenCallout = z.strictObject({
  channel: z.literal('callout'),
  auth: z.literal('jwt'),
  jwt: jwtSettings,
  organizationId: organizationId.optional(),
  ...reading,
});

export const salesforceSettings = z.discriminatedUnion('channel', [
  outboundMessage,
  z.discriminatedUnion('auth', [signedCallout, tokenCallout]),
]);
export type SalesforceSettings = z.infer<typeof salesforceSettings>;
export type OutboundMessageSettings = z.infer<typeof outboundMessage>;
