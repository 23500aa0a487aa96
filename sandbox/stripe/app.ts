/**
 * A stand-in for the parts of Stripe's API that enrichment reads, with its errors, paging and expansion, and with
 * faults on demand. Objects are uploaded by tests and the demo; nothing here computes money.
 */
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { fault, type StoredObject, type StripeStore, storedObject, upload } from './store.ts';

export interface StripeSandbox {
  readonly store: StripeStore;
  readonly apiKey: string;
}

const MAX_PAGE = 100;

const stripeError = (c: Context, status: 400 | 401 | 404 | 429 | 500, type: string, message: string) =>
  c.json({ error: { type, message } }, status);

const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).catch(10),
  starting_after: z.string().nullable().catch(null),
});

const readPage = (c: Context) =>
  pageQuery.parse({ limit: c.req.query('limit'), starting_after: c.req.query('starting_after') ?? null });

const read = (json: string): StoredObject => storedObject.parse(JSON.parse(json));

/** Only one level, as the client asks: `data.source`, `data.balance_transaction`. */
async function expanded(object: StoredObject, field: string, store: StripeStore): Promise<StoredObject> {
  const id = object[field];
  const json = typeof id === 'string' ? await store.find(id) : null;
  return json === null ? object : { ...object, [field]: read(json) };
}

async function answerList(c: Context, { store }: StripeSandbox, kind: string, owner: string | undefined) {
  if (owner === undefined) return stripeError(c, 400, 'invalid_request_error', 'Missing the filter.');
  const { limit, starting_after: after } = readPage(c);
  const found = (await store.listed(kind, owner, after, limit + 1)).map(read);
  let data = found.slice(0, limit);
  for (const path of c.req.queries('expand[]') ?? []) {
    const field = path.startsWith('data.') ? path.slice('data.'.length) : null;
    if (field !== null) data = await Promise.all(data.map((object) => expanded(object, field, store)));
  }
  return c.json({ object: 'list', data, has_more: found.length > limit, url: c.req.path });
}

async function answerObject(c: Context, { store }: StripeSandbox, kind: string, id: string) {
  const json = await store.find(id);
  const object = json === null ? null : read(json);
  return object?.object === kind ? c.json(object) : missing(c, kind, id);
}

/** As it was uploaded, under the id `balance`; an account that was told of none has nothing. */
async function answerBalance(c: Context, { store }: StripeSandbox) {
  const json = await store.find('balance');
  if (json === null) return c.json({ object: 'balance', available: [], livemode: false, pending: [] });
  const { id: _id, ...balance } = read(json);
  return c.json(balance);
}

const missing = (c: Context, kind: string, id: string) =>
  stripeError(c, 404, 'invalid_request_error', `No such ${kind}: '${id}'`);

const withLines = z.looseObject({ lines: z.object({ data: z.array(z.looseObject({ id: z.string() })) }) });

async function answerLines(c: Context, { store }: StripeSandbox, kind: string, id: string) {
  const json = await store.find(id);
  const parsed = withLines.safeParse(json === null ? null : read(json));
  if (!parsed.success) return missing(c, kind, id);
  const { limit, starting_after: after } = readPage(c);
  const lines = parsed.data.lines.data;
  const start = after === null ? 0 : lines.findIndex((line) => line.id === after) + 1;
  const data = lines.slice(start, start + limit);
  return c.json({ object: 'list', data, has_more: start + limit < lines.length, url: c.req.path });
}

async function answerFault(c: Context, { store }: StripeSandbox): Promise<Response | null> {
  const armed = await store.meet();
  if (armed === null) return null;
  const met = fault.parse(JSON.parse(armed));
  switch (met.kind) {
    case '500':
      return stripeError(c, 500, 'api_error', 'Something went wrong on our end.');
    case '429':
      c.header('Retry-After', String(met.retryAfterSeconds));
      return stripeError(c, 429, 'rate_limit_error', 'Too many requests.');
    case 'hang':
      await new Promise((resolve) => setTimeout(resolve, met.hangMs));
      return stripeError(c, 500, 'api_error', 'Too late.');
  }
}

/** `POST /sandbox/objects` and `/sandbox/faults` are the stand-in's own; the rest are Stripe's paths. */
export function stripeSandbox<Bindings extends object>(sandboxOf: (env: Bindings) => StripeSandbox) {
  const app = new Hono<{ Bindings: Bindings }>();
  app.use(async (c, next) => {
    const { apiKey } = sandboxOf(c.env);
    if (c.req.header('authorization') !== `Bearer ${apiKey}`) {
      return stripeError(c, 401, 'invalid_request_error', 'Invalid API Key provided.');
    }
    if (c.req.path.startsWith('/v1/')) {
      const faulty = await answerFault(c, sandboxOf(c.env));
      if (faulty !== null) return faulty;
    }
    return next();
  });
  app.post('/sandbox/objects', async (c) => {
    const parsed = upload.safeParse(await c.req.json().catch(() => null));
    if (!parsed.success) return stripeError(c, 400, 'invalid_request_error', 'Not an upload.');
    const { objects, payouts } = parsed.data;
    await sandboxOf(c.env).store.save(JSON.stringify(objects), JSON.stringify(payouts));
    return c.json({ saved: objects.length });
  });
  app.post('/sandbox/faults', async (c) => {
    const parsed = fault.safeParse(await c.req.json().catch(() => null));
    if (!parsed.success) return stripeError(c, 400, 'invalid_request_error', 'Not a fault.');
    await sandboxOf(c.env).store.arm(JSON.stringify(parsed.data));
    return c.json({ armed: parsed.data.times });
  });
  const own = (c: Context<{ Bindings: Bindings }>) => sandboxOf(c.env);
  app.get('/v1/balance_transactions', (c) => answerList(c, own(c), 'balance_transaction', c.req.query('payout')));
  app.get('/v1/balance_transactions/:id', (c) => answerObject(c, own(c), 'balance_transaction', c.req.param('id')));
  app.get('/v1/balance', (c) => answerBalance(c, own(c)));
  app.get('/v1/refunds', (c) => answerList(c, own(c), 'refund', c.req.query('charge')));
  app.get('/v1/credit_notes', (c) => answerList(c, own(c), 'credit_note', c.req.query('customer')));
  app.get('/v1/credit_notes/:id/lines', (c) => answerLines(c, own(c), 'credit_note', c.req.param('id')));
  app.get('/v1/invoices/:id/lines', (c) => answerLines(c, own(c), 'invoice', c.req.param('id')));
  app.get('/v1/invoice_payments', (c) =>
    answerList(c, own(c), 'invoice_payment', c.req.query('payment[payment_intent]') ?? c.req.query('invoice')),
  );
  app.get('/v1/events/:id', (c) => answerObject(c, own(c), 'event', c.req.param('id')));
  app.notFound((c) => stripeError(c, 404, 'invalid_request_error', `Unrecognized request URL (${c.req.method})`));
  return app;
}
