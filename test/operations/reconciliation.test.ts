import { describe, expect, it } from 'vitest';
import { compareBalances, openWorkOf } from '../../src/operations/reconciliation.ts';
import { balanceReaders } from '../../src/sources/enrichment/balance.ts';

const stripe = balanceReaders.get('stripe');
const read = (answer: unknown) => {
  const held = stripe?.read(answer) ?? null;
  return held === null ? null : Object.fromEntries(held);
};

describe('Stripe’s balance', () => {
  it('is what is available and what is pending, in the books’ minor units', () => {
    const answer = {
      object: 'balance',
      available: [
        { amount: 1200, currency: 'eur' },
        { amount: 500, currency: 'isk' },
      ],
      pending: [
        { amount: -200, currency: 'eur' },
        { amount: 90, currency: 'jpy' },
      ],
    };
    expect(read(answer)).toEqual({ EUR: 1000, ISK: 5, JPY: 90 });
  });

  it('is not guessed from an answer of another shape', () => {
    for (const answer of [null, {}, { available: [] }, { available: [{ amount: 1.5, currency: 'eur' }], pending: [] }])
      expect(read(answer)).toBeNull();
    expect(read({ available: [{ amount: 550, currency: 'isk' }], pending: [] })).toBeNull();
  });
});

describe('the comparison of balances', () => {
  const books = new Map([
    ['EUR', 970],
    ['USD', 100],
  ]);
  const explain = () => openWorkOf({ held: new Map([['stripe', 2]]), exceptions: [] }, 'stripe', 'EUR');

  it('explains a difference, and only a difference', () => {
    const found = compareBalances(new Map([['EUR', 970]]), books, explain);
    expect(found).toEqual([
      { currency: 'EUR', provider: 970, books: 970, difference: 0, explanations: [] },
      {
        currency: 'USD',
        provider: 0,
        books: 100,
        difference: -100,
        explanations: [{ what: 'held_events', count: 2, amount: null }],
      },
    ]);
  });

  it('says that a provider was not asked rather than that it has nothing', () => {
    expect(compareBalances(null, books, explain).map(({ provider, difference }) => [provider, difference])).toEqual([
      [null, null],
      [null, null],
    ]);
  });

  it('sums exceptions of that source and currency alone', () => {
    const exceptions = [
      { source: 'stripe', currency: 'EUR', count: 2, amount: 300 },
      { source: 'stripe', currency: 'USD', count: 1, amount: 1 },
      { source: 'other', currency: 'EUR', count: 1, amount: 1 },
      { source: null, currency: null, count: 1, amount: null },
    ];
    expect(openWorkOf({ held: new Map(), exceptions }, 'stripe', 'EUR')).toEqual([
      { what: 'held_events', count: 0, amount: null },
      { what: 'open_exceptions', count: 2, amount: 300 },
    ]);
  });
});
