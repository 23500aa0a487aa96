import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { currency, formatMinor, isoExponent, minorUnits } from '../../../src/canonical/money.ts';
import { rateOf } from '../../../src/targets/odoo/invoice.ts';
import { toMinor } from '../../../src/targets/odoo/wire.ts';
import { invoice } from '../../conformance/connector-contract.ts';

const usd = currency('USD');
const rated = (total: number, code: string, baseTotal: number) =>
  rateOf(invoice('in', { total: minorUnits(total), currency: currency(code), baseTotal: minorUnits(baseTotal) }));

describe('rateOf', () => {
  it('is foreign units per company unit', () => {
    expect(Number(rated(9_000, 'EUR', 10_000))).toBe(0.9);
    expect(Number(rated(15_000, 'JPY', 10_000))).toBe(150);
    expect(Number(rated(1_000, 'KWD', 325))).toBeCloseTo(0.307692, 6);
  });

  it('is left out where there is none', () => {
    expect(rated(9_000, 'USD', 9_000)).toBe('');
    expect(rated(0, 'EUR', 0)).toBe('');
  });

  it('gives back the total in company currency when Odoo divides by it', () => {
    const total = fc.integer({ min: 1, max: 10 ** 10 });
    const factor = fc.integer({ min: 1, max: 5_000 });
    fc.assert(
      fc.property(total, factor, fc.constantFrom('EUR', 'JPY', 'KWD'), (amount, permille, code) => {
        const base = Math.max(1, Math.round((amount * permille) / 1000));
        const foreign = Number(formatMinor(minorUnits(amount), currency(code)));
        const found = foreign / Number(rated(amount, code, base));
        expect(toMinor(found.toFixed(6), usd)).toBe(base);
        expect(isoExponent(usd)).toBe(2);
      }),
    );
  });
});
