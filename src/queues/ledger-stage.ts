/**
 * Ledger stage: leased lanes → decided → committed in one D1 transaction for all of them. A lane whose commit does not
 * land is tried alone, so that it never holds the others; a lane whose events are already in the books (a crash after
 * the commit, an answer lost) is recovered from the books instead of being decided again.
 */
import { objectsOf } from '../canonical/decide.ts';
import type { EpochMs, LaneKey, ProviderEventId, SourceId, TenantId } from '../canonical/ids.ts';
import type {
  Conflict,
  LaneHead,
  LeaseAnswer,
  LeasedEvent,
  QuarantinedEvent,
  Settlement,
} from '../durable-objects/customer-lane/protocol.ts';
import { loadObjects, type OwnedObject, readBookedEvents, readHead } from '../ledger/books.ts';
import { commitLanes } from '../ledger/commit.ts';
import { classifyWriteFailure, type LedgerDatabase } from '../ledger/database.ts';
import { canonicalJson, sha256Hex } from '../ledger/hash.ts';
import {
  type EntryRecord,
  type EventRecord,
  type ExceptionRecord,
  exceptionId,
  type LaneCommit,
  type PostingPlan,
} from '../ledger/records.ts';
import { errorWords } from '../operations/log.ts';
import type { TenantRuntime } from '../tenants/runtime.ts';
import { type ArchivedBatch, archiveBatch } from './archive.ts';
import { internalError, type LanePlan, planLane } from './plan-lane.ts';
import type { LaneName, StagePorts } from './ports.ts';
import { type Readings, readEvents } from './read-events.ts';

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
  /** The same lane planned from elsewhere: for finding the event that the books refuse. */
  readonly replan: (request: PlanRequest) => Promise<PlannedLane>;
}

interface PlanRequest {
  readonly head: LaneHead;
  readonly events: readonly LeasedEvent[];
  /** Books as they have become since. */
  readonly objects: ReadonlyMap<string, OwnedObject>;
  /** Refused by the books, with its words: to be parked. */
  readonly refused: { readonly event: LeasedEvent; readonly words: string } | null;
}

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
  const [planned, archived] = await Promise.all([
    planLanes(tenant, working, db, ports, now),
    archiveBatch(tenant.tenant, working, ports),
  ]);
  const outcomes = await commitTogether(db, planned, archived, ports, now);
  const forwarded = await forwardAll(tenant, planned, ports);
  return [...idle, ...outcomes.map((outcome) => withForwarded(outcome, forwarded))];
}

type Forwarded = ReadonlyMap<LeasedLane, readonly { readonly event: LeasedEvent; readonly to: LaneKey }[]>;

/** Hands events to the lanes that own what they are about. What could not be handed over stays due here. */
async function forwardAll(
  tenant: TenantRuntime,
  planned: readonly PlannedLane[],
  ports: StagePorts,
): Promise<Forwarded> {
  const forwarded = new Map<LeasedLane, { event: LeasedEvent; to: LaneKey }[]>();
  for (const { lease, plan } of planned) {
    for (const { event, to } of plan.forwarded) {
      try {
        await ports.forward(tenant, to, event);
        forwarded.set(lease, [...(forwarded.get(lease) ?? []), { event, to }]);
      } catch (error) {
        const name: LaneName = { tenant: lease.tenant, lane: lease.lane };
        ports.report({ what: 'stage_failed', lane: name, stage: 'decide', error: errorWords(error) });
      }
    }
  }
  return forwarded;
}

function withForwarded(outcome: LedgerOutcome, forwarded: Forwarded): LedgerOutcome {
  const gone = forwarded.get(outcome.lease);
  if (gone === undefined) return outcome;
  const applied = new Set(outcome.settlement.applied.map(({ seq }) => seq));
  const held = gone
    .filter(({ event }) => !applied.has(event.seq))
    .map(({ event, to }) => ({ seq: event.seq, reason: { kind: 'forwarded' as const, to } }));
  return { ...outcome, settlement: { ...outcome.settlement, held: [...outcome.settlement.held, ...held] } };
}

const hasNews = (lease: LeasedLane): boolean =>
  lease.events.length > 0 || lease.conflicts.length > 0 || lease.quarantined.length > 0 || lease.unarchived !== null;

const nothingDone = (lease: LeasedLane): LedgerOutcome => ({
  lease,
  settlement: { applied: [], head: lease.head, held: [], archivedTo: null },
  toPost: [],
  unfinished: false,
});

async function planLanes(
  tenant: TenantRuntime,
  leases: readonly LeasedLane[],
  db: LedgerDatabase,
  ports: StagePorts,
  now: EpochMs,
): Promise<PlannedLane[]> {
  const events = leases.flatMap((lease) => lease.events);
  const readings = await readEvents(tenant, events, ports.enrich, now);
  const keys = [...readings.values()].flatMap((reading) => (reading.kind === 'facts' ? objectsOf(reading.facts) : []));
  const objects = keys.length === 0 ? new Map<string, OwnedObject>() : await loadObjects(db, tenant.tenant, keys);
  return Promise.all(
    leases.map((lease) =>
      planOne(tenant, lease, readings, now, { head: lease.head, events: lease.events, objects, refused: null }),
    ),
  );
}

async function planOne(
  tenant: TenantRuntime,
  lease: LeasedLane,
  readings: Readings,
  now: EpochMs,
  request: PlanRequest,
): Promise<PlannedLane> {
  const { refused } = request;
  const plan = planLane({
    lane: lease.lane,
    head: request.head,
    events: request.events,
    reading: (event) => {
      const reading = readings.get(event) ?? { kind: 'later', reason: 'not read in this pass' };
      if (refused?.event !== event) return reading;
      const facts = reading.kind === 'facts' ? reading.facts : [];
      return { kind: 'exception', facts, exception: internalError(event, facts, refused.words) };
    },
    objects: request.objects,
    route: (facts, entity) => tenant.route(facts, entity, now),
    configVersion: tenant.version,
    patienceMs: tenant.config.policies.prerequisiteHours * 3_600_000,
    now,
  });
  const entries = await seal(tenant.tenant, lease.lane, request.head, plan, tenant.version);
  const whole = request.head === lease.head;
  return {
    lease,
    plan,
    replan: (next) => planOne(tenant, lease, readings, now, next),
    commit: {
      tenant: tenant.tenant,
      lane: lease.lane,
      from: request.head,
      to: { position: plan.position, hash: entries.at(-1)?.hash ?? request.head.hash },
      events: [
        ...(whole ? lease.quarantined.map((event) => quarantinedRecord(event, tenant.version)) : []),
        ...plan.events,
      ],
      entries,
      objects: plan.objects,
      exceptions: [...(whole ? lease.conflicts.map(conflictException) : []), ...plan.exceptions],
      resolved: plan.resolved,
    },
  };
}

/** Gives each entry its hash, which covers its content, its event's bytes and the entry before it in the lane. */
async function seal(
  tenant: TenantId,
  lane: LaneKey,
  head: LaneHead,
  plan: LanePlan,
  configVersion: number,
): Promise<EntryRecord[]> {
  const sealed: EntryRecord[] = [];
  let previousHash = head.hash;
  for (const { event, ...entry } of plan.entries) {
    const { source, eventId, bodyHash } = event;
    const content = { ...entry, source, eventId, bodyHash, configVersion, previousHash };
    const hash = await sha256Hex(canonicalJson({ tenant, lane, ...content }));
    sealed.push({ ...content, hash });
    previousHash = hash;
  }
  return sealed;
}

/** Events accepted into quarantine: on the list, with their bytes in the lane until somebody re-drives them. */
function quarantinedRecord(event: QuarantinedEvent, configVersion: number): EventRecord {
  const { reason, ...rest } = event;
  return {
    ...rest,
    position: null,
    outcome: 'quarantined',
    note: reason,
    facts: [],
    plan: { targets: [], documents: [] },
    configVersion,
  };
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
function inAppliedOrder(
  applied: readonly { readonly event: LeasedEvent; readonly position: number }[],
): Settlement['applied'] {
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
    if (commits.length > 0 || archived.late.length > 0)
      await commitLanes(db, commits, archived, commitIdAt(now, ports), now);
    return planned.map((lane) => committed(lane, archived));
  } catch (error) {
    ports.report({ what: 'stage_failed', lane: null, stage: 'commit', error: errorWords(error) });
    const outcomes: LedgerOutcome[] = [];
    for (const lane of planned) outcomes.push(await commitAlone(db, lane, archived, ports, now));
    return outcomes;
  }
}

const hasWork = (commit: LaneCommit): boolean =>
  commit.events.length > 0 ||
  commit.exceptions.length > 0 ||
  commit.resolved.length > 0 ||
  commit.to.position > commit.from.position;

/** Late references of other lanes are theirs to write. */
const onlyOf = (lane: PlannedLane, archived: ArchivedBatch): ArchivedBatch => ({
  ...archived,
  late: lane.lease.unarchived === null ? [] : archived.late,
});

const commitIdAt = (now: EpochMs, ports: StagePorts): string => `${String(now).padStart(15, '0')}-${ports.newSuffix()}`;

/**
 * Second chance by itself: read where the lane stands in the books, then recover or commit. Books that are ahead are
 * always recovered from, never taken for this plan: a lane whose events were booked meanwhile is planned as "already
 * booked", which looks the same from the head and has no documents.
 */
async function commitAlone(
  db: LedgerDatabase,
  lane: PlannedLane,
  archived: ArchivedBatch,
  ports: StagePorts,
  now: EpochMs,
): Promise<LedgerOutcome> {
  const name: LaneName = { tenant: lane.commit.tenant, lane: lane.commit.lane };
  try {
    const head = await readHead(db, name.tenant, name.lane);
    if (head !== null && head.position > lane.lease.head.position) return await recover(db, lane.lease, head, ports);
    const elsewhere = await appliedElsewhere(db, lane.lease);
    const mine = elsewhere.size === 0 ? lane : await withoutThese(db, lane, elsewhere);
    if (hasWork(mine.commit)) await commitLanes(db, [mine.commit], onlyOf(mine, archived), commitIdAt(now, ports), now);
    return withForwarded(
      committed(mine, archived),
      new Map([[lane.lease, [...elsewhere].map(([event, to]) => ({ event, to }))]]),
    );
  } catch (error) {
    if (classifyWriteFailure(error) === 'refused') return commitOneByOne(db, lane, archived, ports, now);
    ports.report({
      what: 'stage_failed',
      lane: name,
      stage: 'commit',
      error: `${classifyWriteFailure(error)}: ${errorWords(error)}`,
    });
    return { ...nothingDone(lane.lease), unfinished: true };
  }
}

/** Leased events that another lane has applied: forwarded there by an earlier pass, or sent anew under another address. */
async function appliedElsewhere(db: LedgerDatabase, lease: LeasedLane): Promise<Map<LeasedEvent, LaneKey>> {
  const rows = await readBookedEvents(
    db,
    lease.tenant,
    lease.events.map((event): [string, string] => [event.source, event.eventId]),
  );
  const found = new Map<LeasedEvent, LaneKey>();
  for (const row of rows) {
    if (row.position === null || row.lane === lease.lane) continue;
    const event = lease.events.find(({ source, eventId }) => source === row.source && eventId === row.eventId);
    if (event !== undefined) found.set(event, row.lane);
  }
  return found;
}

async function withoutThese(
  db: LedgerDatabase,
  lane: PlannedLane,
  elsewhere: ReadonlyMap<LeasedEvent, LaneKey>,
): Promise<PlannedLane> {
  const { lease, commit } = lane;
  const objects = await loadObjects(
    db,
    lease.tenant,
    commit.events.flatMap((event) => objectsOf(event.facts)),
  );
  const events = lease.events.filter((event) => !elsewhere.has(event));
  return lane.replan({ head: lease.head, events, objects, refused: null });
}

/**
 * The books refuse something in this lane for good (an owner, a constraint: our bug). Events are committed one at a
 * time, and the one that is refused is parked with its amount, so that it holds up nobody, not even its own customer.
 */
async function commitOneByOne(
  db: LedgerDatabase,
  lane: PlannedLane,
  archived: ArchivedBatch,
  ports: StagePorts,
  now: EpochMs,
): Promise<LedgerOutcome> {
  const objects = new Map<string, OwnedObject>();
  const steps: LedgerOutcome[] = [];
  let head = lane.lease.head;
  const attempt = async (events: readonly LeasedEvent[], refused: PlanRequest['refused']): Promise<void> => {
    const keys = lane.commit.events.flatMap((event) => objectsOf(event.facts));
    for (const [key, state] of await loadObjects(db, lane.commit.tenant, keys)) objects.set(key, state);
    const step = await lane.replan({ head, events, objects, refused });
    if (hasWork(step.commit)) await commitLanes(db, [step.commit], archived, commitIdAt(now, ports), now);
    head = step.commit.to;
    steps.push(committed(step, archived));
  };
  try {
    for (const event of lane.lease.events) {
      try {
        await attempt([event], null);
      } catch (error) {
        if (classifyWriteFailure(error) !== 'refused') throw error;
        await attempt([event], { event, words: errorWords(error) });
      }
    }
  } catch (error) {
    ports.report({
      what: 'stage_failed',
      lane: { tenant: lane.commit.tenant, lane: lane.commit.lane },
      stage: 'commit',
      error: errorWords(error),
    });
  }
  return {
    lease: lane.lease,
    settlement: {
      applied: steps.flatMap((step) => step.settlement.applied),
      head,
      held: steps.flatMap((step) => step.settlement.held),
      archivedTo: null,
    },
    toPost: steps.flatMap((step) => step.toPost),
    unfinished: true,
  };
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
      .map(({ event, position, plan: posting }) => ({
        position,
        seq: event.seq,
        source: event.source,
        eventId: event.eventId,
        plan: posting,
        uncertain: false,
      })),
    unfinished: false,
  };
}

/**
 * The books are ahead of the lane: an earlier pass committed and never settled. The lane is told what the books hold;
 * whether the documents reached their targets is not known, so they are looked up there before they are written.
 *
 * @throws when an event of the missing span is not among the leased ones: lane and books have diverged, which a person must see.
 */
async function recover(
  db: LedgerDatabase,
  lease: LeasedLane,
  head: LaneHead,
  ports: StagePorts,
): Promise<LedgerOutcome> {
  const bySource = new Map(lease.events.map((event) => [`${event.source}\n${event.eventId}`, event]));
  const booked = await readBookedEvents(
    db,
    lease.tenant,
    lease.events.map((event): [string, string] => [event.source, event.eventId]),
  );
  const recovered: { event: LeasedEvent; position: number; plan: PostingPlan }[] = [];
  for (const row of booked) {
    const event = bySource.get(`${row.source}\n${row.eventId}`);
    if (event === undefined || row.lane !== lease.lane || row.position === null || row.position <= lease.head.position)
      continue;
    if (row.bodyHash !== event.bodyHash) throw new Error(`the books hold other bytes for seq ${event.seq}`);
    recovered.push({ event, position: row.position, plan: row.plan });
  }
  recovered.sort((a, b) => a.position - b.position);
  const gapless = recovered.every(({ position }, index) => position === lease.head.position + 1 + index);
  if (!gapless || recovered.length !== head.position - lease.head.position) {
    throw new Error(`lane and books have diverged: lane at ${lease.head.position}, books at ${head.position}`);
  }
  ports.report({
    what: 'lane_recovered',
    lane: { tenant: lease.tenant, lane: lease.lane },
    positions: recovered.length,
  });
  return {
    lease,
    settlement: { applied: inAppliedOrder(recovered), head, held: [], archivedTo: null },
    toPost: recovered
      .filter(({ plan }) => plan.targets.length > 0)
      .map(({ event, position, plan }) => ({
        position,
        seq: event.seq,
        source: event.source,
        eventId: event.eventId,
        plan,
        uncertain: true,
      })),
    unfinished: recovered.length < lease.events.length,
  };
}
