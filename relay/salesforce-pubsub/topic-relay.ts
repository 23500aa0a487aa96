/**
 * Follows one topic: fetch → decode → post → remember, in that order, so that an event is told at least once. The
 * position advances only behind a 2xx; what a crash leaves between the two is told again and is a duplicate at the gateway.
 */
import { EventDecoder } from './avro.ts';
import { announcements, bodiesOf } from './batches.ts';
import type { Ingress, Posted } from './ingress.ts';
import type { Log } from './log.ts';
import {
  type FetchedBatch,
  type PubSubApi,
  PubSubError,
  type Session,
  type Start,
  type Subscription,
} from './pubsub.ts';
import type { ReplayStore } from './replay-store.ts';
import type { Sessions } from './session.ts';

export interface RelayParts {
  readonly api: PubSubApi;
  readonly sessions: Sessions;
  readonly store: ReplayStore;
  readonly ingress: Ingress;
  readonly log: Log;
  /** Resolves after `ms`, or at once when `signal` aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** In [0, 1). */
  readonly random: () => number;
  /** Where to begin when nothing was ever delivered. */
  readonly startFrom: 'earliest' | 'latest';
  /** Events asked for at a time: the most that are held in memory. At most 100, Salesforce's own limit. */
  readonly numRequested: number;
  /** Salesforce says something every 270 s; a stream that is silent for longer than this is given up. */
  readonly silenceMs: number;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

/** Full jitter, doubled with each failure, so that many relays do not come back at once. */
export const backoffMs = (failures: number, random: () => number): number =>
  Math.round((0.5 + random() / 2) * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 10)));

/** Told to stop in the middle of something: what was not remembered is told again next time. */
class Stopped extends Error {
  override readonly name = 'Stopped';
}

export class TopicRelay {
  readonly topic: string;
  private readonly parts: RelayParts;
  private readonly decoder = new EventDecoder();
  private failures = 0;
  /** The stored position was refused: begin at the oldest event there is. */
  private positionLost = false;

  constructor(topic: string, parts: RelayParts) {
    this.topic = topic;
    this.parts = parts;
  }

  /** Until `signal` aborts; then resolves as soon as nothing is half done. Failures are logged and tried again. */
  async run(signal: AbortSignal): Promise<void> {
    const { log, sleep, random } = this.parts;
    while (!signal.aborted) {
      try {
        await this.follow(signal);
        if (!signal.aborted) log.info('stream_ended', { topic: this.topic });
      } catch (error) {
        if (signal.aborted || error instanceof Stopped) break;
        this.note(error);
      }
      if (signal.aborted) break;
      this.failures += 1;
      await sleep(backoffMs(this.failures, random), signal);
    }
    log.info('stopped', { topic: this.topic });
  }

  private note(error: unknown): void {
    const { log, sessions } = this.parts;
    const topic = this.topic;
    if (error instanceof PubSubError) {
      if (error.sessionRefused) sessions.forget();
      if (error.replayIdRefused && !this.positionLost) {
        this.positionLost = true;
        log.error('replay_position_refused', {
          topic,
          errorCode: error.errorCode,
          consequence: 'begins at the oldest event kept; what is older than 72 hours has to be read by other means',
        });
        return;
      }
      log.warn('stream_failed', { topic, status: error.status, errorCode: error.errorCode });
      return;
    }
    // Names only: a message of a library may quote what it was given.
    log.warn('relay_failed', { topic, error: error instanceof Error ? error.name : 'unknown' });
  }

  private async start(): Promise<Start> {
    const replayId = this.positionLost ? null : await this.parts.store.read(this.topic);
    if (replayId !== null) return { from: 'after', replayId };
    return { from: this.positionLost ? 'earliest' : this.parts.startFrom };
  }

  private async follow(signal: AbortSignal): Promise<void> {
    const { api, sessions, numRequested, log, silenceMs } = this.parts;
    const session = await sessions.current();
    const start = await this.start();
    if (signal.aborted) return;
    const subscription = api.subscribe(session, this.topic, start, numRequested);
    log.info('subscribed', { topic: this.topic, from: start.from });
    const cancel = (): void => subscription.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    let silence = setTimeout(cancel, silenceMs);
    try {
      for await (const batch of subscription.batches) {
        clearTimeout(silence);
        await this.take(batch, session, signal);
        this.failures = 0;
        this.askForMore(subscription, batch);
        silence = setTimeout(cancel, silenceMs);
      }
    } finally {
      clearTimeout(silence);
      signal.removeEventListener('abort', cancel);
    }
  }

  /** Only behind a delivered batch: what is asked for is never more than what can be held. */
  private askForMore(subscription: Subscription, batch: FetchedBatch): void {
    const room = this.parts.numRequested - Math.max(0, batch.pending);
    if (room * 2 >= this.parts.numRequested) subscription.request(room);
  }

  private async take(batch: FetchedBatch, session: Session, signal: AbortSignal): Promise<void> {
    if (batch.events.length === 0) {
      // A keepalive: everything before this position was delivered already, so a long silence does not age it.
      if (batch.latestReplayId.length > 0) await this.remember(batch.latestReplayId);
      return;
    }
    const told = [];
    for (const event of batch.events) {
      const decoded = await this.decoder.decode(event.schemaId, event.payload, (id) => this.schema(session, id));
      if (decoded.outcome === 'undecodable') {
        this.parts.log.error('event_undecodable', { topic: this.topic, schemaId: event.schemaId });
      }
      told.push({ event, values: announcements(this.topic, session.organizationId, event, decoded) });
    }
    for (const body of bodiesOf(told)) {
      await this.deliver(body.text, signal);
      if (body.replayId !== null) await this.remember(body.replayId);
      this.parts.log.info('delivered', { topic: this.topic, events: body.events });
    }
  }

  /** Null: Salesforce knows no such schema. Any other failure is one that may pass. */
  private async schema(session: Session, schemaId: string): Promise<string | null> {
    try {
      return await this.parts.api.schema(session, schemaId);
    } catch (error) {
      if (error instanceof PubSubError && (error.status === 3 || error.status === 5)) return null;
      throw error;
    }
  }

  private async remember(replayId: Buffer): Promise<void> {
    await this.parts.store.write(this.topic, replayId);
    this.positionLost = false;
  }

  /** Until it is stored: there is nowhere else to put it. @throws Stopped */
  private async deliver(body: string, signal: AbortSignal): Promise<void> {
    for (let failures = 1; ; failures++) {
      if (signal.aborted) throw new Stopped();
      const posted = await this.parts.ingress.post(body);
      if (posted.outcome === 'stored') return;
      if (signal.aborted) throw new Stopped();
      this.report(posted);
      const wait = Math.max(posted.retryAfterMs ?? 0, backoffMs(failures, this.parts.random));
      await this.parts.sleep(wait, signal);
    }
  }

  private report({ outcome, status }: Exclude<Posted, { outcome: 'stored' }>): void {
    const facts = { topic: this.topic, status };
    if (outcome === 'refused') this.parts.log.error('gateway_refuses', facts);
    else this.parts.log.warn('gateway_unavailable', facts);
  }
}
