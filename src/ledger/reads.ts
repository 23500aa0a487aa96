/**
 * What people and scripts read of the books. Every read goes by a primary key or a partial index and looks at a bounded
 * number of rows, so that its cost does not grow with the books (test/workerd/api-rows-read.test.ts holds it to that).
 * Time-ordered lists walk `commits`, whose rows name the events they decided; no hot table carries a time index.
 */
import { and, desc, eq, gt, lt, lte, or, type SQL, sql } from 'drizzle-orm';
import { type DrizzleD1Database, drizzle } from 'drizzle-orm/d1';
import { z } from 'zod';
import { cursorOf, filteredPage, type Page, type PageRequest, pageOf, SCAN } from './pages.ts';
import { audit, balances, commits, entries, events, exceptions, lanes, objects, postings } from './schema.ts';
import {
  amountText,
  type EntryView,
  type EventView,
  entryIdOf,
  iso,
  viewEntry,
  viewEvent,
  viewException,
  viewPosting,
} from './views.ts';

export type LedgerReads = DrizzleD1Database;
export const readsOf = (db: D1Database): LedgerReads => drizzle(db);

type EventRow = typeof events.$inferSelect;
type EntryRow = typeof entries.$inferSelect;

/** `[source, event id]` pairs travel as one JSON parameter, so D1's limit of 100 parameters never bites. */
const amongEvents = (pairs: readonly (readonly [string, string])[]): SQL =>
  sql`(${events.source}, ${events.eventId}) IN (SELECT value ->> 0, value ->> 1 FROM json_each(${JSON.stringify(pairs)}))`;

/** At most 200 pairs. */
export async function eventsByIds(
  db: LedgerReads,
  tenant: string,
  pairs: readonly (readonly [string, string])[],
): Promise<EventRow[]> {
  if (pairs.length === 0) return [];
  return db
    .select()
    .from(events)
    .where(and(eq(events.tenant, tenant), amongEvents(pairs)));
}

// ---- time-ordered lists -----------------------------------------------------

/** A commit, and how many of its events (from the end) are still to be shown; null: all of them. */
const commitPlace = z.tuple([z.string(), z.int().nonnegative().nullable()]);
export const commitCursor = cursorOf('commits', commitPlace);
type CommitPlace = z.infer<typeof commitPlace>;

const commitEvents = z.array(z.tuple([z.string(), z.string()]));

interface Walked {
  readonly source: string;
  readonly eventId: string;
  readonly committedAt: number;
  /** Where to go on after this one. */
  readonly place: CommitPlace;
}

/** Commits per read while walking; each names at least one event. */
const WALK = 32;

/** The `limit + 1` events decided before `after`, newest first. Reads at most one commit row per event. */
async function walkCommits(
  db: LedgerReads,
  tenant: string,
  limit: number,
  after: CommitPlace | null,
): Promise<Walked[]> {
  const walked: Walked[] = [];
  let from = after;
  while (walked.length <= limit) {
    const rows = await db
      .select()
      .from(commits)
      .where(and(eq(commits.tenant, tenant), from === null ? undefined : lte(commits.id, from[0])))
      .orderBy(desc(commits.id))
      .limit(WALK);
    for (const row of rows) {
      const list = commitEvents.parse(JSON.parse(row.events));
      const left = from !== null && from[0] === row.id ? (from[1] ?? list.length) : list.length;
      for (let index = Math.min(left, list.length) - 1; index >= 0 && walked.length <= limit; index -= 1) {
        const pair = list[index];
        if (pair === undefined) break;
        walked.push({ source: pair[0], eventId: pair[1], committedAt: row.committedAt, place: [row.id, index] });
      }
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < WALK) break;
    from = [last.id, 0];
  }
  return walked;
}

const pairKey = (source: string, eventId: string): string => JSON.stringify([source, eventId]);

async function eventRowsOf(db: LedgerReads, tenant: string, walked: readonly Walked[]): Promise<Map<string, EventRow>> {
  const rows = await eventsByIds(
    db,
    tenant,
    walked.map((w) => [w.source, w.eventId]),
  );
  return new Map(rows.map((row) => [pairKey(row.source, row.eventId), row]));
}

/**
 * Events, newest decision first. An event that waited was decided more than once: it stands once, where it was last
 * decided (`decided_at` is its commit's `committed_at`).
 */
export async function listEvents(
  db: LedgerReads,
  tenant: string,
  page: PageRequest<CommitPlace>,
): Promise<Page<EventView>> {
  const walked = await walkCommits(db, tenant, page.limit, page.after);
  const shown = walked.slice(0, page.limit);
  const rows = await eventRowsOf(db, tenant, shown);
  const items: EventView[] = [];
  for (const { source, eventId, committedAt } of shown) {
    const key = pairKey(source, eventId);
    const row = rows.get(key);
    if (row === undefined || row.decidedAt > committedAt) continue;
    items.push(viewEvent(row));
    rows.delete(key);
  }
  return { items, next: nextPlace(walked, shown) };
}

function nextPlace(walked: readonly Walked[], shown: readonly Walked[]): string | null {
  const last = shown.at(-1);
  return walked.length > shown.length && last !== undefined ? commitCursor.encode(last.place) : null;
}

/**
 * Entries, newest first: those of up to `limit` events, walked like `listEvents`. An entry stands only where it was
 * booked, not where its event was first looked at and had to wait.
 */
export async function listEntries(
  db: LedgerReads,
  tenant: string,
  page: PageRequest<CommitPlace>,
): Promise<Page<EntryView>> {
  const walked = await walkCommits(db, tenant, page.limit, page.after);
  const shown = walked.slice(0, page.limit);
  const rows = await eventRowsOf(db, tenant, shown);
  const booked = await entriesOf(db, tenant, [...rows.values()]);
  const items: EntryView[] = [];
  const taken: Walked[] = [];
  for (const place of shown) {
    const row = rows.get(pairKey(place.source, place.eventId));
    const found = (row === undefined ? [] : (booked.get(`${row.lane}#${row.position}`) ?? [])).filter(
      (entry) => entry.bookedAt <= place.committedAt,
    );
    if (items.length > 0 && items.length + found.length > page.limit) break;
    taken.push(place);
    for (const entry of found) items.push(viewEntry(entry));
    if (row !== undefined && found.length > 0) rows.delete(pairKey(place.source, place.eventId));
  }
  return { items, next: nextPlace(walked, taken) };
}

/** Entries of applied events, by `<lane>#<position>`. By primary key. */
export async function entriesOf(
  db: LedgerReads,
  tenant: string,
  rows: readonly Pick<EventRow, 'lane' | 'position'>[],
): Promise<Map<string, EntryRow[]>> {
  const places = rows.flatMap((row) => (row.position === null ? [] : [[row.lane, row.position]]));
  const found = new Map<string, EntryRow[]>();
  if (places.length === 0) return found;
  const list = await db
    .select()
    .from(entries)
    .where(
      and(
        eq(entries.tenant, tenant),
        sql`(${entries.lane}, ${entries.position}) IN (SELECT value ->> 0, value ->> 1 FROM json_each(${JSON.stringify(places)}))`,
      ),
    )
    .orderBy(entries.lane, entries.position, entries.part);
  for (const row of list) {
    const key = `${row.lane}#${row.position}`;
    const group = found.get(key);
    if (group === undefined) found.set(key, [row]);
    else group.push(row);
  }
  return found;
}

// ---- one lane's entries, one entry -------------------------------------------

const placeInLane = z.tuple([z.int(), z.int()]);
export const laneEntryCursor = cursorOf('lane-entries', placeInLane);

/** A lane's entries, newest first; with `object`, only those about it among the next 1,000. */
export async function listLaneEntries(
  db: LedgerReads,
  tenant: string,
  lane: string,
  object: string | null,
  page: PageRequest<z.infer<typeof placeInLane>>,
): Promise<Page<EntryView>> {
  const scan = object === null ? page.limit + 1 : SCAN;
  const rows = await db
    .select()
    .from(entries)
    .where(
      and(
        eq(entries.tenant, tenant),
        eq(entries.lane, lane),
        page.after === null
          ? undefined
          : or(
              lt(entries.position, page.after[0]),
              and(eq(entries.position, page.after[0]), lt(entries.part, page.after[1])),
            ),
      ),
    )
    .orderBy(desc(entries.position), desc(entries.part))
    .limit(scan);
  const cursor = (row: EntryRow) => laneEntryCursor.encode([row.position, row.part]);
  return filteredPage(rows, page.limit, scan, (row) => object === null || row.object === object, viewEntry, cursor);
}

/** The lane that owns an object, or null when the books do not know it. */
export async function laneOfObject(db: LedgerReads, tenant: string, object: string): Promise<string | null> {
  const row = await db
    .select({ lane: objects.lane })
    .from(objects)
    .where(and(eq(objects.tenant, tenant), eq(objects.object, object)))
    .get();
  return row?.lane ?? null;
}

const entryIdPattern = /^(.+)#(\d{1,15})\.(\d{1,6})$/;

export async function findEntry(db: LedgerReads, tenant: string, id: string): Promise<EntryView | null> {
  const match = entryIdPattern.exec(id);
  if (match === null) return null;
  const [, lane = '', position = '', part = ''] = match;
  const row = await db
    .select()
    .from(entries)
    .where(
      and(
        eq(entries.tenant, tenant),
        eq(entries.lane, lane),
        eq(entries.position, Number(position)),
        eq(entries.part, Number(part)),
      ),
    )
    .get();
  return row === undefined || entryIdOf(row) !== id ? null : viewEntry(row);
}

export async function laneHead(db: LedgerReads, tenant: string, lane: string) {
  const row = await db
    .select({ position: lanes.position, hash: lanes.hash })
    .from(lanes)
    .where(and(eq(lanes.tenant, tenant), eq(lanes.lane, lane)))
    .get();
  return row ?? null;
}

// ---- held events --------------------------------------------------------------

export const heldOutcomes = ['waiting', 'parked', 'quarantined'] as const;
export type HeldOutcome = (typeof heldOutcomes)[number];
const heldPlace = z.tuple([z.number(), z.string(), z.string()]);
export const heldCursor = cursorOf('held', heldPlace);

/** Held events, oldest first: what has waited longest is what a person looks at first. */
export async function heldRows(
  db: LedgerReads,
  tenant: string,
  outcome: HeldOutcome,
  limit: number,
  after: z.infer<typeof heldPlace> | null,
): Promise<EventRow[]> {
  return db
    .select()
    .from(events)
    .where(
      and(
        eq(events.tenant, tenant),
        eq(events.outcome, outcome),
        // Repeats the partial index's own condition, which a bound parameter alone does not prove to the planner.
        sql`${events.outcome} in ('waiting','parked','quarantined')`,
        after === null
          ? undefined
          : sql`(${events.receivedAt}, ${events.source}, ${events.eventId}) > (${after[0]}, ${after[1]}, ${after[2]})`,
      ),
    )
    .orderBy(events.receivedAt, events.source, events.eventId)
    .limit(limit);
}

export async function listHeld(
  db: LedgerReads,
  tenant: string,
  outcome: HeldOutcome,
  page: PageRequest<z.infer<typeof heldPlace>>,
): Promise<Page<EventView>> {
  const rows = await heldRows(db, tenant, outcome, page.limit + 1, page.after);
  return pageOf(rows, page.limit, viewEvent, (row) => heldCursor.encode([row.receivedAt, row.source, row.eventId]));
}

// ---- exceptions and postings ---------------------------------------------------

const timedPlace = z.tuple([z.number(), z.string()]);
const idPlace = z.tuple([z.string()]);
export const openExceptionCursor = cursorOf('open-exceptions', timedPlace);
export const exceptionCursor = cursorOf('exceptions', idPlace);

export interface ExceptionFilter {
  readonly cause?: string | undefined;
  readonly lane?: string | undefined;
  readonly target?: string | undefined;
}

const matchesException = (filter: ExceptionFilter) => (row: typeof exceptions.$inferSelect) =>
  (filter.cause === undefined || row.cause === filter.cause) &&
  (filter.lane === undefined || row.lane === filter.lane) &&
  (filter.target === undefined || row.target === filter.target);

/** Open exceptions, oldest first. */
export async function listOpenExceptions(
  db: LedgerReads,
  tenant: string,
  filter: ExceptionFilter,
  page: PageRequest<z.infer<typeof timedPlace>>,
) {
  const scan = Object.values(filter).every((value) => value === undefined) ? page.limit + 1 : SCAN;
  const rows = await db
    .select()
    .from(exceptions)
    .where(
      and(
        eq(exceptions.tenant, tenant),
        sql`${exceptions.status} = 'open'`,
        page.after === null
          ? undefined
          : sql`(${exceptions.openedAt}, ${exceptions.id}) > (${page.after[0]}, ${page.after[1]})`,
      ),
    )
    .orderBy(exceptions.openedAt, exceptions.id)
    .limit(scan);
  return filteredPage(rows, page.limit, scan, matchesException(filter), viewException, (row) =>
    openExceptionCursor.encode([row.openedAt, row.id]),
  );
}

/** All exceptions, or the resolved ones, by id (cause first). */
export async function listExceptions(
  db: LedgerReads,
  tenant: string,
  status: 'resolved' | 'all',
  filter: ExceptionFilter,
  page: PageRequest<z.infer<typeof idPlace>>,
) {
  const rows = await db
    .select()
    .from(exceptions)
    .where(and(eq(exceptions.tenant, tenant), page.after === null ? undefined : gt(exceptions.id, page.after[0])))
    .orderBy(exceptions.id)
    .limit(SCAN);
  const matches = matchesException(filter);
  return filteredPage(
    rows,
    page.limit,
    SCAN,
    (row) => (status === 'all' || row.status !== 'open') && matches(row),
    viewException,
    (row) => exceptionCursor.encode([row.id]),
  );
}

export async function findException(db: LedgerReads, tenant: string, id: string) {
  const row = await db
    .select()
    .from(exceptions)
    .where(and(eq(exceptions.tenant, tenant), eq(exceptions.id, id)))
    .get();
  return row ?? null;
}

/** Exceptions whose id is one of `ids` or continues it after a slash. By primary-key ranges. */
export async function exceptionsAbout(db: LedgerReads, tenant: string, ids: readonly string[]) {
  if (ids.length === 0) return [];
  const rows = await db
    .select()
    .from(exceptions)
    .where(
      and(
        eq(exceptions.tenant, tenant),
        sql`${exceptions.id} IN (
          SELECT x.id FROM json_each(${JSON.stringify(ids)}) k CROSS JOIN exceptions x
          ON x.tenant = ${tenant} AND x.id >= k.value AND x.id < k.value || '0' LIMIT 200)`,
      ),
    );
  return rows.filter((row) => ids.some((id) => row.id === id || row.id.startsWith(`${id}/`)));
}

export const openPostingCursor = cursorOf('open-postings', z.tuple([z.number(), z.string(), z.string()]));
export const postingCursor = cursorOf('postings', z.tuple([z.string(), z.string()]));

export interface PostingFilter {
  readonly target?: string | undefined;
  readonly outcome?: string | undefined;
}

/** Postings that are neither applied nor skipped, longest unchanged first. */
export async function listOpenPostings(
  db: LedgerReads,
  tenant: string,
  filter: PostingFilter,
  page: PageRequest<readonly [number, string, string]>,
) {
  const scan = filter.target === undefined && filter.outcome === undefined ? page.limit + 1 : SCAN;
  const rows = await db
    .select()
    .from(postings)
    .where(
      and(
        eq(postings.tenant, tenant),
        sql`${postings.outcome} not in ('applied','skipped')`,
        page.after === null
          ? undefined
          : sql`(${postings.updatedAt}, ${postings.target}, ${postings.key}) > (${page.after[0]}, ${page.after[1]}, ${page.after[2]})`,
      ),
    )
    .orderBy(postings.updatedAt, postings.target, postings.key)
    .limit(scan);
  return filteredPage(rows, page.limit, scan, matchesPosting(filter), viewPosting, (row) =>
    openPostingCursor.encode([row.updatedAt, row.target, row.key]),
  );
}

const matchesPosting = (filter: PostingFilter) => (row: typeof postings.$inferSelect) =>
  (filter.target === undefined || row.target === filter.target) &&
  (filter.outcome === undefined || row.outcome === filter.outcome);

/** Postings by target and key. */
export async function listPostings(
  db: LedgerReads,
  tenant: string,
  filter: PostingFilter,
  page: PageRequest<readonly [string, string]>,
) {
  const scan = filter.outcome === undefined ? page.limit + 1 : SCAN;
  const rows = await db
    .select()
    .from(postings)
    .where(
      and(
        eq(postings.tenant, tenant),
        filter.target === undefined ? undefined : eq(postings.target, filter.target),
        page.after === null
          ? undefined
          : sql`(${postings.target}, ${postings.key}) > (${page.after[0]}, ${page.after[1]})`,
      ),
    )
    .orderBy(postings.target, postings.key)
    .limit(scan);
  return filteredPage(rows, page.limit, scan, matchesPosting(filter), viewPosting, (row) =>
    postingCursor.encode([row.target, row.key]),
  );
}

/** Postings by `[target, key]`. */
export async function postingsByKeys(db: LedgerReads, tenant: string, keys: readonly (readonly [string, string])[]) {
  if (keys.length === 0) return [];
  return db
    .select()
    .from(postings)
    .where(
      and(
        eq(postings.tenant, tenant),
        sql`(${postings.target}, ${postings.key}) IN (SELECT value ->> 0, value ->> 1 FROM json_each(${JSON.stringify(keys)}))`,
      ),
    );
}

// ---- balances and audit ----------------------------------------------------------

export const balanceCursor = cursorOf('balances', z.tuple([z.string(), z.string(), z.string(), z.string()]));

export const balanceView = z.object({
  entity: z.string(),
  account: z.string(),
  currency: z.string(),
  period: z.string().describe('calendar month, 2026-11'),
  debit: z.int().describe('turnover, minor units'),
  credit: z.int(),
  turnover: z.string().describe('debit less credit, as text'),
  baseDebit: z.int(),
  baseCredit: z.int(),
  baseCurrency: z.string(),
});

/** Turnover per account, currency and month. */
export async function listBalances(
  db: LedgerReads,
  tenant: string,
  entity: string | undefined,
  page: PageRequest<readonly [string, string, string, string]>,
): Promise<Page<z.infer<typeof balanceView>>> {
  const rows = await db
    .select()
    .from(balances)
    .where(
      and(
        eq(balances.tenant, tenant),
        entity === undefined ? undefined : eq(balances.entity, entity),
        page.after === null
          ? undefined
          : sql`(${balances.entity}, ${balances.account}, ${balances.currency}, ${balances.period}) > (${page.after[0]}, ${page.after[1]}, ${page.after[2]}, ${page.after[3]})`,
      ),
    )
    .orderBy(balances.entity, balances.account, balances.currency, balances.period)
    .limit(page.limit + 1);
  return pageOf(
    rows,
    page.limit,
    ({ tenant: _tenant, ...row }) => ({ ...row, turnover: amountText(row.debit - row.credit, row.currency) }),
    (row) => balanceCursor.encode([row.entity, row.account, row.currency, row.period]),
  );
}

export const auditCursor = cursorOf('audit', idPlace);

export const auditView = z.object({
  id: z.string(),
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  detail: z.record(z.string(), z.unknown()),
});

/** Operator actions, newest first. */
export async function listAudit(
  db: LedgerReads,
  tenant: string,
  page: PageRequest<z.infer<typeof idPlace>>,
): Promise<Page<z.infer<typeof auditView>>> {
  const rows = await db
    .select()
    .from(audit)
    .where(and(eq(audit.tenant, tenant), page.after === null ? undefined : lt(audit.id, page.after[0])))
    .orderBy(desc(audit.id))
    .limit(page.limit + 1);
  return pageOf(
    rows,
    page.limit,
    (row) => ({
      id: row.id,
      at: iso(row.at),
      actor: row.actor,
      action: row.action,
      subject: row.subject,
      detail: z.record(z.string(), z.unknown()).parse(JSON.parse(row.detail)),
    }),
    (row) => auditCursor.encode([row.id]),
  );
}
