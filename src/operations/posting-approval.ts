/**
 * Postings over a threshold. Approved: the documents go out in their turn. Rejected: they never do, which the books say
 * with the decision, and what came with them and is no money (the customer, a product) goes out. Expired: they stay held.
 */
import { z } from 'zod';
import type { ExceptionCause } from '../canonical/decision.ts';
import { laneKey, providerEventId, sourceId, tenantId } from '../canonical/ids.ts';
import { currency, minorUnits } from '../canonical/money.ts';
import { err, ok, type Result } from '../canonical/result.ts';
import { approvalsAbout, loadApprovals, requestNumber } from '../ledger/approval-reads.ts';
import { openExceptions, writePostings } from '../ledger/commit.ts';
import { exceptionRow, postingRow } from '../ledger/commit-rows.ts';
import { eventsByIds } from '../ledger/event-reads.ts';
import type { ApprovalRow } from '../ledger/period-reads.ts';
import type { PostingPlan, PostingRecord } from '../ledger/records.ts';
import { exceptionId } from '../ledger/records.ts';
import type { EventRow } from '../ledger/views.ts';
import { ring } from './accept.ts';
import { mayBeOne } from './access.ts';
import { type ApprovalKind, type ApprovalScope, askFor, expire, statusOf } from './approvals.ts';
import { resolveStatement } from './exceptions.ts';
import { doorbellOf, laneStub } from './lanes.ts';

const postingAction = z.object({
  subject: z.string(),
  target: z.string(),
  source: z.string(),
  eventId: z.string(),
  lane: z.string(),
  seq: z.int(),
});
export type PostingAction = z.infer<typeof postingAction>;

export const postingActionOf = (approval: Pick<ApprovalRow, 'action'>): PostingAction =>
  postingAction.parse(JSON.parse(approval.action));

async function eventOf(
  { books, tenant }: Pick<ApprovalScope, 'books' | 'tenant'>,
  { source, eventId }: PostingAction,
): Promise<EventRow | null> {
  const [event] = await eventsByIds(books, tenant, [[source, eventId]]);
  return event ?? null;
}

const expiredId = ({ source, eventId, target }: PostingAction) =>
  exceptionId('approval_expired', source, eventId, target);

export const postingApproval: ApprovalKind = {
  async carryOut(approval, scope) {
    const action = postingActionOf(approval);
    if ((await eventOf(scope, action)) === null) return err('the books have no such event');
    // Asking again does not make the first maker a checker.
    const requests = await approvalsAbout(scope.books, scope.tenant, [action.subject]);
    for (const requestedBy of new Set(requests.map((request) => request.requestedBy)))
      if (await mayBeOne(scope.env.LEDGER_0, requestedBy, scope.by))
        return err('nobody approves what they asked for, in an earlier request either');
    const why = `it was approved by ${scope.by}`;
    return ok([resolveStatement(scope.db, scope.tenant, [expiredId(action)], why, scope.now)]);
  },
  afterwards: letGo,
  turnDown: {
    async statements(approval, how, scope) {
      const action = postingActionOf(approval);
      const event = await eventOf(scope, action);
      if (event === null) return [];
      if (how === 'expired') return [raise(approval, action, 'approval_expired', scope)];
      return [
        ...skipped(event, action, scope),
        raise(approval, action, 'approval_rejected', scope),
        resolveStatement(scope.db, scope.tenant, [expiredId(action)], 'it was rejected', scope.now),
      ];
    },
    afterwards: letGo,
  },
};

/** Lost or too early, this costs time only: the outbox looks by itself (src/queues/approval-gate.ts). */
async function letGo(approval: ApprovalRow, scope: ApprovalScope): Promise<void> {
  const action = postingActionOf(approval);
  const event = await eventOf(scope, action);
  const target = event === null ? undefined : planOf(event).targets.find((one) => one.target === action.target);
  const from = Math.max(scope.now, target?.notBefore ?? 0);
  const stub = laneStub(scope.env, scope.tenant, action.lane);
  const answer = await stub.releaseDocuments(action.target, action.seq, from);
  if (answer.code === 'done' && answer.ring) await ring(scope.env, [doorbellOf(scope.tenant, action.lane)]);
}

/** Written by `commitLanes` from a typed value; read back as such. */
const planOf = (event: EventRow): PostingPlan => JSON.parse(event.documents);

/**
 * Asks again for what nobody decided about in time. Who asks again is the maker from now on.
 * @returns why it cannot be asked for, or the request.
 */
export async function renewPosting(
  approval: ApprovalRow,
  reason: string,
  scope: ApprovalScope,
): Promise<Result<ApprovalRow, string>> {
  const { db, tenant, now, by } = scope;
  if (approval.kind !== 'posting') return err(`a ${approval.kind} is asked for where it was asked for the first time`);
  if (statusOf(approval, now) !== 'expired')
    return err(`it is ${approval.status}: only what expired is asked for again`);
  const action = postingActionOf(approval);
  const newest = (await loadApprovals(db, tenantId(tenant), [action.subject])).get(action.subject);
  const number = requestNumber(action.subject, approval.id);
  if (newest?.id !== approval.id || number === null) return err(`it was asked for again: see ${newest?.id}`);
  if (approval.status === 'pending') {
    const expired = await expire(approval, { posting: postingApproval }, scope);
    if (expired.code === 'refused') return err(expired.why);
  }
  const { rule, subject, entity, amount, currency: code, requestedAt, expiresAt } = approval;
  const id = `${action.subject}/${number + 1}`;
  return askFor(
    scope,
    {
      ...{ id, kind: 'posting', entity, rule, subject, by, reason, action },
      stake: amount === null || code === null ? null : { amount, currency: code },
      expiresAt: now + (expiresAt - requestedAt),
    },
    [resolveStatement(db, tenant, [expiredId(action)], `${by} asked again`, now)],
  );
}

/** Customers and products are no money, and later documents need them. */
export const isMoney = ({ kind }: { readonly kind: string }): boolean => kind !== 'partner' && kind !== 'product';

function skipped(
  event: EventRow,
  action: PostingAction,
  { db, tenant, now, by }: ApprovalScope,
): D1PreparedStatement[] {
  const rows = planOf(event)
    .documents.filter(isMoney)
    .map(
      (document): PostingRecord => ({
        tenant: tenantId(tenant),
        target: action.target,
        key: document.key,
        kind: document.kind,
        lane: laneKey(event.lane),
        position: event.position ?? 0,
        source: sourceId(action.source),
        eventId: providerEventId(action.eventId),
        outcome: 'skipped',
        ...{ remoteId: null, remoteName: null, remoteDate: null, differences: [], attempts: 0 },
        message: `rejected by ${by}`,
      }),
    );
  return [db.prepare(writePostings).bind(JSON.stringify(rows.map(postingRow)), now)];
}

const words = {
  approval_rejected: {
    what: 'was rejected and is not posted there',
    todo: 'Correct the books by reversing the entry (POST /ledger/entries/{id}/reverse), or book it at the target by hand; then resolve this exception.',
  },
  approval_expired: {
    what: 'was not approved in time and is held back, with what follows it',
    todo: 'Ask again (POST /approvals/{id}/renew) and have somebody else approve or reject it.',
  },
} as const satisfies Partial<Record<ExceptionCause, unknown>>;

function raise(
  approval: ApprovalRow,
  action: PostingAction,
  cause: keyof typeof words,
  { db, tenant, now }: ApprovalScope,
): D1PreparedStatement {
  const { target, source, eventId, lane, seq } = action;
  const row = exceptionRow(
    { tenant: tenantId(tenant), lane: laneKey(lane) },
    {
      id: exceptionId(cause, source, eventId, target),
      cause,
      message: `${approval.subject}: it ${words[cause].what} (${approval.rule}).`,
      remedy: words[cause].todo,
      amount: approval.amount === null ? null : minorUnits(approval.amount),
      currency: approval.currency === null ? null : currency(approval.currency),
      ...{ object: null, seq, target, postingKey: null },
      source: sourceId(source),
      eventId: providerEventId(eventId),
    },
  );
  return db.prepare(openExceptions).bind(JSON.stringify([row]), now);
}
