import { userError, validationError } from '../errors.ts';
import type { Books } from '../store/books.ts';
import type { LineRow, MoveRow } from '../store/records.ts';
import { driftsAsFloat, invoiceAmounts } from './invoice-amounts.ts';
import { isSale, lineSign } from './move-types.ts';

/** Brings an invoice's booked lines, tax lines, receivable line and totals in step with its priced lines. */
export function recomputeInvoice(books: Books, move: MoveRow): MoveRow {
  const lines = books.linesOf(move);
  const priced = lines.filter((line) => line.displayType === 'product');
  const amounts = invoiceAmounts(books, priced, move.currencyId, move.rate);
  const sign = lineSign(move.moveType);
  const untaxed = amounts.lines.reduce((sum, line) => sum + line.base, 0);
  const tax = amounts.taxes.reduce((sum, line) => sum + line.amount, 0);
  const companyUntaxed = amounts.lines.reduce((sum, line) => sum + line.companyBase, 0);
  const companyTax = amounts.taxes.reduce((sum, line) => sum + line.companyAmount, 0);
  if (driftsAsFloat(untaxed + tax, amounts.taxes)) throw userError('The entry is not balanced.');

  priced.forEach((line, at) => {
    if (line.accountId === null) throw validationError('Missing required account on accountable line.');
    const amount = amounts.lines[at];
    if (amount === undefined) return;
    books.patchLine(line.id, {
      currencyId: move.currencyId,
      partnerId: move.partnerId,
      subtotal: amount.subtotal,
      priceTotal: amount.priceTotal,
      amountCurrency: sign * amount.base,
      balance: sign * amount.companyBase,
    });
  });
  const taxLines = amounts.taxes
    .filter(({ amount, companyAmount }) => amount !== 0 || companyAmount !== 0)
    .map(({ taxId, amount, companyAmount }) => {
      const known = lines.find((line) => line.taxLineId === taxId);
      const label = books.table('account.tax').get(taxId)?.values.name;
      return bookLine(books, move, known, {
        displayType: 'tax',
        name: typeof label === 'string' ? label : null,
        taxLineId: taxId,
        accountId: taxAccount(books, move),
        amountCurrency: sign * amount,
        balance: sign * companyAmount,
      });
    });
  const term =
    priced.length === 0
      ? []
      : [
          bookLine(
            books,
            move,
            lines.find((line) => line.displayType === 'payment_term'),
            {
              displayType: 'payment_term',
              name: move.state === 'posted' ? termName(move) : null,
              accountId: books.accountId({ type: isSale(move.moveType) ? 'asset_receivable' : 'liability_payable' }),
              amountCurrency: -sign * (untaxed + tax),
              balance: -sign * (companyUntaxed + companyTax),
              residual: -sign * (companyUntaxed + companyTax),
              residualCurrency: -sign * (untaxed + tax),
              dateMaturity: move.dueDate,
            },
          ),
        ];
  const booked = new Set([...taxLines, ...term]);
  for (const line of lines) {
    if ((line.displayType === 'tax' || line.displayType === 'payment_term') && !booked.has(line.id))
      books.lines.delete(line.id);
  }
  const kept = lines
    .filter((line) => line.displayType !== 'tax' && line.displayType !== 'payment_term')
    .map((line) => line.id);
  return books.patchMove(move.id, {
    lineIds: [...kept, ...taxLines, ...term],
    untaxed,
    tax,
    total: untaxed + tax,
    residual: untaxed + tax,
    untaxedSigned: -sign * companyUntaxed,
    totalSigned: -sign * (companyUntaxed + companyTax),
  });
}

/** The label of a posted document's receivable line: its reference and its payment reference. */
export function termName(move: MoveRow): string | null {
  if (move.ref === null || move.paymentReference === null || move.ref === move.paymentReference) {
    return move.paymentReference ?? move.ref;
  }
  return `${move.ref} - ${move.paymentReference}`;
}

function taxAccount(books: Books, move: MoveRow): number | null {
  return books.accountId(
    isSale(move.moveType) ? { code: '251000', type: 'liability_current' } : { code: '131000', type: 'asset_current' },
  );
}

function bookLine(books: Books, move: MoveRow, known: LineRow | undefined, patch: Partial<LineRow>): number {
  const blank: LineRow = {
    id: known?.id ?? books.lines.nextId(),
    moveId: move.id,
    name: null,
    accountId: null,
    partnerId: move.partnerId,
    productId: null,
    currencyId: move.currencyId,
    displayType: 'product',
    quantity: 0,
    priceUnit: 0,
    discount: 0,
    taxIds: [],
    taxLineId: null,
    balance: 0,
    amountCurrency: 0,
    subtotal: 0,
    priceTotal: 0,
    residual: 0,
    residualCurrency: 0,
    reconciled: false,
    fullReconcileId: null,
    matching: null,
    dateMaturity: null,
  };
  return books.lines.put({ ...blank, ...patch, id: blank.id }).id;
}
