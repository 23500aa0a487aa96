/**
 * The parts of Paddle Billing's entities that the books need (API version 1). Unknown members pass. Amounts are text in
 * the currency's minor unit, instants RFC 3339 with up to nine decimals.
 */
import { z } from 'zod';
import { timestamp } from '../instants.ts';
import { currencyCode, minorAmountText } from '../reading.ts';

const id = z.string().min(1).max(255);
const text = z.string().max(10_000);
const many = <T extends z.ZodType>(item: T) => z.array(item).max(500).default([]);

export const eventEnvelope = z.object({
  event_id: z.string().regex(/^\w{1,120}$/),
  event_type: z.string().regex(/^[a-z_.]{1,100}$/),
  occurred_at: timestamp,
  data: z.record(z.string(), z.unknown()),
});
export type PaddleEvent = z.infer<typeof eventEnvelope>;

export const customer = z.object({
  id,
  name: text.nullish(),
  email: text.nullish(),
  status: z.string().max(40),
  updated_at: timestamp.nullish(),
});
export type Customer = z.infer<typeof customer>;

export const product = z.object({
  id,
  name: text,
  description: text.nullish(),
  status: z.string().max(40),
  updated_at: timestamp.nullish(),
});
export type Product = z.infer<typeof product>;

export const subscription = z.object({
  id,
  customer_id: id,
  status: z.string().min(1).max(40),
  items: many(z.object({ price: z.object({ product_id: id }), quantity: z.int().min(0) })),
  updated_at: timestamp.nullish(),
});
export type Subscription = z.infer<typeof subscription>;

const lineTotals = z.object({
  subtotal: minorAmountText,
  discount: minorAmountText,
  tax: minorAmountText,
  total: minorAmountText,
});

/** In the payout currency; null until the fee is known. */
const payoutTotals = z.object({
  tax: minorAmountText,
  total: minorAmountText,
  fee: minorAmountText,
  earnings: minorAmountText,
  currency_code: currencyCode,
  exchange_rate: z.string().max(40).nullish(),
});

export const transaction = z.object({
  id,
  status: z.string().max(40),
  customer_id: id.nullish(),
  currency_code: currencyCode,
  collection_mode: z.enum(['automatic', 'manual']),
  invoice_number: text.nullish(),
  billed_at: timestamp.nullish(),
  billing_period: z.object({ starts_at: timestamp, ends_at: timestamp }).nullish(),
  details: z.object({
    totals: z.object({
      ...lineTotals.shape,
      credit: minorAmountText,
      credit_to_balance: minorAmountText.default(0),
      balance: minorAmountText,
    }),
    payout_totals: payoutTotals.nullish(),
    line_items: many(
      z.object({
        id,
        quantity: z.int(),
        totals: lineTotals,
        product: z.object({ id, name: text }),
        price_id: id.nullish(),
        proration: z
          .object({ billing_period: z.object({ starts_at: timestamp, ends_at: timestamp }).nullish() })
          .nullish(),
      }),
    ),
  }),
  items: many(z.object({ price: z.object({ id: id.nullish(), billing_cycle: z.unknown() }) })),
  payments: many(
    z.object({
      payment_attempt_id: id,
      amount: minorAmountText,
      status: z.string().max(60),
      error_code: z.string().max(100).nullish(),
      created_at: timestamp,
      captured_at: timestamp.nullish(),
    }),
  ),
});
export type Transaction = z.infer<typeof transaction>;

const adjustmentTotals = z.object({
  subtotal: minorAmountText,
  tax: minorAmountText,
  total: minorAmountText,
});

export const adjustment = z.object({
  id,
  action: z.string().max(40),
  status: z.string().max(40),
  transaction_id: id,
  customer_id: id.nullish(),
  currency_code: currencyCode,
  reason: text.nullish(),
  credit_applied_to_balance: z.boolean().nullish(),
  items: many(z.object({ id, item_id: id, totals: adjustmentTotals })),
  totals: adjustmentTotals,
  payout_totals: z
    .object({
      ...adjustmentTotals.shape,
      fee: minorAmountText,
      earnings: minorAmountText,
      currency_code: currencyCode,
      chargeback_fee: z.object({ amount: minorAmountText }).nullish(),
    })
    .nullish(),
  updated_at: timestamp.nullish(),
});
export type Adjustment = z.infer<typeof adjustment>;

export const payout = z.object({
  id,
  amount: minorAmountText,
  currency_code: currencyCode,
});
