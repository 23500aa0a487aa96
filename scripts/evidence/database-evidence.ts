/** The books read from their database itself: what the API's routes do, without a gateway. For tests and rebuilt books. */
import { z } from 'zod';
import type { LedgerDatabase } from '../../src/ledger/database.ts';
import {
  type EvidenceTable,
  evidenceTables,
  type JournalPlace,
  placeOf,
  type RowOf,
  readJournal,
  readTable,
  type TablePlace,
} from '../../src/ledger/evidence-reads.ts';
import { leavesOf, manifestKey, type SealLeaf, sealManifest } from '../../src/ledger/seals.ts';
import type { Evidence, JournalStep } from './evidence.ts';

const PAGE = 200;
const place = z.tuple([z.string(), z.int()]);

export class DatabaseEvidence implements Evidence {
  readonly tenant: string;
  readonly #db: LedgerDatabase;
  readonly #archive: ReadonlyMap<string, string>;

  /** @param archive objects by key. */
  constructor(db: LedgerDatabase, tenant: string, archive: ReadonlyMap<string, string> = new Map()) {
    this.#db = db;
    this.tenant = tenant;
    this.#archive = archive;
  }

  async journal(after: string | null): Promise<JournalStep> {
    const from: JournalPlace | null = after === null ? null : place.parse(JSON.parse(after));
    const { place: next, more, ...page } = await readJournal(this.#db, this.tenant, from, PAGE);
    const resume = next === null ? null : JSON.stringify(next);
    return { page, next: more ? resume : null, resume };
  }

  async *rows<Table extends EvidenceTable>(table: Table): AsyncGenerator<RowOf<Table>> {
    let after: TablePlace | null = null;
    for (;;) {
      const page = await readTable(this.#db, this.tenant, table, after, PAGE);
      // The schema of this very table; TypeScript does not follow the table's name through it.
      for (const row of page) yield evidenceTables[table].row.parse(row) as RowOf<Table>;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      after = placeOf(table, last);
    }
  }

  async leaves(day: string, part: number): Promise<readonly SealLeaf[] | null> {
    const text = this.#archive.get(manifestKey(this.tenant, day));
    if (text === undefined) return null;
    const found = sealManifest.parse(JSON.parse(text)).parts[part];
    if (found === undefined) return [];
    const leaves = this.#archive.get(found.key);
    return leaves === undefined ? null : leavesOf(leaves);
  }

  async archived(key: string): Promise<AsyncIterable<string> | null> {
    const object = this.#archive.get(key);
    if (object === undefined) return null;
    async function* lines(text: string): AsyncGenerator<string> {
      yield* text.trimEnd().split('\n');
    }
    return lines(object);
  }

  async laneBody(): Promise<null> {
    return null;
  }

  async config(version: number): Promise<unknown> {
    const { results } = await this.#db
      .prepare('SELECT document FROM config_versions WHERE tenant = ?1 AND version = ?2')
      .bind(this.tenant, version)
      .all<{ document: string }>();
    const [row] = results;
    if (row === undefined) throw new Error(`there is no config version ${version}`);
    return JSON.parse(row.document);
  }
}
