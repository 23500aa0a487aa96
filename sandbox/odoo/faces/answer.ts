import { errorBody, OdooError } from '../errors.ts';

/** What Odoo is asked, with header names in lower case. */
export interface OdooRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Commits seen when the request arrived (`engine.arrive()`); left out, the call runs alone. */
  readonly snapshot?: number;
}

/**
 * What the client gets, and whether it does: `lost` is a connection that breaks without an answer, `hang` one that never
 * answers; `delayMs` is to be waited first. A simulation reads these fields, the Worker acts on them.
 */
export interface OdooAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly delivery?: 'lost' | 'hang';
  readonly delayMs?: number;
}

const JSON_TYPE = 'application/json; charset=utf-8';

export function jsonAnswer(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): OdooAnswer {
  return { status, contentType: JSON_TYPE, body: JSON.stringify(body), headers };
}

export function htmlAnswer(status: number, title: string, text: string): OdooAnswer {
  const body = `<!doctype html>\n<html lang=en>\n<title>${status} ${title}</title>\n<h1>${title}</h1>\n<p>${text}</p>\n`;
  return { status, contentType: 'text/html; charset=utf-8', body };
}

export function errorAnswer(error: OdooError, where: string): OdooAnswer {
  const headers = error.status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {};
  return jsonAnswer(errorBody(error, where), error.status, headers);
}

/** Anything thrown, as the error Odoo would send. A bug of the sandbox itself shows as a 500 that names it. */
export function asOdooError(thrown: unknown): OdooError {
  if (thrown instanceof OdooError) return thrown;
  return new OdooError(500, 'builtins.RuntimeError', thrown instanceof Error ? thrown.message : String(thrown));
}
