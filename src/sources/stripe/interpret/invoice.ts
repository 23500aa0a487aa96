/** Invoices: issued when finalized, then paid elsewhere, voided or written off. */
import type { z } from 'zod';
import type { PaymentExternal } from '../../../canonical/events.ts';
import { isBasil, type StripeEvent } from '../envelope.ts';
import { type DocumentLine, type Invoice, invoice, invoiceHandle, lineList } from '../schemas/documents.ts';
import {
  type Context,
  currencyOf,
  facts,
  fetched,
  fromSeconds,
  keyOf,
  money,
  nothing,
  type Outcome,
  requiredCustomer,
} from './context.ts';
import { handler } from './handler.ts';
import { documentLines, rawLines, rawTotal, spreadLegacyTotals } from './lines.ts';
import { paymentsApplied } from './payment.ts';

/** All lines of a document: the event's own (it carries ten at most), or the fetched list where there are more. */
export function allLines(
  context: Context,
  document: { readonly id: string; readonly lines: z.infer<typeof lineList> },
  kind: 'invoice_lines' | 'credit_note_lines',
): readonly DocumentLine[] {
  if (document.lines.has_more !== true) return document.lines.data;
  const parsed = lineList.safeParse(fetched(context, kind, document.id));
  if (parsed.success && parsed.data.has_more !== true) return parsed.data.data;
  context.problems.add('lines', 'there are more than the event carries, and they could not be fetched');
  return [];
}

/**
 * Credit used (positive) or granted (negative) by the invoice: the customer balance is negative when it is credit.
 * An older event without `ending_balance` says the same by what is left to pay.
 */
function creditApplied(object: Invoice): number {
  const ending = object.ending_balance ?? null;
  return ending === null ? object.total - object.amount_due : ending - (object.starting_balance ?? 0);
}

function issued(object: Invoice, context: Context): Outcome {
  const currency = currencyOf(object.currency);
  const source = allLines(context, object, 'invoice_lines');
  const raw = spreadLegacyTotals(rawLines(source, object, context), source, object);
  if (rawTotal(raw) !== object.total)
    context.problems.add('lines', 'expected lines, discounts and taxes to sum to total');
  const credit = creditApplied(object);
  if (object.amount_due !== object.total - credit) {
    context.problems.add('amount_due', 'expected total less the change of the customer balance');
  }
  const finalizedAt = object.effective_at ?? object.status_transitions?.finalized_at ?? null;
  return facts({
    kind: 'invoice.issued',
    occurredAt: finalizedAt === null ? context.occurredAt : fromSeconds(finalizedAt),
    requires: [],
    invoice: keyOf('invoice', object.id),
    customer: requiredCustomer(context, object),
    number: object.number ?? null,
    currency,
    lines: documentLines(raw, currency, context),
    total: money(context, 'total', object.total, currency),
    creditApplied: money(context, 'ending_balance', credit, currency),
    dueAt: object.due_date === null || object.due_date === undefined ? null : fromSeconds(object.due_date),
    billedTo: { name: object.customer_name ?? null, email: object.customer_email ?? null },
  });
}

export const invoiceFinalized = handler(invoice, {
  needs: (object) => (object.lines.has_more === true ? [{ kind: 'invoice_lines', id: object.id }] : []),
  interpret: issued,
});

/** What was paid outside Stripe: said as an amount since 2025-03-31, before that by a flag on the whole invoice. */
function paidOutside(object: z.infer<typeof invoiceHandle>): number {
  if (object.paid_out_of_band === true) return object.amount_paid ? object.amount_paid : object.amount_due;
  return object.amount_paid_off_stripe ?? 0;
}

/** Money through Stripe whose charges do not name the invoice (since 2025-03-31). */
const paidThroughStripe = (object: z.infer<typeof invoiceHandle>, event: Pick<StripeEvent, 'api_version'>): boolean =>
  isBasil(event) && (object.amount_paid ?? 0) > paidOutside(object);

function external(object: z.infer<typeof invoiceHandle>, outside: number, context: Context): PaymentExternal {
  const currency = currencyOf(object.currency);
  const invoice = keyOf('invoice', object.id);
  return {
    kind: 'payment.external',
    occurredAt: context.occurredAt,
    requires: [invoice],
    payment: keyOf('payment', `${object.id}~external`),
    invoice,
    customer: requiredCustomer(context, object),
    currency,
    amount: money(context, 'amount_paid', outside, currency),
  };
}

/**
 * Cash is booked from the charge, credit from the issue. Here: money that never touched Stripe, and which payments
 * settled the invoice where their charges do not say. Of the two events that announce payment only `invoice.paid` is
 * sent for money from outside.
 */
export const invoicePaid = handler(invoiceHandle, {
  needs: (object, event) => (paidThroughStripe(object, event) ? [{ kind: 'invoice_payments', id: object.id }] : []),
  interpret(object, context) {
    const outside = paidOutside(object);
    const applied = paidThroughStripe(object, context.event)
      ? (paymentsApplied(object.id, requiredCustomer(context, object), context) ?? [])
      : [];
    const all = [...(outside === 0 ? [] : [external(object, outside, context)]), ...applied];
    return all.length === 0 ? nothing('covered by its charge or by the credit applied at issue') : facts(...all);
  },
});

export const invoiceVoided = handler(invoiceHandle, {
  interpret(object, context) {
    const key = keyOf('invoice', object.id);
    const customer = requiredCustomer(context, object);
    return facts({ kind: 'invoice.voided', occurredAt: context.occurredAt, requires: [key], invoice: key, customer });
  },
});

export const invoiceUncollectible = handler(invoiceHandle, {
  interpret(object, context) {
    const key = keyOf('invoice', object.id);
    const currency = currencyOf(object.currency);
    const remaining = object.amount_remaining ?? null;
    return facts({
      kind: 'invoice.written_off',
      occurredAt: context.occurredAt,
      requires: [key],
      invoice: key,
      customer: requiredCustomer(context, object),
      remaining: remaining === null ? null : money(context, 'amount_remaining', remaining, currency),
      currency,
    });
  },
});
