import { wireAmount } from '../accounting/decimal.ts';
import type { Books } from '../store/books.ts';
import type { LineRow, MoveRow } from '../store/records.ts';
import type { Wire } from '../wire.ts';
import {
  boolean,
  char,
  date,
  type Field,
  float,
  type Model,
  many2many,
  many2one,
  monetary,
  one2many,
  selection,
} from './field.ts';
import { ACCOUNT_TYPES } from './plain-models.ts';

const LINE_FIELDS: Readonly<Record<string, Field>> = {
  move_id: many2one('Journal Entry', 'account.move'),
  name: char('Label'),
  account_id: many2one('Account', 'account.account'),
  partner_id: many2one('Partner', 'res.partner'),
  product_id: many2one('Product', 'product.product'),
  currency_id: many2one('Currency', 'res.currency'),
  company_currency_id: many2one('Company Currency', 'res.currency'),
  company_id: many2one('Company', 'res.company'),
  journal_id: many2one('Journal', 'account.journal'),
  display_type: selection('Display Type', [
    ['product', 'Product'],
    ['tax', 'Tax'],
    ['payment_term', 'Payment Term'],
    ['line_section', 'Section'],
    ['line_note', 'Note'],
  ]),
  quantity: float('Quantity'),
  price_unit: float('Unit Price'),
  discount: float('Discount (%)'),
  tax_ids: many2many('Taxes', 'account.tax'),
  tax_line_id: many2one('Originator Tax', 'account.tax'),
  debit: { type: 'monetary', label: 'Debit' },
  credit: { type: 'monetary', label: 'Credit' },
  balance: { type: 'monetary', label: 'Balance' },
  amount_currency: { type: 'monetary', label: 'Amount in Currency' },
  price_subtotal: monetary('Subtotal'),
  price_total: monetary('Total'),
  amount_residual: monetary('Residual Amount'),
  amount_residual_currency: monetary('Residual Amount in Currency'),
  reconciled: boolean('Reconciled'),
  full_reconcile_id: many2one('Matching', 'account.full.reconcile'),
  matching_number: char('Matching #'),
  matched_debit_ids: one2many('Matched Debits', 'account.partial.reconcile'),
  matched_credit_ids: one2many('Matched Credits', 'account.partial.reconcile'),
  date: date('Date'),
  date_maturity: date('Due Date'),
  parent_state: selection('State', [
    ['draft', 'Draft'],
    ['posted', 'Posted'],
    ['cancel', 'Cancelled'],
  ]),
  move_name: char('Number'),
  move_type: char('Type'),
  ref: char('Reference'),
  account_type: selection('Internal Type', ACCOUNT_TYPES),
  display_name: char('Display Name', { readonly: true }),
  id: { type: 'integer', label: 'ID' },
};

/** account.move.line (odoo.md A3): balances in the company's currency, `amount_currency` in the line's. */
export function lineModel(books: Books): Model {
  return {
    name: 'account.move.line',
    label: 'Journal Item',
    order: 'date desc, move_name desc, id',
    fields: LINE_FIELDS,
    ids: () => [...books.lines.all()].map((line) => line.id),
    has: (id) => books.lines.get(id) !== undefined,
    value: (id, field) => {
      const line = books.line(id);
      return lineValue(books, line, books.move(line.moveId), field);
    },
    display: (id) => displayName(books.line(id), books.move(books.line(id).moveId)),
    indexed: (field, key) => {
      if (!books.lines.hasIndex(field)) return undefined;
      return books.lines.find(field, typeof key === 'number' ? key : null).map((line) => line.id);
    },
  };
}

function displayName(line: LineRow, move: MoveRow): string {
  return line.name === null ? (move.name ?? '/') : `${move.name ?? '/'} ${line.name}`;
}

function lineValue(books: Books, line: LineRow, move: MoveRow, field: string): Wire {
  const company = (minor: number) => wireAmount(minor, books.companyCurrency().places);
  const foreign = (minor: number) => wireAmount(minor, books.currency(line.currencyId).places);
  switch (field) {
    case 'id':
      return line.id;
    case 'move_id':
      return line.moveId;
    case 'name':
      return line.name ?? false;
    case 'account_id':
      return line.accountId ?? false;
    case 'partner_id':
      return line.partnerId ?? false;
    case 'product_id':
      return line.productId ?? false;
    case 'currency_id':
      return line.currencyId;
    case 'company_currency_id':
      return books.companyCurrency().id;
    case 'company_id':
      return 1;
    case 'journal_id':
      return move.journalId;
    case 'display_type':
      return line.displayType;
    case 'quantity':
      return line.quantity;
    case 'price_unit':
      return line.priceUnit;
    case 'discount':
      return line.discount;
    case 'tax_ids':
      return line.taxIds;
    case 'tax_line_id':
      return line.taxLineId ?? false;
    case 'debit':
      return company(Math.max(line.balance, 0));
    case 'credit':
      return company(Math.max(-line.balance, 0));
    case 'balance':
      return company(line.balance);
    case 'amount_currency':
      return foreign(line.amountCurrency);
    case 'price_subtotal':
      return foreign(line.subtotal);
    case 'price_total':
      return foreign(line.priceTotal);
    case 'amount_residual':
      return company(line.residual);
    case 'amount_residual_currency':
      return foreign(line.residualCurrency);
    case 'reconciled':
      return line.reconciled;
    case 'full_reconcile_id':
      return line.fullReconcileId ?? false;
    case 'matching_number':
      return line.matching ?? false;
    case 'matched_debit_ids':
      return books.partials.find('credit', line.id).map((partial) => partial.id);
    case 'matched_credit_ids':
      return books.partials.find('debit', line.id).map((partial) => partial.id);
    case 'date':
      return move.date;
    case 'date_maturity':
      return line.dateMaturity ?? false;
    case 'parent_state':
      return move.state;
    case 'move_name':
      return move.name ?? false;
    case 'move_type':
      return move.moveType;
    case 'ref':
      return move.ref ?? false;
    case 'account_type':
      return line.accountId === null ? false : books.account(line.accountId).type;
    case 'display_name':
      return displayName(line, move);
    default:
      return false;
  }
}
