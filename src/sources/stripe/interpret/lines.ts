/**
 * Lines of invoices and credit notes in the books' terms. Stripe's `line.amount` is before discounts and contains
 * inclusive tax; `discount_amounts` are on that same basis (docs.stripe.com/api/invoice-line-item/object,
 * credit_notes/line_item). So: net = amount − discounts − inclusive tax, and the nets and all taxes sum to the
 * document's total.
 */
import type { InvoiceLine, LineTax } from '../../../canonical/events.ts';
import { allocate, type Currency, minorUnits, ZERO } from '../../../canonical/money.ts';
import { idOf } from '../schemas/common.ts';
import type { DocumentLine, Invoice, TaxRate } from '../schemas/documents.ts';
import { type Context, exactly, fromSeconds, keyOf, money } from './context.ts';

/** A tax whose rate the provider does not name; tenants map it under this code or by `default`. */
const UNNAMED_TAX = 'unspecified';
/** The code of a reverse-charged line whose rate Stripe does not name. Its tax is zero, its net is reported. */
const REVERSE_CHARGE = 'reverse_charge';

interface RawTax {
  readonly code: string;
  readonly amount: number;
  readonly inclusive: boolean;
  readonly percent: string | null;
}

/** A line in Stripe's units, old and new shapes made alike. */
export interface RawLine {
  readonly id: string;
  readonly description: string;
  readonly product: string | null;
  readonly quantity: string;
  readonly amount: number;
  readonly discount: number;
  readonly taxes: readonly RawTax[];
  readonly period: { readonly start: number; readonly end: number } | null;
  readonly proration: boolean;
}

type Rates = ReadonlyMap<string, TaxRate>;

const percentOf = (rate: TaxRate | undefined): string | null => {
  const percent = rate?.effective_percentage ?? rate?.percentage ?? null;
  return percent === null ? null : String(percent);
};

function rawTax(rate: string | TaxRate | null | undefined, amount: number, inclusive: boolean, rates: Rates): RawTax {
  const id = idOf(rate);
  const known = typeof rate === 'object' && rate !== null ? rate : rates.get(id ?? '');
  return { code: id ?? UNNAMED_TAX, amount, inclusive, percent: percentOf(known) };
}

function taxesOf(line: Pick<DocumentLine, 'taxes' | 'tax_amounts'>, rates: Rates): RawTax[] {
  const stated =
    line.taxes?.map((tax) => ({
      ...rawTax(tax.tax_rate_details?.tax_rate, tax.amount, tax.tax_behavior === 'inclusive', rates),
      reason: tax.taxability_reason ?? null,
    })) ??
    line.tax_amounts?.map((tax) => ({
      ...rawTax(tax.tax_rate, tax.amount, tax.inclusive, rates),
      reason: tax.taxability_reason ?? null,
    })) ??
    [];
  return stated
    .filter((tax) => tax.amount !== 0 || tax.reason === 'reverse_charge')
    .map(({ reason, ...tax }) => {
      const nameless = reason === 'reverse_charge' && tax.code === UNNAMED_TAX;
      return nameless ? { ...tax, code: REVERSE_CHARGE } : tax;
    });
}

const sum = (amounts: readonly { readonly amount: number }[]): number =>
  amounts.reduce((total, part) => total + part.amount, 0);

function rawLine(line: DocumentLine, defaults: readonly TaxRate[], context: Context, path: string): RawLine {
  const rates: Rates = new Map([...defaults, ...(line.tax_rates ?? [])].map((rate) => [rate.id, rate]));
  if ((line.pretax_credit_amounts ?? []).some((credit) => credit.type !== 'discount' && credit.amount !== 0)) {
    // Whether a credit grant was sold or given away is not in the event, and the two are booked differently.
    context.problems.add(`${path}.pretax_credit_amounts`, 'billing credit grants have no rule');
  }
  const details = line.parent?.invoice_item_details ?? line.parent?.subscription_item_details;
  const { period } = line;
  return {
    id: line.invoice_line_item ?? line.id,
    description: line.description ?? '',
    product: idOf(line.pricing?.price_details?.product ?? line.price?.product ?? line.plan?.product),
    quantity: String(line.quantity ?? 1),
    amount: line.amount,
    discount: sum(line.discount_amounts ?? []),
    taxes: taxesOf(line, rates),
    period: period === null || period === undefined || period.end <= period.start ? null : period,
    proration: line.proration ?? details?.proration ?? false,
  };
}

/** Shipping is a line of its own: `amount_total` is after discounts and taxes of either kind. */
function shippingLine(cost: Invoice['shipping_cost']): RawLine[] {
  if (cost === null || cost === undefined || (cost.amount_total === 0 && cost.amount_tax === 0)) return [];
  const listed = taxesOf({ taxes: cost.taxes, tax_amounts: null }, new Map());
  const taxes =
    sum(listed) === cost.amount_tax
      ? listed
      : [{ code: UNNAMED_TAX, amount: cost.amount_tax, inclusive: false, percent: null }];
  const exclusive = sum(taxes.filter((tax) => !tax.inclusive));
  return [
    {
      id: 'shipping',
      description: 'Shipping',
      product: null,
      quantity: '1',
      amount: cost.amount_total - exclusive,
      discount: 0,
      taxes,
      period: null,
      proration: false,
    },
  ];
}

export function rawLines(
  lines: readonly DocumentLine[],
  document: Pick<Invoice, 'shipping_cost' | 'default_tax_rates'>,
  context: Context,
): RawLine[] {
  const own = lines.map((line, index) => rawLine(line, document.default_tax_rates ?? [], context, `lines[${index}]`));
  return unique([...own, ...shippingLine(document.shipping_cost)]);
}

/** In the oldest versions a line's id is its subscription's, so two lines may share one. */
function unique(lines: readonly RawLine[]): RawLine[] {
  const seen = new Map<string, number>();
  return lines.map((line) => {
    const count = (seen.get(line.id) ?? 0) + 1;
    seen.set(line.id, count);
    return count === 1 ? line : { ...line, id: `${line.id}~${count}` };
  });
}

export const rawTotal = (lines: readonly RawLine[]): number =>
  lines.reduce(
    (total, line) => total + line.amount - line.discount + sum(line.taxes.filter((tax) => !tax.inclusive)),
    0,
  );

/** Exact conversion; amounts that are no whole ISO minor units are problems of the event. */
export function documentLines(lines: readonly RawLine[], currency: Currency, context: Context): InvoiceLine[] {
  return lines.map((line, index) => {
    const path = `lines[${index}]`;
    const taxes: LineTax[] = line.taxes.map((tax) => ({
      ...tax,
      amount: money(context, `${path}.taxes`, tax.amount, currency),
    }));
    const inclusiveSum = taxes.filter((tax) => tax.inclusive).reduce((total, tax) => total + tax.amount, 0);
    const inclusive = exactly(context, `${path}.taxes`, inclusiveSum);
    const discount = money(context, `${path}.discount_amounts`, line.discount, currency);
    const amount = money(context, `${path}.amount`, line.amount, currency);
    const net = exactly(context, `${path}.amount`, amount - discount - inclusive);
    // The part of a discount on an inclusive price that was a discount on the tax is no revenue given up.
    const [netDiscount = ZERO] = allocate(discount, [Math.abs(net), Math.abs(inclusive)]);
    return {
      id: line.id,
      description: line.description,
      product: line.product === null ? null : keyOf('product', line.product),
      quantity: line.quantity,
      net,
      discount: netDiscount,
      taxes,
      period:
        line.period === null ? null : { start: fromSeconds(line.period.start), end: fromSeconds(line.period.end) },
      proration: line.proration,
    };
  });
}

/**
 * Versions before 2020 state discounts and tax for the invoice as a whole. They are spread over the lines by amount,
 * largest remainder, so that they sum to what Stripe stated.
 */
export function spreadLegacyTotals(
  lines: readonly RawLine[],
  source: readonly DocumentLine[],
  invoice: Invoice,
): RawLine[] {
  const stated = source.some(
    (line) => line.discount_amounts !== undefined || line.tax_amounts !== undefined || line.taxes !== undefined,
  );
  if (stated || lines.length === 0) return [...lines];
  const tax = invoice.tax ?? 0;
  const discount = invoice.subtotal + tax - invoice.total;
  if (!Number.isSafeInteger(discount) || discount < 0 || tax < 0 || (discount === 0 && tax === 0)) return [...lines];
  const discounts = allocate(
    minorUnits(discount),
    lines.map((line) => Math.max(0, line.amount)),
  );
  const taxes = allocate(
    minorUnits(tax),
    lines.map((line, index) => Math.max(0, line.amount - (discounts[index] ?? 0))),
  );
  const percent =
    invoice.tax_percent === null || invoice.tax_percent === undefined ? null : String(invoice.tax_percent);
  return lines.map((line, index) => {
    const amount = taxes[index] ?? 0;
    return {
      ...line,
      discount: discounts[index] ?? 0,
      taxes: amount === 0 ? [] : [{ code: UNNAMED_TAX, amount, inclusive: false, percent }],
    };
  });
}
