/** Recognition runs over a desk's books, as the clock and the schedules table would make them. */
import { expect } from 'vitest';
import type { Decision } from '../../../src/canonical/decision.ts';
import type { DeferralSlice } from '../../../src/canonical/entry.ts';
import { type IsoDate, isoDate, objectKey } from '../../../src/canonical/ids.ts';
import { minorUnits } from '../../../src/canonical/money.ts';
import { nextMonth } from '../../../src/canonical/periods.ts';
import type { FactOf } from '../../../src/canonical/rules/rule.ts';
import type { Desk } from './books.ts';

/** What the table `schedules` would hold: every entry's slices summed up by month, currency and accounts. */
export function schedules(desk: Desk): DeferralSlice[] {
  const rows = new Map<string, DeferralSlice>();
  for (const slice of desk.entries.flatMap((entry) => entry.deferrals)) {
    const { period, currency, revenueAccount, deferredAccount } = slice;
    const key = JSON.stringify([period, currency, revenueAccount, deferredAccount]);
    const known = rows.get(key) ?? { ...slice, line: '', amount: minorUnits(0), base: minorUnits(0) };
    const [amount, base] = [minorUnits(known.amount + slice.amount), minorUnits(known.base + slice.base)];
    rows.set(key, { ...known, amount, base });
  }
  return [...rows.values()].filter(({ amount, base }) => amount !== 0 || base !== 0);
}

/** The first run is named after the day that follows the month; `run` names another. */
export function monthOver(desk: Desk, month: string, run?: string): FactOf<'revenue.recognized'> {
  const period = isoDate(`${month}-01`);
  const told = run ?? nextMonth(period);
  return {
    kind: 'revenue.recognized',
    occurredAt: Date.parse(`${nextMonth(period)}T03:00:00Z`),
    requires: [],
    recognition: objectKey('ledgergate', 'recognition', `${desk.books.entity}/${month}/${told}`),
    period,
    open: schedules(desk).filter((slice) => slice.period === period),
  };
}

export const recognise = (desk: Desk, month: string, run?: string): Decision => desk.book(monthOver(desk, month, run));

/** Every month up to and including `until` that has something open. */
export function recogniseAll(desk: Desk, until: IsoDate, run?: string): void {
  const months = new Set(schedules(desk).map(({ period }) => period));
  for (const month of [...months].sort()) if (month <= until) recognise(desk, month.slice(0, 7), run);
}

/** Deferred revenue stands on its accounts, in currency and in base, with exactly what the schedules hold. */
export function expectDeferredIsScheduled(desk: Desk): void {
  const sums = (rows: readonly (readonly [string, number, number])[]) => {
    const totals = new Map<string, [number, number]>();
    for (const [key, amount, base] of rows) {
      const [own, ownBase] = totals.get(key) ?? [0, 0];
      totals.set(key, [own + amount, ownBase + base]);
    }
    return Object.fromEntries([...totals].filter(([, [amount, base]]) => amount !== 0 || base !== 0).sort());
  };
  const lines = desk.entries.flatMap((entry) => entry.lines).filter((line) => line.role === 'deferredRevenue');
  expect(sums(lines.map((it) => [`${it.account} ${it.currency}`, 0 - it.amount, 0 - it.base]))).toEqual(
    sums(schedules(desk).map((it) => [`${it.deferredAccount} ${it.currency}`, it.amount, it.base])),
  );
}
