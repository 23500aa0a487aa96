import { userError } from '../errors.ts';
import type { Books } from '../store/books.ts';
import type { MoveRow } from '../store/records.ts';
import { textOf } from '../wire.ts';
import { isSale } from './move-types.ts';
import { lastName, sequenceReset } from './sequences.ts';

const LABELS = {
  fiscalyear_lock_date: 'Global Lock Date',
  tax_lock_date: 'Tax Return Lock Date',
  sale_lock_date: 'Sales Lock Date',
  purchase_lock_date: 'Purchase Lock Date',
  hard_lock_date: 'Hard Lock Date',
} as const;
type LockDate = keyof typeof LABELS;

interface Violated {
  readonly label: string;
  readonly lockDate: string;
}

/** The locks that hold for this move on `date`, the latest last. A lock includes its own day. */
export function violatedLocks(books: Books, move: MoveRow, date: string): Violated[] {
  const company = books.company().values;
  const applies: LockDate[] = ['fiscalyear_lock_date', 'hard_lock_date'];
  const type = books.journal(move.journalId).type;
  if (type === 'sale') applies.push('sale_lock_date');
  if (type === 'purchase') applies.push('purchase_lock_date');
  if (hasTax(books, move)) applies.push('tax_lock_date');
  return applies
    .flatMap((name) => {
      const lockDate = textOf(company[name]);
      return lockDate !== null && date <= lockDate ? [{ label: LABELS[name], lockDate }] : [];
    })
    .sort((a, b) => (a.lockDate < b.lockDate ? -1 : 1));
}

/** Refuses to change an entry inside a locked period: reset to draft, change of date (odoo.md A4). */
export function refuseIfLocked(books: Books, move: MoveRow): void {
  const violated = violatedLocks(books, move, move.date);
  if (violated.length === 0) return;
  const list = violated.map(({ label, lockDate }) => `${label} (${american(lockDate)})`).join(', ');
  throw userError(`You cannot add/modify entries prior to and inclusive of: ${list}.`);
}

/**
 * The date a move is posted with: its own, unless that is locked. Then Odoo *silently* takes a later one (odoo.md A4): for
 * sale documents today, bounded by the end of the sequence's month or year; for entries the end of the first open
 * month, or today when that is the current one.
 */
export function accountingDate(books: Books, move: MoveRow, date: string): string {
  const lock = violatedLocks(books, move, date).at(-1);
  if (lock === undefined) return date;
  return postponed(books, move, dayAfter(lock.lockDate));
}

function postponed(books: Books, move: MoveRow, firstOpen: string): string {
  const today = books.today();
  const last = lastName(books, move);
  const reset = last === null ? defaultReset(books, move) : sequenceReset(last);
  if (isSale(move.moveType)) {
    if (last === null || reset === 'month') return earlier(today, monthEnd(firstOpen));
    return reset === 'year' ? earlier(today, `${firstOpen.slice(0, 4)}-12-31`) : firstOpen;
  }
  if (last === null || reset === 'month') {
    return today.slice(0, 7) > firstOpen.slice(0, 7) ? monthEnd(firstOpen) : later(firstOpen, today);
  }
  if (reset === 'year')
    return today.slice(0, 4) > firstOpen.slice(0, 4) ? `${firstOpen.slice(0, 4)}-12-31` : later(firstOpen, today);
  return firstOpen;
}

/** The date of an entry Odoo makes by itself (an exchange difference) for a match on `date`. */
export function automaticEntryDate(books: Books, move: MoveRow, date: string): string {
  const lock = violatedLocks(books, move, date).at(-1);
  return postponed(books, move, lock === undefined ? date : dayAfter(lock.lockDate));
}

function defaultReset(books: Books, move: MoveRow) {
  return books.journal(move.journalId).type === 'sale' ? 'year' : 'month';
}

function hasTax(books: Books, move: MoveRow): boolean {
  return books.linesOf(move).some((line) => line.taxIds.length > 0 || line.taxLineId !== null);
}

function dayAfter(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}

function monthEnd(date: string): string {
  const [year = 0, month = 0] = date.split('-').map(Number);
  return new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
}

const earlier = (a: string, b: string) => (a < b ? a : b);
const later = (a: string, b: string) => (a > b ? a : b);

/** A date as Odoo's messages show it in en_US. */
export function american(date: string): string {
  const [year, month, day] = date.split('-');
  return `${month}/${day}/${year}`;
}
