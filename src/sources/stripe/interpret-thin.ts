/** What becomes of a thin event: which lane, what to read, which facts. The rules are those of snapshot events. */
import { providerEventId } from '../../canonical/ids.ts';
import {
  type AddressedEvent,
  type Enrichment,
  type EnrichmentNeed,
  enrichmentKey,
  type Interpretation,
  type QuarantineReason,
} from '../source.ts';
import { Problems } from './interpret/context.ts';
import type { StripeSettings } from './settings.ts';
import {
  accountOf,
  bornOut,
  meaningOf,
  objectNamed,
  snapshotOf,
  type ThinEvent,
  thinAnswer,
  thinNeed,
} from './thin.ts';
import { handlerFor } from './types.ts';

const unsupported = (detail: string): QuarantineReason => ({ code: 'unsupported_shape', detail });

/** Why a thin event is not to be read. Order: whose, which mode, what; as for snapshot events. */
function refusalOfThin(thin: ThinEvent, settings: StripeSettings): QuarantineReason | null {
  if (accountOf(thin) !== settings.account) {
    const expected = settings.account === undefined ? 'the own account' : 'the configured account';
    return { code: 'wrong_account', detail: `context: expected an event of ${expected}` };
  }
  if (settings.livemode !== undefined && thin.livemode !== settings.livemode) {
    return { code: 'wrong_mode', detail: `livemode: expected ${settings.livemode}` };
  }
  const meaning = meaningOf(thin);
  switch (meaning.kind) {
    case 'unknown':
      return { code: 'unknown_type', detail: 'type: no rule for it' };
    case 'not_readable':
      return unsupported('type: what it moved cannot be told from the object as it is now');
    case 'no_effect':
      return null;
    case 'read': {
      const named = objectNamed(thin, meaning.read);
      return named.ok ? null : unsupported(named.detail);
    }
  }
}

/**
 * The lane: a customer's own events in the customer's, products in the catalogue's, everything else in the account's,
 * because whose it is is known only once it has been read.
 */
export function addressThin(thin: ThinEvent, settings: StripeSettings, body: Uint8Array<ArrayBuffer>): AddressedEvent {
  const quarantine = refusalOfThin(thin, settings);
  const meaning = meaningOf(thin);
  const object = quarantine === null && meaning.kind === 'read' ? meaning.read.object : null;
  return {
    eventId: providerEventId(thin.id),
    type: thin.type,
    occurredAt: Date.parse(thin.created),
    customer: object === 'customer' ? (thin.related_object?.id ?? null) : null,
    sharedLane: object === 'product' ? 'catalogue' : 'account',
    body,
    quarantine,
  };
}

export function needsOfThin(thin: ThinEvent, settings: StripeSettings): readonly EnrichmentNeed[] {
  const meaning = meaningOf(thin);
  if (meaning.kind !== 'read' || refusalOfThin(thin, settings) !== null) return [];
  const named = objectNamed(thin, meaning.read);
  return named.ok ? [thinNeed(meaning.type, named.id, settings.account ?? null)] : [];
}

export function interpretThin(thin: ThinEvent, settings: StripeSettings, enrichment: Enrichment): Interpretation {
  const reason = refusalOfThin(thin, settings);
  if (reason !== null) return { kind: 'quarantine', reason };
  const meaning = meaningOf(thin);
  if (meaning.kind === 'no_effect') return { kind: 'facts', facts: [], note: meaning.note };
  const [need] = needsOfThin(thin, settings);
  const handler = meaning.kind === 'read' ? handlerFor(meaning.type) : null;
  if (meaning.kind !== 'read' || need === undefined || handler === null) {
    return { kind: 'quarantine', reason: unsupported('type: no rule for it') };
  }
  const answer = thinAnswer.safeParse(enrichment.get(enrichmentKey(need)));
  const id = thin.related_object?.id;
  if (!answer.success || answer.data.object.id !== id) {
    return { kind: 'quarantine', reason: unsupported(`related_object: the ${meaning.read.object} could not be read`) };
  }
  const { object, fetched } = answer.data;
  if (!bornOut(meaning.type, meaning.read, object)) {
    return { kind: 'quarantine', reason: unsupported('related_object: has changed since the event') };
  }
  const occurredAt = Date.parse(thin.created);
  const created = Math.floor(occurredAt / 1000);
  return handler.interpret({
    event: snapshotOf({ id: thin.id, type: meaning.type, created, account: settings.account }, object),
    enrichment: new Map(Object.entries(fetched)),
    problems: new Problems(),
    occurredAt,
  });
}
