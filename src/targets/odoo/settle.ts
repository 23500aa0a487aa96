/**
 * Matching receivables: the line of an entry or payment with the invoice or credit note it settles. A document that is
 * posted but cannot be matched is applied with a warning: the books are right, the open items are not.
 */
import { z } from 'zod';
import type { PostingKey } from '../../canonical/ids.ts';
import { ok, type Result } from '../../canonical/result.ts';
import type { Books } from './booking.ts';
import { sentLines } from './entry.ts';
import type { Failure } from './errors.ts';
import type { BookedDocument } from './readback.ts';
import { decimal, externalId, reference, text, toMinor } from './wire.ts';
import { difference, type Work, warn } from './work.ts';

const lineRow = z.object({
  id: z.int(),
  move_id: reference,
  ref: text,
  account_id: reference,
  currency_id: reference,
  balance: decimal,
  amount_residual: decimal,
  reconciled: z.boolean(),
  matching_number: text,
  parent_state: text,
});
type Line = z.infer<typeof lineRow>;
const lineFields = Object.keys(lineRow.shape).filter((field) => field !== 'id');

/** One call to `reconcile`: an invoice's open lines with everything of this batch that settles it. */
interface Match {
  readonly settled: PostingKey;
  readonly works: Set<Work>;
  readonly lines: Set<number>;
}

/** From here on marking is known to work; and below this many settlements it saves no call. */
const firstMarking = 19;
const worthMarking = 4;

/**
 * Before many drafts are posted at once: gives each of their lines the same mark as the invoice it settles, by which
 * Odoo matches them itself while it posts (the marks its own import of matched entries uses, `I…`). One call instead of
 * one per invoice. Nothing depends on it: what was not matched this way, {@link settle} matches one by one.
 *
 * Only in company currency, as Odoo books no exchange difference on this way, and only for lines not matched in part.
 */
export async function markMatches(drafts: readonly Work<BookedDocument>[], books: Books): Promise<void> {
  const { client, references } = books;
  const connection = await client.connect();
  const settlements = drafts.flatMap((work) => settledBy(work.document)).length;
  if (!connection.ok || connection.value.version.major < firstMarking || settlements < worthMarking) return;
  const lines = await readLines(drafts, books);
  if (!lines.ok) return;
  const currency = references.currencies.get(references.companyCurrency ?? '');
  const byId = new Map(lines.value.map((line) => [line.id, line]));
  const markable = (id: number) => {
    const line = byId.get(id);
    if (line === undefined) return false;
    return line.currency_id === currency && (line.matching_number ?? 'I').startsWith('I');
  };
  const rows = plan(drafts, lines.value, books)
    .filter((match) => [...match.lines].every(markable))
    .flatMap((match) => [...match.lines].map((id) => [String(id), `I${externalId(match.settled)}`]));
  if (rows.length > 0) await client.load('account.move.line', ['.id', 'matching_number'], rows, rows.length);
}

/** Matches what the applied documents settle. Twice is once: what is matched already is left alone. */
export async function settle(works: readonly Work<BookedDocument>[], books: Books): Promise<void> {
  const settling = works.filter(
    (work) => work.outcome?.outcome === 'applied' && work.moveId !== null && settledBy(work.document).length > 0,
  );
  if (settling.length === 0) return;
  const lines = await readLines(settling, books);
  const freed = lines.ok ? await freeNotes(settling, lines.value, books) : lines;
  if (!freed.ok) {
    unmatched(settling, freed.error);
    return;
  }
  for (const match of plan(settling, freed.value.lines, books)) {
    const done = await books.client.act('account.move.line', 'reconcile', [...match.lines]);
    if (!done.ok) unmatched([...match.works], done.error);
  }
  for (const group of freed.value.groups) await rematch(group, books);
}

/** Refused: a warning. Not known: the posting is looked up again, and matched then. */
function unmatched(works: readonly Work[], failure: Failure): void {
  for (const work of works) {
    if (failure.kind === 'rejected') warn(work, difference('settlement', 'matched', `open: ${failure.message}`));
    else {
      work.outcome = {
        outcome: 'uncertain',
        message: `posted, but not matched with what it settles: ${failure.message}`,
        retryAfterMs: failure.retryAfterMs,
      };
    }
  }
}

function settledBy(document: BookedDocument): readonly PostingKey[] {
  switch (document.kind) {
    case 'invoice':
    // Odoo matches a credit note with the invoice it reverses while it posts; what is left is for entries to settle.
    case 'credit_note':
      return [];
    case 'payment':
      return document.settles === null ? [] : [document.settles];
    case 'entry':
      return sentLines(document).flatMap((line) => line.settles ?? []);
  }
}

/** All posted receivable lines of both sides, in one search: the entry's reference is stored on its lines. */
async function readLines(
  works: readonly Work<BookedDocument>[],
  { client, config }: Books,
): Promise<Result<readonly Line[], Failure>> {
  const connection = await client.connect();
  if (!connection.ok) return connection;
  const keys = works.flatMap((work) => [work.document.key, ...settledBy(work.document)]);
  const adopted = adoptedMoves(works);
  const rows = await client.searchRead(
    'account.move.line',
    [
      ...(adopted.size === 0 ? [] : (['|', ['move_id', 'in', [...adopted.keys()]]] as const)),
      ['ref', 'in', [...new Set(keys)]],
      connection.value.version.major >= 16
        ? ['account_id.account_type', '=', 'asset_receivable']
        : ['account_id.internal_type', '=', 'receivable'],
      ['parent_state', '!=', 'cancel'],
      ['company_id', '=', config.companyId],
    ],
    lineRow,
    lineFields,
  );
  if (!rows.ok || adopted.size === 0) return rows;
  return ok(rows.value.map((line) => ({ ...line, ref: adopted.get(line.move_id ?? 0) ?? line.ref })));
}

/** Somebody else's documents that these settle, by their id in Odoo: their lines carry another reference than our key. */
function adoptedMoves(works: readonly Work<BookedDocument>[]): ReadonlyMap<number, PostingKey> {
  return new Map(
    works.flatMap(({ document, receipts }) =>
      settledBy(document).flatMap((key): [number, PostingKey][] => {
        const receipt = receipts.get(key);
        return receipt?.adopted === true ? [[Number(receipt.remoteId.split('/').at(-1)), key]] : [];
      }),
    ),
  );
}

function plan(works: readonly Work<BookedDocument>[], lines: readonly Line[], books: Books): Match[] {
  const matches = new Map<string, Match>();
  for (const work of works) {
    for (const { line, settled } of ownLines(work, lines, books) ?? disagreeing(work)) {
      if (line.reconciled) continue;
      const others = settledLines(work, line, settled, lines);
      const open = others.filter((other) => !other.reconciled);
      if (open.length === 0) {
        // Untouched, yet nothing is open: paid by something else, or on another receivable account.
        const found = others.length === 0 ? 'no receivable on this account' : 'already settled';
        if (line.amount_residual === line.balance) warn(work, difference('settlement', 'matched', found));
        continue;
      }
      const key = `${settled} ${line.account_id}`;
      const match = matches.get(key) ?? { settled, works: new Set<Work>(), lines: new Set<number>() };
      match.works.add(work);
      for (const each of [line, ...open]) match.lines.add(each.id);
      matches.set(key, match);
    }
  }
  return [...matches.values()];
}

/** The posted lines of the document that `line` settles, on the same account. */
const settledLines = (work: Work, line: Line, settled: PostingKey, lines: readonly Line[]): Line[] =>
  lines.filter(
    (other) =>
      other.ref === settled &&
      other.account_id === line.account_id &&
      other.move_id !== work.moveId &&
      other.parent_state === 'posted',
  );

interface OwnLine {
  readonly line: Line;
  readonly settled: PostingKey;
}

/**
 * The document's receivable lines with what each settles. Odoo keeps an entry's lines in the order sent, so the
 * receivable ones are matched by place and checked by amount; null when they do not agree, and nothing is matched.
 */
function ownLines(work: Work<BookedDocument>, all: readonly Line[], { references }: Books): OwnLine[] | null {
  const { document } = work;
  const own = all.filter((line) => line.move_id === work.moveId);
  if (document.kind !== 'entry') {
    const [settled] = settledBy(document);
    return settled === undefined ? [] : own.map((line) => ({ line, settled }));
  }
  const receivable = new Set(all.map((line) => line.account_id));
  const sent = sentLines(document).filter((line) => receivable.has(references.accounts.get(line.account) ?? null));
  const agree =
    sent.length === own.length &&
    sent.every((line, index) => toMinor(own[index]?.balance ?? '', document.baseCurrency) === line.base);
  if (!agree) return null;
  return own.flatMap((line, index) => {
    const settled = sent[index]?.settles ?? null;
    return settled === null ? [] : [{ line, settled }];
  });
}

function disagreeing(work: Work): readonly OwnLine[] {
  warn(work, difference('settlement', 'matched', 'the receivable lines in Odoo are not as sent'));
  return [];
}

interface Freed {
  readonly lines: readonly Line[];
  /** Ids of lines that had been matched with one another, by what had matched them. */
  readonly groups: readonly (readonly number[])[];
}

/**
 * Odoo matches a credit note with the invoice it reverses while it posts it, as far as that is open: also where the money
 * goes back to the customer and the invoice waits for a payment that comes later. Then the entry that tells of the refund
 * would find its credit note settled, and the payment its invoice. So a credit note that an entry settles is taken out
 * of what Odoo matched by itself, before anything else is matched.
 */
async function freeNotes(
  works: readonly Work<BookedDocument>[],
  lines: readonly Line[],
  books: Books,
): Promise<Result<Freed, Failure>> {
  const taken = works.flatMap((work) => takenNotes(work, lines, books));
  if (taken.length === 0) return ok({ lines, groups: [] });
  const { client, config } = books;
  const mates = await client.searchRead(
    'account.move.line',
    [
      ['matching_number', 'in', [...new Set(taken.map((note) => note.matching_number))]],
      ['account_id', 'in', [...new Set(taken.map((note) => note.account_id))]],
      ['company_id', '=', config.companyId],
    ],
    lineRow,
    lineFields,
  );
  if (!mates.ok) return mates;
  const undone = await client.act('account.move.line', 'remove_move_reconcile', [
    ...new Set(taken.map(({ id }) => id)),
  ]);
  if (!undone.ok) return undone;
  const after = await readLines(works, books);
  if (!after.ok) return after;
  const groups = Map.groupBy(mates.value, (line) => line.matching_number);
  return ok({ lines: after.value, groups: [...groups.values()].map((group) => group.map(({ id }) => id)) });
}

/** Credit lines an entry of `work` settles that are matched with something else already, so that too little is left. */
function takenNotes(work: Work<BookedDocument>, lines: readonly Line[], books: Books): Line[] {
  if (work.document.kind !== 'entry') return [];
  const { baseCurrency } = work.document;
  const minor = (digits: string): number => toMinor(digits, baseCurrency) ?? 0;
  return (ownLines(work, lines, books) ?? []).flatMap(({ line, settled }) => {
    const notes = settledLines(work, line, settled, lines).filter((note) => minor(note.balance) < 0);
    const open = notes.reduce((sum, note) => sum - minor(note.amount_residual), 0);
    const untouched = !line.reconciled && line.amount_residual === line.balance;
    return untouched && open < minor(line.balance) ? notes.filter((note) => note.matching_number !== null) : [];
  });
}

/** What is left of freed credit notes goes to their invoices again. A failure leaves open items, as `settle` may. */
async function rematch(group: readonly number[], { client }: Books): Promise<void> {
  const open = await client.searchRead(
    'account.move.line',
    [
      ['id', 'in', group],
      ['reconciled', '=', false],
    ],
    lineRow,
    lineFields,
  );
  if (!open.ok) return;
  const sides = new Set(open.value.map((line) => line.balance.startsWith('-')));
  const ids = open.value.map(({ id }) => id);
  if (sides.size === 2) await client.act('account.move.line', 'reconcile', ids);
}
