import { htmlAnswer, jsonAnswer, type OdooAnswer, type OdooRequest } from './faces/answer.ts';
import { jsonRpc } from './faces/json-rpc.ts';
import { type Backend, json2 } from './faces/json2.ts';
import { answerAfter, answerInstead, type FaultRule, Faults } from './faults.ts';
import { methodTable } from './models/methods.ts';
import { LOCK_DATES } from './models/plain-models.ts';
import { modelRegistry } from './models/registry.ts';
import { plant, type Seed } from './seed.ts';
import { Books } from './store/books.ts';
import type { Storage } from './store/storage.ts';
import { isList, isObject, parseJson, type Wire, type WireObject } from './wire.ts';

/** Milliseconds since the epoch; Odoo's "today" is its UTC day. */
export type Clock = () => number;

export interface EngineOptions {
  readonly database?: string;
  readonly apiKey?: string;
  /** `19.0` also answers JSON-2; 14.0 to 18.0 know `/jsonrpc` only. */
  readonly series?: string;
  readonly seed?: Seed;
}

export interface LoggedCall {
  readonly at: number;
  readonly call: string;
  readonly status: number;
  readonly outcome: string;
  readonly fault: string;
}

/** Calls kept for the capture page. They are not stored: an evicted object forgets them. */
const CALLS_KEPT = 200;
const DAY_MS = 86_400_000;

export type OdooEngine = ReturnType<typeof createOdooEngine>;

/**
 * A stand-in of Odoo's accounting behind its HTTP faces, faithful to what was observed on a live Odoo (odoo.md), the
 * unpleasant parts first. `call` is synchronous and runs as one transaction. Nothing here knows Cloudflare: the Durable Object
 * and a simulation test use the same engine over different storages.
 */
export function createOdooEngine(storage: Storage, clock: Clock, options: EngineOptions = {}) {
  const { database = 'odoo', apiKey = 'sandbox-key', series = '19.0', seed = {} } = options;
  const faults = new Faults();
  const calls: LoggedCall[] = [];
  const today = () => new Date(clock()).toISOString().slice(0, 10);
  let books = openBooks();
  let backend = openBackend();

  function openBooks(): Books {
    const opened = new Books(storage, today);
    if (opened.table('res.company').size === 0) opened.transaction(() => plant(opened, seed));
    return opened;
  }

  function openBackend(): Backend & { readonly models: ReturnType<typeof modelRegistry> } {
    const models = modelRegistry(books);
    const method = methodTable(books, (name) => models.get(name));
    return {
      database,
      apiKey,
      models,
      model: (name) => models.get(name),
      method,
      execute: (called, call) => books.transaction(() => called.run(call)),
      snapshotOf: (request) => request.snapshot ?? books.commits,
    };
  }

  function answer(request: OdooRequest): OdooAnswer {
    const path = request.path.split('?')[0] ?? '';
    const routed = { ...request, path };
    if (path === '/web/version' || path === '/json/version') return version(series);
    if (path === '/jsonrpc') return jsonRpc(backend, routed, series);
    if (path.startsWith('/json/2/') && Number.parseInt(series, 10) >= 19) return json2(backend, routed);
    return htmlAnswer(404, 'Not Found', 'The requested URL was not found on the server.');
  }

  function faulty(request: OdooRequest, rule: FaultRule): OdooAnswer {
    if (rule.fault === 'silent_date_shift') return shifted(request);
    return answerInstead(rule) ?? answerAfter(rule, answer(request));
  }

  /** The call runs as if everything up to yesterday were locked, so that what it posts lands on today. */
  function shifted(request: OdooRequest): OdooAnswer {
    const before = books.company().values.fiscalyear_lock_date ?? false;
    const yesterday = new Date(clock() - DAY_MS).toISOString().slice(0, 10);
    books.transaction(() => books.setPlain('res.company', 1, { fiscalyear_lock_date: yesterday }));
    const given = answer(request);
    books.transaction(() => books.setPlain('res.company', 1, { fiscalyear_lock_date: before }));
    return given;
  }

  return {
    /** Answers one request. Rules of `faults` may keep it from running or the answer from arriving. */
    call(request: OdooRequest): OdooAnswer {
      const { model, method } = target(request);
      const rule = faults.strike(model, method);
      const given = rule === undefined ? answer(request) : faulty(request, rule);
      calls.push({
        at: clock(),
        call: model === '' ? `${request.method} ${request.path}` : `${model}.${method}`,
        status: given.status,
        outcome: outcomeOf(given),
        fault: rule?.fault ?? '',
      });
      if (calls.length > CALLS_KEPT) calls.shift();
      return rule !== undefined && rule.delayMs > 0 ? { ...given, delayMs: rule.delayMs } : given;
    },
    /**
     * What a request that arrives now can see. Give it back as `snapshot` and two loads that overlap race as they do in
     * PostgreSQL: the later one to commit loses (odoo.md A5).
     */
    arrive: () => books.commits,
    faults,
    /** How long a fault rule wants this request to wait before its turn, while others may overtake it. */
    delayBefore(path: string, body: string): number {
      const { model, method } = target({ path, body });
      return faults.delayBefore(model, method);
    },
    /** Starts over with an empty database. */
    reset(replacement: Seed = seed): void {
      storage.clear();
      books = new Books(storage, today);
      books.transaction(() => plant(books, replacement));
      backend = openBackend();
      faults.clear();
      calls.length = 0;
    },
    /** Sets the company's lock dates; `false` or null lifts one. */
    setLockDates(dates: WireObject): void {
      const known = Object.entries(dates).filter(([name]) => LOCK_DATES.some((lock) => lock === name));
      books.transaction(() =>
        books.setPlain(
          'res.company',
          1,
          Object.fromEntries(known.map(([name, date]): [string, Wire] => [name, date ?? false])),
        ),
      );
    },
    latestCalls: (): readonly LoggedCall[] => [...calls].reverse(),
    /** For pages and summaries: the books themselves, to read only. */
    books: () => books,
    models: () => backend.models,
  };
}

function version(series: string): OdooAnswer {
  const [major = 0, minor = 0] = series.split('.').map(Number);
  return jsonAnswer({ version_info: [major, minor, 0, 'final', 0, ''], version: series });
}

/** Which model and method a request is for, in either face; empty when it is for none. */
function target(request: Pick<OdooRequest, 'path' | 'body'>): { readonly model: string; readonly method: string } {
  const json2Path = /^\/json\/2\/([^/]+)\/([^/?]+)/.exec(request.path);
  if (json2Path !== null) return { model: json2Path[1] ?? '', method: json2Path[2] ?? '' };
  if (!request.path.startsWith('/jsonrpc')) return { model: '', method: '' };
  const body = parseJson(request.body);
  const params = isObject(body) && isObject(body.params) ? body.params : {};
  const args = isList(params.args) ? params.args : [];
  if (params.service !== 'object') return { model: String(params.service), method: String(params.method) };
  return { model: String(args[3]), method: String(args[4]) };
}

function outcomeOf(answer: OdooAnswer): string {
  if (answer.delivery !== undefined) return answer.delivery;
  if (answer.status === 200 && answer.body.startsWith('{"ids":false')) return 'ids:false';
  const error = /"name":"([\w.]+)"/.exec(answer.status === 200 ? '' : answer.body);
  return error?.[1] ?? 'ok';
}
