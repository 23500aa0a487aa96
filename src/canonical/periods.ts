/** Accounting periods: calendar months of an entity, named by their first day. Calendar arithmetic only, no clock. */
import { dateIn, type EpochMs, type IsoDate, isoDate } from './ids.ts';

const dayMs = 86_400_000;
const asUtc = (date: IsoDate) => Date.parse(`${date}T00:00:00Z`);
const fromUtc = (instant: number) => isoDate(new Date(instant).toISOString().slice(0, 10));

/** `2026-01-15` → `2026-01-01`. */
export const monthOf = (date: IsoDate): IsoDate => isoDate(`${date.slice(0, 7)}-01`);

/** So many days later, or earlier where it is negative. */
export const addDays = (date: IsoDate, days: number): IsoDate => fromUtc(asUtc(date) + days * dayMs);

/** `2026-12-31` → `2027-01-01`. */
export const nextDay = (date: IsoDate): IsoDate => addDays(date, 1);

/** `2027-01-01` → `2026-12-31`. */
export const previousDay = (date: IsoDate): IsoDate => addDays(date, -1);

/** Days from one date to another; negative when `to` is before `from`. */
export const daysBetween = (from: IsoDate, to: IsoDate): number => Math.round((asUtc(to) - asUtc(from)) / dayMs);

/** `2026-02-01` → `2026-02-28`. */
export const lastDayOf = (month: IsoDate): IsoDate => previousDay(nextMonth(month));

/** `2026-12-01` → `2027-01-01`. */
export function nextMonth(month: IsoDate): IsoDate {
  const [year, number] = [Number(month.slice(0, 4)), Number(month.slice(5, 7))];
  return fromUtc(Date.UTC(year, number, 1));
}

/** No zone's midnight is farther from UTC's. */
const farthestZoneMs = 15 * 3_600_000;

/** The instant at which a day begins in a time zone (IANA name), to the second. */
export function startOfDay(timeZone: string, date: IsoDate): EpochMs {
  let [before, at] = [asUtc(date) - farthestZoneMs, asUtc(date) + farthestZoneMs];
  while (at - before > 1000) {
    const middle = Math.floor((before + at) / 2000) * 1000;
    if (dateIn(timeZone, middle) < date) before = middle;
    else at = middle;
  }
  return at;
}

export interface MonthShare {
  /** First day of the month. */
  readonly month: IsoDate;
  /** Days of the span that fall into it. */
  readonly days: number;
}

/** Fifty years: a longer service period is a mistake in the data, not a subscription. */
const mostMonths = 600;

/** The days of [start, end) by month; one day at least, as a span within a day is that day's. Null beyond fifty years. */
export function daysByMonth(start: IsoDate, end: IsoDate): MonthShare[] | null {
  const until = Math.max(asUtc(end), asUtc(start) + dayMs);
  const shares: MonthShare[] = [];
  let from = asUtc(start);
  while (from < until) {
    if (shares.length === mostMonths) return null;
    const month = monthOf(fromUtc(from));
    const to = Math.min(until, asUtc(nextMonth(month)));
    shares.push({ month, days: Math.round((to - from) / dayMs) });
    from = to;
  }
  return shares;
}
