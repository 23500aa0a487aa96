import { missingError, userError, validationError } from '../errors.ts';
import type { ModelLookup } from '../models/domain.ts';
import type { Books } from '../store/books.ts';
import type { LineRow, MoveRow, PaymentRow } from '../store/records.ts';
import { idOf, idsOf, numberOf, textOf, type WireObject } from '../wire.ts';
import { minorUnits, wireAmount } from './decimal.ts';
import { createMove } from './moves.ts';
import { postMoves } from './posting.ts';
import { reconcileLines } from './reconcile.ts';

/** The accounts a payment moves money between. */
export function paymentAccounts(books: Books, payment: PaymentRow) {
  const inbound = payment.paymentType === 'inbound';
  return {
    outstanding: books.accountId(
      inbound ? { code: '101403', type: 'asset_current' } : { code: '101404', type: 'asset_current' },
    ),
    destination: books.accountId({
      type: payment.partnerType === 'supplier' ? 'liability_payable' : 'asset_receivable',
    }),
  };
}

/** The lines of a payment's entry: the outstanding money, and the receivable or payable side to be matched. */
export function paymentLines(books: Books, payment: PaymentRow): { readonly counterpart: readonly LineRow[] } {
  if (payment.moveId === null) return { counterpart: [] };
  const { destination } = paymentAccounts(books, payment);
  return { counterpart: books.linesOf(books.move(payment.moveId)).filter((line) => line.accountId === destination) };
}

/** Creates a draft payment from checked values. */
export function createPayment(books: Books, values: WireObject): PaymentRow {
  const journalId = idOf(values.journal_id) ?? bankJournal(books);
  const currencyId = idOf(values.currency_id) ?? books.journal(journalId).currencyId ?? books.companyCurrency().id;
  const amount = minorUnits(numberOf(values.amount), books.currency(currencyId).places);
  if (amount < 0) throw validationError('The payment amount cannot be negative.');
  return books.payments.put({
    id: books.payments.nextId(),
    state: 'draft',
    paymentType: textOf(values.payment_type) ?? 'inbound',
    partnerType: textOf(values.partner_type) ?? 'customer',
    partnerId: idOf(values.partner_id),
    amount,
    currencyId,
    date: textOf(values.date) ?? books.today(),
    journalId,
    memo: textOf(values.memo),
    moveId: null,
  });
}

/** Posts payments: each gets its entry and is `in_process`. Posting again does nothing, and says nothing (odoo.md A3). */
export function postPayments(books: Books, ids: readonly number[], models: ModelLookup): void {
  for (const id of ids) {
    const payment = books.payments.get(id);
    if (payment === undefined) throw missingError('account.payment', id);
    if (payment.state !== 'draft') continue;
    const entry = payment.moveId === null ? paymentEntry(books, payment, models) : books.move(payment.moveId);
    books.payments.put({ ...payment, state: 'in_process', moveId: entry.id });
    postMoves(books, [entry.id]);
  }
}

function paymentEntry(books: Books, payment: PaymentRow, models: ModelLookup): MoveRow {
  const { outstanding, destination } = paymentAccounts(books, payment);
  const amount = wireAmount(payment.amount, books.currency(payment.currencyId).places);
  const signed = payment.paymentType === 'inbound' ? amount : -amount;
  const common = {
    name: payment.memo === null ? 'Manual Payment' : `Manual Payment: ${payment.memo}`,
    partner_id: payment.partnerId ?? false,
    currency_id: payment.currencyId,
  };
  const inCompany = payment.currencyId === books.companyCurrency().id;
  const amountOf = (value: number) => (inCompany ? { balance: value } : { amount_currency: value });
  const move = createMove(
    books,
    {
      move_type: 'entry',
      date: payment.date,
      journal_id: payment.journalId,
      ref: payment.memo ?? false,
      partner_id: payment.partnerId ?? false,
      currency_id: payment.currencyId,
      line_ids: [
        [0, 0, { ...common, account_id: outstanding ?? false, ...amountOf(signed) }],
        [0, 0, { ...common, account_id: destination ?? false, ...amountOf(-signed) }],
      ],
    },
    models,
  );
  return books.patchMove(move.id, { paymentId: payment.id });
}

/** Matches an outstanding payment line with a document. Doing it again, or with nothing open, is a silent no-op. */
export function assignOutstandingLine(books: Books, moveId: number, lineId: number): void {
  const line = books.line(lineId);
  const open = books.linesOf(books.move(moveId)).filter((one) => one.accountId === line.accountId && !one.reconciled);
  if (line.reconciled || open.length === 0) return;
  reconcileLines(books, [line.id, ...open.map((one) => one.id)]);
}

/** The values of a payment wizard for the documents in the context; refuses when none of them is open. */
export function registerValues(books: Books, values: WireObject, moveIds: readonly number[]): WireObject {
  const open = moveIds.map((id) => books.move(id)).filter((move) => move.state === 'posted' && move.residual > 0);
  if (moveIds.some((id) => books.move(id).state !== 'posted'))
    throw userError('You can only register payment for posted journal entries.');
  if (open.length === 0) {
    throw userError(
      "There's nothing left to pay for the selected journal items, so no payment registration is necessary. You've got your " +
        'finances under control like a boss!',
    );
  }
  return { ...values, active_ids: open.map((move) => move.id) };
}

/** Creates, posts and matches the wizard's payments, one per document; returns their ids. Not idempotent. */
export function payRegistered(books: Books, wizardId: number, models: ModelLookup): number[] {
  const values = books.table('account.payment.register').get(wizardId)?.values;
  if (values === undefined) throw missingError('account.payment.register', wizardId);
  const moves = idsOf(values.active_ids).map((id) => books.move(id));
  return moves.map((move) => {
    const residual = wireAmount(move.residual, books.currency(move.currencyId).places);
    const inbound = move.moveType === 'out_invoice' || move.moveType === 'in_refund' || move.moveType === 'out_receipt';
    const payment = createPayment(books, {
      payment_type: inbound ? 'inbound' : 'outbound',
      partner_type: move.moveType.startsWith('out_') ? 'customer' : 'supplier',
      partner_id: move.partnerId ?? false,
      amount: moves.length === 1 && numberOf(values.amount) > 0 ? numberOf(values.amount) : residual,
      currency_id: idOf(values.currency_id) ?? move.currencyId,
      date: textOf(values.payment_date) ?? books.today(),
      journal_id: idOf(values.journal_id) ?? false,
      memo: textOf(values.communication) ?? move.paymentReference ?? move.name ?? false,
    });
    postPayments(books, [payment.id], models);
    const posted = books.payments.get(payment.id) ?? payment;
    for (const line of paymentLines(books, posted).counterpart) assignOutstandingLine(books, move.id, line.id);
    return payment.id;
  });
}

function bankJournal(books: Books): number {
  for (const row of books.table('account.journal').all()) if (row.values.type === 'bank') return row.id;
  throw userError('No journal could be found in company My Company for any of those types: bank, cash, credit');
}
