import { missingError, userError } from '../errors.ts';
import type { ModelLookup } from '../models/domain.ts';
import type { Books } from '../store/books.ts';
import type { LineRow, MoveRow, MoveType } from '../store/records.ts';
import { idOf, idsOf, textOf, type WireObject } from '../wire.ts';
import { wireAmount } from './decimal.ts';
import { isInvoice } from './move-types.ts';
import { createMove } from './moves.ts';
import { postMoves } from './posting.ts';
import { matchWithReversal, removeReconciliation } from './reconcile.ts';

const REVERSED: Readonly<Record<MoveType, MoveType>> = {
  entry: 'entry',
  out_invoice: 'out_refund',
  out_refund: 'out_invoice',
  in_invoice: 'in_refund',
  in_refund: 'in_invoice',
  out_receipt: 'out_refund',
  in_receipt: 'in_refund',
};

/**
 * The reversal wizard (odoo.md A3 Credit note): `refund_moves` leaves draft credit notes; `modify_moves` posts them against the
 * originals, which lose their other matches, and leaves new drafts in their place. Returns the ids of the drafts.
 */
export function reverseMoves(books: Books, wizardId: number, modify: boolean, models: ModelLookup): number[] {
  const wizard = books.table('account.move.reversal').get(wizardId)?.values;
  if (wizard === undefined) throw missingError('account.move.reversal', wizardId);
  const originals = idsOf(wizard.active_ids).map((id) => books.move(id));
  if (originals.some((move) => move.state !== 'posted'))
    throw userError('To reverse a journal entry, it has to be posted first.');
  return originals.map((original) => {
    const reversal = createMove(books, copied(books, original, wizard, REVERSED[original.moveType]), models);
    if (original.moveType === 'entry') {
      // An entry's reversal is posted and matched at once, whichever way it is asked for.
      postMoves(books, [reversal.id]);
      matchWithReversal(books, original, books.move(reversal.id));
    }
    if (!modify || original.moveType === 'entry') return reversal.id;
    removeReconciliation(books, original.lineIds);
    postMoves(books, [reversal.id]);
    return createMove(books, copied(books, original, {}, original.moveType), models).id;
  });
}

function copied(books: Books, original: MoveRow, wizard: WireObject, moveType: MoveType): WireObject {
  const reversing = 'active_ids' in wizard;
  const date = textOf(wizard.date) ?? (reversing ? books.today() : original.date);
  const reason = textOf(wizard.reason);
  const lines = books.linesOf(original).filter((line) => line.displayType === 'product');
  return {
    move_type: moveType,
    partner_id: original.partnerId ?? false,
    journal_id: idOf(wizard.journal_id) ?? original.journalId,
    currency_id: original.currencyId,
    invoice_currency_rate: original.rate,
    date,
    invoice_date: isInvoice(moveType) ? date : false,
    ref: reversing
      ? [`Reversal of: ${original.name ?? ''}`, ...(reason === null ? [] : [reason])].join(', ')
      : (original.ref ?? false),
    reversed_entry_id: reversing ? original.id : false,
    ...(isInvoice(moveType)
      ? { invoice_line_ids: lines.map((line) => [0, 0, invoiceLine(line)]) }
      : { line_ids: lines.map((line) => [0, 0, oppositeLine(books, line)]) }),
  };
}

function invoiceLine(line: LineRow): WireObject {
  return {
    name: line.name ?? false,
    quantity: line.quantity,
    price_unit: line.priceUnit,
    discount: line.discount,
    account_id: line.accountId ?? false,
    product_id: line.productId ?? false,
    tax_ids: [[6, 0, line.taxIds]],
  };
}

function oppositeLine(books: Books, line: LineRow): WireObject {
  return {
    name: line.name ?? false,
    account_id: line.accountId ?? false,
    partner_id: line.partnerId ?? false,
    currency_id: line.currencyId,
    balance: wireAmount(-line.balance, books.companyCurrency().places),
    amount_currency: wireAmount(-line.amountCurrency, books.currency(line.currencyId).places),
  };
}
