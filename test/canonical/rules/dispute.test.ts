import { describe, expect, it } from 'vitest';
import { currency } from '../../../src/canonical/money.ts';
import { Desk, dispute, quoted, settled } from './books.ts';

const usd = currency('USD');

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
