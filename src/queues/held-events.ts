/** The words and records of events that could not be applied: which exception stands for one, and when it ends. */
import type { ExceptionDraft } from '../canonical/decision.ts';
import type { CanonicalEvent } from '../canonical/events.ts';
import { stakeOf } from '../canonical/stake.ts';
import type { LeasedEvent } from '../durable-objects/customer-lane/protocol.ts';
import { type ExceptionRecord, exceptionId } from '../ledger/records.ts';

/** Of an entity that sources, objects or the gateway's own events name, and that the config does not have any more. */
export const ofNoEntity = (event: LeasedEvent, entity: string, facts: readonly CanonicalEvent[]): ExceptionDraft => ({
  cause: 'entity_unclear',
  message: `${event.type} ${event.eventId} is of entity ${entity}, which the config does not have any more.`,
  remedy: 'Put the entity back into the config, or skip the event with a reason.',
  ...stakeOf(facts),
  object: null,
});

/** Our own fault, on the list with what is at stake: the event stays whole and is decided again when unblocked. */
export function internalError(event: LeasedEvent, facts: readonly CanonicalEvent[], words: string): ExceptionDraft {
  return {
    cause: 'internal_error',
    message: `${event.type} ${event.eventId} could not be booked because of a fault in the gateway: ${words}`,
    remedy: 'Tell the engineers who run the gateway; after the repair, unblock the event.',
    ...stakeOf(facts),
    object: null,
  };
}

export function exceptionFor(event: LeasedEvent, draft: ExceptionDraft): ExceptionRecord {
  const { source, eventId, seq } = event;
  return {
    ...draft,
    // Of a whole source: one, however many of its events wait.
    id:
      draft.cause === 'source_disconnected'
        ? exceptionId(draft.cause, source)
        : exceptionId(draft.cause, source, eventId),
    seq,
    source,
    eventId,
    target: null,
    postingKey: null,
  };
}

/** The exceptions a held event may have opened, which its application closes. */
export function causesOf(event: LeasedEvent): string[] {
  const held = event.held;
  if (held === null) return [];
  if (held.kind === 'parked') return [held.exceptionId];
  if (held.kind !== 'waiting') return [];
  // What could be read from its provider shows that the source is connected.
  return [
    exceptionId('prerequisite_missing', event.source, event.eventId),
    exceptionId('source_disconnected', event.source),
  ];
}
