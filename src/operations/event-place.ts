/** Where a decided or held event belongs: which entity's books, and which day. */
import type { CanonicalEvent } from '../canonical/events.ts';
import { factDate } from '../canonical/fact-date.ts';
import type { IsoDate } from '../canonical/ids.ts';
import { OWN_SOURCE } from '../sources/ledgergate/index.ts';
import type { TenantConfig } from '../tenants/config.ts';
import { booksLane } from './own-events.ts';

export interface PlacedEvent {
  readonly source: string;
  readonly lane: string;
  /** JSON, as the ledger stage wrote it. */
  readonly facts: string;
  /** As it was decided; null where that is not known. */
  readonly entity: string | null;
}

/** As the ledger stage stored them: typed values made JSON. */
export const storedFacts = (event: Pick<PlacedEvent, 'facts'>): readonly CanonicalEvent[] => JSON.parse(event.facts);

/** Null: nobody has decided it, and its source is of several entities or not in the config any more. */
export function entityOf(config: TenantConfig, event: Omit<PlacedEvent, 'facts'>): string | null {
  if (event.entity !== null) return event.entity;
  const source = config.sources[event.source];
  if (event.source !== OWN_SOURCE) return source === undefined || source.entityRules.length > 0 ? null : source.entity;
  return Object.keys(config.entities).find((entity) => booksLane(entity) === event.lane) ?? null;
}

/** The earliest day of what it books; null when it books nothing, or nobody could read it. */
export function dateOf(event: Pick<PlacedEvent, 'facts'>, timeZone: string): IsoDate | null {
  const dates = storedFacts(event).flatMap((fact) => factDate(fact, timeZone) ?? []);
  return dates.toSorted()[0] ?? null;
}
