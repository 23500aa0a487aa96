/**
 * Ledger stage: leased lanes → decided → committed in one D1 transaction for all of them. A lane whose commit does not
 * land is tried alone, so that it never holds the others; a lane whose events are already in the books (a crash after
 * the commit, an answer lost) is recovered from the books instead of being decided again.
 */
import { objectsOf } from '../canonical/decide.ts';
import type { CanonicalEvent } from '../canonical/events.ts';
import { type LaneStanding, namedElsewhere } from '../canonical/identity.ts';
import type { EpochMs, LaneKey, ProviderEventId, SourceId, TenantId } from '../canonical/ids.ts';
import type {
  Conflict,
  LaneHead,
  LeaseAnswer,
  LeasedEvent,
  QuarantinedEvent,
  Settlement,
} from '../durable-objects/customer-lane/protocol.ts';
import {
  type BookedEvent,
  type LaneLink,
  loadBooks,
  loadStandings,
  type OwnedObject,
  readBookedEvents,
  readHead,
} from '../ledger/books.ts';
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
import { nameCustomers } from './name-customers.ts';
import { drainLane, internalError, type LanePlan, planLane } from './plan-lane.ts';
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
  /** Events were kept back for later: the lane rings again by itself. */
  readonly unfinished: boolean;
  /** Not null: it goes on in another lane, and is only drained. */
  readonly link: LaneLink | null;
  /** The same lane planned from elsewhere: for finding the event that the books refuse. */
  readonly replan: (request: PlanRequest) => Promise<PlannedLane>;
  /** What it was planned on, as it is by now. */
  readonly booksNow: () => Promise<PlanningBooks>;
}

interface PlanRequest {
  readonly head: LaneHead;
  readonly events: readonly LeasedEvent[];
  /** Books as they have become since. */
  readonly books: PlanningBooks;
  /** Refused by the books, with its words: to be parked. */
  readonly refused: { readonly event: LeasedEvent; readonly words: string } | null;
}

interface PlanningBooks {
  readonly objects: ReadonlyMap<string, OwnedObject>;
  readonly links: ReadonlyMap<LaneKey, LaneLink>;
  readonly standings: ReadonlyMap<LaneKey, LaneStanding>;
}

/** A lane's outcome in the books, and what is still to be handed to other lanes before it is settled. */
interface Committed {
  readonly outcome: LedgerOutcome;
  readonly toForward: LanePlan['forwarded'];
}

/** How long a linked lane's later events wait for the documents of its earlier ones, ms from the link. */
export const DRAIN_PATIENCE_MS = 3_600_000;

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

function withForwarded(
  outcome: LedgerOutcome,
  gone: readonly { readonly event: LeasedEvent; readonly to: LaneKey }[],
): LedgerOutcome {
  if (gone.length === 0) return outcome;
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
  const readings = nameCustomers(tenant, await readEvents(tenant, events, ports.enrich, now));
  const books = await readPlanningBooks(db, tenant, factsOf(events, readings), leases);
  return Promise.all(
    leases.map((lease) =>
      planOne(tenant, lease, readings, { db, now }, { head: lease.head, events: lease.events, books, refused: null }),
    ),
  );
}

const factsOf = (events: readonly LeasedEvent[], readings: Readings): CanonicalEvent[] =>
  events.flatMap((event) => {
    const reading = readings.get(event);
    return reading?.kind === 'facts' ? reading.facts : [];
  });

/** Nothing is read when nothing is asked for: whether a lane is linked shows then when its head would move. */
async function readPlanningBooks(
  db: LedgerDatabase,
  { tenant, identity }: TenantRuntime,
  facts: readonly CanonicalEvent[],
  leases: readonly LeasedLane[],
  always = false,
): Promise<PlanningBooks> {
  const keys = objectsOf(facts);
  const named = namedElsewhere(facts, identity).flatMap((said) => [said.own, said.named]);
  const lanes = leases.map((lease) => lease.lane);
  const [books, standings] = await Promise.all([
    keys.length === 0 && !always ? { objects: new Map(), links: new Map() } : loadBooks(db, tenant, keys, lanes),
    loadStandings(db, tenant, named),
  ]);
  return { ...books, standings };
}

const unlinked: LaneStanding = { primary: null, linked: [] };

async function planOne(
  tenant: TenantRuntime,
  lease: LeasedLane,
  readings: Readings,
  pass: { readonly db: LedgerDatabase; readonly now: EpochMs },
  request: PlanRequest,
): Promise<PlannedLane> {
  const { now } = pass;
  const { refused, books } = request;
  const link = books.links.get(lease.lane);
  const ready = link === undefined || mayForward(lease, link, now);
  const plan =
    link === undefined
      ? planLane({
          lane: lease.lane,
          head: request.head,
          events: request.events,
          reading: (event) => {
            const reading = readings.get(event) ?? { kind: 'later', reason: 'not read in this pass' };
            if (refused?.event !== event) return reading;
            const facts = reading.kind === 'facts' ? reading.facts : [];
            return { kind: 'exception', facts, exception: internalError(event, facts, refused.words) };
          },
          objects: books.objects,
          route: (facts, entity) => tenant.route(facts, entity, now),
          identity: { rules: tenant.identity, standing: (lane) => books.standings.get(lane) ?? unlinked },
          configVersion: tenant.version,
          patienceMs: tenant.config.policies.prerequisiteHours * 3_600_000,
          now,
        })
      : drainLane(request.events, request.head, link.primary, ready);
  const entries = await seal(tenant.tenant, lease.lane, request.head, plan, tenant.version);
  return {
    lease,
    plan,
    unfinished: !ready,
    link: link ?? null,
    replan: (next) => planOne(tenant, lease, readings, pass, next),
    booksNow: () => readPlanningBooks(pass.db, tenant, factsOf(lease.events, readings), [lease], true),
    commit: commitOf(tenant, lease, request.head, plan, entries, link !== undefined),
  };
}

/** The documents of what a linked lane applied come before those of what follows, as long as that does not take for ever. */
const mayForward = (lease: LeasedLane, link: LaneLink, now: EpochMs): boolean =>
  (lease.outbox.length === 0 && lease.blockedTargets.length === 0) || now >= link.at + DRAIN_PATIENCE_MS;

function commitOf(
  tenant: TenantRuntime,
  lease: LeasedLane,
  from: LaneHead,
  plan: LanePlan,
  entries: readonly EntryRecord[],
  linked: boolean,
): LaneCommit {
  const whole = from === lease.head;
  return {
    tenant: tenant.tenant,
    lane: lease.lane,
    from,
    to: { position: plan.position, hash: entries.at(-1)?.hash ?? from.hash },
    events: [
      ...(whole ? lease.quarantined.map((event) => quarantinedRecord(event, tenant.version)) : []),
      ...plan.events,
    ],
    entries,
    objects: plan.objects,
    exceptions: [...(whole ? lease.conflicts.map(conflictException) : []), ...plan.exceptions],
    resolved: plan.resolved,
    link: plan.link,
    // A linked lane's head stands still as it is.
    fences: plan.forwarded.length > 0 && !linked,
    epoch: lease.epoch,
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
): Promise<Committed[]> {
  // A linked lane that is behind its books has nothing to commit, so no head would tell: it is looked after by itself.
  const behind = planned.filter(isBehind);
  const others = planned.filter((lane) => !behind.includes(lane));
  const done: Committed[] = [];
  for (const lane of behind) done.push(await commitAlone(db, lane, archived, ports, now));
  const commits = others.map((lane) => lane.commit).filter(hasWork);
  try {
    if (commits.length > 0 || archived.late.length > 0)
      await commitLanes(db, commits, archived, commitIdAt(now, ports), now);
    return [...done, ...others.map((lane) => committed(lane, archived))];
  } catch (error) {
    ports.report({ what: 'stage_failed', lane: null, stage: 'commit', error: errorWords(error) });
    for (const lane of others) done.push(await commitAlone(db, lane, archived, ports, now));
    return done;
  }
}

/** Linked, and its books are ahead of it: an earlier pass committed and never settled. */
const isBehind = ({ lease, link }: PlannedLane): boolean => (link?.head?.position ?? 0) > lease.head.position;

const hasWork = (commit: LaneCommit): boolean =>
  commit.events.length > 0 ||
  commit.exceptions.length > 0 ||
  commit.resolved.length > 0 ||
  commit.fences === true ||
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
 * booked", which looks the same from the head and has no documents. A link learnt meanwhile is seen by planning anew.
 */
async function commitAlone(
  db: LedgerDatabase,
  lane: PlannedLane,
  archived: ArchivedBatch,
  ports: StagePorts,
  now: EpochMs,
): Promise<Committed> {
  const { lease } = lane;
  const name: LaneName = { tenant: lease.tenant, lane: lease.lane };
  try {
    const head = await readHead(db, name.tenant, name.lane);
    if (head !== null && head.position > lease.head.position)
      return { outcome: await recover(db, lease, head, ports), toForward: [] };
    const elsewhere = await appliedElsewhere(db, lease);
    const mine = await lane.replan({
      head: lease.head,
      events: lease.events.filter((event) => !elsewhere.has(event)),
      books: await lane.booksNow(),
      refused: null,
    });
    if (isBehind(mine)) return left(lease);
    if (hasWork(mine.commit)) await commitLanes(db, [mine.commit], onlyOf(mine, archived), commitIdAt(now, ports), now);
    const { outcome, toForward } = committed(mine, archived);
    const gone = [...elsewhere].map(([event, to]) => ({ event, to }));
    return { outcome: withForwarded(outcome, gone), toForward };
  } catch (error) {
    if (classifyWriteFailure(error) === 'refused') return commitOneByOne(db, lane, archived, ports, now);
    ports.report({
      what: 'stage_failed',
      lane: name,
      stage: 'commit',
      error: `${classifyWriteFailure(error)}: ${errorWords(error)}`,
    });
    return left(lease);
  }
}

/** Nothing was done: all of it stays due, and the lane rings again by itself. */
const left = (lease: LeasedLane): Committed => ({
  outcome: { ...nothingDone(lease), unfinished: true },
  toForward: [],
});

/**
 * Leased events that are applied already: in another lane (forwarded there by an earlier pass, or sent anew under another
 * address), or in this one under another number.
 */
async function appliedElsewhere(db: LedgerDatabase, lease: LeasedLane): Promise<Map<LeasedEvent, LaneKey>> {
  const rows = await readBookedEvents(
    db,
    lease.tenant,
    lease.events.map((event): [string, string] => [event.source, event.eventId]),
  );
  const found = new Map<LeasedEvent, LaneKey>();
  for (const row of rows) {
    if (row.position === null) continue;
    for (const event of lease.events) {
      if (event.source !== row.source || event.eventId !== row.eventId) continue;
      if (row.lane !== lease.lane || row.seq !== event.seq) found.set(event, row.lane);
    }
  }
  return found;
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
): Promise<Committed> {
  const steps: Committed[] = [];
  let head = lane.lease.head;
  let linked = false;
  const attempt = async (events: readonly LeasedEvent[], refused: PlanRequest['refused']): Promise<void> => {
    const step = await lane.replan({ head, events, books: await lane.booksNow(), refused });
    if (hasWork(step.commit)) await commitLanes(db, [step.commit], archived, commitIdAt(now, ports), now);
    head = step.commit.to;
    linked = step.plan.link !== null;
    steps.push(committed(step, archived));
  };
  try {
    for (const event of lane.lease.events) {
      if (linked) break;
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
    outcome: {
      lease: lane.lease,
      settlement: {
        applied: steps.flatMap((step) => step.outcome.settlement.applied),
        head,
        held: steps.flatMap((step) => step.outcome.settlement.held),
        archivedTo: null,
      },
      toPost: steps.flatMap((step) => step.outcome.toPost),
      unfinished: true,
    },
    toForward: steps.flatMap((step) => step.toForward),
  };
}

function committed({ lease, commit, plan, unfinished }: PlannedLane, archived: ArchivedBatch): Committed {
  const toPost = plan.applied
    .filter(({ plan: posting }) => posting.targets.length > 0)
    .map(({ event, position, plan: posting }) => ({
      position,
      seq: event.seq,
      source: event.source,
      eventId: event.eventId,
      plan: posting,
      uncertain: false,
    }));
  const settlement = {
    applied: inAppliedOrder(plan.applied),
    head: commit.to,
    held: plan.held,
    archivedTo: archived.upTo(lease),
    reported: reportedBy(lease),
  };
  return { outcome: { lease, settlement, toPost, unfinished }, toForward: plan.forwarded };
}

/** The leased event of a row: the very number, or the newer one that took its place when the event came back. */
function leasedAs(lease: LeasedLane, row: BookedEvent): LeasedEvent | undefined {
  const same = lease.events.filter(({ source, eventId }) => source === row.source && eventId === row.eventId);
  return same.find(({ seq }) => seq === row.seq) ?? same[0];
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
  const booked = await readBookedEvents(
    db,
    lease.tenant,
    lease.events.map((event): [string, string] => [event.source, event.eventId]),
  );
  const recovered: { event: LeasedEvent; position: number; plan: PostingPlan }[] = [];
  for (const row of booked) {
    const event = leasedAs(lease, row);
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
