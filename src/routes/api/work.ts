/** What is open and what a person does about it: exceptions, quarantine, postings, targets. */
import { z } from 'zod';
import { heldRows } from '../../ledger/event-reads.ts';
import { exceptionView, postingView, viewException } from '../../ledger/views.ts';
import {
  exceptionCursor,
  findException,
  listExceptions,
  listOpenExceptions,
  listOpenPostings,
  listPostings,
  openExceptionCursor,
  openPostingCursor,
  postingCursor,
} from '../../ledger/work-reads.ts';
import { blockedBehind, blockedView } from '../../operations/blocked-behind.ts';
import { resolveStatement } from '../../operations/exceptions.ts';
import { laneStub } from '../../operations/lanes.ts';
import { problem } from '../problem.ts';
import { audited, refused, ringFor } from './actions.ts';
import { knownCause } from './lanes.ts';
import { type Caller, pageOf, pageQuery, pageRequest, reasonBody, type TenantScope, tenantRoute } from './route.ts';

const exceptionParams = z.object({ id: z.string().min(1).max(1200).describe('percent-encoded') });

type Call = Caller & TenantScope;

/** Has the event tried again, or the posting sent again (looked up first), whatever the exception is about. */
async function retry(
  call: Call,
  row: { lane: string; seq: number | null; target: string | null; postingKey: string | null },
) {
  const stub = laneStub(call.env, call.tenant, row.lane);
  if (row.postingKey !== null) return stub.hasten(row.target);
  if (row.seq === null) return { code: 'not_applicable' as const };
  const answer = await stub.unblock([row.seq], call.actor.name);
  return answer.code === 'not_applicable' ? stub.redrive([row.seq], call.actor.name) : answer;
}

const targetParams = z.object({ name: z.string().min(1).max(48) });
const gateView = z.object({
  target: z.string(),
  kind: z.string(),
  health: z.enum(['well', 'paused', 'failing', 'probing']).describe('failing: it did not answer, calls are held back'),
  paused: z.object({ by: z.string(), reason: z.string(), since: z.string() }).nullable(),
  underWay: z.int().describe('calls under way'),
});

/** Lanes one resumption hastens, a round at a time: those beyond come by themselves, within half an hour. */
const HASTEN = { round: 100, rounds: 10 };

/** Makes what these lanes hold for the target (null: any) due at once. Answers how many events that moved. */
async function hasten(call: Call, lanes: readonly string[], target: string | null): Promise<number> {
  const answers = await Promise.all(
    lanes.map(async (lane) => ({ lane, answer: await laneStub(call.env, call.tenant, lane).hasten(target) })),
  );
  const done = answers.flatMap(({ lane, answer }) => (answer.code === 'done' ? [{ lane, ...answer }] : []));
  await ringFor(
    call,
    done.filter(({ ring }) => ring).map(({ lane }) => lane),
  );
  return done.reduce((sum, { seqs }) => sum + seqs.length, 0);
}

/** Lets the target be called again, and sends what was held. Repeating it goes on where it failed. */
async function resumeTarget(call: Call, target: string): Promise<void> {
  const gate = () => gateOf(call, target);
  await gate().resume();
  for (let round = 0; round < HASTEN.rounds; round += 1) {
    const lanes = await gate().waiting(HASTEN.round);
    if (lanes.length === 0) return;
    await hasten(call, lanes, target);
    await gate().forget(lanes);
  }
}

const gateOf = (call: Call, name: string) => call.env.TARGET_GATES.getByName(`${call.tenant}/${name}`);

export async function targetHealth(
  call: Pick<Call, 'env' | 'tenant' | 'live'>,
  name: string,
): Promise<z.infer<typeof gateView>> {
  const status = await call.env.TARGET_GATES.getByName(`${call.tenant}/${name}`).status();
  const { state } = status.breaker;
  return {
    target: name,
    kind: call.live.document.targets[name]?.kind ?? 'unknown',
    health:
      status.paused !== null ? 'paused' : state === 'open' ? 'failing' : state === 'half_open' ? 'probing' : 'well',
    paused:
      status.paused === null
        ? null
        : { by: status.paused.by, reason: status.paused.reason, since: new Date(status.paused.since).toISOString() },
    underWay: status.underWay,
  };
}

const REDRIVE = 500;

export const workRoutes = [
  tenantRoute(
    {
      method: 'get',
      path: '/exceptions',
      tag: 'exceptions',
      summary: 'What a person must decide: open ones, oldest first, unless `status` says otherwise',
      role: 'read',
      query: pageQuery.extend({
        status: z.enum(['open', 'resolved', 'all']).default('open'),
        cause: knownCause.optional(),
        lane: z.string().max(512).optional(),
        target: z.string().max(48).optional(),
      }),
      answer: pageOf(exceptionView),
    },
    async ({ query: { status, cause, lane, target, ...query }, books, tenant }) => {
      const filter = { cause, lane, target };
      if (status === 'open') {
        const page = pageRequest(query, openExceptionCursor);
        return page instanceof Response ? page : listOpenExceptions(books, tenant, filter, page);
      }
      const page = pageRequest(query, exceptionCursor);
      return page instanceof Response ? page : listExceptions(books, tenant, status, filter, page);
    },
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/exceptions/{id}',
      tag: 'exceptions',
      summary: 'One exception, and what it holds up',
      role: 'read',
      params: exceptionParams,
      answer: exceptionView.extend({ blocks: blockedView }),
    },
    async ({ params, books, tenant, env }) => {
      const row = await findException(books, tenant, params.id);
      if (row === null) return problem('not_found');
      return { ...viewException(row), blocks: await blockedBehind(env, books, tenant, row) };
    },
  ),
  tenantRoute(
    {
      method: 'post',
      path: '/exceptions/{id}/resolve',
      tag: 'exceptions',
      summary: 'Close an exception with what was done about it. Books nothing by itself',
      role: 'operate',
      params: exceptionParams,
      body: z.object({ resolution: z.string().trim().min(3).max(500) }),
      answer: exceptionView,
    },
    async (call) => {
      const row = await findException(call.books, call.tenant, call.params.id);
      if (row === null) return problem('not_found');
      if (row.status !== 'open') return problem('conflict', { detail: 'it is resolved already' });
      const { resolution } = call.body;
      await call.db.batch([
        resolveStatement(call.db, call.tenant, [row.id], `${call.actor.name}: ${resolution}`, call.now),
        audited(call, 'exception.resolve', row.id, {
          resolution,
          cause: row.cause,
          amount: row.amount,
          currency: row.currency,
        }),
      ]);
      return viewException({
        ...row,
        status: 'resolved',
        resolvedAt: call.now,
        resolution: `${call.actor.name}: ${resolution}`,
      });
    },
  ),
  tenantRoute(
    {
      method: 'post',
      path: '/exceptions/{id}/retry',
      tag: 'exceptions',
      summary: 'Try again now what the exception is about. It closes by itself when its cause is gone',
      role: 'operate',
      params: exceptionParams,
      answer: z.object({ done: z.literal(true), seqs: z.array(z.int()) }),
    },
    async (call) => {
      const row = await findException(call.books, call.tenant, call.params.id);
      if (row === null) return problem('not_found');
      const answer = await retry(call, row);
      const refusal = refused(answer);
      if (refusal !== null || answer.code !== 'done') return refusal ?? problem('conflict');
      await audited(call, 'exception.retry', row.id, { seqs: answer.seqs }).run();
      if (answer.ring) await ringFor(call, [row.lane]);
      return { done: true as const, seqs: [...answer.seqs] };
    },
  ),
  tenantRoute(
    {
      method: 'post',
      path: '/quarantine/redrive',
      tag: 'exceptions',
      summary: 'Offer quarantined events to the ledger again, at most 500 a call; `plan=1` only says which',
      role: 'operate',
      query: z.object({ plan: z.enum(['0', '1']).default('0') }),
      body: z.object({
        reason: reasonBody.shape.reason.optional().describe('needed unless it is only a plan'),
        filter: z
          .strictObject({
            source: z.string().max(48).optional(),
            type: z.string().max(200).optional(),
            eventIds: z.array(z.string().max(512)).max(REDRIVE).optional(),
          })
          .default({}),
      }),
      answer: z.object({
        planned: z.boolean().describe('true: nothing was done'),
        matched: z.int(),
        redriven: z.int(),
        busy: z.int().describe('events of lanes that refused just now: repeat the call'),
        more: z.boolean().describe('there are more than this call looked at'),
        events: z.array(
          z.object({
            source: z.string(),
            id: z.string(),
            type: z.string(),
            lane: z.string(),
            seq: z.int(),
            note: z.string().nullable(),
          }),
        ),
      }),
    },
    async (call) => {
      const { filter, reason } = call.body;
      const planned = call.query.plan === '1';
      if (!planned && reason === undefined)
        return problem('invalid_request', { errors: [{ path: 'body.reason', message: 'is needed' }] });
      const rows = await heldRows(call.books, call.tenant, 'quarantined', REDRIVE * 2 + 1, null);
      const ids = filter.eventIds === undefined ? null : new Set(filter.eventIds);
      const matching = rows.filter(
        (row) =>
          (filter.source === undefined || row.source === filter.source) &&
          (filter.type === undefined || row.type === filter.type) &&
          (ids === null || ids.has(row.eventId)),
      );
      const chosen = matching.slice(0, REDRIVE);
      const events = chosen.map(({ source, eventId, type, lane, seq, note }) => ({
        source,
        id: eventId,
        type,
        lane,
        seq,
        note,
      }));
      const more = rows.length > REDRIVE * 2 || matching.length > REDRIVE;
      if (planned) return { planned: true, matched: chosen.length, redriven: 0, busy: 0, more, events };
      const byLane = Map.groupBy(chosen, (row) => row.lane);
      let redriven = 0;
      const rung: string[] = [];
      for (const [lane, group] of byLane) {
        const seqs = group.map((row) => row.seq);
        const answer = await laneStub(call.env, call.tenant, lane).redrive(seqs, call.actor.name);
        if (answer.code !== 'done') continue;
        redriven += answer.seqs.length;
        if (answer.ring) rung.push(lane);
      }
      await audited(call, 'quarantine.redrive', call.tenant, {
        filter,
        reason,
        matched: chosen.length,
        redriven,
      }).run();
      await ringFor(call, rung);
      return { planned: false, matched: chosen.length, redriven, busy: chosen.length - redriven, more, events };
    },
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/postings',
      tag: 'postings',
      summary: 'What became of documents at targets; `open=1`: those not there, longest unchanged first',
      role: 'read',
      query: pageQuery.extend({
        open: z.enum(['0', '1']).default('0'),
        target: z.string().max(48).optional(),
        outcome: z.enum(['applied', 'rejected', 'uncertain', 'blocked', 'pending', 'skipped']).optional(),
      }),
      answer: pageOf(postingView),
    },
    async ({ query: { open, target, outcome, ...query }, books, tenant }) => {
      if (open === '1') {
        const page = pageRequest(query, openPostingCursor);
        return page instanceof Response ? page : listOpenPostings(books, tenant, { target, outcome }, page);
      }
      const page = pageRequest(query, postingCursor);
      return page instanceof Response ? page : listPostings(books, tenant, { target, outcome }, page);
    },
  ),
  tenantRoute(
    {
      method: 'post',
      path: '/postings/retry',
      tag: 'postings',
      summary: 'Try open postings again now, at most those of 100 lanes a call; uncertain ones are looked up first',
      role: 'operate',
      body: reasonBody.extend({ target: z.string().max(48).optional(), lane: z.string().max(512).optional() }),
      answer: z.object({ lanes: z.int(), events: z.int(), more: z.boolean() }),
    },
    async (call) => {
      const { target, lane, reason } = call.body;
      const open =
        lane === undefined
          ? await listOpenPostings(call.books, call.tenant, { target }, { limit: 1000, after: null })
          : null;
      const lanes = open === null ? [lane ?? ''] : [...new Set(open.items.map((posting) => posting.lane))];
      const events = await hasten(call, lanes.slice(0, 100), target ?? null);
      await audited(call, 'postings.retry', target ?? '*', { lane, reason, events }).run();
      return { lanes: Math.min(lanes.length, 100), events, more: lanes.length > 100 || open?.next != null };
    },
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/targets',
      tag: 'targets',
      summary: 'Targets of the live config and how they are',
      role: 'read',
      answer: z.object({ items: z.array(gateView) }),
    },
    async (call) => ({
      items: await Promise.all(
        Object.keys(call.live.document.targets)
          .slice(0, 100)
          .map((name) => targetHealth(call, name)),
      ),
    }),
  ),
  ...(['pause', 'resume'] as const).map((action) =>
    tenantRoute(
      {
        method: 'post',
        path: `/targets/{name}/${action}`,
        tag: 'targets',
        summary:
          action === 'pause'
            ? 'Send nothing to the target; postings are held and counted'
            : 'Send to the target again, at once what was held',
        role: 'operate',
        params: targetParams,
        body: reasonBody,
        answer: gateView,
      },
      async (call) => {
        if (!Object.hasOwn(call.live.document.targets, call.params.name))
          return problem('not_found', { detail: 'no such target' });
        await audited(call, `target.${action}`, call.params.name, { reason: call.body.reason }).run();
        if (action === 'pause') await gateOf(call, call.params.name).pause(call.body.reason);
        else await resumeTarget(call, call.params.name);
        return targetHealth(call, call.params.name);
      },
    ),
  ),
];
