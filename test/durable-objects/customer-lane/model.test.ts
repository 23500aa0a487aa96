/** Random histories of a lane with a model of what its users were told; the invariants are checked after every step. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lane } from '../../../src/durable-objects/customer-lane/lane.ts';
import type { HeldReason, LeaseAnswer, Settlement } from '../../../src/durable-objects/customer-lane/protocol.ts';
import { applying, delivery, identity, type Lease } from '../../support/lane-events.ts';
import { NodeLaneStorage } from '../../support/node-lane-storage.ts';

type Fate = 'apply' | 'wait' | 'park' | 'leave';
type Step =
  | { readonly do: 'accept'; readonly ids: readonly number[]; readonly variant: number; readonly quarantined: boolean }
  | { readonly do: 'lease'; readonly maxEvents: number }
  | {
      readonly do: 'settle';
      readonly fates: readonly Fate[];
      readonly archived: boolean;
      readonly crash: number | null;
      readonly twice: boolean;
    }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'alarm' | 'evict' | 'pause' | 'resume' | 'stale' }
  | { readonly do: 'unblock' | 'redrive' | 'skip'; readonly pick: number };

const fate = fc.constantFrom<Fate>('apply', 'apply', 'apply', 'wait', 'park', 'leave');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('accept'),
      ids: fc.array(fc.nat(40), { minLength: 1, maxLength: 5 }),
      variant: fc.constantFrom(0, 0, 0, 1, 2),
      quarantined: fc.constantFrom(false, false, false, true),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('lease'), maxEvents: fc.integer({ min: 1, max: 6 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('settle'),
      fates: fc.array(fate, { minLength: 6, maxLength: 6 }),
      archived: fc.boolean(),
      crash: fc.option(fc.integer({ min: 1, max: 12 })),
      twice: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass'), ms: fc.constantFrom(1000, 30_000, 120_000, 700_000) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('alarm', 'evict', 'pause', 'resume', 'resume', 'stale') }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('unblock', 'redrive', 'skip'), pick: fc.integer({ min: 1, max: 30 }) }),
  },
);

/** The lane with its users: what they were told and did. */
class World {
  readonly storage = new NodeLaneStorage();
  lane = new Lane(this.storage);
  now = 1_000_000;
  lease: Lease | null = null;
  stale: Lease | null = null;
  readonly acceptedAs = new Map<number, string>();
  readonly applied: number[] = [];
  readonly archived = new Set<number>();
  readonly everHeld = new Set<number>();
  readonly skipped = new Set<number>();
  readonly conflictsReported: number[] = [];
  readonly conflictsMade = new Set<string>();
  readonly quarantineReported: number[] = [];
  readonly quarantined = new Set<number>();

  accept(given: Extract<Step, { do: 'accept' }>): void {
    const events = given.ids.map((id) =>
      delivery(`e${id}`, { body: `${id} ${given.variant}`, ...(given.quarantined ? { quarantine: 'unknown' } : {}) }),
    );
    const answer = this.lane.accept(identity, events, this.now);
    if ('code' in answer) throw new Error(answer.reason);
    answer.results.forEach((result, index) => {
      const event = events[index];
      if (event === undefined) throw new Error('more results than events');
      if (result.code === 'accepted') {
        expect(result.seq).toBe(this.acceptedAs.size + 1);
        this.acceptedAs.set(result.seq, event.eventId);
        if (given.quarantined) {
          this.quarantined.add(result.seq);
          this.everHeld.add(result.seq);
        }
      }
      expect(this.acceptedAs.get(result.seq)).toBe(event.eventId);
      if (result.code === 'conflict') this.conflictsMade.add(`${event.eventId} ${event.bodyHash}`);
    });
  }

  take(maxEvents: number): LeaseAnswer {
    const answer = this.lane.lease(this.now, { maxEvents });
    if (answer.code !== 'leased') return answer;
    if (this.lease !== null) this.stale = this.lease;
    this.lease = answer;
    for (const { seq } of answer.events) {
      expect(this.applied).not.toContain(seq);
      expect(this.skipped.has(seq)).toBe(false);
    }
    return answer;
  }

  settle(given: Extract<Step, { do: 'settle' }>): void {
    const { lease } = this;
    if (lease === null) return;
    const settlement = this.plan(lease, given);
    if (given.crash !== null) {
      this.storage.failAfter = given.crash;
      try {
        this.lane.settle(lease.epoch, settlement, this.now);
      } catch (error) {
        expect(String(error)).toContain('crash');
        expect(this.lane.status(1, this.now)?.head).toEqual(lease.head);
        this.lane = new Lane(this.storage);
      }
    }
    const answer = this.lane.settle(lease.epoch, settlement, this.now);
    if (given.twice)
      expect(this.lane.settle(lease.epoch, structuredClone(settlement), this.now).code).toBe(answer.code);
    this.lease = null;
    // A person took something from a lease that had run out.
    if (answer.code === 'stale_epoch') return;
    expect(answer.code).toBe('settled');
    this.applied.push(...settlement.applied.map(({ seq }) => seq));
    if (settlement.archivedTo !== null) {
      for (const { seq, held } of lease.events) if (held === null) this.archived.add(seq);
    }
    for (const { seq } of settlement.held) this.everHeld.add(seq);
    for (const { seq } of this.lane.status(500, this.now)?.held ?? []) this.everHeld.add(seq);
    this.conflictsReported.push(...lease.conflicts.map(({ number }) => number));
    this.quarantineReported.push(...lease.quarantined.map(({ seq }) => seq));
  }

  plan(lease: Lease, given: Extract<Step, { do: 'settle' }>): Settlement {
    const fates = lease.events.map((event, index) => ({ event, fate: given.fates[index] ?? 'leave' }));
    const named = fates.filter((one) => one.fate !== 'leave');
    const seqs = named.flatMap(({ event, fate }) => (fate === 'apply' ? [event.seq] : []));
    const held = named.flatMap(({ event: { seq }, fate }): { seq: number; reason: HeldReason }[] => {
      if (fate === 'apply') return [];
      return fate === 'wait'
        ? [{ seq, reason: { kind: 'waiting', requires: ['x'], until: this.now + 200_000 } }]
        : [{ seq, reason: { kind: 'parked', exceptionId: `x${seq}`, cause: 'c' } }];
    });
    const head = applying(lease, seqs).head;
    return applying(lease, seqs, {
      held,
      head: seqs.length === 0 ? lease.head : head,
      archivedTo:
        given.archived && lease.unarchived === null
          ? Math.max(0, ...lease.events.flatMap(({ seq, held }) => (held === null ? [seq] : [])))
          : null,
      reported: { conflictsTo: lease.conflicts.at(-1)?.number ?? 0, quarantinedTo: lease.quarantined.at(-1)?.seq ?? 0 },
    });
  }

  run(given: Step): void {
    switch (given.do) {
      case 'accept':
        this.accept(given);
        return;
      case 'lease':
        this.take(given.maxEvents);
        return;
      case 'settle':
        this.settle(given);
        return;
      case 'pass':
        this.pass(given.ms);
        return;
      case 'alarm':
        this.alarm();
        return;
      case 'evict':
        this.lane = new Lane(this.storage);
        return;
      case 'pause':
        this.lane.pause();
        return;
      case 'resume':
        this.lane.resume(this.now);
        return;
      case 'stale':
        if (this.stale !== null)
          expect(this.lane.settle(this.stale.epoch, applying(this.stale, []), this.now).code).toBe('stale_epoch');
        return;
      case 'unblock':
        this.lane.unblock([given.pick], this.now);
        return;
      case 'redrive':
        this.lane.redrive([given.pick], this.now);
        return;
      case 'skip':
        if (this.lane.skip(given.pick, 'decided', this.now, this.applied.length).code === 'done')
          this.skipped.add(given.pick);
        return;
    }
  }

  alarm(): void {
    this.storage.disarm();
    this.lane.onAlarm(this.now);
  }

  pass(ms: number): void {
    this.now += ms;
    const armed = this.storage.armedAt();
    if (armed !== null && armed <= this.now) this.alarm();
  }

  check(): void {
    const status = this.lane.status(500, this.now);
    if (status === null) return;
    expect(status.accepted).toBe(this.acceptedAs.size);
    expect(status.head.position).toBe(this.applied.length);
    expect(new Set(this.applied).size).toBe(this.applied.length);
    const inTurn = this.applied.filter((seq) => !this.everHeld.has(seq));
    expect(inTurn).toEqual([...inTurn].sort((a, b) => a - b));
    expect(new Set(this.conflictsReported).size).toBe(this.conflictsReported.length);
    expect(new Set(this.quarantineReported).size).toBe(this.quarantineReported.length);
    const needed = this.lane.nextAlarm(this.now);
    const armed = this.storage.armedAt();
    if (needed !== null) expect(armed, `an alarm by ${needed}`).not.toBeNull();
    if (needed !== null && armed !== null)
      expect(armed).toBeLessThanOrEqual(Math.max(needed + 30_000, this.now + 600_000));
    const lacking = new Set(this.lane.unarchived(1).map(({ seq }) => seq));
    for (const { seq, state, latePosition } of this.lane.events(1, 500).events) {
      const at = this.applied.indexOf(seq);
      if (at !== -1)
        expect(this.archived.has(seq) || lacking.has(seq), `event ${seq} in the archive or offered`).toBe(true);
      expect(state === 'settled', `event ${seq} is ${state}`).toBe(at !== -1);
      expect(state === 'skipped').toBe(this.skipped.has(seq));
      if (latePosition !== null) expect(latePosition).toBe(at + 1);
    }
  }

  /** Everybody does their work: what is left then is only what a person holds back. */
  finish(): void {
    this.lane.resume(this.now);
    const all: Fate[] = ['apply', 'apply', 'apply', 'apply', 'apply', 'apply'];
    for (let turn = 0; turn < 200; turn++) {
      this.pass(700_000);
      if (this.take(6).code === 'leased')
        this.settle({ do: 'settle', fates: all, archived: true, crash: null, twice: false });
      const from = this.lane.unarchived(1).at(-1)?.seq;
      if (from !== undefined && this.lane.nextAlarm(this.now) !== null) this.archive();
      if (this.lane.nextAlarm(this.now) === null && this.lane.lease(this.now).code === 'idle') return;
    }
    throw new Error('the lane never came to rest');
  }

  archive(): void {
    if (this.take(6).code !== 'leased' || this.lease === null) return;
    const { lease } = this;
    const archivedTo = lease.unarchived?.to ?? null;
    for (const { seq } of this.lane.unarchived(1)) this.archived.add(seq);
    this.lane.settle(lease.epoch, applying(lease, [], { head: lease.head, archivedTo }), this.now);
    this.lease = null;
  }
}

describe('a lane under random histories', () => {
  it('loses nothing, applies nothing twice, keeps the order and stays awake', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = new World();
        for (const one of steps) {
          world.run(one);
          world.check();
        }
        if (world.acceptedAs.size === 0) return;
        world.finish();
        world.check();
        const held = new Set(world.lane.status(500, world.now)?.held.map(({ seq }) => seq));
        for (const seq of world.acceptedAs.keys()) {
          expect([world.applied.includes(seq), held.has(seq), world.skipped.has(seq)].filter(Boolean)).toHaveLength(1);
        }
        expect(world.conflictsReported).toHaveLength(world.conflictsMade.size);
        for (const seq of world.quarantined) {
          expect(world.quarantineReported.includes(seq) || world.applied.includes(seq) || world.skipped.has(seq)).toBe(
            true,
          );
        }
      }),
      { numRuns: 300 },
    );
  });
});
