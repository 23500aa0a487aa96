import { BOT_USER_ID, errorBody, keyError, OdooError, typeError, userError } from '../errors.ts';
import type { Method } from '../models/methods.ts';
import { idsOf, isList, isObject, parseJson, textOf, type Wire, type WireObject } from '../wire.ts';
import { asOdooError, type OdooAnswer, type OdooRequest } from './answer.ts';
import { type Backend, refusePrivate, refuseUnknownLanguage } from './json2.ts';

/**
 * The `/jsonrpc` face of Odoo 14 to 19 (odoo.md A2). It answers 200 whatever happens; only a body that is not JSON is a 400. A
 * method that returns None answers with *no result key*, which is a success.
 */
export function jsonRpc(backend: Backend, request: OdooRequest, series: string): OdooAnswer {
  const body = parseJson(request.body);
  if (!isObject(body)) return { status: 400, contentType: 'text/html; charset=utf-8', body: 'Invalid JSON data' };
  const envelope = { jsonrpc: '2.0', id: body.id ?? null };
  try {
    const params = isObject(body.params) ? body.params : {};
    const result = dispatch(backend, request, params, series);
    return answer(result === undefined ? envelope : { ...envelope, result });
  } catch (thrown) {
    const error = asOdooError(thrown);
    const status = error.pythonName.endsWith('NotFound') ? 404 : 0;
    return answer({
      ...envelope,
      error: {
        code: status,
        message: 'Odoo Server Error',
        data: errorBody(error, 'addons/rpc/controllers/jsonrpc.py'),
      },
    });
  }
}

function answer(body: WireObject | object): OdooAnswer {
  return { status: 200, contentType: 'application/json; charset=utf-8', body: JSON.stringify(body) };
}

function dispatch(backend: Backend, request: OdooRequest, params: WireObject, series: string): Wire | undefined {
  const args = isList(params.args) ? params.args : [];
  if (params.service === 'common') return common(backend, textOf(params.method) ?? '', args, series);
  if (params.service !== 'object') throw keyError(String(params.service));
  return executeKw(backend, request, args);
}

function common(backend: Backend, method: string, args: readonly Wire[], series: string): Wire {
  if (method === 'version') {
    const [major = 0, minor = 0] = series.split('.').map(Number);
    return {
      server_version: series,
      server_version_info: [major, minor, 0, 'final', 0, ''],
      server_serie: series,
      protocol_version: 1,
    };
  }
  if (method !== 'authenticate' && method !== 'login')
    throw new OdooError(500, 'builtins.AttributeError', `Method not found: ${method}`);
  const [database, , key] = args;
  refuseUnknownDatabase(backend, database);
  // Bad credentials are not an error: the answer is `false` (odoo.md A2).
  return key === backend.apiKey ? BOT_USER_ID : false;
}

function executeKw(backend: Backend, request: OdooRequest, args: readonly Wire[]): Wire | undefined {
  const [database, uid, key, modelName, methodName, positional, named] = args;
  refuseUnknownDatabase(backend, database);
  if (key !== backend.apiKey || uid !== BOT_USER_ID)
    throw new OdooError(403, 'odoo.exceptions.AccessDenied', 'Access Denied');
  const model = backend.model(String(modelName));
  if (model === undefined) throw userError(`Object ${String(modelName)} doesn't exist`);
  refusePrivate(model.name, String(methodName));
  const method = backend.method(model.name, String(methodName));
  if (method === undefined)
    throw new OdooError(
      500,
      'builtins.AttributeError',
      `The method '${model.name}.${String(methodName)}' does not exist`,
    );
  const { context, ...keywords } = isObject(named) ? named : {};
  const known = isObject(context) ? context : {};
  refuseUnknownLanguage(known);
  const list = isList(positional) ? positional : [];
  const bound = bind(method, String(methodName), method.onModel ? list : list.slice(1), keywords);
  const ids = method.onModel ? [] : idsOf(list[0]);
  const result = backend.execute(method, {
    model,
    ids,
    args: bound,
    context: known,
    snapshot: backend.snapshotOf(request),
  });
  // A dict creates one record and answers its id; JSON-2 always answers a list.
  return methodName === 'create' && isObject(bound.vals_list) && isList(result) ? result[0] : result;
}

function bind(method: Method, name: string, positional: readonly Wire[], keywords: WireObject): WireObject {
  const args: Record<string, Wire> = { ...keywords };
  positional.forEach((value, at) => {
    const parameter = method.parameters[at];
    if (parameter === undefined)
      throw typeError(
        `BaseModel.${name}() takes ${method.parameters.length + 1} positional arguments but ${positional.length + 1} were given`,
      );
    args[parameter.replace('*', '')] = value;
  });
  const missing = method.parameters.filter((parameter) => parameter.endsWith('*') && !(parameter.slice(0, -1) in args));
  if (missing.length > 0) {
    const list = missing.map((parameter) => `'${parameter.slice(0, -1)}'`).join(' and ');
    throw typeError(
      `BaseModel.${name}() missing ${missing.length} required positional argument${missing.length > 1 ? 's' : ''}: ${list}`,
    );
  }
  const unexpected = Object.keys(args).find(
    (key) => !method.parameters.includes(key) && !method.parameters.includes(`${key}*`),
  );
  if (unexpected !== undefined)
    throw typeError(`BaseModel.${name}() got an unexpected keyword argument '${unexpected}'`);
  return args;
}

function refuseUnknownDatabase(backend: Backend, database: Wire | undefined): void {
  if (database === backend.database) return;
  throw new OdooError(
    500,
    'psycopg2.OperationalError',
    `connection to server at "127.0.0.1", port 5432 failed: FATAL:  database "${String(database)}" does not exist\n`,
  );
}
