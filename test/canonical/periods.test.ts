import { describe, expect, it } from 'vitest';
import { isoDate } from '../../src/canonical/ids.ts';
import { daysByMonth, monthOf, nextDay, startOfDay } from '../../src/canonical/periods.ts';
import { Desk, inv, issue, line, plainChart, span, voided } from './rules/books.ts';

describe('periods', () => {
  it('begin a day where its time zone does, over changes of clocks', () => {
    const begin = (zone: string, day: string) => new Date(startOfDay(zone, isoDate(day))).toISOString();
    expect(begin('UTC', '2026-03-01')).toBe('2026-03-01T00:00:00.000Z');
    expect(begin('Europe/Paris', '2026-03-01')).toBe('2026-02-28T23:00:00.000Z');
    expect(begin('Europe/Paris', '2026-07-01')).toBe('2026-06-30T22:00:00.000Z');
    expect(begin('America/Los_Angeles', '2026-01-01')).toBe('2026-01-01T08:00:00.000Z');
    expect(begin('Pacific/Kiritimati', '2026-01-01')).toBe('2025-12-31T10:00:00.000Z');
    // Midnight is skipped in Cairo when summer time begins.
    expect(begin('Africa/Cairo', '2026-04-24')).toBe('2026-04-23T22:00:00.000Z');
  });

  it('count the days of a span by month, over leap days and year ends', () => {
    expect(daysByMonth(isoDate('2027-12-15'), isoDate('2028-03-02'))).toEqual([
      { month: '2027-12-01', days: 17 },
      { month: '2028-01-01', days: 31 },
      { month: '2028-02-01', days: 29 },
      { month: '2028-03-01', days: 1 },
    ]);
  });

  it('give a span within a day, or one that runs backwards, to its day', () => {
    expect(daysByMonth(isoDate('2026-01-31'), isoDate('2026-01-31'))).toEqual([{ month: '2026-01-01', days: 1 }]);
    expect(daysByMonth(isoDate('2026-01-31'), isoDate('2025-01-01'))).toEqual([{ month: '2026-01-01', days: 1 }]);
  });

  it('end: a service of more than fifty years is for a person', () => {
    expect(daysByMonth(isoDate('2026-01-01'), isoDate('2076-01-01'))).toHaveLength(600);
    expect(daysByMonth(isoDate('2026-01-01'), isoDate('2076-01-02'))).toBeNull();
    const line1 = line('l1', 100, { period: span('2026-01-01', '2126-01-01') });
    expect(new Desk().book(issue('1', '2026-01-01', [line1]))).toMatchObject({
      outcome: 'exception',
      exception: { cause: 'unsupported', amount: 100 },
    });
  });

  it('are named by their first day', () => {
    expect(monthOf(isoDate('2026-12-31'))).toBe('2026-12-01');
    expect(nextDay(isoDate('2026-12-31'))).toBe('2027-01-01');
  });
});

describe('a chart that changes', () => {
  it('does not move what stands on the old account: the invoice is reversed where it was booked', () => {
    const old = new Desk({ accounts: { ...plainChart, receivable: '1210' } });
    old.book(issue('1', '2026-01-10', [line('l1', 100)]));
    const now = new Desk({ accounts: { ...plainChart, receivable: '1220', revenue: '4999' } });
    now.states.set(inv('1'), old.state(inv('1'), 'invoice'));
    now.book(voided('1', '2026-01-20'));
    expect(now.balances('EUR')).toEqual({ '1210': -100, revenue: 100 });
  });
});
