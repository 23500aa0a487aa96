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
  if (latest === null || latest.key !== env.SECRETS_KEY) {
    latest = { key: env.SECRETS_KEY, directory: new TenantDirectory({ control: env.LEDGER_0, secretsKey: env.SECRETS_KEY, registry: sources }) };
  }
  directories.set(env, latest.directory);
  return latest.directory;
}
