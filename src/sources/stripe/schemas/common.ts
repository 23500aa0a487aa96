/** Pieces that all Stripe objects share. Unknown fields are dropped: the signed bytes keep them. */
import { z } from 'zod';

export const stripeId = z.string().min(1).max(255);

/** A reference: the id, or the object itself where the sender expanded it. */
export const reference = z.union([stripeId, z.object({ id: stripeId })]);
export type Reference = z.infer<typeof reference>;

export const idFrom = (ref: Reference): string => (typeof ref === 'string' ? ref : ref.id);
export const idOf = (ref: Reference | null | undefined): string | null =>
  ref === null || ref === undefined ? null : idFrom(ref);

/** Seconds since 1970, up to the year 9999. */
export const seconds = z.int().min(0).max(253_402_300_799);
/** In Stripe's minor unit, which is not always ISO's (../amounts.ts). */
export const amount = z.int();
export const currencyCode = z.string().regex(/^[A-Za-z]{3}$/);
export const text = z.string().max(5000);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Any JSON object, taken as it is: `z.record` would copy it. */
export const jsonObject = z.custom<Readonly<Record<string, unknown>>>(isObject, { error: 'expected object' });
