/** Puts the gateway's own events into lanes: what the clock or a person tells, as if it had come by webhook. */
import type { Bindings } from '../bindings.ts';
import { type EpochMs, type LaneKey, laneKey, providerEventId, sourceId, type TenantId } from '../canonical/ids.ts';
import { canonicalJson, sha256Hex } from '../ledger/hash.ts';
import { type OwnEvent, ownEvent } from '../sources/ledgergate/events.ts';
import { OWN_SOURCE } from '../sources/ledgergate/index.ts';
import { acceptIntoLanes, type DeliveryAnswer } from './accept.ts';

/** The lane of what concerns an entity's books as a whole. */
export const booksLane = (entity: string): LaneKey => laneKey(`${OWN_SOURCE}:~${entity}`);

export interface OwnDelivery {
  /** Unique for ever: telling the same twice is telling it once, and other content under it is a conflict. */
  readonly id: string;
  readonly lane: LaneKey;
  readonly event: OwnEvent;
  /** Who tells it: an operator's name, or `clock`. */
  readonly by: string;
}

/**
 * Accepted once this resolves with `accepted`; booked soon after, like any webhook.
 * @throws ZodError when the event is not one of ours: a bug of the caller.
 */
export async function acceptOwn(
  env: Bindings,
  tenant: TenantId,
  shard: string,
  { id, lane, event, by }: OwnDelivery,
  now: EpochMs,
  context: { waitUntil(promise: Promise<unknown>): void },
): Promise<DeliveryAnswer> {
  ownEvent.parse(event);
  const body = new Uint8Array(new TextEncoder().encode(canonicalJson(event)));
  return acceptIntoLanes(
    env,
    tenant,
    shard,
    [
      {
        lane,
        event: {
          source: sourceId(OWN_SOURCE),
          eventId: providerEventId(id),
          type: event.kind,
          occurredAt: now,
          receivedAt: now,
          trust: 'authenticated',
          bodyHash: await sha256Hex(body),
          body,
          evidence: { 'ledgergate-told-by': by },
          quarantine: null,
        },
      },
    ],
    context,
  );
}
