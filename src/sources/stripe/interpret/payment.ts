/** Charges: the one place where cash collected by Stripe is booked from, so that it is booked once. */
import { z } from 'zod';
import { isBasil, type StripeEvent } from '../envelope.ts';
import { idFrom, idOf } from '../schemas/common.ts';
import { type InvoicePayment, invoicePayment } from '../schemas/documents.ts';
import { type Charge, charge } from '../schemas/money.ts';
import {
  type Context,
  currencyOf,
  customerKey,
  facts,
  fetched,
  keyOf,
  money,
  nothing,
  type Outcome,
  paymentKey,
  requiring,
} from './context.ts';
import { handler } from './handler.ts';
import { settlementNeeds, settlementOf, transactionOf } from './settlement.ts';

/** The answer to `payment_invoices`: the invoice payments made by one payment intent. */
const invoicePayments = z.object({ data: z.array(invoicePayment).max(1000) });

/**
 * The invoice a charge pays. Classic charges name it; since 2025-03-31 only the payment intent's invoice payments do.
 * None, several, or not to be had: null, and `invoice_payment.paid` applies the money later.
 */
function invoiceOf(object: Charge, context: Context): string | null {
  const own = idOf(object.invoice);
  const intent = idOf(object.payment_intent);
  if (own !== null || intent === null) return own;
  const parsed = invoicePayments.safeParse(fetched(context, 'payment_invoices', intent));
  if (!parsed.success) return null;
  const invoices = new Set(
    parsed.data.data.filter((payment) => payment.status !== 'canceled').map((payment) => idOf(payment.invoice)),
  );
  const [only = null] = invoices;
  return invoices.size === 1 ? only : null;
}

function needsOf(object: Charge, event: StripeEvent) {
  if (object.captured === false) return [];
  const intent = idOf(object.payment_intent);
  const asksInvoice = isBasil(event) && idOf(object.invoice) === null && intent !== null;
  return [
    ...settlementNeeds(object.balance_transaction),
    ...(asksInvoice ? [{ kind: 'payment_invoices', id: intent }] : []),
  ];
}

function captured(object: Charge, context: Context): Outcome {
  if (object.captured === false) return nothing('authorised only; booked when captured');
  const currency = currencyOf(object.currency);
  const invoice = invoiceOf(object, context);
  const transaction = transactionOf(context, object.balance_transaction);
  return facts({
    kind: 'payment.captured',
    occurredAt: context.occurredAt,
    requires: requiring(invoice === null ? null : keyOf('invoice', invoice)),
    payment: keyOf('payment', idOf(object.payment_intent) ?? object.id),
    customer: customerKey(object),
    invoice: invoice === null ? null : keyOf('invoice', invoice),
    currency,
    amount: money(context, 'amount', object.amount_captured ?? object.amount, currency),
    settlement: transaction === null ? null : settlementOf(context, transaction, currency),
  });
}

export const chargeCaptured = handler(charge, { needs: needsOf, interpret: captured });

/**
 * `charge.failed` is the event that failures are told from: each failed attempt has exactly one, whether or not it was
 * for an invoice. The attempt is keyed by its charge, so that it never meets the payment that later succeeds.
 */
export const chargeFailed = handler(charge, {
  interpret(object, context) {
    const currency = currencyOf(object.currency);
    const invoice = idOf(object.invoice);
    return facts({
      kind: 'payment.failed',
      occurredAt: context.occurredAt,
      requires: [],
      payment: keyOf('payment', object.id),
      invoice: invoice === null ? null : keyOf('invoice', invoice),
      customer: customerKey(object),
      currency,
      amount: money(context, 'amount', object.amount, currency),
      reason: object.failure_code ?? null,
    });
  },
});

const customerOfInvoice = (object: InvoicePayment) =>
  typeof object.invoice === 'string' ? null : customerKey({ customer: object.invoice.customer });

/**
 * Which invoice a payment settled (since 2025-03-31). Endpoints on older versions get charges that name their invoice,
 * and need no second word. Payment records are money from outside Stripe, told by `invoice.paid`.
 */
export const invoicePaymentPaid = handler(invoicePayment, {
  interpret(object, context) {
    if (!isBasil(context.event)) return nothing('covered by the charge, which names its invoice');
    const payment = paymentKey(object.payment.payment_intent, object.payment.charge);
    if (payment === null) return nothing('covered by invoice.paid: the money did not come through Stripe');
    const currency = currencyOf(object.currency);
    const amount = object.amount_paid ?? null;
    if (amount === null) context.problems.add('amount_paid', 'expected an amount on a paid invoice payment');
    const invoice = keyOf('invoice', idFrom(object.invoice));
    return facts({
      kind: 'payment.applied',
      occurredAt: context.occurredAt,
      requires: [payment, invoice],
      payment,
      invoice,
      customer: customerOfInvoice(object),
      currency,
      amount: money(context, 'amount_paid', amount ?? 0, currency),
    });
  },
});
