import { describe, expect, it } from 'vitest';
import { first, openOdoo } from './books.ts';

describe('posting (odoo.md A3)', () => {
  it('answers false, and refuses to post twice', () => {
    const odoo = openOdoo();
    const id = odoo.draft();
    expect(odoo.post(id).body).toBe(false);
    const again = odoo.post(id);
    expect([again.status, again.error]).toEqual([422, 'odoo.exceptions.UserError']);
    expect(again.message).toContain('must be in draft');
  });

  it('posts none of a batch when one cannot be posted', () => {
    const odoo = openOdoo();
    const [good, done] = [odoo.draft(), odoo.posted()];
    expect(odoo.post(good, done).status).toBe(422);
    expect(odoo.read('account.move', good, 'state')).toMatchObject({ state: 'draft' });
  });

  it('gives the same reference to two invoices: ref is not unique', () => {
    const odoo = openOdoo();
    const [a, b] = [odoo.posted({ ref: 'in_1' }), odoo.posted({ ref: 'in_1' })];
    expect(odoo.read('account.move', a, 'name')).toMatchObject({ name: 'INV/2026/00001' });
    expect(odoo.read('account.move', b, 'name')).toMatchObject({ name: 'INV/2026/00002' });
  });

  it('refuses a second posted move of the same name in a journal and leaves the draft', () => {
    const odoo = openOdoo();
    odoo.posted({ name: 'STRIPE/2026/0001' });
    const second = odoo.draft({ name: 'STRIPE/2026/0001' });
    expect(odoo.post(second)).toMatchObject({ status: 422, error: 'odoo.exceptions.ValidationError' });
    expect(odoo.read('account.move', second, 'state')).toMatchObject({ state: 'draft' });
  });

  it('lets an explicit name take over the sequence of its journal', () => {
    const odoo = openOdoo();
    odoo.posted({ name: 'STRIPE/2026/0001' });
    expect(odoo.read('account.move', odoo.posted(), 'name')).toMatchObject({ name: 'STRIPE/2026/0002' });
  });

  it('counts each year apart and comes back to the earlier one', () => {
    const odoo = openOdoo();
    odoo.posted();
    expect(odoo.read('account.move', odoo.posted({ invoice_date: '2027-02-03' }), 'name')).toMatchObject({
      name: 'INV/2027/00001',
    });
    expect(odoo.read('account.move', odoo.posted(), 'name')).toMatchObject({ name: 'INV/2026/00002' });
  });

  it('posts a future document at once, unless it is told to wait', () => {
    const odoo = openOdoo();
    expect(odoo.post(odoo.draft({ invoice_date: '2027-02-03' })).status).toBe(200);
    expect(odoo.post(odoo.draft({ invoice_date: '2027-02-03', auto_post: 'at_date' })).status).toBe(422);
  });

  it('dates an invoice without a date today, when it is posted', () => {
    const odoo = openOdoo();
    expect(odoo.read('account.move', odoo.posted({ invoice_date: false }), 'invoice_date')).toMatchObject({
      invoice_date: '2026-11-21',
    });
  });

  it.each([
    ['without a customer', { partner_id: false }],
    ['without lines', { invoice_line_ids: [] }],
    ['below zero', { invoice_line_ids: [[0, 0, { quantity: 1, price_unit: -5, tax_ids: [[6, 0, []]] }]] }],
  ])('refuses an invoice %s only when it is posted', (_, vals) => {
    const odoo = openOdoo();
    const id = odoo.draft(vals);
    expect(id).toBeGreaterThan(0);
    expect(odoo.post(id)).toMatchObject({ status: 422, error: 'odoo.exceptions.UserError' });
  });

  it('refuses to create a posted move', () => {
    expect(openOdoo().call('account.move/create', { vals_list: { state: 'posted' } }).status).toBe(422);
  });

  it('accepts a new ref on a posted move, not a new partner or date', () => {
    const odoo = openOdoo();
    const id = odoo.posted();
    const write = (vals: object) => odoo.call('account.move/write', { ids: [id], vals: { ...vals } }).status;
    expect([write({ ref: 'new' }), write({ partner_id: 1 }), write({ date: '2026-11-06' })]).toEqual([200, 422, 422]);
  });

  it('answers true to a price written on a posted line and changes nothing', () => {
    const odoo = openOdoo();
    const id = odoo.posted();
    const [line] = odoo.receivable(id);
    expect(odoo.call('account.move.line/write', { ids: [line ?? 0], vals: { price_unit: 3 } }).body).toBe(true);
    expect(odoo.read('account.move', id, 'amount_total')).toMatchObject({ amount_total: 100 });
  });

  it('requires an account where neither journal nor product has one', () => {
    const seed = { journals: [{ code: 'STRP', name: 'Stripe', type: 'sale' }] };
    const answer = openOdoo({ seed }).call('account.move/create', {
      vals_list: { move_type: 'out_invoice', invoice_line_ids: [[0, 0, { quantity: 1, price_unit: 5 }]] },
    });
    expect(answer.message).toContain('Missing required account on accountable line');
  });

  it('goes back to draft with its name, and cancels', () => {
    const odoo = openOdoo();
    const id = odoo.posted();
    expect(odoo.call('account.move/button_draft', { ids: [id] }).body).toBe(null);
    expect(odoo.call('account.move/button_draft', { ids: [id] }).status).toBe(422);
    odoo.call('account.move/button_cancel', { ids: [id] });
    expect(odoo.read('account.move', id, 'state', 'name')).toMatchObject({ state: 'cancel', name: 'INV/2026/00001' });
    expect(odoo.call('account.move/button_cancel', { ids: [id] }).status).toBe(422);
  });

  it('keeps a hashed journal from going back to draft', () => {
    const seed = {
      journals: [
        { code: 'INV', name: 'Sales', type: 'sale', default_account: '400000', restrict_mode_hash_table: true },
      ],
    };
    const odoo = openOdoo({ seed });
    expect(odoo.call('account.move/button_draft', { ids: [odoo.posted()] }).status).toBe(422);
  });
});

describe('journal entries (odoo.md A3)', () => {
  it('refuses an unbalanced entry already when it is created', () => {
    const odoo = openOdoo();
    const answer = odoo.entry([
      { account_id: odoo.account('400000'), credit: 10 },
      { account_id: odoo.account('121000'), debit: 9 },
    ]);
    expect([answer.status, answer.message]).toEqual([422, 'The entry is not balanced.']);
  });

  it('nets debit and credit of one line without a word', () => {
    const odoo = openOdoo();
    const id = first(
      odoo.entry([
        { account_id: odoo.account('400000'), debit: 10, credit: 10 },
        { account_id: odoo.account('121000'), debit: 0 },
      ]),
    );
    expect(odoo.read('account.move', id, 'amount_total')).toMatchObject({ amount_total: 0 });
  });

  it('refuses a currency amount of the other sign', () => {
    const odoo = openOdoo();
    const eur = odoo.currency('EUR');
    const answer = odoo.entry([
      { account_id: odoo.account('400000'), debit: 10, currency_id: eur, amount_currency: -9 },
      { account_id: odoo.account('121000'), credit: 10 },
    ]);
    expect([answer.status, answer.error]).toEqual([422, 'odoo.exceptions.ValidationError']);
  });

  it('names entries by month', () => {
    const odoo = openOdoo();
    const id = first(
      odoo.entry([
        { account_id: odoo.account('101403'), debit: 5 },
        { account_id: odoo.account('121000'), credit: 5 },
      ]),
    );
    odoo.post(id);
    expect(odoo.read('account.move', id, 'name')).toMatchObject({ name: 'MISC/2026/11/0001' });
  });
});
