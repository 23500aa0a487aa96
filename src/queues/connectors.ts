/** Connectors by tenant, config version and target, kept in the isolate: they cache what they looked up at the target. */
import type { Bindings } from '../bindings.ts';
import { shardOf } from '../ledger/shards.ts';
import { directoryOf } from '../operations/directory.ts';
import type { FeedPorts } from '../operations/rates-feed.ts';
import type { TargetConnector } from '../targets/connector.ts';
import { targetHttp } from '../targets/http.ts';
import { connectorFor } from '../targets/registry.ts';
import { feedTenants } from '../tenants/publication.ts';
import type { TenantRuntime } from '../tenants/runtime.ts';

const MAX_CACHED = 200;
/** A rotated credential is taken up after at most this long, ms. */
const FRESH_MS = 60_000;

const cache = new Map<string, { readonly connector: TargetConnector; readonly madeAt: number }>();

/** The HTTP client for everything outside: inward addresses are for local development only. */
export const outsideHttp = (env: Bindings) =>
  targetHttp({
    fetch: (url, init) => fetch(url, init),
    now: Date.now,
    allow: env.ALLOW_PRIVATE_TARGETS === '1' ? 'any' : 'public',
  });

export const feedPorts = (env: Bindings): FeedPorts => ({
  tenants: (after, limit) => feedTenants(env.LEDGER_0, after, limit),
  ledger: (shard) => shardOf(env, shard),
  http: outsideHttp(env),
});

/** Null: the tenant's config has no such target (any more). */
export function connectorsOf(
  env: Bindings,
): (tenant: TenantRuntime, target: string) => Promise<TargetConnector | null> {
  const http = outsideHttp(env);
  return async (tenant, target) => {
    const config = tenant.config.targets[target];
    if (config === undefined) return null;
    const key = `${tenant.tenant}/${tenant.version}/${target}`;
    const known = cache.get(key);
    if (known !== undefined && Date.now() - known.madeAt < FRESH_MS) return known.connector;
    const connector = await connectorFor(
      config,
      (reference) => directoryOf(env).secret(tenant.tenant, reference),
      http,
    );
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(key, { connector, madeAt: Date.now() });
    return connector;
  };
}
