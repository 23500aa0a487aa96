/** Cursor pagination: a page is found from where the last one ended, by an index, so page 1,000 costs what page 1 does. */
import { z } from 'zod';
import { err, ok, type Result } from '../canonical/result.ts';

export const MAX_PAGE = 200;
export const DEFAULT_PAGE = 50;

export interface Page<T> {
  readonly items: T[];
  /** Opaque; null at the end. A page may hold fewer than `limit` items, even none, and still have a next one. */
  readonly next: string | null;
}

export interface PageRequest<Cursor> {
  readonly limit: number;
  readonly after: Cursor | null;
}

const toBase64Url = (text: string): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(text)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');

const fromBase64Url = (text: string): string =>
  new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(
    Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0)),
  );

/** Cursors are opaque to callers and validated when they come back: they are somebody else's input by then. */
export interface CursorCodec<Cursor> {
  encode(cursor: Cursor): string;
  decode(text: string): Result<Cursor, 'bad_cursor'>;
}

/** @param kind keeps one list's cursor from being used on another. */
export function cursorOf<Schema extends z.ZodType>(kind: string, schema: Schema): CursorCodec<z.infer<Schema>> {
  const envelope = z.tuple([z.literal(kind), schema]);
  return {
    encode: (cursor) => toBase64Url(JSON.stringify([kind, cursor])),
    decode: (text) => {
      try {
        const parsed = envelope.safeParse(JSON.parse(fromBase64Url(text)));
        return parsed.success ? ok(parsed.data[1] as z.infer<Schema>) : err('bad_cursor');
      } catch {
        // Not base64url or not JSON: made up or cut. The caller is told so.
        return err('bad_cursor');
      }
    },
  };
}

/** The page of `rows`, read with one row more than `limit` so that the end is known without another read. */
export function pageOf<Row, T>(
  rows: readonly Row[],
  limit: number,
  view: (row: Row) => T,
  cursor: (row: Row) => string,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(view), next: rows.length > limit && last !== undefined ? cursor(last) : null };
}

/** How many rows a filtered page looks at, at most, before it answers what it has. */
export const SCAN = 1000;

/**
 * A filtered page: of at most `scanned` rows in order, those that match. When the scan ended before the list did, the
 * cursor goes on from the last row looked at, so a rare match costs more pages, never an unbounded read.
 */
export function filteredPage<Row, T>(
  rows: readonly Row[],
  limit: number,
  scanned: number,
  matches: (row: Row) => boolean,
  view: (row: Row) => T,
  cursor: (row: Row) => string,
): Page<T> {
  const items: T[] = [];
  for (const [index, row] of rows.entries()) {
    if (matches(row)) items.push(view(row));
    const more = index + 1 < rows.length || rows.length >= scanned;
    if (items.length >= limit) return { items, next: more ? cursor(row) : null };
  }
  const last = rows.at(-1);
  return { items, next: rows.length >= scanned && last !== undefined ? cursor(last) : null };
}
