/** Config versions made ready to decide by, without a secret: what the provider answered is in the archive. */
import { sources } from '../../src/sources/registry.ts';
import { tenantConfig } from '../../src/tenants/config.ts';
import { type TenantRuntime, tenantRuntime } from '../../src/tenants/runtime.ts';
import type { Evidence } from './evidence.ts';

/** @throws with a line per fault when the document is not a config that this version of the gateway understands. */
export async function runtimeOf(document: unknown, version: number): Promise<TenantRuntime> {
  const parsed = tenantConfig.safeParse(document);
  if (!parsed.success)
    throw new Error(parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`).join('\n'));
  // A source that has a key configured asks; the answers come from the archive, so any value will do.
  const runtime = await tenantRuntime(parsed.data, version, sources, async () => 'not needed');
  if (!runtime.ok) throw new Error(runtime.error.map(({ path, message }) => `  ${path}: ${message}`).join('\n'));
  return runtime.value;
}

/** Each version is read once. */
export function recordedConfigs(evidence: Evidence): (version: number) => Promise<TenantRuntime> {
  const known = new Map<number, Promise<TenantRuntime>>();
  return (version) => {
    const found = known.get(version) ?? evidence.config(version).then((document) => runtimeOf(document, version));
    known.set(version, found);
    return found;
  };
}
