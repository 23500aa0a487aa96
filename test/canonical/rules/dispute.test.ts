import { describe, expect, it } from 'vitest';
import { isoDate } from '../../../src/canonical/ids.ts';
import { currency } from '../../../src/canonical/money.ts';
import { capture, Desk, dispute, inv, issue, key, line, pay, quoted, refund, settled, span, vat } from './books.ts';

const usd = currency('USD');
const opened = { ...dispute('dispute.won', '2026-01-20', 5000, null), kind: 'dispute.opened' as const };
const withdrawn = dispute('dispute.withdrawn', '2026-02-01', 5000, settled(-5000, 1500));
const won = dispute('dispute.won', '2026-03-01', 5000, settled(5000));
const { settlement: _, ...closing } = won;
const lostIn = (date: string) => ({
  ...closing,
  ...dispute('dispute.won', date, 5000, null),
  kind: 'dispute.lost' as const,
});

describe('a dispute', () => {
  const lost = { ...dispute('dispute.won', '2026-03-01', 5000, null), kind: 'dispute.lost' as const };

  it('is only noted when it is opened', () => {
    const desk = new Desk();
    expect(desk.book({ ...lost, kind: 'dispute.opened' })).toMatchObject({ outcome: 'booked', entries: [] });
  });

  it('parks the money and expenses the fee when it is withdrawn, and gives it back when it is won', () => {
    const desk = new Desk();
    desk.book(dispute('dispute.withdrawn', '2026-02-01', 5000, settled(-5000, 1500)));
    expect(desk.balances('EUR')).toEqual({ clearing: -6500, disputesReceivable: 5000, fees: 1500 });
    desk.book(dispute('dispute.won', '2026-03-01', 5000, settled(5000)));
    expect(desk.balances('EUR')).toEqual({ clearing: -1500, fees: 1500 });
  });

  it('is a loss when it is lost, even if that is heard first', () => {
    const desk = new Desk();
    desk.book(lost);
    desk.book(dispute('dispute.withdrawn', '2026-02-01', 5000, settled(-5000, 1500)));
    expect(desk.balances('EUR')).toEqual({ clearing: -6500, disputeLoss: 5000, fees: 1500 });
  });

  it('won at another rate leaves an exchange difference and nothing parked', () => {
    const rates = [quoted('USD', 'EUR', '2026-02-01', '0.9'), quoted('USD', 'EUR', '2026-03-01', '0.8')];
    const desk = new Desk({ rates });
    desk.book({ ...dispute('dispute.withdrawn', '2026-02-01', 5000, null), currency: usd });
    desk.book({ ...dispute('dispute.won', '2026-03-01', 5000, null), currency: usd });
    expect(desk.balances('USD')).toEqual({});
    expect(desk.base()).toEqual({ clearing: -500, fxGainLoss: 500 });
  });
});

describe('a dispute booked as an expense', () => {
  const policy = { bookDisputesAs: 'expense' as const };

  it('is a loss when it is withdrawn, and comes back when it is won', () => {
    const desk = new Desk({ policy });
    desk.book(withdrawn);
    expect(desk.balances('EUR')).toEqual({ clearing: -6500, disputeLoss: 5000, fees: 1500 });
    desk.book(won);
    expect(desk.balances('EUR')).toEqual({ clearing: -1500, fees: 1500 });
  });

  it('moves nothing more when it is lost, in either order', () => {
    for (const order of [
      [withdrawn, lostIn('2026-03-01')],
      [lostIn('2026-03-01'), withdrawn],
    ]) {
      const desk = new Desk({ policy });
      for (const fact of order) desk.book(fact);
      expect(desk.balances('EUR')).toEqual({ clearing: -6500, disputeLoss: 5000, fees: 1500 });
      expect(desk.state(key('dispute', 'dp_1'), 'dispute').status).toBe('lost');
      for (const fact of order) expect(desk.book(fact)).toMatchObject({ outcome: 'nothing' });
    }
  });
});

describe('a dispute booked as contra-revenue', () => {
  const policy = { bookDisputesAs: 'contra-revenue' as const };
  const year = line('l1', 3100, { period: span('2026-01-15', '2026-02-15') });
  const sold = [issue('1', '2026-01-15', [year], { currency: currency('EUR') })];
  const paid = capture('p1', '2026-01-16', 3100, { invoice: inv('1') });
  const half = (fact: ReturnType<typeof lostIn>) => ({ ...fact, amount: paid.amount });

  it('stays parked until it is lost, then takes what is still deferred and the rest as contra-revenue', () => {
    const desk = new Desk({ policy });
    for (const fact of [...sold, paid, { ...opened, amount: paid.amount }]) desk.book(fact);
    desk.book({ ...dispute('dispute.withdrawn', '2026-01-20', 3100, settled(-3100, 1500)) });
    expect(desk.balances('EUR')).toMatchObject({ disputesReceivable: 3100, deferredRevenue: -1400, revenue: -1700 });
    desk.book(half(lostIn('2026-01-25')));
    expect(desk.balances('EUR')).toEqual({ clearing: -1500, fees: 1500, revenue: -1700, disputedRevenue: 1700 });
    expect(desk.schedule()).toEqual({});
    expect(desk.state(inv('1'), 'invoice')).toMatchObject({ open: 0, overpaid: 0 });
  });

  it('leaves the tax alone, or takes it back too where the policy reclaims it', () => {
    const taxed = issue('1', '2026-01-15', [line('l1', 2500, { taxes: [vat(500)] })]);
    const paying = capture('p1', '2026-01-16', 3000, { invoice: inv('1') });
    const balances = (badDebtTax: 'expense' | 'relief') => {
      const desk = new Desk({ policy: { ...policy, badDebtTax } });
      const facts = [taxed, paying, { ...withdrawn, amount: paying.amount, settlement: settled(-3000) }];
      for (const fact of [...facts, { ...lostIn('2026-03-01'), amount: paying.amount }]) desk.book(fact);
      return desk.balances('EUR');
    };
    expect(balances('expense')).toEqual({ revenue: -2500, tax: -500, disputedRevenue: 3000 });
    expect(balances('relief')).toEqual({ revenue: -2500, disputedRevenue: 2500 });
  });

  it('gives back unapplied money first: no revenue was made of it', () => {
    const desk = new Desk({ policy });
    for (const fact of [capture('p1', '2026-01-16', 5000), withdrawn, lostIn('2026-03-01')]) desk.book(fact);
    expect(desk.balances('EUR')).toEqual({ clearing: -1500, fees: 1500 });
    expect(desk.state(pay('p1'), 'payment').unapplied).toBe(0);
  });

  it('bears what the processor took beyond what a refund had left, whichever is heard first', () => {
    const back = { ...refund('r1', '2026-01-17', 'p1', 3000), amount: capture('p1', '2026-01-16', 3000).amount };
    const facts = [...sold, paid];
    for (const order of [
      [back, withdrawn, lostIn('2026-03-01')],
      [lostIn('2026-03-01'), withdrawn, back],
    ]) {
      const desk = new Desk({ policy });
      for (const fact of [...facts, ...order]) desk.book(fact);
      expect(desk.recognised(isoDate('2026-03-01'))).toEqual({
        'clearing EUR': 3100 - 3000 - 6500,
        'fees EUR': 1500,
        'revenue EUR': -1700,
        'refunds EUR': 1600,
        'disputedRevenue EUR': 5000,
      });
    }
  });

  it('waits for its payment, and keeps the policy it began with', () => {
    expect(new Desk({ policy }).book(withdrawn)).toEqual({ outcome: 'wait', requires: [pay('p1')] });
    const desk = new Desk();
    desk.book(withdrawn);
    const later = new Desk({ policy });
    for (const [name, state] of desk.states) later.states.set(name, state);
    later.book(lostIn('2026-03-01'));
    expect(later.balances('EUR')).toEqual({ disputesReceivable: -5000, disputeLoss: 5000 });
  });
});
