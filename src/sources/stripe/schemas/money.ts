/** Charges, refunds, disputes, payouts and the balance transactions that say what they did to the Stripe balance. */
import { z } from 'zod';
import { amount, currencyCode, reference, seconds, stripeId, text } from './common.ts';

export const balanceTransaction = z.object({
  id: stripeId,
  amount,
  currency: currencyCode,
  fee: amount,
  net: amount,
  created: seconds.nullish(),
  exchange_rate: z.number().nullish(),
  fee_details: z
    .array(z.object({ amount, type: z.string().max(64) }))
    .max(100)
    .nullish(),
  type: z.string().max(64),
  reporting_category: z.string().max(64).nullish(),
  description: text.nullish(),
  /** The charge, refund or dispute, where the sender expanded it. */
  source: z
    .union([
      stripeId,
      z.object({
        id: stripeId,
        object: z.string().max(64).nullish(),
        payment_intent: reference.nullish(),
        /** Refunds and disputes. */
        charge: reference.nullish(),
        currency: currencyCode.nullish(),
      }),
    ])
    .nullish(),
});
export type BalanceTransaction = z.infer<typeof balanceTransaction>;

const balanceTransactionReference = z.union([stripeId, balanceTransaction]);
export type BalanceTransactionReference = z.infer<typeof balanceTransactionReference>;

const balancePart = z.array(z.object({ amount, currency: currencyCode })).max(200);

/** The account's balance by now (docs.stripe.com/api/balance): what may be paid out, and what is still to come. */
export const accountBalance = z.object({ available: balancePart, pending: balancePart });

export const refund = z.object({
  id: stripeId,
  amount,
  currency: currencyCode,
  created: seconds,
  status: z.string().max(64).nullish(),
  charge: reference.nullish(),
  payment_intent: reference.nullish(),
  customer: reference.nullish(),
  balance_transaction: balanceTransactionReference.nullish(),
});
export type Refund = z.infer<typeof refund>;

export const charge = z.object({
  id: stripeId,
  amount,
  amount_captured: amount.nullish(),
  amount_refunded: amount.nullish(),
  captured: z.boolean().nullish(),
  currency: currencyCode,
  customer: reference.nullish(),
  customer_account: stripeId.nullish(),
  payment_intent: reference.nullish(),
  /** Classic only. */
  invoice: reference.nullish(),
  balance_transaction: balanceTransactionReference.nullish(),
  failure_code: z.string().max(255).nullish(),
  /** Newest first; classic only, and an array in the oldest versions. */
  refunds: z.union([z.object({ data: z.array(refund).max(1000) }), z.array(refund).max(1000)]).nullish(),
});
export type Charge = z.infer<typeof charge>;

export const dispute = z.object({
  id: stripeId,
  amount,
  currency: currencyCode,
  status: z.string().max(64),
  charge: z.union([stripeId, z.object({ id: stripeId, customer: reference.nullish() })]),
  payment_intent: z.union([stripeId, z.object({ id: stripeId, customer: reference.nullish() })]).nullish(),
  balance_transactions: z.array(balanceTransaction).max(100).nullish(),
  /** Before 2014-08-04: only this one. */
  balance_transaction: balanceTransactionReference.nullish(),
});
export type Dispute = z.infer<typeof dispute>;

export const payout = z.object({
  id: stripeId,
  amount,
  currency: currencyCode,
  arrival_date: seconds.nullish(),
  /** Manual payouts are of an amount, not of transactions, and have no list. */
  automatic: z.boolean().nullish(),
});
export type Payout = z.infer<typeof payout>;

export const topup = z.object({ id: stripeId, amount, currency: currencyCode, balance_transaction: reference });

const holder = z.object({ object: z.string().max(64).optional() });

/** Of any version; those before 2017-04-06 may be payouts, and what tells which is optional here. */
export const transfer = z.object({
  id: stripeId,
  amount,
  currency: currencyCode,
  balance_transaction: reference,
  destination: reference.nullish(),
  status: z.string().max(64).optional(),
  type: z.string().max(64).optional(),
  /** When it arrives. */
  date: seconds.nullish(),
  recipient: reference.nullish(),
  bank_account: holder.nullish(),
  /** `bank_account` before 2014-05-19. */
  account: holder.nullish(),
  /** Of automatic transfers before 2014-08-04. */
  summary: z.looseObject({}).nullish(),
});
export type LegacyTransfer = z.infer<typeof transfer>;
