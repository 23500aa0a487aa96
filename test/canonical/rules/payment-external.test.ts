import { describe, expect, it } from 'vitest';
import { currency } from '../../../src/canonical/money.ts';
import { alice, at, Desk, inv, issue, line, m, pay } from './books.ts';

const issued = (net = 10000) => issue('1', '2026-01-10', [line('l1', net)]);

describe('money outside the processor', () => {
  it('settles the invoice from the bank and never touches clearing', () => {
    const desk = new Desk();
    desk.book(issued());
    const common = { requires: [], payment: pay('x'), invoice: inv('1'), customer: alice, currency: currency('EUR') };
    desk.book({ kind: 'payment.external', occurredAt: at('2026-01-12'), ...common, amount: m(10000) });
    expect(desk.balances('EUR')).toEqual({ bankInTransit: 10000, revenue: -10000 });
    expect(desk.document('payment/stripe:payment:x', 'payment')).toMatchObject({ settles: 'invoice/stripe:invoice:1' });
  });

  it('books nothing for a failed payment', () => {
    const common = { requires: [], payment: pay('x'), invoice: null, customer: alice, currency: currency('EUR') };
    const failed = {
      kind: 'payment.failed',
      occurredAt: at('2026-01-12'),
      ...common,
      amount: m(1),
      reason: null,
    } as const;
    expect(new Desk().book(failed)).toMatchObject({ outcome: 'nothing', reason: 'no_effect' });
  });

  it('notes on its invoice which attempts failed, each once, and books nothing for them', () => {
    const desk = new Desk();
    desk.book(issued());
    const attempt = (id: string, date: string) =>
      ({
        kind: 'payment.failed',
        occurredAt: at(date),
        requires: [],
        payment: pay(id),
        invoice: inv('1'),
        customer: alice,
        currency: currency('EUR'),
        amount: m(10000),
        reason: 'card_declined',
      }) as const;
    for (const fact of [attempt('b', '2026-01-14'), attempt('a', '2026-01-11')]) {
      expect(desk.book(fact)).toMatchObject({ outcome: 'booked', entries: [], documents: [] });
      expect(desk.book(fact)).toMatchObject({ outcome: 'nothing', reason: 'already_booked' });
    }
    expect(desk.state(inv('1'), 'invoice').failedPayments?.map(({ object, date }) => [object, date])).toEqual([
      [pay('a'), '2026-01-11'],
      [pay('b'), '2026-01-14'],
    ]);
  });
});
