import { userError } from '../errors.ts';
import type { Books } from '../store/books.ts';
import type { LineRow } from '../store/records.ts';
import { postExchangeDifference, reverseExchangeMove } from './exchange.ts';
import { refreshPaymentState } from './payment-state.ts';

/**
 * Matches debits with credits of one account, oldest first, as far as they go (odoo.md A3). Lines matched in the same foreign
 * currency at different rates leave an exchange difference, which Odoo books at once in a move of its own.
 */
export function reconcileLines(books: Books, ids: readonly number[]): void {
  const lines = ids.map((id) => books.line(id));
  refuseUnmatchable(books, lines);
  const byDate = (a: LineRow, b: LineRow) =>
    dateOf(books, a) < dateOf(books, b) ? -1 : dateOf(books, a) > dateOf(books, b) ? 1 : a.id - b.id;
  const debits = lines
    .filter((line) => isDebit(line))
    .sort(byDate)
    .map((line) => line.id);
  const credits = lines
    .filter((line) => !isDebit(line))
    .sort(byDate)
    .map((line) => line.id);
  let [d, c] = [0, 0];
  while (d < debits.length && c < credits.length) {
    const [debitId = 0, creditId = 0] = [debits[d], credits[c]];
    match(books, books.line(debitId), books.line(creditId));
    if (isSettled(books.line(debitId))) d += 1;
    if (isSettled(books.line(creditId))) c += 1;
  }
  finish(books, ids);
}

function refuseUnmatchable(books: Books, lines: readonly LineRow[]): void {
  if (lines.some((line) => line.reconciled)) {
    throw userError('You are trying to reconcile some entries that are already reconciled.');
  }
  const accounts = new Set(lines.map((line) => line.accountId));
  const names = [...accounts].map((id) => (id === null ? '' : books.account(id).name));
  if (accounts.size > 1) throw userError(`Entries are not from the same account: ${names.join(', ')}`);
  const [accountId] = accounts;
  if (accountId == null) return;
  const account = books.account(accountId);
  if (!account.reconcile && account.type !== 'asset_cash' && account.type !== 'liability_credit_card') {
    throw userError(
      `Account ${account.code} ${account.name} does not allow reconciliation. First change the configuration of this account to allow it.`,
    );
  }
}

/** Matches as much as both lines have open, and closes what exchange rates leave over. */
function match(books: Books, debit: LineRow, credit: LineRow): void {
  const foreign = debit.currencyId === credit.currencyId;
  const open = foreign
    ? Math.min(Math.abs(debit.residualCurrency), Math.abs(credit.residualCurrency))
    : Math.min(Math.abs(debit.residual), Math.abs(credit.residual));
  const debitPart = share(debit, open, foreign);
  const creditPart = share(credit, open, foreign);
  const amount = Math.min(debitPart.company, creditPart.company);
  const partialId = books.partials.nextId();
  applyMatch(books, debit, -amount, -debitPart.currency);
  applyMatch(books, credit, amount, creditPart.currency);
  const exchangeMoveId =
    debitPart.company === creditPart.company
      ? null
      : postExchangeDifference(
          books,
          debitPart.company > creditPart.company ? debit : credit,
          debitPart.company - creditPart.company,
          [debit, credit],
        );
  books.partials.put({
    id: partialId,
    debitId: debit.id,
    creditId: credit.id,
    amount,
    debitCurrencyAmount: debitPart.currency,
    creditCurrencyAmount: creditPart.currency,
    exchangeMoveId,
  });
}

/** What of a line is matched, in the company's and in its own currency, when `open` is matched. */
function share(line: LineRow, open: number, foreign: boolean): { company: number; currency: number } {
  const company = Math.abs(line.residual);
  const currency = Math.abs(line.residualCurrency);
  if (foreign)
    return { company: open === currency ? company : Math.round((company * open) / currency), currency: open };
  return { company: open, currency: open === company ? currency : Math.round((currency * open) / company) };
}

function applyMatch(books: Books, line: LineRow, company: number, currency: number): void {
  books.patchLine(line.id, { residual: line.residual + company, residualCurrency: line.residualCurrency + currency });
}

/** Undoes every match of these lines; an exchange difference booked for one is reversed. */
export function removeReconciliation(books: Books, ids: readonly number[]): void {
  const touched = new Set<number>();
  for (const id of ids) {
    for (const partial of [...books.partials.find('debit', id), ...books.partials.find('credit', id)]) {
      books.partials.delete(partial.id);
      const debit = books.line(partial.debitId);
      const credit = books.line(partial.creditId);
      applyMatch(books, debit, partial.amount, partial.debitCurrencyAmount);
      applyMatch(books, credit, -partial.amount, -partial.creditCurrencyAmount);
      touched.add(debit.id).add(credit.id);
      if (partial.exchangeMoveId !== null) {
        for (const lineId of books.move(partial.exchangeMoveId).lineIds)
          if (lineId !== id) removeReconciliation(books, [lineId]);
        reverseExchangeMove(books, partial.exchangeMoveId);
      }
    }
  }
  if (touched.size > 0) finish(books, [...touched]);
}

/** Marks the lines matched or open again, and their documents paid or not. */
function finish(books: Books, ids: readonly number[]): void {
  const group = connected(books, ids);
  const lines = [...group].map((id) => books.line(id));
  const settled = lines.length > 1 && lines.every((line) => line.residual === 0 && line.residualCurrency === 0);
  const full = settled ? books.fullReconciles.put({ id: books.fullReconciles.nextId() }).id : null;
  for (const line of lines) {
    const partials = [...books.partials.find('debit', line.id), ...books.partials.find('credit', line.id)];
    const number = Math.min(...partials.map((partial) => partial.id));
    books.patchLine(line.id, {
      reconciled: partials.length > 0 && line.residual === 0 && line.residualCurrency === 0,
      fullReconcileId: partials.length > 0 ? full : null,
      matching: partials.length === 0 ? null : full === null ? `P${number}` : String(full),
    });
  }
  for (const moveId of new Set(lines.map((line) => line.moveId))) refreshPaymentState(books, moveId);
}

/** The lines and all they are matched with, directly or through others. */
function connected(books: Books, ids: readonly number[]): Set<number> {
  const group = new Set<number>();
  const queue = [...ids];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (group.has(id)) continue;
    group.add(id);
    queue.push(...books.partials.find('debit', id).map((partial) => partial.creditId));
    queue.push(...books.partials.find('credit', id).map((partial) => partial.debitId));
  }
  return group;
}

function isDebit(line: LineRow): boolean {
  return line.balance > 0 || (line.balance === 0 && line.amountCurrency > 0);
}

function isSettled(line: LineRow): boolean {
  return line.residual === 0 && line.residualCurrency === 0;
}

function dateOf(books: Books, line: LineRow): string {
  return line.dateMaturity ?? books.move(line.moveId).date;
}
