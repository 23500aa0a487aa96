/**
 * credit_note.issued: takes revenue back, unearned months first, with its tax; settled against the receivable, by a refund
 * to come (refund clearing), as customer credit, or outside (payable). credit_note.voided: the credit note taken out again.
 */
import type { TargetDocument } from '../documents.ts';
import type { CreditNoteIssued, CreditNoteVoided } from '../events.ts';
import { type Money, minorUnits } from '../money.ts';
import type { CreditNoteState, InvoiceState } from '../objects.ts';
import { err, ok } from '../result.ts';
import { type BookedEntries, entryFor, type Heading, joined, postEntry, recoveryEntry } from './booking.ts';
import { documentKey } from './document-keys.ts';
import { creditNoteDocument, entryDocument, idOf } from './documents.ts';
import { atIssue, type Restatement, restate } from './invoice-restatement.ts';
import { addsUp, creditLines } from './issued-lines.ts';
import { type Line, type LineDraft, resolve } from './lines.ts';
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
  waitFor,
} from './rule.ts';

function consistent(fact: CreditNoteIssued, invoice: InvoiceState, stake: Money): OrException<null> {
  const settled = fact.reducesReceivable + fact.refunded + fact.creditedToBalance + fact.paidOutOfBand;
  const sound = addsUp(fact.creditNote, fact);
  if (!sound.ok) return sound;
  const remedy = 'Compare the credit note with the provider, then re-fetch the event or book by hand.';
  const split = spoken({ ...stake, amount: minorUnits(settled) });
  if (settled !== fact.total) {
    const message = `It is over ${spoken(stake)}, but its settlement comes to ${split}.`;
    return err(problem('does_not_add_up', fact.creditNote, { message, remedy, stake }));
  }
  if (fact.currency === invoice.currency && fact.customer === invoice.customer) return ok(null);
  const message = `It is in another currency or of another customer than invoice ${invoice.number}.`;
  return err(problem('conflicting_facts', fact.creditNote, { message, remedy, stake }));
}

/**
 * Targets reverse the whole credit note against the receivable; what is not settled there moves on by an entry of its own.
 */
function settlementDocument(
  context: RuleContext,
  heading: Heading,
  invoice: InvoiceState,
  changes: Restatement['changes'],
): OrException<TargetDocument[]> {
  const moved = changes.filter((change) => ['refundClearing', 'customerCredit', 'payable'].includes(change.role));
  const common = { qualifier: invoice.currency, currency: invoice.currency, customer: invoice.customer };
  const account = (role: string) => invoice.booked.find((line) => line.role === role)?.account ?? null;
  const drafts = moved.map(({ role, amount }): LineDraft => {
    return { role, account: account(role), ...common, amount, base: atIssue(invoice, amount) };
  });
  const total = { amount: 0, base: 0 };
  for (const draft of drafts) {
    total.amount -= draft.amount;
    total.base -= draft.base;
  }
  const settles = documentKey('credit_note', heading.object);
  drafts.push({ role: 'receivable', account: account('receivable'), ...common, ...total, settles });
  const lines = resolve(context.books.accounts, drafts, heading.object);
  if (!lines.ok) return lines;
  const document = entryDocument(
    context,
    entryFor(context, heading, lines.value),
    lines.value,
    documentKey('entry', heading.object, 'settlement'),
  );
  return ok(document === null ? [] : [document]);
}

/** The entry of a restated invoice, posted as a credit note where the target has the bill, else as an entry. */
export function postReversal(
  context: RuleContext,
  heading: Heading,
  before: InvoiceState,
  restated: Restatement,
  number: string,
): OrException<BookedEntries> {
  const { state, recovery } = restated;
  const recovered = recovery === null ? [] : [recoveryEntry(context, heading, before, recovery)];
  const key = documentKey('credit_note', heading.object);
  const { date } = heading.when;
  const note = creditNoteDocument(context, state, restated.changes, { key, object: heading.object, number, date });
  if (note === null) {
    const own = postEntry(context, heading, restated, documentKey('entry', heading.object));
    return ok(joined(...recovered, own));
  }
  const settled = settlementDocument(context, heading, state, restated.changes);
  if (!settled.ok) return settled;
  const entry = entryFor(context, heading, restated.lines, restated.deferrals);
  return ok(joined(...recovered, { entries: [entry], documents: [note, ...settled.value] }));
}

export const creditNoteIssued: Rule<CreditNoteIssued> = (fact, context) => {
  if (find(context, fact.creditNote, 'credit_note') !== null) {
    return nothing('already_booked', 'The credit note is in the books.');
  }
  const invoice = find(context, fact.invoice, 'invoice');
  if (invoice === null) return waitFor(fact.invoice);
  const stake = { amount: fact.total, currency: fact.currency };
  const sound = consistent(fact, invoice, stake);
  if (!sound.ok) return refuse(sound.error);
  const when = bookingDate(context, fact.occurredAt, fact.creditNote, stake);
  if (!when.ok) return refuse(when.error);
  const lines = creditLines(context, fact, invoice);
  if (!lines.ok) return refuse({ ...lines.error, ...stake });
  const { creditNote, refunded, creditedToBalance, paidOutOfBand } = fact;
  const { date } = when.value;
  const credit = { creditNote, date, lines: lines.value, refunded, creditedToBalance, paidOutOfBand };
  const credited = minorUnits(invoice.credited + fact.total);
  const restated = restate(context, invoice, { ...invoice, credits: [...invoice.credits, credit], credited }, true);
  if (!restated.ok) return refuse({ ...restated.error, ...stake });
  const number = fact.number ?? idOf(creditNote);
  const description = `Credit note ${number} on invoice ${invoice.number}`;
  const heading: Heading = { kind: fact.kind, object: creditNote, when: when.value, description };
  const posted = postReversal(context, heading, invoice, restated.value, number);
  if (!posted.ok) return refuse(posted.error);
  return booked({ ...posted.value, objects: [restated.value.state, stateOf(context, fact, restated.value)] });
};

function stateOf(context: RuleContext, fact: CreditNoteIssued, restated: Restatement): CreditNoteState {
  const clearing = restated.lines.filter((line: Line) => line.role === 'refundClearing');
  return {
    kind: 'credit_note',
    key: fact.creditNote,
    entity: context.books.entity,
    version: 1,
    related: [fact.invoice],
    invoice: fact.invoice,
    customer: fact.customer,
    currency: fact.currency,
    total: fact.total,
    awaitingRefund: fact.refunded,
    awaitingRefundBase: minorUnits(-clearing.reduce((sum, line) => sum + line.base, 0)),
    status: 'issued',
  };
}

export const creditNoteVoided: Rule<CreditNoteVoided> = (fact, context) => {
  const note = find(context, fact.creditNote, 'credit_note');
  if (note === null) return waitFor(fact.creditNote);
  if (note.status === 'void') return nothing('already_booked', 'The credit note is void in the books.');
  const invoice = find(context, note.invoice, 'invoice');
  if (invoice === null) return waitFor(note.invoice);
  const stake = { amount: note.total, currency: note.currency };
  const when = bookingDate(context, fact.occurredAt, fact.creditNote, stake);
  if (!when.ok) return refuse(when.error);
  const credits = invoice.credits.filter((credit) => credit.creditNote !== note.key);
  const credited = minorUnits(invoice.credited - note.total);
  const restated = restate(context, invoice, { ...invoice, credits, credited }, true);
  if (!restated.ok) return refuse({ ...restated.error, ...stake });
  const description = `Credit note ${idOf(note.key)} on invoice ${invoice.number} voided`;
  const heading: Heading = { kind: fact.kind, object: note.key, when: when.value, description };
  const { recovery } = restated.value;
  const recovered = recovery === null ? [] : [recoveryEntry(context, heading, invoice, recovery)];
  const own = postEntry(context, heading, restated.value, documentKey('entry', note.key, 'void'));
  const voided: CreditNoteState = { ...note, version: note.version + 1, status: 'void' };
  return booked({
    ...joined(...recovered, own),
    objects: [restated.value.state, voided],
    notices: paidOut(invoice, note, stake),
  });
};

/** A refund already cleared part of it: the provider does not allow that, so a person should look. */
function paidOut(invoice: InvoiceState, note: CreditNoteState, stake: Money) {
  const credit = invoice.credits.find((candidate) => candidate.creditNote === note.key);
  if (credit === undefined || credit.refunded === note.awaitingRefund) return [];
  return [
    problem('conflicting_facts', note.key, {
      message: `The credit note was voided after ${spoken({ ...stake, amount: minorUnits(credit.refunded - note.awaitingRefund) })} of it had been refunded.`,
      remedy:
        'Find out why it was voided at the provider; the refunded part stays on refund clearing until it is explained.',
      stake,
    }),
  ];
}
