/** The parts of Orb's resources that the books need. Amounts are decimals in text; unknown members pass. */
import { z } from 'zod';
import { timestamp } from '../instants.ts';
import { currencyCode, decimalText } from '../reading.ts';

const id = z.string().min(1).max(255);
const text = z.string().max(10_000);
const many = <T extends z.ZodType>(item: T) => z.array(item).max(1000).default([]);

export const envelope = z.looseObject({
  id: z.string().regex(/^[\w-]{1,120}$/),
  type: z.string().regex(/^[a-z_.]{1,100}$/),
  created_at: timestamp,
});
export type OrbEvent = z.infer<typeof envelope>;

const address = z.object({
  line1: text.nullish(),
  line2: text.nullish(),
  city: text.nullish(),
  postal_code: text.nullish(),
  state: text.nullish(),
  country: text.nullish(),
});

export const customer = z.object({
  id,
  external_customer_id: id.nullish(),
  name: text.nullish(),
  email: text.nullish(),
  billing_address: address.nullish(),
  tax_id: z.object({ value: text }).nullish(),
  payment_provider: z.string().max(60).nullish(),
  payment_provider_id: id.nullish(),
});
export type Customer = z.infer<typeof customer>;

export const subscription = z.object({
  id,
  status: z.string().min(1).max(40),
  customer: z.object({ id }),
  plan: z.object({ id }).nullish(),
});
export type Subscription = z.infer<typeof subscription>;

const taxes = many(
  z.object({
    amount: decimalText,
    tax_rate_description: z.string().min(1).max(200),
    tax_rate_percentage: z.string().max(40).nullish(),
  }),
);

export const invoice = z.object({
  id,
  invoice_number: text.nullish(),
  status: z.string().max(40),
  currency: currencyCode,
  customer: z.object({ id }),
  invoice_date: timestamp,
  issued_at: timestamp.nullish(),
  due_date: timestamp.nullish(),
  voided_at: timestamp.nullish(),
  paid_at: timestamp.nullish(),
  total: decimalText,
  amount_due: decimalText,
  line_items: many(
    z.object({
      id,
      name: text,
      quantity: z.number().nullish(),
      subtotal: decimalText,
      adjusted_subtotal: decimalText.nullish(),
      amount: decimalText,
      start_date: timestamp.nullish(),
      end_date: timestamp.nullish(),
      price: z.object({ item: z.object({ id }).nullish() }).nullish(),
      tax_amounts: taxes,
    }),
  ),
  payment_attempts: many(
    z.object({
      id,
      amount: decimalText,
      created_at: timestamp,
      payment_provider_id: id.nullish(),
      succeeded: z.boolean(),
    }),
  ),
});
export type Invoice = z.infer<typeof invoice>;

export const creditNote = z.object({
  id,
  credit_note_number: text.nullish(),
  invoice_id: id,
  customer: z.object({ id }),
  created_at: timestamp,
  voided_at: timestamp.nullish(),
  type: z.enum(['refund', 'adjustment']),
  total: decimalText,
  currency: currencyCode.nullish(),
  line_items: many(z.object({ id, name: text, amount: decimalText, item_id: id.nullish(), tax_amounts: taxes })),
});
export type CreditNote = z.infer<typeof creditNote>;

/** Of a payment: what the processor calls it; of one marked by hand: when the money came. */
export const properties = z.object({
  payment_provider_transaction_id: id.nullish(),
  payment_received_date: z.string().max(64).nullish(),
});
export type Properties = z.infer<typeof properties>;

export const invoiceEvent = z.object({ invoice, properties: properties.nullish() });
export const creditNoteEvent = z.object({ credit_note: creditNote });
export const customerEvent = z.object({ customer });
export const subscriptionEvent = z.object({ subscription });

/** Whose it is, in whatever event. */
const owner = z
  .object({ customer: z.object({ id }) })
  .optional()
  .catch(undefined);
export const owned = z.object({
  customer: z.object({ id }).optional().catch(undefined),
  invoice: owner,
  credit_note: owner,
  subscription: owner,
});
