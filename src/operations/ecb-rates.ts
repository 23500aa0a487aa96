/**
 * The European Central Bank's reference rates as it publishes them (`eurofxref-daily.xml`, and the same for 90 days):
 * nested `Cube` elements, a day outside, a currency and its rate against the euro inside. Published about 16:00 CET of
 * each TARGET day (https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates).
 */
import { z } from 'zod';
import { err, ok, type Result } from '../canonical/result.ts';
import type { NewRate } from '../ledger/rates.ts';
import { parseXml, type XmlElement } from '../sources/salesforce/xml.ts';

export const ECB_DAILY = 'https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml';

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);
const code = z.string().regex(/^[A-Z]{3}$/);
/** Plain decimals, as in src/canonical/money.ts. */
const decimal = z
  .string()
  .regex(/^\d{1,12}(\.\d{1,12})?$/)
  .refine((text) => !/^[0.]+$/.test(text));

const MAX_RATES = 5_000;

/** Units of each currency per euro. All of the file or, when anything in it is not as published, none. Pure. */
export function readEcbRates(xml: string): Result<readonly NewRate[], string> {
  const parsed = parseXml(xml);
  if (!parsed.ok) return err(`not the bank's XML: ${parsed.error}`);
  const rates: NewRate[] = [];
  for (const dayCube of cubesWith(parsed.value, 'time', 4)) {
    const date = day.safeParse(dayCube.attributes.get('time'));
    if (!date.success) return err('a day that is no date');
    for (const cube of dayCube.children) {
      if (cube.name !== 'Cube') continue;
      const [to, rate] = [
        code.safeParse(cube.attributes.get('currency')),
        decimal.safeParse(cube.attributes.get('rate')),
      ];
      if (!to.success || !rate.success) return err(`a rate of ${date.data} that is not a currency and a decimal`);
      rates.push({ from: 'EUR', to: to.data, date: date.data, rate: rate.data, source: 'ECB' });
      if (rates.length > MAX_RATES) return err(`more than ${MAX_RATES} rates`);
    }
  }
  return rates.length === 0 ? err('no rates in it') : ok(rates);
}

/** The `Cube` elements with this attribute, at most `depth` levels down. */
function cubesWith(element: XmlElement, attribute: string, depth: number): readonly XmlElement[] {
  if (element.name === 'Cube' && element.attributes.has(attribute)) return [element];
  return depth === 0 ? [] : element.children.flatMap((child) => cubesWith(child, attribute, depth - 1));
}
