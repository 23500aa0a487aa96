/** Lanes: how one stands, and what a person does to it. */
import { z } from 'zod';
import { laneHead } from '../../ledger/entry-reads.ts';
import { exceptionId } from '../../ledger/records.ts';
import { exceptionCauses, idsAbout, resolveStatement } from '../../operations/exceptions.ts';
import { laneProgress, laneStub, lineOf, progressOf } from '../../operations/lanes.ts';
import { problem } from '../problem.ts';
import { audited, refused, ringFor } from './actions.ts';
import { type Caller, reasonBody, type TenantScope, tenantRoute } from './route.ts';

const laneParams = z.object({ id: z.string().min(1).max(512).describe('the lane, percent-encoded: stripe%3Acus_1') });
const oneEvent = reasonBody.extend({ seq: z.int().min(1).describe('the event’s number in the lane') });
const someEvents = reasonBody.extend({ seqs: z.array(z.int().min(1)).min(1).max(500) });
const done = z.object({ done: z.literal(true), seqs: z.array(z.int()) });

const held = z.object({
  seq: z.int(),
  eventId: z.string(),
  type: z.string(),
  reason: z.looseObject({ kind: z.string() }),
});
const outboxItem = z.object({
  target: z.string(),
  position: z.int(),
  seq: z.int(),
  source: z.string(),
  eventId: z.string(),
  uncertain: z.boolean(),
  attempts: z.int(),
  notBefore: z.number(),
});

type LaneCall = Caller & TenantScope & { readonly params: { readonly id: string } };

/** The lane's own position in the books: tells a lane whether an unsettled lease landed. */
const ledgerPosition = async (call: LaneCall): Promise<number | null> =>
  (await laneHead(call.books, call.tenant, call.params.id))?.position ?? null;

async function park(call: LaneCall, seq: number, reason: string): Promise<Response | { done: true; seqs: number[] }> {
  const line = await lineOf(call.env, call.tenant, call.params.id, seq);
  if (line === null) return problem('not_found', { detail: 'no such event in this lane' });
  const id = exceptionId('set_aside', line.source, line.eventId);
  const answer = await laneStub(call.env, call.tenant, call.params.id).park(
    seq,
    { exceptionId: id, cause: 'set_aside' },
    await ledgerPosition(call),
  );
  const refusal = refused(answer);
  if (refusal !== null) return refusal;
  await call.db.batch([
    call.db
      .prepare(
        `INSERT INTO exceptions (tenant, id, cause, status, lane, seq, source, event_id, message, remedy, opened_at)
         VALUES (?1, ?2, 'set_aside', 'open', ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (tenant, id) DO UPDATE SET status = 'open', message = excluded.message, resolved_at = NULL, resolution = NULL`,
      )
      .bind(
        ...[call.tenant, id, call.params.id, seq, line.source, line.eventId],
        `${line.type} was set aside by ${call.actor.name}: ${reason}`,
        'Unblock the event to have it booked, or skip it with a reason.',
        call.now,
      ),
    call.db
      .prepare(
        "UPDATE events SET outcome = 'parked', note = ?4 WHERE tenant = ?1 AND source = ?2 AND event_id = ?3 AND position IS NULL",
      )
      .bind(call.tenant, line.source, line.eventId, `set aside: ${reason}`),
    audited(call, 'lane.park', call.params.id, { seq, reason }),
  ]);
  return { done: true, seqs: [seq] };
}

/**
 * Skips in the lane first: what the lane took cannot be booked any more. When the books were not told the first time,
 * doing it again tells them.
 */
async function skip(call: LaneCall, seq: number, reason: string): Promise<Response | { done: true; seqs: number[] }> {
  const line = await lineOf(call.env, call.tenant, call.params.id, seq);
  if (line === null) return problem('not_found', { detail: 'no such event in this lane' });
  const answer = await laneStub(call.env, call.tenant, call.params.id).skip(seq, reason, await ledgerPosition(call));
  const refusal = answer.code === 'not_applicable' && line.state === 'skipped' ? null : refused(answer);
  if (refusal !== null) return refusal;
  const ids = idsAbout(line.source, line.eventId, []);
  await call.db.batch([
    call.db
      .prepare(
        "UPDATE events SET outcome = 'skipped', note = ?4 WHERE tenant = ?1 AND source = ?2 AND event_id = ?3 AND position IS NULL",
      )
      .bind(call.tenant, line.source, line.eventId, `skipped by ${call.actor.name}: ${reason}`),
    resolveStatement(call.db, call.tenant, ids, `the event was skipped: ${reason}`, call.now),
    audited(call, 'lane.skip', call.params.id, { seq, reason, source: line.source, eventId: line.eventId }),
  ]);
  if (answer.code === 'done' && answer.ring) await ringFor(call, [call.params.id]);
  return { done: true, seqs: [seq] };
}

export const laneRoutes = [
  tenantRoute(
    {
      method: 'get',
      path: '/lanes/{id}',
      tag: 'lanes',
      summary: 'A lane: what it accepted, applied, holds and has still to post',
      role: 'read',
      params: laneParams,
      answer: z.object({
        progress: laneProgress,
        lane: z.object({ position: z.int(), hash: z.string() }).describe('the lane’s head'),
        ledger: z
          .object({ position: z.int(), hash: z.string() })
          .nullable()
          .describe('the same lane’s head in the books'),
        inStep: z.boolean().describe('both heads agree; a difference mends itself within a minute'),
        held: z.array(held),
        outbox: z.array(outboxItem),
      }),
    },
    async (call) => {
      const [status, head] = await Promise.all([
        laneStub(call.env, call.tenant, call.params.id).status(100),
        laneHead(call.books, call.tenant, call.params.id),
      ]);
      if (status === null) return problem('not_found', { detail: 'this lane never accepted anything' });
      return {
        progress: progressOf(call.params.id, status),
        lane: { ...status.head },
        ledger: head,
        inStep:
          head === null
            ? status.head.position === 0
            : head.position === status.head.position && head.hash === status.head.hash,
        held: status.held.map((event) => ({ ...event, reason: { ...event.reason } })),
        outbox: status.outbox.map((item) => ({ ...item })),
      };
    },
  ),
  tenantRoute(
    {
      method: 'post',
      path: '/lanes/{id}/pause',
      tag: 'lanes',
      summary: 'Accept and keep, but hand nothing out',
      role: 'operate',
      params: laneParams,
      body: reasonBody,
      answer: done,
    },
    async (call) => {
      await laneStub(call.env, call.tenant, call.params.id).pause();
      await audited(call, 'lane.pause', call.params.id, { reason: call.body.reason }).run();
      return { done: true as const, seqs: [] };
    },
  ),
  tenantRoute(
    {
      method: 'post',
      path: '/lanes/{id}/resume',
      tag: 'lanes',
      summary: 'Hand out again',
      role: 'operate',
      params: laneParams,
      body: reasonBody,
      answer: done,
    },
    async (call) => {
      const { ring } = await laneStub(call.env, call.tenant, call.params.id).resume();
      await audited(call, 'lane.resume', call.params.id, { reason: call.body.reason }).run();
      if (ring) await ringFor(call, [call.params.id]);
      return { done: true as const, seqs: [] };
    },
  ),
  tenantRoute(
    {
      method: 'post',
      path: '/lanes/{id}/unblock',
      tag: 'lanes',
      summary: 'Try parked or waiting events again now',
      role: 'operate',
      params: laneParams,
      body: someEvents,
      answer: done,
    },
    async (call) => {
      const answer = await laneStub(call.env, call.tenant, call.params.id).unblock(call.body.seqs, call.actor.name);
      const refusal = refused(answer);
      if (refusal !== null || answer.code !== 'done') return refusal ?? problem('conflict');
      await audited(call, 'lane.unblock', call.params.id, { seqs: answer.seqs, reason: call.body.reason }).run();
      if (answer.ring) await ringFor(call, [call.params.id]);
      return { done: true as const, seqs: [...answer.seqs] };
    },
  ),
  tenantRoute(
    {
      method: 'post',
      path: '/lanes/{id}/park',
      tag: 'lanes',
      summary: 'Put an event aside so that the ones behind it go on; opens an exception',
      role: 'operate',
      params: laneParams,
      body: oneEvent,
      answer: done,
    },
    (call) => park(call, call.body.seq, call.body.reason),
  ),
  tenantRoute(
    {
      method: 'post',
      path: '/lanes/{id}/skip',
      tag: 'lanes',
      summary: 'Decide that an event is never booked; it stays on record with the reason',
      role: 'operate',
      params: laneParams,
      body: oneEvent,
      answer: done,
    },
    (call) => skip(call, call.body.seq, call.body.reason),
  ),
];

export const knownCause = z.enum(exceptionCauses);
