import type { Books } from '../store/books.ts';
import type { LineRow, MoveRow } from '../store/records.ts';
import { automaticEntryDate } from './lock-dates.ts';
import { nextName, rememberName } from './sequences.ts';

/**
 * Books an exchange difference (odoo.md A3 FX) in the EXCH journal and closes `line` with it. `difference` is the debit
 * side's company amount less the credit side's: positive is a loss on a receivable, negative a gain.
 * Returns the move's id. A gateway must not book the same difference itself.
 */
export function postExchangeDifference(
  books: Books,
  line: LineRow,
  difference: number,
  pair: readonly LineRow[],
): number {
  const date =
    pair
      .map((one) => books.move(one.moveId).date)
      .sort()
      .at(-1) ?? books.today();
  const result = books.accountId(
    difference > 0 ? { code: '641000', type: 'expense' } : { code: '441000', type: 'income' },
  );
  const move = postEntry(books, date, [
    { accountId: line.accountId, partnerId: line.partnerId, currencyId: line.currencyId, balance: -difference },
    { accountId: result, partnerId: line.partnerId, currencyId: line.currencyId, balance: difference },
  ]);
  const closing = books.line(move.lineIds[0] ?? 0);
  const [debit, credit] = closing.balance > 0 ? [closing, line] : [line, closing];
  books.partials.put({
    id: books.partials.nextId(),
    debitId: debit.id,
    creditId: credit.id,
    amount: Math.abs(difference),
    debitCurrencyAmount: 0,
    creditCurrencyAmount: 0,
    exchangeMoveId: null,
  });
  const open = books.line(line.id);
  books.patchLine(line.id, { residual: open.residual - difference });
  books.patchLine(closing.id, { residual: 0, residualCurrency: 0 });
  return move.id;
}

/** The opposite entry of an exchange difference whose match was undone. */
export function reverseExchangeMove(books: Books, moveId: number): MoveRow {
  const original = books.move(moveId);
  return postEntry(
    books,
    original.date,
    books.linesOf(original).map((line) => ({ ...line, balance: -line.balance })),
    `Reversal of: ${original.name ?? ''}`,
  );
}

interface EntryLine {
  readonly accountId: number | null;
  readonly partnerId: number | null;
  readonly currencyId: number;
  readonly balance: number;
}

function postEntry(books: Books, date: string, lines: readonly EntryLine[], ref: string | null = null): MoveRow {
  const draft: MoveRow = {
    id: books.moves.nextId(),
    name: null,
    state: 'draft',
    moveType: 'entry',
    date,
    invoiceDate: null,
    dueDate: null,
    journalId: exchangeJournal(books),
    currencyId: books.companyCurrency().id,
    rate: 1,
    partnerId: null,
    ref,
    paymentReference: null,
    origin: null,
    narration: null,
    autoPost: 'no',
    reversedEntryId: null,
    paymentId: null,
    postedBefore: true,
    paymentState: 'not_paid',
    lineIds: lines.map((line) => entryLine(books, line)),
    untaxed: 0,
    tax: 0,
    // Odoo totals the currency amounts, of which an exchange difference has none.
    total: 0,
    residual: 0,
    untaxedSigned: 0,
    totalSigned: 0,
  };
  for (const id of draft.lineIds) books.patchLine(id, { moveId: draft.id });
  const dated = { ...draft, date: automaticEntryDate(books, draft, date) };
  const name = nextName(books, dated);
  rememberName(books, dated, name);
  return books.moves.put({ ...dated, name, state: 'posted' });
}

function entryLine(books: Books, line: EntryLine): number {
  const open = line.accountId !== null && books.account(line.accountId).reconcile;
  return books.lines.put({
    id: books.lines.nextId(),
    moveId: 0,
    name: 'Currency exchange rate difference',
    accountId: line.accountId,
    partnerId: line.partnerId,
    productId: null,
    currencyId: line.currencyId,
    displayType: 'product',
    quantity: 0,
    priceUnit: 0,
    discount: 0,
    taxIds: [],
    taxLineId: null,
    balance: line.balance,
    amountCurrency: 0,
    subtotal: 0,
    priceTotal: 0,
    residual: open ? line.balance : 0,
    residualCurrency: 0,
    reconciled: false,
    fullReconcileId: null,
    matching: null,
    dateMaturity: null,
  }).id;
}

function exchangeJournal(books: Books): number {
  const known = books.table('account.journal').first('code', 'EXCH');
  if (known !== undefined) return known.id;
  for (const row of books.table('account.journal').all()) if (row.values.type === 'general') return row.id;
  return 0;
}
