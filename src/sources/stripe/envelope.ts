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

/** Objects are read from the API in this version's shapes, whatever the account's default is. */
export const READ_VERSION = '2025-03-31.basil';

const BASIL = '2025-03-31';

/**
 * Whether the event has the shapes of 2025-03-31 (basil) or later, in which charges no longer name their invoice.
 * Without a version: the classic shapes.
 */
export const isBasil = (event: Pick<StripeEvent, 'api_version'>): boolean =>
  (event.api_version ?? '').slice(0, BASIL.length) >= BASIL;
