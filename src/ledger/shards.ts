/** Books grow by adding databases: a tenant's config names its shard, a D1 binding `LEDGER_<n>`. */
import type { Bindings } from '../bindings.ts';

const isDatabase = (binding: unknown): binding is D1Database =>
  typeof binding === 'object' && binding !== null && 'prepare' in binding && 'batch' in binding;

/** @throws when the config names a shard that this deployment has no binding for. */
export function shardOf(env: Bindings, shard: string): D1Database {
  const binding: unknown = Reflect.get(env, shard);
  if (!/^LEDGER_\d+$/.test(shard) || !isDatabase(binding)) throw new Error(`no D1 binding ${shard}`);
  return binding;
}

/** All shards of this deployment, in order. */
export function allShards(env: Bindings): D1Database[] {
  return Object.keys(env)
    .filter((name) => /^LEDGER_\d+$/.test(name))
    .sort()
    .map((name) => shardOf(env, name));
}
