/**
 * Ledger stage: leased lanes → read (read-events.ts) → decided (plan-commit.ts), archived beside it (archive.ts) →
 * committed in one D1 transaction for all of them (commit-plans.ts) → what belongs to other lanes handed there.
 */
import type { LaneKey } from '../canonical/ids.ts';
import type { LeasedEvent } from '../durable-objects/customer-lane/protocol.ts';
import { errorWords } from '../operations/log.ts';
import type { TenantRuntime } from '../tenants/runtime.ts';
import { archiveBatch } from './archive.ts';
import { commitTogether } from './commit-plans.ts';
import { type Committed, type LeasedLane, type LedgerOutcome, nothingDone, withForwarded } from './ledger-work.ts';
import { planLanes } from './plan-commit.ts';
import type { StagePorts } from './ports.ts';
import { readEvents } from './read-events.ts';

/** Decides and commits the lanes of one tenant. Never throws for one lane's sake; failures are reported and left due. */
export async function ledgerStage(
  tenant: TenantRuntime,
  leases: readonly LeasedLane[],
  ports: StagePorts,
): Promise<LedgerOutcome[]> {
  const db = await ports.ledger(tenant.tenant);
  const now = ports.now();
  const working = leases.filter(hasNews);
  const idle = leases.filter((lease) => !hasNews(lease)).map(nothingDone);
  if (working.length === 0) return idle;
  const read = await readEvents(
    tenant,
    working.flatMap((lease) => lease.events),
    ports.enrich,
    now,
  );
  const [planned, archived] = await Promise.all([
    planLanes(tenant, working, read, db, now),
    archiveBatch(tenant.tenant, working, read, ports),
  ]);
  const committedLanes = await commitTogether(db, planned, archived, ports, now);
  const outcomes = await Promise.all(committedLanes.map((lane) => forwardAll(tenant, lane, ports)));
  return [...idle, ...outcomes];
}

/**
 * Hands events to the lanes that own what they are about, in order. After one that could not be handed over the later
 * ones for that lane are kept too: all of them stay due here.
 */
async function forwardAll(
  tenant: TenantRuntime,
  { outcome, toForward }: Committed,
  ports: StagePorts,
): Promise<LedgerOutcome> {
  const gone: { event: LeasedEvent; to: LaneKey }[] = [];
  const stuck = new Set<LaneKey>();
  for (const { event, to } of toForward) {
    if (stuck.has(to)) continue;
    try {
      await ports.forward(tenant, outcome.lease.lane, to, event);
      gone.push({ event, to });
    } catch (error) {
      stuck.add(to);
      const { tenant: id, lane } = outcome.lease;
      ports.report({ what: 'stage_failed', lane: { tenant: id, lane }, stage: 'decide', error: errorWords(error) });
    }
  }
  return withForwarded(outcome, gone);
}

const hasNews = (lease: LeasedLane): boolean =>
  lease.events.length > 0 || lease.conflicts.length > 0 || lease.quarantined.length > 0 || lease.unarchived !== null;
