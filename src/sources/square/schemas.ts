/**
 * The parts of Square's objects that the books need (API 2020 to 2026). Amounts are integers in the smallest unit of
 * their currency, instants RFC 3339. Source: square/connect-api-specification.
 */
import { z } from 'zod';
import { wireInstant } from '../instants.ts';
import { currencyCode, minorAmount } from '../reading.ts';
import { wireId, wireText } from '../wire.ts';

/** Payouts were first announced with `currency_code`. */
export const money = z
  .object({ amount: minorAmount, currency: currencyCode.optional(), currency_code: currencyCode.optional() })
  .transform((value, context) => {
    const currency = value.currency ?? value.currency_code;
    if (currency !== undefined) return { amount: value.amount, currency };
    context.addIssue({ code: 'custom', message: 'expected a currency' });
    return z.NEVER;
  });
export type Money = z.infer<typeof money>;

const version = z.int().min(0);
const fees = z
  .array(z.object({ amount_money: money }))
  .max(100)
  .default([]);

export const squareEvent = z.object({
  merchant_id: wireId,
  type: z.string().regex(/^[a-z0-9_.]{1,120}$/),
  event_id: z.string().regex(/^[\w-]{1,120}$/),
  created_at: wireInstant,
  data: z.object({
    type: z.string().max(120),
    id: wireId.optional(),
    deleted: z.boolean().optional(),
    object: z.record(z.string(), z.unknown()).optional(),
  }),
});
export type SquareEvent = z.infer<typeof squareEvent>;

export const payment = z.object({
  id: wireId,
  status: z.enum(['APPROVED', 'PENDING', 'COMPLETED', 'CANCELED', 'FAILED']),
  /** What the payer gave: amount and tip. */
  total_money: money,
  app_fee_money: money.optional(),
  processing_fee: fees,
  source_type: z.string().max(60).optional(),
  customer_id: wireId.optional(),
  card_details: z
    .object({
      card: z.object({ card_brand: z.string().max(60).optional() }).optional(),
      errors: z
        .array(z.object({ code: z.string().max(120).optional() }))
        .max(20)
        .optional(),
    })
    .optional(),
});
export type Payment = z.infer<typeof payment>;

export const refund = z.object({
  id: wireId,
  status: z.enum(['PENDING', 'APPROVED', 'COMPLETED', 'REJECTED', 'FAILED', 'CANCELED']),
  amount_money: money,
  app_fee_money: money.optional(),
  processing_fee: fees,
  payment_id: wireId.optional(),
});
export type Refund = z.infer<typeof refund>;

/** `dispute_id` stood for `id` in the first version. */
export const dispute = z
  .object({
    id: wireId.optional(),
    dispute_id: wireId.optional(),
    state: z.enum([
      'INQUIRY_EVIDENCE_REQUIRED',
      'INQUIRY_PROCESSING',
      'INQUIRY_CLOSED',
      'EVIDENCE_REQUIRED',
      'PROCESSING',
      'WON',
      'LOST',
      'ACCEPTED',
    ]),
    amount_money: money,
    disputed_payment: z.object({ payment_id: wireId }),
  })
  .transform((value, context) => {
    const id = value.id ?? value.dispute_id;
    if (id !== undefined) return { ...value, id };
    context.addIssue({ code: 'custom', message: 'expected an id', path: ['id'] });
    return z.NEVER;
  });
export type Dispute = z.infer<typeof dispute>;

export const payout = z.object({
  id: wireId,
  status: z.enum(['SENT', 'PAID', 'FAILED']),
  amount_money: money,
  arrival_date: z.iso.date().optional(),
  payout_fee: fees,
});
export type Payout = z.infer<typeof payout>;

export const customer = z.object({
  id: wireId,
  version: version.default(0),
  given_name: wireText.optional(),
  family_name: wireText.optional(),
  company_name: wireText.optional(),
  email_address: wireText.optional(),
  phone_number: wireText.optional(),
  tax_ids: z.object({ eu_vat: wireText.optional() }).optional(),
  reference_id: wireText.optional(),
  address: z
    .object({
      address_line_1: wireText.optional(),
      address_line_2: wireText.optional(),
      locality: wireText.optional(),
      postal_code: wireText.optional(),
      administrative_district_level_1: wireText.optional(),
      country: wireText.optional(),
    })
    .optional(),
});
export type Customer = z.infer<typeof customer>;

export const subscription = z.object({
  id: wireId,
  customer_id: wireId,
  status: z.string().min(1).max(40),
  version: version.default(0),
  plan_variation_id: wireId.optional(),
  plan_id: wireId.optional(),
});
export type Subscription = z.infer<typeof subscription>;

export const invoice = z.object({
  id: wireId,
  order_id: wireId,
  invoice_number: wireText.optional(),
  status: z.string().min(1).max(40),
  primary_recipient: z
    .object({
      customer_id: wireId.optional(),
      given_name: wireText.optional(),
      family_name: wireText.optional(),
      company_name: wireText.optional(),
      email_address: wireText.optional(),
    })
    .optional(),
  payment_requests: z
    .array(z.object({ due_date: z.iso.date().optional(), computed_amount_money: money.optional() }))
    .max(20)
    .default([]),
});
export type Invoice = z.infer<typeof invoice>;

/** The order behind an invoice, as `GET /v2/orders/{id}` answers: it holds the lines the invoice event leaves out. */
export const order = z.object({
  id: wireId,
  total_money: money,
  total_tip_money: money.optional(),
  total_service_charge_money: money.optional(),
  line_items: z
    .array(
      z.object({
        uid: wireId.optional(),
        name: wireText.optional(),
        quantity: z.string().max(40),
        catalog_object_id: wireId.optional(),
        total_money: money,
        total_tax_money: money,
        total_discount_money: money,
        applied_taxes: z
          .array(z.object({ tax_uid: wireId, applied_money: money.optional() }))
          .max(100)
          .default([]),
      }),
    )
    .max(800)
    .default([]),
  taxes: z
    .array(
      z.object({
        uid: wireId.optional(),
        name: wireText.optional(),
        percentage: z
          .string()
          .regex(/^\d{1,3}(\.\d{1,10})?$/)
          .optional(),
        type: z.string().max(40).optional(),
      }),
    )
    .max(100)
    .default([]),
  tenders: z
    .array(z.object({ payment_id: wireId.optional(), amount_money: money.optional() }))
    .max(100)
    .default([]),
});
export type Order = z.infer<typeof order>;
