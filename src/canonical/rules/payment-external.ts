/** payment.external: Dr money in transit to the bank, Cr the receivable. It never touches the processor's clearing account. */
import type { PaymentDocument } from '../documents.ts';
import type { PaymentExternal, PaymentFailed } from '../events.ts';
import { dateIn, type IsoDate } from '../ids.ts';
import type { InvoiceState } from '../objects.ts';
import { reassign } from './applications.ts';
import { type Heading, postCash } from './booking.ts';
import { documentKey } from './document-keys.ts';
import { idOf } from './documents.ts';
import { baseOn } from './fx.ts';
import { invoiceDocument, isBilled } from './invoice-restatement.ts';
import type { LineDraft } from './lines.ts';
import { ensurePartner, partnerKeyOf } from './partners.ts';
import { newPayment, sameCurrency } from './payment-captured.ts';
import { booked, bookingDate, find, nothing, type Rule, type RuleContext, refuse, spoken, waitFor } from './rule.ts';

function documentOf(
  context: RuleContext,
  fact: PaymentExternal,
  date: IsoDate,
  invoice: InvoiceState,
): PaymentDocument {
  const settles = isBilled(invoice) ? invoiceDocument(invoice) : null;
  const partner = partnerKeyOf(context, fact.customer);
  return {
    kind: 'payment',
    key: documentKey('payment', fact.payment),
    object: fact.payment,
    entity: context.books.entity,
    dependsOn: settles === null ? [partner] : [partner, settles],
    partner,
    date,
    currency: fact.currency,
    amount: fact.amount,
    reference: idOf(fact.payment),
    settles,
  };
}

export const paymentExternal: Rule<PaymentExternal> = (fact, context) => {
  if (find(context, fact.payment, 'payment') !== null) {
    return nothing('already_booked', 'The payment is in the books.');
  }
  const invoice = find(context, fact.invoice, 'invoice');
  if (invoice === null) return waitFor(fact.invoice);
  const matching = sameCurrency(fact, invoice);
  if (!matching.ok) return refuse(matching.error);
  const { amount, currency } = fact;
  const when = bookingDate(context, fact.occurredAt, fact.payment, { amount, currency });
  if (!when.ok) return refuse(when.error);
  const base = baseOn(context, { amount, currency }, when.value.date, fact.payment);
  if (!base.ok) return refuse(base.error);
  const change = reassign(context, null, newPayment(context, fact, base.value, null));
  if (!change.ok) return refuse(change.error);
  const description = `Payment of invoice ${invoice.number} outside the processor`;
  const heading: Heading = { kind: fact.kind, object: fact.payment, when: when.value, description };
  const transit: LineDraft = { role: 'bankInTransit', qualifier: currency, currency, amount, base: base.value };
  const key = documentKey('entry', fact.payment);
  const posted = postCash(context, heading, [transit], change.value, currency, key);
  if (!posted.ok) return refuse(posted.error);
  const partner = ensurePartner(context, fact.customer);
  const { entries, documents } = posted.value;
  const own = documents.filter((document) => document.key !== key);
  return booked({
    entries,
    documents: [...partner.documents, ...own, documentOf(context, fact, when.value.date, invoice)],
    objects: [...partner.objects, ...change.value.invoices, { ...change.value.payment, settled: true }],
  });
};

/** Enough to see how dunning went; older attempts are in the events. */
const keptAttempts = 20;

/** payment.failed: no money moved, nothing is booked. The invoice it names, where the books have it, notes the attempt. */
export const paymentFailed: Rule<PaymentFailed> = (fact, context) => {
  const attempt = spoken({ amount: fact.amount, currency: fact.currency });
  const note = `A payment of ${attempt} failed${fact.reason === null ? '' : `: ${fact.reason}`}.`;
  const invoice = fact.invoice === null ? null : find(context, fact.invoice, 'invoice');
  if (invoice === null) return nothing('no_effect', note);
  const known = invoice.failedPayments ?? [];
  if (known.some((each) => each.object === fact.payment)) return nothing('already_booked', note);
  const own = {
    object: fact.payment,
    date: dateIn(context.books.timeZone, fact.occurredAt),
    amount: fact.amount,
  };
  const failedPayments = [...known, own]
    .sort((a, b) => (a.date === b.date ? (a.object < b.object ? -1 : 1) : a.date < b.date ? -1 : 1))
    .slice(-keptAttempts);
  return booked({ objects: [{ ...invoice, version: invoice.version + 1, failedPayments }], note });
};
