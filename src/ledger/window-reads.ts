/**
 * What a posting window took: the entries of its commits that were decided to go with that target's summaries. The ids of
 * commits grow in the order of their transactions, so the entries up to one of them never become more.
 *
 * An event may have been looked at in several commits; its entries are those of the commit at whose time they were booked.
 */
import { z } from 'zod';
import type { SummaryEntry } from '../canonical/summary.ts';
import type { LedgerDatabase, LedgerStatement } from './database.ts';

/** Commits after this id, up to this one. */
export interface CommitSpan {
  readonly after: string;
  readonly to: string;
}

export interface WindowOf {
  readonly tenant: string;
  readonly target: string;
  readonly entity: string;
}

/** Where an entry stands among the entries of a span: commit, place in it, part. */
export const windowPlace = z.tuple([z.string(), z.int(), z.int()]);
export type WindowPlace = z.infer<typeof windowPlace>;

const COMMITS_PER_READ = 50;
const ENTRIES_PER_READ = 1_000;

const endOfRead = `SELECT max(id) AS id, count(*) AS commits FROM (SELECT id FROM commits WHERE tenant = ?1 AND id > ?2 AND id <= ?3 ORDER BY id LIMIT ${COMMITS_PER_READ})`;

// `+c.id` keeps the place within a span from being taken for the span's beginning, which would walk all commits before it.
const summarised = `FROM commits c CROSS JOIN json_each(c.events) v
CROSS JOIN events e ON e.tenant = ?1 AND e.source = v.value ->> 0 AND e.event_id = v.value ->> 1 AND e.decided_at = c.committed_at AND e.position IS NOT NULL
CROSS JOIN entries x ON x.tenant = ?1 AND x.lane = e.lane AND x.position = e.position AND x.entity = ?5
WHERE c.tenant = ?1 AND c.id > ?2 AND c.id <= ?3
AND EXISTS (SELECT 1 FROM json_each(e.documents, '$.summaries') s WHERE s.value = ?4)
AND (+c.id, v.key, x.part) > (?6, ?7, ?8)
ORDER BY c.id, v.key, x.part LIMIT ?9`;

const readLines = `SELECT c.id AS "commit", v.key AS place, x.part, x.date, x.lines ${summarised}`;
const readPlaces = `SELECT c.id AS "commit", v.key AS place, x.part, x.lane, x.position ${summarised}`;

interface Placed {
  readonly commit: string;
  readonly place: number;
  readonly part: number;
}

const START: WindowPlace = ['', -1, -1];

async function read<Row extends Placed>(
  db: LedgerDatabase,
  sql: string,
  { tenant, target, entity }: WindowOf,
  { after, to }: CommitSpan,
  from: WindowPlace,
  limit: number,
): Promise<Row[]> {
  const { results } = await db
    .prepare(sql)
    .bind(tenant, after, to, target, entity, ...from, limit)
    .all<Row>();
  return results;
}

/** The end of the next read of a span, null when there is none: the last of at most 50 commits. */
async function nextEnd(db: LedgerDatabase, tenant: string, { after, to }: CommitSpan): Promise<string | null> {
  const { results } = await db.prepare(endOfRead).bind(tenant, after, to).all<{ id: string | null }>();
  return results[0]?.id ?? null;
}

/** One read of a span: all its entries up to `reached`. */
export interface WindowRead {
  readonly entries: readonly SummaryEntry[];
  readonly reached: string;
}

/** Reads a span from its beginning, some commits at a time, in the order booked. Whoever has enough stops asking. */
export async function* readWindow(db: LedgerDatabase, window: WindowOf, span: CommitSpan): AsyncGenerator<WindowRead> {
  let { after } = span;
  for (;;) {
    const to = await nextEnd(db, window.tenant, { after, to: span.to });
    if (to === null) return;
    const entries: SummaryEntry[] = [];
    let from = START;
    for (;;) {
      const rows = await read<Placed & { readonly date: string; readonly lines: string }>(
        ...([db, readLines, window, { after, to }, from, ENTRIES_PER_READ] as const),
      );
      // Rows were written by `commitLanes` from typed values; they are read back as such.
      for (const { date, lines } of rows) entries.push({ date, lines: JSON.parse(lines) } as SummaryEntry);
      const last = rows.at(-1);
      if (last === undefined || rows.length < ENTRIES_PER_READ) break;
      from = [last.commit, last.place, last.part];
    }
    yield { entries, reached: to };
    after = to;
  }
}

export interface EntryPlace {
  readonly at: WindowPlace;
  readonly lane: string;
  readonly position: number;
  readonly part: number;
}

/** Commits looked at for one page of entries: a page may be short, and the next goes on behind them. */
const COMMITS_PER_PAGE = 500;
const endOfPage = `SELECT max(id) AS id, count(*) AS commits FROM (SELECT id FROM commits WHERE tenant = ?1 AND id > ?2 AND id <= ?3 ORDER BY id LIMIT ${COMMITS_PER_PAGE})`;

/** A page of the entries of a span, and where the next one begins; null at the end. */
export async function windowPage(
  db: LedgerDatabase,
  window: WindowOf,
  span: CommitSpan,
  from: WindowPlace | null,
  limit: number,
): Promise<{ readonly entries: readonly EntryPlace[]; readonly next: WindowPlace | null }> {
  const start = from ?? START;
  // The commit that the last page ended in is looked at again, behind the entry it ended with.
  const after = from === null ? span.after : before(from[0]);
  const { results } = await db
    .prepare(endOfPage)
    .bind(window.tenant, after, span.to)
    .all<{ id: string | null; commits: number }>();
  const end = results[0];
  if (end === undefined || end.id === null) return { entries: [], next: null };
  const rows = await read<Placed & { readonly lane: string; readonly position: number }>(
    ...([db, readPlaces, window, { after, to: end.id }, start, limit + 1] as const),
  );
  const entries = rows
    .slice(0, limit)
    .map(({ commit, place, ...row }): EntryPlace => ({ at: [commit, place, row.part], ...row }));
  if (rows.length > limit) return { entries, next: entries.at(-1)?.at ?? null };
  return { entries, next: end.commits < COMMITS_PER_PAGE ? null : [end.id, Number.MAX_SAFE_INTEGER, 0] };
}

/** The greatest id before a commit's; ids are numbers of 15 digits. */
const before = (commit: string): string => String(Math.max(0, Number(commit) - 1)).padStart(15, '0');

export interface WindowRow {
  readonly tenant: string;
  readonly target: string;
  readonly entity: string;
  readonly number: number;
  readonly afterCommit: string;
  readonly toCommit: string;
  readonly closedAt: number;
  readonly totals: string;
}

const columns =
  'tenant, target, entity, number, after_commit AS afterCommit, to_commit AS toCommit, closed_at AS closedAt, totals';

export async function lastWindow(db: LedgerDatabase, { tenant, target, entity }: WindowOf): Promise<WindowRow | null> {
  const { results } = await db
    .prepare(
      `SELECT ${columns} FROM windows WHERE tenant = ?1 AND target = ?2 AND entity = ?3 ORDER BY number DESC LIMIT 1`,
    )
    .bind(tenant, target, entity)
    .all<WindowRow>();
  return results[0] ?? null;
}

export async function findWindow(db: LedgerDatabase, window: WindowOf, number: number): Promise<WindowRow | null> {
  const { results } = await db
    .prepare(`SELECT ${columns} FROM windows WHERE tenant = ?1 AND target = ?2 AND entity = ?3 AND number = ?4`)
    .bind(window.tenant, window.target, window.entity, number)
    .all<WindowRow>();
  return results[0] ?? null;
}

/** By target, entity and number, after the place given. */
export async function listWindows(
  db: LedgerDatabase,
  tenant: string,
  after: readonly [target: string, entity: string, number: number],
  limit: number,
): Promise<WindowRow[]> {
  const { results } = await db
    .prepare(
      `SELECT ${columns} FROM windows WHERE tenant = ?1 AND (target, entity, number) > (?2, ?3, ?4) ORDER BY target, entity, number LIMIT ?5`,
    )
    .bind(tenant, ...after, limit)
    .all<WindowRow>();
  return results;
}

/** The newest commit; null: the tenant has none. */
export async function newestCommit(db: LedgerDatabase, tenant: string): Promise<string | null> {
  const { results } = await db
    .prepare('SELECT id FROM commits WHERE tenant = ?1 ORDER BY id DESC LIMIT 1')
    .bind(tenant)
    .all<{ id: string }>();
  return results[0]?.id ?? null;
}

/**
 * Fails with `window_gap` or a constraint when somebody else closed it meanwhile.
 * @param beside statements of the same transaction.
 */
export const insertWindow = (
  db: LedgerDatabase,
  row: WindowRow,
  beside: readonly LedgerStatement[] = [],
): Promise<unknown> =>
  db.batch([
    db
      .prepare(
        'INSERT INTO windows (tenant, target, entity, number, after_commit, to_commit, closed_at, totals) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)',
      )
      .bind(
        ...[row.tenant, row.target, row.entity, row.number],
        ...[row.afterCommit, row.toCommit, row.closedAt, row.totals],
      ),
    ...beside,
  ]);

const fates = `SELECT w.value ->> 0 AS target, w.value ->> 1 AS eventId, e.outcome, e.position,
(SELECT count(*) FROM json_each(e.documents, '$.documents')) AS documents,
(SELECT t.value ->> 'approval' FROM json_each(e.documents, '$.targets') t LIMIT 1) AS approval,
(SELECT json_group_array(json_object('key', p.key, 'outcome', p.outcome, 'remoteId', p.remote_id, 'remoteName', p.remote_name, 'remoteDate', p.remote_date))
 FROM json_each(e.documents, '$.documents') d CROSS JOIN postings p ON p.tenant = ?1 AND p.target = w.value ->> 0 AND p.key = d.value ->> 'key') AS postings
FROM json_each(?2) w CROSS JOIN events e ON e.tenant = ?1 AND e.source = 'ledgergate' AND e.event_id = w.value ->> 1`;

export interface SummaryFate {
  readonly target: string;
  readonly eventId: string;
  readonly outcome: string;
  readonly position: number | null;
  readonly documents: number;
  /** The subject of the request it waits for, or waited for. */
  readonly approval: string | null;
  readonly postings: readonly SummaryPosting[];
}

const posting = z.object({
  key: z.string(),
  outcome: z.string(),
  remoteId: z.string().nullable(),
  remoteName: z.string().nullable(),
  remoteDate: z.string().nullable(),
});
export type SummaryPosting = z.infer<typeof posting>;
const postings = z.array(posting);

/** What became of the summaries of windows, by `[target, event id]`: at most 200. */
export async function summaryFates(
  db: LedgerDatabase,
  tenant: string,
  pairs: readonly (readonly [target: string, eventId: string])[],
): Promise<Map<string, SummaryFate>> {
  if (pairs.length === 0) return new Map();
  const { results } = await db
    .prepare(fates)
    .bind(tenant, JSON.stringify(pairs))
    .all<Omit<SummaryFate, 'postings'> & { readonly postings: string }>();
  return new Map(results.map((row) => [row.eventId, { ...row, postings: postings.parse(JSON.parse(row.postings)) }]));
}
