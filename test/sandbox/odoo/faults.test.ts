import { describe, expect, it } from 'vitest';
import { controls } from '../../../sandbox/odoo/controls.ts';
import { FAULTS } from '../../../sandbox/odoo/faults.ts';
import type { Storage, StoredRow } from '../../../sandbox/odoo/store/storage.ts';
import { invoiceLoad, messages, openOdoo, reply } from './books.ts';

const LOAD = '/json/2/account.move/load';

describe('faults', () => {
  it('loses the answer after the commit: the invoice exists though the client never hears of it', () => {
    const odoo = openOdoo();
    odoo.engine.faults.add([
      { match: { model: 'account.move', method: 'load' }, fault: 'drop_answer_after_commit', times: 1 },
    ]);
    expect(odoo.raw(LOAD, JSON.stringify(invoiceLoad('a'))).delivery).toBe('lost');
    expect(odoo.call('account.move/search_count', { domain: [['ref', '=', 'a']] }).body).toBe(1);
  });

  it('loses the request: nothing was done', () => {
    const odoo = openOdoo();
    odoo.engine.faults.add({ match: { method: 'load' }, fault: 'drop_request' });
    expect(odoo.raw(LOAD, JSON.stringify(invoiceLoad('a'))).delivery).toBe('lost');
    expect(odoo.call('account.move/search_count', { domain: [] }).body).toBe(0);
  });

  it('strikes as often as told, on what it matches, and tells what is left', () => {
    const odoo = openOdoo();
    odoo.engine.faults.add({ match: { method: 'search' }, fault: 'rate_limit_429', times: 2 });
    const statuses = [1, 2, 3].map(() => odoo.call('res.partner/search', { domain: [] }).status);
    expect(statuses).toEqual([429, 429, 200]);
    expect(odoo.engine.faults.left()).toMatchObject([{ fault: 'rate_limit_429', times: 2, left: 0 }]);
  });

  it('strikes the same calls for the same seed', () => {
    const run = () => {
      const odoo = openOdoo();
      odoo.engine.faults.add({ match: {}, fault: 'html_500', times: 1000, probability: 0.3, seed: 7 });
      return Array.from({ length: 50 }, () => odoo.call('res.partner/search', { domain: [] }).status);
    };
    expect(run()).toEqual(run());
    expect(new Set(run())).toEqual(new Set([200, 500]));
  });

  it('shifts a posting to today without a word', () => {
    const odoo = openOdoo();
    odoo.posted();
    const id = odoo.draft({ invoice_date: '2026-11-05' });
    odoo.engine.faults.add({ match: { method: 'action_post' }, fault: 'silent_date_shift' });
    expect(odoo.post(id).status).toBe(200);
    expect(odoo.read('account.move', id, 'date')).toMatchObject({ date: '2026-11-21' });
    expect(odoo.read('res.company', 1, 'fiscalyear_lock_date')).toMatchObject({ fiscalyear_lock_date: false });
  });

  it.each([
    ['serialization_500', 500, 'psycopg2.errors.SerializationFailure'],
    ['redirect_warning_500', 500, 'odoo.exceptions.RedirectWarning'],
    ['lock_error_409', 409, 'odoo.exceptions.LockError'],
    ['unauthorized', 401, 'werkzeug.exceptions.Unauthorized'],
  ])('answers %s as Odoo does', (fault, status, name) => {
    const odoo = openOdoo();
    odoo.engine.faults.add({ match: {}, fault });
    expect(odoo.call('res.partner/search', { domain: [] })).toMatchObject({ status, error: name });
  });

  it('hides a conflict in a 200', () => {
    const odoo = openOdoo();
    odoo.engine.faults.add({ match: { method: 'load' }, fault: 'serialization_in_200' });
    expect(messages(odoo.call('account.move/load', invoiceLoad('a')))[0]).toContain('could not serialize');
  });

  it('strikes calls of the JSON-RPC face too', () => {
    const odoo = openOdoo();
    odoo.engine.faults.add({ match: { model: 'res.partner', method: 'search' }, fault: 'html_503' });
    const params = { service: 'object', method: 'execute_kw', args: ['acme', 5, 'key', 'res.partner', 'search', [[]]] };
    expect(odoo.raw('/jsonrpc', JSON.stringify({ id: 1, params })).status).toBe(503);
  });
});

describe('controls', () => {
  const control = (odoo: ReturnType<typeof openOdoo>, method: string, path: string, body: unknown = {}) => {
    const answer = controls(odoo.engine, method, new URL(path, 'http://odoo.test'), JSON.stringify(body));
    return answer === undefined ? undefined : reply(answer);
  };

  it('refuses a fault it does not know and names those it knows', () => {
    const answer = control(openOdoo(), 'POST', '/sandbox/faults', [{ fault: 'meteor' }]);
    expect(answer?.status).toBe(400);
    expect(JSON.stringify(answer?.body)).toContain(FAULTS[0]);
  });

  it('starts over with given accounts', () => {
    const odoo = openOdoo();
    control(odoo, 'POST', '/sandbox/reset', { accounts: [{ code: '4000', name: 'Sales', account_type: 'income' }] });
    expect(odoo.call('account.account/search_read', { domain: [], fields: ['code'] }).body).toEqual([
      { id: 1, code: '4000' },
    ]);
  });

  it('sums up the books in minor units and finds duplicates', () => {
    const odoo = openOdoo();
    odoo.posted({ ref: 'in_1' });
    odoo.posted({ ref: 'in_1' });
    expect(control(odoo, 'GET', '/sandbox/summary.json')?.body).toMatchObject({
      moves: { out_invoice: { posted: 2 } },
      duplicates: { ref: [{ key: 'out_invoice in_1', count: 2 }] },
      totals: { debit: 20_000, credit: 20_000 },
      trialBalance: [
        { account: '121000', balance: 20_000, currency: 'USD' },
        { account: '400000', balance: -20_000 },
      ],
    });
  });

  it('shows documents page by page, newest first', () => {
    const odoo = openOdoo();
    const [, newest] = [odoo.posted(), odoo.posted()];
    expect(control(odoo, 'GET', '/sandbox/documents.json?model=account.move&limit=1')?.body).toMatchObject({
      total: 2,
      records: [{ id: newest }],
    });
  });

  it.each([
    'invoices',
    'credit-notes',
    'entries',
    'payments',
    'partners',
    'products',
    'reconciliations',
    'trial-balance',
    'calls',
  ])('shows %s on the capture page, escaped', (tab) => {
    const odoo = openOdoo();
    odoo.call('res.partner/create', { vals_list: { name: '<script>alert(1)</script>' } });
    odoo.posted({ ref: '<b>bold</b>' });
    const page = String(control(odoo, 'GET', `/?show=${tab}`)?.body);
    expect(page).toContain('Odoo sandbox');
    expect(page).not.toMatch(/<script|<b>/);
  });
});

describe('storage', () => {
  it('opens again with everything that was committed', () => {
    const rows = new Map<string, StoredRow>();
    const storage: Storage = {
      load: () => rows.values(),
      save: (changed) => {
        for (const row of changed) rows.set(`${row.table} ${row.id}`, row);
      },
      clear: () => rows.clear(),
    };
    const odoo = openOdoo({ storage });
    const id = odoo.posted({ ref: 'kept' });
    odoo.post(id);
    const again = openOdoo({ storage });
    expect(again.read('account.move', id, 'ref', 'state', 'amount_total')).toMatchObject({
      ref: 'kept',
      state: 'posted',
      amount_total: 100,
    });
    expect(again.partner).toBe(odoo.partner);
    expect(again.read('account.move', again.posted(), 'name')).toMatchObject({ name: 'INV/2026/00002' });
  });

  it('does not take an old key for a concurrent write after it opened again', () => {
    const rows = new Map<string, StoredRow>();
    const storage: Storage = {
      load: () => rows.values(),
      save: (changed) => {
        for (const row of changed) rows.set(`${row.table} ${row.id}`, row);
      },
      clear: () => rows.clear(),
    };
    openOdoo({ storage }).call('account.move/load', invoiceLoad('a'));
    const again = openOdoo({ storage });
    const seen = again.engine.arrive();
    again.call('res.partner/create', { vals_list: { name: 'meanwhile' } });
    expect(messages(again.call('account.move/load', invoiceLoad('a'), seen))).toEqual([]);
  });

  it('undoes everything when storing fails', () => {
    let broken = false;
    const storage: Storage = {
      load: () => [],
      save: () => {
        if (broken) throw new Error('disk full');
      },
      clear: () => {},
    };
    const odoo = openOdoo({ storage });
    broken = true;
    expect(odoo.call('res.partner/create', { vals_list: { name: 'Ghost' } }).status).toBe(500);
    broken = false;
    expect(odoo.call('res.partner/search', { domain: [['name', '=', 'Ghost']] }).body).toEqual([]);
  });
});
