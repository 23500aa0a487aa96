/**
 * Stripe events for tests and the demo, made in the shapes of the API documentation with amounts that add up. Pure:
 * ids and times are passed in, nothing is random. `basil` (2025-03-31 and later) is the default, `classic` the shape
 * of 2022-11-15, in which charges name their invoice. Amounts are in Stripe's minor units.
 */

export type Shape = 'basil' | 'classic';

export const API_VERSIONS: Readonly<Record<Shape, string>> = { basil: '2025-03-31.basil', classic: '2022-11-15' };

/** A JSON object as Stripe would send it. */
export type StripeObject = Readonly<Record<string, unknown>>;

export interface EventOptions {
  readonly id: string;
  /** Seconds. */
  readonly created: number;
  readonly shape?: Shape;
  readonly livemode?: boolean;
  readonly previous?: StripeObject;
}

/** Any event: the envelope round an object. */
export function event(type: string, object: StripeObject, options: EventOptions): StripeObject {
  return {
    id: options.id,
    object: 'event',
    api_version: API_VERSIONS[options.shape ?? 'basil'],
    created: options.created,
    data: { object, ...(options.previous === undefined ? {} : { previous_attributes: options.previous }) },
    livemode: options.livemode ?? false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
  };
}

const list = (url: string, data: readonly StripeObject[]): StripeObject => ({
  object: 'list',
  data,
  has_more: false,
  total_count: data.length,
  url,
});

export interface CustomerOptions {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly created: number;
  readonly country?: string;
  readonly salesforceAccountId?: string;
}

export const customer = (options: CustomerOptions): StripeObject => ({
  id: options.id,
  object: 'customer',
  address: {
    line1: '1 Sample Street',
    line2: null,
    city: 'Sampleton',
    postal_code: '10000',
    state: null,
    country: options.country ?? 'FR',
  },
  balance: 0,
  created: options.created,
  currency: null,
  delinquent: false,
  description: null,
  email: options.email,
  livemode: false,
  metadata: options.salesforceAccountId === undefined ? {} : { salesforce_account_id: options.salesforceAccountId },
  name: options.name,
  phone: null,
});

export const product = (options: {
  readonly id: string;
  readonly name: string;
  readonly created: number;
}): StripeObject => ({
  id: options.id,
  object: 'product',
  active: true,
  created: options.created,
  description: null,
  livemode: false,
  metadata: {},
  name: options.name,
  updated: options.created,
});

export interface LineOptions {
  readonly id: string;
  readonly product: string;
  readonly description: string;
  /** Before discounts; contains inclusive tax. Negative for proration credits. */
  readonly amount: number;
  readonly quantity?: number;
  readonly discount?: number;
  readonly tax?: {
    readonly amount: number;
    readonly inclusive: boolean;
    readonly rate: string | null;
    /** `reverse_charge` and the like; `standard_rated` where nothing is said. */
    readonly reason?: string;
  };
  readonly period: { readonly start: number; readonly end: number };
  readonly proration?: boolean;
}

const taxable = (line: LineOptions): number =>
  line.amount - (line.discount ?? 0) - (line.tax?.inclusive === true ? line.tax.amount : 0);

function basilLine(invoice: string, currency: string, line: LineOptions): StripeObject {
  return {
    pricing: {
      type: 'price_details',
      price_details: { price: `price_${line.product}`, product: line.product },
      unit_amount_decimal: String(Math.trunc(line.amount / (line.quantity ?? 1))),
    },
    parent: {
      type: 'subscription_item_details',
      invoice_item_details: null,
      subscription_item_details: {
        invoice_item: null,
        proration: line.proration ?? false,
        proration_details: null,
        subscription: 'sub_sample',
        subscription_item: 'si_sample',
      },
    },
    taxes:
      line.tax === undefined
        ? []
        : [
            {
              amount: line.tax.amount,
              tax_behavior: line.tax.inclusive ? 'inclusive' : 'exclusive',
              tax_rate_details: { tax_rate: line.tax.rate },
              taxability_reason: line.tax.reason ?? 'standard_rated',
              taxable_amount: taxable(line),
              type: 'tax_rate_details',
            },
          ],
    invoice,
    currency,
    subtotal: line.amount,
    pretax_credit_amounts:
      line.discount !== undefined && line.discount !== 0
        ? [{ amount: line.discount, discount: 'di_sample', type: 'discount' }]
        : [],
  };
}

function classicLine(currency: string, line: LineOptions): StripeObject {
  return {
    currency,
    price: { id: `price_${line.product}`, object: 'price', currency, product: line.product, type: 'recurring' },
    proration: line.proration ?? false,
    tax_amounts:
      line.tax === undefined
        ? []
        : [
            {
              amount: line.tax.amount,
              inclusive: line.tax.inclusive,
              tax_rate: line.tax.rate,
              taxability_reason: line.tax.reason ?? 'standard_rated',
              taxable_amount: taxable(line),
            },
          ],
    tax_rates: [],
    type: 'subscription',
  };
}

const invoiceLine = (shape: Shape, invoice: string, currency: string, line: LineOptions): StripeObject => ({
  id: line.id,
  object: 'line_item',
  amount: line.amount,
  description: line.description,
  discount_amounts:
    line.discount !== undefined && line.discount !== 0 ? [{ amount: line.discount, discount: 'di_sample' }] : [],
  discountable: true,
  discounts: [],
  livemode: false,
  metadata: {},
  period: line.period,
  quantity: line.quantity ?? 1,
  ...(shape === 'basil' ? basilLine(invoice, currency, line) : classicLine(currency, line)),
});

const sumOf = (lines: readonly LineOptions[], part: (line: LineOptions) => number): number =>
  lines.reduce((sum, line) => sum + part(line), 0);

export interface InvoiceTotals {
  readonly subtotal: number;
  readonly discount: number;
  readonly tax: number;
  readonly total: number;
}

/** A document's totals from its lines, as Stripe computes them. */
export function totalsOf(lines: readonly LineOptions[]): InvoiceTotals {
  const subtotal = sumOf(lines, (line) => line.amount);
  const discount = sumOf(lines, (line) => line.discount ?? 0);
  const exclusive = sumOf(lines, (line) => (line.tax !== undefined && !line.tax.inclusive ? line.tax.amount : 0));
  return {
    subtotal,
    discount,
    tax: sumOf(lines, (line) => line.tax?.amount ?? 0),
    total: subtotal - discount + exclusive,
  };
}

export interface InvoiceOptions {
  readonly id: string;
  readonly number: string;
  readonly customer: string;
  readonly customerName?: string;
  readonly customerEmail?: string;
  readonly currency: string;
  readonly lines: readonly LineOptions[];
  /** Seconds. */
  readonly finalizedAt: number;
  readonly dueAt?: number;
  readonly shape?: Shape;
  readonly status?: 'open' | 'paid' | 'void' | 'uncollectible';
  /** Customer balance before: negative is credit. As much of it as fits is applied. */
  readonly startingBalance?: number;
  readonly amountPaid?: number;
  readonly paidOutOfBand?: boolean;
  /** Classic: what paid it. */
  readonly charge?: string;
  readonly paymentIntent?: string;
}

/** Credit is used up to the total; a negative total becomes credit; a debt on the balance is claimed with the invoice. */
function endingBalance(starting: number, total: number): number {
  return Math.min(0, starting + total);
}

export function invoice(options: InvoiceOptions): StripeObject {
  const shape = options.shape ?? 'basil';
  const totals = totalsOf(options.lines);
  const starting = options.startingBalance ?? 0;
  const ending = endingBalance(starting, totals.total);
  const due = totals.total - (ending - starting);
  const paid = options.amountPaid ?? (options.status === 'paid' ? due : 0);
  const outOfBand = options.paidOutOfBand === true;
  return {
    id: options.id,
    object: 'invoice',
    amount_due: due,
    amount_paid: paid,
    amount_remaining: due - paid,
    billing_reason: 'subscription_cycle',
    collection_method: 'charge_automatically',
    created: options.finalizedAt - 3600,
    currency: options.currency,
    customer: options.customer,
    customer_email: options.customerEmail ?? null,
    customer_name: options.customerName ?? null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    due_date: options.dueAt ?? null,
    effective_at: options.finalizedAt,
    ending_balance: ending,
    lines: list(
      `/v1/invoices/${options.id}/lines`,
      options.lines.map((line) => invoiceLine(shape, options.id, options.currency, line)),
    ),
    livemode: false,
    metadata: {},
    number: options.number,
    period_end: options.finalizedAt,
    period_start: options.finalizedAt,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    shipping_cost: null,
    starting_balance: starting,
    status: options.status ?? 'open',
    status_transitions: {
      finalized_at: options.finalizedAt,
      marked_uncollectible_at: null,
      paid_at: null,
      voided_at: null,
    },
    subtotal: totals.subtotal,
    total: totals.total,
    total_discount_amounts: totals.discount === 0 ? [] : [{ amount: totals.discount, discount: 'di_sample' }],
    ...(shape === 'basil'
      ? { amount_overpaid: 0, amount_paid_off_stripe: outOfBand ? paid : 0, total_pretax_credit_amounts: [] }
      : {
          charge: options.charge ?? null,
          payment_intent: options.paymentIntent ?? null,
          paid: options.status === 'paid',
          paid_out_of_band: outOfBand,
          tax: totals.tax,
        }),
  };
}

export interface BalanceTransactionOptions {
  readonly id: string;
  readonly source: string | StripeObject;
  readonly amount: number;
  readonly currency: string;
  readonly fee?: number;
  /** Part of `fee`. */
  readonly feeTax?: number;
  readonly created: number;
  readonly type?: string;
  readonly reportingCategory?: string;
  readonly exchangeRate?: number;
  readonly description?: string;
}

export function balanceTransaction(options: BalanceTransactionOptions): StripeObject {
  const fee = options.fee ?? 0;
  const feeTax = options.feeTax ?? 0;
  const detail = (amount: number, type: string) => ({
    amount,
    application: null,
    currency: options.currency,
    description: null,
    type,
  });
  return {
    id: options.id,
    object: 'balance_transaction',
    amount: options.amount,
    available_on: options.created + 2 * 86_400,
    created: options.created,
    currency: options.currency,
    description: options.description ?? null,
    exchange_rate: options.exchangeRate ?? null,
    fee,
    fee_details: [
      ...(fee - feeTax === 0 ? [] : [detail(fee - feeTax, 'stripe_fee')]),
      ...(feeTax === 0 ? [] : [detail(feeTax, 'tax')]),
    ],
    net: options.amount - fee,
    reporting_category: options.reportingCategory ?? options.type ?? 'charge',
    source: options.source,
    status: 'pending',
    type: options.type ?? 'charge',
  };
}

/** The account's balance, as `GET /v1/balance` answers it; `id` is the stand-in's own. */
export const balance = (
  available: Readonly<Record<string, number>>,
  pending: Readonly<Record<string, number>>,
): StripeObject => {
  const part = (amounts: Readonly<Record<string, number>>) =>
    Object.entries(amounts).map(([currency, amount]) => ({ amount, currency, source_types: { card: amount } }));
  return { id: 'balance', object: 'balance', available: part(available), livemode: false, pending: part(pending) };
};

export interface ChargeOptions {
  readonly id: string;
  readonly amount: number;
  readonly currency: string;
  readonly customer: string | null;
  readonly paymentIntent: string | null;
  /** An id, or the object itself as an expanded endpoint sends it. */
  readonly balanceTransaction: string | StripeObject | null;
  readonly created: number;
  readonly shape?: Shape;
  /** Classic only: basil charges do not name it. */
  readonly invoice?: string;
  readonly captured?: boolean;
  readonly amountCaptured?: number;
  readonly amountRefunded?: number;
  /** Classic only: newest first. */
  readonly refunds?: readonly StripeObject[];
  readonly failureCode?: string;
}

export function charge(options: ChargeOptions): StripeObject {
  const captured = options.captured ?? options.failureCode === undefined;
  const refunded = options.amountRefunded ?? 0;
  const classic = options.shape === 'classic';
  return {
    id: options.id,
    object: 'charge',
    amount: options.amount,
    amount_captured: options.amountCaptured ?? (captured ? options.amount : 0),
    amount_refunded: refunded,
    balance_transaction: options.balanceTransaction,
    billing_details: { address: null, email: null, name: null, phone: null },
    captured,
    created: options.created,
    currency: options.currency,
    customer: options.customer,
    description: null,
    disputed: false,
    failure_code: options.failureCode ?? null,
    failure_message: null,
    livemode: false,
    metadata: {},
    paid: options.failureCode === undefined,
    payment_intent: options.paymentIntent,
    refunded: refunded === options.amount,
    status: options.failureCode === undefined ? 'succeeded' : 'failed',
    ...(classic
      ? { invoice: options.invoice ?? null, refunds: list(`/v1/charges/${options.id}/refunds`, options.refunds ?? []) }
      : {}),
  };
}

export interface RefundOptions {
  readonly id: string;
  readonly amount: number;
  readonly currency: string;
  readonly charge: string;
  readonly paymentIntent: string | null;
  readonly balanceTransaction: string | StripeObject | null;
  readonly created: number;
  readonly status?: 'succeeded' | 'pending' | 'failed' | 'canceled';
  readonly customer?: string;
}

export const refund = (options: RefundOptions): StripeObject => ({
  id: options.id,
  object: 'refund',
  amount: options.amount,
  balance_transaction: options.balanceTransaction,
  charge: options.charge,
  created: options.created,
  currency: options.currency,
  ...(options.customer === undefined ? {} : { customer: options.customer }),
  metadata: {},
  payment_intent: options.paymentIntent,
  reason: null,
  status: options.status ?? 'succeeded',
});

export interface CreditNoteOptions {
  readonly id: string;
  readonly number: string;
  readonly invoice: string;
  readonly customer: string;
  readonly currency: string;
  /** `id` is the invoice line's; the note's own line ids are made from it. */
  readonly lines: readonly LineOptions[];
  readonly created: number;
  readonly shape?: Shape;
  readonly prePayment: number;
  readonly refunds?: readonly { readonly refund: string; readonly amount: number }[];
  readonly creditedToBalance?: number;
  readonly outOfBand?: number;
}

export function creditNote(options: CreditNoteOptions): StripeObject {
  const shape = options.shape ?? 'basil';
  const totals = totalsOf(options.lines);
  const refunds = options.refunds ?? [];
  const type =
    options.prePayment === totals.total ? 'pre_payment' : options.prePayment === 0 ? 'post_payment' : 'mixed';
  const lines = options.lines.map((line) => {
    const { pricing, parent, price, period, subtotal, ...rest } = invoiceLine(shape, '', options.currency, line);
    return {
      ...rest,
      id: `cnli_${line.id}`,
      object: 'credit_note_line_item',
      invoice_line_item: line.id,
      type: 'invoice_line_item',
    };
  });
  return {
    id: options.id,
    object: 'credit_note',
    amount: totals.total,
    created: options.created,
    currency: options.currency,
    customer: options.customer,
    customer_balance_transaction: options.creditedToBalance ? `cbtxn_${options.id}` : null,
    discount_amount: totals.discount,
    effective_at: options.created,
    invoice: options.invoice,
    lines: list(`/v1/credit_notes/${options.id}/lines`, lines),
    livemode: false,
    memo: null,
    metadata: {},
    number: options.number,
    out_of_band_amount: options.outOfBand ?? null,
    pre_payment_amount: options.prePayment,
    post_payment_amount: totals.total - options.prePayment,
    reason: null,
    shipping_cost: null,
    status: 'issued',
    subtotal: totals.subtotal,
    total: totals.total,
    type,
    ...(shape === 'basil'
      ? { refunds: refunds.map((each) => ({ refund: each.refund, amount_refunded: each.amount, type: 'refund' })) }
      : { refund: refunds[0]?.refund ?? null }),
  };
}

export interface DisputeOptions {
  readonly id: string;
  readonly charge: string | StripeObject;
  readonly paymentIntent: string | null;
  readonly amount: number;
  readonly currency: string;
  readonly created: number;
  readonly status: 'needs_response' | 'under_review' | 'won' | 'lost' | 'warning_closed';
  readonly balanceTransactions?: readonly StripeObject[];
}

export const dispute = (options: DisputeOptions): StripeObject => ({
  id: options.id,
  object: 'dispute',
  amount: options.amount,
  balance_transactions: options.balanceTransactions ?? [],
  charge: options.charge,
  created: options.created,
  currency: options.currency,
  evidence: {},
  is_charge_refundable: false,
  livemode: false,
  metadata: {},
  payment_intent: options.paymentIntent,
  reason: 'fraudulent',
  status: options.status,
});

export interface PayoutOptions {
  readonly id: string;
  readonly amount: number;
  readonly currency: string;
  readonly created: number;
  readonly arrivesAt: number;
  readonly balanceTransaction: string;
  readonly status?: 'pending' | 'in_transit' | 'paid' | 'failed' | 'canceled';
}

export const payout = (options: PayoutOptions): StripeObject => ({
  id: options.id,
  object: 'payout',
  amount: options.amount,
  arrival_date: options.arrivesAt,
  automatic: true,
  balance_transaction: options.balanceTransaction,
  created: options.created,
  currency: options.currency,
  destination: 'ba_sample',
  failure_code: null,
  livemode: false,
  metadata: {},
  method: 'standard',
  source_type: 'card',
  status: options.status ?? 'paid',
  type: 'bank_account',
});

/** What a payout of these transactions pays: the sum of their nets, as Stripe does. */
export const payoutAmount = (transactions: readonly { readonly net?: unknown }[]): number =>
  transactions.reduce((sum, transaction) => sum + (typeof transaction.net === 'number' ? transaction.net : 0), 0);

export interface InvoicePaymentOptions {
  readonly id: string;
  readonly invoice: string | StripeObject;
  readonly paymentIntent: string;
  readonly amount: number;
  readonly currency: string;
  readonly created: number;
}

/** Basil only: which invoice a payment intent paid. */
export const invoicePayment = (options: InvoicePaymentOptions): StripeObject => ({
  id: options.id,
  object: 'invoice_payment',
  amount_paid: options.amount,
  amount_requested: options.amount,
  created: options.created,
  currency: options.currency,
  invoice: options.invoice,
  is_default: true,
  livemode: false,
  payment: { type: 'payment_intent', payment_intent: options.paymentIntent },
  status: 'paid',
  status_transitions: { canceled_at: null, paid_at: options.created },
});

export interface SubscriptionOptions {
  readonly id: string;
  readonly customer: string;
  readonly status: string;
  readonly created: number;
  readonly items: readonly { readonly product: string; readonly quantity: number }[];
}

export const subscription = (options: SubscriptionOptions): StripeObject => ({
  id: options.id,
  object: 'subscription',
  created: options.created,
  customer: options.customer,
  items: list(
    `/v1/subscription_items?subscription=${options.id}`,
    options.items.map((item, index) => ({
      id: `si_${options.id}_${index}`,
      object: 'subscription_item',
      price: { id: `price_${item.product}`, object: 'price', product: item.product },
      quantity: item.quantity,
    })),
  ),
  livemode: false,
  metadata: {},
  status: options.status,
});
