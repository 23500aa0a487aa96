import type { Books } from './store/books.ts';
import { isList, isObject, numberOf, textOf, type Wire, type WireObject } from './wire.ts';

/**
 * What a database starts with. Each list replaces the one of the generic chart; ids are given in order. An account may
 * name `taxes` (by tax name) that Odoo applies when an invoice line leaves its taxes out.
 */
export interface Seed {
  readonly company?: WireObject;
  readonly currencies?: readonly WireObject[];
  readonly accounts?: readonly WireObject[];
  readonly journals?: readonly WireObject[];
  readonly taxes?: readonly WireObject[];
}

/** A seed from JSON; what is not an object or a list of objects is left out. */
export function seedOf(value: Wire | undefined): Seed {
  if (!isObject(value)) return {};
  const list = (name: string) => {
    const given = value[name];
    return isList(given) ? { [name]: given.filter(isObject) } : {};
  };
  return {
    ...(isObject(value.company) ? { company: value.company } : {}),
    ...list('currencies'),
    ...list('accounts'),
    ...list('journals'),
    ...list('taxes'),
  };
}

const CURRENCIES: readonly WireObject[] = [
  { name: 'USD', symbol: '$', decimal_places: 2 },
  { name: 'EUR', symbol: '€', decimal_places: 2 },
  { name: 'GBP', symbol: '£', decimal_places: 2 },
  { name: 'JPY', symbol: '¥', decimal_places: 0 },
  { name: 'KWD', symbol: 'KD', decimal_places: 3 },
];

const RECONCILABLE = new Set([
  '101403',
  '101404',
  '101701',
  '132000',
  '211100',
  '230000',
  '230100',
  '230200',
  '252000',
]);

/** The generic chart: code, name, type. */
const ACCOUNTS: readonly (readonly [code: string, name: string, type: string, taxes?: readonly string[]])[] = [
  ['101000', 'Current Assets', 'asset_current'],
  ['101401', 'Bank', 'asset_cash'],
  ['101402', 'Bank Suspense Account', 'asset_current'],
  ['101403', 'Outstanding Receipts', 'asset_current'],
  ['101404', 'Outstanding Payments', 'asset_current'],
  ['101701', 'Liquidity Transfer', 'asset_current'],
  ['121000', 'Account Receivable', 'asset_receivable'],
  ['128000', 'Prepaid Expenses', 'asset_current'],
  ['131000', 'Tax Paid', 'asset_current'],
  ['132000', 'Tax Receivable', 'asset_receivable'],
  ['141000', 'Prepayments', 'asset_prepayments'],
  ['151000', 'Fixed Asset', 'asset_fixed'],
  ['201000', 'Current Liabilities', 'liability_current'],
  ['201100', 'Credit Card', 'liability_credit_card'],
  ['211000', 'Account Payable', 'liability_payable'],
  ['212000', 'Deferred Revenue', 'liability_current'],
  ['251000', 'Tax Received', 'liability_current'],
  ['252000', 'Tax Payable', 'liability_payable'],
  ['301000', 'Capital', 'equity'],
  // A sales account with a default tax, so that leaving out `tax_ids` has its consequence (odoo.md A3).
  ['400000', 'Product Sales', 'income', ['15%']],
  ['441000', 'Foreign Exchange Gain', 'income'],
  ['450000', 'Other Income', 'income_other'],
  ['500000', 'Cost of Goods Sold', 'expense_direct_cost'],
  ['600000', 'Expenses', 'expense'],
  ['620000', 'Bank Fees', 'expense'],
  ['641000', 'Foreign Exchange Loss', 'expense'],
  ['999999', 'Undistributed Profits/Losses', 'equity_unaffected'],
];

const TAXES: readonly WireObject[] = [
  { name: '15%', amount: 15, type_tax_use: 'sale' },
  { name: '15%', amount: 15, type_tax_use: 'purchase' },
  { name: '0% Exports', amount: 0, type_tax_use: 'sale' },
];

const JOURNALS: readonly WireObject[] = [
  { code: 'INV', name: 'Sales', type: 'sale', default_account: '400000' },
  { code: 'BILL', name: 'Purchases', type: 'purchase', default_account: '600000' },
  { code: 'MISC', name: 'Miscellaneous Operations', type: 'general' },
  { code: 'EXCH', name: 'Exchange Difference', type: 'general' },
  { code: 'BNK1', name: 'Bank', type: 'bank', default_account: '101401' },
];

const COUNTRIES = {
  AU: 'Australia',
  BE: 'Belgium',
  CA: 'Canada',
  CH: 'Switzerland',
  DE: 'Germany',
  ES: 'Spain',
  FR: 'France',
  GB: 'United Kingdom',
  IE: 'Ireland',
  IN: 'India',
  IT: 'Italy',
  JP: 'Japan',
  KW: 'Kuwait',
  NL: 'Netherlands',
  US: 'United States',
};

/** Fills empty books with a company, its chart of accounts, journals, taxes and currencies. */
export function plant(books: Books, seed: Seed): void {
  for (const currency of seed.currencies ?? CURRENCIES) {
    const places = typeof currency.decimal_places === 'number' ? currency.decimal_places : 2;
    books.addPlain('res.currency', {
      rate: 1,
      active: true,
      ...currency,
      decimal_places: places,
      rounding: 10 ** -places,
    });
  }
  for (const [code, name] of Object.entries(COUNTRIES)) books.addPlain('res.country', { code, name });
  const { currency = 'USD', ...company } = seed.company ?? {};
  const companyCurrency =
    books.table('res.currency').first('name', textOf(currency)) ?? books.table('res.currency').get(1);
  const taxes = (seed.taxes ?? TAXES).map((tax) =>
    books.addPlain('account.tax', {
      amount_type: 'percent',
      price_include: false,
      type_tax_use: 'sale',
      active: true,
      company_id: 1,
      ...tax,
    }),
  );
  const saleTax = taxes.find((tax) => tax.values.type_tax_use === 'sale' && numberOf(tax.values.amount) > 0);
  books.addPlain('res.company', {
    name: 'My Company',
    currency_id: companyCurrency?.id ?? 1,
    tax_calculation_rounding_method: 'round_globally',
    account_sale_tax_id: saleTax?.id ?? false,
    ...company,
  });
  books.addPlain('res.partner', { name: 'My Company', active: true, is_company: true });
  for (const account of seed.accounts ??
    ACCOUNTS.map(([code, name, account_type, taxes = []]) => ({ code, name, account_type, taxes }))) {
    books.addPlain(
      'account.account',
      accountValues(
        account,
        taxes.map((tax) => ({ id: tax.id, name: textOf(tax.values.name) })),
      ),
    );
  }
  for (const journal of seed.journals ?? JOURNALS) books.addPlain('account.journal', journalValues(books, journal));
}

function accountValues(account: WireObject, taxes: readonly { id: number; name: string | null }[]): WireObject {
  const { taxes: named, ...values } = account;
  const code = textOf(account.code) ?? '';
  const type = textOf(account.account_type) ?? '';
  const wanted = isList(named) ? taxes.filter((tax) => named.includes(tax.name)).map((tax) => tax.id) : [];
  return {
    active: true,
    company_ids: [1],
    // Receivable accounts of the tax authorities are no trade receivables: they are not the default of a partner.
    ...(code === '132000' || code === '252000' ? { non_trade: true } : {}),
    reconcile: type === 'asset_receivable' || type === 'liability_payable' || RECONCILABLE.has(code),
    tax_ids: wanted,
    ...values,
  };
}

function journalValues(books: Books, journal: WireObject): WireObject {
  const { default_account, ...values } = journal;
  const account = books.table('account.account').first('code', textOf(default_account));
  return {
    active: true,
    company_id: 1,
    restrict_mode_hash_table: false,
    default_account_id: account?.id ?? false,
    ...values,
  };
}
