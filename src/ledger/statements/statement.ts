/**
 * A statement is made by looking at every entry once, in whatever order: pure, and with no more memory than its bound. One
 * that would not fit is refused, never cut: half a trial balance is a wrong one.
 */
import type { IsoDate } from '../../canonical/ids.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { type BookedEntry, MAX_ENTRIES } from '../entry-pages.ts';

export interface Statement<T> {
  add(entry: BookedEntry): void;
  /** Why it cannot be made whole, once that is so. */
  readonly refusal: string | null;
  /** Of all that was added; meaningless after a refusal. */
  result(): T;
}

/** Entries from `from` on are the span; what is before is its opening. Null: everything is within. */
export type From = IsoDate | null;
export const isWithin = (entry: Pick<BookedEntry, 'date'>, from: From): boolean => from === null || entry.date >= from;

/** A map that says when it would outgrow its bound, and then takes nothing more. */
export class BoundedMap<V> {
  readonly #values = new Map<string, V>();
  readonly #most: number;
  overflown = false;

  constructor(most: number) {
    this.#most = most;
  }

  /** The value of these key parts, made when it is new. Null once there are too many. */
  at(parts: readonly (string | null)[], make: () => V): V | null {
    const key = JSON.stringify(parts);
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    if (this.#values.size >= this.#most) {
      this.overflown = true;
      return null;
    }
    const made = make();
    this.#values.set(key, made);
    return made;
  }

  /** In the order of their keys' text, so that the same books give the same statement. */
  inOrder(): V[] {
    return [...this.#values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
  }
}

/** Feeds a statement; stops reading when it is refused. */
export async function readStatement<T>(
  pages: AsyncIterable<readonly BookedEntry[]>,
  statement: Statement<T>,
): Promise<Result<T, string>> {
  let seen = 0;
  for await (const page of pages) {
    seen += page.length;
    for (const entry of page) statement.add(entry);
    if (statement.refusal !== null) return err(statement.refusal);
    if (seen > MAX_ENTRIES) return err(`more than ${MAX_ENTRIES} entries`);
  }
  return ok(statement.result());
}
