/**
 * Leaving with the books: entries streamed in bounded pages, by lane and position, into another tool's format. It is not
 * a snapshot: entries booked while it runs may or may not be in it, each one whole and balanced by itself.
 */
import { and, eq, sql } from 'drizzle-orm';
import { type Currency, currency } from '../canonical/money.ts';
import type { Bookkeeping } from './accounts-by-code.ts';
import type { LedgerReads } from './reads.ts';
import { entries } from './schema.ts';
import { entryIdOf, iso, linesOf, type StoredLine } from './views.ts';

export interface ExportedEntry {
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

/** One format's writer; makes text piece by piece and may remember what it has declared, in proportion to the chart. */
export interface ExportWriter {
  readonly contentType: string;
  readonly extension: string;
  head(about: { readonly tenant: string; readonly entity: string; readonly baseCurrency: Currency }): string;
  entry(entry: ExportedEntry): string;
  /** Declarations of what came up on the way; the formats take them anywhere in the file. */
  foot(): string;
}

export type ExportWriterMaker = (bookkeeping: Bookkeeping) => ExportWriter;

/** Entries per D1 read. */
const PAGE = 250;

type Place = readonly [lane: string, position: number, part: number];

async function* entriesOfEntity(db: LedgerReads, tenant: string, entity: string): AsyncGenerator<ExportedEntry[]> {
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
    yield rows.filter((row) => row.entity === entity).map(exported);
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = [last.lane, last.position, last.part];
  }
}

function exported(row: typeof entries.$inferSelect): ExportedEntry {
  return {
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
  };
}

/** The whole export as a stream that reads a page only when its reader wants more. */
export function exportStream(
  db: LedgerReads,
  about: { readonly tenant: string; readonly entity: string; readonly baseCurrency: Currency },
  writer: ExportWriter,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const pages = entriesOfEntity(db, about.tenant, about.entity);
  return new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(writer.head(about))),
    async pull(controller) {
      const page = await pages.next();
      if (page.done === true) {
        controller.enqueue(encoder.encode(writer.foot()));
        controller.close();
        return;
      }
      controller.enqueue(encoder.encode(page.value.map((entry) => writer.entry(entry)).join('')));
    },
    async cancel() {
      await pages.return(undefined);
    },
  });
}

/** The entry as a file of that format would hold it. For tests and small books. */
export function exportText(
  about: { readonly tenant: string; readonly entity: string; readonly baseCurrency: Currency },
  list: readonly ExportedEntry[],
  writer: ExportWriter,
): string {
  return writer.head(about) + list.map((entry) => writer.entry(entry)).join('') + writer.foot();
}
