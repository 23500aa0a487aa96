/** Charges: the one place where cash collected by Stripe is booked from, so that it is booked once. */
import { z } from 'zod';
import type { PaymentApplied } from '../../../canonical/events.ts';
import type { ObjectKey } from '../../../canonical/ids.ts';
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

/** Null for money that did not come through Stripe (payment records): `invoice.paid` tells of it. */
function applied(object: InvoicePayment, customer: ObjectKey | null, context: Context): PaymentApplied | null {
  const payment = paymentKey(object.payment.payment_intent, object.payment.charge);
  if (payment === null) return null;
  const currency = currencyOf(object.currency);
  const amount = object.amount_paid ?? null;
  if (amount === null) context.problems.add('amount_paid', 'expected an amount on a paid invoice payment');
  const invoice = keyOf('invoice', idFrom(object.invoice));
  return {
    kind: 'payment.applied',
    occurredAt: context.occurredAt,
    requires: [payment, invoice],
    payment,
    invoice,
    customer,
    currency,
    amount: money(context, 'amount_paid', amount ?? 0, currency),
  };
}

/** The payments of an invoice as its API lists them, told in its customer's lane; null when they could not be had. */
export function paymentsApplied(invoice: string, customer: ObjectKey, context: Context): PaymentApplied[] | null {
  const parsed = invoicePayments.safeParse(fetched(context, 'invoice_payments', invoice));
  if (!parsed.success) return null;
  return parsed.data.data
    .filter((payment) => payment.status === 'paid')
    .map((payment) => applied(payment, customer, context))
    .filter((fact) => fact !== null);
}

/**
 * Which invoice a payment settled (since 2025-03-31). It names no customer, so it comes in the account's lane, which
 * does not own the invoice: where the API can be asked, `invoice.paid` tells the same in the customer's lane, and this
 * event only where its invoice is expanded or nothing can be asked. Endpoints on older versions get charges that name
 * their invoice, and need no second word.
 */
export const invoicePaymentPaid = handler(invoicePayment, {
  needs: (object, event) =>
    isBasil(event) && customerOfInvoice(object) === null
      ? [{ kind: 'invoice_payments', id: idFrom(object.invoice) }]
      : [],
  interpret(object, context) {
    if (!isBasil(context.event)) return nothing('covered by the charge, which names its invoice');
    const customer = customerOfInvoice(object);
    if (customer === null && fetched(context, 'invoice_payments', idFrom(object.invoice)) !== null) {
      return nothing('covered by the charge or by invoice.paid, in the lane of the customer');
    }
    const fact = applied(object, customer, context);
    return fact === null ? nothing('covered by invoice.paid: the money did not come through Stripe') : facts(fact);
  },
});
