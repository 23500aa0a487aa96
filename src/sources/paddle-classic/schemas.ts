/**
 * The fields of Paddle Classic's alerts that the books need. All are text; amounts are decimals with at most the currency's
 * places, times UTC without a zone. Source: developer.paddle.com/classic/webhook-reference, a page for each alert.
 */
import { z } from 'zod';
import { wireInstant } from '../instants.ts';
import { calendarDate, currencyCode, decimalText } from '../reading.ts';

const id = z.string().regex(/^[\w-]{1,100}$/);
const text = z.string().max(10_000);
/** Fields that do not apply are sent empty. */
const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

export const alert = z.looseObject({
  alert_id: z.string().regex(/^\d{1,40}$/),
  alert_name: z.string().regex(/^[a-z_]{1,80}$/),
  event_time: wireInstant,
  user_id: optional(id).catch(undefined),
  order_id: optional(id).catch(undefined),
});
export type Alert = z.infer<typeof alert>;

const balance = { balance_currency: currencyCode };
const buyer = { email: optional(text), customer_name: optional(text) };
const collected = {
  order_id: id,
  currency: currencyCode,
  sale_gross: decimalText,
  payment_tax: decimalText,
  quantity: optional(z.string().regex(/^\d{1,9}$/)),
  ...balance,
  balance_gross: decimalText,
  balance_tax: decimalText,
  balance_fee: decimalText,
  balance_earnings: decimalText,
  ...buyer,
};

export const payment = z.object({ ...collected, product_id: optional(id), product_name: optional(text) });
export type Payment = z.infer<typeof payment>;

export const subscriptionPayment = z.object({
  ...collected,
  user_id: id,
  subscription_plan_id: id,
  plan_name: optional(text),
  next_bill_date: optional(calendarDate),
});
export type SubscriptionPayment = z.infer<typeof subscriptionPayment>;

export const failedPayment = z.object({ user_id: id, amount: decimalText, currency: currencyCode });
export type FailedPayment = z.infer<typeof failedPayment>;

export const refund = z.object({
  order_id: id,
  user_id: optional(id),
  currency: currencyCode,
  amount: decimalText,
  gross_refund: decimalText,
  tax_refund: decimalText,
  ...balance,
  balance_gross_refund: decimalText,
  balance_tax_refund: decimalText,
  balance_fee_refund: decimalText,
  balance_earnings_decrease: decimalText,
});
export type Refund = z.infer<typeof refund>;

export const dispute = z.object({
  order_id: id,
  currency: currencyCode,
  amount: decimalText,
  fee_usd: optional(decimalText),
  ...balance,
  balance_amount: decimalText,
  balance_fee: decimalText,
});
export type Dispute = z.infer<typeof dispute>;

export const subscription = z.object({
  subscription_id: id,
  user_id: id,
  status: z.string().min(1).max(40),
  subscription_plan_id: optional(id),
  quantity: optional(z.string().regex(/^\d{1,9}$/)).catch(undefined),
  new_quantity: optional(z.string().regex(/^\d{1,9}$/)).catch(undefined),
});
export type Subscription = z.infer<typeof subscription>;

export const transfer = z.object({ payout_id: id, amount: decimalText, currency: currencyCode });
export type Transfer = z.infer<typeof transfer>;
