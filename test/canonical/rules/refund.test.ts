import { describe, expect, it } from 'vitest';
import { currency } from '../../../src/canonical/money.ts';
import {
  alice,
  at,
  capture,
  credit,
  Desk,
  inv,
  issue,
  key,
  line,
  m,
  pay,
  refund,
  settled,
  span,
  vat,
} from './books.ts';

const midMonth = { period: span('2026-01-15', '2026-02-15') };
const issued = (net = 10000) => issue('1', '2026-01-10', [line('l1', net)]);
const paying = { invoice: inv('1'), requires: [inv('1')] };

describe('a refund', () => {
  const paid = () => {
    const desk = new Desk();
    desk.book(issue('1', '2026-01-10', [line('l1', 10000, { taxes: [vat(2500)] })]));
    desk.book(capture('p1', '2026-01-11', 12500, { ...paying, settlement: settled(12500, 400) }));
    return desk;
  };

  it('without a credit note is contra-revenue and tax pro rata; the processor keeps its fee', () => {
    const desk = paid();
    desk.book(refund('r1', '2026-01-20', 'p1', 2500, { settlement: settled(-2500) }));
    expect(desk.balances('EUR')).toEqual({ clearing: 9600, fees: 400, refunds: 2000, revenue: -10000, tax: -2000 });
  });

  it('takes the difference of the running total, so repeats and disorder change nothing', () => {
    const desk = paid();
    desk.book(refund('r2', '2026-01-21', 'p1', 3500));
    expect(desk.book(refund('r1', '2026-01-20', 'p1', 2500))).toMatchObject({ outcome: 'nothing' });
    expect(desk.book(refund('r2', '2026-01-21', 'p1', 3500))).toMatchObject({ outcome: 'nothing' });
    expect(desk.balances('EUR')).toMatchObject({ clearing: 8600, tax: -1800, refunds: 2800 });
  });

  it('settles what is still deferred before it touches revenue', () => {
    const desk = new Desk();
    desk.book(issue('1', '2026-01-15', [line('l1', 3100, midMonth)]), capture('p1', '2026-01-15', 3100, paying));
    desk.book(refund('r1', '2026-01-20', 'p1', 3100));
    expect(desk.balances('EUR')).toEqual({ revenue: -1700, refunds: 1700 });
    expect(desk.schedule()).toEqual({});
  });

  it('only clears the credit note that took the revenue', () => {
    const desk = paid();
    desk.book(credit('1', '2026-01-20', '1', [line('l1', 2000, { taxes: [vat(500)] })], { refunded: m(2500) }));
    desk.book(refund('r1', '2026-01-21', 'p1', 2500, { creditNote: key('credit_note', '1') }));
    expect(desk.balances('EUR')).toEqual({ clearing: 9600, fees: 400, revenue: -8000, tax: -2000 });
    expect(desk.state(key('credit_note', '1'), 'credit_note').awaitingRefund).toBe(0);
  });

  it('returns unapplied and overpaid money first', () => {
    const desk = new Desk();
    desk.book(issued(), capture('p1', '2026-01-11', 13000, paying));
    desk.book(refund('r1', '2026-01-20', 'p1', 3000));
    expect(desk.balances('EUR')).toEqual({ clearing: 10000, revenue: -10000 });
  });

  it('that bounced puts everything back', () => {
    const desk = paid();
    const before = desk.balances('EUR');
    desk.book(refund('r1', '2026-01-20', 'p1', 2500));
    const common = { requires: [], refund: key('refund', 'r1'), payment: pay('p1'), customer: alice };
    const bounced = { ...common, currency: currency('EUR'), amount: m(2500) };
    desk.book({ kind: 'refund.reversed', occurredAt: at('2026-01-25'), ...bounced });
    expect(desk.balances('EUR')).toEqual(before);
  });

  it('of more than was received is refused', () => {
    expect(paid().book(refund('r1', '2026-01-20', 'p1', 12501))).toMatchObject({
      outcome: 'exception',
      exception: { cause: 'does_not_add_up' },
    });
  });
});
