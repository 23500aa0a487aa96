/** Months of an entity: their whole story, and the steps towards their close. */
import { z } from 'zod';
import { dateIn } from '../../canonical/ids.ts';
import { nextMonth } from '../../canonical/periods.ts';
import { periodRows } from '../../ledger/period-reads.ts';
import { bookedSpan } from '../../ledger/trial-balance.ts';
import { approvalView, viewApproval } from '../../operations/approvals.ts';
import { directoryOf } from '../../operations/directory.ts';
import { errorWords, logWarning } from '../../operations/log.ts';
import { checklistCodes, standingInTheWay } from '../../operations/period-checklist.ts';
import { type MonthStory, monthStory } from '../../operations/period-story.ts';
import {
  beginClose,
  close,
  effectivelyClosed,
  finalDayOf,
  firstDayOf,
  isOvertaken,
  lock,
  type PeriodState,
  periodStates,
  type Step,
  stateOf,
} from '../../operations/periods.ts';
import { closingsNow, requestReopening } from '../../operations/reopening.ts';
import type { LocksAnswer } from '../../targets/connector.ts';
import type { TenantRuntime } from '../../tenants/runtime.ts';
import { problem } from '../problem.ts';
import { audited } from './actions.ts';
import { approvalScope } from './approvals.ts';
import { chooseEntity } from './ledger.ts';
import { type LockedTarget, storyView, viewStory } from './period-view.ts';
import { type Caller, reasonBody, type TenantScope, tenantRoute } from './route.ts';

const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'a month, such as 2026-11');
const periodParams = z.object({ period: month });
const entityQuery = z.object({
  entity: z.string().max(48).optional().describe('may be left out when there is one'),
});
const stepView = z.object({
  entity: z.string(),
  period: z.string(),
  state: z.enum(periodStates),
  closes: z.int(),
  closedUntil: z.string().nullable(),
  lockedUntil: z.string().nullable(),
});
const monthView = z.object({
  period: z.string(),
  state: z.enum(periodStates),
  closes: z.int(),
  changedAt: z.string().nullable(),
  changedBy: z.string().nullable(),
});

type Call = Caller & TenantScope;
const MAX_MONTHS = 120;

const storyOf = (call: Call, entity: string, period: string): Promise<MonthStory> => {
  const { db, books, tenant, live, now } = call;
  return monthStory({ db, books, tenant, config: live.document, now }, entity, period);
};

/** What each target has locked, and whether that fits the month's state. A target that does not answer says so. */
async function lockedTargets(call: Call, story: MonthStory): Promise<LockedTarget[]> {
  const runtime = await directoryOf(call.env).find(call.tenant, call.now);
  if (runtime === null) return [];
  const found = await Promise.all(
    Object.keys(call.live.document.targets)
      .slice(0, 20)
      .map(async (target): Promise<LockedTarget | null> => {
        const answer = await locksOf(call, runtime, target);
        if (answer === undefined) return null;
        if (!answer.ok) return { target, locks: null, message: answer.message, warning: null };
        return { target, locks: { ...answer.locks }, message: null, warning: misfit(target, answer.locks.all, story) };
      }),
  );
  return found.filter((one) => one !== null);
}

/** A credential that cannot be read is the gateway's own trouble: the rest of the story is told all the same. */
async function locksOf(call: Call, runtime: TenantRuntime, target: string): Promise<LocksAnswer | undefined> {
  try {
    const connector = await call.connectors(call.env)(runtime, target);
    return await connector?.locks?.(call.now);
  } catch (error) {
    logWarning('locks_failed', { tenant: call.tenant, target, error: errorWords(error) });
    return { ok: false, message: 'it could not be asked: see the log' };
  }
}

function misfit(target: string, locked: string | null, { state, first, last }: MonthStory): string | null {
  const open = state === 'open' || state === 'pending';
  if (open && locked !== null && locked >= first)
    return `${target} is locked up to ${locked}, and the month is open here: it refuses documents of those days`;
  if (!open && (locked === null || locked < last))
    return `the month is ${state} here, and ${target} still takes documents of it: lock it there up to ${last}`;
  return null;
}

const overtaken = () =>
  problem('conflict', { detail: 'somebody else took a step meanwhile; nothing was changed, look again' });

/** Runs a step's transaction and gives the month as it is then. */
async function taken(call: Call, step: Step, statements: readonly D1PreparedStatement[]) {
  try {
    await call.db.batch([...statements]);
  } catch (error) {
    if (isOvertaken(error)) return overtaken();
    throw error;
  }
  const { entity, period } = step;
  const closings = await closingsNow(call.books, call.tenant, call.live.document, entity);
  const row = (await periodRows(call.books, call.tenant, entity, MAX_MONTHS)).find((one) => one.period === period);
  return {
    ...{ entity, period, state: stateOf(period, closings, row ?? null), closes: row?.closes ?? 0 },
    ...{ closedUntil: effectivelyClosed(closings), lockedUntil: closings.lockedUntil },
  };
}

const stepOf = (call: Call, { entity, period, closings }: MonthStory): Step => ({
  ...{ db: call.db, tenant: call.tenant, entity, period, closings, by: call.actor.name, now: call.now },
});

const wrongState = (state: PeriodState, wanted: string) =>
  problem('conflict', { detail: `the month is ${state}; ${wanted}` });

const subjectOf = ({ entity, period }: Pick<MonthStory, 'entity' | 'period'>): string => `${entity}/${period}`;

const closeBody = z.strictObject({
  accept: z
    .array(z.strictObject({ item: z.enum(checklistCodes), reason: z.string().trim().min(3).max(500) }))
    .max(checklistCodes.length)
    .default([])
    .describe('items of the checklist to close in spite of, each with its reason'),
});

async function closeMonth(call: Call & { readonly body: z.infer<typeof closeBody> }, story: MonthStory) {
  if (story.state !== 'pending') return wrongState(story.state, 'only one whose close was begun can be closed');
  const { accept } = call.body;
  const unmet = standingInTheWay(story.checklist, new Set(accept.map(({ item }) => item)));
  if (unmet.length > 0) {
    return problem('conflict', {
      detail: 'the checklist is not done; accept what may be accepted, each with a reason',
      errors: unmet.map(({ code, missing, todo, acceptable }) => ({
        path: `checklist.${code}`,
        message: `${missing}. ${todo}${acceptable ? '' : ' It cannot be accepted.'}`,
      })),
    });
  }
  const accepted = accept.flatMap(({ item, reason }) => {
    const open = story.checklist.find((one) => one.code === item && !one.done);
    return open === undefined ? [] : [{ item, reason, missing: open.missing }];
  });
  const { unresolved, checklist } = story;
  const evidence = { checklist, accepted, unresolved: unresolved.totals, closedBy: call.actor.name };
  return taken(call, stepOf(call, story), [
    ...close(stepOf(call, story), evidence),
    audited(call, 'period.close', subjectOf(story), { accepted, closes: (story.row?.closes ?? 0) + 1 }),
  ]);
}

const steps = {
  tag: 'periods',
  role: 'operate',
  params: periodParams,
  query: entityQuery,
} as const;

export const periodRoutes = [
  tenantRoute(
    {
      method: 'get',
      path: '/periods',
      tag: 'periods',
      summary: 'Months of an entity, newest first, at most 120',
      role: 'read',
      query: entityQuery,
      answer: z.object({ entity: z.string(), closedUntil: z.string().nullable(), items: z.array(monthView) }),
    },
    async ({ query, books, tenant, live, now }) => {
      const entity = chooseEntity(live.document, query.entity);
      if (entity instanceof Response) return entity;
      const timeZone = live.document.entities[entity]?.timeZone ?? 'UTC';
      const [closings, rows, span] = await Promise.all([
        closingsNow(books, tenant, live.document, entity),
        periodRows(books, tenant, entity, MAX_MONTHS),
        bookedSpan(books, tenant, entity),
      ]);
      const today = dateIn(timeZone, now).slice(0, 7);
      const begin = [span?.first, rows.at(-1)?.period, today].filter((one) => one !== undefined).toSorted()[0] ?? today;
      const end = [span?.last ?? today, today].toSorted().at(-1) ?? today;
      const items: z.infer<typeof monthView>[] = [];
      for (let period = begin; period <= end && items.length < 10 * MAX_MONTHS; ) {
        const row = rows.find((one) => one.period === period) ?? null;
        items.push({
          period,
          state: stateOf(period, closings, row),
          closes: row?.closes ?? 0,
          changedAt: row === null ? null : new Date(row.changedAt).toISOString(),
          changedBy: row?.changedBy ?? null,
        });
        period = nextMonth(firstDayOf(period)).slice(0, 7);
      }
      return { entity, closedUntil: effectivelyClosed(closings), items: items.reverse().slice(0, MAX_MONTHS) };
    },
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/periods/{period}',
      tag: 'periods',
      summary: 'The whole story of a month: its checklist and everything that is unresolved',
      role: 'read',
      params: periodParams,
      query: entityQuery,
      answer: storyView,
    },
    async (call) => {
      const entity = chooseEntity(call.live.document, call.query.entity);
      if (entity instanceof Response) return entity;
      const story = await storyOf(call, entity, call.params.period);
      return viewStory(story, await lockedTargets(call, story), call.now);
    },
  ),
  tenantRoute(
    {
      ...steps,
      method: 'post',
      path: '/periods/{period}/begin-close',
      summary: 'Begin to close a month. It still takes entries',
      body: z.strictObject({}),
      answer: stepView,
    },
    async (call) => {
      const entity = chooseEntity(call.live.document, call.query.entity);
      if (entity instanceof Response) return entity;
      const story = await storyOf(call, entity, call.params.period);
      if (story.state !== 'open') return wrongState(story.state, 'only an open month can be begun to close');
      const earlier = story.checklist.find((one) => one.code === 'earlier_closed' && !one.done);
      if (earlier !== undefined) return problem('conflict', { detail: `${earlier.missing}. ${earlier.todo}` });
      const step = stepOf(call, story);
      return taken(call, step, [beginClose(step), audited(call, 'period.begin_close', subjectOf(story), {})]);
    },
  ),
  tenantRoute(
    {
      ...steps,
      method: 'post',
      path: '/periods/{period}/close',
      summary: 'Close a month: nothing is booked into it any more. Refused with the items that are not done',
      body: closeBody,
      answer: stepView,
    },
    async (call) => {
      const entity = chooseEntity(call.live.document, call.query.entity);
      if (entity instanceof Response) return entity;
      return closeMonth(call, await storyOf(call, entity, call.params.period));
    },
  ),
  tenantRoute(
    {
      ...steps,
      method: 'post',
      path: '/periods/{period}/lock',
      summary: 'Lock a closed month and all before it. Cannot be undone',
      body: reasonBody,
      answer: stepView,
    },
    async (call) => {
      const entity = chooseEntity(call.live.document, call.query.entity);
      if (entity instanceof Response) return entity;
      const { period } = call.params;
      const closings = await closingsNow(call.books, call.tenant, call.live.document, entity);
      const last = finalDayOf(period);
      if (closings.lockedUntil !== null && closings.lockedUntil >= last)
        return problem('conflict', { detail: 'it is locked already' });
      if (closings.closedUntil === null || closings.closedUntil < last)
        return problem('conflict', { detail: 'only a month that was closed here can be locked' });
      const step = {
        ...{ db: call.db, tenant: call.tenant, entity, period },
        closings,
        by: call.actor.name,
        now: call.now,
      };
      return taken(call, step, [
        ...lock(step),
        audited(call, 'period.lock', subjectOf({ entity, period }), { reason: call.body.reason }),
      ]);
    },
  ),
  tenantRoute(
    {
      ...steps,
      method: 'post',
      path: '/periods/{period}/reopen',
      summary: 'Ask for the month that was closed last to be reopened; somebody else approves it',
      body: reasonBody,
      answer: approvalView,
    },
    async (call) => {
      const entity = chooseEntity(call.live.document, call.query.entity);
      if (entity instanceof Response) return entity;
      const { period } = call.params;
      const row = (await periodRows(call.books, call.tenant, entity, MAX_MONTHS)).find((one) => one.period === period);
      const about = { entity, period, closes: row?.closes ?? 0, reason: call.body.reason };
      const asked = await requestReopening(approvalScope(call), about);
      return asked.ok ? viewApproval(asked.value, call.now) : problem('conflict', { detail: asked.error });
    },
  ),
];
