import { validationError } from '../errors.ts';
import type { Books } from '../store/books.ts';
import type { LineRow, MoveRow } from '../store/records.ts';
import { numberOf, type WireObject } from '../wire.ts';
import { minorUnits } from './decimal.ts';
import { converted, inCompanyCurrency } from './invoice-amounts.ts';

/**
 * The amounts of a journal entry's line from what was given: debit and credit are netted without a word (both sides of a
 * line equal gives an empty line, odoo.md A3 JE), the currency amount must have the balance's sign.
 */
export function settleEntryLine(books: Books, move: MoveRow, line: LineRow, values: WireObject): LineRow {
  if (line.accountId === null && line.displayType === 'product') {
    throw validationError('Missing required account on accountable line.');
  }
  const balance = balanceOf(books, line, values);
  const amountCurrency = currencyAmountOf(books, line, values, balance);
  const own = balance ?? inCompanyCurrency(books, amountCurrency, line.currencyId, rateOf(books, move, line));
  if ((own > 0 && amountCurrency < 0) || (own < 0 && amountCurrency > 0)) {
    throw validationError(
      'The amount expressed in the secondary currency must be positive when account is debited and negative when ' +
        'account is credited. If the currency is the same as the one from the company, this amount must strictly be ' +
        'equal to the balance.',
    );
  }
  const open = line.accountId !== null && books.account(line.accountId).reconcile;
  return {
    ...line,
    balance: own,
    amountCurrency,
    residual: open ? own : 0,
    residualCurrency: open ? amountCurrency : 0,
  };
}

function balanceOf(books: Books, line: LineRow, values: WireObject): number | undefined {
  const places = books.companyCurrency().places;
  if ('balance' in values) return minorUnits(numberOf(values.balance), places);
  if ('debit' in values || 'credit' in values) {
    return minorUnits(numberOf(values.debit), places) - minorUnits(numberOf(values.credit), places);
  }
  return 'amount_currency' in values ? undefined : line.balance;
}

function currencyAmountOf(books: Books, line: LineRow, values: WireObject, balance: number | undefined): number {
  const company = books.companyCurrency();
  if (line.currencyId === company.id && balance !== undefined) return balance;
  const currency = books.currency(line.currencyId);
  if ('amount_currency' in values) return minorUnits(numberOf(values.amount_currency), currency.places);
  return balance === undefined ? 0 : converted(balance, company.places, currency.rate, currency.places);
}

function rateOf(books: Books, move: MoveRow, line: LineRow): number {
  return line.currencyId === move.currencyId ? move.rate : books.currency(line.currencyId).rate;
}
