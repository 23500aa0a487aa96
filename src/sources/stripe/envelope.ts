/** The event envelope, all API versions since 2015, and what is told from it alone. */
import { z } from 'zod';
import { jsonObject, seconds, stripeId } from './schemas/common.ts';

export const stripeEvent = z.object({
  id: stripeId,
  object: z.literal('event').optional(),
  type: z.string().min(1).max(120),
  created: seconds,
  livemode: z.boolean().optional(),
  /** Connect: whose event it is; absent for the own account. */
  account: stripeId.nullish(),
  api_version: z.string().max(64).nullish(),
  data: z.object({ object: jsonObject, previous_attributes: jsonObject.nullish() }),
});
export type StripeEvent = z.infer<typeof stripeEvent>;

/** As much of an envelope as it takes to give a broken or foreign event a place on the quarantine list. */
export const eventHandle = z.object({ id: stripeId, type: z.string().min(1).max(120).optional() });

/** A thin event of API v2: it names an object that must be fetched, and holds no data of it. */
export const thinEvent = z.object({
  id: stripeId,
  object: z.literal('v2.core.event'),
  type: z.string().min(1).max(120),
  created: z.iso.datetime({ offset: true }),
  livemode: z.boolean().optional(),
});

const BASIL = '2025-03-31';

/**
 * Whether the event has the shapes of 2025-03-31 (basil) or later, in which charges no longer name their invoice.
 * Without a version: the classic shapes.
 */
export const isBasil = (event: Pick<StripeEvent, 'api_version'>): boolean =>
  (event.api_version ?? '').slice(0, BASIL.length) >= BASIL;
