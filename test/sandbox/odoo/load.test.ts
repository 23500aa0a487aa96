import { describe, expect, it } from 'vitest';
import { isList, isObject } from '../../../sandbox/odoo/wire.ts';
import { first, invoiceLoad, messages, openOdoo } from './books.ts';

const LOAD = 'account.move/load';

describe('load (odoo.md A5)', () => {
  it('creates a record once and answers the same id again', () => {
    const odoo = openOdoo();
    const once = first(odoo.call(LOAD, invoiceLoad('a')));
    expect(first(odoo.call(LOAD, invoiceLoad('a')))).toBe(once);
    expect(odoo.read('account.move', once, 'amount_total')).toMatchObject({ amount_total: 130 });
  });

  it('appends the lines again on a re-load when the lines carry no external ids', () => {
    const odoo = openOdoo();
    const id = first(odoo.call(LOAD, invoiceLoad('a', { lineIds: false })));
    odoo.call(LOAD, invoiceLoad('a', { lineIds: false }));
    expect(odoo.read('account.move', id, 'amount_total')).toMatchObject({ amount_total: 260 });
  });

  it('refuses a re-load after posting inside a 200', () => {
    const odoo = openOdoo();
    odoo.post(first(odoo.call(LOAD, invoiceLoad('a'))));
    const again = odoo.call(LOAD, invoiceLoad('a'));
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ ids: false, nextrow: 0 });
    expect(messages(again)[0]).toContain('readonly fields on a posted move');
  });

  it('lets exactly one of several overlapping loads of a key win; the losers read a conflict inside a 200', () => {
    const odoo = openOdoo();
    const seen = odoo.engine.arrive();
    const answers = Array.from({ length: 6 }, () => odoo.call(LOAD, invoiceLoad('race'), seen));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(answers.filter((answer) => isObject(answer.body) && isList(answer.body.ids))).toHaveLength(1);
    expect(messages(answers[1] ?? answers[0] ?? { status: 0, body: null, error: '', message: '' })).toEqual([
      'could not serialize access due to concurrent update\n',
    ]);
    expect(odoo.call('account.move/search_count', { domain: [['ref', '=', 'race']] }).body).toBe(1);
  });

  it('loads all of a batch or nothing, and blames the first row too', () => {
    const odoo = openOdoo();
    odoo.post(first(odoo.call(LOAD, invoiceLoad('done'))));
    const [fresh, done] = [invoiceLoad('fresh'), invoiceLoad('done')];
    const rows = [...(isList(fresh.data) ? fresh.data : []), ...(isList(done.data) ? done.data : [])];
    const answer = odoo.call(LOAD, { fields: fresh.fields ?? [], data: rows });
    expect(answer.body).toMatchObject({
      ids: false,
      messages: [{ record: 0 }, { record: 1, rows: { from: 2, to: 3 } }],
    });
    expect(odoo.call('account.move/search', { domain: [['ref', '=', 'fresh']] }).body).toEqual([]);
  });

  it('answers a bad value inside a 200 and names the field', () => {
    const answer = openOdoo().call(LOAD, invoiceLoad('a', { partner: '__gw__.nobody' }));
    expect(answer.body).toMatchObject({ ids: false, messages: [{ type: 'error', record: 0, field: 'partner_id' }] });
  });

  it('answers an unknown column as a 500 ValueError', () => {
    const answer = openOdoo().call('res.partner/load', { fields: ['id', 'nope'], data: [['__gw__.x', '1']] });
    expect([answer.status, answer.error]).toEqual([500, 'builtins.ValueError']);
  });

  it('updates a partner by its key, and accepts two partners with the same ref', () => {
    const odoo = openOdoo();
    const again = odoo.call('res.partner/load', { fields: ['id', 'name'], data: [['__gw__.cus', 'Grace']] });
    expect(first(again)).toBe(odoo.partner);
    odoo.call('res.partner/load', { fields: ['id', 'name', 'ref'], data: [['__gw__.other', 'Ada', 'cus']] });
    expect(odoo.call('res.partner/search_count', { domain: [['ref', '=', 'cus']] }).body).toBe(2);
  });

  it('takes the same key twice in one load as one record', () => {
    const answer = openOdoo().call('res.partner/load', {
      fields: ['id', 'name'],
      data: [
        ['__gw__.d', 'A'],
        ['__gw__.d', 'B'],
      ],
    });
    expect(isObject(answer.body) && isList(answer.body.ids) && new Set(answer.body.ids).size).toBe(1);
  });
});
