/**
 * PayPal's events: an envelope of one form, resources of two generations (payments v1 with `total` and `currency`, v2 with
 * `value` and `currency_code`). Amounts are decimals as text. Source: paypal-rest-api-specifications.
 */
import { z } from 'zod';
import { readInstant } from '../instants.ts';
import { currencyCode, decimalText } from '../reading.ts';
import { wireId, wireText } from '../wire.ts';

/** PayPal's own samples write day and month the wrong way round: an instant that is none counts as absent. */
const instant = z
  .string()
  .max(40)
  .nullish()
  .transform((text) => (text === null || text === undefined ? null : readInstant(text)));

const amount2 = z.object({ value: decimalText, currency_code: currencyCode });
const amount1 = z.object({ total: decimalText, currency: currencyCode });
const fee1 = z.object({ value: decimalText, currency: currencyCode });

/** Both generations as one: a decimal and its currency. */
const amount = z.union([
  amount2.transform(({ value, currency_code }) => ({ value, currency: currency_code })),
  amount1.transform(({ total, currency }) => ({ value: total, currency })),
  fee1,
]);
export type Amount = z.infer<typeof amount>;

export const paypalEvent = z.object({
  id: z.string().regex(/^WH-[A-Za-z0-9-]{1,100}$/),
  event_type: z.string().regex(/^[A-Z0-9_.-]{1,120}$/),
  create_time: instant,
  resource: z.looseObject({
    id: wireId.optional().catch(undefined),
    create_time: instant.catch(null),
    update_time: instant.catch(null),
    status_update_time: instant.catch(null),
  }),
});
export type PaypalEvent = z.infer<typeof paypalEvent>;

const breakdown = z.object({ gross_amount: amount, paypal_fee: amount.optional(), net_amount: amount.optional() });

export const payment = z.object({
  id: wireId,
  amount,
  seller_receivable_breakdown: breakdown.optional(),
  transaction_fee: amount.optional(),
  billing_agreement_id: wireId.optional(),
});
export type Payment = z.infer<typeof payment>;

export const refund = z.object({
  id: wireId,
  amount,
  seller_payable_breakdown: breakdown.optional(),
  sale_id: wireId.optional(),
  capture_id: wireId.optional(),
  links: z
    .array(z.object({ rel: z.string().max(60), href: z.string().max(1024) }))
    .max(50)
    .default([]),
});
export type Refund = z.infer<typeof refund>;

export const dispute = z.object({
  dispute_id: wireId,
  dispute_amount: amount,
  disputed_transactions: z
    .array(z.object({ seller_transaction_id: wireId.optional() }))
    .max(50)
    .default([]),
});
export type Dispute = z.infer<typeof dispute>;

export const subscription = z.object({
  id: wireId,
  status: z.string().max(40).optional(),
  state: z.string().max(40).optional(),
  plan_id: wireId.optional(),
  quantity: z.string().max(32).optional(),
  subscriber: z.object({ payer_id: wireId.optional() }).optional(),
  payer: z.object({ payer_info: z.object({ payer_id: wireId.optional() }).optional() }).optional(),
});
export type Subscription = z.infer<typeof subscription>;

export const catalogueItem = z.object({
  id: wireId,
  name: wireText,
  description: wireText.nullish(),
  status: z.string().max(40).optional(),
  state: z.string().max(40).optional(),
});
export type CatalogueItem = z.infer<typeof catalogueItem>;

export const payoutItem = z.object({
  payout_item_id: wireId,
  payout_item: z.object({ amount }),
  payout_item_fee: amount.optional(),
});
export type PayoutItem = z.infer<typeof payoutItem>;
