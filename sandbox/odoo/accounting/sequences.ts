import type { Books, Journal } from '../store/books.ts';
import type { MoveRow } from '../store/records.ts';

export type SequenceReset = 'month' | 'year' | 'never';

const MONTHLY = /^(.*?)((?:19|20|21)\d{2})(\D+?)(0[1-9]|1[0-2])(\D+?)(\d+)$/;
const YEARLY = /^(.*?)((?:19|20|21)\d{2})(\D+?)(\d+)$/;
const FIXED = /^(.*?)(\d+)$/;

/** The period after which a journal counts from one again, as Odoo deduces it from the last name given. */
export function sequenceReset(name: string): SequenceReset {
  if (MONTHLY.test(name)) return 'month';
  return YEARLY.test(name) ? 'year' : 'never';
}

/** The last name given in the journal's sequence for this kind of document, or null. */
export function lastName(books: Books, move: MoveRow): string | null {
  return books.sequences.first('key', sequenceKey(books, move))?.lastName ?? null;
}

/** The next name of the journal, in the period of the move's accounting date. */
export function nextName(books: Books, move: MoveRow): string {
  const last = lastName(books, move);
  if (last === null) return firstName(books.journal(move.journalId), move);
  const first = following(last, move.date);
  const inPeriod = books.sequences.first('key', periodKey(books, move, first))?.lastName;
  return inPeriod === undefined ? first : following(inPeriod, move.date);
}

/**
 * Remembers the name given, for the journal and for the name's own period. An explicit name takes over the journal's
 * sequence: the next document follows it (odoo.md A5), which is why such names belong in a journal of their own.
 */
export function rememberName(books: Books, move: MoveRow, name: string): void {
  if (!FIXED.test(name)) return;
  for (const key of [sequenceKey(books, move), periodKey(books, move, name)]) {
    const known = books.sequences.first('key', key);
    if (known !== undefined && !isLater(name, known.lastName)) continue;
    books.sequences.put({ id: known?.id ?? books.sequences.nextId(), key, lastName: name });
  }
}

/** A name without its number: names that count together. */
function periodKey(books: Books, move: MoveRow, name: string): string {
  return `${sequenceKey(books, move)}:${FIXED.exec(name)?.[1] ?? ''}`;
}

function sequenceKey(books: Books, move: MoveRow): string {
  return `${move.journalId}:${prefixOf(books.journal(move.journalId), move)}`;
}

/** Refunds and payments count apart from the journal's other documents. */
function prefixOf(journal: Journal, move: MoveRow): string {
  if (move.moveType.endsWith('_refund')) return `R${journal.code}`;
  return move.paymentId === null ? journal.code : `P${journal.code}`;
}

function firstName(journal: Journal, move: MoveRow): string {
  const prefix = prefixOf(journal, move);
  const [year = '', month = ''] = move.date.split('-');
  const yearly = journal.type === 'sale' || move.paymentId !== null;
  return yearly ? `${prefix}/${year}/00001` : `${prefix}/${year}/${month}/0001`;
}

function following(last: string, date: string): string {
  const [year = '', month = ''] = date.split('-');
  const monthly = MONTHLY.exec(last);
  if (monthly !== null) {
    const [, head = '', lastYear = '', gap = '', lastMonth = '', tail = '', digits = ''] = monthly;
    const same = lastYear === year && lastMonth === month;
    return `${head}${year}${gap}${month}${tail}${counted(digits, same)}`;
  }
  const yearly = YEARLY.exec(last);
  if (yearly !== null) {
    const [, head = '', lastYear = '', gap = '', digits = ''] = yearly;
    return `${head}${year}${gap}${counted(digits, lastYear === year)}`;
  }
  const [, head = '', digits = ''] = FIXED.exec(last) ?? [];
  return `${head}${counted(digits, true)}`;
}

function counted(digits: string, goesOn: boolean): string {
  return String(goesOn ? Number(digits) + 1 : 1).padStart(digits.length, '0');
}

function isLater(name: string, known: string): boolean {
  const [, head = '', digits = ''] = FIXED.exec(name) ?? [];
  const [, knownHead = '', knownDigits = ''] = FIXED.exec(known) ?? [];
  return head !== knownHead || Number(digits) > Number(knownDigits);
}
