/**
 * A Zuora source's settings. A callout's body is whatever its template says, so the template is described here: where the
 * event's name and id stand, and for each event which member of the body is which part of a fact.
 */
import { z } from 'zod';

/** A path of member names into the JSON body, `Invoice.Amount`. */
const path = z.string().regex(/^[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+){0,7}$/, 'member names with dots between');
const optional = path.optional();

const shapes = {
  customer: z.strictObject({
    fact: z.literal('customer'),
    customer: path,
    updatedAt: optional,
    name: optional,
    email: optional,
    /** The same customer elsewhere: `{ "salesforce": "Account.CrmId" }`. */
    references: z.record(z.string().min(1).max(48), path).default({}),
  }),
  subscription: z.strictObject({
    fact: z.literal('subscription'),
    subscription: path,
    customer: path,
    status: path,
    updatedAt: optional,
  }),
  /** As one line: a callout template lists no charges. `tax` absent means that there is none. */
  invoice: z.strictObject({
    fact: z.literal('invoice'),
    invoice: path,
    customer: path,
    number: optional,
    currency: path,
    total: path,
    tax: optional,
    issuedOn: path,
    dueOn: optional,
  }),
  payment: z.strictObject({
    fact: z.literal('payment'),
    payment: path,
    customer: path,
    invoice: optional,
    currency: path,
    amount: path,
    paidAt: path,
    /** Whether it is at the gateway (electronic) or came outside (check, transfer). */
    kind: z.enum(['captured', 'external']).default('captured'),
  }),
  failedPayment: z.strictObject({
    fact: z.literal('failed-payment'),
    payment: path,
    customer: path,
    invoice: optional,
    currency: path,
    amount: path,
    reason: optional,
  }),
  refund: z.strictObject({
    fact: z.literal('refund'),
    refund: path,
    payment: path,
    customer: path,
    currency: path,
    amount: path,
    refundedAt: path,
  }),
  voidedInvoice: z.strictObject({ fact: z.literal('voided-invoice'), invoice: path, customer: path }),
  nothing: z.strictObject({ fact: z.literal('nothing') }),
};

export const zuoraMapping = z.discriminatedUnion('fact', [
  shapes.customer,
  shapes.subscription,
  shapes.invoice,
  shapes.payment,
  shapes.failedPayment,
  shapes.refund,
  shapes.voidedInvoice,
  shapes.nothing,
]);
export type ZuoraMapping = z.infer<typeof zuoraMapping>;

const proof = z.discriminatedUnion('scheme', [
  /** Secrets: `user:password`. Zuora sends them only when it is challenged, unless the callout is preemptive. */
  z.strictObject({ scheme: z.literal('basic') }),
  /** Secrets: the key as text. The template signs the request body and writes the digest into this header. */
  z.strictObject({
    scheme: z.literal('hmac'),
    header: z.string().regex(/^[a-z0-9-]{1,80}$/, 'a header name in lower case'),
    hash: z.enum(['SHA-1', 'SHA-256', 'SHA-512']).default('SHA-256'),
    encoding: z.enum(['hex', 'base64']).default('base64'),
  }),
]);

export const zuoraSettings = z.strictObject({
  proof: proof.default({ scheme: 'basic' }),
  /** Where the template writes the event's name. */
  eventType: path.default('EventType'),
  /**
   * What together makes an event's id, in order: the object's id and what changes with each event of it. Absent: the
   * body's bytes, so that only an exact repeat is one.
   */
  eventId: z.array(path).min(1).max(6).nullable().default(null),
  occurredAt: path.nullable().default(null),
  /** Whose lane it goes to. */
  customer: path.default('AccountId'),
  /** By event name; an event that is not here goes to a person. */
  events: z.record(z.string().min(1).max(120), zuoraMapping).default({}),
});
export type ZuoraSettings = z.infer<typeof zuoraSettings>;
