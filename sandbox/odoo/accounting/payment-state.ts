import type { Books } from '../store/books.ts';
import type { LineRow, MoveRow, PaymentState } from '../store/records.ts';
import { isInvoice, isSale } from './move-types.ts';

/** Recomputes what a document still owes and whether it is paid, from its receivable or payable lines. */
export function refreshPaymentState(books: Books, moveId: number): void {
  const move = books.move(moveId);
  if (!isInvoice(move.moveType)) return;
  const terms = books.linesOf(move).filter((line) => line.displayType === 'payment_term');
  const residual = Math.abs(terms.reduce((sum, line) => sum + line.residualCurrency, 0));
  const paymentState = paymentStateOf(books, move, terms, residual);
  if (residual !== move.residual || paymentState !== move.paymentState)
    books.patchMove(moveId, { residual, paymentState });
}

function paymentStateOf(books: Books, move: MoveRow, terms: readonly LineRow[], residual: number): PaymentState {
  const others = counterparts(books, terms);
  if (others.length === 0) return move.total === 0 && move.state === 'posted' ? 'paid' : 'not_paid';
  if (residual !== 0) return 'partial';
  const reversing = isSale(move.moveType) ? 'out_refund' : 'in_refund';
  const paid = others.some((other) => other.paymentId !== null);
  const reversed =
    others.some((other) => other.moveType === reversing) &&
    others.every((other) => other.moveType === reversing || other.moveType === 'entry');
  return !paid && reversed && move.moveType !== reversing ? 'reversed' : 'paid';
}

function counterparts(books: Books, terms: readonly LineRow[]): MoveRow[] {
  const ids = terms.flatMap((line) => [
    ...books.partials.find('debit', line.id).map((partial) => partial.creditId),
    ...books.partials.find('credit', line.id).map((partial) => partial.debitId),
  ]);
  return ids.map((id) => books.move(books.line(id).moveId));
}
