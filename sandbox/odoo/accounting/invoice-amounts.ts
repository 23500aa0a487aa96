import type { Books } from '../store/books.ts';
import { numberOf } from '../wire.ts';
import {
  add,
  type Decimal,
  decimalOf,
  divide,
  fromMinorUnits,
  multiply,
  negate,
  percentOf,
  toMinorUnits,
  ZERO,
} from './decimal.ts';

export interface PricedLine {
  readonly quantity: number;
  readonly priceUnit: number;
  readonly discount: number;
  readonly taxIds: readonly number[];
}

export interface LineAmounts {
  /** The line's own price without tax, rounded alone, in the document's currency. */
  readonly subtotal: number;
  readonly priceTotal: number;
  /** What is booked for the line: the subtotal plus its share of the rounding of the whole. */
  readonly base: number;
  readonly companyBase: number;
}

export interface TaxAmounts {
  readonly taxId: number;
  readonly amount: number;
  readonly companyAmount: number;
}

export interface InvoiceAmounts {
  readonly lines: readonly LineAmounts[];
  readonly taxes: readonly TaxAmounts[];
}

/** From here on (2^50 minor units) Odoo's floats no longer add up, and it refuses a taxed document as unbalanced. */
const FLOAT_DRIFT = 2 ** 50;

/**
 * Prices to minor units by `round_globally`, Odoo's default (odoo.md A3 Rounding): everything is summed exact, rounded
 * once, and what the rounded lines miss is put on the largest line. With `round_per_line` each line rounds alone.
 */
export function invoiceAmounts(
  books: Books,
  lines: readonly PricedLine[],
  currencyId: number,
  rate: number,
): InvoiceAmounts {
  const places = books.currency(currencyId).places;
  const companyPlaces = books.companyCurrency().places;
  const perLine = books.company().values.tax_calculation_rounding_method === 'round_per_line';
  const exchange = decimalOf(rate);
  const computed = lines.map((line) => lineTaxes(books, line));
  const base = spread(
    computed.map((line) => line.base),
    places,
    perLine,
  );
  const companyBase = spread(
    computed.map((line) => divide(line.base, exchange)),
    companyPlaces,
    perLine,
  );
  return {
    lines: computed.map((line, at) => ({
      subtotal: toMinorUnits(line.base, places),
      priceTotal: toMinorUnits([...line.taxes.values()].reduce(add, line.base), places),
      base: base[at] ?? 0,
      companyBase: companyBase[at] ?? 0,
    })),
    taxes: taxTotals(computed, exchange, places, companyPlaces, perLine),
  };
}

/** True when Odoo's floating point would make this taxed document unbalanced. */
export function driftsAsFloat(total: number, taxes: readonly TaxAmounts[]): boolean {
  return taxes.length > 0 && Math.abs(total) >= FLOAT_DRIFT;
}

interface ComputedLine {
  readonly base: Decimal;
  readonly taxes: ReadonlyMap<number, Decimal>;
}

function lineTaxes(books: Books, line: PricedLine): ComputedLine {
  const gross = multiply(decimalOf(line.quantity), decimalOf(line.priceUnit));
  const price = line.discount === 0 ? gross : percentOf(gross, 100 - line.discount);
  const taxes = line.taxIds.map((id) => ({ id, values: books.table('account.tax').get(id)?.values ?? {} }));
  const included = taxes.filter((tax) => tax.values.price_include === true && tax.values.amount_type !== 'fixed');
  const includedPercent = included.reduce((sum, tax) => sum + numberOf(tax.values.amount), 0);
  const base =
    includedPercent === 0 ? price : divide(multiply(price, decimalOf(100)), decimalOf(100 + includedPercent));
  const amounts = new Map<number, Decimal>();
  for (const { id, values } of taxes) {
    const amount = numberOf(values.amount);
    amounts.set(
      id,
      values.amount_type === 'fixed' ? multiply(decimalOf(line.quantity), decimalOf(amount)) : percentOf(base, amount),
    );
  }
  return { base, taxes: amounts };
}

function taxTotals(
  lines: readonly ComputedLine[],
  exchange: Decimal,
  places: number,
  companyPlaces: number,
  perLine: boolean,
): TaxAmounts[] {
  const sums = new Map<number, { amount: Decimal; company: Decimal }>();
  for (const line of lines) {
    for (const [taxId, exact] of line.taxes) {
      const company = divide(exact, exchange);
      const before = sums.get(taxId) ?? { amount: ZERO, company: ZERO };
      sums.set(taxId, {
        amount: add(before.amount, perLine ? rounded(exact, places) : exact),
        company: add(before.company, perLine ? rounded(company, companyPlaces) : company),
      });
    }
  }
  return [...sums].map(([taxId, sum]) => ({
    taxId,
    amount: toMinorUnits(sum.amount, places),
    companyAmount: toMinorUnits(sum.company, companyPlaces),
  }));
}

function rounded(exact: Decimal, places: number): Decimal {
  return fromMinorUnits(toMinorUnits(exact, places), places);
}

/** Rounds each amount, then moves the difference to the rounded exact sum onto the largest one. */
function spread(exact: readonly Decimal[], places: number, perLine: boolean): number[] {
  const units = exact.map((amount) => toMinorUnits(amount, places));
  if (perLine || units.length === 0) return units;
  const total = toMinorUnits(exact.reduce(add, ZERO), places);
  const missing = total - units.reduce((sum, unit) => sum + unit, 0);
  if (missing === 0) return units;
  const largest = units.reduce((best, unit, at) => (Math.abs(unit) > Math.abs(units[best] ?? 0) ? at : best), 0);
  return units.map((unit, at) => (at === largest ? unit + missing : unit));
}

/** A company amount converted to another currency's minor units, at `rate` foreign units per company unit. */
export function converted(amount: number, fromPlaces: number, rate: number, toPlaces: number): number {
  return toMinorUnits(multiply(fromMinorUnits(amount, fromPlaces), decimalOf(rate)), toPlaces);
}

/** A foreign amount in the company's minor units. */
export function inCompanyCurrency(books: Books, amount: number, currencyId: number, rate: number): number {
  const exact = divide(fromMinorUnits(Math.abs(amount), books.currency(currencyId).places), decimalOf(rate));
  return toMinorUnits(amount < 0 ? negate(exact) : exact, books.companyCurrency().places);
}
