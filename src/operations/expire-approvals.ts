/** The clock's part of approvals: what nobody decided about in time is written down as expired, and said where it matters. */
import type { Bindings } from '../bindings.ts';
import type { EpochMs } from '../canonical/ids.ts';
import { type OverduePlace, overdueApprovals } from '../ledger/approval-reads.ts';
import type { ApprovalRow } from '../ledger/period-reads.ts';
import { readsOf } from '../ledger/reads.ts';
import { liveConfig } from '../tenants/publication.ts';
import { approvalKinds } from './approval-kinds.ts';
import { expire } from './approvals.ts';
import { eachShard } from './each-shard.ts';
import { errorWords, logWarning } from './log.ts';

/** Per shard and minute. */
const AT_ONCE = 50;

/** Round and round, so that those which cannot be written down hold up no other. Lost with the isolate, at no harm. */
const places = new Map<number, OverduePlace | null>();

export async function expireApprovals(env: Bindings, now: EpochMs): Promise<void> {
  await eachShard(env, 'approvals', async (db, index) => {
    const overdue = await overdueApprovals(readsOf(db), now, places.get(index) ?? null, AT_ONCE);
    places.set(index, overdue.length < AT_ONCE ? null : (overdue.at(-1) ?? null));
    for (const approval of overdue) await expireOne(env, db, approval, now);
  });
}

/** One request's trouble is told and is not the next one's. */
async function expireOne(env: Bindings, db: D1Database, approval: ApprovalRow, now: EpochMs): Promise<void> {
  const { tenant, id } = approval;
  try {
    const live = await liveConfig(env.LEDGER_0, tenant);
    if (live === null) return;
    const newId = () => crypto.randomUUID().replaceAll('-', '');
    const scope = { ...{ env, db, books: readsOf(db), tenant, live, now, newId }, by: 'clock' };
    const expired = await expire(approval, approvalKinds, scope);
    if (expired.code === 'refused') logWarning('approval_not_expired', { tenant, id, reason: expired.why });
  } catch (error) {
    logWarning('approval_not_expired', { tenant, id, reason: errorWords(error) });
  }
}
