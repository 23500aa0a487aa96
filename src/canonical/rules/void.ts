/** invoice.voided: everything the invoice still has in the books is reversed, less what credit notes took already. */
import type { InvoiceVoided } from '../events.ts';
import type { InvoiceState } from '../objects.ts';
import { ok } from '../result.ts';
import { type BookedEntries, entryFor, type Heading, joined, postEntry, recoveryEntry } from './booking.ts';
import { documentKey } from './document-keys.ts';
import { creditNoteDocument, entryDocument } from './documents.ts';
import { atIssue, type Restatement, restate } from './invoice-restatement.ts';
import { resolve } from './lines.ts';
import {
  booked,
  bookingDate,
  find,
  nothing,
  type OrException,
  type Rule,
  type RuleContext,
  refuse,
  waitFor,
} from './rule.ts';

/** A posted invoice is not cancelled at a target but reversed by a credit note; consumed credit goes back by an entry. */
function post(
  context: RuleContext,
  heading: Heading,
  before: InvoiceState,
  restated: Restatement,
): OrException<BookedEntries> {
  const { state, changes, recovery } = restated;
  const recovered = recovery === null ? [] : [recoveryEntry(context, heading, before, recovery)];
  const key = documentKey('credit_note', state.key, 'void');
  const note = creditNoteDocument(context, state, changes, {
    ...{ key, object: state.key, number: `${state.number} void`, date: heading.when.date },
  });
  if (note === null) {
    return ok(joined(...recovered, postEntry(context, heading, restated, documentKey('entry', state.key, 'void'))));
  }
  const own = { qualifier: state.currency, currency: state.currency, customer: state.customer };
  const account = (role: string) => before.booked.find((line) => line.role === role)?.account ?? null;
  const [amount, base] = [state.creditApplied, atIssue(state, state.creditApplied)];
  const credit = resolve(
    context.books.accounts,
    [
      { role: 'receivable', account: account('receivable'), ...own, amount, base, settles: key },
      { role: 'customerCredit', account: account('customerCredit'), ...own, amount: -amount, base: -base },
    ],
    state.key,
  );
  if (!credit.ok) return credit;
  const returned = entryDocument(
    context,
    entryFor(context, heading, credit.value),
    credit.value,
    documentKey('entry', state.key, 'void-credit'),
  );
  const entry = entryFor(context, heading, restated.lines, restated.deferrals);
  return ok(joined(...recovered, { entries: [entry], documents: returned === null ? [note] : [note, returned] }));
}

export const invoiceVoided: Rule<InvoiceVoided> = (fact, context) => {
  const invoice = find(context, fact.invoice, 'invoice');
  if (invoice === null) return waitFor(fact.invoice);
  if (invoice.voidedOn !== null) return nothing('already_booked', `Invoice ${invoice.number} is void in the books.`);
  const stake = { amount: invoice.total, currency: invoice.currency };
  const when = bookingDate(context, fact.occurredAt, fact.invoice, stake);
  if (!when.ok) return refuse(when.error);
  const restated = restate(context, invoice, { ...invoice, voidedOn: when.value.date }, true);
  if (!restated.ok) return refuse({ ...restated.error, ...stake });
  const description = `Invoice ${invoice.number} voided`;
  const heading: Heading = { kind: fact.kind, object: fact.invoice, when: when.value, description };
  const posted = post(context, heading, invoice, restated.value);
  if (!posted.ok) return refuse(posted.error);
  return booked({ ...posted.value, objects: [restated.value.state] });
};
