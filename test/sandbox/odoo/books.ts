import { createOdooEngine } from '../../../sandbox/odoo/engine.ts';
import type { OdooAnswer } from '../../../sandbox/odoo/faces/answer.ts';
import type { Seed } from '../../../sandbox/odoo/seed.ts';
import { memoryStorage, type Storage } from '../../../sandbox/odoo/store/storage.ts';
import { idsOf, isList, isObject, parseJson, type Wire, type WireObject } from '../../../sandbox/odoo/wire.ts';

/** The day on which all of these tests take place. */
export const TODAY = '2026-11-21';

export interface Reply {
  readonly status: number;
  readonly body: Wire;
  /** Python's name of the error, or ''. */
  readonly error: string;
  readonly message: string;
}

/** An Odoo in memory with a customer, and the calls a bot makes, short. */
export function openOdoo(options: { readonly seed?: Seed; readonly storage?: Storage } = {}) {
  const engine = createOdooEngine(options.storage ?? memoryStorage(), () => Date.parse(`${TODAY}T12:00:00Z`), {
    database: 'acme',
    apiKey: 'key',
    ...(options.seed === undefined ? {} : { seed: options.seed }),
  });
  const headers = { authorization: 'bearer key', 'content-type': 'application/json' };
  const raw = (path: string, body: string, more: Record<string, string> = {}, snapshot?: number): OdooAnswer =>
    engine.call({
      method: 'POST',
      path,
      headers: { ...headers, ...more },
      body,
      ...(snapshot === undefined ? {} : { snapshot }),
    });
  const call = (target: string, args: WireObject = {}, snapshot?: number): Reply =>
    reply(raw(`/json/2/${target}`, JSON.stringify(args), {}, snapshot));
  const rpc = (model: string, method: string, args: Wire[], named: WireObject = {}): WireObject => {
    const params = { service: 'object', method: 'execute_kw', args: ['acme', 5, 'key', model, method, args, named] };
    const answer = parseJson(raw('/jsonrpc', JSON.stringify({ jsonrpc: '2.0', method: 'call', id: 1, params })).body);
    return isObject(answer) ? answer : {};
  };
  const idByCode = (model: string, field: string, code: string) =>
    idsOf(call(`${model}/search`, { domain: [[field, '=', code]] }).body)[0] ?? 0;
  const account = (code: string) => idByCode('account.account', 'code', code);
  const journal = (code: string) => idByCode('account.journal', 'code', code);
  const currency = (name: string) => idByCode('res.currency', 'name', name);
  const partner = first(
    call('res.partner/load', { fields: ['id', 'name', 'ref'], data: [['__gw__.cus', 'Ada', 'cus']] }),
  );

  /** Creates a draft of one line without tax; `vals` overrides. */
  const draft = (vals: WireObject = {}): number =>
    first(
      call('account.move/create', {
        vals_list: {
          move_type: 'out_invoice',
          partner_id: partner,
          invoice_date: '2026-11-05',
          invoice_line_ids: [
            [
              0,
              0,
              { name: 'Seat', quantity: 1, price_unit: 100, account_id: account('400000'), tax_ids: [[6, 0, []]] },
            ],
          ],
          ...vals,
        },
      }),
    );
  const post = (...ids: number[]) => call('account.move/action_post', { ids });
  const posted = (vals: WireObject = {}): number => {
    const id = draft(vals);
    post(id);
    return id;
  };
  const entry = (lines: readonly WireObject[], vals: WireObject = {}): Reply =>
    call('account.move/create', {
      vals_list: { move_type: 'entry', date: '2026-11-05', line_ids: lines.map((line) => [0, 0, line]), ...vals },
    });
  const read = (model: string, id: number, ...fields: string[]): WireObject => {
    const records = call(`${model}/read`, { ids: [id], fields }).body;
    const record = isList(records) ? records[0] : undefined;
    return isObject(record) ? record : {};
  };
  const receivable = (moveId: number): number[] =>
    idsOf(
      call('account.move.line/search', {
        domain: [
          ['move_id', '=', moveId],
          ['account_id', '=', account('121000')],
        ],
      }).body,
    );

  return { engine, raw, call, rpc, account, journal, currency, partner, draft, post, posted, entry, read, receivable };
}

export type Odoo = ReturnType<typeof openOdoo>;

/** The id of the only record a create or load answered with. */
export function first(answer: Reply): number {
  return idsOf(isObject(answer.body) ? answer.body.ids : answer.body)[0] ?? 0;
}

/** The messages of a `load` that failed inside a 200. */
export function messages(answer: Reply): string[] {
  const list = isObject(answer.body) && isList(answer.body.messages) ? answer.body.messages : [];
  return list.map((item) => (isObject(item) ? String(item.message) : ''));
}

export function reply(answer: OdooAnswer): Reply {
  const parsed = parseJson(answer.body);
  const body = parsed === undefined ? answer.body : parsed;
  const error = answer.status >= 400 && isObject(body) ? body : {};
  return { status: answer.status, body, error: String(error.name ?? ''), message: String(error.message ?? '') };
}

const INVOICE_FIELDS = [
  'id',
  'move_type',
  'partner_id/id',
  'invoice_date',
  'ref',
  'invoice_line_ids/id',
  'invoice_line_ids/name',
  'invoice_line_ids/quantity',
  'invoice_line_ids/price_unit',
  'invoice_line_ids/account_id',
  'invoice_line_ids/tax_ids',
];

/** A `load` of one invoice of two lines (100.00 and 30.00), with or without external ids on the lines. */
export function invoiceLoad(
  key: string,
  options: { readonly lineIds?: boolean; readonly partner?: string } = {},
): WireObject {
  const withIds = options.lineIds ?? true;
  const keep = (row: Wire[]) => row.filter((_, at) => withIds || at !== 5);
  return {
    fields: keep(INVOICE_FIELDS),
    data: [
      keep([
        `__gw__.${key}`,
        'out_invoice',
        options.partner ?? '__gw__.cus',
        '2026-11-05',
        key,
        `__gw__.${key}_1`,
        'Seat',
        '2',
        '50',
        '400000',
        '',
      ]),
      keep(['', '', '', '', '', `__gw__.${key}_2`, 'Add-on', '1', '30', '400000', '']),
    ],
  };
}
