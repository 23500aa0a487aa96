/** Leased lanes → what each adds to the books: books loaded, plans made, entries sealed into the chain. */
import { objectsOf } from '../canonical/decide.ts';
import { closedFrom, type EntityBooks } from '../canonical/decision.ts';
import { isOfOneEntity } from '../canonical/entities.ts';
import { customerOfLane, kinshipOf, type LaneStanding, namedElsewhere } from '../canonical/identity.ts';
import type { EpochMs, LaneKey, TenantId } from '../canonical/ids.ts';
import type { Conflict, LaneHead, LeasedEvent, QuarantinedEvent } from '../durable-objects/customer-lane/protocol.ts';
import { type LaneLink, loadBooks, loadStandings } from '../ledger/books.ts';
import { entryHash, eventHash, objectHash } from '../ledger/chain.ts';
import { type MarkRecord, sealMarks } from '../ledger/customer-marks.ts';
import type { LedgerDatabase } from '../ledger/database.ts';
import { loadRates, ratesWanted } from '../ledger/rates.ts';
import {
  type EntryRecord,
  type EventRecord,
  type ExceptionRecord,
  exceptionId,
  type LaneCommit,
  type ObjectRecord,
} from '../ledger/records.ts';
import type { TenantRuntime } from '../tenants/runtime.ts';
import { internalError } from './held-events.ts';
import type { LanePlan, Reading } from './lane-plan.ts';
import type { LeasedLane, PlannedLane, PlanningBooks, PlanRequest } from './ledger-work.ts';
import { nameCustomers } from './name-customers.ts';
import { drainLane, planLane } from './plan-lane.ts';
import type { EventsRead, Readings } from './read-events.ts';

/** How long a linked lane's later events wait for the documents of its earlier ones, ms from the link. */
export const DRAIN_PATIENCE_MS = 3_600_000;

export async function planLanes(
  tenant: TenantRuntime,
  leases: readonly LeasedLane[],
  read: EventsRead,
  db: LedgerDatabase,
  now: EpochMs,
): Promise<PlannedLane[]> {
  const events = leases.flatMap((lease) => lease.events);
  const readings = nameCustomers(tenant, read.readings);
  const books = await readPlanningBooks(db, tenant, understood(events, readings), leases, now);
  return Promise.all(
    leases.map((lease) =>
      planOne(tenant, lease, readings, { db, now }, { head: lease.head, events: lease.events, books, refused: null }),
    ),
  );
}

type Understood = Extract<Reading, { readonly kind: 'facts' }>;

const understood = (events: readonly LeasedEvent[], readings: Readings): Understood[] =>
  events.flatMap((event) => {
    const reading = readings.get(event);
    return reading?.kind === 'facts' ? [reading] : [];
  });

/** The entity's books as they stand by now: with the feed's rates beside the config's, closed as far as they are. */
function asOfNow(books: EntityBooks, { rates, closings }: PlanningBooks): EntityBooks {
  const closed = closedFrom(books, closings.get(books.entity) ?? null);
  return rates.length === 0 ? closed : { ...closed, rates: [...closed.rates, ...rates] };
}

/** Nothing is read when nothing is asked for: whether a lane is linked shows then when its head would move. */
async function readPlanningBooks(
  db: LedgerDatabase,
  runtime: TenantRuntime,
  readings: readonly Understood[],
  leases: readonly LeasedLane[],
  now: EpochMs,
  always = false,
): Promise<PlanningBooks> {
  const { tenant, identity, config } = runtime;
  const facts = readings.flatMap((reading) => reading.facts);
  const said = namedElsewhere(facts, identity);
  const standings = await loadStandings(
    db,
    tenant,
    said.flatMap(({ own, named }) => [own, named]),
  );
  // Whom they are one with, to see whether both have a partner.
  const others = said.map(({ named }) => customerOfLane(standings.get(named)?.primary ?? named));
  const keys = [...objectsOf(facts), ...others];
  const lanes = leases.map((lease) => lease.lane);
  const none = { objects: new Map(), links: new Map(), kin: new Map(), closings: new Map() };
  const books =
    keys.length === 0 && !always ? none : await loadBooks(db, tenant, keys, lanes, Object.keys(config.entities));
  const wanted = ratesWanted(facts, possibleBooks(runtime, readings, books));
  const rates = wanted === null ? [] : await loadRates(db, tenant, wanted, now);
  return { ...books, standings, rates };
}

/** Of the entities that the readings name, and of those that the books know their objects as. */
function possibleBooks(
  { config, books }: TenantRuntime,
  readings: readonly Understood[],
  { objects, closings }: Pick<PlanningBooks, 'objects' | 'closings'>,
): EntityBooks[] {
  const known = [...objects.values()].flatMap(({ state }) => (isOfOneEntity(state) ? [state.entity] : []));
  const names = new Set([...readings.map((reading) => reading.books.entity), ...known]);
  return [...names].flatMap((entity) =>
    Object.hasOwn(config.entities, entity) ? [closedFrom(books(entity), closings.get(entity) ?? null)] : [],
  );
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
            if (refused?.event !== event)
              return reading.kind === 'facts' ? { ...reading, books: asOfNow(reading.books, books) } : reading;
            if (reading.kind !== 'facts')
              return { kind: 'exception', facts: [], exception: internalError(event, [], refused.words) };
            const { facts } = reading;
            const exception = internalError(event, facts, refused.words);
            return { kind: 'exception', facts, exception, entity: reading.books.entity };
          },
          objects: books.objects,
          booksOf: (entity) =>
            Object.hasOwn(tenant.config.entities, entity) ? asOfNow(tenant.books(entity), books) : null,
          route: (facts, entity) => tenant.route(facts, entity, now),
          approval: (question) => tenant.approval(question),
          identity: { rules: tenant.identity, standing: (lane) => books.standings.get(lane) ?? unlinked },
          kinship: kinshipOf(lease.lane, books.kin.get(lease.lane) ?? []),
          duplicates: tenant.config.policies.duplicateCustomers,
          configVersion: tenant.version,
          patienceMs: tenant.config.policies.prerequisiteHours * 3_600_000,
          now,
        })
      : drainLane(request.events, request.head, link.primary, ready);
  const sealed = await seal(tenant.tenant, lease.lane, request.head, plan, tenant.version);
  const marks = await sealMarks(tenant.tenant, plan.marks);
  return {
    lease,
    plan,
    unfinished: !ready,
    link: link ?? null,
    replan: (next) => planOne(tenant, lease, readings, pass, next),
    booksNow: () => readPlanningBooks(pass.db, tenant, understood(lease.events, readings), [lease], now, true),
    commit: commitOf(tenant, lease, request.head, plan, { ...sealed, marks }, link !== undefined),
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
  { marks, ...sealed }: SealedPlan & { readonly marks: readonly MarkRecord[] },
  linked: boolean,
): LaneCommit {
  const whole = from === lease.head;
  return {
    tenant: tenant.tenant,
    lane: lease.lane,
    from,
    to: { position: plan.position, hash: sealed.hash },
    events: [
      ...(whole ? lease.quarantined.map((event) => quarantinedRecord(event, tenant.version)) : []),
      ...sealed.events,
    ],
    entries: sealed.entries,
    objects: sealed.objects,
    exceptions: [...(whole ? lease.conflicts.map(conflictException) : []), ...plan.exceptions],
    resolved: plan.resolved,
    approvals: plan.approvals,
    link: plan.link,
    marks,
    // A linked lane's head stands still as it is.
    fences: plan.forwarded.length > 0 && !linked,
    epoch: lease.epoch,
  };
}

interface SealedPlan {
  readonly events: readonly EventRecord[];
  readonly entries: readonly EntryRecord[];
  readonly objects: readonly ObjectRecord[];
  /** The lane's last link. */
  readonly hash: string;
}

/** Gives each applied event and each of its entries its link in the lane's chain, and each object's row its hash. */
async function seal(
  tenant: TenantId,
  lane: LaneKey,
  head: LaneHead,
  plan: LanePlan,
  configVersion: number,
): Promise<SealedPlan> {
  const objects = Promise.all(
    plan.objects.map(async (state) => ({
      state,
      hash: await objectHash({ tenant, object: state.key, lane, state }),
    })),
  );
  const events: EventRecord[] = [];
  const entries: EntryRecord[] = [];
  const parts = Map.groupBy(plan.entries, (entry) => entry.position);
  let last = head.hash;
  for (const event of plan.events) {
    const { position } = event;
    if (position === null) {
      events.push(event);
      continue;
    }
    const previousHash = last;
    last = await eventHash({ tenant, lane, ...event, position, previousHash });
    events.push({ ...event, previousHash, hash: last });
    for (const { event: cause, ...entry } of parts.get(position) ?? []) {
      const { source, eventId, bodyHash } = cause;
      const content = { ...entry, source, eventId, bodyHash, configVersion, previousHash: last };
      last = await entryHash({ tenant, lane, ...content });
      entries.push({ ...content, hash: last });
    }
  }
  return { events, entries, objects: await objects, hash: last };
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
    previousHash: null,
    hash: null,
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
