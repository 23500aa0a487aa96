/** Reading what Odoo writes: JSON without losing digits, `false` for empty, `[id, name]` for references. */
import { isInteger, LosslessNumber, parse } from 'lossless-json';
import { z } from 'zod';
import { type Currency, isoExponent, type MinorUnits, minorUnits } from '../../canonical/money.ts';

/** Integers become numbers, everything with a point or an exponent keeps its digits. @throws SyntaxError */
export const parseJson = (text: string): unknown =>
  parse(text, undefined, (digits) =>
    isInteger(digits) && digits.length < 16 ? Number(digits) : new LosslessNumber(digits),
  );

const absent = z.union([z.literal(false), z.null()]).transform(() => null);

export const text = z.union([z.string(), absent]);
export const decimal = z
  .union([z.number(), z.instanceof(LosslessNumber), absent.transform(() => 0)])
  .transform((value) => String(value));
/** A many2one: its id, or null when empty. */
export const reference = z.union([z.tuple([z.int(), z.string()]).transform(([id]) => id), z.int(), absent]);

const decimalPattern = /^(-?)(\d{1,25})(?:\.(\d{1,25}))?(?:[eE]([+-]?\d{1,2}))?$/;

/**
 * An amount as Odoo prints its floats (`115.0`, `112.50000000000001`, `1e+16`) in minor units, rounded half away from
 * zero at the currency's exponent: what Odoo itself shows for it. Null when it is no number or too large.
 */
export function toMinor(digits: string, code: Currency): MinorUnits | null {
  const match = decimalPattern.exec(digits);
  if (match === null) return null;
  const [, sign, whole = '0', fraction = '', power = '0'] = match;
  // Digits after the point that remain once it has moved to the minor unit.
  const surplus = fraction.length - Number(power) - isoExponent(code);
  const all = BigInt(whole + fraction);
  const scale = 10n ** BigInt(Math.abs(surplus));
  const magnitude = surplus <= 0 ? all * scale : (all * 2n + scale) / (scale * 2n);
  if (magnitude > BigInt(Number.MAX_SAFE_INTEGER)) return null;
  return minorUnits(sign === '-' ? -Number(magnitude) : Number(magnitude));
}

/**
 * An external id's name for a posting key: letters, digits and dashes stay, every other byte becomes `_` and two
 * hexadecimal digits, so that two keys never share one. Odoo splits ids at `.` and lists at `,`: neither occurs.
 */
export function externalId(key: string, line?: string): string {
  const safe = (part: string) =>
    Array.from(new TextEncoder().encode(part), (byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9-]/.test(character) ? character : `_${byte.toString(16).padStart(2, '0')}`;
    }).join('');
  return line === undefined ? `__gw__.${safe(key)}` : `__gw__.${safe(key)}__${safe(line)}`;
}
