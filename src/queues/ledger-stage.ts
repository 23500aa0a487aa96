/**
 * Ledger stage: leased lanes → decided → committed in one D1 transaction for all of them. A lane whose commit does not
 * land is tried alone, so that it never holds the others; a lane whose events are already in the books (a crash after
 * the commit, an answer lost) is recovered from the books instead of being decided again.
 */
import { objectsOf } from '../canonical/decide.ts';
import type { EpochMs, ProviderEventId, SourceId, TenantId } from '../canonical/ids.ts';
import type { ObjectState } from '../canonical/objects.ts';
import type { Conflict, LaneHead, LeaseAnswer, LeasedEvent, QuarantinedEvent, Settlement } from '../durable-objects/customer-lane/protocol.ts';
import { loadObjects, readBookedEvents, readHead } from '../ledger/books.ts';
import { commitLanes } from '../ledger/commit.ts';
import { classifyWriteFailure, type LedgerDatabase } from '../ledger/database.ts';
import { canonicalJson, sha256Hex } from '../ledger/hash.ts';
import { type EntryRecord, type EventRecord, type ExceptionRecord, exceptionId, type LaneCommit, type PostingPlan } from '../ledger/records.ts';
import type { TenantRuntime } from '../tenants/runtime.ts';
import { archiveBatch, type ArchivedBatch } from './archive.ts';
import { type LanePlan, planLane } from './plan-lane.ts';
import { errorWords } from '../operations/log.ts';
import { type LaneName, type StagePorts } from './ports.ts';
import { readEvents, type Readings } from './read-events.ts';

export type LeasedLane = Extract<LeaseAnswer, { code: 'leased' }>;

/** An applied event whose documents are to be posted, in applied order. */
export interface ItemToPost {
  readonly position: number;
  readonly seq: number;
  readonly source: SourceId;
  readonly eventId: ProviderEventId;
  readonly plan: PostingPlan;
  /** Its documents may already be at the target: look up before writing. */
  readonly uncertain: boolean;
}

export interface LedgerOutcome {
  readonly lease: LeasedLane;
  readonly settlement: Pick<Settlement, 'applied' | 'head' | 'held' | 'archivedTo' | 'reported'>;
  readonly toPost: readonly ItemToPost[];
  /** The lane moved less than it could have: ring again. */
  readonly unfinished: boolean;
}

interface PlannedLane {
  readonly lease: LeasedLane;
  readonly commit: LaneCommit;
  readonly plan: LanePlan;
}

/** Decides and commits the lanes of one tenant. Never throws for one lane's sake; failures are reported and left due. */
export async function ledgerStage(tenant: TenantRuntime, leases: readonly LeasedLane[], ports: StagePorts): Promise<LedgerOutcome[]> {
  const db = await ports.ledger(tenant.tenant);
  const now = ports.now();
  const working = leases.filter(hasNews);
  const idle = leases.filter((lease) => !hasNews(lease)).map(nothingDone);
  if (working.length === 0) return idle;
  const [planned, archived] = await Promise.all([
    planLanes(tenant, working, db, ports, now),
    archiveBatch(tenant.tenant, working, ports),
  ]);
  const outcomes = await commitTogether(db, planned, archived, ports, now);
  return [...idle, ...outcomes];
}

const hasNews = (lease: LeasedLane): boolean => lease.events.length > 0 || lease.conflicts.length > 0 || lease.quarantined.length > 0;

const nothingDone = (lease: LeasedLane): LedgerOutcome => ({
  lease,
  settlement: { applied: [], head: lease.head, held: [], archivedTo: null },
  toPost: [],
  unfinished: false,
});

async function planLanes(tenant: TenantRuntime, leases: readonly LeasedLane[], db: LedgerDatabase, ports: StagePorts, now: EpochMs): Promise<PlannedLane[]> {
  const events = leases.flatMap((lease) => lease.events);
  const readings = await readEvents(tenant, events, ports.enrich, now);
  const keys = [...readings.values()].flatMap((reading) => (reading.kind === 'facts' ? objectsOf(reading.facts) : []));
  const objects = keys.length === 0 ? new Map<string, ObjectState>() : await loadObjects(db, tenant.tenant, keys);
  return Promise.all(leases.map((lease) => planOne(tenant, lease, readings, objects, now)));
}

async function planOne(
  tenant: TenantRuntime,
  lease: LeasedLane,
  readings: Readings,
  objects: ReadonlyMap<string, ObjectState>,
  now: EpochMs,
): Promise<PlannedLane> {
  const plan = planLane({
    head: lease.head,
    events: lease.events,
    reading: (event) => readings.get(event) ?? { kind: 'later', reason: 'not read in this pass' },
    objects,
    route: (facts, entity) => tenant.route(facts, entity, now),
    configVersion: tenant.version,
    patienceMs: tenant.config.policies.prerequisiteHours * 3_600_000,
    now,
  });
  const entries = await seal(tenant.tenant, lease, plan, tenant.version);
  const to: LaneHead = { position: plan.position, hash: entries.at(-1)?.hash ?? lease.head.hash };
  return {
    lease,
    plan,
    commit: {
      tenant: tenant.tenant,
      lane: lease.lane,
      from: lease.head,
      to,
      events: [...lease.quarantined.map((event) => quarantinedRecord(event, tenant.version)), ...plan.events],
      entries,
      objects: plan.objects,
      exceptions: [...lease.conflicts.map(conflictException), ...plan.exceptions],
      resolved: plan.resolved,
    },
  };
}

/** Gives each entry its hash, which covers its content, its event's bytes and the entry before it in the lane. */
async function seal(tenant: TenantId, lease: LeasedLane, plan: LanePlan, configVersion: number): Promise<EntryRecord[]> {
  const sealed: EntryRecord[] = [];
  let previousHash = lease.head.hash;
  for (const { event, ...entry } of plan.entries) {
    const { source, eventId, bodyHash } = event;
    const content = { ...entry, source, eventId, bodyHash, configVersion, previousHash };
    const hash = await sha256Hex(canonicalJson({ tenant, lane: lease.lane, ...content }));
    sealed.push({ ...content, hash });
    previousHash = hash;
  }
  return sealed;
}

/** Events accepted into quarantine: on the list, with their bytes in the lane until somebody re-drives them. */
function quarantinedRecord(event: QuarantinedEvent, configVersion: number): EventRecord {
  const { reason, ...rest } = event;
  return { ...rest, position: null, outcome: 'quarantined', note: reason, facts: [], plan: { targets: [], documents: [] }, configVersion };
}

/** Two deliveries under one event id with different bytes: the first stands; a person looks at the second. */
function conflictException(conflict: Conflict): ExceptionRecord {
  const { source, eventId, seq } = conflict;
  return {
    id: exceptionId('event_conflict', source, eventId, String(conflict.number)),
    cause: 'event_conflict',
    message: `Event ${eventId} came again with other content (first kept, the later has SHA-256 ${conflict.bodyHash.slice(0, 16)}…).`,
    remedy: 'Compare both with the provider’s own record. If the later one is right, correct the books by a reversal.',
    amount: null,
    currency: null,
    object: null,
    seq,
    source,
    eventId,
    target: null,
    postingKey: null,
  };
}

function reportedBy(lease: LeasedLane): NonNullable<Settlement['reported']> {
  const conflict = lease.conflicts.at(-1);
  const quarantined = lease.quarantined.at(-1);
  return {
    ...(conflict === undefined ? {} : { conflictsTo: conflict.number }),
    ...(quarantined === undefined ? {} : { quarantinedTo: quarantined.seq }),
  };
}

/** Marks what had to wait within this pass: it stands after events that were accepted later. */
function inAppliedOrder(applied: readonly { readonly event: LeasedEvent; readonly position: number }[]): Settlement['applied'] {
  let highest = 0;
  return applied.map(({ event, position }) => {
    const waited = event.seq < highest;
    highest = Math.max(highest, event.seq);
    return waited ? { seq: event.seq, position, waited } : { seq: event.seq, position };
  });
}

async function commitTogether(
  db: LedgerDatabase,
  planned: readonly PlannedLane[],
  archived: ArchivedBatch,
  ports: StagePorts,
  now: EpochMs,
): Promise<LedgerOutcome[]> {
  const commits = planned.map((lane) => lane.commit).filter(hasWork);
  try {
    if (commits.length > 0) await commitLanes(db, commits, archived.reference, commitIdAt(now, ports), now);
    return planned.map((lane) => committed(lane, archived));
  } catch (error) {
    ports.report({ what: 'stage_failed', lane: null, stage: 'commit', error: errorWords(error) });
    const outcomes: LedgerOutcome[] = [];
    for (const lane of planned) outcomes.push(await commitAlone(db, lane, archived, ports, now));
    return outcomes;
  }
}

const hasWork = (commit: LaneCommit): boolean =>
  commit.events.length > 0 || commit.exceptions.length > 0 || commit.resolved.length > 0 || commit.to.position > commit.from.position;

const commitIdAt = (now: EpochMs, ports: StagePorts): string => `${String(now).padStart(15, '0')}-${ports.newSuffix()}`;

/** Second chance by itself: read where the lane stands in the books, then recover or commit. */
async function commitAlone(db: LedgerDatabase, lane: PlannedLane, archived: ArchivedBatch, ports: StagePorts, now: EpochMs): Promise<LedgerOutcome> {
  const name: LaneName = { tenant: lane.commit.tenant, lane: lane.commit.lane };
  try {
    const head = await readHead(db, name.tenant, name.lane);
    const advances = lane.commit.to.position > lane.commit.from.position;
    if (advances && head !== null && head.position === lane.commit.to.position && head.hash === lane.commit.to.hash) {
      return committed(lane, archived);
    }
    if (head !== null && head.position > lane.lease.head.position) return await recover(db, lane.lease, head, ports);
    if (hasWork(lane.commit)) await commitLanes(db, [lane.commit], archived.reference, commitIdAt(now, ports), now);
    return committed(lane, archived);
  } catch (error) {
    ports.report({ what: 'stage_failed', lane: name, stage: 'commit', error: `${classifyWriteFailure(error)}: ${errorWords(error)}` });
    return { ...nothingDone(lane.lease), unfinished: true };
  }
}

function committed({ lease, commit, plan }: PlannedLane, archived: ArchivedBatch): LedgerOutcome {
  return {
    lease,
    settlement: {
      applied: inAppliedOrder(plan.applied),
      head: commit.to,
      held: plan.held,
      archivedTo: archived.upTo(lease),
      reported: reportedBy(lease),
    },
    toPost: plan.applied
      .filter(({ plan: posting }) => posting.targets.length > 0)
      .map(({ event, position, plan: posting }) => ({ position, seq: event.seq, source: event.source, eventId: event.eventId, plan: posting, uncertain: false })),
    unfinished: false,
  };
}

/**
 * The books are ahead of the lane: an earlier pass committed and never settled. The lane is told what the books hold;
 * whether the documents reached their targets is not known, so they are looked up there before they are written.
 *
 * @throws when an event of the missing span is not among the leased ones: lane and books have diverged, which a person must see.
 */
async function recover(db: LedgerDatabase, lease: LeasedLane, head: LaneHead, ports: StagePorts): Promise<LedgerOutcome> {
  const bySource = new Map(lease.events.map((event) => [`${event.source}\n${event.eventId}`, event]));
  const booked = await readBookedEvents(db, lease.tenant, lease.events.map((event): [string, string] => [event.source, event.eventId]));
  const recovered: { event: LeasedEvent; position: number; plan: PostingPlan }[] = [];
  for (const row of booked) {
    const event = bySource.get(`${row.source}\n${row.eventId}`);
    if (event === undefined || row.position === null || row.position <= lease.head.position) continue;
    if (row.bodyHash !== event.bodyHash) throw new Error(`the books hold other bytes for seq ${event.seq}`);
    recovered.push({ event, position: row.position, plan: row.plan });
  }
  recovered.sort((a, b) => a.position - b.position);
  const gapless = recovered.every(({ position }, index) => position === lease.head.position + 1 + index);
  if (!gapless || recovered.length !== head.position - lease.head.position) {
    throw new Error(`lane and books have diverged: lane at ${lease.head.position}, books at ${head.position}`);
  }
  ports.report({ what: 'lane_recovered', lane: { tenant: lease.tenant, lane: lease.lane }, positions: recovered.length });
  return {
    lease,
    settlement: { applied: inAppliedOrder(recovered), head, held: [], archivedTo: null },
    toPost: recovered
      .filter(({ plan }) => plan.targets.length > 0)
      .map(({ event, position, plan }) => ({ position, seq: event.seq, source: event.source, eventId: event.eventId, plan, uncertain: true })),
    unfinished: recovered.length < lease.events.length,
  };
}
