import { describe, expect, it } from 'vitest';
import { capture, credit, Desk, inv, issue, line, m, quoted, span, vat, voided, writtenOff } from './books.ts';

const midMonth = { period: span('2026-01-15', '2026-02-15') };
const issued = (net = 10000) => issue('1', '2026-01-10', [line('l1', net)]);
const paying = { invoice: inv('1'), requires: [inv('1')] };

describe('a void and a write-off', () => {
  it('void reverses what credit notes left, and cancels the schedule', () => {
    const desk = new Desk();
    desk.book(
      issue('1', '2026-01-15', [line('l1', 3100, { ...midMonth, taxes: [vat(620)] })], { creditApplied: m(100) }),
    );
    desk.book(credit('1', '2026-01-16', '1', [line('l1', 100, { taxes: [vat(20)] })]));
    desk.book(voided('1', '2026-01-20'));
    expect(desk.balances('EUR')).toEqual({});
    expect(desk.schedule()).toEqual({});
    expect(desk.document('credit_note/stripe:invoice:1/void', 'credit_note').total).toBe(3600);
    expect(desk.book(voided('1', '2026-01-20'))).toMatchObject({ outcome: 'nothing' });
  });

  it('void of months gone by leaves the schedule to run out, and ends at nothing', () => {
    const desk = new Desk();
    desk.book(issue('1', '2026-01-15', [line('l1', 3100, midMonth)]));
    desk.book(voided('1', '2026-03-02'));
    expect(desk.recognised(quoted('EUR', 'USD', '2026-03-01', '1').date)).toEqual({});
  });

  it('write-off is bad debt, tax included, with unearned months off deferred revenue; earned revenue stays', () => {
    const desk = new Desk();
    desk.book(issue('1', '2026-01-15', [line('l1', 3100, { ...midMonth, taxes: [vat(620)] })]));
    desk.book(writtenOff('1', '2026-01-31', 3720));
    expect(desk.balances('EUR')).toEqual({ badDebt: 2320, revenue: -1700, tax: -620 });
    expect(desk.schedule()).toEqual({});
    expect(desk.state(inv('1'), 'invoice').status).toBe('written_off');
  });

  it('money that comes after all takes the write-off back first', () => {
    const desk = new Desk();
    desk.book(issued(), writtenOff('1', '2026-02-01'));
    desk.book(capture('p1', '2026-02-10', 4000, paying));
    expect(desk.entries.slice(-2).map((entry) => entry.lines.map((it) => [it.account, it.amount]))).toEqual([
      [
        ['receivable', 4000],
        ['badDebt', -4000],
      ],
      [
        ['clearing', 4000],
        ['receivable', -4000],
      ],
    ]);
    expect(desk.balances('EUR')).toEqual({ clearing: 4000, badDebt: 6000, revenue: -10000 });
  });

  it('tells a person when the provider counts another remainder', () => {
    const desk = new Desk();
    desk.book(issued());
    expect(desk.book(writtenOff('1', '2026-02-01', 7000))).toMatchObject({
      outcome: 'booked',
      notices: [{ cause: 'does_not_add_up', amount: 7000 }],
    });
  });

  describe('with tax relief', () => {
    const relief = { policy: { badDebtTax: 'relief' as const } };

    it('takes the tax in what is written off from tax payable', () => {
      const desk = new Desk(relief);
      desk.book(issue('1', '2026-01-10', [line('l1', 10000, { taxes: [vat(2000)] })]));
      desk.book(capture('p1', '2026-01-11', 3000, paying));
      desk.book(writtenOff('1', '2026-03-01', 9000));
      expect(desk.balances('EUR')).toEqual({ clearing: 3000, revenue: -10000, tax: -500, badDebt: 7500 });
    });

    it('owes the tax again when the money comes after all', () => {
      const desk = new Desk(relief);
      desk.book(issue('1', '2026-01-15', [line('l1', 3100, { ...midMonth, taxes: [vat(620)] })]));
      desk.book(writtenOff('1', '2026-01-20', 3720));
      expect(desk.balances('EUR')).toEqual({ revenue: -1700, badDebt: 1700 });
      expect(desk.schedule()).toEqual({});
      desk.book(capture('p1', '2026-01-25', 3720, paying));
      expect(desk.balances('EUR')).toEqual({ clearing: 3720, revenue: -1700, deferredRevenue: -1400, tax: -620 });
    });

    it('takes no more than the tax a credit note left', () => {
      const desk = new Desk(relief);
      desk.book(issue('1', '2026-01-10', [line('l1', 10000, { taxes: [vat(2000)] })]));
      desk.book(credit('1', '2026-01-12', '1', [line('l1', 5000, { taxes: [vat(1000)] })]));
      desk.book(writtenOff('1', '2026-03-01', 6000));
      expect(desk.balances('EUR')).toEqual({ revenue: -5000, badDebt: 5000 });
    });
  });
});
