/**
 * The parts of Chargebee's resources that the books need (API v2, both product catalogues; v1 where the shape is the
 * same). Unknown members pass: Chargebee adds some every month. Amounts are integers in the currency's minor unit,
 * instants are seconds. Optional is what the API reference marks so.
 */
import { z } from 'zod';

const id = z.string().min(1).max(255);
/** A hundred billion euros: what lies beyond is no invoice, and sums of 800 such amounts stay exact. */
const amount = z.int().min(-1e13).max(1e13);
const seconds = z.int().min(0).max(99_999_999_999);
const text = z.string().max(10_000);
const currencyCode = z.string().regex(/^[A-Za-z]{3}$/);
const version = z.int().min(0);
const many = <T extends z.ZodType>(item: T) => z.array(item).max(800).default([]);

export const eventEnvelope = z.object({
  id: z.string().regex(/^[\w-]{1,120}$/),
  event_type: z.string().regex(/^[a-z0-9_]{1,100}$/),
  occurred_at: seconds,
  content: z.record(z.string(), z.unknown()),
});
export type ChargebeeEvent = z.infer<typeof eventEnvelope>;

const address = z.object({
  line1: text.optional(),
  line2: text.optional(),
  city: text.optional(),
  zip: text.optional(),
  state: text.optional(),
  state_code: text.optional(),
  country: text.optional(),
});

export const customer = z.looseObject({
  id,
  first_name: text.optional(),
  last_name: text.optional(),
  company: text.optional(),
  email: text.optional(),
  phone: text.optional(),
  vat_number: text.optional(),
  billing_address: address.optional(),
  resource_version: version.optional(),
  deleted: z.boolean().optional(),
});
export type Customer = z.infer<typeof customer>;

/** item, item_price, plan and addon look alike as far as the books care. */
export const catalogueItem = z.object({
  id,
  name: text.optional(),
  external_name: text.optional(),
  invoice_name: text.optional(),
  description: text.optional(),
  status: z.string().max(40).optional(),
  resource_version: version.optional(),
});
export type CatalogueItem = z.infer<typeof catalogueItem>;

export const subscription = z.object({
  id,
  customer_id: id,
  status: z.string().min(1).max(40),
  plan_id: id.optional(),
  plan_quantity: z.int().min(0).optional(),
  subscription_items: many(
    z.object({
      item_price_id: id,
      quantity: z.int().min(0).optional(),
      quantity_in_decimal: z.string().max(40).optional(),
    }),
  ),
  resource_version: version.optional(),
  deleted: z.boolean().optional(),
});
export type Subscription = z.infer<typeof subscription>;

const lineItem = z.object({
  id: id.optional(),
  date_from: seconds,
  date_to: seconds,
  unit_amount: amount,
  quantity: z.int().optional(),
  quantity_in_decimal: z.string().max(40).optional(),
  amount: amount.optional(),
  tax_amount: amount.optional(),
  tax_rate: z.number().min(0).max(100).optional(),
  discount_amount: amount.optional(),
  description: text.default(''),
  entity_type: z.string().max(40),
  entity_id: id.optional(),
});

const billing = {
  customer_id: id,
  price_type: z.enum(['tax_exclusive', 'tax_inclusive']).default('tax_exclusive'),
  currency_code: currencyCode,
  total: amount,
  round_off_amount: amount.default(0),
  date: seconds.optional(),
  voided_at: seconds.optional(),
  line_items: many(lineItem),
  /** Set when the document has more lines than the event carries. */
  line_items_next_offset: z.string().optional(),
  line_item_discounts: many(z.object({ line_item_id: id, discount_amount: amount })),
  line_item_taxes: many(
    z.object({
      line_item_id: id.optional(),
      tax_name: z.string().min(1).max(100),
      tax_rate: z.number().min(0).max(100),
      tax_amount: amount,
    }),
  ),
};

const transactionStatus = z.string().max(40);

export const invoice = z.object({
  id,
  ...billing,
  status: z.enum(['paid', 'posted', 'payment_due', 'not_paid', 'voided', 'pending']),
  due_date: seconds.optional(),
  generated_at: seconds.optional(),
  credits_applied: amount.default(0),
  write_off_amount: amount.default(0),
  applied_credits: many(z.object({ cn_id: id, applied_amount: amount, applied_at: seconds })),
  linked_payments: many(
    z.object({
      txn_id: id,
      applied_amount: amount,
      applied_at: seconds,
      txn_date: seconds.optional(),
      txn_status: transactionStatus.optional(),
    }),
  ),
  billing_address: z
    .object({
      first_name: text.optional(),
      last_name: text.optional(),
      company: text.optional(),
      email: text.optional(),
    })
    .optional(),
});
export type Invoice = z.infer<typeof invoice>;

export const creditNote = z.object({
  id,
  ...billing,
  reference_invoice_id: id.optional(),
  type: z.enum(['adjustment', 'refundable', 'store']),
  reason_code: z.string().max(60).optional(),
  status: z.enum(['adjusted', 'refunded', 'refund_due', 'voided']),
  fractional_correction: amount.default(0),
  amount_refunded: amount.default(0),
  allocations: many(z.object({ invoice_id: id, allocated_amount: amount })),
  linked_refunds: many(z.object({ txn_id: id, applied_amount: amount, txn_status: transactionStatus.optional() })),
});
export type CreditNote = z.infer<typeof creditNote>;
export type BillingDocument = Invoice | CreditNote;

export const transaction = z.object({
  id,
  customer_id: id.optional(),
  type: z.enum(['authorization', 'payment', 'refund', 'payment_reversal']),
  status: transactionStatus.optional(),
  date: seconds.optional(),
  amount: amount.min(0),
  currency_code: currencyCode,
  payment_method: z.string().max(60),
  gateway: z.string().max(60).optional(),
  error_code: z.string().max(200).optional(),
  refunded_txn_id: id.optional(),
  reference_transaction_id: id.optional(),
  linked_invoices: many(z.object({ invoice_id: id, applied_amount: amount })),
  linked_credit_notes: many(z.object({ cn_id: id, applied_amount: amount })),
  linked_payments: many(z.object({ id, amount: amount.optional() })),
  linked_refunds: many(z.object({ txn_id: id, txn_status: transactionStatus, txn_amount: amount })),
});
export type Transaction = z.infer<typeof transaction>;

export const customerContent = z.object({ customer });
export const subscriptionContent = z.object({ subscription });
export const invoiceContent = z.object({ invoice });
export const creditNoteContent = z.object({ credit_note: creditNote });
/** Only the ids of what comes along are used, so a shape we do not know there holds up no payment. */
export const transactionContent = z.object({
  transaction,
  invoice: z.object({ id, linked_payments: many(z.object({ txn_id: id, applied_amount: amount })) }).optional(),
  credit_note: z.object({ id }).optional(),
});
export type TransactionContent = z.infer<typeof transactionContent>;
