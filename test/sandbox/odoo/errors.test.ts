import { describe, expect, it } from 'vitest';
import { first, openOdoo, reply } from './books.ts';

describe('JSON-2 errors (odoo.md A1)', () => {
  it.each([
    [
      'an unknown field in create',
      'res.partner/create',
      { vals_list: [{ name: 'x', nope: 1 }] },
      500,
      'builtins.ValueError',
    ],
    ['an unknown field in write', 'res.partner/write', { ids: [1], vals: { nope: 1 } }, 500, 'builtins.KeyError'],
    ['an unknown field in a domain', 'res.partner/search', { domain: [['nope', '=', 1]] }, 500, 'builtins.ValueError'],
    ['a wrong selection', 'account.move/create', { vals_list: { move_type: 'martian' } }, 500, 'builtins.ValueError'],
    [
      'a date that is none',
      'account.move/create',
      { vals_list: { invoice_date: '2026-13-45' } },
      500,
      'builtins.ValueError',
    ],
    [
      'text for a many2one',
      'account.move/create',
      { vals_list: { partner_id: 'abc' } },
      500,
      'psycopg2.errors.InvalidTextRepresentation',
    ],
    [
      'a many2one to nothing',
      'account.move/create',
      { vals_list: { partner_id: 999 } },
      404,
      'odoo.exceptions.MissingError',
    ],
    ['a write on nothing', 'res.partner/write', { ids: [999], vals: {} }, 404, 'odoo.exceptions.MissingError'],
    ['a missing argument', 'res.partner/search', {}, 422, 'werkzeug.exceptions.UnprocessableEntity'],
    [
      'an argument too many',
      'res.partner/search',
      { domain: [], foo: 1 },
      422,
      'werkzeug.exceptions.UnprocessableEntity',
    ],
    [
      'ids for a model method',
      'res.partner/search',
      { ids: [1], domain: [] },
      422,
      'werkzeug.exceptions.UnprocessableEntity',
    ],
    ['an unknown model', 'no.model/search', { domain: [] }, 404, 'werkzeug.exceptions.NotFound'],
    ['an unknown method', 'res.partner/nope', {}, 404, 'werkzeug.exceptions.NotFound'],
    ['a private method', 'res.partner/_search', {}, 403, 'odoo.exceptions.AccessError'],
    [
      'a language not installed',
      'res.partner/search',
      { domain: [], context: { lang: 'xx_YY' } },
      422,
      'odoo.exceptions.UserError',
    ],
    ['reading external ids', 'ir.model.data/search_read', { domain: [] }, 403, 'odoo.exceptions.AccessError'],
    ['setting a lock date', 'res.company/write', { ids: [1], vals: {} }, 403, 'odoo.exceptions.AccessError'],
    ['exporting', 'account.move/export_data', { ids: [], fields_to_export: ['id'] }, 422, 'odoo.exceptions.UserError'],
    [
      'a contact without a name',
      'res.partner/create',
      { vals_list: [{ email: 'a@b.c' }] },
      422,
      'odoo.exceptions.ValidationError',
    ],
  ])('answers %s with its status and name', (_, target, args, status, name) => {
    const answer = openOdoo().call(target, args);
    expect([answer.status, answer.error]).toEqual([status, name]);
  });

  it('carries a traceback in debug, which clients must strip', () => {
    expect(openOdoo().call('no.model/search', {}).body).toMatchObject({ debug: expect.stringContaining('Traceback') });
  });

  it('reads a missing id as an empty list with 200', () => {
    expect(openOdoo().call('res.partner/read', { ids: [999], fields: ['name'] })).toMatchObject({
      status: 200,
      body: [],
    });
  });

  it('answers a missing or wrong key with 401 and asks for a bearer', () => {
    const odoo = openOdoo();
    const wrong = odoo.raw('/json/2/res.partner/search', '{"domain":[]}', { authorization: 'bearer x' });
    expect(wrong.status).toBe(401);
    expect(wrong.headers).toMatchObject({ 'WWW-Authenticate': 'Bearer' });
    expect(reply(wrong).error).toBe('werkzeug.exceptions.Unauthorized');
  });

  it('answers another database and another content type in HTML', () => {
    const odoo = openOdoo();
    const database = odoo.raw('/json/2/res.partner/search', '{}', { 'x-odoo-database': 'other' });
    const type = odoo.raw('/json/2/res.partner/search', '{}', { 'content-type': 'text/plain' });
    expect([database.status, database.contentType]).toEqual([404, 'text/html; charset=utf-8']);
    expect([type.status, type.contentType]).toEqual([415, 'text/html; charset=utf-8']);
  });

  it('answers what is not JSON with 400', () => {
    expect(reply(openOdoo().raw('/json/2/res.partner/search', '{nope')).error).toBe('werkzeug.exceptions.BadRequest');
  });

  it('says its version to anybody', () => {
    const { engine } = openOdoo();
    const ask = (path: string) => engine.call({ method: 'GET', path, headers: {}, body: '' }).body;
    expect(JSON.parse(ask('/web/version'))).toMatchObject({
      version: '19.0',
      version_info: [19, 0, 0, 'final', 0, ''],
    });
    expect(ask('/json/version')).toBe(ask('/web/version'));
  });
});

describe('JSON-RPC (odoo.md A2)', () => {
  it('leaves the result key out when a method returns None', () => {
    const odoo = openOdoo();
    const answer = odoo.rpc('account.move', 'button_cancel', [[odoo.draft()]]);
    expect(answer).toEqual({ jsonrpc: '2.0', id: 1 });
  });

  it('answers errors in a 200', () => {
    const odoo = openOdoo();
    expect(odoo.rpc('no.model', 'search', [[]])).toMatchObject({
      error: { code: 0, data: { name: 'odoo.exceptions.UserError' } },
    });
    expect(odoo.rpc('res.partner', 'nope', [[]])).toMatchObject({
      error: { data: { name: 'builtins.AttributeError' } },
    });
    expect(odoo.rpc('res.partner', 'search', [])).toMatchObject({ error: { data: { name: 'builtins.TypeError' } } });
  });

  it('answers one id for a dict and a list for a list', () => {
    const odoo = openOdoo();
    expect(odoo.rpc('res.partner', 'create', [{ name: 'x' }])).toMatchObject({ result: expect.any(Number) });
    expect(odoo.rpc('res.partner', 'create', [[{ name: 'x' }]])).toMatchObject({ result: [expect.any(Number)] });
  });

  it('answers false, not an error, for bad credentials', () => {
    const odoo = openOdoo();
    const authenticate = (database: string, key: string) =>
      JSON.parse(
        odoo.raw(
          '/jsonrpc',
          JSON.stringify({
            id: 1,
            params: { service: 'common', method: 'authenticate', args: [database, 'bot', key, {}] },
          }),
        ).body,
      );
    expect(authenticate('acme', 'key')).toMatchObject({ result: 5 });
    expect(authenticate('acme', 'bad')).toMatchObject({ result: false });
    expect(authenticate('nope', 'key')).toMatchObject({ error: { data: { name: 'psycopg2.OperationalError' } } });
  });

  it('answers 400 in HTML only when the body is not JSON', () => {
    expect(openOdoo().raw('/jsonrpc', '{nope')).toMatchObject({ status: 400, body: 'Invalid JSON data' });
  });

  it('shows the same books as JSON-2', () => {
    const odoo = openOdoo();
    const id = first(odoo.call('res.partner/create', { vals_list: { name: 'Both' } }));
    expect(odoo.rpc('res.partner', 'read', [[id], ['name']])).toMatchObject({ result: [{ id, name: 'Both' }] });
  });
});
