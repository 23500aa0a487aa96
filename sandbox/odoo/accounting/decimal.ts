/**
 * Exact decimals for prices and quantities, which arrive as JSON numbers. A number stands for its shortest decimal text
 * (what the sender wrote), so 0.1 is one tenth here and sums never drift.
 */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

export const ZERO: Decimal = { digits: 0n, scale: 0 };
const ONE: Decimal = { digits: 1n, scale: 0 };
const HUNDRED: Decimal = { digits: 100n, scale: 0 };

/** Digits kept after the point when dividing, far below any currency's smallest unit. */
const DIVISION_SCALE = 24;

export function decimalOf(value: number): Decimal {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return { digits: BigInt(value), scale: 0 };
  const [mantissa = '0', exponent = '0'] = String(value).split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const scale = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}

export function multiply(a: Decimal, b: Decimal): Decimal {
  return { digits: a.digits * b.digits, scale: a.scale + b.scale };
}

export function add(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return { digits: widen(a, scale) + widen(b, scale), scale };
}

export function negate(a: Decimal): Decimal {
  return { digits: -a.digits, scale: a.scale };
}

/** a / b, cut to 24 digits after the point. */
export function divide(a: Decimal, b: Decimal): Decimal {
  if (b.digits === ONE.digits && b.scale === 0) return a;
  return {
    digits: (a.digits * 10n ** BigInt(DIVISION_SCALE + b.scale)) / (b.digits * 10n ** BigInt(a.scale)),
    scale: DIVISION_SCALE,
  };
}

export function percentOf(a: Decimal, percent: number): Decimal {
  return divide(multiply(a, decimalOf(percent)), HUNDRED);
}

/** To integer minor units, half away from zero as Odoo rounds. Beyond 2^53 it refuses. */
export function toMinorUnits(a: Decimal, places: number): number {
  if (a.scale <= places) return safe(a.digits * 10n ** BigInt(places - a.scale));
  const unit = 10n ** BigInt(a.scale - places);
  const half = a.digits < 0n ? -unit / 2n : unit / 2n;
  return safe((a.digits + half) / unit);
}

/** Rounds one number to integer minor units. */
export function minorUnits(value: number, places: number): number {
  return toMinorUnits(decimalOf(value), places);
}

export function fromMinorUnits(minor: number, places: number): Decimal {
  return { digits: BigInt(minor), scale: places };
}

/** The JSON number Odoo would send. Division by a power of ten is correctly rounded, so it prints as the decimal. */
export function wireAmount(minor: number, places: number): number {
  return minor / 10 ** places;
}

function widen(a: Decimal, scale: number): bigint {
  return a.scale === scale ? a.digits : a.digits * 10n ** BigInt(scale - a.scale);
}

function safe(units: bigint): number {
  const value = Number(units);
  if (!Number.isSafeInteger(value)) throw new RangeError(`amount out of range: ${units}`);
  return value === 0 ? 0 : value;
}
