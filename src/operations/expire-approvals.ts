/** The clock's part of approvals: what nobody decided about in time is written down as expired, and said where it matters. */
import type { Bindings } from '../bindings.ts';
import type { EpochMs } from '../canonical/ids.ts';
import { overdueApprovals } from '../ledger/approval-reads.ts';
import type { ApprovalRow } from '../ledger/period-reads.ts';
import { readsOf } from '../ledger/reads.ts';
import { liveConfig } from '../tenants/publication.ts';
import { approvalKinds } from './approval-kinds.ts';
import { expire } from './approvals.ts';
import { eachShard } from './each-shard.ts';
import { errorWords, logWarning } from './log.ts';

/** Per shard and minute. */
const AT_ONCE = 50;

export async function expireApprovals(env: Bindings, now: EpochMs): Promise<void> {
  await eachShard(env, 'approvals', async (db) => {
    for (const approval of await overdueApprovals(readsOf(db), now, AT_ONCE)) await expireOne(env, db, approval, now);
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
