/** What HubSpot sends: thin events in batches (Webhooks API), or one whole record (a workflow's webhook action). */
import { z } from 'zod';

const id = z.union([z.int().nonnegative(), z.bigint().nonnegative()]);
/** Epoch ms that a Date can hold. */
const instant = z.int().min(0).max(8_640_000_000_000_000);

export const subscriptionEvent = z.looseObject({
  eventId: id,
  subscriptionId: id,
  portalId: id,
  occurredAt: instant,
  /** `deal.propertyChange`, `company.creation`; on the newer platform `object.creation` with `objectTypeId`. */
  subscriptionType: z.string().regex(/^[A-Za-z0-9_-]{1,80}\.[A-Za-z]{1,60}$/),
  objectTypeId: z.string().max(40).nullish(),
  objectId: id.nullish(),
  propertyName: z.string().max(200).nullish(),
  propertyValue: z.string().nullish(),
  fromObjectId: id.nullish(),
  toObjectId: id.nullish(),
  primaryObjectId: id.nullish(),
});
export type SubscriptionEvent = z.infer<typeof subscriptionEvent>;

const property = z.looseObject({ value: z.union([z.string(), z.null()]) });

export const workflowRecord = z.looseObject({
  portalId: id,
  objectType: z.string().regex(/^[A-Z0-9_]{1,80}$/),
  objectTypeId: z
    .string()
    .regex(/^[0-9]+-[0-9]+$/)
    .max(40),
  objectId: id,
  properties: z.record(z.string(), property),
  version: z.int().nonnegative(),
  isDeleted: z.boolean(),
});
export type WorkflowRecord = z.infer<typeof workflowRecord>;

/** Told apart by members only one of them has. */
export const hubspotEvent = z.union([
  subscriptionEvent.transform((event) => ({ kind: 'event' as const, ...event })),
  workflowRecord.transform((record) => ({ kind: 'record' as const, ...record })),
]);
export type HubspotEvent = z.infer<typeof hubspotEvent>;

/** `GET /crm/v3/objects/<type>/<id>`: what a thin event leads to. */
export const fetchedRecord = z.looseObject({
  id: z.string(),
  properties: z.record(z.string(), z.union([z.string(), z.null()])),
  archived: z.boolean().optional(),
});
