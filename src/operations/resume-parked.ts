/**
 * What parked an event may be gone: another config was published, a period reopened, a product announced, a rate
 * recorded. Such events are offered to their lanes again, where they are decided in the order accepted. Told apart by
 * what stands in the books (the config an event was decided by, the day it is for, rates recorded since), so that
 * whoever asks, and however often, an event is offered once for each time its cause may have gone: the request that
 * changed something begins, the clock goes on.
 */
import type { Bindings } from '../bindings.ts';
import { closedFrom, type EntityBooks, type ExceptionCause } from '../canonical/decision.ts';
import { type IsoDate, isoDate, laneKey, tenantId } from '../canonical/ids.ts';
import { currency } from '../canonical/money.ts';
import { readClosings } from '../ledger/books.ts';
import { type ParkedEvent, type ParkedPlace, parkedPage } from '../ledger/parked-reads.ts';
import { isAmong, type RatesWanted, ratesSince, ratesWanted } from '../ledger/rates.ts';
import type { TenantConfig } from '../tenants/config.ts';
import { liveConfig } from '../tenants/publication.ts';
import { ring } from './accept.ts';
import { eachShard } from './each-shard.ts';
import { dateOf, entityOf, storedFacts } from './event-place.ts';
import { laneStub } from './lanes.ts';
import { errorWords, logWarning } from './log.ts';

/** Causes that a config can take away. */
const configured: ReadonlySet<string> = new Set<ExceptionCause>([
  'customer_inactive',
  'product_unknown',
  'entity_unclear',
  'currency_not_allowed',
  'rate_missing',
  'tax_not_mapped',
  'account_not_mapped',
  'period_closed',
  'untrusted_money',
]);

const PAGE = 200;
/** Open exceptions one request looks at: what is behind them is the clock's. */
const PAGES_PER_REQUEST = 5;
const MAX_SEQS = 500;

export interface Resumed {
  readonly events: number;
  /** There are open exceptions that were not looked at. */
  readonly more: boolean;
}

/** Of one tenant, right after something changed. Never throws: what changed stands, and the clock goes on. */
export async function resumeParked(env: Bindings, db: D1Database, tenant: string): Promise<Resumed> {
  try {
    return await resumePages(env, db, tenant);
  } catch (error) {
    logWarning('resume_failed', { tenant, error: errorWords(error) });
    return { events: 0, more: true };
  }
}

async function resumePages(env: Bindings, db: D1Database, tenant: string): Promise<Resumed> {
  let place: ParkedPlace | null = null;
  let events = 0;
  for (let pages = 0; pages < PAGES_PER_REQUEST; pages += 1) {
    const { parked, last }: Awaited<ReturnType<typeof parkedPage>> = await parkedPage(db, tenant, place, PAGE);
    events += await release(env, await eligible(env, db, parked));
    place = last;
    if (place === null) break;
  }
  return { events, more: place !== null };
}

const places = new Map<number, ParkedPlace | null>();

/** The clock's part: a page of each shard a minute, round and round. The place is the isolate's; losing it costs time. */
export async function resumeAllParked(env: Bindings): Promise<void> {
  await eachShard(env, 'resume', async (db, index) => {
    const { parked, last } = await parkedPage(db, null, places.get(index) ?? null, PAGE);
    places.set(index, last);
    await release(env, await eligible(env, db, parked));
  });
}

/** Those whose cause may be gone since they were decided. */
async function eligible(env: Bindings, db: D1Database, parked: readonly ParkedEvent[]): Promise<ParkedEvent[]> {
  const chosen: ParkedEvent[] = [];
  for (const [tenant, events] of Map.groupBy(parked, (event) => event.tenant)) {
    const live = await liveConfig(env.LEDGER_0, tenant);
    if (live === null) continue;
    const closings = await readClosings(db, tenantId(tenant), Object.keys(live.document.entities));
    const announced = await announcedOf(db, tenant, live.document, events);
    const rated = await ratedOf(db, tenant, live.document, closings, events);
    for (const event of events) {
      const newer = configured.has(event.cause) && event.configVersion < live.version;
      if (newer || announced(event) || rated(event)) chosen.push(event);
      else if (event.cause === 'period_closed') {
        const books = booksOf(live.document, closings, event);
        const date = books === null ? null : dateOf(event, books.timeZone);
        if (books !== null && date !== null && date > (books.closedUntil ?? '')) chosen.push(event);
      }
    }
  }
  return chosen;
}

type Books = Pick<EntityBooks, 'currency' | 'timeZone' | 'closedUntil'>;

/** Of the event's entity, closed as far as they are by now; null when it cannot be told which entity that is. */
function booksOf(config: TenantConfig, closings: ReadonlyMap<string, IsoDate>, event: ParkedEvent): Books | null {
  const entity = entityOf(config, event);
  const settings = entity === null ? undefined : config.entities[entity];
  if (entity === null || settings === undefined) return null;
  const { timeZone, closedUntil } = settings;
  const byConfig = closedUntil === null ? null : isoDate(closedUntil);
  return closedFrom(
    { currency: currency(settings.currency), timeZone, closedUntil: byConfig },
    closings.get(entity) ?? null,
  );
}

/** Between the time a rate bears and its being there to be read. */
const RECORDING_MS = 120_000;

/** Whether a rate that an event may have waited for was recorded since it was decided. */
async function ratedOf(
  db: D1Database,
  tenant: string,
  config: TenantConfig,
  closings: ReadonlyMap<string, IsoDate>,
  events: readonly ParkedEvent[],
): Promise<(event: ParkedEvent) => boolean> {
  const wanted = new Map<ParkedEvent, RatesWanted>();
  for (const event of events) {
    const books = event.cause === 'rate_missing' ? booksOf(config, closings, event) : null;
    if (books === null) continue;
    const rates = ratesWanted(storedFacts(event), [books]);
    if (rates !== null) wanted.set(event, rates);
  }
  const since = Math.min(...[...wanted.keys()].map(({ decidedAt }) => decidedAt)) - RECORDING_MS;
  const recorded = await ratesSince(db, tenantId(tenant), [...wanted.values()], since);
  return (event) => {
    const rates = wanted.get(event);
    return (
      rates !== undefined &&
      recorded.some((rate) => rate.recordedAt > event.decidedAt - RECORDING_MS && isAmong(rate, rates))
    );
  };
}

/** Products that an account of their own does not make known. */
function unmappedProducts(config: TenantConfig, event: ParkedEvent): string[] {
  const entity = entityOf(config, event);
  const revenue = (entity === null ? undefined : config.entities[entity]?.accounts.revenue) ?? config.accounts.revenue;
  const mapped = typeof revenue === 'object' ? revenue : {};
  const products = storedFacts(event).flatMap((fact) =>
    fact.kind === 'invoice.issued' ? fact.lines.flatMap((line) => line.product ?? []) : [],
  );
  return products.filter((product) => mapped[product.split(':').slice(2).join(':')] === undefined);
}

/** Whether an event that waits for its products or its customer has them now. */
async function announcedOf(
  db: D1Database,
  tenant: string,
  config: TenantConfig,
  events: readonly ParkedEvent[],
): Promise<(event: ParkedEvent) => boolean> {
  const customersOf = (event: ParkedEvent) =>
    storedFacts(event).flatMap((fact) => (fact.kind === 'invoice.issued' ? [fact.customer] : []));
  const wanted = (event: ParkedEvent): readonly string[] =>
    event.cause === 'product_unknown'
      ? unmappedProducts(config, event)
      : event.cause === 'customer_inactive'
        ? customersOf(event)
        : [];
  const keys = new Set(events.flatMap(wanted));
  if (keys.size === 0) return () => false;
  const { results } = await db
    .prepare(
      `SELECT o.object FROM json_each(?2) k CROSS JOIN objects o ON o.tenant = ?1 AND o.object = k.value
       WHERE o.state ->> 'kind' <> 'customer' OR o.state ->> 'active'`,
    )
    .bind(tenant, JSON.stringify([...keys]))
    .all<{ object: string }>();
  const there = new Set(results.map((row) => row.object));
  return (event) => {
    const all = wanted(event);
    return all.length > 0 && all.every((key) => there.has(key));
  };
}

/** Offers events to their lanes, each lane's in one call. A lane that does not answer is asked again by the clock. */
async function release(env: Bindings, events: readonly ParkedEvent[]): Promise<number> {
  let released = 0;
  const rung: { tenant: string; lane: string }[] = [];
  const byLane = Map.groupBy(events, ({ tenant, lane }) => `${tenant}/${lane}`);
  for (const group of byLane.values()) {
    const [first] = group;
    if (first === undefined) continue;
    const { tenant, lane } = first;
    try {
      const seqs = group.map(({ seq }) => seq).toSorted((a, b) => a - b);
      const answer = await laneStub(env, tenant, lane).unblock(seqs.slice(0, MAX_SEQS));
      if (answer.code !== 'done') continue;
      released += answer.seqs.length;
      if (answer.ring) rung.push({ tenant, lane });
    } catch (error) {
      logWarning('resume_failed', { tenant, lane, error: errorWords(error) });
    }
  }
  if (rung.length > 0)
    await ring(
      env,
      rung.map(({ tenant, lane }) => ({ tenant: tenantId(tenant), lane: laneKey(lane) })),
    );
  return released;
}
