/**
 * What the books need of Recurly: the old XML notifications (amounts in cents, as text), the JSON notifications, which
 * only name an object, and the objects its API answers (decimals as JSON numbers). Unknown members pass.
 */
import { z } from 'zod';
import { timestamp } from '../instants.ts';
import { currencyCode, decimalText, minorAmountText } from '../reading.ts';

const id = z.string().min(1).max(255);
const text = z.string().max(10_000);
const many = <T extends z.ZodType>(item: T) => z.array(item).max(1000).default([]);

/** A decimal number as its shortest text: fifteen digits and fewer come out as they were written. */
const decimalNumber = z.number().min(-1e10).max(1e10).transform(String).pipe(decimalText);

export const notification = z.object({
  id,
  object_type: z.string().regex(/^[a-z_]{1,60}$/),
  event_type: z.string().regex(/^[a-z_]{1,60}$/),
  event_time: timestamp,
  site_id: id.optional(),
  account_code: id.nullish(),
  uuid: id.nullish(),
});
export type Notification = z.infer<typeof notification>;

export const apiAccount = z.object({
  code: id,
  state: z.string().max(40),
  updated_at: timestamp.nullish(),
  company: text.nullish(),
  first_name: text.nullish(),
  last_name: text.nullish(),
  email: text.nullish(),
  vat_number: text.nullish(),
  address: z
    .object({
      phone: text.nullish(),
      street1: text.nullish(),
      street2: text.nullish(),
      city: text.nullish(),
      region: text.nullish(),
      postal_code: text.nullish(),
      country: text.nullish(),
    })
    .nullish(),
});

const owner = z.object({ code: id });

export const apiSubscription = z.object({
  id,
  account: owner,
  state: z.string().min(1).max(40),
  plan: z.object({ code: id }),
  quantity: z.int().min(0).nullish(),
  updated_at: timestamp.nullish(),
});

export const apiInvoice = z.object({
  id,
  type: z.string().max(40),
  state: z.string().max(40),
  account: owner,
  number: text.nullish(),
  currency: currencyCode,
  total: decimalNumber,
  created_at: timestamp,
  due_at: timestamp.nullish(),
  has_more_line_items: z.boolean().nullish(),
  credit_payments: many(z.object({ id })),
  line_items: many(
    z.object({
      id,
      description: text.nullish(),
      plan_code: id.nullish(),
      quantity: z.int().nullish(),
      subtotal: decimalNumber,
      discount: decimalNumber,
      tax: decimalNumber,
      tax_inclusive: z.boolean().nullish(),
      tax_info: z.object({ type: text.nullish(), region: text.nullish(), rate: z.number().nullish() }).nullish(),
      start_date: timestamp.nullish(),
      end_date: timestamp.nullish(),
    }),
  ),
});
export type ApiInvoice = z.infer<typeof apiInvoice>;

export const apiTransaction = z.object({
  id,
  type: z.string().max(40),
  status: z.string().max(40),
  origin: z.string().max(60).nullish(),
  original_transaction_id: id.nullish(),
  account: owner,
  invoice: z.object({ id }).nullish(),
  amount: decimalNumber,
  currency: currencyCode,
  collection_method: z.string().max(40).nullish(),
  payment_method: z.object({ object: z.string().max(60).nullish() }).nullish(),
  status_code: text.nullish(),
  collected_at: timestamp.nullish(),
  created_at: timestamp,
});
export type ApiTransaction = z.infer<typeof apiTransaction>;

/** XML: absent, empty and nil are all null here. */
const none = <T extends z.ZodType>(inner: T) => inner.nullish().transform((value) => value ?? null);

export const xmlAccount = z.object({
  account_code: id,
  email: none(text),
  first_name: none(text),
  last_name: none(text),
  company_name: none(text),
  phone: none(text),
});
export type XmlAccount = z.infer<typeof xmlAccount>;

export const accountNotification = z.object({ account: xmlAccount });

export const subscriptionNotification = z.object({
  account: z.object({ account_code: id }),
  subscription: z.object({
    uuid: id,
    state: z.string().min(1).max(40),
    plan: z.object({ plan_code: id }),
    quantity: none(z.string().regex(/^\d{1,9}$/)),
  }),
});
export type SubscriptionNotification = z.infer<typeof subscriptionNotification>;

export const invoiceNotification = z.object({
  account: xmlAccount,
  invoice: z.object({
    uuid: id,
    invoice_number_prefix: none(text),
    invoice_number: none(text),
    currency: currencyCode,
    total_in_cents: minorAmountText,
    tax_in_cents: minorAmountText,
    subtotal_in_cents: minorAmountText,
    discount_in_cents: none(minorAmountText),
    created_at: timestamp,
    due_on: none(timestamp),
  }),
});
export type InvoiceNotification = z.infer<typeof invoiceNotification>;

export const paymentNotification = z.object({
  account: z.object({ account_code: id }),
  transaction: z.object({
    id,
    invoice_id: none(id),
    action: z.string().max(40),
    date: timestamp,
    amount_in_cents: minorAmountText,
    currency: none(currencyCode),
    payment_method: none(z.string().max(60)),
    status: z.string().max(60),
    failure_type: none(text),
    test: none(z.enum(['true', 'false'])),
  }),
});
export type PaymentNotification = z.infer<typeof paymentNotification>;
