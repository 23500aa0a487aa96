/**
 * invoice.issued: the invoice is a claim. Dr receivable (less customer credit it consumed: Dr customer credit); Cr revenue for
 * service of its own month or before, Cr deferred revenue for later months, Cr tax by code.
 */
import type { InvoiceDocument } from '../documents.ts';
import type { InvoiceIssued } from '../events.ts';
import { dateIn, type IsoDate } from '../ids.ts';
import { type MinorUnits, type Money, minorUnits } from '../money.ts';
import type { InvoiceState, IssuedLine } from '../objects.ts';
import { err, ok } from '../result.ts';
import { type BookedEntries, entryFor, type Heading, joined, postEntry } from './booking.ts';
import { documentKey } from './document-keys.ts';
import { billHead, billLines, entryDocument, idOf, productKeys } from './documents.ts';
import { baseOn } from './fx.ts';
import { taxOf } from './invoice-positions.ts';
import { atIssue, invoiceDocument, isBilled, type Restatement, restate } from './invoice-restatement.ts';
import { addsUp, issuedLines } from './issued-lines.ts';
import { type Line, resolve } from './lines.ts';
import { ensurePartner, partnerKeyOf } from './partners.ts';
import {
  booked,
  bookingDate,
  find,
  nothing,
  type OrException,
  problem,
  type Rule,
  type RuleContext,
  refuse,
  spoken,
} from './rule.ts';

/** A negative invoice grants its amount as credit; otherwise the provider says what was consumed or added. */
const creditOf = (fact: InvoiceIssued): MinorUnits => (fact.total < 0 ? fact.total : fact.creditApplied);

/** Something the invoice's rate can be read from: its total, or for an invoice over nothing the size of its lines. */
function rateOf(context: RuleContext, fact: InvoiceIssued, date: IsoDate): OrException<InvoiceState['issuedRate']> {
  const size = fact.lines.reduce((sum, line) => sum + Math.abs(line.net), 0);
  const amount = minorUnits(fact.total === 0 ? size : fact.total);
  const base = baseOn(context, { amount, currency: fact.currency }, date, fact.invoice);
  return base.ok ? ok({ amount, base: base.value }) : base;
}

function stateOf(
  context: RuleContext,
  fact: InvoiceIssued,
  date: IsoDate,
  lines: readonly IssuedLine[],
  issuedRate: InvoiceState['issuedRate'],
): InvoiceState {
  return {
    kind: 'invoice',
    key: fact.invoice,
    entity: context.books.entity,
    version: 0,
    related: [],
    customer: fact.customer,
    number: fact.number ?? idOf(fact.invoice),
    currency: fact.currency,
    date,
    dueDate: fact.dueAt === null ? null : dateIn(context.books.timeZone, fact.dueAt),
    total: fact.total,
    totalTax: taxOf(lines),
    creditApplied: creditOf(fact),
    issuedRate,
    lines,
    ...{ credits: [], payments: [], voidedOn: null, writtenOffOn: null, booked: [], deferrals: [] },
    ...{ open: minorUnits(0), openBase: minorUnits(0), overpaid: minorUnits(0), credited: minorUnits(0) },
    status: 'open',
  };
}

/** The same invoice as it is before anything of it is booked. */
const blank = (invoice: InvoiceState): InvoiceState => ({
  ...invoice,
  lines: [],
  total: minorUnits(0),
  creditApplied: minorUnits(0),
});

function repeated(fact: InvoiceIssued, known: InvoiceState) {
  const same = known.total === fact.total && known.currency === fact.currency && known.customer === fact.customer;
  if (same) return nothing('already_booked', `Invoice ${known.number} is in the books.`);
  const stake = { amount: fact.total, currency: fact.currency };
  return refuse(
    problem('conflicting_facts', fact.invoice, {
      message: `Invoice ${known.number} is booked with ${spoken({ amount: known.total, currency: known.currency })}; now it is said to be ${spoken(stake)}.`,
      remedy: 'Compare it with the provider. If the booked one is wrong, void it there and issue it again.',
      stake,
    }),
  );
}

/** Targets bill the full total; credit consumed or added is an entry of its own that settles (or raises) the receivable. */
function creditEntryDocument(context: RuleContext, heading: Heading, invoice: InvoiceState, lines: readonly Line[]) {
  if (invoice.creditApplied === 0) return ok([]);
  const base = atIssue(invoice, invoice.creditApplied);
  const common = { qualifier: invoice.currency, currency: invoice.currency, customer: invoice.customer };
  const account = (role: Line['role']) => lines.find((line) => line.role === role)?.account ?? null;
  const amount = invoice.creditApplied;
  const settles = invoiceDocument(invoice);
  const own = resolve(
    context.books.accounts,
    [
      { role: 'customerCredit', account: account('customerCredit'), ...common, amount, base },
      { role: 'receivable', account: account('receivable'), ...common, amount: -amount, base: -base, settles },
    ],
    invoice.key,
  );
  if (!own.ok) return own;
  const entry = entryFor(context, { ...heading, description: `Credit on invoice ${invoice.number}` }, own.value);
  const document = entryDocument(context, entry, own.value, documentKey('entry', invoice.key, 'credit'));
  return ok(document === null ? [] : [document]);
}

function invoiceDocumentOf(context: RuleContext, { state, changes }: Restatement): InvoiceDocument {
  const lines = billLines(state, changes, -1);
  return {
    kind: 'invoice',
    key: invoiceDocument(state),
    object: state.key,
    number: state.number,
    dueDate: state.dueDate,
    dependsOn: [partnerKeyOf(context, state.customer), ...productKeys(lines)],
    ...billHead(context, state, state.date, lines),
  };
}

function post(context: RuleContext, heading: Heading, restated: Restatement): OrException<BookedEntries> {
  const { state, lines } = restated;
  if (!isBilled(state)) {
    return ok(postEntry(context, heading, restated, documentKey('entry', state.key)));
  }
  const credit = creditEntryDocument(context, heading, state, lines);
  if (!credit.ok) return credit;
  const entry = entryFor(context, heading, lines, restated.deferrals);
  const bill = { entries: [entry], documents: [invoiceDocumentOf(context, restated)] };
  return ok(joined(bill, { entries: [], documents: credit.value }));
}

function overdrawn(fact: InvoiceIssued, stake: Money): OrException<null> {
  if (fact.total < 0 || fact.creditApplied <= fact.total) return ok(null);
  return err(
    problem('does_not_add_up', fact.invoice, {
      message: `It consumes more customer credit (${spoken({ ...stake, amount: fact.creditApplied })}) than it is over (${spoken(stake)}).`,
      remedy: 'Compare the invoice with the provider, then re-fetch the event or book by hand.',
      stake,
    }),
  );
}

export const invoiceIssued: Rule<InvoiceIssued> = (fact, context) => {
  const known = find(context, fact.invoice, 'invoice');
  if (known !== null) return repeated(fact, known);
  const stake = { amount: fact.total, currency: fact.currency };
  const sound = addsUp(fact.invoice, fact);
  if (!sound.ok) return refuse(sound.error);
  const covered = overdrawn(fact, stake);
  if (!covered.ok) return refuse(covered.error);
  const when = bookingDate(context, fact.occurredAt, fact.invoice, stake);
  if (!when.ok) return refuse(when.error);
  const lines = issuedLines(context, fact, when.value.date);
  if (!lines.ok) return refuse(lines.error);
  const rate = rateOf(context, fact, when.value.date);
  if (!rate.ok) return refuse(rate.error);
  const state = stateOf(context, fact, when.value.date, lines.value, rate.value);
  const restated = restate(context, blank(state), state, true);
  if (!restated.ok) return refuse({ ...restated.error, ...stake });
  const heading: Heading = {
    kind: fact.kind,
    object: fact.invoice,
    when: when.value,
    description: `Invoice ${state.number}`,
  };
  const posted = post(context, heading, restated.value);
  if (!posted.ok) return refuse(posted.error);
  const partner = ensurePartner(context, fact.customer, fact.billedTo);
  return booked({
    entries: posted.value.entries,
    documents: [...partner.documents, ...posted.value.documents],
    objects: [...partner.objects, restated.value.state],
  });
};
