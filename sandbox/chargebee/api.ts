/**
 * A stand-in for what the gateway reads of Chargebee's API v2: events and transactions by id, with the documented
 * errors. It lives in the process that makes it.
 */
import { Hono } from 'hono';

export interface ChargebeeApi {
  readonly app: Hono;
  readonly apiKey: string;
  /** From now on the API shows this event. */
  showEvent(event: { readonly id: string }): void;
  showTransaction(transaction: { readonly id: string }): void;
  /** The answers to the next requests, instead of what they ask for. */
  failNext(status: 403 | 429 | 500): void;
}

export function chargebeeApi(): ChargebeeApi {
  const apiKey = 'test_sandbox_readonly';
  const events = new Map<string, object>();
  const transactions = new Map<string, object>();
  const failures: (403 | 429 | 500)[] = [];
  const app = new Hono();
  const problem = (code: string) => ({ message: code.replaceAll('_', ' '), api_error_code: code });

  app.use(async (c, next) => {
    if (c.req.header('authorization') !== `Basic ${btoa(`${apiKey}:`)}`) {
      return c.json(problem('api_authentication_failed'), 401);
    }
    const failure = failures.shift();
    if (failure !== undefined) {
      c.header('Retry-After', '7');
      return c.json(problem('request_blocked'), failure);
    }
    return next();
  });
  const answer = (member: string, kept: ReadonlyMap<string, object>) =>
    app.get(`/api/v2/${member}s/:id`, (c) => {
      const found = kept.get(c.req.param('id') ?? '');
      return found === undefined ? c.json(problem('resource_not_found'), 404) : c.json({ [member]: found });
    });
  answer('event', events);
  answer('transaction', transactions);
  return {
    app,
    apiKey,
    showEvent: (event) => void events.set(event.id, event),
    showTransaction: (transaction) => void transactions.set(transaction.id, transaction),
    failNext: (status) => void failures.push(status),
  };
}
