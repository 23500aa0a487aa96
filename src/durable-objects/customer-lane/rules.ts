/** A lane's decisions, pure: functions of state and time. Times are epoch milliseconds, sizes bytes. */
import type { EpochMs, LaneKey } from '../../canonical/ids.ts';
import { unreachable } from '../../canonical/result.ts';
import type { AcceptEvent, AcceptRefusal, HeldReason } from './protocol.ts';

/** How soon the alarm rings for work whose doorbell got lost. */
export const BACKSTOP_MS = 30_000;
/** How rarely, at most, work that stays open is looked at again. */
export const LONGEST_WAIT_MS = 600_000;
/** An alarm this long overdue was given up by the platform (six retries): it counts as not armed. */
export const ALARM_LOST_MS = 120_000;
export const LEASE_MS = 120_000;

/** A Durable Object's row holds 2 MB; what surrounds the body needs some of it. */
export const MAX_EVENT_BYTES = 1_980_000;
export const MAX_ACCEPT_EVENTS = 250;
export const MAX_ACCEPT_BYTES = 16 * 1024 * 1024;
export const MAX_LEASE_EVENTS = 100;
export const MAX_LEASE_BYTES = 4 * 1024 * 1024;
export const MAX_OUTBOX = 100;
export const MAX_REPORTS = 100;
export const MAX_CONFLICTS = 100;
export const MAX_CONFLICT_BODY = 64 * 1024;

/** Bodies that are in the archive are dropped from here on. */
export const PRUNE_ABOVE_BYTES = 256 * 1024 * 1024;
export const PRUNE_CHUNK = 500;
/** A Durable Object holds 10 GB; beyond this the lane refuses before the platform does, so that it can still settle. */
export const FULL_AT_BYTES = 9 * 1024 * 1024 * 1024;

/** How the log says that an event went to another lane. */
export const FORWARDED = 'forwarded to ';
/** In the evidence of an event that another lane handed over: which one. */
export const FORWARDED_FROM = 'ledgergate-forwarded-from';
export const forwardedTo = (lane: LaneKey): string => `${FORWARDED}${lane}`;

/** 30 s, 1 min, 2 min … at most 10 min. */
export const growingWait = (tries: number): number =>
  Math.min(BACKSTOP_MS * 2 ** Math.min(Math.max(tries, 0), 10), LONGEST_WAIT_MS);

/** Why a call cannot be stored, or null. Decided before anything is written. */
export function refuseAccept(events: readonly AcceptEvent[], databaseSize: number): AcceptRefusal['reason'] | null {
  if (events.length === 0) return 'no_events';
  if (events.length > MAX_ACCEPT_EVENTS) return 'too_many_events';
  if (databaseSize > FULL_AT_BYTES) return 'lane_full';
  let total = 0;
  for (const event of events) {
    const size = storedSize(event);
    if (size > MAX_EVENT_BYTES) return 'event_too_large';
    total += size;
  }
  return total > MAX_ACCEPT_BYTES ? 'call_too_large' : null;
}

/** An upper bound: a UTF-16 unit takes at most three bytes. */
const storedSize = (event: AcceptEvent): number =>
  event.body.byteLength +
  3 * (JSON.stringify(event.evidence).length + event.eventId.length + event.type.length + event.source.length) +
  3 * (event.quarantine?.length ?? 0);

/**
 * Whether to set the alarm. Moving it to an earlier time costs a round trip before the commit, so that happens only when
 * the armed one is more than BACKSTOP_MS later than needed.
 */
export const mustArm = (armed: EpochMs | null, needed: EpochMs, now: EpochMs): boolean =>
  armed === null || armed < now - ALARM_LOST_MS || armed > needed + BACKSTOP_MS;

/**
 * When a held event is offered again by time alone; null for never (a person decides). A waiting one is looked at again
 * before `until` too, ever more rarely, because what it needs may be booked in another lane.
 */
export function dueAt(reason: HeldReason, tries: number, now: EpochMs): EpochMs | null {
  switch (reason.kind) {
    case 'waiting':
      return Math.min(Math.max(reason.until, now + BACKSTOP_MS), now + growingWait(tries));
    case 'parked':
    case 'quarantined':
    case 'forwarded':
      return null;
    default:
      return unreachable(reason);
  }
}

export interface HeldRow {
  readonly seq: number;
  readonly kind: string;
  /** Null: not before a person says so. */
  readonly dueAt: EpochMs | null;
  /** The head's position it was last tried at. */
  readonly heldAt: number;
  readonly size: number;
}

/** A held event is offered when its time has come, or when it waits and something was applied since it was tried. */
export const isDue = (held: HeldRow, position: number, now: EpochMs): boolean =>
  held.dueAt !== null && (held.dueAt <= now || (held.kind === 'waiting' && position > held.heldAt));

export interface Candidate {
  readonly seq: number;
  readonly size: number;
}

export interface LeaseLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

/** What the caller asked for, within what the contract allows. */
export const boundedLimits = (asked: Partial<LeaseLimits>): LeaseLimits => ({
  maxEvents: Math.max(1, Math.min(asked.maxEvents ?? MAX_LEASE_EVENTS, MAX_LEASE_EVENTS)),
  maxBytes: Math.max(1, Math.min(asked.maxBytes ?? MAX_LEASE_BYTES, MAX_LEASE_BYTES)),
});

/**
 * Which events to hand out: those in doubt in the order they had, then due held ones, then new ones, each in `seq`
 * order. Held ones take at most half when there are new ones, so that a crowd that waits cannot starve what it waits
 * for. The first is handed out whatever its size.
 */
export function handOut(
  doubtful: readonly Candidate[],
  held: readonly Candidate[],
  fresh: readonly Candidate[],
  limits: LeaseLimits,
): { readonly seqs: readonly number[]; readonly more: boolean } {
  const half = Math.max(1, Math.floor(limits.maxEvents / 2));
  const offered = [...doubtful, ...held.slice(0, fresh.length === 0 ? held.length : half), ...fresh];
  const seqs: number[] = [];
  let bytes = 0;
  for (const { seq, size } of offered) {
    if (seqs.length >= limits.maxEvents || (seqs.length > 0 && bytes + size > limits.maxBytes)) break;
    seqs.push(seq);
    bytes += size;
  }
  return { seqs, more: seqs.length < doubtful.length + held.length + fresh.length };
}

/**
 * What may be posted to one target: its items in applied order up to the first that is not due. A later document does
 * not overtake an earlier one that backs off or waits for a window.
 */
export function dueInOrder<T extends { readonly notBefore: EpochMs }>(
  inOrder: readonly T[],
  limit: number,
  now: EpochMs,
): { readonly due: readonly T[]; readonly rest: boolean } {
  const firstLater = inOrder.findIndex((item) => item.notBefore > now);
  const due = (firstLater === -1 ? inOrder : inOrder.slice(0, firstLater)).slice(0, limit);
  return { due, rest: due.length < inOrder.length };
}

/** What is open in a lane, as the alarm sees it. */
export interface OpenWork {
  /** Something can be done at once. */
  readonly ready: boolean;
  /** The earliest time at which something held or in the outbox becomes due; null when there is nothing such. */
  readonly next: EpochMs | null;
}

/**
 * When the alarm is needed; null when nothing is open or the lane is paused (`resume` arms it). While a lease runs,
 * its end is soon enough.
 */
export function nextAlarmAt(
  open: OpenWork,
  lane: { readonly paused: boolean; readonly leaseUntil: EpochMs; readonly unansweredRings: number },
  now: EpochMs,
): EpochMs | null {
  if (lane.paused || (!open.ready && open.next === null && lane.leaseUntil <= now)) return null;
  if (lane.leaseUntil > now) return lane.leaseUntil;
  if (open.ready) return now + growingWait(lane.unansweredRings);
  return Math.max(open.next ?? now, now + 1000);
}

/** The seqs whose bodies may go now: settled, archived, at most PRUNE_CHUNK; null when there is room enough. */
export function pruneRange(
  lane: { readonly prunedTo: number; readonly settledTo: number; readonly archivedTo: number },
  databaseSize: number,
): { readonly after: number; readonly to: number } | null {
  if (databaseSize <= PRUNE_ABOVE_BYTES) return null;
  const to = Math.min(lane.prunedTo + PRUNE_CHUNK, lane.settledTo, lane.archivedTo);
  return to > lane.prunedTo ? { after: lane.prunedTo, to } : null;
}
