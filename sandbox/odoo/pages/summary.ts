import type { Books } from '../store/books.ts';

export interface TrialBalanceRow {
  readonly account: string;
  readonly name: string;
  readonly currency: string;
  /** Minor units of the company's currency. */
  readonly debit: number;
  readonly credit: number;
  readonly balance: number;
  /** Minor units of `currency`. */
  readonly amountCurrency: number;
}

/**
 * What a script or a test asks of the books: how many documents of each kind and state there are, which references and external
 * keys were posted more than once, and the trial balance of the posted entries, in minor units.
 */
export function summary(books: Books) {
  const moves: Record<string, Record<string, number>> = {};
  const payments: Record<string, number> = {};
  for (const move of books.moves.all()) {
    const states = moves[move.moveType] ?? {};
    states[move.state] = (states[move.state] ?? 0) + 1;
    moves[move.moveType] = states;
  }
  for (const payment of books.payments.all()) payments[payment.state] = (payments[payment.state] ?? 0) + 1;
  const trialBalance = trialBalanceOf(books);
  return {
    partners: books.table('res.partner').size,
    moves,
    payments,
    reconciliations: { partial: books.partials.size, full: books.fullReconciles.size },
    duplicates: { ref: duplicateRefs(books), partnerRef: duplicatePartnerRefs(books), key: duplicateKeys(books) },
    trialBalance,
    totals: {
      debit: trialBalance.reduce((sum, row) => sum + row.debit, 0),
      credit: trialBalance.reduce((sum, row) => sum + row.credit, 0),
    },
    currency: books.companyCurrency().name,
  };
}

export function trialBalanceOf(books: Books): TrialBalanceRow[] {
  const rows = new Map<string, TrialBalanceRow>();
  for (const line of books.lines.all()) {
    if (line.accountId === null || books.move(line.moveId).state !== 'posted') continue;
    const account = books.account(line.accountId);
    const currency = books.currency(line.currencyId).name;
    const key = `${account.code} ${currency}`;
    const before = rows.get(key) ?? {
      account: account.code,
      name: account.name,
      currency,
      debit: 0,
      credit: 0,
      balance: 0,
      amountCurrency: 0,
    };
    rows.set(key, {
      ...before,
      debit: before.debit + Math.max(line.balance, 0),
      credit: before.credit + Math.max(-line.balance, 0),
      balance: before.balance + line.balance,
      amountCurrency: before.amountCurrency + line.amountCurrency,
    });
  }
  return [...rows.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

/** References of posted documents of one type that occur more than once. */
function duplicateRefs(books: Books) {
  const posted = [...books.moves.all()].filter(
    (move) => move.state === 'posted' && move.ref !== null && move.paymentId === null,
  );
  return repeated(posted.map((move) => `${move.moveType} ${move.ref}`));
}

function duplicatePartnerRefs(books: Books) {
  return repeated(
    [...books.table('res.partner').all()].flatMap((row) =>
      typeof row.values.ref === 'string' && row.values.ref !== '' ? [row.values.ref] : [],
    ),
  );
}

/** Records reached by more than one external id: the same document under two keys. */
function duplicateKeys(books: Books) {
  return repeated([...books.externalIds.all()].map((row) => `${row.model},${row.recordId}`));
}

function repeated(keys: readonly string[]): { readonly key: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > 1).map(([key, count]) => ({ key, count }));
}
