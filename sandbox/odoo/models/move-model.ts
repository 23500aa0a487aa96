import { wireAmount } from '../accounting/decimal.ts';
import { isInvoice } from '../accounting/move-types.ts';
import type { Books } from '../store/books.ts';
import type { MoveRow } from '../store/records.ts';
import { numberOf, textOf, type Wire } from '../wire.ts';
import {
  boolean,
  char,
  date,
  type Field,
  float,
  type Model,
  many2one,
  monetary,
  one2many,
  selection,
  text,
} from './field.ts';

export const MOVE_TYPE_LABELS: readonly (readonly [string, string])[] = [
  ['entry', 'Journal Entry'],
  ['out_invoice', 'Customer Invoice'],
  ['out_refund', 'Customer Credit Note'],
  ['in_invoice', 'Vendor Bill'],
  ['in_refund', 'Vendor Credit Note'],
  ['out_receipt', 'Sales Receipt'],
  ['in_receipt', 'Purchase Receipt'],
];

const MOVE_FIELDS: Readonly<Record<string, Field>> = {
  name: char('Number'),
  ref: char('Reference'),
  state: selection('Status', [
    ['draft', 'Draft'],
    ['posted', 'Posted'],
    ['cancel', 'Cancelled'],
  ]),
  move_type: selection('Type', MOVE_TYPE_LABELS),
  date: date('Date'),
  invoice_date: date('Invoice/Bill Date'),
  invoice_date_due: date('Due Date'),
  journal_id: many2one('Journal', 'account.journal'),
  company_id: many2one('Company', 'res.company'),
  currency_id: many2one('Currency', 'res.currency'),
  company_currency_id: many2one('Company Currency', 'res.currency'),
  invoice_currency_rate: float('Currency Rate'),
  partner_id: many2one('Partner', 'res.partner'),
  commercial_partner_id: many2one('Commercial Entity', 'res.partner'),
  payment_reference: char('Payment Reference'),
  invoice_origin: char('Origin'),
  narration: text('Terms and Conditions'),
  auto_post: selection('Auto-post', [
    ['no', 'No'],
    ['at_date', 'At Date'],
    ['monthly', 'Monthly'],
    ['quarterly', 'Quarterly'],
    ['yearly', 'Yearly'],
  ]),
  reversed_entry_id: many2one('Reversal of', 'account.move'),
  reversal_move_ids: one2many('Reversal of', 'account.move'),
  payment_state: selection('Payment Status', [
    ['not_paid', 'Not Paid'],
    ['in_payment', 'In Payment'],
    ['paid', 'Paid'],
    ['partial', 'Partially Paid'],
    ['reversed', 'Reversed'],
  ]),
  posted_before: boolean('Posted Before'),
  origin_payment_id: many2one('Payment', 'account.payment'),
  line_ids: one2many('Journal Items', 'account.move.line'),
  invoice_line_ids: one2many('Invoice lines', 'account.move.line'),
  amount_untaxed: monetary('Untaxed Amount'),
  amount_tax: monetary('Tax'),
  amount_total: monetary('Total'),
  amount_residual: monetary('Amount Due'),
  amount_untaxed_signed: monetary('Untaxed Amount Signed'),
  amount_tax_signed: monetary('Tax Signed'),
  amount_total_signed: monetary('Total Signed'),
  amount_residual_signed: monetary('Amount Due Signed'),
  display_name: char('Display Name', { readonly: true }),
  id: { type: 'integer', label: 'ID' },
};

/** account.move (odoo.md A3). */
export function moveModel(books: Books): Model {
  return {
    name: 'account.move',
    label: 'Journal Entry',
    order: 'date desc, name desc, invoice_date desc, id desc',
    fields: MOVE_FIELDS,
    ids: () => [...books.moves.all()].map((move) => move.id),
    has: (id) => books.moves.get(id) !== undefined,
    value: (id, field) => moveValue(books, books.move(id), field),
    display: (id) => moveName(books.move(id)),
    indexed: (field, key) => {
      if (!books.moves.hasIndex(field)) return undefined;
      return books.moves.find(field, typeof key === 'number' ? key : textOf(key)).map((move) => move.id);
    },
  };
}

export function moveName(move: MoveRow): string {
  const named =
    move.name ??
    `Draft ${isInvoice(move.moveType) ? (move.moveType.endsWith('refund') ? 'Credit Note' : 'Invoice') : 'Entry'}`;
  return move.ref === null ? named : `${named} (${move.ref})`;
}

function moveValue(books: Books, move: MoveRow, field: string): Wire {
  const places = () => books.currency(move.currencyId).places;
  const companyPlaces = () => books.companyCurrency().places;
  switch (field) {
    case 'id':
      return move.id;
    case 'name':
      return move.name ?? false;
    case 'ref':
      return move.ref ?? false;
    case 'state':
      return move.state;
    case 'move_type':
      return move.moveType;
    case 'date':
      return move.date;
    case 'invoice_date':
      return move.invoiceDate ?? false;
    case 'invoice_date_due':
      return move.dueDate ?? false;
    case 'journal_id':
      return move.journalId;
    case 'company_id':
      return 1;
    case 'currency_id':
      return move.currencyId;
    case 'company_currency_id':
      return books.companyCurrency().id;
    case 'invoice_currency_rate':
      return isInvoice(move.moveType) ? move.rate : 0;
    case 'partner_id':
    case 'commercial_partner_id':
      return move.partnerId ?? false;
    case 'payment_reference':
      return move.paymentReference ?? false;
    case 'invoice_origin':
      return move.origin ?? false;
    case 'narration':
      return move.narration ?? false;
    case 'auto_post':
      return move.autoPost;
    case 'reversed_entry_id':
      return move.reversedEntryId ?? false;
    case 'reversal_move_ids':
      return books.moves.find('reversed_entry_id', move.id).map((reversal) => reversal.id);
    case 'payment_state':
      return move.paymentState;
    case 'posted_before':
      return move.postedBefore;
    case 'origin_payment_id':
      return move.paymentId ?? false;
    case 'line_ids':
      return move.lineIds;
    case 'invoice_line_ids':
      return books
        .linesOf(move)
        .filter((line) => line.displayType !== 'tax' && line.displayType !== 'payment_term')
        .map((line) => line.id);
    case 'amount_untaxed':
      return wireAmount(move.untaxed, places());
    case 'amount_tax':
      return wireAmount(move.tax, places());
    case 'amount_total':
      return wireAmount(move.total, places());
    case 'amount_residual':
      return wireAmount(move.residual, places());
    case 'amount_untaxed_signed':
      return wireAmount(move.untaxedSigned, companyPlaces());
    case 'amount_tax_signed':
      return wireAmount(isInvoice(move.moveType) ? move.totalSigned - move.untaxedSigned : 0, companyPlaces());
    case 'amount_total_signed':
      return wireAmount(move.totalSigned, companyPlaces());
    case 'amount_residual_signed':
      return wireAmount(sumResidual(books, move), companyPlaces());
    case 'display_name':
      return moveName(move);
    default:
      return false;
  }
}

function sumResidual(books: Books, move: MoveRow): number {
  return books
    .linesOf(move)
    .filter((line) => line.displayType === 'payment_term')
    .reduce((sum, line) => sum + numberOf(line.residual), 0);
}
