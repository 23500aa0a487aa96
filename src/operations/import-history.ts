/**
 * Events of the past, brought by an operator instead of their sender: a provider's export, or what its API lists. They go
 * through the same lanes, dedupe and rules as webhooks, so an event that also came by webhook is one; but nothing of them
 * is posted: the targets are asked what they have already, and what is found there is adopted (queues/plan-lane.ts).
 */
import type { EpochMs, SourceId } from '../canonical/ids.ts';
import { IMPORTED_BY } from '../durable-objects/customer-lane/protocol.ts';
import { sha256Hex } from '../ledger/hash.ts';
import type { ConfiguredSource } from '../sources/registered.ts';
import { asSample } from '../verification/sample.ts';
import { type LaneDelivery, laneOf } from './accept.ts';

export interface PastDelivery {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly headers: Headers;
}

export type Past =
  | { readonly ok: true; readonly deliveries: readonly LaneDelivery[] }
  /** Which delivery is not one of the source's, and why; nothing was accepted. */
  | { readonly ok: false; readonly index: number; readonly detail: string };

/**
 * Addressed, oldest first, so that each customer's history is accepted in its order. All or nothing: a delivery that the
 * source cannot address, or would set aside, refuses the whole.
 *
 * @param by the operator who vouches for them: their proof of origin is that, and no signature.
 */
export async function pastDeliveries(
  source: { readonly id: SourceId; readonly source: ConfiguredSource },
  past: readonly PastDelivery[],
  url: URL,
  by: string,
  now: EpochMs,
): Promise<Past> {
  const deliveries: LaneDelivery[] = [];
  for (const [index, { body, headers }] of past.entries()) {
    const parsed = source.source.parse(asSample({ method: 'POST', url, headers, body, receivedAt: now }));
    if (!parsed.ok) return { ok: false, index, detail: parsed.error.reason.detail };
    for (const event of parsed.value) {
      if (event.quarantine !== null) return { ok: false, index, detail: event.quarantine.detail };
      deliveries.push({
        lane: laneOf(source.id, source.source.provider, event),
        event: {
          source: source.id,
          eventId: event.eventId,
          type: event.type,
          occurredAt: event.occurredAt,
          receivedAt: now,
          trust: 'authenticated',
          bodyHash: await sha256Hex(event.body),
          body: event.body,
          evidence: { [IMPORTED_BY]: by },
          quarantine: null,
        },
      });
    }
  }
  deliveries.sort((a, b) => a.event.occurredAt - b.event.occurredAt);
  return { ok: true, deliveries };
}
