/**
 * Tells the books that a month is over. The telling may be lost, doubled or late without harm: a run's id is made from
 * entity, month and day, what it recognises is read when it is decided, and the sweep tells again as long as something of
 * the month is open.
 */
import type { Bindings } from '../bindings.ts';
import { dateIn, type EpochMs, type IsoDate, type LaneKey } from '../canonical/ids.ts';
import { monthOf } from '../canonical/periods.ts';
import { openMonths, openSchedules, runStanding, type ScheduledBooks, scheduledBooks } from '../ledger/schedules.ts';
import { shardOf } from '../ledger/shards.ts';
import { OWN_SOURCE } from '../sources/ledgergate/index.ts';
import type { TenantRuntime } from '../tenants/runtime.ts';
import { directoryOf } from './directory.ts';
import { eachShard } from './each-shard.ts';
import { errorWords, logError, logWarning } from './log.ts';
import { acceptOwn, booksLane } from './own-events.ts';

export interface RecognitionRun {
  readonly entity: string;
  /** First day of the month. */
  readonly period: IsoDate;
  /** The operator who asks for it; null: the clock. */
  readonly by: string | null;
}

export type ToldRecognition =
  /** It is in the entity's lane and booked soon. `repeated`: this very run was there before. */
  | { readonly code: 'told'; readonly eventId: string; readonly lane: LaneKey; readonly repeated: boolean }
  /** All of the month is recognised; nothing was told. */
  | { readonly code: 'nothing_open' }
  | { readonly code: 'month_not_over' }
  /** An earlier run of the month waits, mostly for a person (period closed): it takes what came since when it is decided. */
  | { readonly code: 'waiting'; readonly eventId: string }
  /** No such tenant or entity in the live config. */
  | { readonly code: 'unknown_entity' }
  /** The lane could not take it just now. */
  | { readonly code: 'not_now'; readonly reason: string };

/** The clock tells one run a day; a person's run is apart from it, and from another of theirs by the minute. */
function runId(by: string | null, timeZone: string, now: EpochMs): string {
  return by === null ? dateIn(timeZone, now) : `${new Date(now).toISOString().slice(0, 16).replace(':', '')}Z`;
}

/**
 * Has a month's open schedules recognised, if it is over in the entity's time zone and something is open. Promises no
 * booking: the run may end as an exception, such as a closed period. Rejects when D1 does not answer.
 */
export async function tellRecognition(
  env: Bindings,
  tenant: string,
  { entity, period, by }: RecognitionRun,
  now: EpochMs,
): Promise<ToldRecognition> {
  const runtime = await directoryOf(env).find(tenant, now);
  const settings = runtime?.config.entities[entity];
  if (runtime === null || settings === undefined) return { code: 'unknown_entity' };
  if (period >= monthOf(dateIn(settings.timeZone, now))) return { code: 'month_not_over' };
  const open = await openSchedules(shardOf(env, runtime.config.shard), tenant, entity, period, 1);
  if (open.length === 0) return { code: 'nothing_open' };
  return tellRun(env, runtime, { entity, period, by }, runId(by, settings.timeZone, now), now);
}

async function tellRun(
  env: Bindings,
  { tenant, config }: TenantRuntime,
  { entity, period, by }: RecognitionRun,
  run: string,
  now: EpochMs,
): Promise<ToldRecognition> {
  const lane = booksLane(entity);
  const prefix = `recognition/${entity}/${period.slice(0, 7)}`;
  const id = `${prefix}/${run}`;
  const standing = await runStanding(shardOf(env, config.shard), tenant, OWN_SOURCE, { prefix, id });
  if (standing !== null) {
    const { eventId, booked } = standing;
    return booked ? { code: 'told', eventId, lane, repeated: true } : { code: 'waiting', eventId };
  }
  const event = { kind: 'recognition' as const, entity, period, run };
  const later: Promise<unknown>[] = [];
  const answer = await acceptOwn(env, tenant, config.shard, { id, lane, event, by: by ?? 'clock' }, now, {
    waitUntil: (promise) => void later.push(promise),
  });
  await Promise.all(later);
  if (answer.code === 'accepted') {
    return { code: 'told', eventId: id, lane, repeated: answer.results[0]?.code !== 'accepted' };
  }
  return { code: 'not_now', reason: answer.code === 'refused' ? answer.reason : 'the lane is overloaded' };
}

/** Entities looked at per shard and minute, a few rows each. */
const WALK = 1_000;
/** Of these, entities with something due that are told per minute, and of each its earliest months. */
const BOOKS_AT_ONCE = 50;
const MONTHS_AT_ONCE = 12;
/** Months told per minute and shard before the rest is left to the next: an invocation has a thousand calls. */
const MONTHS_A_MINUTE = 100;
/** A month is over somewhere on Earth this long before it is over in UTC. */
const EARLIEST_ZONE_MS = 14 * 3_600_000;

type Cursor = { readonly tenant: string; readonly entity: string } | null;
const cursors = new Map<number, Cursor>();

/**
 * The clock's part: every month that is over and has something open is told. The cursor lives in the isolate; a new
 * isolate starts over, and what is recognised is no longer in its way.
 */
export async function tellDueRecognitions(env: Bindings, now: EpochMs): Promise<void> {
  await eachShard(env, 'recognition', async (db, index) => {
    const walked = await scheduledBooks(db, cursors.get(index) ?? null, WALK);
    const { due, cursor } = dueBooks(walked, monthOf(dateIn('UTC', now + EARLIEST_ZONE_MS)));
    cursors.set(index, cursor);
    let months = 0;
    for (const { tenant, entity } of due) {
      months += await tellDue(env, { tenant, entity }, now);
      if (months < MONTHS_A_MINUTE) continue;
      cursors.set(index, { tenant, entity });
      break;
    }
  });
}

/** Pure. Those to be told now, and where the next minute goes on: null at the end. */
export function dueBooks(
  walked: readonly ScheduledBooks[],
  month: IsoDate,
): { readonly due: readonly ScheduledBooks[]; readonly cursor: Cursor } {
  const due = walked.filter(({ period }) => period < month);
  const now = due.slice(0, BOOKS_AT_ONCE);
  const last = due.length > now.length ? now.at(-1) : walked.length < WALK ? undefined : walked.at(-1);
  return { due: now, cursor: last === undefined ? null : { tenant: last.tenant, entity: last.entity } };
}

/** One entity's trouble is told and is not the next one's. Answers how many months it looked at. */
async function tellDue(env: Bindings, { tenant, entity }: NonNullable<Cursor>, now: EpochMs): Promise<number> {
  try {
    const runtime = await directoryOf(env).find(tenant, now);
    const settings = runtime?.config.entities[entity];
    if (runtime === null || settings === undefined) {
      logWarning('recognition_without_entity', { tenant, entity });
      return 0;
    }
    const month = monthOf(dateIn(settings.timeZone, now));
    const db = shardOf(env, runtime.config.shard);
    const run = runId(null, settings.timeZone, now);
    const months = await openMonths(db, tenant, entity, month, MONTHS_AT_ONCE);
    for (const period of months) {
      const told = await tellRun(env, runtime, { entity, period, by: null }, run, now);
      if (told.code === 'not_now') logWarning('recognition_not_told', { tenant, entity, period, reason: told.reason });
    }
    return months.length;
  } catch (error) {
    logError('recognition_failed', { tenant, entity, error: errorWords(error) });
    return 1;
  }
}
