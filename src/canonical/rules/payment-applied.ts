/** payment.applied: Dr unapplied cash, Cr the receivable of the invoice it was assigned to. */
import type { PaymentApplied } from '../events.ts';
import type { PaymentState } from '../objects.ts';
import { reassign } from './applications.ts';
import { type Heading, postCash } from './booking.ts';
import { documentKey } from './document-keys.ts';
import { idOf } from './documents.ts';
import { sameCurrency } from './payment-captured.ts';
import { booked, bookingDate, find, nothing, problem, type Rule, refuse, spoken, waitFor } from './rule.ts';

export const paymentApplied: Rule<PaymentApplied> = (fact, context) => {
  const payment = find(context, fact.payment, 'payment');
  const invoice = find(context, fact.invoice, 'invoice');
  const missing = [payment === null ? fact.payment : null, invoice === null ? fact.invoice : null];
  if (payment === null || invoice === null) return waitFor(...missing.filter((key) => key !== null));
  const assigned = payment.applied.some((part) => part.invoice === fact.invoice);
  if (assigned || payment.invoice === fact.invoice) {
    return nothing('already_booked', `The payment stands on invoice ${invoice.number} in the books.`);
  }
  const matching = sameCurrency(fact, invoice);
  if (!matching.ok) return refuse(matching.error);
  const stake = { amount: fact.amount, currency: fact.currency };
  const taken = payment.applied.reduce((sum, part) => sum + part.amount, fact.amount as number);
  if (taken > payment.amount || fact.currency !== payment.currency) {
    const received = spoken({ amount: payment.amount, currency: payment.currency });
    const message = `More of the payment is assigned to invoices than the ${received} that was received.`;
    const remedy = 'Compare the payment and its invoices at the processor, then assign it by hand.';
    return refuse(problem('does_not_add_up', fact.payment, { message, remedy, stake }));
  }
  const when = bookingDate(context, fact.occurredAt, fact.payment, stake);
  if (!when.ok) return refuse(when.error);
  const applied = [...payment.applied, { invoice: fact.invoice, amount: fact.amount }];
  const after: PaymentState = { ...payment, version: payment.version + 1, applied };
  const change = reassign(context, payment, after);
  if (!change.ok) return refuse(change.error);
  const description = `Payment ${idOf(fact.payment)} assigned to invoice ${invoice.number}`;
  const heading: Heading = { kind: fact.kind, object: fact.payment, when: when.value, description };
  const key = documentKey('entry', fact.payment, 'applied', fact.invoice);
  const posted = postCash(context, heading, [], change.value, fact.currency, key);
  if (!posted.ok) return refuse(posted.error);
  const { entries, documents } = posted.value;
  return booked({ entries, documents, objects: [...change.value.invoices, change.value.payment] });
};
