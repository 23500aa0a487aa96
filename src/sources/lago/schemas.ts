/**
 * The parts of Lago's objects that the books need. Unknown members pass. Amounts are JSON integers in the currency's
 * minor unit; precise amounts and units are decimals in text and are not used for money.
 */
import { z } from 'zod';
import { timestamp } from '../instants.ts';
import { calendarDate, currencyCode, minorAmount } from '../reading.ts';

const id = z.string().min(1).max(255);
const text = z.string().max(10_000);
const many = <T extends z.ZodType>(item: T) => z.array(item).max(1000).default([]);
const none = minorAmount.nullish().transform((amount) => amount ?? 0);

export const envelope = z.looseObject({
  webhook_type: z.string().regex(/^[a-z_.]{1,100}$/),
  object_type: z.string().regex(/^[a-z_]{1,100}$/),
});
export type LagoEvent = z.infer<typeof envelope>;

/** What says when and whose, in whatever object. */
export const stamped = z.object({
  lago_id: id.optional(),
  updated_at: timestamp.nullish().catch(null),
  created_at: timestamp.nullish().catch(null),
  triggered_at: timestamp.nullish().catch(null),
  external_id: id.optional().catch(undefined),
  external_customer_id: id.optional().catch(undefined),
  customer_external_id: id.optional().catch(undefined),
  customer: z.object({ external_id: id }).optional().catch(undefined),
  invoice: z
    .object({ lago_id: id, customer: z.object({ external_id: id }) })
    .optional()
    .catch(undefined),
});

export const customer = z.object({
  external_id: id,
  name: text.nullish(),
  firstname: text.nullish(),
  lastname: text.nullish(),
  legal_name: text.nullish(),
  email: text.nullish(),
  phone: text.nullish(),
  tax_identification_number: text.nullish(),
  address_line1: text.nullish(),
  address_line2: text.nullish(),
  city: text.nullish(),
  zipcode: text.nullish(),
  state: text.nullish(),
  country: text.nullish(),
  updated_at: timestamp.nullish(),
  external_salesforce_id: text.nullish(),
  billing_configuration: z.object({ payment_provider: text.nullish(), provider_customer_id: text.nullish() }).nullish(),
});
export type Customer = z.infer<typeof customer>;

export const plan = z.object({
  code: id,
  name: text,
  invoice_display_name: text.nullish(),
  description: text.nullish(),
  created_at: timestamp.nullish(),
});
export type Plan = z.infer<typeof plan>;

export const subscription = z.object({
  lago_id: id,
  external_customer_id: id,
  status: z.string().min(1).max(40),
  plan_code: id,
});
export type Subscription = z.infer<typeof subscription>;

const percent = z.number().min(0).max(1000);

const item = z.object({
  type: z.string().regex(/^[a-z_]{1,40}$/),
  code: z.string().max(255).nullish(),
  name: text.nullish(),
});

export const invoice = z.object({
  lago_id: id,
  number: text.nullish(),
  issuing_date: calendarDate.nullish(),
  payment_due_date: calendarDate.nullish(),
  invoice_type: z.string().max(60),
  status: z.string().max(40),
  payment_status: z.string().max(40),
  currency: currencyCode,
  fees_amount_cents: minorAmount,
  taxes_amount_cents: minorAmount,
  coupons_amount_cents: none,
  credit_notes_amount_cents: none,
  progressive_billing_credit_amount_cents: none,
  prepaid_credit_amount_cents: none,
  prepaid_granted_credit_amount_cents: none,
  sub_total_including_taxes_amount_cents: minorAmount,
  total_amount_cents: minorAmount,
  voided_at: timestamp.nullish(),
  updated_at: timestamp.nullish(),
  customer: z.object({ external_id: id, name: text.nullish(), email: text.nullish() }),
  fees: many(
    z.object({
      lago_id: id,
      item,
      invoice_display_name: text.nullish(),
      amount_cents: minorAmount,
      taxes_amount_cents: minorAmount,
      taxes_rate: percent.nullish(),
      units: z.string().max(40),
      from_date: timestamp.nullish(),
      to_date: timestamp.nullish(),
      applied_taxes: many(
        z.object({ tax_code: z.string().min(1).max(255), tax_rate: percent, amount_cents: minorAmount }),
      ),
    }),
  ),
});
export type Invoice = z.infer<typeof invoice>;
export type Fee = Invoice['fees'][number];

export const creditNote = z.object({
  lago_id: id,
  lago_invoice_id: id,
  number: text.nullish(),
  issuing_date: calendarDate.nullish(),
  currency: currencyCode,
  total_amount_cents: minorAmount,
  taxes_amount_cents: minorAmount,
  sub_total_excluding_taxes_amount_cents: minorAmount,
  coupons_adjustment_amount_cents: none,
  credit_amount_cents: none,
  refund_amount_cents: none,
  offset_amount_cents: none,
  customer: z.object({ external_id: id }),
  items: many(z.object({ lago_id: id, amount_cents: minorAmount, fee: z.object({ item }) })),
  applied_taxes: many(z.object({ tax_code: z.string().min(1).max(255), tax_rate: percent, amount_cents: minorAmount })),
});
export type CreditNote = z.infer<typeof creditNote>;

export const payment = z.object({
  lago_id: id,
  external_customer_id: id.nullish(),
  invoice_ids: z.array(id).max(500),
  amount_cents: minorAmount.min(0),
  amount_currency: currencyCode,
  payment_status: z.string().max(40),
  type: z.enum(['provider', 'manual']),
  created_at: timestamp,
});
export type Payment = z.infer<typeof payment>;
