import { describe, expect, it } from 'vitest';
import { first, type Odoo, openOdoo } from './books.ts';

const entryIn = (odoo: Odoo, date: string) =>
  first(
    odoo.entry(
      [
        { account_id: odoo.account('101403'), debit: 5 },
        { account_id: odoo.account('121000'), credit: 5 },
      ],
      { date },
    ),
  );

describe('lock dates (odoo.md A4)', () => {
  it('moves an invoice out of a locked period to today without a word', () => {
    const odoo = openOdoo();
    odoo.posted();
    odoo.engine.setLockDates({ fiscalyear_lock_date: '2026-09-30' });
    const id = odoo.draft({ invoice_date: '2026-09-15' });
    expect(odoo.read('account.move', id, 'date')).toMatchObject({ date: '2026-09-15' });
    expect(odoo.post(id)).toMatchObject({ status: 200, body: false });
    expect(odoo.read('account.move', id, 'date', 'invoice_date')).toMatchObject({
      date: '2026-11-21',
      invoice_date: '2026-09-15',
    });
  });

  it('moves an entry to the end of the first open month', () => {
    const odoo = openOdoo();
    odoo.engine.setLockDates({ fiscalyear_lock_date: '2026-09-30' });
    const id = entryIn(odoo, '2026-09-15');
    odoo.post(id);
    expect(odoo.read('account.move', id, 'date', 'name')).toMatchObject({
      date: '2026-10-31',
      name: 'MISC/2026/10/0001',
    });
  });

  it('includes the lock date itself', () => {
    const odoo = openOdoo();
    odoo.engine.setLockDates({ fiscalyear_lock_date: '2026-09-30' });
    const [locked, open] = [entryIn(odoo, '2026-09-30'), entryIn(odoo, '2026-10-01')];
    odoo.post(locked, open);
    expect(odoo.read('account.move', locked, 'date')).toMatchObject({ date: '2026-10-31' });
    expect(odoo.read('account.move', open, 'date')).toMatchObject({ date: '2026-10-01' });
  });

  it('applies the tax lock to taxed documents only, the sales lock to sales journals only', () => {
    const odoo = openOdoo();
    odoo.posted();
    const taxed = { quantity: 1, price_unit: 10, account_id: odoo.account('400000'), tax_ids: [[6, 0, [1]]] };
    odoo.engine.setLockDates({ tax_lock_date: '2026-09-30' });
    const plain = odoo.posted({ invoice_date: '2026-09-20' });
    const withTax = odoo.posted({ invoice_date: '2026-09-20', invoice_line_ids: [[0, 0, taxed]] });
    odoo.engine.setLockDates({ tax_lock_date: false, sale_lock_date: '2026-09-30' });
    const sale = odoo.posted({ invoice_date: '2026-09-20' });
    const entry = entryIn(odoo, '2026-09-20');
    odoo.post(entry);
    const date = (id: number) => odoo.read('account.move', id, 'date').date;
    expect([date(plain), date(withTax), date(sale), date(entry)]).toEqual([
      '2026-09-20',
      '2026-11-21',
      '2026-11-21',
      '2026-09-20',
    ]);
  });

  it('refuses what touches a posted entry in a locked period: back to draft, cancel', () => {
    const odoo = openOdoo();
    const id = odoo.posted({ invoice_date: '2026-09-15' });
    odoo.engine.setLockDates({ hard_lock_date: '2026-09-30' });
    for (const method of ['button_draft', 'button_cancel']) {
      const answer = odoo.call(`account.move/${method}`, { ids: [id] });
      expect([answer.status, answer.message]).toEqual([
        422,
        'You cannot add/modify entries prior to and inclusive of: Hard Lock Date (09/30/2026).',
      ]);
    }
  });

  it('still matches lines and takes a new ref in a locked period', () => {
    const odoo = openOdoo();
    const invoice = odoo.posted({ invoice_date: '2026-09-15' });
    const entry = entryIn(odoo, '2026-09-15');
    odoo.post(entry);
    odoo.engine.setLockDates({ fiscalyear_lock_date: '2026-09-30' });
    expect(
      odoo.call('account.move.line/reconcile', { ids: [...odoo.receivable(invoice), ...odoo.receivable(entry)] })
        .status,
    ).toBe(200);
    expect(odoo.call('account.move/write', { ids: [invoice], vals: { ref: 'late' } }).body).toBe(true);
  });

  it('shows a billing bot its lock dates, 1-01-01 for none', () => {
    const odoo = openOdoo();
    odoo.engine.setLockDates({ sale_lock_date: '2026-09-30' });
    expect(odoo.read('res.company', 1, 'user_sale_lock_date', 'user_hard_lock_date', 'sale_lock_date')).toMatchObject({
      user_sale_lock_date: '2026-09-30',
      user_hard_lock_date: '1-01-01',
      sale_lock_date: '2026-09-30',
    });
  });

  it('keeps the date of a payment and moves only the date of its entry', () => {
    const odoo = openOdoo();
    odoo.engine.setLockDates({ fiscalyear_lock_date: '2026-09-30' });
    const id = first(
      odoo.call('account.payment/create', { vals_list: { partner_id: odoo.partner, amount: 5, date: '2026-09-10' } }),
    );
    odoo.call('account.payment/action_post', { ids: [id] });
    expect(odoo.read('account.payment', id, 'date')).toMatchObject({ date: '2026-09-10' });
    expect(
      odoo.call('account.move/search_read', { domain: [['origin_payment_id', '=', id]], fields: ['date'] }).body,
    ).toMatchObject([{ date: '2026-10-31' }]);
  });
});
