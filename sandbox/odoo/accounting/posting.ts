import { missingError, userError, validationError } from '../errors.ts';
import type { Books } from '../store/books.ts';
import type { MoveRow } from '../store/records.ts';
import { termName } from './invoice.ts';
import { accountingDate, american, refuseIfLocked } from './lock-dates.ts';
import { isInvoice, isPurchase, isSale } from './move-types.ts';
import { reconcileLines, removeReconciliation } from './reconcile.ts';
import { nextName, rememberName } from './sequences.ts';

/** Posts drafts, all or none. Posting again is an error, so a caller that lost the answer must look first (odoo.md A3). */
export function postMoves(books: Books, ids: readonly number[]): void {
  for (const id of ids) if (books.moves.get(id) === undefined) throw missingError('account.move', id);
  for (const id of ids) refuseUnpostable(books, books.move(id));
  for (const id of ids) postMove(books, books.move(id));
  for (const id of ids) reconcileWithReversed(books, books.move(id));
}

function refuseUnpostable(books: Books, move: MoveRow): void {
  if (move.state !== 'draft') throw userError(`The entry ${move.name ?? 'False'} (id ${move.id}) must be in draft.`);
  if (move.autoPost !== 'no' && move.date > books.today()) {
    throw userError(`This move is configured to be auto-posted on ${american(move.date)}`);
  }
  if (!books.linesOf(move).some((line) => line.displayType === 'product'))
    throw userError("Even magicians can't post nothing!");
  if (!isInvoice(move.moveType)) return;
  if (move.partnerId === null) throw userError(partnerMissing(move));
  if (move.total < 0) {
    throw userError(
      'You cannot validate an invoice with a negative total amount. You should create a credit note instead. Use the ' +
        'action menu to transform it into a credit note or refund.',
    );
  }
  if (move.invoiceDate === null && isPurchase(move.moveType)) {
    throw userError('The Bill/Refund date is required to validate this document.');
  }
}

function partnerMissing(move: MoveRow): string {
  return isSale(move.moveType)
    ? "The 'Customer' field is required to validate the invoice.\nYou probably don't want to explain to your auditor that you invoiced an invisible man :)"
    : "The field 'Vendor' is required, please complete it to validate the Vendor Bill.";
}

function postMove(books: Books, draft: MoveRow): void {
  const invoiceDate = isInvoice(draft.moveType) ? (draft.invoiceDate ?? books.today()) : draft.invoiceDate;
  const wanted = draft.invoiceDate === null && invoiceDate !== null ? invoiceDate : draft.date;
  const dated = { ...draft, invoiceDate, date: accountingDate(books, draft, wanted) };
  const name = dated.name ?? nextName(books, dated);
  const taken = books.moves.first('postedName', `${dated.journalId}\n${name}`);
  if (taken !== undefined && taken.id !== dated.id)
    throw validationError('Another entry with the same name already exists.');
  rememberName(books, dated, name);
  const posted: MoveRow = {
    ...dated,
    name,
    state: 'posted',
    postedBefore: true,
    paymentReference: dated.paymentReference ?? (isSale(dated.moveType) ? name : null),
    paymentState: isInvoice(dated.moveType) && dated.total === 0 ? 'paid' : dated.paymentState,
  };
  books.moves.put(posted);
  for (const line of books.linesOf(posted))
    if (line.displayType === 'payment_term') books.patchLine(line.id, { name: termName(posted) });
}

/** A credit note that names the invoice it reverses is matched with it on posting (odoo.md A3 Credit note). */
function reconcileWithReversed(books: Books, refund: MoveRow): void {
  if (refund.reversedEntryId === null || !isInvoice(refund.moveType)) return;
  const open = [refund, books.move(refund.reversedEntryId)]
    .filter((move) => move.state === 'posted')
    .map((move) => books.linesOf(move).filter((line) => line.displayType === 'payment_term' && !line.reconciled));
  if (open.length === 2 && open.every((lines) => lines.length > 0))
    reconcileLines(
      books,
      open.flat().map((line) => line.id),
    );
}

/** Back to draft; matched lines stay matched, the name stays given. */
export function resetToDraft(books: Books, ids: readonly number[]): void {
  for (const id of ids) {
    const move = books.move(id);
    if (move.state === 'draft') throw userError('Only posted/cancelled journal entries can be reset to draft.');
    if (books.journal(move.journalId).hashed && move.state === 'posted') {
      throw userError("You can't reset to draft those journal entries. You need to request a cancellation instead.");
    }
    refuseIfLocked(books, move);
    books.patchMove(id, { state: 'draft' });
  }
}

/** Cancels drafts, and posted moves by way of draft. Their matches are undone. */
export function cancelMoves(books: Books, ids: readonly number[]): void {
  for (const id of ids) {
    if (books.move(id).state === 'posted') resetToDraft(books, [id]);
    const move = books.move(id);
    if (move.state !== 'draft') throw userError('Only draft journal entries can be cancelled.');
    removeReconciliation(books, move.lineIds);
    books.patchMove(id, { state: 'cancel', autoPost: 'no' });
  }
}
