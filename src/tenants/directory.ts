/**
 * Where runtimes come from: the published config in D1, secrets opened, kept in the isolate's memory for a few seconds.
 * Ingress asks for it at every webhook, so a hit costs nothing and D1's trouble does not refuse webhooks: a runtime
 * that cannot be refreshed is used on for a bounded time.
 */
import { type EpochMs, type TenantId, tenantId } from '../canonical/ids.ts';
import type { LedgerDatabase } from '../ledger/database.ts';
import type { TokenStore } from '../sources/enrichment/grant.ts';
import type { RegisteredSource } from '../sources/registered.ts';
import { tenantConfig } from './config.ts';
import { type TenantRuntime, tenantRuntime } from './runtime.ts';
import { importSecretsKey, openSecret, secretName } from './secrets.ts';
import { tokenStore } from './token-store.ts';

const FRESH_MS = 5_000;
const STALE_MS = 10 * 60_000;
const MAX_CACHED = 1_000;
/** As the config schema has it; any other name is nobody's and costs nothing. */
const possibleName = /^[a-z0-9-]{1,48}$/;
/**
 * Unknown tenants are remembered shortly too, apart from the known ones: a flood of made-up names must neither become a
 * flood of queries nor push real tenants out. Names never seen before are looked up at most this often per second;
 * beyond that the question is answered "not now", which is no lie to a tenant that exists.
 */
const MAX_UNKNOWN = 1_000;
const MAX_STRANGERS_PER_SECOND = 50;

interface Cached {
  readonly runtime: TenantRuntime;
  readonly loadedAt: EpochMs;
}

export interface DirectoryPorts {
  readonly control: LedgerDatabase;
  /** Base64 of 32 bytes. */
  readonly secretsKey: string;
  readonly registry: ReadonlyMap<string, RegisteredSource>;
}

export class TenantDirectory {
  private readonly cache = new Map<string, Cached>();
  private readonly unknown = new Map<string, EpochMs>();
  private strangers = { since: 0, count: 0 };
  private readonly loading = new Map<string, Promise<TenantRuntime | null>>();
  private key: Promise<CryptoKey> | null = null;
  private readonly ports: DirectoryPorts;

  constructor(ports: DirectoryPorts) {
    this.ports = ports;
  }

  /** Null: no such tenant, or it has no published config. Rejects when D1 does not answer and nothing usable is cached. */
  async find(tenant: string, now: EpochMs): Promise<TenantRuntime | null> {
    const cached = this.cache.get(tenant);
    if (cached !== undefined && now - cached.loadedAt < FRESH_MS) return cached.runtime;
    if (!possibleName.test(tenant)) return null;
    const missedAt = this.unknown.get(tenant);
    if (missedAt !== undefined && now - missedAt < FRESH_MS) return null;
    let loading = this.loading.get(tenant);
    if (loading === undefined) {
      if (cached === undefined) this.meetStranger(now);
      loading = this.load(tenant, now, cached ?? null).finally(() => this.loading.delete(tenant));
      this.loading.set(tenant, loading);
    }
    return loading;
  }

  /** The value of one of a tenant's secrets, for a target's credential. @throws when there is none. */
  async secret(tenant: string, reference: string): Promise<string> {
    const values = await this.openSecrets(tenantId(tenant));
    const value = values.get(secretName(reference));
    if (value === undefined) throw new Error(`no secret ${reference} for ${tenant}`);
    return value;
  }

  /** Where the tokens of a credential are kept, for providers that rotate them. */
  tokens(tenant: string, reference: string): TokenStore {
    const { control } = this.ports;
    return tokenStore(control, () => this.secretsKey(), tenant, secretName(reference), Date.now);
  }

  /** The next question reads D1 again: called after this isolate published a config or a secret. */
  forget(tenant: string): void {
    this.cache.delete(tenant);
    this.unknown.delete(tenant);
  }

  /** @throws when too many names were looked up in vain within this second. */
  private meetStranger(now: EpochMs): void {
    if (now - this.strangers.since >= 1000) this.strangers = { since: now, count: 0 };
    if (this.strangers.count >= MAX_STRANGERS_PER_SECOND) throw new Error('too many unknown tenants are asked for');
  }

  private rememberUnknown(tenant: string, now: EpochMs): void {
    this.strangers.count += 1;
    this.cache.delete(tenant);
    if (this.unknown.size >= MAX_UNKNOWN) this.unknown.clear();
    this.unknown.set(tenant, now);
  }

  private remember(tenant: string, cached: Cached): void {
    this.unknown.delete(tenant);
    if (this.cache.size >= MAX_CACHED) this.cache.clear();
    this.cache.set(tenant, cached);
  }

  private async load(tenant: string, now: EpochMs, cached: Cached | null): Promise<TenantRuntime | null> {
    try {
      const runtime = await this.read(tenant);
      if (runtime === null) this.rememberUnknown(tenant, now);
      else this.remember(tenant, { runtime, loadedAt: now });
      return runtime;
    } catch (error) {
      if (cached !== null && now - cached.loadedAt < STALE_MS) return cached.runtime;
      throw error;
    }
  }

  private async read(tenant: string): Promise<TenantRuntime | null> {
    const { results } = await this.ports.control
      .prepare(
        'SELECT version, document FROM config_versions WHERE tenant = ?1 AND published_at IS NOT NULL ORDER BY version DESC LIMIT 1',
      )
      .bind(tenant)
      .all<{ version: number; document: string }>();
    const published = results[0];
    if (published === undefined) return null;
    const config = tenantConfig.parse(JSON.parse(published.document));
    const values = await this.openSecrets(tenantId(tenant));
    const runtime = await tenantRuntime(
      config,
      published.version,
      this.ports.registry,
      async (reference) => values.get(secretName(reference)) ?? null,
    );
    if (!runtime.ok)
      throw new Error(
        `the published config of ${tenant} is not valid: ${runtime.error.map((f) => `${f.path}: ${f.message}`).join('; ')}`,
      );
    return runtime.value;
  }

  private secretsKey(): Promise<CryptoKey> {
    this.key ??= importSecretsKey(this.ports.secretsKey);
    return this.key;
  }

  private async openSecrets(tenant: TenantId): Promise<Map<string, string>> {
    const key = await this.secretsKey();
    const { results } = await this.ports.control
      .prepare("SELECT name, iv, ciphertext FROM secrets WHERE tenant = ?1 AND instr(name, '/') = 0")
      .bind(tenant)
      .all<{ name: string; iv: string; ciphertext: string }>();
    return new Map(
      await Promise.all(
        results.map(async (row): Promise<[string, string]> => [row.name, await openSecret(key, tenant, row.name, row)]),
      ),
    );
  }
}
