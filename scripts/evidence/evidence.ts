/** Where the books are read from to be checked: a running gateway's API, or (in tests) the database itself. */
import type { EvidenceTable, JournalPage, RowOf } from '../../src/ledger/evidence-reads.ts';
import type { SealLeaf } from '../../src/ledger/seals.ts';

export interface JournalStep {
  readonly page: JournalPage;
  /** Null: this was the last page for now. */
  readonly next: string | null;
  /** From here what is booked later is read; null while there is nothing. */
  readonly resume: string | null;
}

export interface Evidence {
  readonly tenant: string;
  /** Commits with what they decided, oldest first. */
  journal(after: string | null): Promise<JournalStep>;
  /** By primary key. */
  rows<Table extends EvidenceTable>(table: Table): AsyncGenerator<RowOf<Table>>;
  /** A part of a seal's leaves; empty after the last one, null when the archive lacks it. */
  leaves(day: string, part: number): Promise<readonly SealLeaf[] | null>;
  /** An archive object, line by line; `refused`: this token may not read it. */
  archived(key: string): Promise<AsyncIterable<string> | null | 'refused'>;
  /** The bytes that only the lane has; null when they cannot be had here. */
  laneBody(source: string, eventId: string): Promise<Uint8Array<ArrayBuffer> | null>;
  /** The document of a config version as it was published. */
  config(version: number): Promise<unknown>;
}

/** What does not fit. In the order found; the first is where to look. */
export interface Finding {
  readonly table: string;
  /** The row: an entry's id, `<source>/<event id>`, or its key's columns joined by slashes. */
  readonly key: string;
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

/** More than these are counted only: broken books need a person, not a longer list. */
export const MAX_FINDINGS = 200;

export class Findings {
  readonly list: Finding[] = [];
  count = 0;

  add(table: string, key: string, what: string, expected: unknown, found: unknown): void {
    // A row is read again when another commit names it: what is wrong with it is said once.
    if (this.list.some((known) => known.table === table && known.key === key && known.what === what)) return;
    this.count += 1;
    if (this.list.length < MAX_FINDINGS)
      this.list.push({ table, key, what, expected: String(expected), found: String(found) });
  }

  /** Adds one unless the two are the same. */
  same(table: string, key: string, what: string, expected: unknown, found: unknown): void {
    if (expected !== found) this.add(table, key, what, expected, found);
  }
}

/** JSON as the gateway writes it, or null: any other spelling of the same value was not written by it. */
export function exactJson(text: string): { readonly value: unknown } | null {
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value) === text ? { value } : null;
  } catch {
    // Not JSON at all: the caller says so.
    return null;
  }
}
