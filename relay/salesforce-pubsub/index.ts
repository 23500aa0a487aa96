/**
 * The relay from Salesforce's Pub/Sub API to the gateway, as a program: one subscription per topic, until SIGTERM or
 * SIGINT. README.md says how it is set up.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { credentials } from '@grpc/grpc-js';
import { httpIngress, signingKey } from './ingress.ts';
import { consoleLog } from './log.ts';
import { pubSubApi } from './pubsub.ts';
import { FileReplayStore } from './replay-store.ts';
import { clientCredentialSessions } from './session.ts';
import { readSettings } from './settings.ts';
import { TopicRelay } from './topic-relay.ts';

const settings = readSettings(process.env);
if (!settings.ok) {
  for (const fault of settings.faults) consoleLog.error('settings_wrong', { fault });
  process.exit(2);
}
const env = settings.value;

const api = pubSubApi(env.PUBSUB_ENDPOINT, credentials.createSsl());
const parts = {
  api,
  sessions: clientCredentialSessions({
    instanceUrl: env.SALESFORCE_INSTANCE_URL,
    clientId: env.SALESFORCE_CLIENT_ID,
    clientSecret: env.SALESFORCE_CLIENT_SECRET,
  }),
  store: new FileReplayStore(env.STATE_DIR),
  ingress: httpIngress(env.LEDGERGATE_INGRESS_URL, signingKey(env.LEDGERGATE_SIGNING_SECRET), Date.now),
  log: consoleLog,
  sleep: async (ms: number, signal: AbortSignal): Promise<void> => {
    // Aborted early is as good as slept: the caller looks at the signal next.
    await delay(ms, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  },
  random: Math.random,
  startFrom: env.START_FROM,
  numRequested: env.NUM_REQUESTED,
  silenceMs: 330_000,
};

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());

await Promise.all(env.PUBSUB_TOPICS.map((topic) => new TopicRelay(topic, parts).run(stop.signal)));
api.close();
