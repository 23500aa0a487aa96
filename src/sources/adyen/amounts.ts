/**
 * Adyen's minor units and the books'. They are ISO 4217's but for four (docs.adyen.com/development-resources/currency-codes):
 * CLP and ISK have two decimals there, CVE and IDR none. Conversion is exact or refused.
 */
import { type Currency, isoExponent, type MinorUnits, minorUnits } from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';

const adyenExponents: Readonly<Record<string, number>> = { CLP: 2, ISK: 2, CVE: 0, IDR: 0 };

export function fromAdyen(amount: number, code: Currency): Result<MinorUnits, string> {
  const shift = isoExponent(code) - (adyenExponents[code] ?? isoExponent(code));
  const scaled = shift >= 0 ? amount * 10 ** shift : amount / 10 ** -shift;
  if (!Number.isInteger(scaled)) return err('not a whole ISO minor unit');
  return Number.isSafeInteger(scaled) ? ok(minorUnits(scaled)) : err('too large');
}
