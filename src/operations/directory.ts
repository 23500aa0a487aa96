/** The isolate's tenant directory: one per environment object, so that every face of the Worker shares its cache. */
import type { Bindings } from '../bindings.ts';
import { sources } from '../sources/registry.ts';
import { TenantDirectory } from '../tenants/directory.ts';

const directories = new WeakMap<object, TenantDirectory>();
let latest: { readonly key: string; readonly directory: TenantDirectory } | null = null;

/** Handlers may see different `env` objects of one deployment: the directory lives as long as its secrets key. */
export function directoryOf(env: Bindings): TenantDirectory {
  const known = directories.get(env);
  if (known !== undefined) return known;
  const key = env.SECRETS_KEY;
  if (key === undefined)
    throw new Error('the Worker has no SECRETS_KEY: put one with `wrangler secret put SECRETS_KEY`');
  const directory =
    latest?.key === key
      ? latest.directory
      : new TenantDirectory({ control: env.LEDGER_0, secretsKey: key, registry: sources });
  latest = { key, directory };
  directories.set(env, directory);
  return directory;
}
