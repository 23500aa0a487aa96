/**
 * What one lane's leased events do to the books: a pure function from (events, books, config) to the lane's part of a
 * commit. Order is decided here: events apply in the order accepted, except that one whose prerequisite is missing waits
 * and is looked at again after every event that was applied.
 */
import type { LaneKey } from '../canonical/ids.ts';
import type { HeldReason, LaneHead, LeasedEvent } from '../durable-objects/customer-lane/protocol.ts';
import { causesOf } from './held-events.ts';
import type { LanePlan, LanePlanInput } from './lane-plan.ts';
import { type Held, PlanningLane, record } from './planning-lane.ts';

/**
 * An event that came back to the lane while an earlier number of it was being worked on is there twice. One at a time:
 * the newest number is tried; the other stays due and is found done with next time.
 */
function withoutTwins(events: readonly LeasedEvent[]): LeasedEvent[] {
  const newest = new Map<string, number>();
  for (const { source, eventId, seq } of events) {
    const key = `${source}\n${eventId}`;
    newest.set(key, Math.max(seq, newest.get(key) ?? 0));
  }
  return events.filter(({ source, eventId, seq }) => newest.get(`${source}\n${eventId}`) === seq);
}

/** Plans a lane. Deterministic: the same input yields the same plan. */
export function planLane(input: LanePlanInput): LanePlan {
  const lane = new PlanningLane(input);
  const open: OpenEvent[] = [];
  const forwarded: { event: LeasedEvent; to: LaneKey }[] = [];
  for (const event of withoutTwins(input.events)) {
    if (lane.link !== null) break;
    const verdict = lane.tryToApply(event);
    if (verdict.kind === 'held') open.push({ event, verdict });
    else if (verdict.kind === 'forward') forwarded.push({ event, to: verdict.to });
    else if (verdict.kind === 'applied' && verdict.changed && lane.link === null) retryWaiting(lane, open, forwarded);
  }
  const exceptions = [
    ...lane.notices,
    ...open.flatMap(({ verdict }) => (verdict.exception === null ? [] : [verdict.exception])),
  ];
  const raised = new Set(exceptions.map(({ id }) => id));
  return {
    position: lane.position,
    applied: lane.applied,
    events: [
      ...lane.events,
      ...open
        .filter(({ event, verdict }) => !stillHeld(event, verdict.reason))
        .map(({ event, verdict }) =>
          record(
            event,
            null,
            verdict.outcome,
            verdict.note,
            verdict.facts,
            { targets: [], documents: [], ...(verdict.entity === null ? {} : { entity: verdict.entity }) },
            input.configVersion,
          ),
        ),
    ],
    entries: lane.entries,
    objects: [...lane.changed.values()],
    held: open.map(({ event, verdict }) => ({ seq: event.seq, reason: verdict.reason })),
    forwarded,
    exceptions,
    // What was gone at one try of this pass may be met again at the next.
    resolved: lane.resolved.filter((id) => !raised.has(id)),
    approvals: lane.approvals,
    link: lane.link,
    marks: lane.marks(),
  };
}

/**
 * A linked lane decides nothing any more: its events go to the primary, in the order accepted.
 * @param ready false: documents of its own are still on their way, and later ones must not overtake them.
 */
export function drainLane(events: readonly LeasedEvent[], head: LaneHead, primary: LaneKey, ready: boolean): LanePlan {
  const inOrder = ready ? [...events].sort((a, b) => a.seq - b.seq) : [];
  return {
    position: head.position,
    applied: [],
    events: [],
    entries: [],
    objects: [],
    held: [],
    forwarded: inOrder.map((event) => ({ event, to: primary })),
    exceptions: [],
    resolved: inOrder.flatMap(causesOf),
    approvals: [],
    link: null,
    marks: [],
  };
}

/** Held before for the same reason, under the same config: the books already say so, and saying it again would only cost rows. */
const stillHeld = (event: LeasedEvent, reason: HeldReason): boolean =>
  event.held !== null &&
  event.held.kind === reason.kind &&
  (reason.kind !== 'parked' ||
    event.held.kind !== 'parked' ||
    (event.held.exceptionId === reason.exceptionId && event.held.version === reason.version));

interface OpenEvent {
  readonly event: LeasedEvent;
  readonly verdict: Held;
}

/** Each success may free an earlier event; ends because every round takes at least one of finitely many. */
function retryWaiting(lane: PlanningLane, open: OpenEvent[], forwarded: { event: LeasedEvent; to: LaneKey }[]): void {
  let progressed = true;
  while (progressed) {
    progressed = false;
    for (const [index, { event, verdict: before }] of open.entries()) {
      if (before.outcome !== 'waiting') continue;
      const verdict = lane.tryToApply(event);
      if (verdict.kind === 'held') continue;
      if (verdict.kind === 'forward') forwarded.push({ event, to: verdict.to });
      open.splice(index, 1);
      progressed = lane.link === null;
      break;
    }
  }
}
