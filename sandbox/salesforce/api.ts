/**
 * A stand-in for what the gateway reads of Salesforce's REST API: client-credentials tokens and single records, with
 * the documented errors. It lives in the process that makes it.
 */
import { Hono } from 'hono';

export interface SalesforceApi {
  readonly app: Hono;
  readonly clientId: string;
  readonly clientSecret: string;
  /** From now on the API shows this record. */
  show(type: string, id: string, fields: Readonly<Record<string, unknown>>): void;
  /** Ends every session, as an administrator or a timeout would. */
  endSessions(): void;
  /** The answers to the next requests for records, instead of the records. */
  failNext(status: 403 | 429 | 500, errorCode: string): void;
  /** Tokens given out so far. */
  tokensIssued(): number;
}

export function salesforceApi(): SalesforceApi {
  const clientId = 'sandbox-client';
  const clientSecret = 'sandbox-client-secret';
  const records = new Map<string, Readonly<Record<string, unknown>>>();
  const failures: { readonly status: 403 | 429 | 500; readonly errorCode: string }[] = [];
  let sessions = new Set<string>();
  let issued = 0;
  const app = new Hono();
  const problem = (errorCode: string) => [{ message: errorCode.toLowerCase().replaceAll('_', ' '), errorCode }];

  app.post('/services/oauth2/token', async (c) => {
    const form = await c.req.parseBody();
    if (form.grant_type !== 'client_credentials') return c.json({ error: 'unsupported_grant_type' }, 400);
    if (form.client_id !== clientId || form.client_secret !== clientSecret) {
      return c.json({ error: 'invalid_client', error_description: 'invalid client credentials' }, 400);
    }
    issued += 1;
    const token = `00Dsandbox!session-${issued}`;
    sessions.add(token);
    return c.json({ access_token: token, instance_url: new URL(c.req.url).origin, token_type: 'Bearer' });
  });
  app.get('/services/data/:version/sobjects/:type/:id', (c) => {
    const token = c.req.header('authorization')?.replace(/^Bearer /, '') ?? '';
    if (!sessions.has(token)) return c.json(problem('INVALID_SESSION_ID'), 401);
    const failure = failures.shift();
    if (failure !== undefined) return c.json(problem(failure.errorCode), failure.status);
    const { type, id } = c.req.param();
    const record = records.get(`${type}/${id.slice(0, 15)}`);
    return record === undefined ? c.json(problem('NOT_FOUND'), 404) : c.json({ attributes: { type }, ...record });
  });
  return {
    app,
    clientId,
    clientSecret,
    show: (type, id, fields) => void records.set(`${type}/${id.slice(0, 15)}`, { Id: id, ...fields }),
    endSessions: () => {
      sessions = new Set();
    },
    failNext: (status, errorCode) => void failures.push({ status, errorCode }),
    tokensIssued: () => issued,
  };
}
