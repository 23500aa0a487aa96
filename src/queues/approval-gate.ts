/**
 * Holds documents until a second person has approved. The books say whether somebody has; when a lane's outbox looks is
 * only a hint, so an early look, a lost word of the decision or a retry by hand changes nothing but the time.
 */
import type { TenantId } from '../canonical/ids.ts';
import { loadApprovals } from '../ledger/approval-reads.ts';
import { errorWords } from '../operations/log.ts';
import type { StagePorts } from './ports.ts';
import type { PostingItem } from './posting-item.ts';

/** An outbox looks this often whether a decision was made that it was not told of, ms. */
export const DECIDED_AGAIN_MS = 3_600_000;

/**
 * Of `items`, those that nobody has decided about, or that nobody decided about in time. What was rejected is not held:
 * its documents stand as skipped in the books (src/operations/posting-approval.ts), and what is left of it goes on.
 */
export async function heldForApproval(
  tenant: TenantId,
  items: readonly PostingItem[],
  ports: StagePorts,
): Promise<ReadonlySet<PostingItem>> {
  const asking = items.filter(({ approval }) => approval !== null);
  if (asking.length === 0) return new Set();
  try {
    const subjects = asking.flatMap(({ approval }) => approval ?? []);
    const standings = await loadApprovals(await ports.ledger(tenant), tenant, subjects);
    const decided = ['approved', 'rejected'];
    return new Set(
      asking.filter(({ approval }) => !decided.includes(standings.get(approval ?? '')?.status ?? 'pending')),
    );
  } catch (error) {
    ports.report({ what: 'stage_failed', lane: null, stage: 'post', error: errorWords(error) });
    return new Set(asking);
  }
}
