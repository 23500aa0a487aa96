import { describe, expect, it } from 'vitest';
import {
  ALARM_LOST_MS,
  BACKSTOP_MS,
  dueAt,
  dueInOrder,
  FULL_AT_BYTES,
  growingWait,
  handOut,
  isDue,
  LONGEST_WAIT_MS,
  MAX_ACCEPT_EVENTS,
  MAX_EVENT_BYTES,
  mustArm,
  nextAlarmAt,
  PRUNE_ABOVE_BYTES,
  PRUNE_CHUNK,
  pruneRange,
  refuseAccept,
} from '../../../src/durable-objects/customer-lane/rules.ts';
import { delivery } from '../../support/lane-events.ts';

const now = 1_000_000_000;

describe('when the alarm is set', () => {
  it('sets it when none is armed, and leaves a near one alone', () => {
    expect(mustArm(null, now, now)).toBe(true);
    expect(mustArm(now + BACKSTOP_MS, now + BACKSTOP_MS, now)).toBe(false);
    expect(mustArm(now + 2 * BACKSTOP_MS, now + BACKSTOP_MS, now)).toBe(false);
    expect(mustArm(now - 1, now + BACKSTOP_MS, now)).toBe(false);
  });

  it('moves one that is far later than needed, and does not believe in one long overdue', () => {
    expect(mustArm(now + 2 * BACKSTOP_MS + 1, now + BACKSTOP_MS, now)).toBe(true);
    expect(mustArm(now - ALARM_LOST_MS - 1, now + BACKSTOP_MS, now)).toBe(true);
  });

  it('needs none when nothing is open or the lane is paused', () => {
    const free = { paused: false, leaseUntil: 0, unansweredRings: 0 };
    expect(nextAlarmAt({ ready: false, next: null }, free, now)).toBeNull();
    expect(nextAlarmAt({ ready: true, next: null }, { ...free, paused: true }, now)).toBeNull();
  });

  it('waits for the end of a lease, for what becomes due, or ever longer for what nobody fetches', () => {
    const free = { paused: false, leaseUntil: 0, unansweredRings: 0 };
    expect(nextAlarmAt({ ready: true, next: null }, { ...free, leaseUntil: now + 7 }, now)).toBe(now + 7);
    expect(nextAlarmAt({ ready: false, next: now + 90_000 }, free, now)).toBe(now + 90_000);
    expect(nextAlarmAt({ ready: false, next: now - 5 }, free, now)).toBe(now + 1000);
    expect(nextAlarmAt({ ready: true, next: null }, { ...free, unansweredRings: 2 }, now)).toBe(now + 4 * BACKSTOP_MS);
    expect(growingWait(0)).toBe(BACKSTOP_MS);
    expect(growingWait(1e9)).toBe(LONGEST_WAIT_MS);
  });
});

describe('which events are handed out', () => {
  const of = (...seqs: number[]) => seqs.map((seq) => ({ seq, size: 10 }));

  it('gives doubtful ones, then held ones, then new ones, and at most half to held ones while there are new ones', () => {
    expect(handOut([{ seq: 9, size: 10 }], of(1), of(5, 6), { maxEvents: 10, maxBytes: 1000 })).toEqual({
      seqs: [9, 1, 5, 6],
      more: false,
    });
    expect(handOut([], of(1, 2, 3), of(5, 6), { maxEvents: 4, maxBytes: 1000 })).toEqual({
      seqs: [1, 2, 5, 6],
      more: true,
    });
    expect(handOut([], of(1, 2, 3), [], { maxEvents: 4, maxBytes: 1000 })).toEqual({ seqs: [1, 2, 3], more: false });
  });

  it('stops at the bytes, but always gives the first', () => {
    expect(handOut([], [], of(1, 2, 3), { maxEvents: 9, maxBytes: 25 })).toEqual({ seqs: [1, 2], more: true });
    expect(handOut([], [], of(1, 2), { maxEvents: 9, maxBytes: 5 })).toEqual({ seqs: [1], more: true });
  });

  it('offers a waiting event again when something was applied, or in time, and a parked one never by itself', () => {
    const waiting = { seq: 1, kind: 'waiting', dueAt: now + 5, heldAt: 3, size: 1 };
    expect(isDue(waiting, 3, now)).toBe(false);
    expect(isDue(waiting, 4, now)).toBe(true);
    expect(isDue(waiting, 3, now + 5)).toBe(true);
    expect(isDue({ ...waiting, kind: 'parked', dueAt: null }, 9, now)).toBe(false);
    expect(isDue({ ...waiting, kind: 'parked', dueAt: now }, 3, now)).toBe(true);
  });

  it('looks at a waiting event ever more rarely, at `until` at the latest, and never at once after it failed', () => {
    const reason = { kind: 'waiting', requires: [], until: now + 100_000 } as const;
    expect(dueAt(reason, 0, now)).toBe(now + BACKSTOP_MS);
    expect(dueAt(reason, 1, now)).toBe(now + 2 * BACKSTOP_MS);
    expect(dueAt(reason, 9, now)).toBe(now + 100_000);
    expect(dueAt({ ...reason, until: now - 1 }, 9, now)).toBe(now + BACKSTOP_MS);
    expect(dueAt({ kind: 'parked', exceptionId: 'x', cause: 'c' }, 0, now)).toBeNull();
  });

  it('lets no document overtake an earlier one of its target', () => {
    const item = (position: number, notBefore: number) => ({ position, notBefore });
    const items = [item(1, 0), item(2, now + 1), item(3, 0)];
    expect(dueInOrder(items, 9, now)).toEqual({ due: [item(1, 0)], rest: true });
    expect(dueInOrder(items, 9, now + 1)).toEqual({ due: items, rest: false });
    expect(dueInOrder(items, 2, now + 1)).toEqual({ due: items.slice(0, 2), rest: true });
  });
});

describe('bounds', () => {
  it('refuses what a row, a call or the database cannot hold', () => {
    const big = { ...delivery('e'), body: new Uint8Array(MAX_EVENT_BYTES) };
    const half = { ...delivery('e'), body: new Uint8Array(MAX_EVENT_BYTES - 10_000) };
    expect(refuseAccept([], 0)).toBe('no_events');
    expect(
      refuseAccept(
        Array.from({ length: MAX_ACCEPT_EVENTS + 1 }, () => delivery('e')),
        0,
      ),
    ).toBe('too_many_events');
    expect(refuseAccept([big], 0)).toBe('event_too_large');
    expect(
      refuseAccept(
        Array.from({ length: 9 }, () => half),
        0,
      ),
    ).toBe('call_too_large');
    expect(refuseAccept([delivery('e')], FULL_AT_BYTES + 1)).toBe('lane_full');
    expect(refuseAccept([delivery('e')], 0)).toBeNull();
  });

  it('prunes in chunks what is both settled and archived, above the size only', () => {
    const lane = { prunedTo: 10, settledTo: 2000, archivedTo: 1000 };
    expect(pruneRange(lane, PRUNE_ABOVE_BYTES)).toBeNull();
    expect(pruneRange(lane, PRUNE_ABOVE_BYTES + 1)).toEqual({ after: 10, to: 10 + PRUNE_CHUNK });
    expect(pruneRange({ ...lane, archivedTo: 40 }, PRUNE_ABOVE_BYTES + 1)).toEqual({ after: 10, to: 40 });
    expect(pruneRange({ ...lane, archivedTo: 10 }, PRUNE_ABOVE_BYTES + 1)).toBeNull();
  });
});
