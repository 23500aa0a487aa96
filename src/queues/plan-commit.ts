/** Leased lanes → what each adds to the books: events read, books loaded, plans made, entries sealed into the chain. */
import { objectsOf } from '../canonical/decide.ts';
import { closedFrom } from '../canonical/decision.ts';
import type { CanonicalEvent } from '../canonical/events.ts';
import { type LaneStanding, namedElsewhere } from '../canonical/identity.ts';
import type { EpochMs, LaneKey, TenantId } from '../canonical/ids.ts';
import type { Conflict, LaneHead, LeasedEvent, QuarantinedEvent } from '../durable-objects/customer-lane/protocol.ts';
import { type LaneLink, loadBooks, loadStandings } from '../ledger/books.ts';
import type { LedgerDatabase } from '../ledger/database.ts';
import { canonicalJson, sha256Hex } from '../ledger/hash.ts';
import {
  type EntryRecord,
  type EventRecord,
  type ExceptionRecord,
  exceptionId,
  type LaneCommit,
} from '../ledger/records.ts';
import type { TenantRuntime } from '../tenants/runtime.ts';
import type { LeasedLane, PlannedLane, PlanningBooks, PlanRequest } from './ledger-work.ts';
import { nameCustomers } from './name-customers.ts';
import { drainLane, internalError, type LanePlan, planLane, type Reading } from './plan-lane.ts';
import type { StagePorts } from './ports.ts';
import { type Readings, readEvents } from './read-events.ts';

/** How long a linked lane's later events wait for the documents of its earlier ones, ms from the link. */
export const DRAIN_PATIENCE_MS = 3_600_000;

export async function planLanes(
  tenant: TenantRuntime,
  leases: readonly LeasedLane[],
  db: LedgerDatabase,
  ports: StagePorts,
  now: EpochMs,
): Promise<PlannedLane[]> {
  const events = leases.flatMap((lease) => lease.events);
  const readings = nameCustomers(tenant, await readEvents(tenant, events, ports.enrich, now));
  const books = await readPlanningBooks(db, tenant, factReadings(events, readings), leases);
  return Promise.all(
    leases.map((lease) =>
      planOne(tenant, lease, readings, { db, now }, { head: lease.head, events: lease.events, books, refused: null }),
    ),
  );
}

type FactReading = Extract<Reading, { kind: 'facts' }>;

const factReadings = (events: readonly LeasedEvent[], readings: Readings): FactReading[] =>
  events.flatMap((event) => {
    const reading = readings.get(event);
    return reading?.kind === 'facts' ? [reading] : [];
  });

/** Nothing is read when nothing is asked for: whether a lane is linked shows then when its head would move. */
async function readPlanningBooks(
  db: LedgerDatabase,
  { tenant, identity }: TenantRuntime,
  readings: readonly FactReading[],
  leases: readonly LeasedLane[],
  always = false,
): Promise<PlanningBooks> {
  const facts: readonly CanonicalEvent[] = readings.flatMap((reading) => reading.facts);
  const entities = [...new Set(readings.map(({ books }) => books.entity))];
  const keys = objectsOf(facts);
  const named = namedElsewhere(facts, identity).flatMap((said) => [said.own, said.named]);
  const lanes = leases.map((lease) => lease.lane);
  const [books, standings] = await Promise.all([
    keys.length === 0 && !always
      ? { objects: new Map(), links: new Map(), closings: new Map() }
      : loadBooks(db, tenant, keys, lanes, entities),
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
            if (refused?.event !== event) return withClosing(reading, books);
            const facts = reading.kind === 'facts' ? reading.facts : [];
            return { kind: 'exception', facts, exception: internalError(event, facts, refused.words) };
          },
          objects: books.objects,
          route: (facts, entity) => tenant.route(facts, entity, now),
          approval: (question) => tenant.approval(question),
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
    booksNow: () => readPlanningBooks(pass.db, tenant, factReadings(lease.events, readings), [lease], true),
    commit: commitOf(tenant, lease, request.head, plan, entries, link !== undefined),
  };
}

const withClosing = (reading: Reading, { closings }: PlanningBooks): Reading =>
  reading.kind === 'facts'
    ? { ...reading, books: closedFrom(reading.books, closings.get(reading.books.entity) ?? null) }
    : reading;

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
    approvals: plan.approvals,
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
