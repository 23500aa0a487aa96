/** The journal: every entry of a span, by date. The export has no bound; this is for reading. */
import type { BookedEntry } from '../entry-pages.ts';
import { type From, isWithin, type Statement } from './statement.ts';

export const MAX_JOURNAL = 5_000;

/** By effective date, then as booked, then by lane and place in it. */
export const byDate = (
  a: Pick<BookedEntry, 'date' | 'bookedAt' | 'lane' | 'position' | 'part'>,
  b: Pick<BookedEntry, 'date' | 'bookedAt' | 'lane' | 'position' | 'part'>,
): number =>
  compare(a.date, b.date) ||
  compare(a.bookedAt, b.bookedAt) ||
  compare(a.lane, b.lane) ||
  a.position - b.position ||
  a.part - b.part;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export function journalStatement(from: From): Statement<BookedEntry[]> {
  const list: BookedEntry[] = [];
  let overflown = false;
  return {
    get refusal() {
      return overflown ? `more than ${MAX_JOURNAL} entries` : null;
    },
    add(entry) {
      if (!isWithin(entry, from)) return;
      if (list.length >= MAX_JOURNAL) overflown = true;
      else list.push(entry);
    },
    result: () => list.sort(byDate),
  };
}
