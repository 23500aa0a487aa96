import { describe, expect, it } from 'vitest';
import type { Settlement } from '../../../src/canonical/events.ts';
import { currency } from '../../../src/canonical/money.ts';
import { settlementKey } from '../../../src/canonical/objects.ts';
import { at, capture, Desk, key, m, pay, settled } from './books.ts';

describe('a payout', () => {
  const payout = (amount: number, net: number | null, id = 'po_1') =>
    ({
      kind: 'payout.sent',
      occurredAt: at('2026-01-20'),
      requires: [],
      payout: key('payout', id),
      currency: currency('EUR'),
      amount: m(amount),
      arrivesAt: null,
      transactions: net === null ? null : [{ payment: pay('p1'), settlement: settled(10000, 10000 - net) }],
    }) as const;

  it('leaves clearing for the bank and books the fee of a payment that was booked gross, once', () => {
    const desk = new Desk();
    desk.book(capture('p1', '2026-01-11', 10000, { settlement: null }));
    desk.book(payout(9750, 9750));
    expect(desk.balances('EUR')).toEqual({ bankInTransit: 9750, fees: 250, unapplied: -10000 });
    expect(desk.state(key('payout', 'po_1'), 'payout').feesOf).toEqual([pay('p1')]);
    desk.book(payout(9750, 9750, 'po_2'));
    expect(desk.balances('EUR')).toMatchObject({ fees: 250 });
    expect(desk.book(capture('p1', '2026-01-11', 10000, { settlement: settled(10000, 250) }))).toMatchObject({
      outcome: 'nothing',
      reason: 'covered_elsewhere',
    });
  });

  it('that is heard before its payment leaves word of the fee', () => {
    const desk = new Desk();
    desk.book(payout(9750, 9750));
    expect(desk.state(settlementKey(pay('p1')), 'settlement').booked).toBe(false);
    desk.book(capture('p1', '2026-01-11', 10000, { settlement: null }));
    expect(desk.balances('EUR')).toEqual({ bankInTransit: 9750, fees: 250, unapplied: -10000 });
  });

  it('does not take a dispute that was won for the collection of its payment', () => {
    const desk = new Desk();
    desk.book(capture('p1', '2026-01-11', 12000, { settlement: null }));
    desk.book(payout(9750, 9750));
    expect(desk.balances('EUR')).toEqual({ clearing: 2250, bankInTransit: 9750, unapplied: -12000 });
  });

  it('shows a person when it is not the sum of what it lists', () => {
    expect(new Desk().book(payout(9700, 9750))).toMatchObject({
      outcome: 'booked',
      notices: [{ cause: 'does_not_add_up', amount: -50 }],
    });
  });

  it('that is negative moves money back, and one that bounced is reversed on its day', () => {
    const desk = new Desk();
    desk.book(payout(-300, null));
    expect(desk.balances('EUR')).toEqual({ bankInTransit: -300, clearing: 300 });
    const bounced = { requires: [], payout: key('payout', 'po_1'), currency: currency('EUR'), amount: m(-300) };
    desk.book({ kind: 'payout.returned', occurredAt: at('2026-01-25'), ...bounced });
    expect(desk.balances('EUR')).toEqual({});
    expect(desk.entries.at(-1)?.date).toBe('2026-01-25');
  });

  describe('with fees booked at payout', () => {
    const policy = { feeAt: 'payout' as const };
    const paid = capture('p1', '2026-01-11', 10000, { settlement: settled(10000, 200, { feeTax: m(50) }) });
    const listing = (over: Partial<Settlement> = {}, amount = 9750) => ({
      ...payout(amount, null),
      transactions: [{ payment: pay('p1'), settlement: settled(10000, 200, { feeTax: m(50), ...over }) }],
    });

    it('leaves the gross on clearing until the payout that lists the payment', () => {
      const desk = new Desk({ policy });
      desk.book(paid);
      expect(desk.balances('EUR')).toEqual({ clearing: 10000, unapplied: -10000 });
      desk.book(listing());
      expect(desk.balances('EUR')).toEqual({ bankInTransit: 9750, fees: 200, feesInputTax: 50, unapplied: -10000 });
      expect(desk.entries.at(-1)).toMatchObject({
        kind: 'payout.sent',
        description: 'Fees of 1 payments in payout po_1',
      });
      for (const fact of [paid, listing(), { ...listing(), payout: key('payout', 'po_2') }]) desk.book(fact);
      expect(desk.balances('EUR')).toMatchObject({ fees: 200, feesInputTax: 50 });
    });

    it('books the fee with the payment where the payout came first', () => {
      const desk = new Desk({ policy });
      desk.book(listing());
      desk.book(paid);
      expect(desk.balances('EUR')).toEqual({ bankInTransit: 9750, fees: 200, feesInputTax: 50, unapplied: -10000 });
    });

    it('books a conversion with the charge, and only the fee with the payout', () => {
      const desk = new Desk({ policy });
      const usd = currency('USD');
      desk.book({ ...capture('p1', '2026-01-11', 12000, { currency: usd, settlement: settled(10000, 250) }) });
      expect(desk.balances('EUR')).toEqual({ clearing: 10000, fxConversion: -10000 });
      desk.book({ ...listing(), transactions: [{ payment: pay('p1'), settlement: settled(10000, 250) }] });
      expect(desk.balances('EUR')).toEqual({ bankInTransit: 9750, fees: 250, fxConversion: -10000 });
      expect(desk.base()).toEqual({ bankInTransit: 9750, fees: 250, unapplied: -10000 });
    });

    it('waits for the payout where the settlement comes with a repeat, and tells a person of a payout without a list', () => {
      const desk = new Desk({ policy });
      desk.book({ ...paid, settlement: null });
      expect(desk.book(paid)).toMatchObject({ outcome: 'nothing', reason: 'covered_elsewhere' });
      expect(desk.book(payout(100, null, 'po_2'))).toMatchObject({ notices: [{ cause: 'unsupported', amount: 100 }] });
      desk.book(listing());
      expect(desk.balances('EUR')).toMatchObject({ fees: 200, feesInputTax: 50 });
    });
  });
});
