/** Deferral schedules as the recognition run reads them: which months are due, and what is open for one. */
import type { IsoDate } from '../canonical/ids.ts';
import type { LedgerDatabase } from './database.ts';

/** A tenant's entity with something deferred, and the earliest month that has a row. */
export interface ScheduledBooks {
  readonly tenant: string;
  readonly entity: string;
  /** First day of the month. */
  readonly period: IsoDate;
}

const key = 'tenant, entity, period, currency, revenue_account, deferred_account';

/** Steps from one entity to the next in the key, whatever their months and accounts: a few rows each. */
const walkBooks = `WITH RECURSIVE books(tenant, entity, period, step) AS (
  SELECT tenant, entity, period, 1 FROM (SELECT ${key} FROM schedules WHERE (tenant, entity) > (?1, ?2) ORDER BY ${key} LIMIT 1)
  UNION ALL
  SELECT s.tenant, s.entity, s.period, b.step + 1 FROM books b CROSS JOIN schedules s
  ON (s.tenant, s.entity, s.period, s.currency, s.revenue_account, s.deferred_account) = (
    SELECT * FROM (SELECT ${key} FROM schedules n WHERE n.tenant = b.tenant AND n.entity > b.entity ORDER BY ${key} LIMIT 1)
    UNION ALL SELECT * FROM (SELECT ${key} FROM schedules n WHERE n.tenant > b.tenant ORDER BY ${key} LIMIT 1)
    LIMIT 1
  ) WHERE b.step < ?3
) SELECT tenant, entity, period FROM books`;

/** At most `limit` entities that have schedules, in key order after the given one. */
export async function scheduledBooks(
  db: LedgerDatabase,
  after: { readonly tenant: string; readonly entity: string } | null,
  limit: number,
): Promise<ScheduledBooks[]> {
  const { results } = await db
    .prepare(walkBooks)
    .bind(after?.tenant ?? '', after?.entity ?? '', limit)
    .all<ScheduledBooks>();
  return results;
}

/** Months before `month` with something open, earliest first. Reads what is left of months gone by: little, when all is well. */
export async function openMonths(
  db: LedgerDatabase,
  tenant: string,
  entity: string,
  month: IsoDate,
  limit: number,
): Promise<IsoDate[]> {
  const { results } = await db
    .prepare(
      'SELECT DISTINCT period FROM schedules WHERE tenant = ?1 AND entity = ?2 AND period < ?3 AND (amount <> 0 OR base <> 0) ORDER BY period LIMIT ?4',
    )
    .bind(tenant, entity, month, limit)
    .all<{ period: IsoDate }>();
  return results.map(({ period }) => period);
}

/** What of a month is open, by currency and accounts; in minor units, as the rules take it. */
export interface OpenScheduleRow {
  readonly period: string;
  readonly currency: string;
  readonly amount: number;
  readonly base: number;
  readonly revenueAccount: string;
  readonly deferredAccount: string;
}

/** In key order, at most `limit`: one range of the primary key. */
export async function openSchedules(
  db: LedgerDatabase,
  tenant: string,
  entity: string,
  period: string,
  limit: number,
): Promise<OpenScheduleRow[]> {
  const { results } = await db
    .prepare(
      `SELECT period, currency, amount, base, revenue_account AS revenueAccount, deferred_account AS deferredAccount FROM schedules
       WHERE tenant = ?1 AND entity = ?2 AND period = ?3 AND (amount <> 0 OR base <> 0)
       ORDER BY currency, revenue_account, deferred_account LIMIT ?4`,
    )
    .bind(tenant, entity, period, limit)
    .all<OpenScheduleRow>();
  return results;
}

/** A run of the month that is not in the books, or the very run asked for: there is nothing to tell then. */
export async function runStanding(
  db: LedgerDatabase,
  tenant: string,
  source: string,
  runs: { readonly prefix: string; readonly id: string },
): Promise<{ readonly eventId: string; readonly booked: boolean } | null> {
  const { results } = await db
    .prepare(
      `SELECT event_id AS eventId, position FROM events
       WHERE tenant = ?1 AND source = ?2 AND event_id > ?3 AND event_id < ?4
         AND ((position IS NULL AND outcome <> 'skipped') OR event_id = ?5) ORDER BY position IS NOT NULL LIMIT 1`,
    )
    .bind(tenant, source, `${runs.prefix}/`, `${runs.prefix}0`, runs.id)
    .all<{ eventId: string; position: number | null }>();
  const [row] = results;
  return row === undefined ? null : { eventId: row.eventId, booked: row.position !== null };
}
