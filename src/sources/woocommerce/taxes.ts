/**
 * Taxes of an order, by rate. WooCommerce rounds each rate's tax over the whole order (`tax_lines`); what it keeps of the
 * lines is unrounded. So the amounts are the order's own, and only which line they stand on is worked out here.
 */
import type { LineTax } from '../../canonical/events.ts';
import { allocate, type Currency, type MinorUnits, minorUnits } from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { exactMinor } from '../reading.ts';
import type { Order } from './schemas.ts';

export type TaxedLine = Pick<Order['fee_lines'][number], 'taxes'>;

/** `"3.333333"` → 3_333_333: a share, finer than any currency's unit. Digits beyond the sixth are dropped, as shares only. */
function weightOf(text: string): number {
  const [whole = '0', fraction = ''] = text.split('.');
  return Number(`${whole}${fraction.slice(0, 6).padEnd(6, '0')}`);
}

const shareOf = (line: TaxedLine, rateId: string | null): string =>
  line.taxes.find((tax) => tax.id === rateId)?.total || '0';

/** A rate's tax on each line: as the lines have it where that is exact and makes the total, else in proportion. */
function spread(
  total: MinorUnits,
  shares: readonly string[],
  code: Currency,
  path: string,
): Result<readonly MinorUnits[], string> {
  const exact = shares.map((share) => exactMinor(share, code, path)).flatMap((each) => (each.ok ? [each.value] : []));
  if (exact.length === shares.length && exact.reduce((sum, each) => sum + each, 0) === total) return ok(exact);
  const weights = shares.map(weightOf);
  if (weights.some((weight) => weight < 0 || !Number.isSafeInteger(weight))) {
    return err(`${path}: not the sum of its lines’ taxes, some of which are negative`);
  }
  if (weights.every((weight) => weight === 0) && total !== 0) return err(`${path}: no line has this tax`);
  return ok(weights.length === 0 ? [] : allocate(total, weights));
}

/** For each of `lines`, in their order, its taxes. All together they are exactly the order's `tax_lines`. */
export function taxesOf(
  order: Order,
  lines: readonly TaxedLine[],
  code: Currency,
): Result<readonly (readonly LineTax[])[], string> {
  const found: LineTax[][] = lines.map(() => []);
  for (const [index, tax] of order.tax_lines.entries()) {
    const path = `tax_lines[${index}]`;
    const goods = exactMinor(tax.tax_total, code, `${path}.tax_total`);
    if (!goods.ok) return goods;
    const shipping = exactMinor(tax.shipping_tax_total, code, `${path}.shipping_tax_total`);
    if (!shipping.ok) return shipping;
    const total = minorUnits(goods.value + shipping.value);
    const rateId = tax.rate_id ?? null;
    const parts = spread(
      total,
      lines.map((line) => shareOf(line, rateId)),
      code,
      path,
    );
    if (!parts.ok) return parts;
    const percent = tax.rate_percent === undefined || tax.rate_percent === null ? null : String(tax.rate_percent);
    for (const [at, amount] of parts.value.entries()) {
      if (amount !== 0) {
        found[at]?.push({ code: tax.rate_code, amount, inclusive: order.prices_include_tax, percent });
      }
    }
  }
  return ok(found);
}
