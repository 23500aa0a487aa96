/**
 * Exchange rates from feeds and files, beside those of the config. A rate once recorded is never changed: entries were
 * booked with it. They are read per pass, for the currencies and days its facts name, by primary key.
 */
import type { EntityBooks, ExchangeRate } from '../canonical/decision.ts';
import type { CanonicalEvent } from '../canonical/events.ts';
import { dateIn, type EpochMs, type IsoDate, isoDate, type TenantId } from '../canonical/ids.ts';
import { type Currency, currency, rate } from '../canonical/money.ts';
import { addDays, nextDay } from '../canonical/periods.ts';
import { maxAgeDays } from '../canonical/rules/fx.ts';
import type { LedgerDatabase, LedgerStatement } from './database.ts';

export interface NewRate {
  readonly from: string;
  readonly to: string;
  /** `2026-11-28`. */
  readonly date: string;
  /** Units of `to` per unit of `from`, decimal. */
  readonly rate: string;
  readonly source: string;
}

const insertRates = `INSERT OR IGNORE INTO rates (tenant, from_currency, to_currency, date, rate, source, recorded_at)
SELECT ?1, e.value ->> 'from', e.value ->> 'to', e.value ->> 'date', e.value ->> 'rate', e.value ->> 'source', ?3 FROM json_each(?2) e`;

const differing = `SELECT r.from_currency AS "from", r.to_currency AS "to", r.date, r.rate, r.source FROM json_each(?2) e
CROSS JOIN rates r ON r.tenant = ?1 AND r.from_currency = e.value ->> 'from' AND r.to_currency = e.value ->> 'to' AND r.date = e.value ->> 'date'
WHERE r.rate <> e.value ->> 'rate' LIMIT 100`;

export interface Recorded {
  /** How many were offered. */
  readonly offered: number;
  /** As recorded before, where that differs from what was offered now: they stay as they were. At most 100. */
  readonly differing: readonly NewRate[];
}

/**
 * Adds what is not there yet. Offering the same again changes nothing. At most 5,000 a call.
 * @param beside statements of the same transaction.
 */
export async function recordRates(
  db: LedgerDatabase,
  tenant: string,
  rates: readonly NewRate[],
  now: EpochMs,
  beside: readonly LedgerStatement[] = [],
): Promise<Recorded> {
  const json = JSON.stringify(rates);
  await db.batch([db.prepare(insertRates).bind(tenant, json, now), ...beside]);
  const { results } = await db.prepare(differing).bind(tenant, json).all<NewRate>();
  return { offered: rates.length, differing: results };
}

/** What a set of facts may have to be converted between: currencies, and the days on which or some days before which. */
export interface RatesWanted {
  readonly currencies: ReadonlySet<Currency>;
  readonly days: ReadonlySet<IsoDate>;
}

/**
 * Null when everything is in the entities' own currencies.
 * @param entities books that the facts may turn out to belong to, closed as far as they are by now.
 */
export function ratesWanted(
  facts: readonly CanonicalEvent[],
  entities: readonly Pick<EntityBooks, 'currency' | 'timeZone' | 'closedUntil'>[],
): RatesWanted | null {
  const currencies = new Set<Currency>();
  const days = new Set<IsoDate>();
  for (const fact of facts) {
    const own = currenciesOf(fact);
    for (const { currency: base, timeZone, closedUntil } of entities) {
      const foreign = own.filter((code) => code !== base);
      if (foreign.length === 0) continue;
      for (const code of [...foreign, base]) currencies.add(code);
      days.add(dateIn(timeZone, fact.occurredAt));
      // Where the policy moves it to.
      if (closedUntil !== null) days.add(nextDay(closedUntil));
    }
  }
  return days.size === 0 ? null : { currencies, days };
}

function currenciesOf(fact: CanonicalEvent): Currency[] {
  const own = 'currency' in fact && fact.currency !== null ? [fact.currency] : [];
  const settled = 'settlement' in fact && fact.settlement !== null ? [fact.settlement.currency] : [];
  const listed = fact.kind === 'payout.sent' ? (fact.transactions ?? []).map((each) => each.settlement.currency) : [];
  return [...own, ...settled, ...listed];
}

// Either side may be the pivot of a cross rate, so one side in the set is enough; a pass is of few currencies and days.
const readRates = `SELECT from_currency AS "from", to_currency AS "to", date, rate, source FROM rates
WHERE tenant = ?1 AND from_currency IN (SELECT value FROM json_each(?2)) AND to_currency IN (SELECT value FROM json_each(?2)) AND date IN (SELECT value FROM json_each(?3)) AND recorded_at <= ?4
ORDER BY date, from_currency, to_currency`;

/** The pivot most feeds quote against: read along, so that a cross rate can be made. */
const PIVOT = 'EUR';

/** As they were known at `now`: what is decided again later is decided by the same rates. */
export async function loadRates(
  db: LedgerDatabase,
  tenant: TenantId,
  { currencies, days }: RatesWanted,
  now: EpochMs,
): Promise<readonly ExchangeRate[]> {
  const codes = JSON.stringify([...new Set([...currencies, PIVOT])]);
  const usable = new Set(
    [...days].flatMap((day) => Array.from({ length: maxAgeDays + 1 }, (_, age) => addDays(day, -age))),
  );
  const { results } = await db
    .prepare(readRates)
    .bind(tenant, codes, JSON.stringify([...usable]), now)
    .all<NewRate>();
  return results.map((row) => ({
    from: currency(row.from),
    to: currency(row.to),
    date: isoDate(row.date),
    rate: rate(row.rate),
    source: row.source,
  }));
}

interface RecordedRate {
  readonly from: string;
  readonly to: string;
  readonly date: string;
  readonly recordedAt: EpochMs;
}

/** Whether a set of facts may be converted by it, alone or as half of a cross rate. */
export const isAmong = ({ from, to, date }: RecordedRate, { currencies, days }: RatesWanted): boolean =>
  [from, to].every((code) => code === PIVOT || currencies.has(currency(code))) &&
  [...days].some((day) => date <= day && date >= addDays(day, -maxAgeDays));

const readRecorded = `SELECT from_currency AS "from", to_currency AS "to", date, recorded_at AS recordedAt FROM rates
WHERE tenant = ?1 AND from_currency IN (SELECT value FROM json_each(?2)) AND to_currency IN (SELECT value FROM json_each(?2)) AND date BETWEEN ?3 AND ?4 AND recorded_at > ?5 LIMIT 5000`;

/** What was recorded after `since` of what is wanted, and perhaps more; at most 5,000. */
export async function ratesSince(
  db: LedgerDatabase,
  tenant: TenantId,
  wanted: readonly RatesWanted[],
  since: EpochMs,
): Promise<readonly RecordedRate[]> {
  const days = wanted.flatMap((one) => [...one.days]).sort();
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return [];
  const codes = JSON.stringify([...new Set([...wanted.flatMap(({ currencies }) => [...currencies]), PIVOT])]);
  const { results } = await db
    .prepare(readRecorded)
    .bind(tenant, codes, addDays(first, -maxAgeDays), last, since)
    .all<RecordedRate>();
  return results;
}
