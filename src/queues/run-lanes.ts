/**
 * One pass over rung lanes: lease → ledger stage → posting stage → settle once. The doorbell said no more than which
 * lanes; everything else is read from the lanes and the books, so a lost, doubled or late doorbell does no harm.
 */
import type { EpochMs, TenantId } from '../canonical/ids.ts';
import type { LeaseAnswer, OutboxItem, Settlement } from '../durable-objects/customer-lane/protocol.ts';
import { type BookedEvent, readBookedEvents } from '../ledger/books.ts';
import { errorWords } from '../operations/log.ts';
import type { TenantRuntime } from '../tenants/runtime.ts';
import { DECIDED_AGAIN_MS, heldForApproval } from './approval-gate.ts';
import { ledgerStage } from './ledger-stage.ts';
import type { LeasedLane, LedgerOutcome } from './ledger-work.ts';
import type { LaneName, StagePorts } from './ports.ts';
import type { ItemOutcome, PostingItem } from './posting-item.ts';
import { postToTarget } from './posting-stage.ts';

export interface PassSummary {
  readonly leased: number;
  readonly applied: number;
  readonly posted: number;
  readonly failed: readonly LaneName[];
}

/** Passes over at most this many lanes at a time keep memory and D1 batches small. */
export const MAX_LANES_PER_PASS = 100;
const EVENTS_PER_GROUP = 300;

/** Never throws: what fails is reported, named in `failed`, and stays due in its lane. */
export async function runLanes(lanes: readonly LaneName[], ports: StagePorts): Promise<PassSummary> {
  const failed: LaneName[] = [];
  const leases = await leaseAll(lanes, ports, failed);
  const byTenant = Map.groupBy(leases, (lease) => lease.tenant);
  const groups = [...byTenant].flatMap(([tenant, all]) => inGroups(all).map((group) => ({ tenant, group })));
  const outcomes = await Promise.all(groups.map(({ tenant, group }) => runTenant(tenant, group, ports, failed)));
  const done = outcomes.flat();
  return {
    leased: leases.length,
    applied: done.reduce((sum, lane) => sum + lane.applied, 0),
    posted: done.reduce((sum, lane) => sum + lane.posted, 0),
    failed,
  };
}

/**
 * Side by side, so that one group's calls to provider and target overlap with another's; each large enough that a
 * commit, an archive object and a bulk call are still shared by many events.
 */
function inGroups(leases: readonly LeasedLane[]): LeasedLane[][] {
  const groups: LeasedLane[][] = [];
  let size = EVENTS_PER_GROUP;
  for (const lease of leases) {
    const last = groups.at(-1);
    if (last === undefined || size >= EVENTS_PER_GROUP) {
      groups.push([lease]);
      size = 0;
    } else {
      last.push(lease);
    }
    size += lease.events.length + lease.outbox.length;
  }
  return groups;
}

async function leaseAll(lanes: readonly LaneName[], ports: StagePorts, failed: LaneName[]): Promise<LeasedLane[]> {
  const answers = await Promise.all(
    lanes.slice(0, MAX_LANES_PER_PASS).map(async (name): Promise<LeaseAnswer> => {
      try {
        const answer = await ports.lane(name).lease();
        if (answer.code === 'busy') ports.report({ what: 'lane_busy', lane: name });
        return answer;
      } catch (error) {
        ports.report({ what: 'stage_failed', lane: name, stage: 'lease', error: errorWords(error) });
        failed.push(name);
        return { code: 'idle' };
      }
    }),
  );
  return answers.filter((answer) => answer.code === 'leased');
}

interface LaneDone {
  readonly applied: number;
  readonly posted: number;
}

async function runTenant(
  tenantId: TenantId,
  leases: readonly LeasedLane[],
  ports: StagePorts,
  failed: LaneName[],
): Promise<LaneDone[]> {
  let outcomes: LedgerOutcome[];
  let tenant: TenantRuntime;
  try {
    const found = await ports.tenant(tenantId);
    if (found === null) throw new Error('the tenant has no published config');
    tenant = found;
    outcomes = await ledgerStage(tenant, leases, ports);
  } catch (error) {
    ports.report({ what: 'stage_failed', lane: null, stage: 'decide', error: errorWords(error) });
    failed.push(...leases.map(nameOf));
    // The leases are given back, so that the next doorbell finds the lanes free.
    await Promise.all(leases.map((lease) => settleLane(lease, untouched(lease), ports)));
    return [];
  }
  const posted = await postAll(tenant, outcomes, ports);
  return settleAll(outcomes, posted, ports, failed);
}

const nameOf = ({ tenant, lane }: LeasedLane): LaneName => ({ tenant, lane });

const untouched = (lease: LeasedLane): Settlement => ({
  applied: [],
  head: lease.head,
  held: [],
  outbox: [],
  posted: [],
  archivedTo: null,
});

/** What is due for each target: the lane's outbox first, then what was booked just now; a lane's order is kept. */
async function postAll(
  tenant: TenantRuntime,
  outcomes: readonly LedgerOutcome[],
  ports: StagePorts,
): Promise<ItemOutcome[]> {
  const now = ports.now();
  const overdue = await outboxItems(tenant, outcomes, ports);
  const waiting = await heldForApproval(tenant.tenant, [...(overdue?.values() ?? [])].flat(), ports);
  const items: PostingItem[] = [];
  const deferred: ItemOutcome[] = [];
  for (const outcome of outcomes) {
    const due = overdue?.get(outcome.lease) ?? [];
    const blocked = new Set(outcome.lease.blockedTargets);
    const unread = outcome.lease.outbox.length - due.length;
    if (unread > 0) for (const entry of outcome.lease.outbox) blocked.add(entry.target);
    const behind = new Set<string>();
    for (const item of due) {
      // The lane's later documents for the target stay behind one that waits for a second person, as they are.
      if (behind.has(item.target)) continue;
      if (!waiting.has(item)) items.push(item);
      else {
        behind.add(item.target);
        blocked.add(item.target);
        deferred.push({
          item,
          done: false,
          uncertain: item.uncertain,
          tried: false,
          notBefore: now + DECIDED_AGAIN_MS,
        });
      }
    }
    for (const { plan, ...place } of outcome.toPost) {
      for (const { target, notBefore, adopt, approval } of plan.targets) {
        const { tenant: id, lane } = outcome.lease;
        const item: PostingItem = {
          ...place,
          tenant: id,
          lane,
          target,
          documents: plan.documents,
          ...standing(tenant, target, { adopt, approval }),
          tried: false,
          attempts: 0,
          leaseUntil: outcome.lease.until,
        };
        if (notBefore <= now && item.approval === null && !blocked.has(target)) items.push(item);
        else {
          // Whatever comes after it for this target has to stay behind it.
          blocked.add(target);
          const from = item.approval === null ? notBefore : Math.max(notBefore, now + DECIDED_AGAIN_MS);
          deferred.push({ item, done: false, uncertain: item.uncertain, tried: false, notBefore: from });
        }
      }
    }
  }
  const byTarget = Map.groupBy(items, (item) => item.target);
  const posted = await Promise.all([...byTarget].map(([target, group]) => postToTarget(tenant, target, group, ports)));
  return [...deferred, ...posted.flat()];
}

/** As the target's mode is now, so that what was held while a take-over was under way is looked for too. */
function standing(
  tenant: TenantRuntime,
  name: string,
  planned: { readonly adopt?: true | undefined; readonly approval?: string | undefined } | undefined,
): Pick<PostingItem, 'adopt' | 'approval'> {
  const target = tenant.config.targets[name];
  const mode = target?.kind === 'odoo' ? target.mode : 'live';
  const only = planned?.adopt === true || mode === 'compare';
  // Nobody is asked about what is not posted.
  if (only) return { adopt: 'only', approval: null };
  return { adopt: mode === 'takeover' ? 'first' : 'no', approval: planned?.approval ?? null };
}

/** Outbox items with their documents, read from the books. When the books do not answer they stay for the next pass. */
async function outboxItems(
  tenant: TenantRuntime,
  outcomes: readonly LedgerOutcome[],
  ports: StagePorts,
): Promise<Map<LeasedLane, PostingItem[]> | null> {
  const leases = outcomes.map((outcome) => outcome.lease).filter((lease) => lease.outbox.length > 0);
  const items = new Map<LeasedLane, PostingItem[]>();
  if (leases.length === 0) return items;
  const ids = leases.flatMap((lease) => lease.outbox.map((entry): [string, string] => [entry.source, entry.eventId]));
  let rows: BookedEvent[];
  try {
    rows = await readBookedEvents(await ports.ledger(tenant.tenant), tenant.tenant, ids);
  } catch (error) {
    ports.report({ what: 'stage_failed', lane: null, stage: 'post', error: errorWords(error) });
    return null;
  }
  const plans = new Map(rows.map((row) => [`${row.source}\n${row.eventId}`, row.plan]));
  for (const lease of leases) {
    items.set(
      lease,
      lease.outbox.flatMap((entry: OutboxItem) => {
        const plan = plans.get(`${entry.source}\n${entry.eventId}`);
        if (plan === undefined) return [];
        const { target, position, seq, source, eventId, uncertain, attempts } = entry;
        return [
          {
            tenant: lease.tenant,
            lane: lease.lane,
            target,
            position,
            seq,
            source,
            eventId,
            documents: plan.documents,
            ...standing(
              tenant,
              target,
              plan.targets.find((one) => one.target === target),
            ),
            uncertain,
            tried: true,
            attempts,
            leaseUntil: lease.until,
          },
        ];
      }),
    );
  }
  return items;
}

async function settleAll(
  outcomes: readonly LedgerOutcome[],
  posted: readonly ItemOutcome[],
  ports: StagePorts,
  failed: LaneName[],
): Promise<LaneDone[]> {
  const byLane = Map.groupBy(posted, ({ item }) => item.lane);
  const again: LaneName[] = [];
  const done = await Promise.all(
    outcomes.map(async (outcome): Promise<LaneDone> => {
      const { lease } = outcome;
      const mine = byLane.get(lease.lane) ?? [];
      const handedOut = new Set(lease.outbox.map((entry) => `${entry.target}#${entry.position}`));
      const settlement: Settlement = {
        ...outcome.settlement,
        outbox: mine.flatMap((result) => (result.done ? [] : [outboxEntry(result.item, result)])),
        posted: mine
          .filter((result) => result.done && handedOut.has(`${result.item.target}#${result.item.position}`))
          .map(({ item }) => ({ target: item.target, position: item.position })),
      };
      const settled = await settleLane(lease, settlement, ports);
      if (settled === 'failed') failed.push(nameOf(lease));
      else if (settled === 'more' && !outcome.unfinished) again.push(nameOf(lease));
      return { applied: settlement.applied.length, posted: mine.filter((result) => result.done).length };
    }),
  );
  if (again.length > 0) await ports.ring(again);
  return done;
}

const outboxEntry = (
  item: PostingItem,
  rest: { readonly uncertain: boolean; readonly tried: boolean; readonly notBefore: EpochMs },
) => ({
  target: item.target,
  position: item.position,
  seq: item.seq,
  uncertain: rest.uncertain,
  tried: rest.tried,
  notBefore: rest.notBefore,
});

async function settleLane(
  lease: LeasedLane,
  settlement: Settlement,
  ports: StagePorts,
): Promise<'settled' | 'more' | 'failed'> {
  const name = nameOf(lease);
  try {
    const answer = await ports.lane(name).settle(lease.epoch, settlement);
    if (answer.code === 'settled') return answer.more ? 'more' : 'settled';
    ports.report({
      what: 'settle_refused',
      lane: name,
      reason: answer.code === 'refused' ? answer.reason : answer.code,
    });
    return 'failed';
  } catch (error) {
    // The books have it; the next lease of this lane recovers from them.
    ports.report({ what: 'stage_failed', lane: name, stage: 'settle', error: errorWords(error) });
    return 'failed';
  }
}
