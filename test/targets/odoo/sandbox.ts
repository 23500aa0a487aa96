/** The sandbox Odoo's engine behind the targets' HTTP seam, in this process: no network, no time. */
import { createOdooEngine, type OdooEngine } from '../../../sandbox/odoo/engine.ts';
import { memoryStorage } from '../../../sandbox/odoo/store/storage.ts';
import { currency } from '../../../src/canonical/money.ts';
import type { HttpAnswer, TargetHttp } from '../../../src/targets/connector.ts';
import { odooConnector } from '../../../src/targets/odoo/connector.ts';
import { toMinor } from '../../../src/targets/odoo/wire.ts';
import { type OdooTargetConfig, odooTarget } from '../../../src/tenants/config.ts';
import { type Booked, type ContractTarget, now } from '../../conformance/connector-contract.ts';

export const apiKey = 'sandbox-key';

export const config = (fields: Partial<OdooTargetConfig> = {}): OdooTargetConfig =>
  odooTarget.parse({
    kind: 'odoo',
    url: 'https://odoo.example.com',
    database: 'odoo',
    credential: 'secret://odoo',
    login: 'ledgergate',
    ...fields,
  });

export const engineHttp = (engine: OdooEngine): TargetHttp => ({
  async send(request): Promise<HttpAnswer> {
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, text]) => [name.toLowerCase(), text]),
    );
    const { pathname } = new URL(request.url);
    const given = engine.call({ method: request.method, path: pathname, headers, body: request.body ?? '' });
    if (given.delivery !== undefined) return { kind: 'broken', message: given.delivery };
    const wait = given.headers?.['Retry-After'];
    return {
      kind: 'answer',
      status: given.status,
      contentType: given.contentType,
      body: given.body,
      retryAfterMs: wait === undefined ? null : Number(wait) * 1000,
    };
  },
});

export const newEngine = (series: string): OdooEngine =>
  createOdooEngine(memoryStorage(), () => now, { database: 'odoo', apiKey, series });

const usd = currency('USD');

/** Everything posted that came from the gateway, by the key it carries; cards by theirs. */
export function booked(engine: OdooEngine): Booked[] {
  const read = (model: string, fields: readonly string[]) => {
    const found = engine.models().get(model);
    if (found === undefined) throw new Error(`no model ${model}`);
    return [...found.ids()].map((id) => fields.map((field) => found.value(id, field)));
  };
  const moves = read('account.move', ['ref', 'state', 'date', 'amount_total', 'amount_residual', 'move_type']);
  const cards = [...read('res.partner', ['ref']), ...read('product.product', ['default_code'])];
  return [
    ...cards.flatMap(([key]) =>
      typeof key === 'string' && key.includes('/') ? [{ key, total: amount(0), date: null, open: null }] : [],
    ),
    ...moves.flatMap(([ref, state, date, total, open, type]) =>
      typeof ref === 'string' && state === 'posted'
        ? [
            {
              key: ref,
              total: amount(total),
              date: String(date),
              open: type === 'out_invoice' || type === 'out_refund' ? amount(open) : null,
            },
          ]
        : [],
    ),
  ];
}

function amount(value: unknown) {
  const minor = toMinor(String(value), usd);
  if (minor === null) throw new Error('not an amount');
  return minor;
}

const odooError = (status: number, name: string): HttpAnswer => ({
  kind: 'answer',
  status,
  contentType: 'application/json',
  body: JSON.stringify({ name, message: 'ada@example.com', arguments: [], context: {}, debug: 'Traceback' }),
  retryAfterMs: null,
});
const rpcError = (name: string): HttpAnswer => ({
  kind: 'answer',
  status: 200,
  contentType: 'application/json',
  body: JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    error: { code: 0, message: 'Odoo Server Error', data: { name, message: 'ada@example.com', debug: 'Traceback' } },
  }),
  retryAfterMs: null,
});

/** An empty Odoo of the given series; 19 speaks JSON-2, older ones JSON-RPC. */
export function contractTarget(series: string): ContractTarget {
  const engine = newEngine(series);
  const json2 = Number.parseInt(series, 10) >= 19;
  return {
    http: engineHttp(engine),
    connector: (http) => odooConnector(config(), apiKey, http),
    booked: () => booked(engine),
    conflict: json2
      ? odooError(500, 'psycopg2.errors.SerializationFailure')
      : rpcError('psycopg2.errors.SerializationFailure'),
    unauthorized: json2 ? odooError(401, 'werkzeug.exceptions.Unauthorized') : rpcError('odoo.exceptions.AccessDenied'),
    lockUntil: (date) => engine.setLockDates({ fiscalyear_lock_date: date }),
    unknownAccount: '999999',
  };
}
