import { describe, expect, it } from 'vitest';
import { isoDate } from '../../../src/canonical/ids.ts';
import { allocate, minorUnits } from '../../../src/canonical/money.ts';
import { daysByMonth } from '../../../src/canonical/periods.ts';
import { partsOf } from '../../../src/canonical/rules/deferral.ts';

/** What of `net` each month from `start` to before `end` earns. */
function spread(convention: 'daily' | 'monthly', net: number, start: string, end: string): number[] {
  const months = daysByMonth(isoDate(start), isoDate(end)) ?? [];
  return allocate(minorUnits(net), partsOf(months, convention));
}

describe('how a line is spread over its months', () => {
  // docs.stripe.com/revenue-recognition/revenue-settings/examples: 120 USD for 15 June to 13 October.
  it('daily: each day earns alike', () => {
    expect(spread('daily', 12_000, '2026-06-15', '2026-10-13')).toEqual([1600, 3100, 3100, 3000, 1200]);
  });

  it('monthly: months it only touches earn their days, whole months earn alike', () => {
    expect(spread('monthly', 12_000, '2026-06-15', '2026-10-13')).toEqual([1600, 3067, 3067, 3066, 1200]);
  });

  it('monthly: a calendar year is twelve equal parts, daily it is not', () => {
    expect(new Set(spread('monthly', 120_000, '2026-01-01', '2027-01-01'))).toEqual(new Set([10_000]));
    expect(spread('daily', 36_500, '2026-01-01', '2027-01-01').slice(0, 3)).toEqual([3100, 2800, 3100]);
  });

  it('monthly: a first month that is whole is an equal part, though the last one is not', () => {
    expect(spread('monthly', 7500, '2026-01-01', '2026-03-17')).toEqual([2950, 2950, 1600]);
  });

  it('without a whole month both are by days', () => {
    expect(spread('monthly', 3100, '2026-01-15', '2026-02-15')).toEqual([1700, 1400]);
    expect(spread('monthly', 500, '2026-01-15', '2026-01-20')).toEqual([500]);
  });

  it('preserves the sum and the sign for what does not divide', () => {
    const parts = spread('monthly', -1000, '2026-01-31', '2027-01-31');
    expect(parts.reduce((sum, part) => sum + part, 0)).toBe(-1000);
    expect(parts.every((part) => part <= 0)).toBe(true);
  });
});
