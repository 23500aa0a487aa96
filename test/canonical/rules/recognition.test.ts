import { describe, expect, it } from 'vitest';
import { isoDate } from '../../../src/canonical/ids.ts';
import { currency } from '../../../src/canonical/money.ts';
import {
  capture,
  credit,
  Desk,
  inv,
  issue,
  key,
  line,
  m,
  pay,
  plainChart,
  quoted,
  refund,
  span,
  vat,
  voided,
  writtenOff,
} from './books.ts';
import { expectDeferredIsScheduled, monthOver, recognise, recogniseAll, schedules } from './recognising.ts';

const annual = (net = 120_000) => line('l1', net, { period: span('2026-01-01', '2027-01-01'), taxes: [vat(net / 5)] });

/** Books the annual plan of 1,200.00 and its tax, paid at once. */
function paidAnnual(over: ConstructorParameters<typeof Desk>[0] = {}): Desk {
  const desk = new Desk({ policy: { recognition: 'monthly' }, ...over });
  desk.book(issue('i1', '2026-01-01', [annual()]));
  desk.book(capture('p1', '2026-01-02', 144_000, { invoice: inv('i1') }));
  expectDeferredIsScheduled(desk);
  return desk;
}

const byMonth = (desk: Desk): Record<string, number> =>
  Object.fromEntries(schedules(desk).map(({ period, amount }) => [period.slice(0, 7), amount]));

describe('recognising a month that is over', () => {
  it('moves its slices from deferred revenue to revenue on its last day, and nothing of other months', () => {
    const desk = paidAnnual();
    recognise(desk, '2026-02');
    const entry = desk.entries.at(-1);
    expect(entry).toMatchObject({ kind: 'revenue.recognized', date: '2026-02-28', baseCurrency: 'EUR' });
    expect(entry?.lines.map(({ account, amount }) => [account, amount])).toEqual([
      ['deferredRevenue', 10_000],
      ['revenue', -10_000],
    ]);
    expect(desk.balances('EUR')).toMatchObject({ deferredRevenue: -100_000, revenue: -20_000 });
    expect(byMonth(desk)['2026-02']).toBeUndefined();
    expectDeferredIsScheduled(desk);
  });

  it('asks targets for one entry, under a key of the run', () => {
    const desk = paidAnnual();
    recognise(desk, '2026-02');
    expect(desk.documents.at(-1)).toMatchObject({
      kind: 'entry',
      key: 'entry/ledgergate:recognition:acme-eu/2026-02/2026-03-01',
      date: '2026-02-28',
    });
  });

  it('books nothing when the same run is decided twice, and nothing in a second run of a finished month', () => {
    const desk = paidAnnual();
    const run = monthOver(desk, '2026-02');
    desk.book(run);
    expect(desk.book(run)).toMatchObject({ outcome: 'nothing', reason: 'already_booked' });
    expect(recognise(desk, '2026-02', '2026-03-02')).toMatchObject({ outcome: 'nothing', reason: 'no_effect' });
  });

  it('finds a late invoice for the month in the next run', () => {
    const desk = paidAnnual();
    recognise(desk, '2026-02');
    desk.book(issue('late', '2026-01-31', [line('l1', 5600, { period: span('2026-02-01', '2026-03-01') })]));
    expect(byMonth(desk)['2026-02']).toBe(5600);
    recognise(desk, '2026-02', '2026-03-09');
    expect(desk.balances('EUR').revenue).toBe(-25_600);
    expectDeferredIsScheduled(desk);
  });

  it('takes back what a credit note dated before the month took from it after it was recognised', () => {
    const desk = paidAnnual();
    for (const month of ['2026-02', '2026-03']) recognise(desk, month);
    // Dated January, so all that is unearned by then is taken: February and March, recognised meanwhile, included.
    desk.book(credit('c1', '2026-01-20', 'i1', [line('l1', 110_000)], { creditedToBalance: m(110_000) }));
    expect(byMonth(desk)).toEqual({ '2026-02': -10_000, '2026-03': -10_000 });
    expectDeferredIsScheduled(desk);
    recogniseAll(desk, isoDate('2026-12-01'), '2026-04-05');
    expect(desk.balances('EUR')).toMatchObject({ revenue: -10_000 });
    expect(desk.balances('EUR').deferredRevenue).toBeUndefined();
    expect(schedules(desk)).toEqual([]);
  });

  it('returns a discount shown gross to its contra account', () => {
    const desk = new Desk({ policy: { discounts: 'gross' } });
    desk.book(
      issue('i1', '2026-01-31', [line('l1', 2800, { discount: m(200), period: span('2026-02-01', '2026-03-01') })]),
    );
    recognise(desk, '2026-02');
    const lines = desk.entries.at(-1)?.lines.map(({ role, account, amount }) => [role, account, amount]);
    expect(lines).toEqual([
      ['deferredRevenue', 'deferredRevenue', 2800],
      ['revenue', 'revenue', -3000],
      ['discount', 'discount', 200],
    ]);
  });

  it('recognises a foreign invoice at the rate it was issued at', () => {
    const rates = [quoted('USD', 'EUR', '2026-01-01', '0.90'), quoted('USD', 'EUR', '2026-02-28', '0.50')];
    const desk = new Desk({ rates });
    const lines = [line('l1', 10_000, { period: span('2026-02-01', '2026-03-01') })];
    desk.book(issue('i1', '2026-01-01', lines, { currency: currency('USD') }));
    recognise(desk, '2026-02');
    expect(desk.base()).toEqual({ receivable: 9000, revenue: -9000 });
    expectDeferredIsScheduled(desk);
  });

  it('keeps products on their own revenue accounts', () => {
    const accounts = { ...plainChart, revenue: { default: '400000', pro: '400100' } };
    const desk = new Desk({ accounts });
    const period = span('2026-02-01', '2026-03-01');
    desk.book(
      issue('i1', '2026-01-31', [
        line('l1', 2800, { period, product: key('product', 'pro') }),
        line('l2', 280, { period }),
      ]),
    );
    recognise(desk, '2026-02');
    expect(desk.balances('EUR')).toMatchObject({ '400100': -2800, '400000': -280 });
  });

  it('of a closed month is an exception with its amount, or is booked on the next open day, as the policy says', () => {
    const closed = { closedUntil: isoDate('2026-02-28') };
    const strict = paidAnnual();
    const late = new Desk({ ...closed, policy: { recognition: 'monthly' } });
    late.entries.push(...strict.entries);
    expect(recognise(late, '2026-02')).toMatchObject({
      outcome: 'exception',
      exception: { cause: 'period_closed', amount: 10_000, currency: 'EUR' },
    });
    const moving = new Desk({ ...closed, policy: { recognition: 'monthly', latePeriod: 'next-open' } });
    moving.entries.push(...strict.entries);
    recognise(moving, '2026-02');
    expect(moving.entries.at(-1)).toMatchObject({
      date: '2026-03-01',
      description: 'Revenue recognised for 2026-02 (moved from 2026-02-28, period closed)',
    });
    expectDeferredIsScheduled(moving);
  });
});

describe('what happens to a plan while it is recognised', () => {
  it('an annual plan refunded in month 5 without a credit note: unearned months first, with the tax pro rata', () => {
    const desk = paidAnnual();
    for (const month of ['2026-02', '2026-03', '2026-04', '2026-05']) recognise(desk, month);
    expect(desk.balances('EUR')).toMatchObject({ revenue: -50_000, deferredRevenue: -70_000 });
    // 7 of 12 months: 700.00 net and 140.00 tax.
    desk.book(refund('r1', '2026-05-31', 'p1', 84_000));
    expectDeferredIsScheduled(desk);
    expect(schedules(desk)).toEqual([]);
    recogniseAll(desk, isoDate('2026-12-01'));
    expect(desk.balances('EUR')).toEqual({ clearing: 60_000, revenue: -50_000, tax: -10_000 });
  });

  it('the same by a credit note, part of it only, leaves the months evenly lighter', () => {
    const desk = paidAnnual();
    for (const month of ['2026-02', '2026-03', '2026-04', '2026-05']) recognise(desk, month);
    desk.book(credit('c1', '2026-05-31', 'i1', [line('l1', 35_000, { taxes: [vat(7000)] })], { refunded: m(42_000) }));
    expectDeferredIsScheduled(desk);
    expect(Object.values(byMonth(desk))).toEqual([5000, 5000, 5000, 5000, 5000, 5000, 5000]);
    recogniseAll(desk, isoDate('2026-12-01'));
    expect(desk.balances('EUR')).toMatchObject({ revenue: -85_000, refundClearing: -42_000 });
    expect(desk.balances('EUR').deferredRevenue).toBeUndefined();
  });

  it('an upgrade mid-term: unused time negative, remaining time positive, each over its own months', () => {
    const desk = new Desk();
    desk.book(issue('i1', '2026-04-01', [line('l1', 27_300, { period: span('2026-04-01', '2026-07-01') })]));
    recognise(desk, '2026-04');
    const rest = span('2026-05-16', '2026-07-01');
    desk.book(
      issue('i2', '2026-05-16', [
        line('unused', -13_800, { period: rest, proration: true }),
        line('remaining', 27_600, { period: rest, proration: true }),
      ]),
    );
    expectDeferredIsScheduled(desk);
    expect(byMonth(desk)).toEqual({ '2026-05': 9300, '2026-06': 9000 - 9000 + 18_000 });
    recogniseAll(desk, isoDate('2026-06-01'));
    expect(desk.balances('EUR')).toEqual({ receivable: 41_100, revenue: -41_100 });
  });

  it('a downgrade leaves a negative schedule that runs out as it should', () => {
    const desk = new Desk();
    desk.book(issue('i1', '2026-04-01', [line('l1', 6100, { period: span('2026-05-01', '2026-07-01') })]));
    desk.book(
      issue('i2', '2026-04-20', [
        line('unused', -6100, { period: span('2026-05-01', '2026-07-01') }),
        line('remaining', 610, { period: span('2026-05-01', '2026-07-01') }),
      ]),
    );
    expectDeferredIsScheduled(desk);
    expect(byMonth(desk)).toEqual({ '2026-05': 310, '2026-06': 300 });
    recogniseAll(desk, isoDate('2026-06-01'));
    expectDeferredIsScheduled(desk);
    expect(schedules(desk)).toEqual([]);
  });

  it('a void after three months takes back what was earned too, once the schedule has run out', () => {
    const desk = new Desk({ policy: { recognition: 'monthly' } });
    desk.book(issue('i1', '2026-01-01', [annual()]));
    for (const month of ['2026-02', '2026-03']) recognise(desk, month);
    desk.book(voided('i1', '2026-03-31'));
    expectDeferredIsScheduled(desk);
    recogniseAll(desk, isoDate('2026-12-01'), '2027-01-02');
    expect(desk.balances('EUR')).toEqual({});
  });

  it('a write-off keeps what was earned and takes off what was not', () => {
    const desk = new Desk({ policy: { recognition: 'monthly' } });
    desk.book(issue('i1', '2026-01-01', [annual()]));
    for (const month of ['2026-02', '2026-03']) recognise(desk, month);
    desk.book(writtenOff('i1', '2026-03-31'));
    expectDeferredIsScheduled(desk);
    expect(schedules(desk)).toEqual([]);
    expect(desk.balances('EUR')).toEqual({ revenue: -30_000, tax: -24_000, badDebt: 54_000 });
    // Paid after all: the months come back, and those gone by meanwhile are recognised by the next runs.
    desk.book(capture('p1', '2026-06-15', 144_000, { invoice: inv('i1') }));
    expectDeferredIsScheduled(desk);
    recogniseAll(desk, isoDate('2026-12-01'), '2027-01-02');
    expect(desk.balances('EUR')).toEqual({ clearing: 144_000, revenue: -120_000, tax: -24_000 });
  });

  it('a refund that bounced brings its months back', () => {
    const desk = paidAnnual();
    recognise(desk, '2026-02');
    desk.book(refund('r1', '2026-02-28', 'p1', 72_000));
    expectDeferredIsScheduled(desk);
    const before = desk.balances('EUR').deferredRevenue ?? 0;
    desk.book({
      ...{ kind: 'refund.reversed', occurredAt: Date.parse('2026-05-10T12:00:00Z'), requires: [], payment: pay('p1') },
      ...{ refund: key('refund', 'r1'), customer: null, currency: currency('EUR'), amount: m(72_000) },
    });
    expectDeferredIsScheduled(desk);
    expect(before - (desk.balances('EUR').deferredRevenue ?? 0)).toBe(60_000);
    recogniseAll(desk, isoDate('2026-12-01'), '2027-01-02');
    expect(desk.balances('EUR')).toMatchObject({ revenue: -120_000 });
  });
});
