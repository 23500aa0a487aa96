/**
 * Posting windows that are posted as summaries: closed by the clock or by a person, told to the entity's lane, and
 * summed up when the lane is worked on (src/queues/enrich-windows.ts). Closing may be begun twice, be cut off anywhere or
 * race a commit without harm: what a window holds is a span of commits, and the books refuse a gap or an overlap.
 */
import type { Bindings } from '../bindings.ts';
import { type EpochMs, tenantId } from '../canonical/ids.ts';
import { type ControlTotals, WindowTally } from '../canonical/summary.ts';
import type { LedgerDatabase, LedgerStatement } from '../ledger/database.ts';
import { shardOf } from '../ledger/shards.ts';
import {
  type CommitSpan,
  insertWindow,
  lastWindow,
  newestCommit,
  readWindow,
  summaryFates,
  type WindowOf,
  type WindowRow,
} from '../ledger/window-reads.ts';
import { FIRST_WINDOW_SLACK_MS, firstSummarised, summarisingTenants } from '../tenants/publication.ts';
import { nextWindow, type SummaryRoute, summaryRoutes, type TenantRuntime } from '../tenants/runtime.ts';
import { directoryOf } from './directory.ts';
import { errorWords, logError, logWarning } from './log.ts';
import { acceptOwn, booksLane } from './own-events.ts';

/** A window ends before its time when it has this much; the next one takes the rest a minute later. */
const MAX_ENTRIES = 20_000;
const MAX_LINES = 3_000;
const MAX_READS = 100;

/** The event that tells a window: unique for ever. */
export const summaryEvent = ({ target, entity, number }: Pick<WindowRow, 'target' | 'entity' | 'number'>): string =>
  `summary/${target}/${entity}/${number}`;

export interface Collected {
  readonly span: CommitSpan;
  readonly totals: ControlTotals;
  /** It ended at a bound: there may be more behind it. */
  readonly more: boolean;
}

/** What the open window holds so far, at most a window's worth; null: the tenant has no commit behind the last window. */
export async function collect(
  db: LedgerDatabase,
  window: WindowOf,
  shape: Pick<SummaryRoute, 'per' | 'linesPerJournal'>,
  after: string,
): Promise<Collected | null> {
  const newest = await newestCommit(db, window.tenant);
  if (newest === null || newest <= after) return null;
  const tally = new WindowTally(shape);
  let reads = 0;
  for await (const { entries, reached } of readWindow(db, window, { after, to: newest })) {
    for (const entry of entries) tally.add(entry);
    reads += 1;
    const full = tally.entries >= MAX_ENTRIES || tally.lines >= MAX_LINES || reads >= MAX_READS;
    if (full && reached < newest) return { span: { after, to: reached }, totals: tally.totals(), more: true };
  }
  return { span: { after, to: newest }, totals: tally.totals(), more: false };
}

export type Closed =
  | { readonly code: 'closed'; readonly number: number; readonly totals: ControlTotals; readonly more: boolean }
  /** Nothing to sum up. */
  | { readonly code: 'empty' }
  /** Somebody else closed it just now. */
  | { readonly code: 'overtaken' }
  /** It is closed in the books; its lane could not be told yet, and is told again by itself. */
  | { readonly code: 'not_told'; readonly reason: string };

/** Where the open window begins: behind the last one, or when the target was first given summaries. */
export async function openSince(env: Bindings, db: LedgerDatabase, window: WindowOf): Promise<string> {
  const last = await lastWindow(db, window);
  if (last !== null) return last.toCommit;
  return firstSummarised(env.LEDGER_0, window.tenant, window.target);
}

/** @param audit of the person who closes window `number`: joins the transaction. */
export async function closeWindow(
  env: Bindings,
  { tenant, config }: Pick<TenantRuntime, 'tenant' | 'config'>,
  route: SummaryRoute,
  by: string,
  now: EpochMs,
  audit?: (number: number) => LedgerStatement,
): Promise<Closed> {
  const { target, entity } = route;
  const db = shardOf(env, config.shard);
  const window = { tenant, target, entity };
  const last = await lastWindow(db, window);
  const untold = last === null ? null : await tellAgain(env, config.shard, db, last, now);
  if (untold !== null && untold !== 'known') return { code: 'not_told', reason: untold };
  const after = last?.toCommit ?? (await firstSummarised(env.LEDGER_0, tenant, target));
  const collected = await collect(db, window, route, after);
  // What filled a whole window with nothing is passed over for good, or it would be read again every minute.
  if (collected === null || (collected.totals.entries === 0 && !collected.more)) return { code: 'empty' };
  const row: WindowRow = {
    ...window,
    number: (last?.number ?? 0) + 1,
    afterCommit: after,
    toCommit: collected.span.to,
    closedAt: now,
    totals: JSON.stringify({ ...collected.totals, per: route.per, linesPerJournal: route.linesPerJournal, by }),
  };
  try {
    await insertWindow(db, row, audit === undefined ? [] : [audit(row.number)]);
  } catch (error) {
    if (/window_gap|constraint failed/i.test(errorWords(error))) return { code: 'overtaken' };
    throw error;
  }
  const { number } = row;
  if (collected.totals.entries === 0) return { code: 'closed', number, totals: collected.totals, more: true };
  const refused = await tell(env, config.shard, row, now);
  if (refused !== null) return { code: 'not_told', reason: refused };
  return { code: 'closed', number, totals: collected.totals, more: collected.more };
}

/** Null when the lane has it. Always the same bytes, so a second time is a duplicate. */
async function tell(env: Bindings, shard: string, row: WindowRow, now: EpochMs): Promise<string | null> {
  const { tenant, target, entity, number } = row;
  const later: Promise<unknown>[] = [];
  const event = { kind: 'summary' as const, entity, target, number };
  const delivery = { id: summaryEvent(row), lane: booksLane(entity), event, by: 'clock' };
  const answer = await acceptOwn(env, tenantId(tenant), shard, delivery, now, {
    waitUntil: (promise) => void later.push(promise),
  });
  await Promise.all(later);
  if (answer.code === 'accepted') return null;
  return answer.code === 'refused' ? answer.reason : 'the lane is overloaded';
}

/**
 * A window that was closed and perhaps never told, because whoever closed it was cut off. `known`: the books have its
 * event; null: its lane has it now; otherwise why the lane did not take it.
 */
async function tellAgain(
  env: Bindings,
  shard: string,
  db: LedgerDatabase,
  last: WindowRow,
  now: EpochMs,
): Promise<string | null> {
  if (closedTotals(last).entries === 0) return 'known';
  const id = summaryEvent(last);
  const known = (await summaryFates(db, last.tenant, [[last.target, id]])).has(id);
  return known ? 'known' : tell(env, shard, last, now);
}

/** Written by `closeWindow`; read back as such. */
export const closedTotals = (
  row: Pick<WindowRow, 'totals'>,
): ControlTotals & Pick<SummaryRoute, 'per' | 'linesPerJournal'> & { readonly by: string } => JSON.parse(row.totals);

const TENANTS_AT_ONCE = 200;
const MAX_REMEMBERED = 5_000;

/** Lost with the isolate, which costs reads only. */
interface Round {
  /** The tenant that the last minute ended with. */
  place: string;
  /** Until when an open window was found empty, by tenant, target and entity. */
  readonly foundEmpty: Map<string, EpochMs>;
  /** The last window whose event the books have. */
  readonly told: Map<string, number>;
}
const rounds = new WeakMap<object, Round>();

/** The clock's part, every minute: windows whose time has come are closed, and told if they were not. */
export async function closeDueWindows(env: Bindings, now: EpochMs): Promise<void> {
  const round = rounds.get(env) ?? { place: '', foundEmpty: new Map(), told: new Map() };
  rounds.set(env, round);
  const tenants = await summarisingTenants(env.LEDGER_0, round.place, TENANTS_AT_ONCE);
  round.place = tenants.length < TENANTS_AT_ONCE ? '' : (tenants.at(-1) ?? '');
  for (const tenant of tenants) {
    const runtime = await runtimeOf(env, tenant, now);
    if (runtime === null) continue;
    for (const route of summaryRoutes(runtime.config)) await closeIfDue(env, runtime, route, round, now);
  }
}

/** Null also where its config or secrets cannot be read, which is told and is not the next tenant's trouble. */
async function runtimeOf(env: Bindings, tenant: string, now: EpochMs): Promise<TenantRuntime | null> {
  try {
    return await directoryOf(env).find(tenantId(tenant), now);
  } catch (error) {
    logError('window_failed', { tenant, error: errorWords(error) });
    return null;
  }
}

/** One window's trouble is told and is not the next one's. */
async function closeIfDue(
  env: Bindings,
  runtime: TenantRuntime,
  route: SummaryRoute,
  { foundEmpty, told }: Round,
  now: EpochMs,
): Promise<void> {
  const { target, entity } = route;
  const { tenant } = runtime;
  const key = `${tenant}/${target}/${entity}`;
  try {
    const db = shardOf(env, runtime.config.shard);
    const last = await lastWindow(db, { tenant, target, entity });
    if (last !== null && told.get(key) !== last.number) {
      const untold = await tellAgain(env, runtime.config.shard, db, last, now);
      if (told.size >= MAX_REMEMBERED) told.clear();
      if (untold === 'known') told.set(key, last.number);
      else if (untold !== null) logWarning('window_not_told', { tenant, target, entity, reason: untold });
    }
    const since = last?.toCommit ?? (await firstSummarised(env.LEDGER_0, tenant, target));
    // The slack is for commits. Its time would be over as soon as the route is published, were it counted here.
    const begun = Number(since) + (last === null ? FIRST_WINDOW_SLACK_MS : 0);
    const from = Math.max(begun, foundEmpty.get(key) ?? 0);
    if (nextWindow(route.window, route.timeZone, from) > now) return;
    const closed = await closeWindow(env, runtime, route, 'clock', now);
    if (closed.code === 'not_told') logWarning('window_not_told', { tenant, target, entity, reason: closed.reason });
    if (closed.code !== 'empty') return;
    if (foundEmpty.size >= MAX_REMEMBERED) foundEmpty.clear();
    foundEmpty.set(key, now);
  } catch (error) {
    logError('window_failed', { tenant, target, entity, error: errorWords(error) });
  }
}
