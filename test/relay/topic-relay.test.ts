import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { httpIngress, signingKey } from '../../relay/salesforce-pubsub/ingress.ts';
import type { Facts, Log } from '../../relay/salesforce-pubsub/log.ts';
import { type PubSubApi, pubSubApi } from '../../relay/salesforce-pubsub/pubsub.ts';
import { FileReplayStore, type ReplayStore } from '../../relay/salesforce-pubsub/replay-store.ts';
import { backoffMs, type RelayParts, TopicRelay } from '../../relay/salesforce-pubsub/topic-relay.ts';
import { FakeGateway, SECRET } from './fake-gateway.ts';
import { accountCreated, accountId, LocalPubSub, ORG, TOPIC } from './local-pubsub.ts';

let directory: string;
let salesforce: LocalPubSub;
let gateway: FakeGateway;
let api: PubSubApi;
let address: string;
let logged: { readonly level: string; readonly what: string; readonly facts: Facts }[];
let stops: (() => Promise<void>)[];

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'relay-'));
  salesforce = new LocalPubSub();
  gateway = new FakeGateway();
  api = pubSubApi(await salesforce.start(), credentials.createInsecure());
  address = await gateway.start();
  logged = [];
  stops = [];
});
afterEach(async () => {
  for (const stop of stops) await stop();
  api.close();
  salesforce.stop();
  await gateway.stop();
  await rm(directory, { recursive: true });
});

const note = (level: string) => (what: string, facts?: Facts) => void logged.push({ level, what, facts: facts ?? {} });
const log: Log = { info: note('info'), warn: note('warn'), error: note('error') };
const whats = (level: string): readonly string[] =>
  logged.filter((each) => each.level === level).map(({ what }) => what);

let tokens = 0;
const partsWith = (overrides: Partial<RelayParts>): RelayParts => {
  let token: string | null = null;
  return {
    api,
    sessions: {
      current: async () => {
        token ??= `token-${++tokens}`;
        return { accessToken: token, instanceUrl: 'https://acme.my.salesforce.test', organizationId: ORG };
      },
      forget: () => {
        token = null;
      },
    },
    store: new FileReplayStore(directory),
    ingress: httpIngress(address, signingKey(SECRET), Date.now),
    log,
    // Time passes at once, and other work has its turn.
    sleep: () => new Promise((resolve) => setImmediate(resolve)),
    random: () => 0,
    startFrom: 'earliest',
    numRequested: 4,
    silenceMs: 60_000,
    ...overrides,
  };
};

/** A relay at work; `stop` ends it as SIGTERM would. */
function running(overrides: Partial<RelayParts> = {}): { readonly stop: () => Promise<void> } {
  const controller = new AbortController();
  const done = new TopicRelay(TOPIC, partsWith(overrides)).run(controller.signal);
  const stop = async (): Promise<void> => {
    controller.abort();
    await done;
  };
  stops.push(stop);
  return { stop };
}

const created = (from: number, count: number): Buffer[] =>
  Array.from({ length: count }, (_, index) => accountCreated(from + index));
const eventId = (n: number): string => `0000be70-a756-e601-9202-${String(n).padStart(12, '0')}/1/${accountId(n)}`;
const ids = (count: number): string[] => Array.from({ length: count }, (_, n) => eventId(n));
const position = async (): Promise<number> =>
  Number((await new FileReplayStore(directory).read(TOPIC))?.readBigInt64BE() ?? -1);

describe('the relay', () => {
  it('tells the gateway every event, in order, and asks for no more than it can hold', async () => {
    salesforce.publish(...created(0, 11));
    const relay = running();
    await gateway.until(11);
    salesforce.publish(...created(11, 4));
    await gateway.until(15);
    await relay.stop();
    expect(gateway.events).toEqual(ids(15));
    expect(gateway.duplicates).toBe(0);
    expect(await position()).toBe(14);
    expect(salesforce.requested.every((count) => count >= 1 && count <= 4)).toBe(true);
    expect(salesforce.schemaCalls).toBe(1);
  });

  it('sends numbers beyond 2^53 by their digits, and bitmaps as names', async () => {
    const header = { changeType: 'UPDATE', changedFields: ['0x32', '2-0x2', '3-0x1'], nulledFields: ['0x10'] };
    salesforce.publish(accountCreated(0, header, { AnnualRevenue: 12500.5 }));
    const relay = running();
    await gateway.until(1);
    await relay.stop();
    const [body = ''] = gateway.bodies;
    expect(body).toContain('"commitNumber":1778192987716501506');
    expect(body).toContain('"AnnualRevenue":12500.5');
    expect(JSON.parse(body)).toMatchObject({
      events: [
        {
          topic: TOPIC,
          organizationId: ORG,
          payload: {
            ChangeEventHeader: {
              changedFields: [
                'Name',
                'AnnualRevenue',
                'LastModifiedDate',
                'BillingAddress.City',
                'ShippingAddress.Street',
              ],
              nulledFields: ['AnnualRevenue'],
            },
          },
        },
      ],
    });
  });

  it('stops in between, and goes on from there', async () => {
    salesforce.publish(...created(0, 5));
    const first = running();
    await gateway.until(5);
    await first.stop();
    salesforce.publish(...created(5, 5));
    const second = running();
    await gateway.until(10);
    await second.stop();
    expect(gateway.events).toEqual(ids(10));
    expect(gateway.duplicates).toBe(0);
    expect(salesforce.opened).toEqual([
      { preset: 'EARLIEST', after: null },
      { preset: 'CUSTOM', after: 4 },
    ]);
  });

  it('stops while the gateway is down, and tells what it held next time', async () => {
    gateway.answers = Array.from({ length: 10_000 }, () => 503);
    salesforce.publish(...created(0, 2));
    const first = running();
    await expect.poll(() => whats('warn').length).toBeGreaterThan(2);
    await first.stop();
    expect(await position()).toBe(-1);
    gateway.answers = [];
    running();
    await gateway.until(2);
    expect(gateway.events).toEqual(ids(2));
  });

  it('begins at the tip when it is told to and nothing is stored', async () => {
    running({ startFrom: 'latest' });
    await expect.poll(() => salesforce.opened).toEqual([{ preset: 'LATEST', after: null }]);
  });
});

describe('nothing is lost and doubles are absorbed', () => {
  it('when streams break in the middle of a batch', async () => {
    salesforce.breakAfter = [2, 1, 4, 0, 3];
    salesforce.publish(...created(0, 20));
    const relay = running();
    await gateway.until(20);
    await relay.stop();
    expect(gateway.events).toEqual(ids(20));
    expect(salesforce.opened.length).toBeGreaterThan(5);
  });

  it('when Salesforce delivers twice', async () => {
    salesforce.doubled = true;
    salesforce.publish(...created(0, 6));
    const relay = running();
    await gateway.until(6);
    await relay.stop();
    expect(gateway.events).toEqual(ids(6));
    expect(gateway.duplicates).toBeGreaterThan(0);
  });

  it('when Salesforce restarts', async () => {
    salesforce.publish(...created(0, 5));
    const relay = running({ sleep: () => new Promise((resolve) => setTimeout(resolve, 5)) });
    await gateway.until(5);
    salesforce.stop();
    salesforce.publish(...created(5, 5));
    await salesforce.start();
    await gateway.until(10);
    await relay.stop();
    expect(gateway.events).toEqual(ids(10));
    expect(whats('warn')).toContain('stream_failed');
  });

  it('when the gateway answers 503, and then refuses for a while: the position stays', async () => {
    gateway.answers = [503, 503, 401, 500];
    salesforce.publish(...created(0, 3));
    const waits: number[] = [];
    const relay = running({
      sleep: async (ms) => {
        waits.push(ms);
        expect(await position()).toBe(-1);
      },
    });
    await gateway.until(3);
    await relay.stop();
    expect(gateway.events).toEqual(ids(3));
    expect(waits).toEqual([1000, 1000, 2000, 4000]);
    expect(whats('warn')).toEqual(['gateway_unavailable', 'gateway_unavailable', 'gateway_unavailable']);
    expect(whats('error')).toEqual(['gateway_refuses']);
  });

  it('when the gateway stores and its answer is lost', async () => {
    gateway.losesAnswers = 1;
    salesforce.publish(...created(0, 3));
    const relay = running();
    await expect.poll(position).toBe(2);
    await relay.stop();
    expect(gateway.events).toEqual(ids(3));
    expect(gateway.duplicates).toBe(3);
  });

  it('when the relay is killed between the post and the save', async () => {
    salesforce.publish(...created(0, 9));
    let writes = 0;
    const file = new FileReplayStore(directory);
    let killed: () => void = () => {};
    const death = new Promise<void>((resolve) => {
      killed = resolve;
    });
    const dying: ReplayStore = {
      read: (topic) => file.read(topic),
      write: async (topic, replayId) => {
        writes += 1;
        if (writes < 2) return file.write(topic, replayId);
        killed();
        // A process that is gone does nothing any more.
        return new Promise<void>(() => {});
      },
    };
    void new TopicRelay(TOPIC, partsWith({ store: dying })).run(new AbortController().signal);
    await death;
    const stored = gateway.events.length;
    expect(stored).toBeGreaterThan((await position()) + 1);
    const relay = running();
    await gateway.until(9);
    await relay.stop();
    expect(gateway.events).toEqual(ids(9));
    expect(gateway.duplicates).toBeGreaterThan(0);
    expect(await position()).toBe(8);
  });

  it('when the position has grown too old: it begins at the oldest event, and says so loudly', async () => {
    salesforce.publish(...created(0, 4));
    const first = running();
    await gateway.until(4);
    await first.stop();
    salesforce.publish(...created(4, 2));
    salesforce.refusesPositions = true;
    const second = running({ startFrom: 'latest' });
    await gateway.until(6);
    await second.stop();
    expect(gateway.events).toEqual(ids(6));
    expect(salesforce.opened.map(({ preset }) => preset)).toEqual(['EARLIEST', 'CUSTOM', 'EARLIEST']);
    expect(whats('error')).toEqual(['replay_position_refused']);
    expect(await position()).toBe(5);
  });

  it('when the session is over: a new token, the same position', async () => {
    salesforce.refusesSessions = 1;
    salesforce.publish(...created(0, 2));
    const relay = running();
    await gateway.until(2);
    await relay.stop();
    expect(new Set(salesforce.tokens).size).toBe(2);
    expect(JSON.stringify(logged)).not.toContain('token-');
  });

  it('when an event cannot be decoded: the gateway keeps its bytes and shows it', async () => {
    salesforce.publish(...created(0, 1));
    salesforce.bus.push({ schemaId: 'no-such-schema', payload: Buffer.from([1, 2, 3]) });
    salesforce.publish(...created(2, 1));
    const relay = running();
    await gateway.until(3);
    await relay.stop();
    expect(gateway.events).toEqual([eventId(0), 'uuid-1', eventId(2)]);
    expect(gateway.quarantined).toEqual(['uuid-1 schema_mismatch']);
    expect(gateway.bodies.join()).toContain(Buffer.from([1, 2, 3]).toString('base64'));
    expect(whats('error')).toEqual(['event_undecodable']);
  });

  it('when one event is about more records than a delivery takes', async () => {
    const recordIds = Array.from({ length: 450 }, (_, n) => accountId(n));
    salesforce.publish(accountCreated(0, { recordIds }));
    const relay = running();
    await gateway.until(450);
    await relay.stop();
    expect(gateway.bodies.length).toBe(3);
    expect(new Set(gateway.events).size).toBe(450);
    expect(await position()).toBe(0);
  });
});

describe('what is kept', () => {
  it('is one file per topic, replaced whole, and never another topic’s', async () => {
    const store = new FileReplayStore(path.join(directory, 'state'));
    expect(await store.read(TOPIC)).toBeNull();
    await store.write(TOPIC, Buffer.from([1]));
    await store.write(TOPIC, Buffer.from([0, 255]));
    await store.write('/event/Deal__e', Buffer.from([7]));
    expect(await store.read(TOPIC)).toEqual(Buffer.from([0, 255]));
    const files = await readdir(path.join(directory, 'state'));
    expect(files.sort()).toEqual(['%2Fdata%2FAccountChangeEvent.replay.json', '%2Fevent%2FDeal__e.replay.json']);
    const text = await readFile(path.join(directory, 'state', '%2Fevent%2FDeal__e.replay.json'), 'utf8');
    expect(JSON.parse(text)).toEqual({ topic: '/event/Deal__e', replayId: 'Bw==' });
  });

  it('waits longer after each failure, within bounds', () => {
    const waits = Array.from({ length: 12 }, (_, n) => backoffMs(n + 1, () => 0.999));
    expect(waits[0]).toBeLessThanOrEqual(1000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(60_000);
    expect([...waits].sort((a, b) => a - b)).toEqual(waits);
  });
});
