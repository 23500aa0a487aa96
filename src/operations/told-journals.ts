/**
 * Journals that a second person has approved: told into their lane after the decision. Until they are there the approval
 * stands on the exception list, by a row of the decision's own transaction; approving again repeats what is missing.
 */
import { laneKey, tenantId } from '../canonical/ids.ts';
import { currency, minorUnits } from '../canonical/money.ts';
import { openExceptions } from '../ledger/commit.ts';
import { exceptionRow } from '../ledger/commit-rows.ts';
import type { ApprovalRow } from '../ledger/period-reads.ts';
import { exceptionId } from '../ledger/records.ts';
import type { OwnEvent } from '../sources/ledgergate/events.ts';
import type { ApprovalScope } from './approvals.ts';
import { resolveStatement } from './exceptions.ts';
import { acceptOwn } from './own-events.ts';

export type Journal = Extract<OwnEvent, { readonly kind: 'journal' }>;

const unfinished = ({ id }: ApprovalRow) => exceptionId('approval_unfinished', id);

/** For the decision's transaction: its journals are not in their lane yet. */
export function untold(approval: ApprovalRow, lane: string, { db, tenant, now }: ApprovalScope): D1PreparedStatement {
  const row = exceptionRow(
    { tenant: tenantId(tenant), lane: laneKey(lane) },
    {
      id: unfinished(approval),
      cause: 'approval_unfinished',
      message: `${approval.subject}: it was approved, and its journals are not in their lane yet.`,
      remedy: 'Approve it again: that repeats what is missing and doubles nothing.',
      amount: approval.amount === null ? null : minorUnits(approval.amount),
      currency: approval.currency === null ? null : currency(approval.currency),
      ...{ object: null, seq: null, source: null, eventId: null, target: null, postingKey: null },
    },
  );
  return db.prepare(openExceptions).bind(JSON.stringify([row]), now);
}

/** Told by their ids: a second time is a duplicate. What is not told stays on the list. */
export async function tellJournals(
  approval: ApprovalRow,
  told: { readonly lane: string; readonly journals: readonly Journal[] },
  { env, db, tenant, live, now }: ApprovalScope,
): Promise<void> {
  for (const event of told.journals) {
    const later: Promise<unknown>[] = [];
    const answer = await acceptOwn(
      ...([env, tenantId(tenant), live.document.shard] as const),
      { id: event.id, lane: laneKey(told.lane), event, by: approval.requestedBy },
      now,
      { waitUntil: (promise) => void later.push(promise) },
    );
    await Promise.all(later);
    if (answer.code !== 'accepted') return;
  }
  await resolveStatement(db, tenant, [unfinished(approval)], 'its journals are in their lane', now).run();
}
