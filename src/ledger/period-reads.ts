/**
 * What the story of a month is told from. By primary keys and indexes of what is open; what is not at its target yet is
 * found by walking the commits since the month began, because documents that were never tried have no row of their own.
 */
import { and, desc, eq, lte, sql } from 'drizzle-orm';
import type { LedgerReads } from './reads.ts';
import { type approvals, entityBooks, exceptions, periods, schedules, windows } from './schema.ts';

export type PeriodRow = typeof periods.$inferSelect;
export type ApprovalRow = typeof approvals.$inferSelect;

/** How far an entity's books are closed and locked by closing months; nulls where they never were. */
export async function closingsOf(db: LedgerReads, tenant: string, entity: string) {
  const row = await db
    .select({ closedUntil: entityBooks.closedUntil, lockedUntil: entityBooks.lockedUntil })
    .from(entityBooks)
    .where(and(eq(entityBooks.tenant, tenant), eq(entityBooks.entity, entity)))
    .get();
  return row ?? { closedUntil: null, lockedUntil: null };
}

/** Months that were ever begun to be closed, newest first. */
export const periodRows = (db: LedgerReads, tenant: string, entity: string, limit: number): Promise<PeriodRow[]> =>
  db
    .select()
    .from(periods)
    .where(and(eq(periods.tenant, tenant), eq(periods.entity, entity)))
    .orderBy(desc(periods.period))
    .limit(limit);

export async function periodRow(
  db: LedgerReads,
  tenant: string,
  entity: string,
  period: string,
): Promise<PeriodRow | null> {
  const row = await db
    .select()
    .from(periods)
    .where(and(eq(periods.tenant, tenant), eq(periods.entity, entity), eq(periods.period, period)))
    .get();
  return row ?? null;
}

/** Open exceptions, oldest first. */
export const openExceptionRows = (db: LedgerReads, tenant: string, limit: number) =>
  db
    .select()
    .from(exceptions)
    .where(and(eq(exceptions.tenant, tenant), sql`${exceptions.status} = 'open'`))
    .orderBy(exceptions.openedAt, exceptions.id)
    .limit(limit);

/** Revenue of this month or an earlier one that is deferred still. */
export const unrecognised = (db: LedgerReads, tenant: string, entity: string, month: string, limit: number) =>
  db
    .select()
    .from(schedules)
    .where(
      and(
        eq(schedules.tenant, tenant),
        eq(schedules.entity, entity),
        lte(schedules.period, `${month}-01`),
        sql`(${schedules.amount} <> 0 OR ${schedules.base} <> 0)`,
      ),
    )
    .orderBy(schedules.period)
    .limit(limit);

/** The last window of each target that takes summaries of this entity. */
export const lastWindows = (db: LedgerReads, tenant: string, entity: string) =>
  db
    .select({
      target: windows.target,
      number: sql<number>`max(${windows.number})`,
      toCommit: windows.toCommit,
      closedAt: windows.closedAt,
    })
    .from(windows)
    .where(and(eq(windows.tenant, tenant), eq(windows.entity, entity)))
    .groupBy(windows.target)
    .limit(100);

export interface UndeliveredDocument {
  readonly target: string;
  readonly key: string;
  readonly kind: string;
  readonly date: string;
  readonly lane: string;
  readonly source: string;
  readonly eventId: string;
  /** Epoch ms: a window's next time; 0 for at once. */
  readonly notBefore: number;
  /** Null: never tried. */
  readonly outcome: string | null;
}

/** Commits a query looks at, and queries a walk makes at most: 20,000 commits, each of up to a hundred lanes. */
const COMMITS = 1000;
const WALKS = 20;

const undelivered = `SELECT DISTINCT t.value ->> 'target' AS target, d.value ->> 'key' AS key, d.value ->> 'kind' AS kind, d.value ->> 'date' AS date,
e.lane, e.source, e.event_id AS eventId, t.value ->> 'notBefore' AS notBefore, p.outcome
FROM (SELECT events FROM commits WHERE tenant = ?1 AND id > ?2 AND id <= ?3) c CROSS JOIN json_each(c.events) v
CROSS JOIN events e ON e.tenant = ?1 AND e.source = v.value ->> 0 AND e.event_id = v.value ->> 1 AND e.position IS NOT NULL
CROSS JOIN json_each(e.documents, '$.documents') d CROSS JOIN json_each(e.documents, '$.targets') t
LEFT JOIN postings p ON p.tenant = ?1 AND p.target = t.value ->> 'target' AND p.key = d.value ->> 'key'
WHERE d.value ->> 'entity' = ?4 AND d.value ->> 'date' BETWEEN ?5 AND ?6 AND (p.outcome IS NULL OR p.outcome NOT IN ('applied', 'skipped'))
LIMIT ?7`;

const lastOfWalk =
  'SELECT max(id) AS id, count(*) AS commits FROM (SELECT id FROM commits WHERE tenant = ?1 AND id > ?2 AND id <= ?3 ORDER BY id LIMIT ?4)';

/** A commit's id at that moment: everything committed later has a greater one. */
export const commitIdAt = (instant: number): string => String(Math.max(0, instant)).padStart(15, '0');

export interface MonthOfEntity {
  readonly tenant: string;
  readonly entity: string;
  /** First and last day. */
  readonly first: string;
  readonly last: string;
}

/**
 * Documents dated in the month that are not at their target. `complete` false: the walk ended before the commits did,
 * or there are more than `limit`.
 */
export async function undeliveredDocuments(
  db: D1Database,
  month: MonthOfEntity,
  span: { readonly from: string; readonly to: string },
  limit: number,
): Promise<{ readonly documents: readonly UndeliveredDocument[]; readonly complete: boolean }> {
  const documents: UndeliveredDocument[] = [];
  let from = span.from;
  for (let walk = 0; walk < WALKS; walk += 1) {
    const end = await db
      .prepare(lastOfWalk)
      .bind(month.tenant, from, span.to, COMMITS)
      .first<{ id: string | null; commits: number }>();
    if (end === null || end.id === null) return { documents, complete: true };
    const { results } = await db
      .prepare(undelivered)
      .bind(month.tenant, from, end.id, month.entity, month.first, month.last, limit + 1 - documents.length)
      .all<UndeliveredDocument>();
    documents.push(...results);
    if (documents.length > limit) return { documents: documents.slice(0, limit), complete: false };
    if (end.commits < COMMITS) return { documents, complete: true };
    from = end.id;
  }
  return { documents, complete: false };
}

const afterWindow = `SELECT 1 AS one FROM (SELECT events FROM commits WHERE tenant = ?1 AND id > ?2 ORDER BY id LIMIT ?6) c
CROSS JOIN json_each(c.events) v CROSS JOIN events e ON e.tenant = ?1 AND e.source = v.value ->> 0 AND e.event_id = v.value ->> 1
CROSS JOIN entries x ON x.tenant = ?1 AND x.lane = e.lane AND x.position = e.position
WHERE x.entity = ?3 AND x.date BETWEEN ?4 AND ?5 AND EXISTS (SELECT 1 FROM json_each(e.documents, '$.summaries') s WHERE s.value = ?7) LIMIT 1`;

/** Whether entries of the month that go with the target's summaries were booked after that commit. */
export async function bookedAfter(
  db: D1Database,
  month: MonthOfEntity,
  commit: string,
  target: string,
): Promise<boolean> {
  const row = await db
    .prepare(afterWindow)
    .bind(month.tenant, commit, month.entity, month.first, month.last, COMMITS * WALKS, target)
    .first<{ one: number }>();
  return row !== null;
}
