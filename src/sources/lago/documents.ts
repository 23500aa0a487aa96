/** Invoices, credit notes and payments of Lago → facts. */
import type { CanonicalEvent, InvoiceLine, LineTax } from '../../canonical/events.ts';
import type { EpochMs } from '../../canonical/ids.ts';
import { allocate, currency, minorUnits } from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { instantOf } from '../instants.ts';
import { facts, linesTotal, nothing, plainLine, said, unsupported } from '../reading.ts';
import { type Interpretation, keysOf } from '../source.ts';
import type { CreditNote, Fee, Invoice, Payment } from './schemas.ts';

export const key = keysOf('lago');

/** What a line is for: plans under the key their own events use, the rest by kind and code. */
const productOf = (item: Fee['item']) =>
  said(item.code) === null ? null : key(item.type === 'subscription' ? 'plan' : item.type, item.code ?? '');

/**
 * A finalized invoice is a claim over its total before credit; credit notes and prepaid credit it consumed are the
 * customer's own. Coupons lower the lines they are spread over, in proportion to the fees.
 */
export function invoiceIssued(read: Invoice, occurredAt: EpochMs): Interpretation {
  if (read.status !== 'finalized') return nothing('an invoice that is not finalized is no claim yet');
  if (read.invoice_type === 'credit' || read.fees.some((fee) => fee.item.type === 'credit')) {
    return unsupported('invoice_type: buying prepaid credit earns no revenue yet');
  }
  if (read.prepaid_granted_credit_amount_cents !== 0) {
    return unsupported('prepaid_granted_credit_amount_cents: credit nobody paid for');
  }
  const lines = linesOf(read);
  if (!lines.ok) return unsupported(lines.error);
  const total = read.sub_total_including_taxes_amount_cents;
  if (linesTotal(lines.value) !== total) {
    return unsupported('fees: with coupons and taxes they do not make sub_total_including_taxes_amount_cents');
  }
  const credit = read.credit_notes_amount_cents + read.prepaid_credit_amount_cents;
  if (total - credit !== read.total_amount_cents) {
    return unsupported('total_amount_cents: not the subtotal less credit notes and prepaid credit');
  }
  return facts({
    kind: 'invoice.issued',
    occurredAt: read.issuing_date ?? occurredAt,
    requires: [],
    invoice: key('invoice', read.lago_id),
    customer: key('customer', read.customer.external_id),
    number: said(read.number),
    currency: currency(read.currency),
    lines: lines.value,
    total: minorUnits(total),
    creditApplied: minorUnits(credit),
    dueAt: read.payment_due_date ?? null,
    billedTo: { name: said(read.customer.name), email: said(read.customer.email) },
  });
}

function linesOf(read: Invoice): Result<readonly InvoiceLine[], string> {
  const coupons = read.coupons_amount_cents;
  if (coupons < 0 || (coupons > 0 && read.fees.some((fee) => fee.amount_cents < 0))) {
    return err('coupons_amount_cents: cannot be spread over negative fees');
  }
  const weights = read.fees.map((fee) => (coupons === 0 ? 0 : fee.amount_cents));
  const discounts = read.fees.length === 0 ? [] : allocate(minorUnits(coupons), weights);
  const lines: InvoiceLine[] = [];
  for (const [index, fee] of read.fees.entries()) {
    const taxes = feeTaxes(fee);
    if (taxes === null) return err(`fees[${index}].applied_taxes: several, and they do not make taxes_amount_cents`);
    const discount = discounts[index] ?? minorUnits(0);
    // Lago writes the last second of the span.
    const [start, end] = [fee.from_date ?? null, fee.to_date ?? null];
    lines.push(
      plainLine({
        id: fee.lago_id,
        description: said(fee.invoice_display_name) ?? said(fee.item.name) ?? fee.item.type,
        product: productOf(fee.item),
        quantity: fee.units,
        net: fee.amount_cents - discount,
        discount,
        taxes,
        period: start !== null && end !== null && end > start ? { start: instantOf(start), end: ended(end) } : null,
      }),
    );
  }
  if (read.progressive_billing_credit_amount_cents !== 0) {
    lines.push(
      plainLine({
        id: 'progressive-billing-credit',
        description: 'Billed before',
        net: -read.progressive_billing_credit_amount_cents,
      }),
    );
  }
  return new Set(lines.map((line) => line.id)).size === lines.length ? ok(lines) : err('fees: an id twice');
}

const ended = (micros: number): EpochMs => (Math.floor(micros / 1_000_000) + 1) * 1000;

/** One tax takes the fee's whole tax; several must make it. Null when they do not. */
function feeTaxes(fee: Fee): readonly LineTax[] | null {
  const total = fee.taxes_amount_cents;
  if (total === 0) return [];
  const [only] = fee.applied_taxes;
  if (fee.applied_taxes.length <= 1) {
    const percent = only?.tax_rate ?? fee.taxes_rate ?? null;
    return [taxLine(only?.tax_code ?? 'tax', percent, total)];
  }
  const sum = fee.applied_taxes.reduce((part, tax) => part + tax.amount_cents, 0);
  if (sum !== total || new Set(fee.applied_taxes.map((tax) => tax.tax_code)).size !== fee.applied_taxes.length) {
    return null;
  }
  return fee.applied_taxes.map((tax) => taxLine(tax.tax_code, tax.tax_rate, tax.amount_cents));
}

const taxLine = (code: string, percent: number | null, amount: number): LineTax => ({
  code,
  amount: minorUnits(amount),
  inclusive: false,
  percent: percent === null ? null : String(percent),
});

export function invoiceVoided(read: Invoice, occurredAt: EpochMs): Interpretation {
  const invoice = key('invoice', read.lago_id);
  return facts({
    kind: 'invoice.voided',
    occurredAt: read.voided_at === null || read.voided_at === undefined ? occurredAt : instantOf(read.voided_at),
    requires: [invoice],
    invoice,
    customer: key('customer', read.customer.external_id),
  });
}

/** The note's taxes are for the note as a whole: each is spread over its lines in proportion to them. */
export function creditNoteIssued(read: CreditNote, occurredAt: EpochMs): Interpretation {
  const { credit_amount_cents: credited, refund_amount_cents: refunded, offset_amount_cents: offset } = read;
  const total = read.total_amount_cents;
  if (credited + refunded + offset !== total) return unsupported('credit, refund and offset: do not make the total');
  const lines = noteLines(read);
  if (!lines.ok) return unsupported(lines.error);
  if (linesTotal(lines.value) !== total) return unsupported('items: with taxes they do not make total_amount_cents');
  const invoice = key('invoice', read.lago_invoice_id);
  return facts({
    kind: 'credit_note.issued',
    occurredAt: read.issuing_date ?? occurredAt,
    requires: [invoice],
    creditNote: key('credit_note', read.lago_id),
    invoice,
    customer: key('customer', read.customer.external_id),
    number: said(read.number),
    currency: currency(read.currency),
    lines: lines.value,
    total: minorUnits(total),
    reducesReceivable: minorUnits(offset),
    refunded: minorUnits(refunded),
    creditedToBalance: minorUnits(credited),
    paidOutOfBand: minorUnits(0),
  });
}

function noteLines(read: CreditNote): Result<readonly InvoiceLine[], string> {
  if (read.items.length === 0 || read.items.some((item) => item.amount_cents < 0))
    return err('items: none, or negative');
  if (read.coupons_adjustment_amount_cents < 0) return err('coupons_adjustment_amount_cents: negative');
  const weights = read.items.map((item) => item.amount_cents);
  const discounts = allocate(minorUnits(read.coupons_adjustment_amount_cents), weights);
  const nets = weights.map((amount, index) => amount - (discounts[index] ?? 0));
  if (nets.some((net) => net < 0)) return err('coupons_adjustment_amount_cents: more than the items');
  const stated = read.applied_taxes.reduce((sum, tax) => sum + tax.amount_cents, 0);
  if (stated !== read.taxes_amount_cents && read.applied_taxes.length > 1) {
    return err('applied_taxes: several, and they do not make taxes_amount_cents');
  }
  const [only] = read.applied_taxes;
  const taxes =
    stated === read.taxes_amount_cents
      ? read.applied_taxes.map((tax) => taxLine(tax.tax_code, tax.tax_rate, tax.amount_cents))
      : [taxLine(only?.tax_code ?? 'tax', only?.tax_rate ?? null, read.taxes_amount_cents)];
  const spread = taxes.map((tax) => allocate(tax.amount, nets));
  const lines = read.items.map((item, index) =>
    plainLine({
      id: item.lago_id,
      description: said(item.fee.item.name) ?? item.fee.item.type,
      product: productOf(item.fee.item),
      net: nets[index] ?? 0,
      discount: discounts[index] ?? minorUnits(0),
      taxes: taxes
        .map((tax, which) => ({ ...tax, amount: spread[which]?.[index] ?? minorUnits(0) }))
        .filter((tax) => tax.amount !== 0),
    }),
  );
  return new Set(lines.map((line) => line.id)).size === lines.length ? ok(lines) : err('items: an id twice');
}

/**
 * A payment of one invoice settles it; one of several does not say what each gets of it, so it is unapplied cash. Made
 * by hand it never was at a processor.
 */
export function paymentSucceeded(read: Payment): Interpretation {
  if (read.payment_status !== 'succeeded') return nothing('the payment has not succeeded');
  const [only] = read.invoice_ids;
  const invoice = only === undefined || read.invoice_ids.length > 1 ? null : key('invoice', only);
  const customer =
    read.external_customer_id === null || read.external_customer_id === undefined
      ? null
      : key('customer', read.external_customer_id);
  const common = {
    occurredAt: instantOf(read.created_at),
    requires: invoice === null ? [] : [invoice],
    payment: key('payment', read.lago_id),
    currency: currency(read.amount_currency),
    amount: minorUnits(read.amount_cents),
  };
  if (read.type === 'provider') {
    return facts({ kind: 'payment.captured', ...common, customer, invoice, settlement: null });
  }
  if (invoice === null || customer === null) return unsupported('invoice_ids: a payment by hand, not of one invoice');
  return facts({ kind: 'payment.external', ...common, invoice, customer });
}

/** For tenants who mark invoices as paid in Lago: the invoice's own status is the only word of the money. */
export function paidByStatus(read: Invoice, occurredAt: EpochMs): Interpretation {
  if (read.payment_status !== 'succeeded') return nothing('nothing was received');
  if (read.total_amount_cents <= 0) return nothing('nothing was due');
  const invoice = key('invoice', read.lago_id);
  const paid: CanonicalEvent = {
    kind: 'payment.external',
    occurredAt: read.updated_at === null || read.updated_at === undefined ? occurredAt : instantOf(read.updated_at),
    requires: [invoice],
    payment: key('payment', `invoice/${read.lago_id}`),
    invoice,
    customer: key('customer', read.customer.external_id),
    currency: currency(read.currency),
    amount: minorUnits(read.total_amount_cents),
  };
  return facts(paid);
}
