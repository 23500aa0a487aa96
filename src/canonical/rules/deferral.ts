/** Deferred revenue: which months a line's service falls in, and what is taken back from months not yet earned. */
import type { Policies } from '../decision.ts';
import { dateIn, type EpochMs, type IsoDate, type ObjectKey } from '../ids.ts';
import { allocate, type MinorUnits, minorUnits } from '../money.ts';
import { daysByMonth, lastDayOf, type MonthShare, monthOf } from '../periods.ts';
import { err, ok } from '../result.ts';
import { type OrException, problem, type RuleContext } from './rule.ts';

/** A line's open slice of one month; its sign is the line's. */
export interface OpenSlice {
  readonly line: string;
  readonly period: IsoDate;
  readonly amount: MinorUnits;
}

/** Service on every day of the calendar month. */
const isWhole = ({ month, days }: MonthShare): boolean => days === Number(lastDayOf(month).slice(8));

/**
 * What part of a line each of its months earns. Daily: its days. Monthly: a month the service only touches earns its days'
 * part of the span, and what is left is the same for every whole month (Stripe's "by month evenly, first and last month
 * prorated"). A span without a whole month is spread by days either way.
 */
export function partsOf(months: readonly MonthShare[], recognition: Policies['recognition']): number[] {
  const whole = months.filter(isWhole);
  if (recognition === 'daily' || whole.length === 0) return months.map(({ days }) => days);
  const wholeDays = whole.reduce((sum, { days }) => sum + days, 0);
  // Times the number of whole months, so that an equal part of their days stays an integer.
  return months.map((month) => (isWhole(month) ? wholeDays : month.days * whole.length));
}

/**
 * What of `net` belongs to months after the invoice's own, in the entity's time zone and by the policy's convention, by
 * largest remainder: 31.00 for 15 January to 15 February issued in January is 17.00 earned and 14.00 for February.
 */
export function slicesOf(
  context: RuleContext,
  invoice: ObjectKey,
  date: IsoDate,
  line: { readonly net: MinorUnits; readonly period: { readonly start: EpochMs; readonly end: EpochMs } | null },
): OrException<readonly { readonly period: IsoDate; readonly amount: MinorUnits }[]> {
  const { timeZone, policies } = context.books;
  if (line.period === null || line.net === 0 || policies.deferAt === 'never') return ok([]);
  const months = daysByMonth(dateIn(timeZone, line.period.start), dateIn(timeZone, line.period.end));
  if (months === null) {
    return err(
      problem('unsupported', invoice, {
        message: 'A line of the invoice names a service period of more than fifty years.',
        remedy: 'Correct the period at the provider, or book the invoice by hand.',
        stake: null,
      }),
    );
  }
  const amounts = allocate(line.net, partsOf(months, policies.recognition));
  const slices = months.map((month, index) => ({ period: month.month, amount: amounts[index] ?? minorUnits(0) }));
  return ok(slices.filter((slice) => slice.period > monthOf(date) && slice.amount !== 0));
}

/**
 * Takes `want` out of the months after `asOf`'s, pro rata to what they hold; never more than they hold together.
 * `want` of the other sign than what they hold takes nothing.
 */
export function takeUnearned(
  slices: readonly OpenSlice[],
  asOf: IsoDate,
  want: number,
): { readonly slices: OpenSlice[]; readonly taken: number } {
  const unearned = (slice: OpenSlice) => slice.period > monthOf(asOf);
  const held = slices.filter(unearned).reduce((sum, slice) => sum + slice.amount, 0);
  if (held === 0 || want === 0 || held < 0 !== want < 0) return { slices: [...slices], taken: 0 };
  if (Math.abs(want) >= Math.abs(held)) return { slices: slices.filter((slice) => !unearned(slice)), taken: held };
  const weights = slices.map((slice) =>
    unearned(slice) && slice.amount < 0 === want < 0 ? Math.abs(slice.amount) : 0,
  );
  const parts = allocate(minorUnits(want), weights);
  const left = slices.map((slice, index) => ({ ...slice, amount: minorUnits(slice.amount - (parts[index] ?? 0)) }));
  return { slices: left.filter((slice) => slice.amount !== 0), taken: want };
}
