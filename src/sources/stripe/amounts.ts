/**
 * Stripe's minor units and the books'. They differ: Stripe sends ISK and UGX with two decimals though ISO 4217 gives
 * them none, and MGA with none though ISO gives it two. Sources: docs.stripe.com/currencies (zero-decimal,
 * three-decimal and special cases), ISO 4217 list one. Conversion is exact or refused; nothing is rounded.
 */
import {
  type Currency,
  currency,
  isoExponent,
  type MinorUnits,
  minorUnits,
  type Rate,
  rate,
} from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';

/** Decimals of Stripe's minor unit, where they are not two. */
const stripeExponents: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  MGA: 0,
  PYG: 0,
  RWF: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  JOD: 3,
  KWD: 3,
  OMR: 3,
  TND: 3,
  // Zero-decimal by ISO, sent by Stripe with two for backward compatibility.
  ISK: 2,
  UGX: 2,
};

/** Not presentment currencies of Stripe's whose ISO exponent is unusual: how they would be sent is not published. */
const unpublished: ReadonlySet<string> = new Set(['IQD', 'LYD', 'CLF', 'UYI', 'UYW']);

export const stripeExponent = (code: Currency): number => stripeExponents[code] ?? 2;

export type AmountProblem = 'currency of unpublished precision' | 'not a whole ISO minor unit' | 'too large';

/** An amount as Stripe sends it → ISO minor units. */
export function fromStripe(amount: number, code: Currency): Result<MinorUnits, AmountProblem> {
  if (unpublished.has(code)) return err('currency of unpublished precision');
  const shift = isoExponent(code) - stripeExponent(code);
  const scaled = shift >= 0 ? amount * 10 ** shift : amount / 10 ** -shift;
  if (!Number.isInteger(scaled)) return err('not a whole ISO minor unit');
  return Number.isSafeInteger(scaled) ? ok(minorUnits(scaled)) : err('too large');
}

/** ISO minor units → as Stripe would send them; for the sandbox's builders and for tests. */
export function toStripe(amount: MinorUnits, code: Currency): number {
  const shift = stripeExponent(code) - isoExponent(code);
  return minorUnits(shift >= 0 ? amount * 10 ** shift : amount / 10 ** -shift);
}

/** Stripe's lower-case code; the caller's schema has checked that it is three letters. */
export const stripeCurrency = (code: string): Currency => currency(code);

/**
 * `balance_transaction.exchange_rate` relates Stripe minor units (docs.stripe.com/api/balance_transactions/object);
 * the books' rate relates whole units. Null when it is no usable number.
 */
export function rateFromStripe(exchangeRate: number, from: Currency, to: Currency): Rate | null {
  if (!Number.isFinite(exchangeRate) || exchangeRate <= 0) return null;
  const shift = stripeExponent(from) - stripeExponent(to);
  const text = shiftDecimal(exchangeRate.toFixed(9), shift);
  return /^\d{1,12}(?:\.\d{1,12})?$/.test(text) && !/^[0.]+$/.test(text) ? rate(text) : null;
}

/** Moves the decimal point of a positive decimal `places` to the right, in its digits. */
function shiftDecimal(decimal: string, places: number): string {
  const [whole = '0', fraction = ''] = decimal.split('.');
  const digits = `${'0'.repeat(Math.max(0, -places))}${whole}${fraction}${'0'.repeat(Math.max(0, places))}`;
  const point = Math.max(0, -places) + whole.length + places;
  const left = digits.slice(0, point).replace(/^0+(?=\d)/, '');
  const right = digits.slice(point).replace(/0+$/, '');
  return right === '' ? left : `${left}.${right}`;
}
