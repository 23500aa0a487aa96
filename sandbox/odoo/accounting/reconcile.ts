import { userError } from '../errors.ts';
import type { Books } from '../store/books.ts';
import type { LineRow, MoveRow } from '../store/records.ts';
import { postExchangeDifference, reverseExchangeMove } from './exchange.ts';
import { converted } from './invoice-amounts.ts';
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
      `Account ${account.name} does not allow reconciliation. First change the configuration of this account to allow it.`,
    );
  }
}

/** Matches as much as both lines have open, and closes what exchange rates leave over. */
function match(books: Books, debit: LineRow, credit: LineRow): void {
  const currencyId = matchingCurrency(books, debit, credit);
  const open = Math.min(openIn(books, debit, currencyId), openIn(books, credit, currencyId));
  const debitPart = share(books, debit, open, currencyId);
  const creditPart = share(books, credit, open, currencyId);
  const amount = Math.min(debitPart.company, creditPart.company);
  const partialId = books.partials.nextId();
  applyMatch(books, debit, -amount, -debitPart.currency);
  applyMatch(books, credit, amount, creditPart.currency);
  const difference = debitPart.company - creditPart.company;
  const exchangeMoveId =
    difference === 0
      ? null
      : postExchangeDifference(books, difference > 0 ? debit : credit, difference, [debit, credit]);
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

/** Lines of one currency match in it; else Odoo matches in the foreign one of the two, at the currency's own rate. */
function matchingCurrency(books: Books, debit: LineRow, credit: LineRow): number {
  return debit.currencyId === books.companyCurrency().id ? credit.currencyId : debit.currencyId;
}

/** What a line has open, in the currency the match is made in. */
function openIn(books: Books, line: LineRow, currencyId: number): number {
  if (line.currencyId === currencyId) return Math.abs(line.residualCurrency);
  const currency = books.currency(currencyId);
  return converted(Math.abs(line.residual), books.companyCurrency().places, currency.rate, currency.places);
}

/** What of a line is matched, in the company's and in its own currency, when `open` of the match's currency is. */
function share(books: Books, line: LineRow, open: number, currencyId: number): { company: number; currency: number } {
  const company = Math.abs(line.residual);
  const available = openIn(books, line, currencyId);
  const part = open === available ? company : Math.round((company * open) / available);
  if (line.currencyId === currencyId) return { company: part, currency: open };
  const own = Math.abs(line.residualCurrency);
  return { company: part, currency: part === company ? own : Math.round((own * part) / company) };
}

function applyMatch(books: Books, line: LineRow, company: number, currency: number): void {
  books.patchLine(line.id, { residual: line.residual + company, residualCurrency: line.residualCurrency + currency });
}

/** Undoes every match of these lines; an exchange difference booked for one is reversed and matched with its reversal. */
export function removeReconciliation(books: Books, ids: readonly number[]): void {
  const touched = new Set<number>();
  const exchangeMoves: number[] = [];
  const unmatch = (id: number): void => {
    for (const partial of [...books.partials.find('debit', id), ...books.partials.find('credit', id)]) {
      books.partials.delete(partial.id);
      applyMatch(books, books.line(partial.debitId), partial.amount, partial.debitCurrencyAmount);
      applyMatch(books, books.line(partial.creditId), -partial.amount, -partial.creditCurrencyAmount);
      touched.add(partial.debitId).add(partial.creditId);
      if (partial.exchangeMoveId === null) continue;
      exchangeMoves.push(partial.exchangeMoveId);
      books.move(partial.exchangeMoveId).lineIds.forEach(unmatch);
    }
  };
  ids.forEach(unmatch);
  if (touched.size > 0) finish(books, [...touched]);
  for (const id of exchangeMoves) matchWithReversal(books, books.move(id), reverseExchangeMove(books, id));
}

/** Matches the lines of an entry with those of the entry that reverses it, where their account allows it. */
export function matchWithReversal(books: Books, original: MoveRow, reversal: MoveRow): void {
  for (const line of books.linesOf(original)) {
    const opposite = books
      .linesOf(reversal)
      .find((one) => one.accountId === line.accountId && one.balance === -line.balance && !one.reconciled);
    const open = line.accountId !== null && books.account(line.accountId).reconcile && !books.line(line.id).reconciled;
    if (open && opposite !== undefined) reconcileLines(books, [line.id, opposite.id]);
  }
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
