/** Invoices, credit notes and their lines: the classic shapes and those since 2025-03-31 (basil), in one schema. */
import { z } from 'zod';
import { amount, currencyCode, reference, seconds, stripeId, text } from './common.ts';

const period = z.object({ start: seconds, end: seconds });
const discountAmounts = z.array(z.object({ amount })).max(100);
const taxRate = z.object({
  id: stripeId,
  percentage: z.number().nullish(),
  effective_percentage: z.number().nullish(),
});
export type TaxRate = z.infer<typeof taxRate>;

/** Classic: `tax_amounts`. */
const taxAmount = z.object({
  amount,
  inclusive: z.boolean(),
  tax_rate: z.union([stripeId, taxRate]).nullish(),
  taxability_reason: z.string().max(64).nullish(),
});
/** Basil: `taxes`. */
const tax = z.object({
  amount,
  tax_behavior: z.enum(['inclusive', 'exclusive']),
  taxability_reason: z.string().max(64).nullish(),
  tax_rate_details: z.object({ tax_rate: z.union([stripeId, taxRate]).nullish() }).nullish(),
});
const pretaxCredits = z.array(z.object({ amount, type: z.string().max(64) })).max(100);
const proration = z.object({ proration: z.boolean().nullish() }).nullish();

export const documentLine = z.object({
  id: stripeId,
  amount,
  description: text.nullish(),
  quantity: z.number().nullish(),
  period: period.nullish(),
  discount_amounts: discountAmounts.nullish(),
  tax_amounts: z.array(taxAmount).max(100).nullish(),
  taxes: z.array(tax).max(100).nullish(),
  tax_rates: z.array(taxRate).max(100).nullish(),
  pretax_credit_amounts: pretaxCredits.nullish(),
  proration: z.boolean().nullish(),
  parent: z.object({ invoice_item_details: proration, subscription_item_details: proration }).nullish(),
  price: z.object({ product: reference.nullish() }).nullish(),
  plan: z.object({ product: reference.nullish() }).nullish(),
  pricing: z.object({ price_details: z.object({ product: reference.nullish() }).nullish() }).nullish(),
  /** Credit note lines: the invoice line they take back. */
  invoice_line_item: stripeId.nullish(),
});
export type DocumentLine = z.infer<typeof documentLine>;

export const lineList = z.object({ data: z.array(documentLine).max(1000), has_more: z.boolean().nullish() });

const shippingCost = z.object({ amount_tax: amount, amount_total: amount, taxes: z.array(tax).max(100).nullish() });

/** What invoices and credit notes have in common. */
const documentBase = z.object({
  id: stripeId,
  currency: currencyCode,
  customer: reference.nullish(),
  customer_account: stripeId.nullish(),
  number: z.string().max(255).nullish(),
  lines: lineList,
  subtotal: amount,
  total: amount,
  effective_at: seconds.nullish(),
  shipping_cost: shippingCost.nullish(),
});

export const invoice = documentBase.extend({
  customer_name: text.nullish(),
  customer_email: text.nullish(),
  amount_due: amount,
  starting_balance: amount.nullish(),
  ending_balance: amount.nullish(),
  due_date: seconds.nullish(),
  status_transitions: z.object({ finalized_at: seconds.nullish() }).nullish(),
  tax: amount.nullish(),
  tax_percent: z.number().nullish(),
  default_tax_rates: z.array(taxRate).max(100).nullish(),
});
export type Invoice = z.infer<typeof invoice>;

/** As much of an invoice as its later events need. */
export const invoiceHandle = z.object({
  id: stripeId,
  currency: currencyCode,
  customer: reference.nullish(),
  customer_account: stripeId.nullish(),
  amount_due: amount,
  amount_paid: amount.nullish(),
  amount_remaining: amount.nullish(),
  amount_paid_off_stripe: amount.nullish(),
  paid_out_of_band: z.boolean().nullish(),
});

export const creditNote = documentBase.extend({
  invoice: reference,
  created: seconds,
  type: z.enum(['pre_payment', 'post_payment', 'mixed']).nullish(),
  pre_payment_amount: amount.nullish(),
  post_payment_amount: amount.nullish(),
  out_of_band_amount: amount.nullish(),
  customer_balance_transaction: z.union([stripeId, z.object({ id: stripeId, amount })]).nullish(),
  refund: reference.nullish(),
  refunds: z
    .array(z.object({ amount_refunded: amount, refund: reference.nullish() }))
    .max(100)
    .nullish(),
});
export type CreditNote = z.infer<typeof creditNote>;

export const creditNoteHandle = z.object({
  id: stripeId,
  invoice: reference,
  customer: reference.nullish(),
  customer_account: stripeId.nullish(),
});

/** `invoice_payment` (basil). */
export const invoicePayment = z.object({
  id: stripeId,
  invoice: z.union([stripeId, z.object({ id: stripeId, customer: reference.nullish() })]),
  amount_paid: amount.nullish(),
  currency: currencyCode,
  payment: z.object({
    type: z.string().max(64),
    payment_intent: reference.nullish(),
    charge: reference.nullish(),
  }),
  status: z.string().max(64).nullish(),
});
export type InvoicePayment = z.infer<typeof invoicePayment>;
