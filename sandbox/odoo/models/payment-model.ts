import { wireAmount } from '../accounting/decimal.ts';
import { paymentAccounts, paymentLines } from '../accounting/payments.ts';
import type { Books } from '../store/books.ts';
import type { PaymentRow } from '../store/records.ts';
import { textOf, type Wire } from '../wire.ts';
import { boolean, char, date, type Field, type Model, many2many, many2one, selection } from './field.ts';

const PAYMENT_FIELDS: Readonly<Record<string, Field>> = {
  name: char('Number'),
  state: selection('Status', [
    ['draft', 'Draft'],
    ['in_process', 'In Process'],
    ['paid', 'Paid'],
    ['canceled', 'Canceled'],
    ['rejected', 'Rejected'],
  ]),
  payment_type: selection('Payment Type', [
    ['outbound', 'Send'],
    ['inbound', 'Receive'],
  ]),
  partner_type: selection('Partner Type', [
    ['customer', 'Customer'],
    ['supplier', 'Vendor'],
  ]),
  partner_id: many2one('Customer/Vendor', 'res.partner'),
  amount: { type: 'monetary', label: 'Amount' },
  currency_id: many2one('Currency', 'res.currency'),
  company_id: many2one('Company', 'res.company'),
  date: date('Date'),
  journal_id: many2one('Journal', 'account.journal'),
  memo: char('Memo'),
  move_id: many2one('Journal Entry', 'account.move'),
  is_reconciled: boolean('Is Reconciled'),
  is_matched: boolean('Is Matched With a Bank Statement'),
  outstanding_account_id: many2one('Outstanding Account', 'account.account'),
  destination_account_id: many2one('Destination Account', 'account.account'),
  reconciled_invoice_ids: many2many('Reconciled Invoices', 'account.move'),
  display_name: char('Display Name', { readonly: true }),
  id: { type: 'integer', label: 'ID' },
};

/** account.payment (odoo.md A3): its entry is made when it is posted, Outstanding Receipts against the receivable. */
export function paymentModel(books: Books): Model {
  const payment = (id: number) => books.payments.get(id);
  return {
    name: 'account.payment',
    label: 'Payments',
    order: 'date desc, name desc, id desc',
    fields: PAYMENT_FIELDS,
    ids: () => [...books.payments.all()].map((row) => row.id),
    has: (id) => payment(id) !== undefined,
    value: (id, field) => {
      const row = payment(id);
      return row === undefined ? false : paymentValue(books, row, field);
    },
    display: (id) => paymentName(books, payment(id)),
    indexed: (field, key) => {
      if (!books.payments.hasIndex(field)) return undefined;
      return books.payments.find(field, typeof key === 'number' ? key : textOf(key)).map((row) => row.id);
    },
  };
}

function paymentName(books: Books, row: PaymentRow | undefined): string {
  const name = row?.moveId == null ? null : books.move(row.moveId).name;
  return name ?? 'Draft Payment';
}

function paymentValue(books: Books, row: PaymentRow, field: string): Wire {
  switch (field) {
    case 'id':
      return row.id;
    case 'name':
      return row.moveId === null ? false : (books.move(row.moveId).name ?? false);
    case 'display_name':
      return paymentName(books, row);
    case 'state':
      return row.state;
    case 'payment_type':
      return row.paymentType;
    case 'partner_type':
      return row.partnerType;
    case 'partner_id':
      return row.partnerId ?? false;
    case 'amount':
      return wireAmount(row.amount, books.currency(row.currencyId).places);
    case 'currency_id':
      return row.currencyId;
    case 'company_id':
      return 1;
    case 'date':
      return row.date;
    case 'journal_id':
      return row.journalId;
    case 'memo':
      return row.memo ?? false;
    case 'move_id':
      return row.moveId ?? false;
    case 'is_reconciled':
      return paymentLines(books, row).counterpart.some((line) => line.reconciled);
    case 'is_matched':
      return false;
    case 'outstanding_account_id':
      return paymentAccounts(books, row).outstanding ?? false;
    case 'destination_account_id':
      return paymentAccounts(books, row).destination ?? false;
    case 'reconciled_invoice_ids':
      return reconciledInvoices(books, row);
    default:
      return false;
  }
}

function reconciledInvoices(books: Books, row: PaymentRow): number[] {
  const matched = paymentLines(books, row).counterpart.flatMap((line) => [
    ...books.partials.find('credit', line.id).map((partial) => partial.debitId),
    ...books.partials.find('debit', line.id).map((partial) => partial.creditId),
  ]);
  const moves = matched.map((id) => books.move(books.line(id).moveId)).filter((move) => move.moveType !== 'entry');
  return [...new Set(moves.map((move) => move.id))];
}
