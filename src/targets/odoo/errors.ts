/**
 * What an Odoo failure means. Odoo answers permanent errors with 500 and errors inside 200, in the user's language, so
 * neither status nor message tells; the exception's name does. Status counts only where there is no name: then it
 * was a proxy, the router or a dead worker that answered, not the method that was called.
 *
 * Sentences are ours: Odoo's messages quote names and amounts, and its `debug` is a traceback.
 */
import { z } from 'zod';
import type { HttpAnswer, PostingOutcome, RejectionClass } from '../connector.ts';

export interface Rejection {
  readonly kind: 'rejected';
  readonly class: RejectionClass;
  readonly code: string;
  readonly message: string;
}

export type Failure =
  | Rejection
  /** It broke after it was sent, or Odoo gave up on a conflict: a write may have happened. */
  | {
      readonly kind: 'transient';
      readonly code: string;
      readonly message: string;
      readonly retryAfterMs: number | null;
    }
  /** It certainly was not executed: no connection, or turned away before Odoo. */
  | { readonly kind: 'unsent'; readonly code: string; readonly message: string; readonly retryAfterMs: number | null };

export const rejected = (rejectionClass: RejectionClass, code: string, message: string): Rejection => ({
  kind: 'rejected',
  class: rejectionClass,
  code,
  message,
});

const transient = (code: string, message: string, retryAfterMs: number | null = null): Failure => ({
  kind: 'transient',
  code,
  message,
  retryAfterMs,
});

type Meaning = readonly [kind: RejectionClass | 'transient', code: string, sentence: string];

/** By exception name, exactly. */
const meanings: Readonly<Record<string, Meaning>> = {
  'werkzeug.exceptions.Unauthorized': ['config', 'unauthorized', 'Odoo does not accept the API key'],
  'odoo.exceptions.AccessDenied': ['config', 'access_denied', 'Odoo does not accept the login or API key'],
  'odoo.exceptions.AccessError': ['config', 'access_error', 'the Odoo user lacks rights for this call'],
  'odoo.http.SessionExpiredException': ['config', 'session_expired', 'Odoo does not accept the session'],
  'werkzeug.exceptions.Forbidden': ['config', 'forbidden', 'Odoo refuses access'],
  'werkzeug.exceptions.NotFound': ['contract', 'unknown_method', 'this Odoo does not have the called model or method'],
  'werkzeug.exceptions.BadRequest': ['contract', 'bad_request', 'Odoo could not read the request'],
  'werkzeug.exceptions.UnprocessableEntity': ['contract', 'bad_arguments', 'the method does not take these arguments'],
  'odoo.exceptions.UserError': ['business', 'user_error', 'Odoo refuses the document by a rule of its own'],
  'odoo.exceptions.ValidationError': ['business', 'validation_error', 'a constraint in Odoo refuses the document'],
  'odoo.exceptions.RedirectWarning': ['business', 'redirect_warning', 'Odoo wants a setting changed first'],
  'odoo.exceptions.MissingError': ['business', 'missing_record', 'a record it refers to no longer exists in Odoo'],
  'odoo.exceptions.LockError': ['transient', 'locked_row', 'another transaction holds the record'],
  'odoo.exceptions.ConcurrencyError': ['transient', 'concurrency', 'another transaction changed the record'],
};

/** By what the name begins with, first match; after the exact names. */
const families: readonly (readonly [prefix: string, meaning: Meaning])[] = [
  ['psycopg2.errors.UniqueViolation', ['business', 'constraint', 'a constraint of the database refuses the document']],
  ['psycopg2.errors.NotNullViolation', ['business', 'constraint', 'a constraint of the database refuses the document']],
  ['psycopg2.errors.CheckViolation', ['business', 'constraint', 'a constraint of the database refuses the document']],
  [
    'psycopg2.errors.ForeignKeyViolation',
    ['business', 'constraint', 'a constraint of the database refuses the document'],
  ],
  ['psycopg2.IntegrityError', ['business', 'constraint', 'a constraint of the database refuses the document']],
  ['psycopg2.', ['transient', 'database', 'the database of Odoo gave up on the transaction']],
  ['odoo.exceptions.', ['business', 'odoo_exception', 'Odoo refuses the document']],
  ['builtins.', ['contract', 'python_error', 'this Odoo does not know a field or value that was sent']],
  ['werkzeug.', ['contract', 'http_exception', 'Odoo could not serve the request']],
];

const errorBody = z.object({ name: z.string() });

/** Only names that look like a Python path are repeated: nothing a customer typed can stand there. */
const printable = (name: string) => (/^[A-Za-z_][\w.]{0,99}$/.test(name) ? name : 'unnamed');

/** @param name the exception's qualified name, `odoo.exceptions.UserError`. */
export function classifyName(name: string): Failure {
  const meaning = meanings[name] ?? families.find(([prefix]) => name.startsWith(prefix))?.[1];
  if (meaning === undefined) return rejected('contract', 'unknown_error', `Odoo failed with ${printable(name)}`);
  const [kind, code, sentence] = meaning;
  const message = `${sentence} (${printable(name)})`;
  return kind === 'transient' ? transient(code, message) : rejected(kind, code, message);
}

/** `load` hides lost races in a 200: PostgreSQL's own words are the only trace, and they are not translated. */
export const isLostRace = (message: string): boolean =>
  /could not serialize access|deadlock detected|could not obtain lock|current transaction is aborted/i.test(message);

export const lostRace: Failure = transient('lost_race', 'another transaction changed the same record', 1000);

/** For an answer that is not a success: by the name in its body, else by who must have answered. */
export function classifyAnswer(answer: Extract<HttpAnswer, { kind: 'answer' }>, body: unknown): Failure {
  const named = errorBody.safeParse(body);
  const failure = named.success ? classifyName(named.data.name) : classifyStatus(answer.status, answer.retryAfterMs);
  return failure.kind === 'transient' && answer.retryAfterMs !== null
    ? { ...failure, retryAfterMs: answer.retryAfterMs }
    : failure;
}

function classifyStatus(status: number, retryAfterMs: number | null): Failure {
  if (status === 429) return { kind: 'unsent', code: 'rate_limited', message: 'asked to slow down', retryAfterMs };
  if (status >= 500 || status === 408)
    return transient(`http_${status}`, `no answer of Odoo's own (HTTP ${status})`, retryAfterMs);
  if (status >= 300 && status < 400) return rejected('config', 'redirected', `the address redirects (HTTP ${status})`);
  if (status === 401 || status === 403 || status === 407) {
    return rejected('config', `http_${status}`, `access is refused before Odoo (HTTP ${status})`);
  }
  if (status === 404) return rejected('config', 'http_404', 'no such database, or no Odoo at this address (HTTP 404)');
  if (status >= 400)
    return rejected('contract', `http_${status}`, `the request is refused before Odoo (HTTP ${status})`);
  return rejected('config', 'not_odoo', `the address does not answer as Odoo does (HTTP ${status})`);
}

/** For a request without an answer. */
export function classifySilence(answer: Extract<HttpAnswer, { kind: 'refused' | 'broken' }>): Failure {
  return answer.kind === 'refused'
    ? { kind: 'unsent', code: 'no_connection', message: answer.message, retryAfterMs: null }
    : transient('connection_broken', answer.message);
}

/**
 * The outcome for a document whose call failed.
 * @param mayHaveWritten whether the failed call writes: a look-up that breaks leaves nothing uncertain that was not.
 */
export function outcomeOf(failure: Failure, mayHaveWritten: boolean): PostingOutcome {
  if (failure.kind === 'rejected') {
    return { outcome: 'rejected', class: failure.class, code: failure.code, message: failure.message };
  }
  const { message, retryAfterMs } = failure;
  return { outcome: failure.kind === 'transient' && mayHaveWritten ? 'uncertain' : 'not_sent', message, retryAfterMs };
}
