/** The whole ledger again from signed bytes and config versions, compared with the one there is, link by link and row by row. */
import type { LedgerDatabase } from '../../src/ledger/database.ts';
import { canonicalJson } from '../../src/ledger/hash.ts';
import { recordedConfigs } from './configs.ts';
import { DatabaseEvidence } from './database-evidence.ts';
import { type Evidence, type Finding, Findings, MAX_FINDINGS } from './evidence.ts';
import { Replay, type Replayed } from './replay.ts';
import { Surroundings } from './surroundings.ts';
import { entryKey, eventKey } from './verify-rows.ts';

export interface Rebuilt {
  readonly events: number;
  readonly entries: number;
  /** Links that came out the same: events and entries. */
  readonly sameHashes: number;
  /** At most 200; of a lane the first, as every link after it differs for that reason alone. */
  readonly differences: readonly Finding[];
  readonly count: number;
  /** Links after a lane's first difference. */
  readonly following: number;
  /** Rows from before chains covered events: compared by content. */
  readonly byContent: number;
  /** Events whose recorded facts were taken, because archive and config do not give them. */
  readonly borrowed: readonly string[];
}

const MAX_BORROWED = 200;
const MAX_ROUNDS = 5;

/** Expected is what the books hold, found is what was made again. */
class Comparison {
  readonly findings = new Findings();
  readonly borrowed: string[] = [];
  events = 0;
  entries = 0;
  sameHashes = 0;
  following = 0;
  byContent = 0;
  readonly #apart = new Set<string>();
  readonly #unchained = new Set<string>();

  take(replayed: Replayed): void {
    const { row, entries, record, recordEntries, borrowed } = replayed;
    this.events += 1;
    this.entries += entries.length;
    if (borrowed !== null && this.borrowed.length < MAX_BORROWED) this.borrowed.push(`${eventKey(row)}: ${borrowed}`);
    if (row.hash === null) this.#unchained.add(row.lane);
    if (this.#apart.has(row.lane)) {
      this.following += 1 + entries.length;
      return;
    }
    const before = this.findings.count;
    if (record === null || record.position === null)
      this.findings.add(
        'events',
        eventKey(row),
        'outcome',
        row.outcome,
        record === null ? 'not decided' : `${record.outcome}: ${record.note}`,
      );
    else if (this.#unchained.has(row.lane)) this.#compareContent(replayed);
    else if (record.hash === row.hash && entries.length === recordEntries.length) this.sameHashes += 1;
    else this.#compareContent(replayed);
    for (const [at, entry] of entries.entries()) {
      if (recordEntries[at]?.hash === entry.hash) this.sameHashes += 1;
      else if (!this.#unchained.has(row.lane) && this.findings.count === before)
        this.findings.add('entries', entryKey(entry), 'hash', entry.hash, recordEntries[at]?.hash ?? 'no entry');
    }
    if (this.findings.count > before) this.#apart.add(row.lane);
  }

  /** Which column differs, so that a person sees why. */
  #compareContent({ row, entries, record, recordEntries }: Replayed): void {
    if (record === null) return;
    this.byContent += 1;
    const key = eventKey(row);
    const same = (table: string, name: string, what: string, expected: unknown, found: unknown): void =>
      this.findings.same(
        table,
        name,
        what,
        canonicalJson(expected).slice(0, 2000),
        canonicalJson(found).slice(0, 2000),
      );
    same('events', key, 'type', row.type, record.type);
    same('events', key, 'body_hash', row.body_hash, record.bodyHash);
    same('events', key, 'outcome', row.outcome, record.outcome);
    same('events', key, 'facts', JSON.parse(row.facts), JSON.parse(JSON.stringify(record.facts)));
    same('events', key, 'note', row.note, record.note);
    same('events', key, 'documents', JSON.parse(row.documents), JSON.parse(JSON.stringify(record.plan)));
    same('events', key, 'entries', entries.length, recordEntries.length);
    for (const [at, entry] of entries.entries()) {
      const again = recordEntries[at];
      if (again === undefined) continue;
      same('entries', entryKey(entry), 'date', entry.date, again.date);
      same('entries', entryKey(entry), 'entity', entry.entity, again.entity);
      same('entries', entryKey(entry), 'object', entry.object, again.object);
      same('entries', entryKey(entry), 'description', entry.description, again.description);
      same('entries', entryKey(entry), 'lines', JSON.parse(entry.lines), again.lines);
      same('entries', entryKey(entry), 'deferrals', JSON.parse(entry.deferrals), again.deferrals);
    }
    if (this.#unchained.has(row.lane)) return;
    same('events', key, 'hash', row.hash, record.hash);
  }
}

/** @param into a fresh ledger: migrations applied, nothing in it. */
export async function rebuild(evidence: Evidence, into: LedgerDatabase): Promise<Rebuilt> {
  const comparison = new Comparison();
  const runtime = recordedConfigs(evidence);
  const surroundings = await Surroundings.of(evidence, into);
  const replay = new Replay({
    ...{ evidence, into, runtime, onEvent: (replayed) => comparison.take(replayed) },
    asOf: (at) => surroundings.bringTo(at),
  });
  await replay.run();
  let state = await compareState(evidence, into);
  // A gateway that goes on booking: what came meanwhile is replayed too.
  for (let round = 1; round < MAX_ROUNDS && (await replay.run()) > 0; round += 1)
    state = await compareState(evidence, into);
  const { events, entries, sameHashes, following, byContent, borrowed, findings } = comparison;
  return {
    ...{ events, entries, sameHashes, following, byContent, borrowed },
    differences: [...findings.list, ...state.list].slice(0, MAX_FINDINGS),
    count: findings.count + state.count,
  };
}

const comparedTables = {
  lanes: ['position', 'hash'],
  objects: ['lane', 'state'],
  balances: ['debit', 'credit', 'base_debit', 'base_credit', 'base_currency'],
  schedules: ['amount', 'base'],
  lane_links: ['primary_lane', 'learnt_from', 'at'],
} as const;

/** What is rewritten rather than added, walked side by side. */
async function compareState(evidence: Evidence, into: LedgerDatabase): Promise<Findings> {
  const findings = new Findings();
  const again = new DatabaseEvidence(into, evidence.tenant);
  for (const table of ['lanes', 'objects', 'balances', 'schedules', 'lane_links'] as const) {
    const keyOf = keys[table];
    const right = again.rows(table);
    let made = await right.next();
    for await (const row of evidence.rows(table)) {
      const key = keyOf(row);
      while (made.done !== true && before(keyOf(made.value), key)) {
        findings.add(table, keyOf(made.value).join('/'), 'the row', 'none', 'made again');
        made = await right.next();
      }
      if (made.done !== true && !before(key, keyOf(made.value))) {
        for (const column of comparedTables[table])
          findings.same(table, key.join('/'), column, Reflect.get(row, column), Reflect.get(made.value, column));
        made = await right.next();
      } else if (!empty(table, row)) findings.add(table, key.join('/'), 'the row', 'as in the books', 'not made again');
    }
    for (; made.done !== true; made = await right.next())
      findings.add(table, keyOf(made.value).join('/'), 'the row', 'none', 'made again');
  }
  return findings;
}

const text = (row: object, ...columns: readonly string[]): string[] =>
  columns.map((column) => String(Reflect.get(row, column)));
const keys: Readonly<Record<keyof typeof comparedTables, (row: object) => string[]>> = {
  lanes: (row) => text(row, 'lane'),
  objects: (row) => text(row, 'object'),
  balances: (row) => text(row, 'entity', 'account', 'currency', 'period'),
  schedules: (row) => text(row, 'entity', 'period', 'currency', 'revenue_account', 'deferred_account'),
  lane_links: (row) => text(row, 'lane'),
};

/** A lane that is only known, and a slice that was recognised before the first entry: nothing to make. */
const empty = (table: string, row: object): boolean =>
  (table === 'lanes' && Reflect.get(row, 'position') === 0) ||
  (table === 'schedules' && Reflect.get(row, 'amount') === 0 && Reflect.get(row, 'base') === 0);

/** In the order of SQLite's keys: UTF-8 bytes, column by column. */
function before(one: readonly string[], other: readonly string[]): boolean {
  for (const [at, part] of one.entries()) {
    const order = Buffer.compare(Buffer.from(part), Buffer.from(other[at] ?? ''));
    if (order !== 0) return order < 0;
  }
  return false;
}
