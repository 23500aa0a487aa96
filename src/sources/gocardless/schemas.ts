/**
 * GoCardless events name what happened to which resource and carry no amounts; the resource is read from the API, in its
 * `{ payments: … }` wrapper or bare. Amounts are integers in the minor unit. Source: developer.gocardless.com/api-reference.
 */
import { z } from 'zod';
import { wireInstant } from '../instants.ts';
import { currencyCode, minorAmount } from '../reading.ts';
import { wireId, wireText } from '../wire.ts';

const word = z.string().regex(/^[a-z_]{1,80}$/);
const metadata = z.record(z.string(), z.unknown()).default({});

export const gocardlessEvent = z.object({
  id: z.string().regex(/^EV[A-Za-z0-9]{1,60}$/),
  created_at: wireInstant,
  resource_type: word,
  action: word,
  links: z.record(z.string(), z.union([wireId, z.unknown().transform(() => null)])).default({}),
  details: z.object({ cause: z.string().max(120).optional() }).optional(),
  resource_metadata: metadata,
});
export type GocardlessEvent = z.infer<typeof gocardlessEvent>;

export const payment = z.object({ id: wireId, amount: minorAmount.min(1), currency: currencyCode, metadata });
export type Payment = z.infer<typeof payment>;

export const refund = z.object({
  id: wireId,
  amount: minorAmount.min(1),
  currency: currencyCode,
  links: z.object({ payment: wireId.optional() }).default({}),
});
export type Refund = z.infer<typeof refund>;

export const payout = z.object({
  id: wireId,
  /** What reaches the bank. */
  amount: minorAmount,
  currency: currencyCode,
  /** What was kept of it, tax included. */
  deducted_fees: minorAmount.default(0),
  payout_type: z.string().max(40).optional(),
  arrival_date: z.iso.date().nullish(),
});
export type Payout = z.infer<typeof payout>;

export const customer = z.object({
  id: wireId,
  given_name: wireText.nullish(),
  family_name: wireText.nullish(),
  company_name: wireText.nullish(),
  email: wireText.nullish(),
  phone_number: wireText.nullish(),
  address_line1: wireText.nullish(),
  address_line2: wireText.nullish(),
  city: wireText.nullish(),
  postal_code: wireText.nullish(),
  region: wireText.nullish(),
  country_code: wireText.nullish(),
});
export type Customer = z.infer<typeof customer>;
