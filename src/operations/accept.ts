/** Puts a delivery's events into their lanes and rings the doorbells. Shared by ingress and by every replay. */
import type { Bindings } from '../bindings.ts';
import { type LaneKey, laneKey, type TenantId } from '../canonical/ids.ts';
import {
  type AcceptEvent,
  type AcceptResult,
  type Doorbell,
  laneName,
} from '../durable-objects/customer-lane/protocol.ts';
import { registerLane } from '../ledger/commit.ts';
import { GENESIS } from '../ledger/hash.ts';
import { shardOf } from '../ledger/shards.ts';
import type { AddressedEvent } from '../sources/source.ts';
import { errorWords, logError, logWarning } from './log.ts';

export interface LaneDelivery {
  readonly lane: LaneKey;
  readonly event: AcceptEvent;
}

export type DeliveryAnswer =
  /** Every event is durably in its lane; results stand in the delivery's order. */
  | { readonly code: 'accepted'; readonly results: readonly AcceptResult[] }
  /** Some lane could not take its part: the sender must repeat the whole, and what was stored answers `duplicate` then. */
  | { readonly code: 'overloaded'; readonly retryAfterSeconds: number }
  /** Outside the bounds of what a lane stores; repeating it is no use. */
  | { readonly code: 'refused'; readonly reason: string };

/** What belongs to no customer goes to lanes of the source's own. */
export const laneOf = (
  source: string,
  provider: string,
  event: Pick<AddressedEvent, 'customer' | 'sharedLane'>,
): LaneKey => laneKey(event.customer === null ? `${source}:~${event.sharedLane}` : `${provider}:${event.customer}`);

/** Coalesces a burst: further events of the lane arrive before the doorbell is answered. Seconds. */
const DOORBELL_DELAY_S = 1;
/** A lane is asked this often before the sender is told to come again. */
const TRIES = 2;

export async function acceptIntoLanes(
  env: Bindings,
  tenant: TenantId,
  shard: string,
  deliveries: readonly LaneDelivery[],
  context: { waitUntil(promise: Promise<unknown>): void },
): Promise<DeliveryAnswer> {
  const byLane = Map.groupBy(deliveries, ({ lane }) => lane);
  const answers = await Promise.all(
    [...byLane].map(([lane, group]) => acceptIntoLane(env, shard, { tenant, lane }, group, context)),
  );
  const results = new Map<LaneDelivery, AcceptResult>();
  for (const answer of answers) {
    if (answer.code !== 'accepted') return answer;
    for (const [delivery, result] of answer.results) results.set(delivery, result);
  }
  return {
    code: 'accepted',
    results: deliveries.map((delivery) => {
      const result = results.get(delivery);
      if (result === undefined) throw new Error('a lane answered for fewer events than it was given');
      return result;
    }),
  };
}

type LaneAnswer =
  | { readonly code: 'accepted'; readonly results: readonly [LaneDelivery, AcceptResult][] }
  | Exclude<DeliveryAnswer, { code: 'accepted' }>;

async function acceptIntoLane(
  env: Bindings,
  shard: string,
  name: Doorbell,
  group: readonly LaneDelivery[],
  context: { waitUntil(promise: Promise<unknown>): void },
): Promise<LaneAnswer> {
  for (let attempt = 1; ; attempt++) {
    try {
      // A fresh stub per attempt: a stub is broken for good after an error (platform.md).
      const answer = await env.LANES.getByName(laneName(name)).accept(
        name,
        group.map(({ event }) => event),
      );
      if ('code' in answer) {
        return answer.reason === 'lane_full'
          ? { code: 'overloaded', retryAfterSeconds: 3600 }
          : { code: 'refused', reason: answer.reason };
      }
      if (answer.ring) context.waitUntil(ring(env, [name]));
      if (answer.created) context.waitUntil(register(env, shard, name));
      return {
        code: 'accepted',
        results: group.map((delivery, index): [LaneDelivery, AcceptResult] => [
          delivery,
          answer.results[index] ?? missing(),
        ]),
      };
    } catch (error) {
      const { retryable, overloaded } = platformFlags(error);
      if (attempt < TRIES && retryable && !overloaded) continue;
      logError('accept_failed', { ...name, error: errorWords(error) });
      return { code: 'overloaded', retryAfterSeconds: overloaded ? 30 : 10 };
    }
  }
}

const missing = (): never => {
  throw new Error('a lane answered for fewer events than it was given');
};

/** What the platform says of a failed call to a Durable Object. */
function platformFlags(error: unknown): { retryable: boolean; overloaded: boolean } {
  if (typeof error !== 'object' || error === null) return { retryable: false, overloaded: false };
  return {
    retryable: 'retryable' in error && error.retryable === true,
    overloaded: 'overloaded' in error && error.overloaded === true,
  };
}

/** A doorbell that does not get through costs time, not events: the lane's alarm rings again. */
export async function ring(env: Bindings, lanes: readonly Doorbell[]): Promise<void> {
  try {
    for (let start = 0; start < lanes.length; start += 100) {
      await env.DOORBELLS.sendBatch(
        lanes.slice(start, start + 100).map((lane) => ({ body: lane, delaySeconds: DOORBELL_DELAY_S })),
      );
    }
  } catch (error) {
    logWarning('doorbell_failed', { lanes: lanes.length, error: errorWords(error) });
  }
}

async function register(env: Bindings, shard: string, { tenant, lane }: Doorbell): Promise<void> {
  try {
    await registerLane(shardOf(env, shard), tenant, lane, { position: 0, hash: GENESIS });
  } catch (error) {
    logWarning('register_failed', { tenant, lane, error: errorWords(error) });
  }
}
