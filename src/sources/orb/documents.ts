/** Invoices, credit notes and payments of Orb → facts. */
import type { InvoiceLine, LineTax } from '../../canonical/events.ts';
import type { EpochMs } from '../../canonical/ids.ts';
import { type Currency, currency, type MinorUnits, minorUnits, ZERO } from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { instantOf } from '../instants.ts';
import { exactMinor, facts, linesTotal, nothing, plainLine, said, unsupported } from '../reading.ts';
import { type Interpretation, keysOf } from '../source.ts';
import type { CreditNote, Invoice, Properties } from './schemas.ts';
import type { OrbSettings } from './settings.ts';

export const key = keysOf('orb');

/** A line's `amount` is after discounts and prepaid credits and before tax; the customer's balance comes off the total. */
export function invoiceIssued(read: Invoice): Interpretation {
  if (read.status === 'draft') return nothing('a draft is no claim');
  const code = currency(read.currency);
  const total = exactMinor(read.total, code, 'invoice.total');
  if (!total.ok) return unsupported(total.error);
  const due = exactMinor(read.amount_due, code, 'invoice.amount_due');
  if (!due.ok) return unsupported(due.error);
  if (due.value > total.value) return unsupported('invoice.amount_due: more than total, something is carried over');
  const lines = invoiceLines(read, code);
  if (!lines.ok) return unsupported(lines.error);
  if (linesTotal(lines.value) !== total.value)
    return unsupported('invoice.line_items: with taxes they do not make total');
  return facts({
    kind: 'invoice.issued',
    occurredAt: instantOf(read.issued_at ?? read.invoice_date),
    requires: [],
    invoice: key('invoice', read.id),
    customer: key('customer', read.customer.id),
    number: said(read.invoice_number),
    currency: code,
    lines: lines.value,
    total: total.value,
    creditApplied: total.value < 0 ? ZERO : minorUnits(total.value - due.value),
    dueAt: read.due_date === null || read.due_date === undefined ? null : instantOf(read.due_date),
    billedTo: { name: null, email: null },
  });
}

function invoiceLines(read: Invoice, code: Currency): Result<readonly InvoiceLine[], string> {
  const lines: InvoiceLine[] = [];
  for (const [index, item] of read.line_items.entries()) {
    const path = `invoice.line_items[${index}]`;
    const net = exactMinor(item.amount, code, `${path}.amount`);
    if (!net.ok) return net;
    const taxes = taxesOf(item.tax_amounts, code, path);
    if (!taxes.ok) return taxes;
    const [start, end] = [item.start_date ?? null, item.end_date ?? null];
    lines.push(
      plainLine({
        id: item.id,
        description: item.name,
        product: item.price?.item === null || item.price?.item === undefined ? null : key('item', item.price.item.id),
        quantity: item.quantity === null || item.quantity === undefined ? '1' : String(item.quantity),
        net: net.value,
        taxes: taxes.value,
        period: start !== null && end !== null && end > start ? { start: instantOf(start), end: instantOf(end) } : null,
      }),
    );
  }
  return new Set(lines.map((line) => line.id)).size === lines.length
    ? ok(lines)
    : err('invoice.line_items: an id twice');
}

function taxesOf(
  listed: Invoice['line_items'][number]['tax_amounts'],
  code: Currency,
  path: string,
): Result<readonly LineTax[], string> {
  const taxes: LineTax[] = [];
  for (const [index, tax] of listed.entries()) {
    const amount = exactMinor(tax.amount, code, `${path}.tax_amounts[${index}].amount`);
    if (!amount.ok) return amount;
    if (amount.value === 0) continue;
    taxes.push({
      code: tax.tax_rate_description,
      amount: amount.value,
      inclusive: false,
      percent: tax.tax_rate_percentage ?? null,
    });
  }
  return new Set(taxes.map((tax) => tax.code)).size === taxes.length
    ? ok(taxes)
    : err(`${path}.tax_amounts: one twice`);
}

/** The attempt the event names, or the only one that went that way. */
function attemptOf(read: Invoice, named: Properties | null | undefined, succeeded: boolean) {
  const attempts = read.payment_attempts.filter((attempt) => attempt.succeeded === succeeded);
  const id = named?.payment_provider_transaction_id ?? null;
  const match = id === null ? undefined : attempts.find((attempt) => attempt.payment_provider_id === id);
  return match ?? (attempts.length === 1 ? attempts[0] : undefined);
}

export function paymentSucceeded(read: Invoice, named: Properties | null | undefined): Interpretation {
  const attempt = attemptOf(read, named, true);
  if (attempt === undefined) return unsupported('invoice.payment_attempts: which one succeeded is not said');
  const code = currency(read.currency);
  const amount = exactMinor(attempt.amount, code, 'invoice.payment_attempts.amount');
  if (!amount.ok) return unsupported(amount.error);
  const invoice = key('invoice', read.id);
  return facts({
    kind: 'payment.captured',
    occurredAt: instantOf(attempt.created_at),
    requires: [invoice],
    payment: key('payment', attempt.id),
    customer: key('customer', read.customer.id),
    invoice,
    currency: code,
    amount: amount.value,
    settlement: null,
  });
}

export function paymentFailed(
  read: Invoice,
  named: Properties | null | undefined,
  occurredAt: EpochMs,
): Interpretation {
  const attempt = attemptOf(read, named, false);
  const code = currency(read.currency);
  const amount = exactMinor(attempt?.amount ?? read.amount_due, code, 'invoice.amount_due');
  if (!amount.ok) return unsupported(amount.error);
  return facts({
    kind: 'payment.failed',
    occurredAt: attempt === undefined ? occurredAt : instantOf(attempt.created_at),
    requires: [],
    payment: key('payment', attempt?.id ?? `failed/${read.id}/${occurredAt}`),
    invoice: key('invoice', read.id),
    customer: key('customer', read.customer.id),
    currency: code,
    amount: amount.value,
    reason: null,
  });
}

/** Somebody marked it as paid: the money came outside any processor, all that was due of it. */
export function paidByHand(read: Invoice, named: Properties | null | undefined, occurredAt: EpochMs): Interpretation {
  const code = currency(read.currency);
  const amount = exactMinor(read.amount_due, code, 'invoice.amount_due');
  if (!amount.ok) return unsupported(amount.error);
  if (amount.value <= 0) return nothing('nothing was due');
  const invoice = key('invoice', read.id);
  return facts({
    kind: 'payment.external',
    occurredAt: dayOf(named?.payment_received_date) ?? occurredAt,
    requires: [invoice],
    payment: key('payment', `manual/${read.id}`),
    invoice,
    customer: key('customer', read.customer.id),
    currency: code,
    amount: amount.value,
  });
}

function dayOf(text: string | null | undefined): EpochMs | null {
  const day = /^\d{4}-\d{2}-\d{2}/.exec(text ?? '')?.[0];
  const instant = day === undefined ? Number.NaN : Date.parse(`${day}T12:00:00Z`);
  return Number.isNaN(instant) || instant < 0 ? null : instant;
}

export function invoiceVoided(read: Invoice, occurredAt: EpochMs): Interpretation {
  const invoice = key('invoice', read.id);
  return facts({
    kind: 'invoice.voided',
    occurredAt: read.voided_at === null || read.voided_at === undefined ? occurredAt : instantOf(read.voided_at),
    requires: [invoice],
    invoice,
    customer: key('customer', read.customer.id),
  });
}

/** An adjustment lowers what is owed. A refund is of an invoice that was paid; where it goes the tenant says. */
export function creditNoteIssued(read: CreditNote, settings: OrbSettings): Interpretation {
  const stated = read.currency ?? settings.currency;
  if (stated === null) return unsupported('credit_note.currency: neither in the event nor in the settings');
  if (read.type === 'refund' && settings.refundNotes === null) {
    return unsupported('credit_note.type: a refund, and the settings do not say where its money goes');
  }
  const code = currency(stated);
  const total = exactMinor(read.total, code, 'credit_note.total');
  if (!total.ok) return unsupported(total.error);
  const lines = noteLines(read, code, total.value);
  if (!lines.ok) return unsupported(lines.error);
  const invoice = key('invoice', read.invoice_id);
  const part = (goes: boolean): MinorUnits => (goes ? total.value : ZERO);
  const refund = read.type === 'refund';
  return facts({
    kind: 'credit_note.issued',
    occurredAt: instantOf(read.created_at),
    requires: [invoice],
    creditNote: key('credit_note', read.id),
    invoice,
    customer: key('customer', read.customer.id),
    number: said(read.credit_note_number),
    currency: code,
    lines: lines.value,
    total: total.value,
    reducesReceivable: part(!refund),
    refunded: part(refund && settings.refundNotes === 'refund'),
    creditedToBalance: part(refund && settings.refundNotes === 'balance'),
    paidOutOfBand: ZERO,
  });
}

/** Whether a line's amount has its tax in it is told by the total. */
function noteLines(read: CreditNote, code: Currency, total: number): Result<readonly InvoiceLine[], string> {
  const lines: InvoiceLine[] = [];
  for (const [index, item] of read.line_items.entries()) {
    const path = `credit_note.line_items[${index}]`;
    const amount = exactMinor(item.amount, code, `${path}.amount`);
    if (!amount.ok) return amount;
    const taxes = taxesOf(item.tax_amounts, code, path);
    if (!taxes.ok) return taxes;
    const product = item.item_id === null || item.item_id === undefined ? null : key('item', item.item_id);
    lines.push(plainLine({ id: item.id, description: item.name, product, net: amount.value, taxes: taxes.value }));
  }
  if (new Set(lines.map((line) => line.id)).size !== lines.length) return err('credit_note.line_items: an id twice');
  if (linesTotal(lines) === total) return ok(lines);
  const within = lines.map((line) => ({
    ...line,
    net: minorUnits(line.net - line.taxes.reduce((sum, tax) => sum + tax.amount, 0)),
  }));
  return linesTotal(within) === total ? ok(within) : err('credit_note.line_items: they do not make total');
}

export function creditNoteVoided(read: CreditNote, occurredAt: EpochMs): Interpretation {
  const creditNote = key('credit_note', read.id);
  return facts({
    kind: 'credit_note.voided',
    occurredAt: read.voided_at === null || read.voided_at === undefined ? occurredAt : instantOf(read.voided_at),
    requires: [creditNote],
    creditNote,
    invoice: key('invoice', read.invoice_id),
    customer: key('customer', read.customer.id),
  });
}
