/** Invoices and credit notes → facts. Money received is never booked from here: payments have events of their own. */
import type { CanonicalEvent } from '../../canonical/events.ts';
import type { EpochMs } from '../../canonical/ids.ts';
import { currency, minorUnits, ZERO } from '../../canonical/money.ts';
import type { Interpretation } from '../source.ts';
import { billingLines, key } from './billing-lines.ts';
import type { CreditNote, Invoice } from './schemas.ts';

export const nothing = (note: string): Interpretation => ({ kind: 'facts', facts: [], note });
export const facts = (...all: readonly CanonicalEvent[]): Interpretation => ({ kind: 'facts', facts: all, note: null });
export const unsupported = (detail: string): Interpretation => ({
  kind: 'quarantine',
  reason: { code: 'unsupported_shape', detail },
});

/** Chargebee writes seconds; absent means the event's own time. */
export const instant = (seconds: number | undefined, occurredAt: EpochMs): EpochMs =>
  seconds === undefined ? occurredAt : seconds * 1000;

const fullName = (parts: readonly (string | undefined)[]): string | null =>
  parts.filter((part) => part !== undefined && part !== '').join(' ') || null;

/** The company where there is one, else the person. */
export const partyName = (party: {
  company?: string | undefined;
  first_name?: string | undefined;
  last_name?: string | undefined;
}): string | null => fullName([party.company]) ?? fullName([party.first_name, party.last_name]);

/** Dated by the invoice's own date, which differs from the event's when it was backdated. */
export function invoiceIssued(invoice: Invoice, occurredAt: EpochMs): Interpretation {
  if (invoice.status === 'pending') return nothing('a pending invoice is no claim yet');
  const lines = billingLines(invoice);
  if (!lines.ok) return unsupported(`invoice.${lines.error}`);
  const code = currency(invoice.currency_code);
  const issuedAt = instant(invoice.date, occurredAt);
  const issued: CanonicalEvent = {
    kind: 'invoice.issued',
    occurredAt: issuedAt,
    requires: [],
    invoice: key('invoice', invoice.id),
    customer: key('customer', invoice.customer_id),
    number: invoice.id,
    currency: code,
    lines: lines.value,
    total: minorUnits(invoice.total),
    creditApplied: minorUnits(invoice.credits_applied),
    dueAt: invoice.due_date === undefined ? null : invoice.due_date * 1000,
    billedTo: {
      name: invoice.billing_address === undefined ? null : partyName(invoice.billing_address),
      email: invoice.billing_address?.email ?? null,
    },
  };
  return facts(issued, ...advancePayments(invoice, issuedAt));
}

/**
 * Payments older than the invoice were unapplied cash until now; their own event could not name it. A payment made for
 * the invoice names it in its own event and is left to that one.
 */
function advancePayments(invoice: Invoice, issuedAt: EpochMs): CanonicalEvent[] {
  return invoice.linked_payments
    .filter((payment) => payment.txn_status === 'success' && payment.applied_amount > 0)
    .filter((payment) => payment.txn_date !== undefined && payment.txn_date * 1000 < issuedAt)
    .map((payment) => ({
      kind: 'payment.applied',
      occurredAt: issuedAt,
      requires: [key('payment', payment.txn_id), key('invoice', invoice.id)],
      payment: key('payment', payment.txn_id),
      invoice: key('invoice', invoice.id),
      customer: key('customer', invoice.customer_id),
      currency: currency(invoice.currency_code),
      amount: minorUnits(payment.applied_amount),
    }));
}

/** `invoice_updated` says little by itself: it is told from the invoice what happened. */
export function invoiceUpdated(invoice: Invoice, occurredAt: EpochMs): Interpretation {
  const subject = { invoice: key('invoice', invoice.id), customer: key('customer', invoice.customer_id) };
  const requires = [subject.invoice];
  if (invoice.status === 'voided') {
    return facts({ kind: 'invoice.voided', occurredAt: instant(invoice.voided_at, occurredAt), requires, ...subject });
  }
  if (invoice.write_off_amount > 0) {
    return facts({
      kind: 'invoice.written_off',
      occurredAt,
      requires,
      ...subject,
      remaining: minorUnits(invoice.write_off_amount),
      currency: currency(invoice.currency_code),
    });
  }
  const generatedAt = invoice.generated_at ?? invoice.date;
  const later = invoice.applied_credits.some(
    (credit) => generatedAt !== undefined && credit.applied_at > generatedAt + 60,
  );
  if (later) return unsupported('invoice.applied_credits: credit applied after the invoice was issued');
  return nothing('payments and credit notes of the invoice have events of their own');
}

/** What may still come or has come; a refund that failed has settled nothing. */
const liveRefund = (status: string | undefined): boolean =>
  status === undefined || status === 'success' || status === 'in_progress';

/**
 * An adjustment lowers what is owed. A refundable note is split: what went to its own invoice, what is paid back, and
 * the rest, which the customer keeps as credit.
 */
export function creditNoteIssued(note: CreditNote, occurredAt: EpochMs): Interpretation {
  if (note.reason_code === 'write_off') return nothing('the write-off is booked from its invoice (invoice_updated)');
  if (note.reference_invoice_id === undefined) return unsupported('credit_note.reference_invoice_id: absent');
  if (note.status === 'voided') return nothing('the credit note was void from the start');
  const lines = billingLines(note);
  if (!lines.ok) return unsupported(`credit_note.${lines.error}`);
  const split = settlementOf(note, note.reference_invoice_id);
  if (split === null) return unsupported('credit_note.allocations, linked_refunds: more than total');
  const invoice = key('invoice', note.reference_invoice_id);
  return facts({
    kind: 'credit_note.issued',
    occurredAt: instant(note.date, occurredAt),
    requires: [invoice],
    creditNote: key('credit_note', note.id),
    invoice,
    customer: key('customer', note.customer_id),
    number: note.id,
    currency: currency(note.currency_code),
    lines: lines.value,
    total: minorUnits(note.total),
    ...split,
    paidOutOfBand: ZERO,
  });
}

function settlementOf(note: CreditNote, invoiceId: string) {
  if (note.type === 'adjustment') {
    return { reducesReceivable: minorUnits(note.total), refunded: ZERO, creditedToBalance: ZERO };
  }
  const reduces = note.allocations
    .filter((allocation) => allocation.invoice_id === invoiceId)
    .reduce((sum, allocation) => sum + allocation.allocated_amount, 0);
  const refunds = note.linked_refunds.filter((refund) => liveRefund(refund.txn_status));
  const refunded =
    note.linked_refunds.length === 0
      ? note.amount_refunded
      : refunds.reduce((sum, refund) => sum + refund.applied_amount, 0);
  const credited = note.total - reduces - refunded;
  if (credited < 0 || reduces < 0 || refunded < 0) return null;
  return {
    reducesReceivable: minorUnits(reduces),
    refunded: minorUnits(refunded),
    creditedToBalance: minorUnits(credited),
  };
}

export function creditNoteUpdated(note: CreditNote, occurredAt: EpochMs): Interpretation {
  if (note.reason_code === 'write_off') return nothing('the write-off is booked from its invoice (invoice_updated)');
  if (note.status !== 'voided') return nothing('refunds and allocations of the credit note have events of their own');
  if (note.reference_invoice_id === undefined) return unsupported('credit_note.reference_invoice_id: absent');
  return facts({
    kind: 'credit_note.voided',
    occurredAt: instant(note.voided_at, occurredAt),
    requires: [key('credit_note', note.id)],
    creditNote: key('credit_note', note.id),
    invoice: key('invoice', note.reference_invoice_id),
    customer: key('customer', note.customer_id),
  });
}
