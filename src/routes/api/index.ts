/** The operator API: who is asking, about which tenant, may they; then the route table. */
import { Hono } from 'hono';
import type { Bindings } from '../../bindings.ts';
import { readsOf } from '../../ledger/reads.ts';
import { shardOf } from '../../ledger/shards.ts';
import { type Actor, authenticate, mayActAs, reaches } from '../../operations/access.ts';
import { isTransient } from '../../operations/lanes.ts';
import { errorWords, logError } from '../../operations/log.ts';
import { connectorsOf } from '../../queues/connectors.ts';
import { listTenants, liveConfig } from '../../tenants/publication.ts';
import { fetchKeySetWith, KeySets } from '../../verification/jwks.ts';
import { problem } from '../problem.ts';
import { openApi } from './openapi.ts';
import { type ApiPorts, type Caller, type Route, rawInputs, type TenantScope } from './route.ts';
import { routes } from './routes.ts';

const keySets = new KeySets(fetchKeySetWith((input, init) => fetch(input, init)));

const unauthenticated = () =>
  problem('not_authenticated', { headers: { 'www-authenticate': 'Bearer realm="ledgergate"' } });

/** The tenant a request is about: named, or the key's only one, or the only one there is. */
export async function chooseTenant(env: Bindings, actor: Actor, asked: string | null): Promise<string | Response> {
  if (asked !== null)
    return reaches(actor, asked) ? asked : problem('forbidden', { detail: 'this key does not reach that tenant' });
  if (actor.tenant !== '*') return actor.tenant;
  const [only, other] = await listTenants(env.LEDGER_0, 2);
  if (only === undefined) return problem('not_found', { detail: 'no tenant has a config yet' });
  return other === undefined
    ? only
    : problem('invalid_request', { errors: [{ path: 'query.tenant', message: 'say which tenant' }] });
}

export async function tenantScope(env: Bindings, tenant: string): Promise<TenantScope | Response> {
  const live = await liveConfig(env.LEDGER_0, tenant);
  if (live === null) return problem('not_found', { detail: 'this tenant has no published config' });
  const db = shardOf(env, live.document.shard);
  return { tenant, live, db, books: readsOf(db) };
}

async function answer(
  route: Route,
  ports: ApiPorts,
  c: Parameters<typeof rawInputs>[0],
  env: Bindings,
): Promise<Response> {
  const now = ports.now();
  const actor = await authenticate(c.req.raw.headers, env, keySets, now);
  if (actor === null) return unauthenticated();
  if (!mayActAs(actor, route.role)) return problem('forbidden', { detail: `this needs role ${route.role}` });
  const raw = rawInputs(c);
  const { newId, connectors = connectorsOf } = ports;
  const caller: Caller = {
    ...{ actor, env, now, newId, connectors },
    ...{ url: new URL(c.req.url), headers: c.req.raw.headers },
  };
  if (route.scope === 'none') {
    const named = raw.params.tenant;
    if (named !== undefined && !reaches(actor, named))
      return problem('forbidden', { detail: 'this key does not reach that tenant' });
    return route.run(raw, caller, null);
  }
  const tenant = await chooseTenant(env, actor, raw.query.tenant ?? c.req.header('x-ledgergate-tenant') ?? null);
  if (tenant instanceof Response) return tenant;
  const scope = await tenantScope(env, tenant);
  return scope instanceof Response ? scope : route.run(raw, caller, scope);
}

/** Everything under /api/v1. */
export function createApi(ports: ApiPorts): Hono<{ Bindings: Bindings }> {
  const app = new Hono<{ Bindings: Bindings }>();
  app.get('/openapi.json', () => Response.json(openApi(routes)));
  for (const route of routes) {
    app.on(route.method.toUpperCase(), route.path.replaceAll(/\{(\w+)\}/g, ':$1'), (c) =>
      answer(route, ports, c, c.env),
    );
  }
  app.notFound(() => problem('not_found'));
  app.onError((error) => {
    if (isTransient(error)) return problem('unavailable', { retryAfterSeconds: 5 });
    logError('api_failed', { error: errorWords(error) });
    return problem('internal_error');
  });
  return app;
}

export const systemPorts: ApiPorts = { now: () => Date.now(), newId: () => crypto.randomUUID().replaceAll('-', '') };

export const api = createApi(systemPorts);
