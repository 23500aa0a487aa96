/**
 * Plans → books. All lanes in one D1 transaction; a lane whose commit does not land is tried alone, so that it never
 * holds the others; one whose events are in the books already is recovered from them instead of being decided again.
 */
import type { EpochMs, LaneKey } from '../canonical/ids.ts';
import type { LaneHead, LeasedEvent, Settlement } from '../durable-objects/customer-lane/protocol.ts';
import { type BookedEvent, readBookedEvents, readHead } from '../ledger/books.ts';
import { commitLanes } from '../ledger/commit.ts';
import { classifyWriteFailure, type LedgerDatabase } from '../ledger/database.ts';
import type { LaneCommit, PostingPlan } from '../ledger/records.ts';
import { errorWords } from '../operations/log.ts';
import type { ArchivedBatch } from './archive.ts';
import {
  type Committed,
  type LeasedLane,
  type LedgerOutcome,
  nothingDone,
  type PlannedLane,
  type PlanRequest,
  withForwarded,
} from './ledger-work.ts';
import type { LaneName, StagePorts } from './ports.ts';

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

export async function commitTogether(
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
    if (commits.length > 0 || archived.late.length > 0) await commitLanes(db, commits, archived, now);
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
    const mine = await commitAnew(db, lane, elsewhere, archived, now);
    if (mine === null) return left(lease);
    const { outcome, toForward } = committed(mine, archived);
    const gone = [...elsewhere].map(([event, to]) => ({ event, to }));
    return { outcome: withForwarded(outcome, gone), toForward };
  } catch (error) {
    if (isRefusal(error)) return commitOneByOne(db, lane, archived, ports, now);
    ports.report({
      what: 'stage_failed',
      lane: name,
      stage: 'commit',
      error: `${classifyWriteFailure(error)}: ${errorWords(error)}`,
    });
    return left(lease);
  }
}

/** How often a lane is planned anew because a period was closed between the look at the books and the commit. */
const CLOSINGS = 3;

/**
 * Plans on the books as they are by now and commits. Null: it is linked and behind.
 * @throws as `commitLanes`; with `period_closed` only when planning anew does not help, which is a rule's bug.
 */
async function commitAnew(
  db: LedgerDatabase,
  lane: PlannedLane,
  elsewhere: ReadonlyMap<LeasedEvent, LaneKey>,
  archived: ArchivedBatch,
  now: EpochMs,
): Promise<PlannedLane | null> {
  const { lease } = lane;
  const events = lease.events.filter((event) => !elsewhere.has(event));
  for (let closings = 1; ; closings += 1) {
    const mine = await lane.replan({ head: lease.head, events, books: await lane.booksNow(), refused: null });
    if (isBehind(mine)) return null;
    try {
      if (hasWork(mine.commit)) await commitLanes(db, [mine.commit], onlyOf(mine, archived), now);
      return mine;
    } catch (error) {
      if (classifyWriteFailure(error) !== 'period_closed' || closings === CLOSINGS) throw error;
    }
  }
}

/** What is decided anew and still refused stays refused, however often it is tried. */
const isRefusal = (error: unknown): boolean => {
  const failure = classifyWriteFailure(error);
  return failure === 'refused' || failure === 'period_closed';
};

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
    if (hasWork(step.commit)) await commitLanes(db, [step.commit], archived, now);
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
        if (!isRefusal(error)) throw error;
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
