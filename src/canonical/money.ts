/**
 * Money: integer minor units with a currency. Never a float, never a bare number.
 *
 * Two exponents exist and differ: ISO 4217's, which the books use, and the provider's, in which its amounts arrive
 * (Stripe sends ISK and UGX with two decimals). A source converts at its boundary; inside, minor units are ISO's.
 */
import { err, ok, type Result } from './result.ts';

declare const brand: unique symbol;

/** A signed amount in the currency's ISO 4217 minor unit (cents, yen, fils). Always a safe integer. */
export type MinorUnits = number & { readonly [brand]: 'MinorUnits' };
/** An ISO 4217 code in capitals. */
export type Currency = string & { readonly [brand]: 'Currency' };

export type Money = { readonly amount: MinorUnits; readonly currency: Currency };

/** @throws RangeError outside ±(2^53−1) or for a fraction: such an amount must never reach the books silently. */
export function minorUnits(amount: number): MinorUnits {
  if (!Number.isSafeInteger(amount)) throw new RangeError(`not a safe integer of minor units: ${amount}`);
  return (amount === 0 ? 0 : amount) as MinorUnits;
}

export const ZERO = minorUnits(0);

const currencyPattern = /^[A-Z]{3}$/;

/** @throws RangeError unless `code` has three letters; letter case is folded, as Stripe sends lower case. */
export function currency(code: string): Currency {
  const upper = code.toUpperCase();
  if (!currencyPattern.test(upper)) throw new RangeError(`not a currency code: ${code}`);
  return upper as Currency;
}

export const money = (amount: number, code: string): Money => ({
  amount: minorUnits(amount),
  currency: currency(code),
});

export const add = (...amounts: readonly MinorUnits[]): MinorUnits =>
  minorUnits(amounts.reduce<number>((total, amount) => total + amount, 0));
export const negate = (a: MinorUnits): MinorUnits => minorUnits(-a);

/** ISO 4217 minor-unit exponents other than 2 (ISO 4217 list one). */
const isoExponents: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  UYI: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
  CLF: 4,
  UYW: 4,
};

/** Decimal places of the currency's minor unit in the books. */
export const isoExponent = (code: Currency): number => isoExponents[code] ?? 2;

/** `1234` EUR → `12.34`; `-5` KWD → `-0.005`. Exact: made from the digits, never by division. */
export function formatMinor(amount: MinorUnits, code: Currency): string {
  const exponent = isoExponent(code);
  const sign = amount < 0 ? '-' : '';
  const digits = String(Math.abs(amount)).padStart(exponent + 1, '0');
  if (exponent === 0) return sign + digits;
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

const decimalPattern = /^(-?)(\d{1,18})(?:\.(\d{1,18}))?$/;

/** `"12.34"` EUR → 1234. An error, not a rounding, when the text has more decimals than the currency. */
export function parseDecimal(
  text: string,
  code: Currency,
): Result<MinorUnits, 'not_a_decimal' | 'too_precise' | 'too_large'> {
  const match = decimalPattern.exec(text.trim());
  if (match === null) return err('not_a_decimal');
  const exponent = isoExponent(code);
  const fraction = (match[3] ?? '').replace(/0+$/, '');
  if (fraction.length > exponent) return err('too_precise');
  const value = Number(`${match[2]}${fraction.padEnd(exponent, '0')}`);
  if (!Number.isSafeInteger(value)) return err('too_large');
  return ok(minorUnits(match[1] === '-' ? -value : value));
}

/**
 * Splits `total` in proportion to `weights` (non-negative integers) by largest remainder: the parts always sum to
 * `total`, each is within one minor unit of its exact share, and ties go to the earlier part, so the result is
 * the same on every replay. All weights zero: the first part takes everything.
 */
export function allocate(total: MinorUnits, weights: readonly number[]): MinorUnits[] {
  if (weights.length === 0) throw new RangeError('allocate: no parts');
  for (const weight of weights) {
    if (!Number.isSafeInteger(weight) || weight < 0) throw new RangeError(`allocate: bad weight ${weight}`);
  }
  const sum = weights.reduce((a, b) => a + BigInt(b), 0n);
  if (sum === 0n) return weights.map((_, index) => (index === 0 ? total : ZERO));
  const sign = total < 0 ? -1 : 1;
  const magnitude = BigInt(Math.abs(total));
  const shares = weights.map((weight, index) => {
    const exact = magnitude * BigInt(weight);
    return { index, floor: exact / sum, remainder: exact % sum };
  });
  let left = magnitude - shares.reduce((a, share) => a + share.floor, 0n);
  for (const share of [...shares].sort((a, b) =>
    a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1,
  )) {
    if (left === 0n) break;
    share.floor += 1n;
    left -= 1n;
  }
  return shares.map((share) => minorUnits(sign * Number(share.floor)));
}

/** A conversion rate as a decimal string: units of the target currency per unit of the source currency, `"0.9213"`. */
export type Rate = string & { readonly [brand]: 'Rate' };

const ratePattern = /^(\d{1,12})(?:\.(\d{1,12}))?$/;

/** @throws RangeError unless it is a positive plain decimal of at most 12+12 digits. */
export function rate(text: string): Rate {
  if (!ratePattern.test(text) || /^[0.]+$/.test(text)) throw new RangeError(`not a rate: ${text}`);
  return text as Rate;
}

/** Converts with a stated rate, half away from zero, in integers throughout. */
export function convert(value: Money, to: Currency, at: Rate): Money {
  const match = ratePattern.exec(at);
  if (match === null) throw new RangeError(`not a rate: ${at}`);
  const fraction = match[2] ?? '';
  const numerator = BigInt(`${match[1]}${fraction}`) * 10n ** BigInt(isoExponent(to));
  const denominator = 10n ** BigInt(fraction.length + isoExponent(value.currency));
  const magnitude = BigInt(Math.abs(value.amount)) * numerator;
  const rounded = (magnitude * 2n + denominator) / (denominator * 2n);
  return { amount: minorUnits(value.amount < 0 ? -Number(rounded) : Number(rounded)), currency: to };
}
