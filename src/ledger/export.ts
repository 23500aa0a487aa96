/**
 * Leaving with the books: entries streamed in bounded pages, by lane and position, into another tool's format. It is not
 * a snapshot: entries booked while it runs may or may not be in it, each one whole and balanced by itself.
 */
import type { IsoDate } from '../canonical/ids.ts';
import { type Currency, minorUnits } from '../canonical/money.ts';
import { previousDay } from '../canonical/periods.ts';
import type { Bookkeeping } from './accounts-by-code.ts';
import { type BookedEntry, type Cutoff, entryPages } from './entry-pages.ts';
import type { LedgerReads } from './reads.ts';
import type { StoredLine } from './views.ts';

/** Whose books, and from when: what was booked for earlier days becomes one opening entry. Null: from the beginning. */
export interface ExportAbout {
  readonly tenant: string;
  readonly entity: string;
  readonly baseCurrency: Currency;
  readonly from: IsoDate | null;
}

/** One format's writer; makes text piece by piece and may remember what it has declared, in proportion to the chart. */
export interface ExportWriter {
  readonly contentType: string;
  readonly extension: string;
  head(about: Omit<ExportAbout, 'from'>): string;
  entry(entry: BookedEntry): string;
  /** Declarations of what came up on the way; the formats take them anywhere in the file. */
  foot(): string;
}

export type ExportWriterMaker = (bookkeeping: Bookkeeping) => ExportWriter;

/** What was booked before `from`, by account, role and currency: in proportion to the chart, not to the ledger. */
class Opening {
  readonly #lines = new Map<string, StoredLine>();

  add(entry: BookedEntry): void {
    for (const { role, account, currency, amount, base } of entry.lines) {
      const key = JSON.stringify([account, role, currency]);
      const before = this.#lines.get(key);
      const line = { role, account, currency, customer: null, tax: null, memo: null };
      const [total, totalBase] = [(before?.amount ?? 0) + amount, (before?.base ?? 0) + base];
      this.#lines.set(key, { ...line, amount: minorUnits(total), base: minorUnits(totalBase) });
    }
  }

  /** An amount and a base of different signs are two lines: no format knows a negative price. */
  entry({ entity, baseCurrency }: ExportAbout, from: IsoDate): BookedEntry | null {
    const lines = [...this.#lines.values()]
      .filter((line) => line.amount !== 0 || line.base !== 0)
      .flatMap((line) =>
        line.amount * line.base >= 0
          ? [line]
          : [
              { ...line, base: minorUnits(0) },
              { ...line, amount: minorUnits(0) },
            ],
      );
    if (lines.length === 0) return null;
    return {
      ...{ id: 'opening', lane: '', position: 0, part: 0, kind: 'opening', entity, object: '', baseCurrency, lines },
      ...{ date: previousDay(from), description: `Opening balances on ${from}` },
      ...{ source: '', eventId: '', bodyHash: '', configVersion: 0, bookedAt: '', hash: '' },
    };
  }
}

/** Text of pages of entries and of the end, whatever reads them. */
function writing(about: ExportAbout, writer: ExportWriter) {
  const opening = new Opening();
  const { from } = about;
  return {
    head: () => writer.head(about),
    page: (page: readonly BookedEntry[]) =>
      page
        .map((entry) => {
          if (from === null || entry.date >= from) return writer.entry(entry);
          opening.add(entry);
          return '';
        })
        .join(''),
    end: () => {
      const entry = from === null ? null : opening.entry(about, from);
      return (entry === null ? '' : writer.entry(entry)) + writer.foot();
    },
  };
}

/** The whole export as a stream that reads a page only when its reader wants more. */
export function exportStream(
  db: LedgerReads,
  about: ExportAbout,
  cutoff: Cutoff,
  writer: ExportWriter,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const pages = entryPages(db, about.tenant, about.entity, cutoff);
  const text = writing(about, writer);
  return new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(text.head())),
    async pull(controller) {
      const page = await pages.next();
      if (page.done === true) {
        controller.enqueue(encoder.encode(text.end()));
        controller.close();
        return;
      }
      controller.enqueue(encoder.encode(text.page(page.value)));
    },
    async cancel() {
      await pages.return(undefined);
    },
  });
}

/** The entries as a file of that format would hold them. For tests and small books. */
export function exportText(about: ExportAbout, list: readonly BookedEntry[], writer: ExportWriter): string {
  const text = writing(about, writer);
  return text.head() + text.page(list) + text.end();
}
