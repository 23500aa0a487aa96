/**
 * Adyen's minor units and the books'. They are ISO 4217's but for four (docs.adyen.com/development-resources/currency-codes):
 * CLP and ISK have two decimals there, CVE and IDR none.
 */
import type { Currency, MinorUnits } from '../../canonical/money.ts';
import type { Result } from '../../canonical/result.ts';
import { isoMinor } from '../reading.ts';

const adyenExponents: Readonly<Record<string, number>> = { CLP: 2, ISK: 2, CVE: 0, IDR: 0 };

export const fromAdyen = (amount: number, code: Currency): Result<MinorUnits, string> =>
  isoMinor(amount, code, adyenExponents);
