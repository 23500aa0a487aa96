/** Puts a rule's lines into entries with their documents: the last step of every rule that moves money. */
import type { TargetDocument } from '../documents.ts';
import type { DeferralSlice, DraftEntry } from '../entry.ts';
import type { CanonicalKind } from '../events.ts';
import type { ObjectKey, PostingKey } from '../ids.ts';
import type { Currency } from '../money.ts';
import type { InvoiceState } from '../objects.ts';
import { ok } from '../result.ts';
import type { Reassignment } from './applications.ts';
import { documentKey } from './document-keys.ts';
import { entryDocument } from './documents.ts';
import type { Movement } from './invoice-restatement.ts';
import { entryOf, exchangeDifference, type Line, type LineDraft, merge, resolve } from './lines.ts';
import { type BookingDate, describe, type OrException, type RuleContext } from './rule.ts';

export interface Heading {
  readonly kind: CanonicalKind;
  readonly object: ObjectKey;
  readonly when: BookingDate;
  readonly description: string;
}

export interface BookedEntries {
  readonly entries: readonly DraftEntry[];
  readonly documents: readonly TargetDocument[];
}

export function entryFor(
  context: RuleContext,
  heading: Heading,
  lines: readonly Line[],
  deferrals: readonly DeferralSlice[] = [],
): DraftEntry {
  const { kind, object, when } = heading;
  const { entity, currency } = context.books;
  const description = describe(heading.description, when);
  return entryOf({ kind, entity, baseCurrency: currency, date: when.date, object, description }, lines, deferrals);
}

/** An entry and its document under `key`. */
export function postEntry(context: RuleContext, heading: Heading, movement: Movement, key: PostingKey): BookedEntries {
  const entry = entryFor(context, heading, movement.lines, movement.deferrals);
  const document = entryDocument(context, entry, movement.lines, key);
  return { entries: [entry], documents: document === null ? [] : [document] };
}

export const joined = (...parts: readonly BookedEntries[]): BookedEntries => ({
  entries: parts.flatMap((part) => part.entries),
  documents: parts.flatMap((part) => part.documents),
});

/**
 * The write-off taken back before what came after it is booked. At a target its receivable settles the write-off's, so that
 * the invoice is open for the money that came.
 */
export function recoveryEntry(
  context: RuleContext,
  heading: Heading,
  invoice: InvoiceState,
  movement: Movement,
): BookedEntries {
  const key = documentKey('entry', invoice.key, 'recovery', heading.object);
  const lines = movement.lines.map((line) =>
    line.settles === null ? line : { ...line, settles: invoice.writtenOffBy ?? line.settles },
  );
  return postEntry(
    context,
    { ...heading, description: `Write-off of invoice ${invoice.number} taken back` },
    { ...movement, lines },
    key,
  );
}

/**
 * Cash on one side, a reassigned payment on the other: recoveries first, then the entry itself, with the realised
 * exchange difference on a line of its own.
 */
export function postCash(
  context: RuleContext,
  heading: Heading,
  cash: readonly LineDraft[],
  change: Pick<Reassignment, 'lines' | 'deferrals' | 'recoveries'>,
  presentment: Currency,
  key: PostingKey,
): OrException<BookedEntries & { readonly cash: readonly Line[] }> {
  const own = resolve(context.books.accounts, cash, heading.object);
  if (!own.ok) return own;
  const moved = [...own.value, ...change.lines];
  const gain = resolve(
    context.books.accounts,
    exchangeDifference(
      moved.map((line) => ({ ...line, qualifier: line.currency })),
      context.books.currency,
      presentment,
    ),
    heading.object,
  );
  if (!gain.ok) return gain;
  const lines = merge([...moved, ...gain.value]);
  const recovered = change.recoveries.map((recovery) => recoveryEntry(context, heading, recovery.invoice, recovery));
  const main = postEntry(context, heading, { lines, deferrals: change.deferrals }, key);
  return ok({ ...joined(...recovered, main), cash: own.value });
}
