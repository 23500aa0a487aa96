import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allocate,
  convert,
  currency,
  formatMinor,
  minorUnits,
  money,
  parseDecimal,
  rate,
} from '../../src/canonical/money.ts';

describe('money', () => {
  it('formats from digits, with the currency’s own decimals', () => {
    expect(formatMinor(minorUnits(1234), currency('EUR'))).toBe('12.34');
    expect(formatMinor(minorUnits(-5), currency('KWD'))).toBe('-0.005');
    expect(formatMinor(minorUnits(500), currency('JPY'))).toBe('500');
  });

  it('refuses what a float would have rounded', () => {
    expect(() => minorUnits(0.5)).toThrow(RangeError);
    expect(() => minorUnits(2 ** 53)).toThrow(RangeError);
    expect(parseDecimal('1.005', currency('EUR'))).toEqual({ ok: false, error: 'too_precise' });
    expect(parseDecimal('1e3', currency('EUR'))).toEqual({ ok: false, error: 'not_a_decimal' });
    expect(parseDecimal('99999999999999999', currency('EUR'))).toEqual({ ok: false, error: 'too_large' });
  });

  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.constantFrom('EUR', 'JPY', 'KWD', 'CLF'), (amount, code) => {
        expect(parseDecimal(formatMinor(minorUnits(amount), currency(code)), currency(code))).toEqual({
          ok: true,
          value: amount,
        });
      }),
    );
  });

  it('allocates so that the parts sum to the whole and none is off by a unit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -(10 ** 12), max: 10 ** 12 }),
        fc.array(fc.nat(10 ** 6), { minLength: 1, maxLength: 40 }),
        (total, weights) => {
          const parts = allocate(minorUnits(total), weights);
          expect(parts.reduce<number>((a, b) => a + b, 0)).toBe(total);
          const sum = weights.reduce((a, b) => a + b, 0);
          if (sum > 0) {
            weights.forEach((weight, index) => {
              expect(Math.abs((parts[index] ?? Number.NaN) - (total * weight) / sum)).toBeLessThan(1.001);
            });
          }
        },
      ),
    );
  });

  it('converts with a stated rate, half away from zero, across exponents', () => {
    expect(convert(money(10000, 'USD'), currency('EUR'), rate('0.925'))).toEqual(money(9250, 'EUR'));
    expect(convert(money(1, 'USD'), currency('JPY'), rate('150'))).toEqual(money(2, 'JPY'));
    expect(convert(money(-1, 'USD'), currency('JPY'), rate('150'))).toEqual(money(-2, 'JPY'));
    expect(convert(money(1000, 'KWD'), currency('EUR'), rate('3'))).toEqual(money(300, 'EUR'));
  });
});
