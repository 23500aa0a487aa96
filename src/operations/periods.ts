/**
 * Months of an entity: open → pending close → closed → locked, in order and each once. A step is one transaction of the
 * month's row, the entity's closed day (which a trigger asks for every entry) and the audit row. Each states what it
 * believes to be so; where that is not so any more the transaction aborts, and nothing was changed.
 */
import type { EpochMs, IsoDate } from '../canonical/ids.ts';
import { isoDate } from '../canonical/ids.ts';
import { lastDayOf, previousDay } from '../canonical/periods.ts';
import type { PeriodRow } from '../ledger/period-reads.ts';

export const periodStates = ['open', 'pending', 'closed', 'locked'] as const;
export type PeriodState = (typeof periodStates)[number];

/** How far an entity's books are closed: by its config, and by closing months. */
export interface Closings {
  readonly byConfig: IsoDate | null;
  readonly closedUntil: IsoDate | null;
  readonly lockedUntil: IsoDate | null;
}

export const firstDayOf = (period: string): IsoDate => isoDate(`${period}-01`);
export const finalDayOf = (period: string): IsoDate => lastDayOf(firstDayOf(period));

/** The later of the two ways to close. */
export const effectivelyClosed = ({ byConfig, closedUntil }: Closings): IsoDate | null =>
  [byConfig, closedUntil]
    .filter((day) => day !== null)
    .toSorted()
    .at(-1) ?? null;

/** Pure. A month is closed when its last day is, however it came about. */
export function stateOf(period: string, closings: Closings, row: Pick<PeriodRow, 'state'> | null): PeriodState {
  const last = finalDayOf(period);
  const closed = effectivelyClosed(closings);
  if (closings.lockedUntil !== null && closings.lockedUntil >= last) return 'locked';
  if (closed !== null && closed >= last) return 'closed';
  return row?.state === 'pending' ? 'pending' : 'open';
}

/** Where a step is taken, by whom and when. */
export interface Step {
  readonly db: D1Database;
  readonly tenant: string;
  readonly entity: string;
  readonly period: string;
  readonly closings: Closings;
  readonly by: string;
  readonly now: EpochMs;
}

const key = ({ tenant, entity, period }: Step) => [tenant, entity, period] as const;

/** Fails with a constraint when somebody began before. */
export const beginClose = (step: Step): D1PreparedStatement =>
  step.db
    .prepare(
      `INSERT INTO periods (tenant, entity, period, state, closes, changed_at, changed_by, evidence) VALUES (?1, ?2, ?3, 'pending', 0, ?4, ?5, '{}')`,
    )
    .bind(...key(step), step.now, step.by);

/** NULL where the books are not what they were believed to be; `state` takes no NULL, so the transaction aborts. */
const believed = (state: string, wanted: string, day: string): string =>
  `CASE WHEN ${state} AND (SELECT closed_until FROM entity_books WHERE tenant = ?1 AND entity = ?2) IS ${day} THEN '${wanted}' END`;

const balancesOfClose = `(SELECT json_group_array(json_object('account', account, 'currency', currency, 'closing', closing, 'baseClosing', base)) FROM (
  SELECT account, currency, sum(debit) - sum(credit) AS closing, sum(base_debit) - sum(base_credit) AS base
  FROM balances WHERE tenant = ?1 AND entity = ?2 AND period <= ?3 GROUP BY account, currency ORDER BY account, currency))`;

/**
 * Closes a month that is pending. Kept as evidence: what is passed, and the trial balance of that very transaction, minor
 * units.
 */
export const close = (step: Step, evidence: Readonly<Record<string, unknown>>): D1PreparedStatement[] => [
  step.db
    .prepare(
      `UPDATE periods SET state = ${believed("state = 'pending'", 'closed', '?6')}, closes = closes + 1, changed_at = ?4, changed_by = ?5,
       evidence = json_set(?7, '$.trialBalance', json(${balancesOfClose})) WHERE tenant = ?1 AND entity = ?2 AND period = ?3`,
    )
    .bind(
      ...[...key(step), step.now, step.by, step.closings.closedUntil],
      JSON.stringify({ ...evidence, closedAt: step.now }),
    ),
  step.db
    .prepare(
      `INSERT INTO entity_books (tenant, entity, closed_until) VALUES (?1, ?2, ?3)
       ON CONFLICT (tenant, entity) DO UPDATE SET closed_until = excluded.closed_until`,
    )
    .bind(step.tenant, step.entity, finalDayOf(step.period)),
];

/** What becomes of a closed month, while the books are closed until the day they are believed to be. */
const moveClosed = (step: Step, state: 'locked' | 'pending', closedUntil: IsoDate | null): D1PreparedStatement =>
  step.db
    .prepare(
      `INSERT INTO periods (tenant, entity, period, state, closes, changed_at, changed_by, evidence)
       SELECT ?1, ?2, ?3, ${believed('true', state, '?6')}, 0, ?4, ?5, '{}' WHERE true
       ON CONFLICT (tenant, entity, period) DO UPDATE SET state = CASE WHEN periods.state = 'closed' THEN excluded.state END, changed_at = ?4, changed_by = ?5`,
    )
    .bind(...key(step), step.now, step.by, closedUntil);

/** Locks a closed month and all before it, for good. */
export const lock = (step: Step): D1PreparedStatement[] => [
  moveClosed(step, 'locked', step.closings.closedUntil),
  step.db
    .prepare(
      `UPDATE periods SET state = 'locked', changed_at = ?4, changed_by = ?5 WHERE tenant = ?1 AND entity = ?2 AND period < ?3 AND state = 'closed'`,
    )
    .bind(...key(step), step.now, step.by),
  step.db
    .prepare('UPDATE entity_books SET locked_until = ?3 WHERE tenant = ?1 AND entity = ?2')
    .bind(step.tenant, step.entity, finalDayOf(step.period)),
];

/** Reopens the month that was closed last: it is pending again, and counts its closes on. */
export const reopen = (step: Step): D1PreparedStatement[] => [
  moveClosed(step, 'pending', finalDayOf(step.period)),
  step.db
    .prepare('UPDATE entity_books SET closed_until = ?3 WHERE tenant = ?1 AND entity = ?2')
    .bind(step.tenant, step.entity, previousDay(firstDayOf(step.period))),
];

/** Whether a step's transaction aborted because the books had moved on. */
export const isOvertaken = (error: unknown): boolean =>
  error instanceof Error && /constraint failed: periods\.|UNIQUE constraint failed: periods/.test(error.message);

/** Why the month cannot be reopened now, or null. Only the last closed month can: the others rest on it. */
export function notReopenable(period: string, closings: Closings): string | null {
  const last = finalDayOf(period);
  const { byConfig, closedUntil, lockedUntil } = closings;
  if (lockedUntil !== null && lockedUntil >= last) return 'the month is locked for good';
  if (byConfig !== null && byConfig >= last)
    return `the config closes the books until ${byConfig}: change closedUntil there`;
  if (closedUntil === null || closedUntil < last) return 'the month is not closed';
  return closedUntil > last ? `later months are closed too: reopen from ${closedUntil.slice(0, 7)} backwards` : null;
}
