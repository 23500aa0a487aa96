import { describe, expect, it } from 'vitest';
import type { ExchangeRate } from '../../../src/canonical/decision.ts';
import { isoDate, objectKey } from '../../../src/canonical/ids.ts';
import { currency, money, rate } from '../../../src/canonical/money.ts';
import { baseOn } from '../../../src/canonical/rules/fx.ts';
import { Desk } from './books.ts';

const quoted = (from: string, to: string, date: string, units: string, source = 'ECB'): ExchangeRate => ({
  from: currency(from),
  to: currency(to),
  date: isoDate(date),
  rate: rate(units),
  source,
});
const object = objectKey('stripe', 'payment', 'ch_1');

function worth(amount: number, code: string, rates: readonly ExchangeRate[], base = 'USD') {
  const { books } = new Desk({ rates, currency: currency(base) });
  const context = { books, objects: () => null };
  const found = baseOn(context, money(amount, code), isoDate('2026-11-27'), object);
  return found.ok ? found.value : found.error.cause;
}

describe('what an amount is worth in the entity’s currency', () => {
  it('goes through the euro when a source quotes both against it, and is rounded once', () => {
    const rates = [quoted('EUR', 'USD', '2026-11-27', '1.0523'), quoted('EUR', 'GBP', '2026-11-27', '0.8331')];
    // 100.00 GBP ÷ 0.8331 × 1.0523 = 126.3113… USD
    expect(worth(10_000, 'GBP', rates)).toBe(12_631);
    // 0.02 GBP are 0.0253 USD; through whole euro cents (0.02) they would be 0.02.
    expect(worth(2, 'GBP', rates)).toBe(3);
  });

  it('takes a direct rate before one through a third currency, however new', () => {
    const rates = [
      quoted('EUR', 'USD', '2026-11-27', '1.0523'),
      quoted('EUR', 'GBP', '2026-11-27', '0.8331'),
      quoted('GBP', 'USD', '2026-11-24', '2'),
    ];
    expect(worth(10_000, 'GBP', rates)).toBe(20_000);
  });

  it('never crosses two days or two sources', () => {
    const dollars = quoted('EUR', 'USD', '2026-11-27', '1.0523');
    expect(worth(10_000, 'GBP', [dollars, quoted('EUR', 'GBP', '2026-11-26', '0.8331')])).toBe('rate_missing');
    expect(worth(10_000, 'GBP', [dollars, quoted('EUR', 'GBP', '2026-11-27', '0.8331', 'bank')])).toBe('rate_missing');
  });

  it('takes no rate of the future, and none older than seven days', () => {
    expect(worth(100, 'EUR', [quoted('EUR', 'USD', '2026-11-28', '1')])).toBe('rate_missing');
    expect(worth(100, 'EUR', [quoted('EUR', 'USD', '2026-11-20', '1')])).toBe(100);
    expect(worth(100, 'EUR', [quoted('EUR', 'USD', '2026-11-19', '1')])).toBe('rate_missing');
  });

  it('minds exponents of both sides', () => {
    expect(
      worth(
        1_000,
        'JPY',
        [quoted('EUR', 'JPY', '2026-11-27', '160'), quoted('EUR', 'KWD', '2026-11-27', '0.32')],
        'KWD',
      ),
    ).toBe(2_000);
  });
});
