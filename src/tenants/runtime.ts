/** A tenant's published config made ready for use: sources configured, entities as the rules need them, routes resolved. */
import { Cron } from 'croner';
import type { EntityBooks } from '../canonical/decision.ts';
import type { CanonicalEvent } from '../canonical/events.ts';
import type { IdentityRules } from '../canonical/identity.ts';
import { type EpochMs, isoDate, type SourceId, sourceId, type TenantId, tenantId } from '../canonical/ids.ts';
import { currency, rate } from '../canonical/money.ts';
import { err, ok, type Result } from '../canonical/result.ts';
import type { PostingPlan } from '../ledger/records.ts';
import { OWN_SOURCE, ownSource } from '../sources/ledgergate/index.ts';
import type { ConfiguredSource, RegisteredSource } from '../sources/registered.ts';
import type { LiveSecret, TrustTier } from '../verification/verification.ts';
import { identityProvider, type SourceConfig, type TargetConfig, type TenantConfig } from './config.ts';

export interface TenantSource {
  readonly id: SourceId;
  readonly entity: string;
  readonly moneyNeeds: TrustTier;
  readonly source: ConfiguredSource;
  /** Values of the configured secrets, opened when the runtime was made. */
  readonly secrets: readonly LiveSecret[];
  readonly apiKey: string | null;
  readonly apiUrl: string | null;
}

export interface TenantRuntime {
  readonly tenant: TenantId;
  readonly version: number;
  readonly config: TenantConfig;
  readonly sources: ReadonlyMap<SourceId, TenantSource>;
  /** Whose customers name which other provider's. */
  readonly identity: IdentityRules;
  books(entity: string): EntityBooks;
  /** Targets that take these facts' documents, and from when: a window's documents wait for its next time. */
  route(facts: readonly CanonicalEvent[], entity: string, now: EpochMs): PostingPlan['targets'];
  /** Documents per bulk call. */
  batchLimit(target: string): number;
  /** Calls at once and per second that the target can bear. */
  limits(target: string): { readonly concurrency: number; readonly perSecond: number };
}

export interface ConfigFault {
  /** Dotted path, `sources.stripe.livemode`. */
  readonly path: string;
  readonly message: string;
}

/**
 * @param openSecret the value of a reference, or null when there is none: the source then has no live secret and
 * refuses every delivery.
 */
export async function tenantRuntime(
  config: TenantConfig,
  version: number,
  registry: ReadonlyMap<string, RegisteredSource>,
  openSecret: (reference: string) => Promise<string | null>,
): Promise<Result<TenantRuntime, readonly ConfigFault[]>> {
  const sources = new Map<SourceId, TenantSource>();
  const faults: ConfigFault[] = [];
  for (const [name, sourceConfig] of Object.entries(config.sources)) {
    const configured = configureSource(name, sourceConfig, registry);
    if (!configured.ok) {
      faults.push(...configured.error);
      continue;
    }
    sources.set(sourceId(name), {
      id: sourceId(name),
      entity: sourceConfig.entity,
      moneyNeeds: sourceConfig.moneyNeeds,
      source: configured.value,
      secrets: await liveSecretsOf(sourceConfig, openSecret),
      apiKey: sourceConfig.apiKey === undefined ? null : await openSecret(sourceConfig.apiKey),
      apiUrl: sourceConfig.apiUrl ?? null,
    });
  }
  if (faults.length > 0) return err(faults);
  sources.set(sourceId(OWN_SOURCE), gatewayItself(config));
  const books = new Map(Object.keys(config.entities).map((entity) => [entity, entityBooks(config, entity)]));
  const tenant = tenantId(config.tenant);
  return ok({
    tenant,
    version,
    config,
    sources,
    identity: new Map(
      Object.keys(config.identity).flatMap((provider): [string, string][] => {
        const other = identityProvider(config, provider);
        return other === null ? [] : [[provider, other]];
      }),
    ),
    books(entity) {
      const found = books.get(entity);
      if (found === undefined) throw new Error(`no entity ${entity} in config version ${version} of ${tenant}`);
      return found;
    },
    route: (facts, entity, now) => routeTargets(config, facts, entity, now),
    batchLimit: (target) => limitsOf(config.targets[target]).batch,
    limits: (target) => limitsOf(config.targets[target]),
  });
}

/** Its events name their entity themselves. */
const gatewayItself = (config: TenantConfig): TenantSource => ({
  id: sourceId(OWN_SOURCE),
  entity: Object.keys(config.entities)[0] ?? '',
  moneyNeeds: 'authenticated',
  source: ownSource,
  secrets: [],
  apiKey: null,
  apiUrl: null,
});

/** The provider's own settings, checked by its definition. Also used by `config apply` before anything is stored. */
export function configureSource(
  name: string,
  config: SourceConfig,
  registry: ReadonlyMap<string, RegisteredSource>,
): Result<ConfiguredSource, readonly ConfigFault[]> {
  const registered = registry.get(config.provider);
  if (registered === undefined) {
    return err([{ path: `sources.${name}.provider`, message: `not one of ${[...registry.keys()].join(', ')}` }]);
  }
  const configured = registered.configure(config);
  if (configured.ok) return configured;
  return err(
    configured.error.map((issue) => {
      const [path = '', ...words] = issue.split(': ');
      return { path: `sources.${name}.${path}`, message: words.join(': ') };
    }),
  );
}

async function liveSecretsOf(
  config: SourceConfig,
  openSecret: (reference: string) => Promise<string | null>,
): Promise<LiveSecret[]> {
  const live: LiveSecret[] = [];
  for (const entry of config.secrets) {
    const { ref, notBefore, notAfter } = typeof entry === 'string' ? { ref: entry } : entry;
    const value = await openSecret(ref);
    if (value === null) continue;
    live.push({
      value,
      notBefore: notBefore === undefined ? null : Date.parse(notBefore),
      notAfter: notAfter === undefined ? null : Date.parse(notAfter),
    });
  }
  return live;
}

function entityBooks(config: TenantConfig, entity: string): EntityBooks {
  const settings = config.entities[entity];
  if (settings === undefined) throw new Error(`no entity ${entity}`);
  return {
    entity,
    currency: currency(settings.currency),
    timeZone: settings.timeZone,
    accounts: { ...config.accounts, ...settings.accounts },
    policies: config.policies,
    records: config.records.customer,
    ...(settings.currencies === undefined ? {} : { currencies: settings.currencies.map(currency) }),
    rates: settings.rates.map((entry) => ({
      from: currency(entry.from),
      to: currency(entry.to),
      date: isoDate(entry.date),
      rate: rate(entry.rate),
      source: entry.source,
    })),
    closedUntil: settings.closedUntil === null ? null : isoDate(settings.closedUntil),
  };
}

/** The first matching route of each target decides. Facts of one event travel together: one match takes them all. */
function routeTargets(
  config: TenantConfig,
  facts: readonly CanonicalEvent[],
  entity: string,
  now: EpochMs,
): PostingPlan['targets'] {
  const targets = new Map<string, EpochMs>();
  for (const route of config.routes) {
    if (targets.has(route.to) || config.targets[route.to]?.kind === 'embedded-gl') continue;
    if (route.when.entity !== undefined && route.when.entity !== entity) continue;
    if (!facts.some((fact) => matches(route.when.event, fact.kind))) continue;
    targets.set(
      route.to,
      route.window === undefined ? 0 : nextWindow(route.window, config.entities[entity]?.timeZone ?? 'UTC', now),
    );
  }
  return [...targets].map(([target, notBefore]) => ({ target, notBefore }));
}

function matches(pattern: string, kind: string): boolean {
  if (pattern === '*' || pattern === kind) return true;
  return pattern.endsWith('.*') && kind.startsWith(pattern.slice(0, -1));
}

/** @throws RangeError for a cron expression that has no next time; `config apply` refuses such before. */
export function nextWindow(expression: string, timeZone: string, now: EpochMs): EpochMs {
  const next = new Cron(expression, { timezone: timeZone }).nextRun(new Date(now));
  if (next === null) throw new RangeError(`posting window ${expression} never comes`);
  return next.getTime();
}

const limitsOf = (target: TargetConfig | undefined): { batch: number; concurrency: number; perSecond: number } =>
  target?.kind === 'odoo' ? target.limits : { batch: 100, concurrency: 1, perSecond: 1000 };
