/** The operator console at /console: read-only pages, rendered here, behind a session. */
import { zValidator } from '@hono/zod-validator';
import { Hono } from 'hono';
import { z } from 'zod';
import type { Bindings } from '../bindings.ts';
import { commitCursor, eventsByIds, listEvents } from '../ledger/event-reads.ts';
import { bookedSpan, readTurnover, trialBalance } from '../ledger/trial-balance.ts';
import { listOpenExceptions } from '../ledger/work-reads.ts';
import type { Actor } from '../operations/access.ts';
import { errorWords, logError } from '../operations/log.ts';
import { openWork } from '../operations/open-work.ts';
import { timelineOf } from '../routes/api/events.ts';
import { chooseTenant, tenantScope } from '../routes/api/index.ts';
import { bookkeepingFor } from '../routes/api/reading.ts';
import type { TenantScope } from '../routes/api/route.ts';
import { targetHealth } from '../routes/api/work.ts';
import { type Html, page } from './layout.ts';
import { loginPage, messagePage, overviewPage, timelinePage } from './pages.ts';
import { closeSession, openSession, sessionActor } from './session.ts';

const app = new Hono<{ Bindings: Bindings }>();

const secure = (url: string): boolean => new URL(url).protocol === 'https:';
const login = (status: number, failed: boolean): Promise<Response> =>
  page({ title: 'Log in', who: null, status }, loginPage(failed));

/** A form sent from another site is refused; browsers without Origin are older than SameSite cookies anyway. */
const foreign = (request: Request): boolean => {
  const origin = request.headers.get('origin');
  return origin !== null && origin !== new URL(request.url).origin;
};

async function overview(scope: TenantScope, env: Bindings, cursor: string | null, now: number): Promise<Html> {
  const { books, tenant, db, live } = scope;
  const decoded = cursor === null ? null : commitCursor.decode(cursor);
  const after = decoded?.ok === true ? decoded.value : null;
  const [events, exceptions, open, lanes, balances, targets] = await Promise.all([
    listEvents(books, tenant, { limit: 25, after }),
    listOpenExceptions(books, tenant, {}, { limit: 25, after: null }),
    openWork(db, tenant),
    db
      .prepare(
        'SELECT coalesce(sum(position), 0) AS applied FROM (SELECT position FROM lanes WHERE tenant = ?1 LIMIT 10000)',
      )
      .bind(tenant)
      .first<{ applied: number }>(),
    Promise.all(
      Object.keys(live.document.entities)
        .slice(0, 20)
        .map((entity) => bookOf(scope, entity)),
    ),
    Promise.all(
      Object.keys(live.document.targets)
        .slice(0, 20)
        .map((name) => targetHealth({ env, tenant, live }, name)),
    ),
  ]);
  const sum = (rows: readonly { readonly count: number }[]): number =>
    rows.reduce((total, row) => total + row.count, 0);
  return overviewPage({
    tenant,
    configVersion: live.version,
    applied: lanes?.applied ?? 0,
    held: sum(open.held),
    postings: sum(open.postings),
    ...{ exceptions, events, books: balances, targets, now },
  });
}

async function bookOf({ books, tenant, live }: TenantScope, entity: string) {
  const booked = await bookedSpan(books, tenant, entity);
  const span = { from: booked?.first ?? '0000-01', asOf: booked?.last ?? '0000-01' };
  return trialBalance(
    entity,
    span,
    await readTurnover(books, tenant, entity, span),
    bookkeepingFor(live.document, entity),
  );
}

/** Runs for whoever is logged in and the tenant they chose; everybody else gets the login form. */
async function withSession(
  request: Request,
  env: Bindings,
  show: (scope: TenantScope, actor: Actor, now: number) => Promise<Response>,
): Promise<Response> {
  const now = Date.now();
  const actor = await sessionActor(request.headers, env, now);
  if (actor === null) return login(401, false);
  const tenant = await chooseTenant(env, actor, new URL(request.url).searchParams.get('tenant'));
  const scope = tenant instanceof Response ? tenant : await tenantScope(env, tenant);
  if (!(scope instanceof Response)) return show(scope, actor, now);
  const { title } = z.object({ title: z.string() }).parse(await scope.json());
  const hint =
    scope.status === 400
      ? 'There are several tenants: add ?tenant=… to the address.'
      : scope.status === 403
        ? 'This key does not reach that tenant.'
        : 'There is no such tenant, or it has no config yet.';
  return page({ title, who: { actor: actor.name, tenant: '' }, status: scope.status }, messagePage(title, hint));
}

app.get('/', (c) =>
  withSession(c.req.raw, c.env, async (scope, actor, now) =>
    page(
      { title: scope.tenant, who: { actor: actor.name, tenant: scope.tenant } },
      await overview(scope, c.env, c.req.query('cursor') ?? null, now),
    ),
  ),
);

app.get('/events/:source/:id', (c) =>
  withSession(c.req.raw, c.env, async (scope, actor) => {
    const [event] = await eventsByIds(scope.books, scope.tenant, [[c.req.param('source'), c.req.param('id')]]);
    const who = { actor: actor.name, tenant: scope.tenant };
    if (event === undefined)
      return page(
        { title: 'Not found', who, status: 404 },
        messagePage('Not found', 'The books do not know this event.'),
      );
    return page({ title: event.eventId, who }, timelinePage(await timelineOf(scope.books, scope.tenant, event)));
  }),
);

const form = z.object({ token: z.string().trim().min(8).max(512) });

const validForm = zValidator('form', form, (result) => (result.success ? undefined : login(401, true)));

app.post('/login', validForm, async (c) => {
  if (foreign(c.req.raw)) return login(403, true);
  const cookie = await openSession(c.req.valid('form').token, c.env, secure(c.req.url), Date.now());
  if (cookie === null) return login(401, true);
  return new Response(null, {
    status: 303,
    headers: { location: '/console', 'set-cookie': cookie, 'cache-control': 'no-store' },
  });
});

app.post('/logout', (c) => {
  if (foreign(c.req.raw)) return login(403, false);
  return new Response(null, {
    status: 303,
    headers: { location: '/console', 'set-cookie': closeSession(secure(c.req.url)), 'cache-control': 'no-store' },
  });
});

app.onError((error) => {
  logError('console_failed', { error: errorWords(error) });
  return page(
    { title: 'Something went wrong', who: null, status: 500 },
    messagePage('Something went wrong', 'It is in the log. Try again in a moment.'),
  );
});

export const operatorConsole = app;
