import type { Books } from '../store/books.ts';
import type { PlainRow } from '../store/records.ts';
import { textOf } from '../wire.ts';
import {
  boolean,
  char,
  date,
  type Field,
  float,
  integer,
  type Model,
  many2many,
  many2one,
  monetary,
  selection,
  text,
} from './field.ts';

export const ACCOUNT_TYPES: readonly (readonly [string, string])[] = [
  ['asset_receivable', 'Receivable'],
  ['asset_cash', 'Bank and Cash'],
  ['asset_current', 'Current Assets'],
  ['asset_non_current', 'Non-current Assets'],
  ['asset_prepayments', 'Prepayments'],
  ['asset_fixed', 'Fixed Assets'],
  ['liability_payable', 'Payable'],
  ['liability_credit_card', 'Credit Card'],
  ['liability_current', 'Current Liabilities'],
  ['liability_non_current', 'Non-current Liabilities'],
  ['equity', 'Equity'],
  ['equity_unaffected', 'Current Year Earnings'],
  ['income', 'Income'],
  ['income_other', 'Other Income'],
  ['expense', 'Expenses'],
  ['expense_depreciation', 'Depreciation'],
  ['expense_direct_cost', 'Cost of Revenue'],
  ['off_balance', 'Off-Balance Sheet'],
];

/** `user_*` are computed per user in Odoo; a bot has no exceptions, so they equal the dates, with 1-01-01 for none. */
export const LOCK_DATES = [
  'fiscalyear_lock_date',
  'tax_lock_date',
  'sale_lock_date',
  'purchase_lock_date',
  'hard_lock_date',
] as const;

const lockDateFields = Object.fromEntries(
  LOCK_DATES.flatMap((name): [string, Field][] => [
    [name, date(name.replaceAll('_', ' '))],
    [`user_${name}`, date(`user ${name.replaceAll('_', ' ')}`)],
  ]),
);

const PLAIN: readonly { name: string; label: string; order: string; fields: Readonly<Record<string, Field>> }[] = [
  {
    name: 'res.company',
    label: 'Companies',
    order: 'id',
    fields: {
      name: char('Company Name', { required: true }),
      currency_id: many2one('Currency', 'res.currency'),
      ...lockDateFields,
      tax_calculation_rounding_method: selection('Tax calculation rounding method', [
        ['round_per_line', 'Round per Line'],
        ['round_globally', 'Round Globally'],
      ]),
      account_sale_tax_id: many2one('Default Sale Tax', 'account.tax'),
      account_fiscal_country_id: many2one('Fiscal Country', 'res.country'),
      country_id: many2one('Country', 'res.country'),
    },
  },
  {
    name: 'res.currency',
    label: 'Currency',
    order: 'name',
    fields: {
      name: char('Currency'),
      symbol: char('Symbol'),
      decimal_places: integer('Decimal Places'),
      rounding: float('Rounding Factor'),
      rate: float('Current Rate'),
      active: boolean('Active'),
    },
  },
  {
    name: 'res.country',
    label: 'Country',
    order: 'name',
    fields: { name: char('Country Name'), code: char('Country Code') },
  },
  {
    name: 'res.partner',
    label: 'Contact',
    order: 'name, id desc',
    fields: {
      name: char('Name'),
      ref: char('Reference'),
      email: char('Email'),
      phone: char('Phone'),
      street: char('Street'),
      street2: char('Street2'),
      city: char('City'),
      zip: char('Zip'),
      country_id: many2one('Country', 'res.country'),
      vat: char('Tax ID'),
      lang: char('Language'),
      website: char('Website Link'),
      comment: text('Notes'),
      is_company: boolean('Is a Company'),
      company_type: selection('Company Type', [
        ['person', 'Person'],
        ['company', 'Company'],
      ]),
      type: selection('Address Type', [
        ['contact', 'Contact'],
        ['invoice', 'Invoice'],
        ['delivery', 'Delivery'],
        ['other', 'Other'],
      ]),
      parent_id: many2one('Related Company', 'res.partner'),
      company_id: many2one('Company', 'res.company'),
      customer_rank: integer('Customer Rank'),
      active: boolean('Active'),
    },
  },
  {
    name: 'product.product',
    label: 'Product Variant',
    order: 'default_code, name, id',
    fields: {
      name: char('Name', { required: true }),
      default_code: char('Internal Reference'),
      type: selection('Product Type', [
        ['consu', 'Goods'],
        ['service', 'Service'],
        ['combo', 'Combo'],
      ]),
      list_price: float('Sales Price'),
      barcode: char('Barcode'),
      description_sale: text('Sales Description'),
      taxes_id: many2many('Sales Taxes', 'account.tax'),
      property_account_income_id: many2one('Income Account', 'account.account'),
      sale_ok: boolean('Sales'),
      active: boolean('Active'),
    },
  },
  {
    name: 'account.account',
    label: 'Account',
    order: 'code',
    fields: {
      code: char('Code'),
      name: char('Account Name'),
      account_type: selection('Type', ACCOUNT_TYPES),
      reconcile: boolean('Allow Reconciliation'),
      tax_ids: many2many('Default Taxes', 'account.tax'),
      currency_id: many2one('Account Currency', 'res.currency'),
      company_ids: many2many('Companies', 'res.company'),
      active: boolean('Active'),
    },
  },
  {
    name: 'account.journal',
    label: 'Journal',
    order: 'id',
    fields: {
      code: char('Short Code'),
      name: char('Journal Name'),
      type: selection('Type', [
        ['sale', 'Sales'],
        ['purchase', 'Purchase'],
        ['cash', 'Cash'],
        ['bank', 'Bank'],
        ['credit', 'Credit Card'],
        ['general', 'Miscellaneous'],
      ]),
      default_account_id: many2one('Default Account', 'account.account'),
      currency_id: many2one('Currency', 'res.currency'),
      restrict_mode_hash_table: boolean('Secure Posted Entries with Hash'),
      company_id: many2one('Company', 'res.company'),
      active: boolean('Active'),
    },
  },
  {
    name: 'account.tax',
    label: 'Tax',
    order: 'id',
    fields: {
      name: char('Tax Name'),
      amount: float('Amount'),
      amount_type: selection('Tax Computation', [
        ['percent', 'Percentage'],
        ['fixed', 'Fixed'],
      ]),
      type_tax_use: selection('Tax Type', [
        ['sale', 'Sales'],
        ['purchase', 'Purchases'],
        ['none', 'None'],
      ]),
      price_include: boolean('Included in Price'),
      company_id: many2one('Company', 'res.company'),
      active: boolean('Active'),
    },
  },
  {
    name: 'account.payment.register',
    label: 'Pay',
    order: 'id',
    fields: {
      payment_date: date('Payment Date'),
      amount: monetary('Amount'),
      communication: char('Memo'),
      journal_id: many2one('Journal', 'account.journal'),
      currency_id: many2one('Currency', 'res.currency'),
      group_payment: boolean('Group Payments'),
    },
  },
  {
    name: 'account.move.reversal',
    label: 'Account Move Reversal',
    order: 'id',
    fields: {
      date: date('Reversal date'),
      reason: char('Reason displayed on Credit Note'),
      journal_id: many2one('Journal', 'account.journal'),
      move_ids: many2many('Move', 'account.move'),
    },
  },
];

/** The models whose records are plain data; see the field tables above for the part of Odoo's fields kept here. */
export function plainModels(books: Books): Model[] {
  return PLAIN.map(({ name, label, order, fields }) => {
    const table = books.table(name);
    const withName = { ...fields, display_name: char('Display Name', { readonly: true }) };
    const display = (id: number) => displayName(name, table.get(id));
    return {
      name,
      label,
      order,
      fields: withName,
      ids: () => [...table.all()].map((row) => row.id),
      has: (id) => table.get(id) !== undefined,
      value: (id, field) => {
        if (field === 'id') return id;
        if (field === 'display_name') return display(id);
        const known = table.get(id)?.values[field];
        if (known !== undefined) return known;
        if (field.startsWith('user_')) return table.get(id)?.values[field.slice(5)] || '1-01-01';
        return emptyValue(fields[field]);
      },
      display,
      indexed: (field, key) =>
        table.hasIndex(field) ? table.find(field, textOf(key)).map((row) => row.id) : undefined,
    };
  });
}

/** What a field holds when nothing was given. */
export function emptyValue(field: Field | undefined) {
  if (field?.type === 'integer' || field?.type === 'float' || field?.type === 'monetary') return 0;
  return field?.type === 'one2many' || field?.type === 'many2many' ? [] : false;
}

function displayName(model: string, row: PlainRow | undefined): string {
  const name = textOf(row?.values.name) ?? '';
  const code = textOf(row?.values.default_code);
  if (model === 'product.product' && code !== null) return `[${code}] ${name}`;
  return name || `${model},${row?.id ?? 0}`;
}
