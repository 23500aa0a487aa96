/**
 * The parts of Maxio's webhooks that the books need. All values are text: ids stay so, amounts in cents are whole
 * minor units, invoices have decimals. Empty text is null. Unknown members pass.
 */
import { z } from 'zod';
import { timestamp } from '../instants.ts';
import { currencyCode, decimalText, minorAmountText } from '../reading.ts';

/** Empty is how a form writes null. */
const empty = <T extends z.ZodType>(inner: T) =>
  z.preprocess((value) => (value === '' ? undefined : value), inner.optional());

const id = z.string().regex(/^[\w-]{1,100}$/);
const text = z.string().max(10_000);

/** `[0][id]=…&[1][id]=…`: an object whose names are indices. */
const many = <T extends z.ZodType>(item: T) =>
  z.preprocess(
    (value) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.entries(value)
            .sort(([a], [b]) => Number(a) - Number(b))
            .map(([, each]) => each)
        : value === '' || value === undefined
          ? []
          : value,
    z.array(item).max(1000),
  );

export const envelope = z.object({
  id: z.string().regex(/^\d{1,30}$/),
  event: z.string().regex(/^[a-z0-9_]{1,100}$/),
  payload: z.record(z.string(), z.unknown()),
});
export type MaxioEvent = z.infer<typeof envelope>;

export const customer = z.object({
  id,
  first_name: empty(text),
  last_name: empty(text),
  organization: empty(text),
  email: empty(text),
  phone: empty(text),
  reference: empty(text),
  address: empty(text),
  address_2: empty(text),
  city: empty(text),
  state: empty(text),
  zip: empty(text),
  country: empty(text),
  vat_number: empty(text),
  updated_at: empty(timestamp),
});
export type Customer = z.infer<typeof customer>;

const product = z.object({ id, name: empty(text) });

export const subscription = z.object({
  id,
  state: z.string().min(1).max(40),
  currency: empty(currencyCode),
  updated_at: empty(timestamp),
  customer: z.object({ id }).optional(),
  product: product.optional(),
});
export type Subscription = z.infer<typeof subscription>;

export const transaction = z.object({
  id,
  type: z.string().max(60),
  kind: empty(z.string().max(60)),
  success: z.enum(['true', 'false']),
  amount_in_cents: minorAmountText,
  memo: empty(text),
  created_at: timestamp,
  customer_id: empty(id),
  statement_id: empty(id),
  invoice_uids: empty(many(id)),
  invoice_id: empty(id),
  gateway_used: empty(text),
  product_id: empty(id),
  currency: empty(currencyCode),
});
export type Transaction = z.infer<typeof transaction>;

export const statement = z.object({
  id,
  closed_at: empty(timestamp),
  starting_balance_in_cents: minorAmountText,
  total_in_cents: minorAmountText,
  transactions: many(transaction),
});
export type Statement = z.infer<typeof statement>;

const amount = decimalText;

export const invoice = z.object({
  uid: id,
  number: empty(text),
  status: z.string().max(40),
  customer_id: empty(id),
  issue_date: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
  due_date: empty(z.string().regex(/^\d{4}-\d{2}-\d{2}$/)),
  currency: currencyCode,
  total_amount: amount,
  credit_amount: empty(amount),
  customer: z.object({ chargify_id: empty(id), organization: empty(text), email: empty(text) }).optional(),
  line_items: many(
    z.object({
      uid: id,
      title: empty(text),
      quantity: z.string().max(40),
      subtotal_amount: amount,
      discount_amount: amount,
      tax_amount: amount,
      product_id: empty(id),
      period_range_start: empty(z.string().regex(/^\d{4}-\d{2}-\d{2}$/)),
      period_range_end: empty(z.string().regex(/^\d{4}-\d{2}-\d{2}$/)),
    }),
  ),
  taxes: many(
    z.object({ uid: empty(id), title: z.string().min(1).max(100), percentage: empty(decimalText), tax_amount: amount }),
  ),
});
export type Invoice = z.infer<typeof invoice>;

export const refund = z.object({
  refund_id: id,
  payment_id: id,
  amount_in_cents: minorAmountText,
  customer_id: empty(id),
  timestamp: empty(timestamp),
  currency: empty(currencyCode),
});
export type Refund = z.infer<typeof refund>;

export const customerPayload = z.object({ customer });
export const subscriptionPayload = z.object({ subscription, customer: z.object({ id }).optional() });
export const paymentPayload = z.object({ transaction, subscription: subscription.optional() });
export const statementPayload = z.object({
  statement,
  customer,
  subscription: z.object({ currency: empty(currencyCode) }).optional(),
});
export const invoicePayload = z.object({ invoice });
