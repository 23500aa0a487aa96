/**
 * The dry run of a source on a pasted payload: what it would be read as, which facts it would become and what the books
 * would make of them now. Stores nothing, answers nobody but the person who asks.
 */
import { decide, objectsOf } from '../canonical/decide.ts';
import type { Decision, EntityBooks } from '../canonical/decision.ts';
import type { CanonicalEvent } from '../canonical/events.ts';
import type { ObjectKey } from '../canonical/ids.ts';
import type { ObjectState } from '../canonical/objects.ts';
import { unreachable } from '../canonical/result.ts';
import type { ConfiguredSource } from '../sources/registered.ts';
import type { AddressedEvent, QuarantineReason } from '../sources/source.ts';
import { asSample } from '../verification/sample.ts';
import type { Delivery, LiveSecret, VerificationFailure } from '../verification/verification.ts';
import { laneOf } from './accept.ts';

export interface Tryout {
  readonly source: ConfiguredSource;
  /** The source's name in the config, for lanes of its own. */
  readonly name: string;
  readonly delivery: Delivery;
  /** Null: the proof is not looked at, because no headers were pasted or the settings are a draft. */
  readonly secrets: readonly LiveSecret[] | null;
  readonly books: EntityBooks;
  /** Objects as the books have them now. */
  readonly load: (keys: readonly ObjectKey[]) => Promise<ReadonlyMap<string, ObjectState>>;
}

export interface TryReport {
  /** `old`: the signature's time is past its tolerance, which is usual for a pasted delivery. */
  readonly proof: 'not_checked' | 'proven' | 'old' | 'refused';
  /** Which check failed: told to the operator, never to a sender. */
  readonly failure: VerificationFailure | null;
  /** Why the delivery as a whole could not be addressed. */
  readonly unreadable: QuarantineReason | null;
  readonly events: readonly TriedEvent[];
}

export interface TriedEvent {
  readonly id: string;
  readonly type: string;
  readonly occurredAt: number;
  readonly lane: string;
  readonly quarantine: QuarantineReason | null;
  readonly note: string | null;
  /** What would be fetched from the provider first; here it was not, and facts are read as if it could not be had. */
  readonly fetches: readonly string[];
  readonly facts: readonly CanonicalEvent[];
  /** Null without facts. */
  readonly decision: Decision | null;
}

export async function trySource(tryout: Tryout): Promise<TryReport> {
  const { source, delivery, secrets } = tryout;
  const proof = secrets === null ? null : await source.verify(delivery, secrets);
  const failure = proof === null || proof.ok ? null : proof.error;
  const parsed = source.parse(proof?.ok === true ? proof.value : asSample(delivery));
  const checked = { proof: proofWord(proof === null, failure), failure };
  if (!parsed.ok) return { ...checked, unreadable: parsed.error.reason, events: [] };
  // Later events of a batch see what earlier ones would have done.
  const changed = new Map<string, ObjectState>();
  const events: TriedEvent[] = [];
  for (const event of parsed.value) events.push(await tryEvent(event, tryout, changed));
  return { ...checked, unreadable: null, events };
}

function proofWord(unchecked: boolean, failure: VerificationFailure | null): TryReport['proof'] {
  if (unchecked) return 'not_checked';
  if (failure === null) return 'proven';
  return failure === 'timestamp_too_old' ? 'old' : 'refused';
}

async function tryEvent(event: AddressedEvent, tryout: Tryout, changed: Map<string, ObjectState>): Promise<TriedEvent> {
  const { source, name, delivery, books } = tryout;
  const { eventId, type, occurredAt, body } = event;
  const lane = laneOf(name, source.provider, event);
  const seen = { id: eventId, type, occurredAt, lane };
  const nothing = { note: null, fetches: [], facts: [], decision: null };
  if (event.quarantine !== null) return { ...seen, ...nothing, quarantine: event.quarantine };
  const stored = { eventId, type, occurredAt, receivedAt: delivery.receivedAt, body };
  const fetches = source.enrichment(stored).map(({ kind, id }) => `${kind} ${id}`);
  const read = source.interpret(stored, new Map());
  switch (read.kind) {
    case 'quarantine':
      return { ...seen, ...nothing, fetches, quarantine: read.reason };
    case 'facts': {
      const decision = read.facts.length === 0 ? null : await decided(read.facts, tryout, changed, books);
      return { ...seen, quarantine: null, note: read.note, fetches, facts: read.facts, decision };
    }
    default:
      return unreachable(read);
  }
}

async function decided(
  facts: readonly CanonicalEvent[],
  { load }: Tryout,
  changed: Map<string, ObjectState>,
  books: EntityBooks,
): Promise<Decision> {
  const stored = await load(objectsOf(facts));
  const decision = decide(facts, { books, objects: (key) => changed.get(key) ?? stored.get(key) ?? null });
  if (decision.outcome === 'booked') for (const state of decision.objects) changed.set(state.key, state);
  return decision;
}
