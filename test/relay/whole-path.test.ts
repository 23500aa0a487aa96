import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { afterEach, expect, it, vi } from 'vitest';
import { signedHeaders, signingKey } from '../../relay/salesforce-pubsub/ingress.ts';
import { pubSubApi } from '../../relay/salesforce-pubsub/pubsub.ts';
import { FileReplayStore } from '../../relay/salesforce-pubsub/replay-store.ts';
import { TopicRelay } from '../../relay/salesforce-pubsub/topic-relay.ts';
import { Gateway } from '../support/gateway.ts';
import { SECRET } from './fake-gateway.ts';
import { accountCreated, LocalPubSub, ORG, TOPIC } from './local-pubsub.ts';

afterEach(() => void vi.useRealTimers());

it('brings each account from the event bus into the books once, though streams break and answers get lost', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'relay-'));
  const salesforce = new LocalPubSub();
  const api = pubSubApi(await salesforce.start(), credentials.createInsecure());
  const gateway = await Gateway.open();
  await gateway.call('PUT', '/tenants/demo/secrets/salesforce-signing', { value: SECRET });
  const source = {
    provider: 'salesforce',
    secrets: ['secret://salesforce-signing'],
    entity: 'demo-eu',
    channel: 'callout',
    auth: 'standard-webhooks',
    organizationId: ORG,
  };
  await gateway.publish({ sources: { bus: source } });

  salesforce.breakAfter = [3, 1];
  salesforce.doubled = true;
  salesforce.publish(...Array.from({ length: 8 }, (_, n) => accountCreated(n)));
  const stop = new AbortController();
  const statuses: number[] = [];
  const store = new FileReplayStore(directory);
  const relay = new TopicRelay(TOPIC, {
    api,
    sessions: {
      current: async () => ({ accessToken: 't', instanceUrl: 'https://acme.test', organizationId: ORG }),
      forget: () => {},
    },
    store: {
      read: (topic) => store.read(topic),
      write: async (topic, replayId) => {
        await store.write(topic, replayId);
        if (replayId.readBigInt64BE() === 7n) stop.abort();
      },
    },
    ingress: {
      // Every second answer gets lost on its way back.
      post: async (body) => {
        const answer = await gateway.deliver('bus', body, signedHeaders(body, signingKey(SECRET), gateway.now));
        statuses.push(answer.status);
        return answer.ok && statuses.length % 2 === 0
          ? { outcome: 'stored' }
          : { outcome: 'unavailable', status: null, retryAfterMs: null };
      },
    },
    log: { info: () => {}, warn: () => {}, error: () => {} },
    sleep: () => new Promise((resolve) => setImmediate(resolve)),
    random: () => 0,
    startFrom: 'earliest',
    numRequested: 4,
    silenceMs: 60_000,
  });
  await relay.run(stop.signal);
  await gateway.run();

  expect(new Set(statuses)).toEqual(new Set([200]));
  const booked = gateway.ledger.prepared('SELECT event_id, outcome FROM events').all();
  expect(booked.length).toBe(8);
  expect(new Set(booked.map((row) => row.event_id)).size).toBe(8);
  expect(new Set(booked.map((row) => row.outcome))).toEqual(new Set(['booked']));
  expect(await gateway.exceptions()).toEqual([]);
  api.close();
  salesforce.stop();
  await rm(directory, { recursive: true });
});
