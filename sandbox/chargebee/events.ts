/**
 * What Chargebee sends (API v2, product catalogue 2.0), made to measure for tests and the demo. Pure: ids and instants
 * (seconds) are passed in; totals are computed, so that a document always adds up.
 */

export interface EventMeta {
  /** `ev_…` */
  readonly id: string;
  readonly occurredAt: number;
}

export interface ChargebeeEventBody {
  readonly id: string;
  readonly occurred_at: number;
  readonly source: string;
  readonly object: 'event';
  readonly api_version: 'v2';
  readonly event_type: string;
  readonly content: Readonly<Record<string, unknown>>;
  readonly webhook_status: string;
}

export const event = (
  meta: EventMeta,
  type: string,
  content: Readonly<Record<string, unknown>>,
): ChargebeeEventBody => ({
  id: meta.id,
  occurred_at: meta.occurredAt,
  source: 'api',
  object: 'event',
  api_version: 'v2',
  event_type: type,
  content,
  webhook_status: 'scheduled',
});

export interface CustomerDetails {
  readonly id: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly company?: string;
  readonly email?: string;
  readonly country?: string;
  readonly salesforceAccountId?: string;
}

const customer = (details: CustomerDetails, at: number) => ({
  id: details.id,
  ...(details.firstName === undefined ? {} : { first_name: details.firstName }),
  ...(details.lastName === undefined ? {} : { last_name: details.lastName }),
  ...(details.company === undefined ? {} : { company: details.company }),
  ...(details.email === undefined ? {} : { email: details.email }),
  ...(details.country === undefined
    ? {}
    : { billing_address: { country: details.country, object: 'billing_address' } }),
  ...(details.salesforceAccountId === undefined ? {} : { cf_salesforce_account_id: details.salesforceAccountId }),
  auto_collection: 'on',
  net_term_days: 0,
  allow_direct_debit: false,
  created_at: at,
  updated_at: at,
  taxability: 'taxable',
  resource_version: at * 1000,
  deleted: false,
  object: 'customer',
  promotional_credits: 0,
  refundable_credits: 0,
  excess_payments: 0,
  unbilled_charges: 0,
});

export const customerEvent = (
  meta: EventMeta,
  type: 'customer_created' | 'customer_changed' | 'customer_deleted',
  details: CustomerDetails,
): ChargebeeEventBody => event(meta, type, { customer: customer(details, meta.occurredAt) });

export const subscriptionCreated = (
  meta: EventMeta,
  details: {
    readonly id: string;
    readonly customer: CustomerDetails;
    readonly itemPrice: string;
    readonly quantity: number;
  },
): ChargebeeEventBody =>
  event(meta, 'subscription_created', {
    subscription: {
      id: details.id,
      customer_id: details.customer.id,
      status: 'active',
      currency_code: 'EUR',
      current_term_start: meta.occurredAt,
      created_at: meta.occurredAt,
      resource_version: meta.occurredAt * 1000,
      deleted: false,
      object: 'subscription',
      subscription_items: [
        {
          item_price_id: details.itemPrice,
          item_type: 'plan',
          quantity: details.quantity,
          object: 'subscription_item',
        },
      ],
    },
    customer: customer(details.customer, meta.occurredAt),
  });

export const itemPriceCreated = (
  meta: EventMeta,
  details: { readonly id: string; readonly itemId: string; readonly name: string },
): ChargebeeEventBody =>
  event(meta, 'item_price_created', {
    item_price: {
      id: details.id,
      item_id: details.itemId,
      name: details.name,
      external_name: details.name,
      status: 'active',
      currency_code: 'EUR',
      pricing_model: 'per_unit',
      resource_version: meta.occurredAt * 1000,
      object: 'item_price',
    },
  });

/** Amounts in minor units, before tax; `taxPercent` whole percent of the net, cut to the minor unit. */
export interface LineDetails {
  readonly id: string;
  readonly itemPrice: string;
  readonly description: string;
  readonly amount: number;
  readonly discount?: number;
  readonly taxName?: string;
  readonly taxPercent?: number;
  readonly from: number;
  readonly to: number;
}

const netOf = (line: LineDetails): number => line.amount - (line.discount ?? 0);
const taxOf = (line: LineDetails): number => Math.floor((netOf(line) * (line.taxPercent ?? 0)) / 100);

export const documentTotal = (lines: readonly LineDetails[]): number =>
  lines.reduce((sum, line) => sum + netOf(line) + taxOf(line), 0);

function billing(lines: readonly LineDetails[]) {
  const taxed = lines.filter((line) => taxOf(line) !== 0);
  return {
    price_type: 'tax_exclusive',
    sub_total: lines.reduce((sum, line) => sum + line.amount, 0),
    tax: lines.reduce((sum, line) => sum + taxOf(line), 0),
    total: documentTotal(lines),
    line_items: lines.map((line) => ({
      id: line.id,
      date_from: line.from,
      date_to: line.to,
      unit_amount: line.amount,
      quantity: 1,
      amount: line.amount,
      pricing_model: 'per_unit',
      is_taxed: taxOf(line) !== 0,
      tax_amount: taxOf(line),
      ...(line.taxPercent === undefined ? {} : { tax_rate: line.taxPercent }),
      discount_amount: line.discount ?? 0,
      item_level_discount_amount: 0,
      description: line.description,
      entity_type: 'plan_item_price',
      entity_id: line.itemPrice,
      object: 'line_item',
    })),
    line_item_discounts: lines
      .filter((line) => (line.discount ?? 0) !== 0)
      .map((line) => ({
        line_item_id: line.id,
        discount_type: 'document_level_coupon',
        coupon_id: 'WELCOME',
        discount_amount: line.discount,
        object: 'line_item_discount',
      })),
    line_item_taxes: taxed.map((line) => ({
      line_item_id: line.id,
      tax_name: line.taxName ?? 'VAT',
      tax_rate: line.taxPercent,
      taxable_amount: netOf(line),
      tax_amount: taxOf(line),
      is_partial_tax_applied: false,
      object: 'line_item_tax',
    })),
  };
}

export interface InvoiceDetails {
  readonly id: string;
  readonly customer: CustomerDetails;
  readonly currency: string;
  readonly date: number;
  readonly lines: readonly LineDetails[];
  readonly status?: 'paid' | 'posted' | 'payment_due' | 'not_paid' | 'voided' | 'pending';
  readonly creditsApplied?: number;
  readonly writeOff?: number;
}

const invoice = (details: InvoiceDetails, at: number) => ({
  id: details.id,
  customer_id: details.customer.id,
  recurring: true,
  status: details.status ?? 'payment_due',
  date: details.date,
  due_date: details.date,
  generated_at: details.date,
  currency_code: details.currency,
  ...billing(details.lines),
  amount_paid: 0,
  credits_applied: details.creditsApplied ?? 0,
  write_off_amount: details.writeOff ?? 0,
  round_off_amount: 0,
  linked_payments: [],
  applied_credits: [],
  resource_version: at * 1000,
  updated_at: at,
  deleted: false,
  object: 'invoice',
});

export const invoiceEvent = (
  meta: EventMeta,
  type: 'invoice_generated' | 'invoice_updated',
  details: InvoiceDetails,
): ChargebeeEventBody => event(meta, type, { invoice: invoice(details, meta.occurredAt) });

export interface PaymentDetails {
  readonly id: string;
  readonly customer: CustomerDetails;
  readonly currency: string;
  readonly amount: number;
  readonly date: number;
  /** Invoices it pays and how much of it each gets. */
  readonly applied: readonly { readonly invoiceId: string; readonly amount: number }[];
  /** `card` through a gateway unless it was recorded by hand. */
  readonly method?: 'card' | 'cash' | 'check' | 'bank_transfer';
}

const transaction = (details: PaymentDetails, status: 'success' | 'failure') => ({
  id: details.id,
  customer_id: details.customer.id,
  payment_method: details.method ?? 'card',
  gateway: (details.method ?? 'card') === 'card' ? 'chargebee' : 'not_applicable',
  type: 'payment',
  status,
  date: details.date,
  amount: details.amount,
  currency_code: details.currency,
  ...(status === 'failure' ? { error_code: 'card_declined' } : {}),
  resource_version: details.date * 1000,
  deleted: false,
  object: 'transaction',
  linked_invoices: details.applied.map((link) => ({
    invoice_id: link.invoiceId,
    applied_amount: link.amount,
    applied_at: details.date,
    invoice_status: 'paid',
  })),
  linked_refunds: [],
});

export const paymentEvent = (
  meta: EventMeta,
  type: 'payment_succeeded' | 'payment_failed',
  details: PaymentDetails,
): ChargebeeEventBody =>
  event(meta, type, {
    transaction: transaction(details, type === 'payment_succeeded' ? 'success' : 'failure'),
    customer: customer(details.customer, meta.occurredAt),
  });

/** A refund through the gateway; `payment.amount` tells whether it is a whole or a partial one. */
export const paymentRefunded = (
  meta: EventMeta,
  details: {
    readonly id: string;
    readonly payment: PaymentDetails;
    readonly amount: number;
    readonly date: number;
    readonly creditNoteId?: string;
  },
): ChargebeeEventBody =>
  event(meta, 'payment_refunded', {
    transaction: {
      ...transaction(
        { ...details.payment, id: details.id, amount: details.amount, date: details.date, applied: [] },
        'success',
      ),
      type: 'refund',
      refunded_txn_id: details.payment.id,
      linked_payments: [
        { id: details.payment.id, status: 'success', amount: details.payment.amount, date: details.payment.date },
      ],
      linked_credit_notes:
        details.creditNoteId === undefined
          ? []
          : [{ cn_id: details.creditNoteId, applied_amount: details.amount, applied_at: details.date }],
    },
    customer: customer(details.payment.customer, meta.occurredAt),
  });

export interface CreditNoteDetails {
  readonly id: string;
  readonly invoiceId: string;
  readonly customer: CustomerDetails;
  readonly currency: string;
  readonly date: number;
  readonly type: 'adjustment' | 'refundable' | 'store';
  readonly lines: readonly LineDetails[];
  readonly refunded?: number;
  readonly reasonCode?: string;
}

export const creditNoteCreated = (meta: EventMeta, details: CreditNoteDetails): ChargebeeEventBody =>
  event(meta, 'credit_note_created', {
    credit_note: {
      id: details.id,
      customer_id: details.customer.id,
      reference_invoice_id: details.invoiceId,
      type: details.type,
      reason_code: details.reasonCode ?? 'subscription_change',
      status: details.type === 'adjustment' ? 'adjusted' : 'refund_due',
      date: details.date,
      currency_code: details.currency,
      ...billing(details.lines),
      amount_refunded: details.refunded ?? 0,
      amount_allocated: 0,
      round_off_amount: 0,
      allocations: [],
      linked_refunds: [],
      resource_version: meta.occurredAt * 1000,
      deleted: false,
      object: 'credit_note',
    },
  });
