/**
 * invoice.written_off: Dr bad debt for what is still owed; months not yet earned are taken off deferred revenue instead,
 * and with the policy `badDebtTax: relief` its tax off tax payable. Revenue already earned stays. Money that comes after
 * all takes it back.
 */
import type { InvoiceWrittenOff } from '../events.ts';
import type { InvoiceState } from '../objects.ts';
import { type Heading, postEntry } from './booking.ts';
import { documentKey } from './document-keys.ts';
import { restate } from './invoice-restatement.ts';
import { booked, bookingDate, find, nothing, problem, type Rule, refuse, spoken, waitFor } from './rule.ts';

/** The books win, a person is told: a payment the provider counted may still be on its way here. */
function differing(fact: InvoiceWrittenOff, invoice: InvoiceState) {
  if (fact.remaining === null || fact.remaining === invoice.open) return [];
  const provider = spoken({ amount: fact.remaining, currency: fact.currency });
  const books = spoken({ amount: invoice.open, currency: invoice.currency });
  return [
    problem('does_not_add_up', fact.invoice, {
      message: `Invoice ${invoice.number} was written off with ${provider} owed by the provider's count; the books had ${books} open.`,
      remedy:
        'Look for a payment or credit note that has not come, and check that the invoice ends at the same balance.',
      stake: { amount: fact.remaining, currency: fact.currency },
    }),
  ];
}

export const invoiceWrittenOff: Rule<InvoiceWrittenOff> = (fact, context) => {
  const invoice = find(context, fact.invoice, 'invoice');
  if (invoice === null) return waitFor(fact.invoice);
  if (invoice.writtenOffOn !== null) {
    return nothing('already_booked', `Invoice ${invoice.number} is written off in the books.`);
  }
  const stake = { amount: invoice.open, currency: invoice.currency };
  const when = bookingDate(context, fact.occurredAt, fact.invoice, stake);
  if (!when.ok) return refuse(when.error);
  const writtenOff = { ...invoice, writtenOffOn: when.value.date, writtenOffTax: context.books.policies.badDebtTax };
  const restated = restate(context, invoice, writtenOff, true);
  if (!restated.ok) return refuse({ ...restated.error, ...stake });
  const description = `Invoice ${invoice.number} written off`;
  const heading: Heading = { kind: fact.kind, object: fact.invoice, when: when.value, description };
  const posted = postEntry(context, heading, restated.value, documentKey('entry', fact.invoice, 'written-off'));
  const state = { ...restated.value.state, writtenOffBy: posted.documents[0]?.key ?? null };
  return booked({ ...posted, objects: [state], notices: differing(fact, invoice) });
};
