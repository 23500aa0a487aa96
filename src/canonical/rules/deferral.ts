/** Deferred revenue: which months a line's service falls in, and what is taken back from months not yet earned. */
import { dateIn, type EpochMs, type IsoDate, type ObjectKey } from '../ids.ts';
import { allocate, type MinorUnits, minorUnits } from '../money.ts';
import { daysByMonth, monthOf } from '../periods.ts';
import { err, ok } from '../result.ts';
import { type OrException, problem, type RuleContext } from './rule.ts';

/** A line's open slice of one month; its sign is the line's. */
export interface OpenSlice {
  readonly line: string;
  readonly period: IsoDate;
  readonly amount: MinorUnits;
}

/**
 * What of `net` belongs to months after the invoice's own, day by day in the entity's time zone, by largest remainder:
 * 31.00 for 15 January to 15 February issued in January is 17.00 earned and 14.00 for February.
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
  const amounts = allocate(
    line.net,
    months.map((month) => month.days),
  );
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
