/** Payments and refunds → facts. Fees are not in Chargebee's events: they are booked when the gateway says them. */
import type { CanonicalEvent } from '../../canonical/events.ts';
import type { EpochMs } from '../../canonical/ids.ts';
import { currency, minorUnits } from '../../canonical/money.ts';
import type { Enrichment, EnrichmentNeed, Interpretation } from '../source.ts';
import { enrichmentKey } from '../source.ts';
import { key } from './billing-lines.ts';
import { facts, instant, nothing, unsupported } from './documents.ts';
import { type Transaction, type TransactionContent, transaction as transactionSchema } from './schemas.ts';

/** Recorded by hand: cash, cheque, transfer, or a card somewhere else. No processor holds the money. */
const isOffline = (transaction: Transaction): boolean =>
  transaction.gateway === undefined || transaction.gateway === 'not_applicable';

interface Application {
  readonly invoiceId: string;
  readonly amount: number;
}

/** Which invoices it pays: as the transaction says, else as the invoice that came along says. */
function applications({ transaction, invoice }: TransactionContent): readonly Application[] {
  const linked = transaction.linked_invoices.map((link) => ({
    invoiceId: link.invoice_id,
    amount: link.applied_amount,
  }));
  const own = (invoice?.linked_payments ?? [])
    .filter((payment) => invoice !== undefined && payment.txn_id === transaction.id)
    .map((payment) => ({ invoiceId: invoice?.id ?? '', amount: payment.applied_amount }));
  return (linked.length > 0 ? linked : own).filter((application) => application.amount > 0);
}

const customerKey = (transaction: Transaction) =>
  transaction.customer_id === undefined ? null : key('customer', transaction.customer_id);

export function paymentSucceeded(content: TransactionContent, occurredAt: EpochMs): Interpretation {
  const { transaction } = content;
  if (transaction.type === 'authorization') return nothing('an authorization holds money and moves none');
  if (transaction.type !== 'payment') return unsupported('transaction.type: a payment');
  if (transaction.status !== 'success') return unsupported('transaction.status: success');
  const applied = applications(content);
  const sum = applied.reduce((total, application) => total + application.amount, 0);
  if (sum > transaction.amount) return unsupported('transaction.linked_invoices: more than transaction.amount');
  if (new Set(applied.map((application) => application.invoiceId)).size !== applied.length) {
    return unsupported('transaction.linked_invoices: an invoice twice');
  }
  return isOffline(transaction)
    ? externalPayments(transaction, applied, occurredAt)
    : capturedPayment(transaction, applied, occurredAt);
}

/** One invoice paid with all of it is booked at once; otherwise the cash first, then what each invoice gets of it. */
function capturedPayment(
  transaction: Transaction,
  applied: readonly Application[],
  occurredAt: EpochMs,
): Interpretation {
  const [only] = applied;
  const whole = applied.length === 1 && only !== undefined && only.amount === transaction.amount ? only : null;
  const payment = key('payment', transaction.id);
  const customer = customerKey(transaction);
  const code = currency(transaction.currency_code);
  const paidAt = instant(transaction.date, occurredAt);
  const invoice = whole === null ? null : key('invoice', whole.invoiceId);
  const captured: CanonicalEvent = {
    kind: 'payment.captured',
    occurredAt: paidAt,
    requires: invoice === null ? [] : [invoice],
    payment,
    customer,
    invoice,
    currency: code,
    amount: minorUnits(transaction.amount),
    settlement: null,
  };
  if (whole !== null) return facts(captured);
  const links = applied.map(
    (application): CanonicalEvent => ({
      kind: 'payment.applied',
      occurredAt: paidAt,
      requires: [payment, key('invoice', application.invoiceId)],
      payment,
      invoice: key('invoice', application.invoiceId),
      customer,
      currency: code,
      amount: minorUnits(application.amount),
    }),
  );
  return facts(captured, ...links);
}

function externalPayments(
  transaction: Transaction,
  applied: readonly Application[],
  occurredAt: EpochMs,
): Interpretation {
  const sum = applied.reduce((total, application) => total + application.amount, 0);
  const customer = customerKey(transaction);
  if (customer === null) return unsupported('transaction.customer_id: absent on an offline payment');
  if (sum !== transaction.amount)
    return unsupported('transaction.linked_invoices: an offline payment not wholly applied');
  return facts(
    ...applied.map(
      (application): CanonicalEvent => ({
        kind: 'payment.external',
        occurredAt: instant(transaction.date, occurredAt),
        requires: [key('invoice', application.invoiceId)],
        // One cheque for several invoices is several settlements, each under its own key.
        payment: key('payment', applied.length === 1 ? transaction.id : `${transaction.id}/${application.invoiceId}`),
        invoice: key('invoice', application.invoiceId),
        customer,
        currency: currency(transaction.currency_code),
        amount: minorUnits(application.amount),
      }),
    ),
  );
}

export function paymentFailed({ transaction, invoice }: TransactionContent, occurredAt: EpochMs): Interpretation {
  const invoiceId = invoice?.id ?? transaction.linked_invoices[0]?.invoice_id;
  return facts({
    kind: 'payment.failed',
    occurredAt: instant(transaction.date, occurredAt),
    requires: [],
    payment: key('payment', transaction.id),
    invoice: invoiceId === undefined ? null : key('invoice', invoiceId),
    customer: customerKey(transaction),
    currency: currency(transaction.currency_code),
    amount: minorUnits(transaction.amount),
    reason: transaction.error_code ?? null,
  });
}

const refundedPayment = (refund: Transaction): string | null =>
  refund.refunded_txn_id ?? refund.linked_payments[0]?.id ?? refund.reference_transaction_id ?? null;

/** Whether this one refund gives the whole payment back: then it is all that was refunded of it. */
const isWhole = (refund: Transaction, paymentId: string): boolean =>
  refund.linked_payments.some((payment) => payment.id === paymentId && payment.amount === refund.amount);

/** How much of a payment is refunded in all is only on the payment itself, unless this refund is the whole of it. */
export function refundNeeds({ transaction }: TransactionContent): readonly EnrichmentNeed[] {
  const paymentId = refundedPayment(transaction);
  if (paymentId === null || isWhole(transaction, paymentId)) return [];
  return [{ kind: 'transaction', id: paymentId, account: null }];
}

export function paymentRefunded(content: TransactionContent, occurredAt: EpochMs, fetched: Enrichment): Interpretation {
  const refund = content.transaction;
  if (refund.type !== 'refund') return unsupported('transaction.type: a refund');
  if (refund.status !== 'success') return unsupported('transaction.status: success');
  if (isOffline(refund)) return unsupported('transaction.gateway: a refund recorded by hand');
  const paymentId = refundedPayment(refund);
  if (paymentId === null || refund.linked_payments.length > 1) {
    return unsupported('transaction.refunded_txn_id, linked_payments: one payment');
  }
  const cumulative = cumulativeRefund(refund, paymentId, fetched);
  if (cumulative === null) {
    return unsupported('transaction: a partial refund, and its payment could not be read');
  }
  const noteIds = new Set(refund.linked_credit_notes.map((link) => link.cn_id));
  if (noteIds.size === 0 && content.credit_note !== undefined) noteIds.add(content.credit_note.id);
  if (noteIds.size > 1) return unsupported('transaction.linked_credit_notes: several');
  const [noteId] = noteIds;
  const payment = key('payment', paymentId);
  const creditNote = noteId === undefined ? null : key('credit_note', noteId);
  return facts({
    kind: 'refund.paid',
    occurredAt: instant(refund.date, occurredAt),
    requires: creditNote === null ? [payment] : [payment, creditNote],
    refund: key('refund', refund.id),
    payment,
    invoice: content.invoice === undefined ? null : key('invoice', content.invoice.id),
    customer: customerKey(refund),
    currency: currency(refund.currency_code),
    cumulative: minorUnits(cumulative),
    creditNote,
    settlement: null,
  });
}

/** All successful refunds of the payment; from this event alone only when it gives everything back. Null: unknowable. */
function cumulativeRefund(refund: Transaction, paymentId: string, fetched: Enrichment): number | null {
  const found = fetched.get(enrichmentKey({ kind: 'transaction', id: paymentId, account: null }));
  const wrapped = typeof found === 'object' && found !== null && 'transaction' in found ? found.transaction : found;
  const payment = transactionSchema.safeParse(wrapped);
  if (payment.success && payment.data.id === paymentId) {
    const paid = payment.data.linked_refunds.filter((one) => one.txn_status === 'success');
    // An answer that does not know this refund yet is older than the event.
    if (!paid.some((one) => one.txn_id === refund.id)) return null;
    return paid.reduce((sum, one) => sum + one.txn_amount, 0);
  }
  return isWhole(refund, paymentId) ? refund.amount : null;
}

/** `transaction_*` repeats what `payment_*` said, but for reversals, which nothing else announces. */
export function transactionEvent({ transaction }: TransactionContent): Interpretation {
  return transaction.type === 'payment_reversal'
    ? unsupported('transaction.type: a payment reversal (chargeback) is booked by a person')
    : nothing('payments and refunds are booked from payment_succeeded and payment_refunded');
}
