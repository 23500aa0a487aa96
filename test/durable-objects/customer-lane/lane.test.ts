import { beforeEach, describe, expect, it } from 'vitest';
import { laneKey } from '../../../src/canonical/ids.ts';
import { Lane, type LeaseRequest } from '../../../src/durable-objects/customer-lane/lane.ts';
import type { AcceptAnswer, AcceptEvent, HeldReason } from '../../../src/durable-objects/customer-lane/protocol.ts';
import {
  BACKSTOP_MS,
  LEASE_MS,
  MAX_CONFLICTS,
  PRUNE_ABOVE_BYTES,
} from '../../../src/durable-objects/customer-lane/rules.ts';
import { applying, bytesOf, delivery, identity, type Lease } from '../../support/lane-events.ts';
import { NodeLaneStorage } from '../../support/node-lane-storage.ts';

let storage: NodeLaneStorage;
let lane: Lane;
const now = 1_000_000;
const evict = () => {
  lane = new Lane(storage);
};

beforeEach(() => {
  storage = new NodeLaneStorage();
  lane = new Lane(storage);
});

function accept(...events: AcceptEvent[]): AcceptAnswer {
  const answer = lane.accept(identity, events, now);
  if ('code' in answer) throw new Error(answer.reason);
  return answer;
}

function lease(at = now, request: LeaseRequest = {}): Lease {
  const answer = lane.lease(at, request);
  if (answer.code !== 'leased') throw new Error(`lease answered ${answer.code}`);
  return answer;
}

const seqs = (given: Lease) => given.events.map(({ seq }) => seq);
const waiting = (until = now + 3_600_000): HeldReason => ({
  kind: 'waiting',
  requires: ['stripe:invoice:in_1'],
  until,
});
const parked: HeldReason = { kind: 'parked', exceptionId: 'x1', cause: 'unbalanced' };

describe('accept', () => {
  it('numbers events in order, and names the first contact', () => {
    expect(accept(delivery('a'), delivery('b'))).toEqual({
      results: [
        { code: 'accepted', seq: 1 },
        { code: 'accepted', seq: 2 },
      ],
      ring: true,
      created: true,
    });
    expect(accept(delivery('c'))).toEqual({ results: [{ code: 'accepted', seq: 3 }], ring: false, created: false });
  });

  it('stores a repeated delivery once, in one call and after an eviction', () => {
    accept(delivery('a'), delivery('a'));
    evict();
    expect(accept(delivery('a')).results).toEqual([{ code: 'duplicate', seq: 1 }]);
    expect(seqs(lease())).toEqual([1]);
  });

  it('keeps the first when the same id comes with other bytes, and hands the other out as a conflict, once', () => {
    accept(delivery('a'));
    expect(accept(delivery('a', { body: 'other' })).results).toEqual([{ code: 'conflict', seq: 1 }]);
    accept(delivery('a', { body: 'other' }));
    const given = lease();
    expect(given.events[0]?.body).toEqual(bytesOf('{"id":"a"}'));
    expect(given.conflicts).toMatchObject([{ number: 1, seq: 1, eventId: 'a', body: bytesOf('other') }]);
    lane.settle(given.epoch, applying(given, [1], { reported: { conflictsTo: 1 }, archivedTo: 1 }), now);
    accept(delivery('a', { body: 'other' }));
    expect(lane.lease(now)).toEqual({ code: 'idle' });
  });

  it('offers a conflict again until it is reported', () => {
    accept(delivery('a'), delivery('a', { body: 'other' }));
    const given = lease();
    lane.settle(given.epoch, applying(given, [1], { archivedTo: 1 }), now);
    expect(lease().conflicts).toHaveLength(1);
  });

  it('keeps at most 100 unreported conflicts, counts the others, and makes room from reported ones', () => {
    accept(delivery('a'));
    for (let index = 0; index <= MAX_CONFLICTS; index++) accept(delivery('a', { body: `other ${index}` }));
    const given = lease();
    expect(given.conflicts).toHaveLength(MAX_CONFLICTS);
    expect(given.conflictsOmitted).toBe(1);
    lane.settle(given.epoch, applying(given, [1], { reported: { conflictsTo: MAX_CONFLICTS }, archivedTo: 1 }), now);
    accept(delivery('a', { body: 'yet another' }));
    expect(lease().conflicts.map(({ number }) => number)).toEqual([MAX_CONFLICTS + 1]);
  });

  it('keeps the hash but not the body of a conflict above 64 KiB', () => {
    accept(delivery('a'), delivery('a', { body: 'x'.repeat(65_537) }));
    expect(lease().conflicts[0]).toMatchObject({
      body: null,
      bodyHash: delivery('a', { body: 'x'.repeat(65_537) }).bodyHash,
    });
  });

  it('refuses a call out of bounds before it writes anything', () => {
    expect(lane.accept(identity, [], now)).toEqual({ code: 'refused', reason: 'no_events' });
    expect(lane.status(1, now)).toBeNull();
    expect(storage.armedAt()).toBeNull();
  });

  it('throws for another lane’s event, and stores nothing', () => {
    accept(delivery('a'));
    expect(() => lane.accept({ ...identity, lane: laneKey('stripe:cus_2') }, [delivery('b')], now)).toThrow('cus_2');
    expect(lane.status(1, now)?.accepted).toBe(1);
  });

  it('keeps all of a call or nothing when it crashes in the middle', () => {
    storage.failAfter = 14;
    expect(() => lane.accept(identity, [delivery('a'), delivery('b')], now)).toThrow('crash');
    expect(lane.status(1, now)).toBeNull();
    expect(storage.armedAt()).toBeNull();
    expect(accept(delivery('a'), delivery('b')).results.map(({ code }) => code)).toEqual(['accepted', 'accepted']);
    storage.failAfter = 4;
    expect(() => lane.accept(identity, [delivery('c'), delivery('d')], now)).toThrow('crash');
    expect(accept(delivery('c')).results).toEqual([{ code: 'accepted', seq: 3 }]);
  });

  it('arms the alarm once per burst', () => {
    accept(delivery('a'));
    accept(delivery('b'));
    lane.accept(identity, [delivery('c')], now + 20_000);
    expect(storage.armedAt()).toBe(now + BACKSTOP_MS);
    expect(storage.alarmsSet).toBe(1);
  });
});

describe('the doorbell', () => {
  it('is rung once until somebody leases, and not while somebody works', () => {
    expect(accept(delivery('a')).ring).toBe(true);
    expect(accept(delivery('b')).ring).toBe(false);
    const given = lease();
    expect(accept(delivery('c')).ring).toBe(false);
    expect(lane.settle(given.epoch, applying(given, [1, 2]), now)).toEqual({ code: 'settled', more: true });
    expect(accept(delivery('d')).ring).toBe(false);
  });

  it('is rung again after a pass that left nothing', () => {
    accept(delivery('a'));
    const given = lease();
    expect(lane.settle(given.epoch, applying(given, [1], { archivedTo: 1 }), now)).toEqual({
      code: 'settled',
      more: false,
    });
    expect(accept(delivery('b')).ring).toBe(true);
  });

  it('that got lost is rung by the alarm, which stays armed, ever more rarely', () => {
    accept(delivery('a'));
    const waits = [0, 1, 2, 3, 4, 5, 6].map(() => {
      const at = storage.armedAt() ?? Number.NaN;
      storage.disarm();
      expect(lane.onAlarm(at)).toEqual({ ring: true });
      return ((storage.armedAt() ?? Number.NaN) - at) / 1000;
    });
    expect(waits).toEqual([30, 60, 120, 240, 480, 600, 600]);
  });

  it('is silent, with no alarm, when all is settled and archived', () => {
    accept(delivery('a'));
    const given = lease();
    lane.settle(given.epoch, applying(given, [1], { archivedTo: 1 }), now);
    storage.disarm();
    expect(lane.onAlarm(now)).toEqual({ ring: false });
    expect(storage.armedAt()).toBeNull();
    expect(storage.alarmsSet).toBe(1);
  });

  it('is not rung by the alarm during a lease, whose end is armed instead', () => {
    accept(delivery('a'));
    lease();
    storage.disarm();
    expect(lane.onAlarm(now + BACKSTOP_MS)).toEqual({ ring: false });
    expect(storage.armedAt()).toBe(now + LEASE_MS);
    storage.disarm();
    expect(lane.onAlarm(now + LEASE_MS)).toEqual({ ring: true });
  });

  it('that could not be sent is asked for again', () => {
    accept(delivery('a'));
    storage.disarm();
    lane.onAlarm(now);
    lane.ringFailed();
    expect(accept(delivery('b')).ring).toBe(true);
  });
});

describe('lease', () => {
  it('gives new events with bytes and proof, and a new epoch each time', () => {
    accept(delivery('a'));
    const given = lease();
    expect(given).toMatchObject({
      tenant: 'acme',
      lane: 'stripe:cus_1',
      epoch: 1,
      head: { position: 0, hash: '0'.repeat(64) },
    });
    expect(given.events).toEqual([
      {
        seq: 1,
        source: 'stripe',
        eventId: 'a',
        type: 'invoice.paid',
        occurredAt: 900,
        receivedAt: 1000,
        trust: 'signed',
        bodyHash: delivery('a').bodyHash,
        body: delivery('a').body,
        evidence: delivery('a').evidence,
        held: null,
      },
    ]);
    expect(lease(now + LEASE_MS).epoch).toBe(2);
  });

  it('is refused while another runs, and over at its end', () => {
    accept(delivery('a'));
    lease();
    evict();
    expect(lane.lease(now + LEASE_MS - 1)).toEqual({ code: 'busy', until: now + LEASE_MS });
    expect(lane.lease(now + LEASE_MS).code).toBe('leased');
  });

  it('is idle for a lane nobody wrote to, without creating it', () => {
    expect(lane.lease(now)).toEqual({ code: 'idle' });
    expect(storage.exec('SELECT count(*) AS n FROM sqlite_master')).toEqual([{ n: 0 }]);
  });

  it('bounds events and says that there is more', () => {
    accept(...Array.from({ length: 120 }, (_, index) => delivery(`e${index}`)));
    expect(lease(now, { maxEvents: 1000 })).toMatchObject({ more: true, events: { length: 100 } });
  });

  it('that was not settled is given again in the same order, whatever became due since', () => {
    accept(delivery('w'), delivery('a'));
    const first = lease();
    lane.settle(first.epoch, applying(first, [2], { held: [{ seq: 1, reason: parked }] }), now);
    accept(delivery('b'), delivery('c'));
    expect(seqs(lease())).toEqual([3, 4]);
    const later = now + LEASE_MS;
    lane.unblock([1], later);
    accept(delivery('d'));
    expect(seqs(lease(later, { maxEvents: 1 }))).toEqual([3]);
    const again = lease(later + LEASE_MS);
    expect(seqs(again)).toEqual([3, 4, 1, 5]);
    expect(lane.settle(again.epoch, applying(again, [3, 4]), later)).toEqual({ code: 'settled', more: true });
    const rest = lease(later + LEASE_MS);
    expect(seqs(rest)).toEqual([1, 5]);
    lane.settle(rest.epoch, applying(rest, [], { head: rest.head }), later);
    expect(lane.skip(1, 'no', later)).toEqual({ code: 'in_doubt' });
  });

  it('gives nothing while paused, and all of it after', () => {
    accept(delivery('a'));
    lane.pause();
    evict();
    expect(lane.lease(now)).toEqual({ code: 'idle' });
    expect(accept(delivery('b'))).toMatchObject({ results: [{ code: 'accepted', seq: 2 }], ring: false });
    expect(lane.status(10, now)).toMatchObject({ accepted: 2, paused: true, oldestUnsettledAt: 1000 });
    storage.disarm();
    expect(lane.onAlarm(now)).toEqual({ ring: false });
    expect(lane.resume(now)).toEqual({ ring: true });
    expect(storage.armedAt()).toBe(now + BACKSTOP_MS);
    expect(seqs(lease())).toEqual([1, 2]);
  });
});

describe('settle', () => {
  it('moves the head and never gives an applied event again', () => {
    accept(delivery('a'), delivery('b'));
    const given = lease();
    lane.settle(given.epoch, applying(given, [1, 2], { archivedTo: 2 }), now);
    evict();
    expect(lane.status(10, now)).toMatchObject({ head: { position: 2 }, settledTo: 2, archivedTo: 2, lease: null });
    expect(lane.lease(now)).toEqual({ code: 'idle' });
  });

  it('keeps due what was handed out and not named', () => {
    accept(delivery('a'), delivery('b'));
    const given = lease();
    expect(lane.settle(given.epoch, applying(given, [1]), now)).toEqual({ code: 'settled', more: true });
    expect(seqs(lease())).toEqual([2]);
  });

  it('is refused to a holder that was overtaken, and changes nothing', () => {
    accept(delivery('a'));
    const slow = lease();
    const fast = lease(now + LEASE_MS);
    expect(lane.settle(slow.epoch, applying(slow, [1]), now + LEASE_MS)).toEqual({ code: 'stale_epoch' });
    expect(lane.settle(fast.epoch, applying(fast, [1]), now + LEASE_MS).code).toBe('settled');
    expect(lane.status(1, now)?.head.position).toBe(1);
  });

  it('is taken from a lease that ran out while nobody else came', () => {
    accept(delivery('a'));
    const given = lease();
    expect(lane.settle(given.epoch, applying(given, [1]), now + 10 * LEASE_MS).code).toBe('settled');
  });

  it('sent twice is settled once; a different one for the same lease is refused', () => {
    accept(delivery('a'), delivery('b'));
    const given = lease();
    const settlement = applying(given, [1, 2], {
      outbox: [{ target: 'odoo', position: 1, seq: 1, uncertain: false, notBefore: now + 9e5 }],
    });
    lane.settle(given.epoch, settlement, now);
    evict();
    expect(lane.settle(given.epoch, structuredClone(settlement), now).code).toBe('settled');
    expect(lane.status(9, now)?.outbox[0]?.attempts).toBe(0);
    expect(lane.settle(given.epoch, applying(given, [1]), now).code).toBe('refused');
  });

  it.each([
    ['a position gap', { applied: [{ seq: 1, position: 2 }], head: { position: 2, hash: 'a'.repeat(64) } }],
    ['a head that is not the last position', { head: { position: 9, hash: 'a'.repeat(64) } }],
    ['a head hash that is none', { head: { position: 1, hash: 'A' } }],
    ['an event it was not given', { held: [{ seq: 4, reason: parked }] }],
    ['an event both applied and held', { held: [{ seq: 1, reason: parked }] }],
    [
      'an outbox item of a position not applied',
      { outbox: [{ target: 't', position: 2, seq: 1, uncertain: false, notBefore: 0 }] },
    ],
    [
      'an outbox item kept and done',
      {
        outbox: [{ target: 't', position: 1, seq: 1, uncertain: false, notBefore: 0 }],
        posted: [{ target: 't', position: 1 }],
      },
    ],
    ['a report beyond what was handed out', { reported: { conflictsTo: 1 } }],
  ])('refuses %s, and changes nothing', (_, changes) => {
    accept(delivery('a'), delivery('b'), delivery('c'));
    const given = lease();
    expect(lane.settle(given.epoch, { ...applying(given, [1]), ...changes }, now).code).toBe('refused');
    expect(lane.status(1, now)).toMatchObject({ head: { position: 0 }, settledTo: 0, held: [] });
    expect(lane.settle(given.epoch, applying(given, [1, 2, 3]), now).code).toBe('settled');
  });

  it('refuses new events applied out of order, unless the earlier one waited within the pass', () => {
    accept(delivery('paid'), delivery('finalized'));
    const given = lease();
    expect(lane.settle(given.epoch, applying(given, [2, 1]), now).code).toBe('refused');
    const applied = [
      { seq: 2, position: 1 },
      { seq: 1, position: 2, waited: true },
    ];
    expect(lane.settle(given.epoch, { ...applying(given, [2, 1]), applied }, now).code).toBe('settled');
    expect(lane.events(1, 10).events.map(({ state, latePosition }) => [state, latePosition])).toEqual([
      ['settled', 2],
      ['settled', null],
    ]);
  });

  it('holds a new event that was passed over, and offers it at once', () => {
    accept(delivery('a'), delivery('b'));
    const given = lease();
    expect(lane.settle(given.epoch, applying(given, [2]), now)).toEqual({ code: 'settled', more: true });
    expect(lane.status(9, now)).toMatchObject({ settledTo: 2, held: [{ seq: 1, reason: { kind: 'waiting' } }] });
    expect(seqs(lease())).toEqual([1]);
  });

  it('undoes everything when it crashes in the middle', () => {
    accept(delivery('a'), delivery('b'));
    const given = lease();
    const settlement = applying(given, [2], { held: [{ seq: 1, reason: parked }] });
    storage.failAfter = 4;
    expect(() => lane.settle(given.epoch, settlement, now)).toThrow('crash');
    expect(lane.status(1, now)).toMatchObject({ head: { position: 0 }, held: [] });
    expect(lane.settle(given.epoch, settlement, now).code).toBe('settled');
  });
});

describe('held events', () => {
  const hold = (reason: HeldReason) => {
    accept(delivery('w'));
    const given = lease();
    lane.settle(given.epoch, applying(given, [], { held: [{ seq: 1, reason }], head: given.head, archivedTo: 1 }), now);
  };

  it('wait until something new is applied, then keep where they were applied', () => {
    hold(waiting());
    expect(lane.lease(now)).toEqual({ code: 'idle' });
    accept(delivery('a'));
    const next = lease();
    expect(seqs(next)).toEqual([2]);
    expect(lane.settle(next.epoch, applying(next, [2]), now)).toEqual({ code: 'settled', more: true });
    const retried = lease();
    expect(retried.events).toMatchObject([{ seq: 1, held: { kind: 'waiting' } }]);
    lane.settle(retried.epoch, applying(retried, [1], { archivedTo: 2 }), now);
    expect(lane.events(1, 10).events.map(({ latePosition }) => latePosition)).toEqual([2, null]);
    expect(lane.status(1, now)?.held).toEqual([]);
    expect(lane.lease(now)).toEqual({ code: 'idle' });
  });

  it('are tried again when their prerequisite came behind them in the same pass, once', () => {
    accept(delivery('paid'), delivery('finalized'));
    const given = lease();
    expect(
      lane.settle(given.epoch, applying(given, [2], { held: [{ seq: 1, reason: waiting() }], archivedTo: 2 }), now),
    ).toMatchObject({ more: true });
    const again = lease();
    expect(seqs(again)).toEqual([1]);
    expect(
      lane.settle(again.epoch, applying(again, [], { held: [{ seq: 1, reason: waiting() }], head: again.head }), now),
    ).toMatchObject({ more: false });
  });

  it('are looked at by the alarm, for what another lane booked', () => {
    hold(waiting());
    expect(lane.nextAlarm(now)).toBe(now + BACKSTOP_MS);
    storage.disarm();
    expect(lane.onAlarm(now + BACKSTOP_MS)).toEqual({ ring: true });
    expect(seqs(lease(now + BACKSTOP_MS))).toEqual([1]);
  });

  it('that are parked block nothing, arm nothing, and come back when unblocked', () => {
    hold(parked);
    expect(lane.nextAlarm(now)).toBeNull();
    accept(delivery('a'));
    const given = lease();
    expect(seqs(given)).toEqual([2]);
    lane.settle(given.epoch, applying(given, [2], { archivedTo: 2 }), now);
    expect(lane.unblock([1, 99], now)).toEqual({ code: 'done', seqs: [1], ring: true });
    expect(lease().events).toMatchObject([{ seq: 1, held: { kind: 'parked', exceptionId: 'x1' } }]);
  });

  it('that are quarantined are reported once, block nothing, and come back only when re-driven', () => {
    expect(accept(delivery('q', { quarantine: 'unknown type' }), delivery('a')).ring).toBe(true);
    const given = lease();
    expect(seqs(given)).toEqual([2]);
    expect(given.quarantined).toMatchObject([
      { seq: 1, source: 'stripe', eventId: 'q', type: 'invoice.paid', receivedAt: 1000, reason: 'unknown type' },
    ]);
    lane.settle(given.epoch, applying(given, [2], { archivedTo: 2, reported: { quarantinedTo: 1 } }), now);
    expect(lane.status(9, now)).toMatchObject({
      settledTo: 2,
      archivedTo: 2,
      held: [{ seq: 1, reason: { kind: 'quarantined' } }],
    });
    expect(lane.unblock([1], now)).toEqual({ code: 'not_applicable' });
    expect(lane.lease(now)).toEqual({ code: 'idle' });
    expect(lane.redrive([1], now)).toEqual({ code: 'done', seqs: [1], ring: true });
    const redriven = lease();
    lane.settle(redriven.epoch, applying(redriven, [1]), now);
    expect(lane.status(9, now)).toMatchObject({ head: { position: 2 }, archivedTo: 2, held: [] });
    const late = lease();
    expect(late).toMatchObject({ events: [], unarchived: { from: 1, to: 1 } });
    expect(lane.unarchived(1).map(({ seq }) => seq)).toEqual([1]);
    lane.settle(late.epoch, applying(late, [], { head: late.head, archivedTo: 1 }), now);
    expect(lane.lease(now)).toEqual({ code: 'idle' });
  });
});

describe('a person’s commands', () => {
  it('park and skip take an event that is due out of its turn', () => {
    accept(delivery('a'), delivery('b'), delivery('c'));
    expect(lane.park(1, { exceptionId: 'x', cause: 'poison' }, now)).toMatchObject({ code: 'done' });
    expect(lane.skip(2, 'test event', now)).toMatchObject({ code: 'done' });
    const given = lease();
    expect(seqs(given)).toEqual([3]);
    lane.settle(given.epoch, applying(given, [3], { archivedTo: 3 }), now);
    expect(lane.events(1, 9).events.map(({ state }) => state)).toEqual(['held', 'skipped', 'settled']);
    expect(lane.skip(1, 'decided', now).code).toBe('done');
    expect(lane.status(9, now)?.held).toEqual([]);
    expect(lane.lease(now)).toEqual({ code: 'idle' });
  });

  it('are refused for what is leased, applied, skipped or unknown', () => {
    accept(delivery('a'), delivery('b'));
    lane.skip(2, 'no', now);
    const given = lease();
    expect(lane.skip(1, 'no', now)).toEqual({ code: 'busy', until: now + LEASE_MS });
    lane.settle(given.epoch, applying(given, [1]), now);
    expect(lane.skip(1, 'no', now)).toEqual({ code: 'not_applicable' });
    expect(lane.skip(2, 'no', now)).toEqual({ code: 'not_applicable' });
    expect(lane.park(3, { exceptionId: 'x', cause: 'c' }, now)).toEqual({ code: 'not_found' });
  });

  it('touch an event the ledger may have only with the ledger’s head, and shut its late holder out', () => {
    accept(delivery('poison'), delivery('b'));
    const dead = lease();
    const later = now + LEASE_MS;
    expect(lane.skip(1, 'poison', later)).toEqual({ code: 'in_doubt' });
    expect(lane.skip(1, 'poison', later, 1)).toEqual({ code: 'in_doubt' });
    expect(lane.skip(1, 'poison', later, 0)).toMatchObject({ code: 'done' });
    expect(lane.settle(dead.epoch, applying(dead, [1]), later)).toEqual({ code: 'stale_epoch' });
    expect(seqs(lease(later))).toEqual([2]);
  });
});

describe('the outbox', () => {
  const item = (target: string, position: number, notBefore: number) => ({
    target,
    position,
    seq: position,
    uncertain: false,
    notBefore,
  });

  it('gives due documents in order per target, and names targets with others', () => {
    accept(delivery('a'), delivery('b'));
    const given = lease();
    lane.settle(
      given.epoch,
      applying(given, [1, 2], {
        archivedTo: 2,
        outbox: [item('gl', 1, now), item('odoo', 1, now + 60_000), item('odoo', 2, now), item('gl', 2, now)],
      }),
      now,
    );
    const next = lease();
    expect(next.outbox.map(({ target, position }) => [target, position])).toEqual([
      ['gl', 1],
      ['gl', 2],
    ]);
    expect(next.blockedTargets).toEqual(['odoo']);
    const posted = applying(next, [], {
      head: next.head,
      posted: [
        { target: 'gl', position: 1 },
        { target: 'gl', position: 2 },
      ],
    });
    expect(lane.settle(next.epoch, posted, now)).toEqual({ code: 'settled', more: false });
    expect(lane.nextAlarm(now)).toBe(now + 60_000);
    const due = lease(now + 60_000);
    lane.settle(
      due.epoch,
      applying(due, [], { head: due.head, outbox: [{ ...item('odoo', 1, now + 120_000), uncertain: true }] }),
      now + 60_000,
    );
    expect(lane.status(9, now)?.outbox).toMatchObject([
      { position: 1, uncertain: true, attempts: 1, eventId: 'a' },
      { position: 2, attempts: 0 },
    ]);
  });
});

describe('hasten', () => {
  it('makes failed documents due at once, and leaves those that wait for a window', () => {
    accept(delivery('a'), delivery('b'));
    const given = lease();
    const item = (target: string, position: number) => ({
      target,
      position,
      seq: position,
      uncertain: false,
      notBefore: now + 9e5,
    });
    lane.settle(
      given.epoch,
      applying(given, [1, 2], { archivedTo: 2, outbox: [{ ...item('odoo', 1), notBefore: now }, item('gl', 2)] }),
      now,
    );
    const tried = lease();
    lane.settle(tried.epoch, applying(tried, [], { head: tried.head, outbox: [item('odoo', 1)] }), now);
    expect(lane.hasten('gl', now)).toEqual({ code: 'not_applicable' });
    expect(lane.hasten(null, now)).toEqual({ code: 'done', seqs: [1], ring: true });
    expect(lease().outbox.map(({ target }) => target)).toEqual(['odoo']);
  });
});

describe('documents that wait for a decision', () => {
  const item = (position: number, notBefore: number) => ({
    ...{ target: 'odoo', position, seq: position, uncertain: false, tried: false, notBefore },
  });
  const waiting = () => {
    accept(delivery('a'), delivery('b'));
    const given = lease();
    const outbox = [item(1, now + 3_600_000), item(2, now)];
    lane.settle(given.epoch, applying(given, [1, 2], { archivedTo: 2, outbox }), now);
  };

  it('keep the later ones behind them, go once it was made, and then those follow', () => {
    waiting();
    expect(lane.lease(now)).toEqual({ code: 'idle' });
    expect(lane.releaseDocuments('gl', 1, now, now)).toEqual({ code: 'not_applicable' });
    expect(lane.releaseDocuments('odoo', 1, now, now)).toEqual({ code: 'done', seqs: [1], ring: true });
    expect(lease().outbox.map(({ position }) => position)).toEqual([1, 2]);
  });

  it('go no later than they would have without it', () => {
    waiting();
    lane.releaseDocuments('odoo', 1, now + 7_200_000, now);
    expect(lane.status(9, now)?.outbox[0]?.notBefore).toBe(now + 3_600_000);
  });

  it('that were looked at and wait on were not tried, so that nobody can hasten them', () => {
    waiting();
    const looked = lease(now + 3_600_000);
    const kept = applying(looked, [], { head: looked.head, outbox: [item(1, now + 7_200_000)] });
    lane.settle(looked.epoch, kept, now + 3_600_000);
    expect(lane.status(9, now)?.outbox[0]).toMatchObject({ attempts: 0, notBefore: now + 7_200_000 });
    expect(lane.hasten('odoo', now + 3_600_000)).toEqual({ code: 'not_applicable' });
  });
});

describe('who had a held event tried again', () => {
  it('is handed out with it, and forgotten once it is held anew', () => {
    accept(delivery('a'));
    const first = lease();
    lane.settle(first.epoch, applying(first, [], { head: first.head, held: [{ seq: 1, reason: parked }] }), now);
    lane.unblock([1], now, 'key:Grace');
    const given = lease();
    expect(given.events).toMatchObject([{ seq: 1, held: { kind: 'parked', releasedBy: 'key:Grace' } }]);
    lane.settle(given.epoch, applying(given, [], { head: given.head, held: [{ seq: 1, reason: parked }] }), now);
    lane.unblock([1], now);
    const [event] = lease().events;
    expect(event?.held).toEqual(parked);
  });
});

describe('bodies', () => {
  it('are dropped above the size once settled and archived, and the rest stays', () => {
    accept(delivery('a'), delivery('b'), delivery('c'));
    const given = lease();
    lane.settle(given.epoch, applying(given, [1, 3], { held: [{ seq: 2, reason: parked }], archivedTo: 3 }), now);
    expect(lane.body(1)).toMatchObject({ code: 'found', body: delivery('a').body, evidence: delivery('a').evidence });
    storage.pretendedSize = PRUNE_ABOVE_BYTES + 1;
    storage.disarm();
    lane.onAlarm(now);
    expect(lane.body(1)).toEqual({ code: 'pruned', bodyHash: delivery('a').bodyHash });
    expect(lane.body(2).code).toBe('found');
    expect(lane.body(3).code).toBe('pruned');
    expect(lane.body(4)).toEqual({ code: 'not_found' });
    expect(accept(delivery('a')).results).toEqual([{ code: 'duplicate', seq: 1 }]);
    lane.unblock([2], now);
    const next = lease();
    lane.settle(next.epoch, applying(next, [2]), now);
    expect(lane.unarchived(1)).toEqual([]);
  });

  it('that the archive missed are offered until it has them, without a busy loop', () => {
    accept(delivery('a'));
    const given = lease();
    expect(lane.settle(given.epoch, applying(given, [1]), now)).toEqual({ code: 'settled', more: false });
    storage.disarm();
    expect(lane.onAlarm(now)).toEqual({ ring: true });
    const next = lease();
    expect(next).toMatchObject({ events: [], unarchived: { from: 1, to: 1 } });
    lane.settle(next.epoch, applying(next, [], { head: next.head, archivedTo: 1 }), now);
    expect(lane.nextAlarm(now)).toBeNull();
  });
});

describe('reading', () => {
  it('pages the log without bodies', () => {
    accept(delivery('a'), delivery('b'), delivery('c'));
    const first = lane.events(1, 2);
    expect(first.events.map(({ eventId, size, state }) => [eventId, size, state])).toEqual([
      ['a', 10, 'due'],
      ['b', 10, 'due'],
    ]);
    expect(lane.events(first.next ?? 0, 2)).toMatchObject({ events: [{ seq: 3 }], next: null });
  });
});
