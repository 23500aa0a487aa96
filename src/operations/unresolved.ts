/** What is unresolved and belongs to a month: open exceptions, and held events that no exception stands for. */
import { dateIn, type IsoDate } from '../canonical/ids.ts';
import { stakeOf } from '../canonical/stake.ts';
import { eventsByIds, heldOutcomes, heldRows } from '../ledger/event-reads.ts';
import { openExceptionRows } from '../ledger/period-reads.ts';
import type { LedgerReads } from '../ledger/reads.ts';
import { type EventRow, type MoneyView, moneyOf, planOf } from '../ledger/views.ts';
import type { TenantConfig } from '../tenants/config.ts';
import { dateOf, entityOf, storedFacts } from './event-place.ts';

export interface Unresolved {
  readonly kind: 'exception' | 'event';
  /** Of the exception; of an event its provider's. */
  readonly id: string;
  /** Its cause; of an event how it is held. */
  readonly cause: string;
  readonly date: IsoDate | null;
  /** `month`: dated in it. `earlier`: before it. `unknown`: nobody could tell. */
  readonly relation: 'month' | 'earlier' | 'unknown';
  readonly source: string | null;
  readonly eventId: string | null;
  readonly lane: string;
  readonly target: string | null;
  readonly message: string;
  readonly remedy: string | null;
  readonly atStake: MoneyView | null;
}

export interface UnresolvedList {
  readonly items: readonly Unresolved[];
  /** By currency, of what is not `earlier`. */
  readonly totals: readonly MoneyView[];
  /** There are more open things than were looked at. */
  readonly more: boolean;
}

interface Month {
  readonly entity: string;
  readonly first: IsoDate;
  readonly last: IsoDate;
  readonly timeZone: string;
}

const LOOKED_AT = 1000;
const PAIRS = 200;

interface Scope {
  readonly books: LedgerReads;
  readonly tenant: string;
  readonly config: TenantConfig;
}

export async function unresolvedOf(scope: Scope, month: Month): Promise<UnresolvedList> {
  const { books, tenant } = scope;
  const [exceptions, ...held] = await Promise.all([
    openExceptionRows(books, tenant, LOOKED_AT),
    ...heldOutcomes.map((outcome) => heldRows(books, tenant, outcome, LOOKED_AT, null)),
  ]);
  const events = await eventsOf(scope, exceptions);
  const items: Unresolved[] = [];
  const told = new Set<string>();
  for (const row of exceptions) {
    const { id, cause, source, eventId, lane, target, message, remedy } = row;
    const about = `${source}\n${eventId}`;
    told.add(about);
    const place = placed(scope, month, events.get(about) ?? null, row.postingKey);
    if (place === null) continue;
    const atStake = row.amount === null || row.currency === null ? null : moneyOf(row.amount, row.currency);
    items.push({ kind: 'exception', id, cause, ...place, source, eventId, lane, target, message, remedy, atStake });
  }
  for (const row of held.flat()) {
    if (told.has(`${row.source}\n${row.eventId}`)) continue;
    const place = placed(scope, month, row, null);
    if (place === null) continue;
    const { source, eventId, lane } = row;
    const stake = stakeOf(storedFacts(row));
    const atStake = stake.amount === null || stake.currency === null ? null : moneyOf(stake.amount, stake.currency);
    const words = { message: `${row.type}: ${row.note ?? row.outcome}`, remedy: null, target: null };
    items.push({ kind: 'event', id: eventId, cause: row.outcome, ...place, source, eventId, lane, ...words, atStake });
  }
  return { items, totals: totalsOf(items), more: [exceptions, ...held].some((rows) => rows.length === LOOKED_AT) };
}

async function eventsOf(
  { books, tenant }: Scope,
  rows: readonly { readonly source: string | null; readonly eventId: string | null }[],
): Promise<Map<string, EventRow>> {
  const pairs = new Map<string, [string, string]>();
  for (const { source, eventId } of rows)
    if (source !== null && eventId !== null) pairs.set(`${source}\n${eventId}`, [source, eventId]);
  const wanted = [...pairs.values()];
  const found = new Map<string, EventRow>();
  for (let start = 0; start < wanted.length; start += PAIRS) {
    for (const row of await eventsByIds(books, tenant, wanted.slice(start, start + PAIRS)))
      found.set(`${row.source}\n${row.eventId}`, row);
  }
  return found;
}

/** Null: it is another entity's, or of a later month. */
function placed(
  { config }: Scope,
  { entity, first, last, timeZone }: Month,
  event: EventRow | null,
  postingKey: string | null,
): Pick<Unresolved, 'date' | 'relation'> | null {
  const document = event === null ? null : documentOf(event, postingKey);
  const owner = document?.entity ?? (event === null ? null : entityOf(config, placeOf(event)));
  if (owner !== null && owner !== entity) return null;
  const date = document?.date ?? (event === null ? null : dayOf(event, timeZone));
  if (date === null) {
    const receivedBefore = event !== null && dateIn(timeZone, event.receivedAt) < first;
    return { date, relation: receivedBefore ? 'earlier' : 'unknown' };
  }
  if (date > last) return null;
  return { date, relation: date < first ? 'earlier' : 'month' };
}

const placeOf = (event: EventRow) => ({
  source: event.source,
  lane: event.lane,
  entity: planOf(event).entity ?? null,
});

/** The document an exception is about, else any of the event's: they are of one entity. */
function documentOf(event: EventRow, key: string | null): { entity: string; date: IsoDate | null } | null {
  const { documents } = planOf(event);
  const document = documents.find((one) => one.key === key) ?? documents[0];
  if (document === undefined) return null;
  return { entity: document.entity, date: document.key === key ? (document.date ?? null) : null };
}

/** What it books is for; what books nothing is of the day it happened; what nobody could read, of none that is known. */
function dayOf(event: EventRow, timeZone: string): IsoDate | null {
  if (storedFacts(event).length === 0) return null;
  return dateOf(event, timeZone) ?? dateIn(timeZone, event.occurredAt);
}

function totalsOf(items: readonly Unresolved[]): MoneyView[] {
  const sums = new Map<string, number>();
  for (const { atStake, relation } of items)
    if (atStake !== null && relation !== 'earlier')
      sums.set(atStake.currency, (sums.get(atStake.currency) ?? 0) + Math.abs(atStake.amount));
  return [...sums].map(([currency, amount]) => moneyOf(amount, currency));
}
