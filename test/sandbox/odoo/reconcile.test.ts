import { describe, expect, it } from 'vitest';
import { idsOf } from '../../../sandbox/odoo/wire.ts';
import { first, type Odoo, openOdoo } from './books.ts';

const settlement = (odoo: Odoo, amount: number) => {
  const id = first(
    odoo.entry([
      { account_id: odoo.account('101403'), debit: amount - 3 },
      { account_id: odoo.account('620000'), debit: 3 },
      { account_id: odoo.account('121000'), credit: amount, partner_id: odoo.partner },
    ]),
  );
  odoo.post(id);
  return id;
};
const reconcile = (odoo: Odoo, ...moves: number[]) =>
  odoo.call('account.move.line/reconcile', { ids: moves.flatMap((id) => odoo.receivable(id)) });

describe('reconciliation (odoo.md A3)', () => {
  it('pays an invoice with a settlement entry and answers null', () => {
    const odoo = openOdoo();
    const invoice = odoo.posted();
    expect(reconcile(odoo, invoice, settlement(odoo, 100))).toMatchObject({ status: 200, body: null });
    expect(odoo.read('account.move', invoice, 'payment_state', 'amount_residual')).toMatchObject({
      payment_state: 'paid',
      amount_residual: 0,
    });
  });

  it('refuses to match again what is matched', () => {
    const odoo = openOdoo();
    const [invoice, entry] = [odoo.posted(), settlement(odoo, 100)];
    reconcile(odoo, invoice, entry);
    expect(reconcile(odoo, invoice, entry).message).toContain('already reconciled');
  });

  it('leaves the rest open when amounts differ, and opens all again on removal', () => {
    const odoo = openOdoo();
    const [invoice, entry] = [odoo.posted(), settlement(odoo, 40)];
    reconcile(odoo, invoice, entry);
    expect(odoo.read('account.move', invoice, 'payment_state', 'amount_residual')).toMatchObject({
      payment_state: 'partial',
      amount_residual: 60,
    });
    odoo.call('account.move.line/remove_move_reconcile', { ids: odoo.receivable(invoice) });
    expect(odoo.read('account.move', invoice, 'payment_state', 'amount_residual')).toMatchObject({
      payment_state: 'not_paid',
      amount_residual: 100,
    });
  });

  it('refuses lines of different accounts, and does nothing for lines of one side', () => {
    const odoo = openOdoo();
    const [a, b] = [odoo.posted(), odoo.posted()];
    const mixed = odoo.call('account.move.line/search', { domain: [['move_id', '=', a]] }).body;
    expect(odoo.call('account.move.line/reconcile', { ids: mixed }).message).toContain('not from the same account');
    expect(reconcile(odoo, a, b)).toMatchObject({ status: 200, body: null });
    expect(odoo.read('account.move', a, 'payment_state')).toMatchObject({ payment_state: 'not_paid' });
  });

  it('books the exchange difference itself, as a gain on 441000', () => {
    const odoo = openOdoo();
    const eur = odoo.currency('EUR');
    const line = { quantity: 1, price_unit: 90, account_id: odoo.account('400000'), tax_ids: [[6, 0, []]] };
    const invoice = odoo.posted({ currency_id: eur, invoice_currency_rate: 0.9, invoice_line_ids: [[0, 0, line]] });
    const paid = first(
      odoo.entry([
        { account_id: odoo.account('101403'), debit: 112.5, currency_id: eur, amount_currency: 90 },
        {
          account_id: odoo.account('121000'),
          credit: 112.5,
          currency_id: eur,
          amount_currency: -90,
          partner_id: odoo.partner,
        },
      ]),
    );
    odoo.post(paid);
    reconcile(odoo, invoice, paid);
    const exchange = odoo.call('account.move.line/search_read', {
      domain: [['journal_id', '=', odoo.journal('EXCH')]],
      fields: ['account_id', 'balance'],
      order: 'id',
    });
    expect(exchange.body).toMatchObject([
      { balance: 12.5 },
      { balance: -12.5, account_id: [odoo.account('441000'), 'Foreign Exchange Gain'] },
    ]);
    expect(odoo.read('account.move', invoice, 'payment_state')).toMatchObject({ payment_state: 'paid' });
  });

  it('matches money of the company’s currency with a foreign invoice in the foreign currency', () => {
    const odoo = openOdoo();
    const line = { quantity: 1, price_unit: 90, account_id: odoo.account('400000'), tax_ids: [[6, 0, []]] };
    const vals = { currency_id: odoo.currency('EUR'), invoice_currency_rate: 0.9, invoice_line_ids: [[0, 0, line]] };
    const invoice = odoo.posted(vals);
    reconcile(odoo, invoice, settlement(odoo, 40));
    const [term] = odoo.receivable(invoice);
    expect(odoo.read('account.move.line', term ?? 0, 'amount_residual', 'amount_residual_currency')).toMatchObject({
      amount_residual: 55.56,
      amount_residual_currency: 50,
    });
  });

  it('reverses an exchange difference, and matches it with its reversal, when its match is undone', () => {
    const odoo = openOdoo();
    const line = { quantity: 1, price_unit: 90, account_id: odoo.account('400000'), tax_ids: [[6, 0, []]] };
    const vals = { currency_id: odoo.currency('EUR'), invoice_currency_rate: 0.9, invoice_line_ids: [[0, 0, line]] };
    const invoice = odoo.posted(vals);
    reconcile(odoo, invoice, settlement(odoo, 40));
    odoo.call('account.move.line/remove_move_reconcile', { ids: odoo.receivable(invoice) });
    const exchange = odoo.call('account.move.line/search_read', {
      domain: [
        ['journal_id', '=', odoo.journal('EXCH')],
        ['account_id', '=', odoo.account('121000')],
      ],
      fields: ['amount_residual', 'reconciled'],
    });
    expect(exchange.body).toMatchObject([
      { amount_residual: 0, reconciled: true },
      { amount_residual: 0, reconciled: true },
    ]);
    expect(odoo.read('account.move', invoice, 'amount_residual')).toMatchObject({ amount_residual: 90 });
  });

  it('posts and matches the reversal of an entry at once', () => {
    const odoo = openOdoo();
    const entry = settlement(odoo, 100);
    const wizard = odoo.call('account.move.reversal/create', {
      vals_list: { date: '2026-11-10' },
      context: { active_model: 'account.move', active_ids: [entry] },
    });
    odoo.call('account.move.reversal/refund_moves', { ids: [first(wizard)] });
    const reversals = odoo.call('account.move/search_read', {
      domain: [['reversed_entry_id', '=', entry]],
      fields: ['state'],
    });
    expect(reversals.body).toMatchObject([{ state: 'posted' }]);
    const [line] = odoo.receivable(entry);
    expect(odoo.read('account.move.line', line ?? 0, 'reconciled')).toMatchObject({ reconciled: true });
  });

  it('refuses accounts that do not allow it', () => {
    const odoo = openOdoo();
    odoo.posted();
    const sales = odoo.call('account.move.line/search', { domain: [['account_id', '=', odoo.account('400000')]] }).body;
    expect(odoo.call('account.move.line/reconcile', { ids: sales }).message).toContain('does not allow reconciliation');
  });

  it('accepts lines of drafts, and undoes matches only on cancelling, not on going back to draft', () => {
    const odoo = openOdoo();
    const invoice = odoo.posted();
    reconcile(odoo, invoice, settlement(odoo, 40));
    odoo.call('account.move/button_draft', { ids: [invoice] });
    expect(odoo.read('account.move', invoice, 'state', 'payment_state')).toMatchObject({
      state: 'draft',
      payment_state: 'partial',
    });
    odoo.call('account.move/button_cancel', { ids: [invoice] });
    expect(odoo.read('account.move', invoice, 'payment_state')).toMatchObject({ payment_state: 'not_paid' });
    expect(reconcile(odoo, odoo.draft(), settlement(odoo, 40)).status).toBe(200);
  });

  it('matches a credit note with the invoice it names, on posting', () => {
    const odoo = openOdoo();
    const invoice = odoo.posted();
    const line = { quantity: 1, price_unit: 40, account_id: odoo.account('400000'), tax_ids: [[6, 0, []]] };
    const refund = odoo.posted({
      move_type: 'out_refund',
      reversed_entry_id: invoice,
      invoice_line_ids: [[0, 0, line]],
    });
    expect(odoo.read('account.move', invoice, 'payment_state', 'amount_residual')).toMatchObject({
      payment_state: 'partial',
      amount_residual: 60,
    });
    expect(odoo.read('account.move', refund, 'name', 'amount_total_signed', 'payment_state')).toMatchObject({
      name: 'RINV/2026/00001',
      amount_total_signed: -40,
      payment_state: 'paid',
    });
  });

  it('reverses by the wizard: a draft credit note, or a posted one and a new draft', () => {
    const odoo = openOdoo();
    const invoice = odoo.posted();
    const wizard = () =>
      first(
        odoo.call('account.move.reversal/create', {
          vals_list: { date: '2026-11-10' },
          context: { active_model: 'account.move', active_ids: [invoice] },
        }),
      );
    expect(odoo.call('account.move.reversal/refund_moves', { ids: [wizard()] }).body).toMatchObject({
      context: { default_move_type: 'out_refund' },
    });
    odoo.call('account.move.reversal/modify_moves', { ids: [wizard()] });
    expect(odoo.read('account.move', invoice, 'payment_state')).toMatchObject({ payment_state: 'reversed' });
    expect(odoo.call('account.move/search_count', { domain: [['reversed_entry_id', '=', invoice]] }).body).toBe(2);
  });
});

describe('payments (odoo.md A3)', () => {
  const payment = (odoo: Odoo, amount: number) => {
    const id = first(
      odoo.call('account.payment/create', {
        vals_list: { payment_type: 'inbound', partner_type: 'customer', partner_id: odoo.partner, amount },
      }),
    );
    const answer = odoo.call('account.payment/action_post', { ids: [id] });
    return { id, answer };
  };

  it('posts to Outstanding Receipts, answers null, also the second time', () => {
    const odoo = openOdoo();
    const { id, answer } = payment(odoo, 60);
    expect(answer).toMatchObject({ status: 200, body: null });
    expect(odoo.call('account.payment/action_post', { ids: [id] })).toMatchObject({ status: 200, body: null });
    expect(odoo.read('account.payment', id, 'state', 'name')).toMatchObject({
      state: 'in_process',
      name: 'PBNK1/2026/00001',
    });
  });

  it('is assigned to an invoice, and assigning again does nothing', () => {
    const odoo = openOdoo();
    const invoice = odoo.posted();
    payment(odoo, 60);
    const [line] = idsOf(
      odoo.call('account.move.line/search', {
        domain: [
          ['account_id', '=', odoo.account('121000')],
          ['credit', '>', 0],
        ],
      }).body,
    );
    for (let time = 0; time < 2; time += 1) {
      expect(
        odoo.call('account.move/js_assign_outstanding_line', { ids: [invoice], line_id: line ?? 0 }),
      ).toMatchObject({ status: 200, body: null });
    }
    expect(odoo.read('account.move', invoice, 'amount_residual')).toMatchObject({ amount_residual: 40 });
  });

  it('registers, posts and matches by the wizard, which answers true only when told not to redirect', () => {
    const odoo = openOdoo();
    const register = (invoice: number) =>
      odoo.call('account.payment.register/create', {
        vals_list: {},
        context: { active_model: 'account.move', active_ids: [invoice] },
      });
    const [a, b] = [odoo.posted(), odoo.posted()];
    const silent = odoo.call('account.payment.register/action_create_payments', {
      ids: [first(register(a))],
      context: { dont_redirect_to_payments: true },
    });
    const redirected = odoo.call('account.payment.register/action_create_payments', { ids: [first(register(b))] });
    expect(silent.body).toBe(true);
    expect(redirected.body).toMatchObject({ type: 'ir.actions.act_window', res_model: 'account.payment' });
    expect(odoo.read('account.move', a, 'payment_state')).toMatchObject({ payment_state: 'paid' });
    expect(register(a).message).toContain('nothing left to pay');
  });

  it('refuses a negative amount', () => {
    expect(openOdoo().call('account.payment/create', { vals_list: { amount: -5 } }).status).toBe(422);
  });
});

describe('the trial balance', () => {
  it('sums debit and credit by account, in the order of codes', () => {
    const odoo = openOdoo();
    odoo.posted();
    odoo.posted();
    const groups = odoo.call('account.move.line/formatted_read_group', {
      domain: [['parent_state', '=', 'posted']],
      groupby: ['account_id'],
      aggregates: ['debit:sum', 'credit:sum', 'balance:sum', '__count'],
    });
    expect(groups.body).toMatchObject([
      { account_id: [odoo.account('121000'), 'Account Receivable'], 'debit:sum': 200, 'balance:sum': 200, __count: 2 },
      { account_id: [odoo.account('400000'), 'Product Sales'], 'credit:sum': 200, 'balance:sum': -200, __count: 2 },
    ]);
  });
});
