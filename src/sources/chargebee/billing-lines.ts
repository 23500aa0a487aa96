/** Lines of an invoice or credit note, and the proof that they make its total. */
import type { InvoiceLine, LineTax } from '../../canonical/events.ts';
import { type MinorUnits, minorUnits, ZERO } from '../../canonical/money.ts';
import { err, ok, type Result } from '../../canonical/result.ts';
import { keysOf } from '../source.ts';
import type { BillingDocument } from './schemas.ts';

export const key = keysOf('chargebee');

/** As in the schema: a product of unit amount and quantity has to keep to it as well. */
const maxAmount = 1e13;

type LineItem = BillingDocument['line_items'][number];

/** What a line may name that is a product of the catalogue; the rest (setup fees, ad-hoc charges) is described only. */
const productEntities: ReadonlySet<string> = new Set([
  'plan',
  'addon',
  'plan_item_price',
  'addon_item_price',
  'charge_item_price',
]);

/**
 * Line amounts are before discounts; with `tax_inclusive` prices they contain the tax. Rounding has a line of its own.
 * Error: which members disagree, as paths; nothing is adjusted to make them agree.
 */
export function billingLines(document: BillingDocument): Result<readonly InvoiceLine[], string> {
  if (document.line_items_next_offset !== undefined) return err('line_items: the event carries only the first lines');
  const lines: InvoiceLine[] = [];
  for (const [index, item] of document.line_items.entries()) {
    const line = lineOf(document, item, index);
    if (!line.ok) return line;
    lines.push(line.value);
  }
  const roundOff =
    document.round_off_amount + ('fractional_correction' in document ? document.fractional_correction : 0);
  if (roundOff !== 0) lines.push(roundOffLine(minorUnits(roundOff)));
  if (new Set(lines.map((line) => line.id)).size !== lines.length) return err('line_items: an id twice');
  const total = exactSum(lines.flatMap((line) => [line.net, ...line.taxes.map((tax) => tax.amount)]));
  return total === document.total ? ok(lines) : err('line_items: nets, taxes and round-off do not sum to total');
}

function lineOf(document: BillingDocument, item: LineItem, index: number): Result<InvoiceLine, string> {
  const path = `line_items[${index}]`;
  const id = item.id ?? `line-${index + 1}`;
  const amount = item.amount ?? item.unit_amount * (item.quantity ?? 1);
  const listed = document.line_item_discounts.filter((discount) => discount.line_item_id === item.id);
  const listedDiscount = listed.reduce((sum, discount) => sum + discount.discount_amount, 0);
  const discount = item.discount_amount ?? listedDiscount;
  if (listed.length > 0 && discount !== listedDiscount)
    return err(`${path}.discount_amount: not the sum of line_item_discounts`);
  const inclusive = document.price_type === 'tax_inclusive';
  const taxes = taxesOf(document, item, inclusive, path);
  if (!taxes.ok) return taxes;
  if (item.date_to < item.date_from) return err(`${path}.date_to: before date_from`);
  const tax = taxes.value.reduce((sum, one) => sum + one.amount, 0);
  const net = amount - discount - (inclusive ? tax : 0);
  if (Math.abs(amount) > maxAmount) return err(`${path}.amount: too large`);
  return ok({
    id,
    description: item.description,
    product:
      item.entity_id !== undefined && productEntities.has(item.entity_type) ? key('product', item.entity_id) : null,
    quantity: item.quantity_in_decimal ?? String(item.quantity ?? 1),
    net: minorUnits(net),
    discount: minorUnits(discount),
    taxes: taxes.value,
    period: item.date_to === item.date_from ? null : { start: item.date_from * 1000, end: item.date_to * 1000 },
    // Chargebee marks proration in words only; a prorated line carries its own shorter period, which is what counts.
    proration: false,
  });
}

/** `VAT-20`: the tax's name and rate, because one name may have several rates. */
export const taxCode = (name: string, rate: number): string => `${name}-${rate}`;

function taxesOf(
  document: BillingDocument,
  item: LineItem,
  inclusive: boolean,
  path: string,
): Result<readonly LineTax[], string> {
  const byCode = new Map<string, LineTax>();
  const listed = document.line_item_taxes.filter(
    (tax) => tax.line_item_id !== undefined && tax.line_item_id === item.id,
  );
  for (const tax of listed) {
    const code = taxCode(tax.tax_name, tax.tax_rate);
    const amount = minorUnits((byCode.get(code)?.amount ?? 0) + tax.tax_amount);
    byCode.set(code, { code, amount, inclusive, percent: String(tax.tax_rate) });
  }
  const sum = [...byCode.values()].reduce((total, tax) => total + tax.amount, 0);
  const stated = item.tax_amount ?? sum;
  if (listed.length > 0 && stated !== sum) return err(`${path}.tax_amount: not the sum of line_item_taxes`);
  if (listed.length === 0 && stated !== 0) {
    const rate = item.tax_rate ?? 0;
    return ok([{ code: taxCode('tax', rate), amount: minorUnits(stated), inclusive, percent: String(rate) }]);
  }
  return ok([...byCode.values()].filter((tax) => tax.amount !== 0));
}

const roundOffLine = (net: MinorUnits): InvoiceLine => ({
  id: 'round-off',
  description: 'Round-off',
  product: null,
  quantity: '1',
  net,
  discount: ZERO,
  taxes: [],
  period: null,
  proration: false,
});

/** Null as soon as a partial sum is no longer exact, which then equals no total. */
function exactSum(amounts: readonly number[]): number | null {
  let sum = 0;
  for (const amount of amounts) {
    sum += amount;
    if (!Number.isSafeInteger(sum)) return null;
  }
  return sum;
}
