import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { laneKey, providerEventId, sourceId, tenantId } from '../../src/canonical/ids.ts';
import type { CustomerLane } from '../../src/durable-objects/customer-lane/customer-lane.ts';
import { DurableLaneStorage } from '../../src/durable-objects/customer-lane/durable-lane-storage.ts';
import { Lane } from '../../src/durable-objects/customer-lane/lane.ts';
import {
  type AcceptAnswer,
  type AcceptEvent,
  type AcceptRefusal,
  type Doorbell,
  type LeaseAnswer,
  laneName,
  type Settlement,
} from '../../src/durable-objects/customer-lane/protocol.ts';
import { BACKSTOP_MS } from '../../src/durable-objects/customer-lane/rules.ts';

const now = Date.now();
const LANES: DurableObjectNamespace<CustomerLane> = env.LANES;
const laneOf = (customer: string): Doorbell => ({ tenant: tenantId('acme'), lane: laneKey(`stripe:${customer}`) });

function delivery(id: string, quarantine: string | null = null): AcceptEvent {
  const body = new Uint8Array(new TextEncoder().encode(`{"id":"${id}"}`));
  return {
    source: sourceId('stripe'),
    eventId: providerEventId(id),
    type: 'invoice.paid',
    occurredAt: now,
    receivedAt: now,
    trust: 'signed',
    bodyHash: 'a'.repeat(64),
    body,
    evidence: { 'stripe-signature': 't=1,v1=ab' },
    quarantine,
  };
}

function accepted(answer: AcceptAnswer | AcceptRefusal): AcceptAnswer {
  if ('code' in answer) throw new Error(answer.reason);
  return answer;
}

function leased(answer: LeaseAnswer) {
  if (answer.code !== 'leased') throw new Error(`lease answered ${answer.code}`);
  return answer;
}

const applyAll = (given: ReturnType<typeof leased>): Settlement => ({
  applied: given.events.map(({ seq }, index) => ({ seq, position: given.head.position + index + 1 })),
  head: { position: given.head.position + given.events.length, hash: 'b'.repeat(64) },
  held: [],
  outbox: [],
  posted: [],
  archivedTo: given.events.at(-1)?.seq ?? null,
});

/** Runs a lane on the object's own storage and tells what each command wrote. */
async function measured(
  customer: string,
  work: (lane: Lane, wrote: (command: () => unknown) => [number, number]) => void,
) {
  await runInDurableObject(LANES.getByName(laneName(laneOf(customer))), async (_, state) => {
    const storage = new DurableLaneStorage(state.storage);
    await storage.loadAlarm();
    work(new Lane(storage), (command) => {
      const { rowsWritten, alarmsSet } = storage.billed;
      command();
      return [storage.billed.rowsWritten - rowsWritten, storage.billed.alarmsSet - alarmsSet];
    });
  });
}

describe('what a lane costs in rows written and alarms set', () => {
  it('is two rows an event, one a lease and one a settlement when all is well', async () => {
    await measured('cost', (lane, wrote) => {
      lane.accept(laneOf('cost'), [delivery('first')], now);
      expect(wrote(() => lane.accept(laneOf('cost'), [delivery('e1')], now))).toEqual([2, 0]);
      expect(wrote(() => lane.accept(laneOf('cost'), [delivery('e1')], now))).toEqual([0, 0]);
      expect(
        wrote(() =>
          lane.accept(
            laneOf('cost'),
            [2, 3, 4].map((n) => delivery(`e${n}`)),
            now,
          ),
        ),
      ).toEqual([6, 0]);
      let given: LeaseAnswer = { code: 'idle' };
      expect(
        wrote(() => {
          given = lane.lease(now);
        }),
      ).toEqual([1, 0]);
      const held = leased(given);
      expect(held.events).toHaveLength(5);
      expect(wrote(() => lane.settle(held.epoch, applyAll(held), now))).toEqual([1, 0]);
      expect(wrote(() => lane.lease(now))).toEqual([0, 0]);
      expect(wrote(() => lane.onAlarm(now + BACKSTOP_MS))).toEqual([0, 0]);
    });
  });

  it('is one alarm more for the first event of a burst', async () => {
    await measured('burst', (lane, wrote) => {
      const created = wrote(() => lane.accept(laneOf('burst'), [delivery('first')], now));
      expect(created, 'the tables are paid for once in a lane’s life').toEqual([22, 1]);
      const later = now + 10 * BACKSTOP_MS;
      expect(wrote(() => lane.accept(laneOf('burst'), [delivery('e1')], later))).toEqual([2, 1]);
      expect(wrote(() => lane.accept(laneOf('burst'), [delivery('e2')], later + 1))).toEqual([2, 0]);
    });
  });

  it('is a row more for what is quarantined, and two for what waits', async () => {
    await measured('odd', (lane, wrote) => {
      lane.accept(laneOf('odd'), [delivery('first')], now);
      expect(wrote(() => lane.accept(laneOf('odd'), [delivery('q', 'unknown type')], now))).toEqual([3, 0]);
      const given = leased(lane.lease(now));
      const waiting: Settlement = {
        ...applyAll({ ...given, events: [] }),
        head: given.head,
        held: [{ seq: 1, reason: { kind: 'waiting', requires: ['x'], until: now + 1e6 } }],
      };
      expect(wrote(() => lane.settle(given.epoch, waiting, now))).toEqual([3, 0]);
    });
  });
});

describe('CustomerLane', () => {
  it('takes and gives bodies as bytes over RPC', async () => {
    const stub = LANES.getByName(laneName(laneOf('rpc')));
    expect(accepted(await stub.accept(laneOf('rpc'), [delivery('e1')])).results).toEqual([
      { code: 'accepted', seq: 1 },
    ]);
    const given = leased(await stub.lease());
    expect(given.events[0]?.body).toBeInstanceOf(Uint8Array);
    expect(new TextDecoder().decode(given.events[0]?.body)).toBe('{"id":"e1"}');
    expect(await stub.settle(given.epoch, applyAll(given))).toEqual({ code: 'settled', more: false });
    expect(await stub.status()).toMatchObject({ accepted: 1, head: { position: 1 }, settledTo: 1, archivedTo: 1 });
    expect(await stub.body(1)).toMatchObject({ code: 'found', evidence: { 'stripe-signature': 't=1,v1=ab' } });
  });

  it('refuses a call under another lane’s name, and stores nothing', async () => {
    const stub = LANES.getByName(laneName(laneOf('mine')));
    await runInDurableObject(stub, (instance: CustomerLane) => {
      expect(() => instance.accept(laneOf('yours'), [delivery('e1')])).toThrow('addressed as');
    });
    expect(await stub.status()).toBeNull();
  });

  it('keeps everything over evictions and aborts, the lease and the alarm included', async () => {
    const stub = () => LANES.getByName(laneName(laneOf('evicted')));
    await stub().accept(laneOf('evicted'), [delivery('e1'), delivery('e2')]);
    await evictDurableObject(stub());
    expect(accepted(await stub().accept(laneOf('evicted'), [delivery('e1')])).results).toEqual([
      { code: 'duplicate', seq: 1 },
    ]);
    const given = leased(await stub().lease());
    await abortAllDurableObjects();
    expect(await stub().lease()).toMatchObject({ code: 'busy' });
    expect(await stub().settle(given.epoch, applyAll(given))).toMatchObject({ code: 'settled' });
    const alarm = await runInDurableObject(stub(), (_, state) => state.storage.getAlarm());
    expect(alarm).not.toBeNull();
    await evictDurableObject(stub());
    expect(await stub().lease()).toEqual({ code: 'idle' });
  });

  it('rings the queue from its alarm, and stays armed until the work is done', async () => {
    const stub = LANES.getByName(laneName(laneOf('alarm')));
    const send = vi
      .spyOn(env.DOORBELLS, 'send')
      .mockResolvedValue({ metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } });
    await stub.accept(laneOf('alarm'), [delivery('e1')]);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(send.mock.calls.map(([message]) => message)).toEqual([laneOf('alarm')]);
    expect(await runInDurableObject(stub, (_, state) => state.storage.getAlarm())).toBeGreaterThan(Date.now());
    const given = leased(await stub.lease());
    await stub.settle(given.epoch, applyAll(given));
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await runDurableObjectAlarm(stub)).toBe(false);
    expect(send).toHaveBeenCalledTimes(1);
    send.mockRestore();
  });

  it('is armed already when its ring fails', async () => {
    const stub = LANES.getByName(laneName(laneOf('deaf')));
    await stub.accept(laneOf('deaf'), [delivery('e1')]);
    await runInDurableObject(stub, async (instance: CustomerLane, state) => {
      await state.storage.deleteAlarm();
      const send = vi.spyOn(env.DOORBELLS, 'send').mockRejectedValue(new Error('Queue is overloaded'));
      await expect(instance.alarm()).rejects.toThrow('overloaded');
      send.mockRestore();
      expect(await state.storage.getAlarm()).toBeGreaterThan(Date.now());
    });
  });

  it('undoes rows and alarm together when a command throws', async () => {
    await runInDurableObject(LANES.getByName(laneName(laneOf('undo'))), async (_, state) => {
      const storage = new DurableLaneStorage(state.storage);
      const lane = new Lane(storage);
      const broken = { ...delivery('e2'), bodyHash: 'not a hash' };
      expect(() => lane.accept(laneOf('undo'), [delivery('e1'), broken], now)).toThrow('SHA-256');
      expect(storage.armedAt()).toBeNull();
      expect(lane.status(1, now)).toBeNull();
      expect(() =>
        storage.transaction(() => {
          storage.arm(now + BACKSTOP_MS);
          throw new Error('undone');
        }),
      ).toThrow('undone');
      expect(storage.armedAt()).toBeNull();
      expect(await state.storage.getAlarm()).toBeNull();
    });
  });
});
