/**
 * journal.posted: an entry as a person stated it (opening balances, a reversal, what stands in its place): never a change
 * of what is booked. journal.summarised: a document of entries that the books have already.
 */
import type { EntryDocument } from '../documents.ts';
import type { JournalPosted, JournalSummarised } from '../events.ts';
import { minorUnits } from '../money.ts';
import { type Heading, postEntry } from './booking.ts';
import { documentKey } from './document-keys.ts';
import { idOf } from './documents.ts';
import { memo } from './fee.ts';
import { ensurePartner } from './partners.ts';
import { booked, find, nothing, openDay, type Rule, refuse } from './rule.ts';

export const journalPosted: Rule<JournalPosted> = (fact, context) => {
  const { journal, description } = fact;
  if (find(context, journal, 'memo') !== null) return nothing('already_booked', 'The journal is in the books.');
  const moved = fact.lines.reduce((sum, line) => sum + Math.max(line.base, 0), 0);
  const stake = { amount: minorUnits(moved), currency: context.books.currency };
  const when = openDay(context, fact.date, journal, stake);
  if (!when.ok) return refuse(when.error);
  const heading: Heading = { kind: fact.kind, object: journal, when: when.value, description };
  const lines = fact.lines.map((line) => ({ ...line, settles: null }));
  const posted = postEntry(context, heading, { lines, deferrals: fact.deferrals }, documentKey('entry', journal));
  const customers = new Set(fact.lines.flatMap((line) => (line.customer === null ? [] : [line.customer])));
  const partners = [...customers].map((customer) => ensurePartner(context, customer));
  return booked({
    entries: posted.entries,
    documents: [...partners.flatMap((partner) => partner.documents), ...posted.documents],
    objects: [...partners.flatMap((partner) => partner.objects), memo(context, journal, description, fact.occurredAt)],
  });
};

export const journalSummarised: Rule<JournalSummarised> = (fact, context) => {
  const { summary, description, date } = fact;
  if (find(context, summary, 'memo') !== null) return nothing('already_booked', 'The summary was made before.');
  const document: EntryDocument = {
    kind: 'entry',
    key: documentKey('entry', summary),
    object: summary,
    entity: context.books.entity,
    dependsOn: [],
    date,
    reference: idOf(summary),
    baseCurrency: context.books.currency,
    lines: fact.lines.map((line) => ({
      ...line,
      partner: null,
      label: description,
      settles: null,
      exchangeDifference: false,
    })),
  };
  return booked({ documents: [document], objects: [memo(context, summary, description, fact.occurredAt)] });
};
