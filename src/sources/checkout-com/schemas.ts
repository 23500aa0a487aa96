/**
 * The parts of Checkout.com's events that the books need. Amounts are whole numbers in the currency's smallest unit as
 * Checkout.com counts it (see money.ts). Source: checkout.com/docs, "Event types", an example for each.
 */
import { z } from 'zod';
import { wireInstant } from '../instants.ts';
import { currencyCode, minorAmount } from '../reading.ts';
import { wireId, wireText } from '../wire.ts';

const text = wireText.nullish();

export const checkoutEvent = z.looseObject({
  id: z.string().regex(/^[\w-]{1,120}$/),
  type: z.string().regex(/^[a-z_]{1,120}$/),
  /** Disputes and newer payment events have `timestamp` instead. */
  created_on: wireInstant.nullish(),
  timestamp: wireInstant.nullish(),
  data: z.record(z.string(), z.unknown()).default({}),
});
export type CheckoutEvent = z.infer<typeof checkoutEvent>;

/** What names the payment of any event: itself, or the one a dispute is about. */
export const subject = z.looseObject({
  id: wireId.nullish().catch(null),
  payment_id: wireId.nullish().catch(null),
});

export const action = z.object({
  /** The payment's. */
  id: wireId,
  /** This capture's, refund's or attempt's. */
  action_id: wireId,
  amount: minorAmount.min(0),
  currency: currencyCode,
  processed_on: wireInstant.nullish(),
  response_summary: text,
  customer: z.object({ id: wireId.nullish() }).nullish(),
  balances: z.object({ total_captured: minorAmount.min(0), total_refunded: minorAmount.min(0) }).nullish(),
});
export type Action = z.infer<typeof action>;

export const dispute = z.object({
  id: wireId,
  payment_id: wireId,
  amount: minorAmount.positive(),
  currency: currencyCode,
  date: wireInstant.nullish(),
});
export type Dispute = z.infer<typeof dispute>;

export const payout = z.object({
  payout_id: wireId,
  entity_id: wireId.nullish(),
  sub_entity_id: wireId.nullish(),
  instruction: z.object({
    source_amount: minorAmount.positive(),
    source_currency: currencyCode,
  }),
  processed_on: wireInstant.nullish(),
});
export type Payout = z.infer<typeof payout>;
