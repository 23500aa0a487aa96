import { describe, expect, it } from 'vitest';
import { currency } from '../../../src/canonical/money.ts';
import { at, Desk, key, m } from './books.ts';

describe('the processor’s own movements', () => {
  it('books a fee once', () => {
    const desk = new Desk();
    const fee = { fee: key('fee', 'txn_9'), currency: currency('EUR'), amount: m(900), description: 'Radar' };
    const fact = { kind: 'processor.fee', occurredAt: at('2026-01-31'), requires: [], ...fee } as const;
    desk.book(fact);
    expect(desk.book(fact)).toMatchObject({ outcome: 'nothing', reason: 'already_booked' });
    expect(desk.balances('EUR')).toEqual({ clearing: -900, fees: 900 });
  });

  it('puts what it does not know on suspense and tells a person', () => {
    const desk = new Desk();
    const adjustment = { adjustment: key('adjustment', 'txn_8'), currency: currency('EUR'), amount: m(-700) };
    const decision = desk.book({
      ...{ kind: 'balance.adjusted', occurredAt: at('2026-01-31'), requires: [], category: 'reserve' },
      ...adjustment,
    });
    expect(desk.balances('EUR')).toEqual({ clearing: -700, suspense: 700 });
    expect(decision).toMatchObject({ notices: [{ cause: 'unsupported', amount: -700 }] });
  });
});
