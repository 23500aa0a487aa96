/**
 * The journal as reports read it: one entity's entries in pages of the primary key, so by lane and not by date. A page
 * costs the same wherever it is; the whole costs what the ledger holds, so this is for reports, never for a hot path.
 */
import { and, eq, sql } from 'drizzle-orm';
import { dateIn, type EpochMs, type IsoDate } from '../canonical/ids.ts';
import { type Currency, currency } from '../canonical/money.ts';
import type { LedgerReads } from './reads.ts';
import { entries } from './schema.ts';
import { entryIdOf, iso, linesOf, type StoredLine } from './views.ts';

export interface BookedEntry {
  readonly id: string;
  readonly lane: string;
  readonly position: number;
  readonly part: number;
  readonly date: string;
  readonly kind: string;
  readonly entity: string;
  readonly object: string;
  readonly description: string;
  readonly baseCurrency: Currency;
  readonly lines: readonly StoredLine[];
  readonly source: string;
  readonly eventId: string;
  readonly bodyHash: string;
  readonly configVersion: number;
  readonly bookedAt: string;
  readonly hash: string;
}

/** Up to when: by the day an entry is for, and by the instant it was booked. Null: no bound. */
export interface Cutoff {
  /** Last effective date that counts. */
  readonly asOf: IsoDate | null;
  /** Last instant of booking that counts: what the books said then. */
  readonly bookedBy: EpochMs | null;
}

export const noCutoff: Cutoff = { asOf: null, bookedBy: null };

/** Rows per D1 read: a thousand reads are the most one request may make, and a page must fit the memory. */
const PAGE = 500;

/** Entries one report looks at, at most: what a thousand reads can bring, less those that explain what was found. */
export const MAX_ENTRIES = 450_000;

type Place = readonly [lane: string, position: number, part: number];

/**
 * The entity's entries up to the cutoff, page by page in the order of lane and position; a page may hold none. Not a
 * snapshot: entries booked meanwhile may or may not be there, each one whole, unless `bookedBy` lies in the past.
 */
export async function* entryPages(
  db: LedgerReads,
  tenant: string,
  entity: string,
  cutoff: Cutoff,
): AsyncGenerator<BookedEntry[]> {
  let after: Place = ['', -1, -1];
  for (;;) {
    const rows = await db
      .select()
      .from(entries)
      .where(
        and(
          eq(entries.tenant, tenant),
          sql`(${entries.lane}, ${entries.position}, ${entries.part}) > (${after[0]}, ${after[1]}, ${after[2]})`,
        ),
      )
      .orderBy(entries.lane, entries.position, entries.part)
      .limit(PAGE);
    yield rows.filter((row) => row.entity === entity && counts(row, cutoff)).map(booked);
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = [last.lane, last.position, last.part];
  }
}

const counts = (row: { readonly date: string; readonly bookedAt: EpochMs }, { asOf, bookedBy }: Cutoff): boolean =>
  (asOf === null || row.date <= asOf) && (bookedBy === null || row.bookedAt <= bookedBy);

const booked = (row: typeof entries.$inferSelect): BookedEntry => ({
  id: entryIdOf(row),
  lane: row.lane,
  position: row.position,
  part: row.part,
  date: row.date,
  kind: row.kind,
  entity: row.entity,
  object: row.object,
  description: row.description,
  baseCurrency: currency(row.baseCurrency),
  lines: linesOf(row),
  source: row.source,
  eventId: row.eventId,
  bodyHash: row.bodyHash,
  configVersion: row.configVersion,
  bookedAt: iso(row.bookedAt),
  hash: row.hash,
});

const HOUR = 3_600_000;

/** The last millisecond of a calendar day in a time zone, whatever its offsets and clock changes. */
export function endOfDay(timeZone: string, day: IsoDate): EpochMs {
  const start = Date.parse(`${day}T00:00:00Z`);
  // Zones lie between UTC−12 and UTC+14: the day has begun for all by `low`, and is over everywhere at `high`.
  let [low, high] = [start - 14 * HOUR, start + 37 * HOUR];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (dateIn(timeZone, middle) <= day) low = middle;
    else high = middle;
  }
  return low;
}
