import { accessError, notFound, OdooError, unprocessable, userError } from '../errors.ts';
import type { Model } from '../models/field.ts';
import type { Method, MethodCall } from '../models/methods.ts';
import { idsOf, isObject, parseJson, type Wire, type WireObject } from '../wire.ts';
import { asOdooError, errorAnswer, htmlAnswer, jsonAnswer, type OdooAnswer, type OdooRequest } from './answer.ts';

/** What a face needs of the engine to carry out a call. */
export interface Backend {
  readonly database: string;
  readonly apiKey: string;
  model(name: string): Model | undefined;
  method(model: string, method: string): Method | undefined;
  /** Runs a method as one transaction: it commits on return and rolls back on a throw. */
  execute(method: Method, call: MethodCall): Wire | undefined;
  snapshotOf(request: OdooRequest): number;
}

const PATH = /^\/json\/2\/([\w.]+)\/(\w+)$/;

/** The JSON-2 face of Odoo 19 (odoo.md A1): named arguments in, the bare return value out, errors by status *and* name. */
export function json2(backend: Backend, request: OdooRequest): OdooAnswer {
  const early = refusedByHttp(backend, request);
  if (early !== undefined) return early;
  try {
    authenticate(backend, request);
    const [, modelName = '', methodName = ''] = PATH.exec(request.path) ?? [];
    if (modelName === '' || request.method !== 'POST') throw notFound('Did you mean POST /json/2/<model>/<method>?');
    const body = parseJson(request.body === '' ? '{}' : request.body);
    if (body === undefined) throw badJson();
    return jsonAnswer(run(backend, request, modelName, methodName, isObject(body) ? body : {}) ?? null);
  } catch (thrown) {
    return errorAnswer(asOdooError(thrown), 'addons/rpc/controllers/json2.py');
  }
}

/** Refusals that come before Odoo's dispatcher, and therefore as HTML. */
function refusedByHttp(backend: Backend, request: OdooRequest): OdooAnswer | undefined {
  const wanted = request.headers['x-odoo-database'];
  if (wanted !== undefined && wanted !== backend.database) {
    return htmlAnswer(
      404,
      'Not Found',
      'No database is selected and the requested URL was not found in the server-wide controllers.',
    );
  }
  const type = request.headers['content-type'] ?? '';
  if (request.method === 'POST' && !type.startsWith('application/json')) {
    return htmlAnswer(
      415,
      'Unsupported Media Type',
      'Request inferred type is compatible with [&#39;http&#39;] but the route is type=&#39;json2&#39;.',
    );
  }
  return undefined;
}

function authenticate(backend: Backend, request: OdooRequest): void {
  const [scheme = '', key = ''] = (request.headers.authorization ?? '').split(' ');
  if (scheme.toLowerCase() !== 'bearer') {
    throw new OdooError(
      401,
      'werkzeug.exceptions.Unauthorized',
      'User not authenticated, use an API Key with a Bearer Authorization header.',
    );
  }
  if (key !== backend.apiKey) throw new OdooError(401, 'werkzeug.exceptions.Unauthorized', 'Invalid apikey');
}

function run(
  backend: Backend,
  request: OdooRequest,
  modelName: string,
  methodName: string,
  body: WireObject,
): Wire | undefined {
  const model = backend.model(modelName);
  if (model === undefined) throw notFound(`the model '${modelName}' does not exist`);
  refusePrivate(modelName, methodName);
  const method = backend.method(modelName, methodName);
  if (method === undefined) throw notFound(`The method '${modelName}.${methodName}' does not exist`);
  const { ids, context, ...args } = body;
  if (method.onModel && idsOf(ids).length > 0) throw unprocessable(`cannot call ${modelName}.${methodName} with ids`);
  checkArguments(method, args);
  const known = isObject(context) ? context : {};
  refuseUnknownLanguage(known);
  return backend.execute(method, {
    model,
    ids: idsOf(ids),
    args,
    context: known,
    snapshot: backend.snapshotOf(request),
  });
}

function checkArguments(method: Method, args: WireObject): void {
  const missing = method.parameters.find((name) => name.endsWith('*') && !(name.slice(0, -1) in args));
  if (missing !== undefined) throw unprocessable(`missing a required argument: '${missing.slice(0, -1)}'`);
  const unexpected = Object.keys(args).find(
    (name) => !method.parameters.includes(name) && !method.parameters.includes(`${name}*`),
  );
  if (unexpected !== undefined) throw unprocessable(`got an unexpected keyword argument '${unexpected}'`);
}

export function refusePrivate(model: string, method: string): void {
  if (method.startsWith('_'))
    throw accessError(`Private methods (such as '${model}.${method}') cannot be called remotely.`);
}

/** Only en_US is installed; any other language is refused (odoo.md A1). */
export function refuseUnknownLanguage(context: WireObject): void {
  if (typeof context.lang === 'string' && context.lang !== 'en_US')
    throw userError(`Invalid language code: ${context.lang}`);
}

function badJson(): OdooError {
  return new OdooError(
    400,
    'werkzeug.exceptions.BadRequest',
    'could not parse the body as json: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)',
  );
}
