/** A Salesforce source's settings: which channel it listens to, how that channel proves itself, how fields are read. */
import { z } from 'zod';
import { certificatePin } from '../../verification/certificate.ts';
import { jwtSettings } from '../../verification/jwt.ts';
import { isSalesforceId } from './ids.ts';

const organizationId = z.string().refine(isSalesforceId, { error: 'an organization id: 15 or 18 characters, 00D…' });
const fieldName = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,79}$/, 'the API name of a field');

/** Which record an org's own event is about: the object's fields, `Id` among them, by the event's names for them. */
const eventMapping = z.strictObject({
  object: z.enum(['Account', 'Contract', 'Opportunity', 'Order', 'Product2']),
  fields: z
    .record(fieldName, fieldName)
    .refine((fields) => Object.hasOwn(fields, 'Id') && Object.keys(fields).length <= 100, {
      error: 'at most 100 fields, Id among them',
    }),
});

const reading = {
  /** Platform events (`Deal_Won__e`) and data actions (their developer name) that are to be understood. */
  events: z
    .record(fieldName, eventMapping)
    .refine((events) => Object.keys(events).length <= 100, { error: 'at most 100 events' })
    .default({}),
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

/** For relays that can only set a header, such as an EventBridge API destination: the bytes are not signed. */
const basicCallout = z.strictObject({
  channel: z.literal('callout'),
  auth: z.literal('basic'),
  organizationId: organizationId.optional(),
  ...reading,
});

const headerName = z.string().regex(/^[a-z0-9-]{1,64}$/, "a header's name in lower case");

const apiKeyCallout = z.strictObject({
  channel: z.literal('callout'),
  auth: z.literal('api-key'),
  /** Where the key stands, by itself. */
  apiKeyHeader: headerName.default('x-api-key'),
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

/**
 * Data 360's webhook data action target. Salesforce documents HMAC-SHA256 with the generated key and that the payload is
 * signed; how the header is called and the digest written is not in the text that is public, so both are settings.
 */
const dataAction = z.strictObject({
  channel: z.literal('data-action'),
  signature: z
    .strictObject({
      header: headerName.default('x-signature'),
      encoding: z.enum(['base64', 'hex']).default('base64'),
      /** What is signed: the body as it comes, or the body escaped as the inside of a JSON string. */
      content: z.enum(['body', 'json-escaped-body']).default('body'),
    })
    .prefault({}),
  ...reading,
});

export const salesforceSettings = z.discriminatedUnion('channel', [
  outboundMessage,
  z.discriminatedUnion('auth', [signedCallout, tokenCallout, basicCallout, apiKeyCallout]),
  dataAction,
]);
export type SalesforceSettings = z.infer<typeof salesforceSettings>;
export type EventMappings = SalesforceSettings['events'];
export type DataActionSettings = z.infer<typeof dataAction>;
export type OutboundMessageSettings = z.infer<typeof outboundMessage>;
