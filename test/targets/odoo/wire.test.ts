import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { currency, formatMinor, minorUnits } from '../../../src/canonical/money.ts';
import { decimal, externalId, parseJson, reference, text, toMinor } from '../../../src/targets/odoo/wire.ts';

const [usd, jpy, kwd] = ['USD', 'JPY', 'KWD'].map(currency) as [
  ReturnType<typeof currency>,
  ReturnType<typeof currency>,
  ReturnType<typeof currency>,
];

describe('toMinor', () => {
  it.each([
    ['115.0', usd, 11_500],
    ['-40.0', usd, -4_000],
    ['0.0', usd, 0],
    ['112.50000000000001', usd, 11_250],
    ['0.285', usd, 29],
    ['-0.285', usd, -29],
    ['1000.0', jpy, 1_000],
    ['10.123', kwd, 10_123],
    ['1e-05', usd, 0],
    ['1.5e+3', usd, 150_000],
    ['9007199254740991', jpy, Number.MAX_SAFE_INTEGER],
    ['9007199254740992', jpy, null],
    ['1e+22', usd, null],
    ['NaN', usd, null],
    ['', usd, null],
  ])('reads %s %s as %s', (digits, code, expected) => {
    expect(toMinor(digits, code)).toBe(expected);
  });

  it('reads back every amount it was sent, as a Python float prints it', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(10 ** 13), max: 10 ** 13 }), fc.constantFrom(usd, jpy, kwd), (amount, code) => {
        const printed = String(Number(formatMinor(minorUnits(amount), code)));
        expect(toMinor(printed, code)).toBe(minorUnits(amount));
      }),
    );
  });
});

describe('externalId', () => {
  it('is readable and free of the characters Odoo splits at', () => {
    expect(externalId('invoice/stripe:invoice:in_1')).toBe('__gw__.invoice_2fstripe_3ainvoice_3ain_5f1');
    expect(externalId('a,b.c', '1')).toBe('__gw__.a_2cb_2ec__1');
  });

  it('never gives two documents or lines the same id', () => {
    const part = fc.string({
      unit: fc.constantFrom('a', '_', '-', '/', '.', ',', '5', 'f', 'é'),
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(part, fc.option(part), part, fc.option(part), (key, line, otherKey, otherLine) => {
        fc.pre(key !== otherKey || line !== otherLine);
        expect(externalId(key, line ?? undefined)).not.toBe(externalId(otherKey, otherLine ?? undefined));
      }),
    );
  });
});

describe('what Odoo writes for empty', () => {
  it('is null, whatever the field', () => {
    const row = parseJson('{"a":false,"b":[7,"Ada"],"c":12.50,"d":3,"e":null}');
    if (
      typeof row !== 'object' ||
      row === null ||
      !('a' in row && 'b' in row && 'c' in row && 'd' in row && 'e' in row)
    ) {
      throw new Error('not an object');
    }
    expect(text.parse(row.a)).toBeNull();
    expect(reference.parse(row.a)).toBeNull();
    expect(reference.parse(row.b)).toBe(7);
    expect(decimal.parse(row.c)).toBe('12.50');
    expect(decimal.parse(row.d)).toBe('3');
    expect(text.parse(row.e)).toBeNull();
  });
});
