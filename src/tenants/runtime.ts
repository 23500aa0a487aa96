/** A tenant's published config made ready for use: sources configured, entities as the rules need them, routes resolved. */
import { Cron } from 'croner';
import { type ApprovalNeed, type ApprovalRule, approvalNeeded, type PostingInQuestion } from '../canonical/approval.ts';
import type { EntityBooks } from '../canonical/decision.ts';
import type { EntityRule } from '../canonical/entities.ts';
import type { CanonicalEvent, CanonicalKind } from '../canonical/events.ts';
import type { IdentityRules } from '../canonical/identity.ts';
import { type EpochMs, isoDate, type SourceId, sourceId, type TenantId, tenantId } from '../canonical/ids.ts';
import { currency, formatMinor, type Money, money, rate } from '../canonical/money.ts';
import { err, ok, type Result } from '../canonical/result.ts';
import { OWN_SOURCE, ownSource } from '../sources/ledgergate/index.ts';
import type { ConfiguredSource, RegisteredSource } from '../sources/registered.ts';
import type { LiveSecret, TrustTier } from '../verification/verification.ts';
import {
  identityProvider,
  type RouteConfig,
  readAmount,
  type SourceConfig,
  type TargetConfig,
  type TenantConfig,
} from './config.ts';

export interface TenantSource {
  readonly id: SourceId;
  readonly entity: string;
  readonly entityRules: readonly EntityRule[];
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
  route(facts: readonly CanonicalEvent[], entity: string, now: EpochMs): readonly RoutedTarget[];
  /** Whether a second person has to approve of it first, and why. */
  approval(question: PostingInQuestion): ApprovalNeed | null;
  /** Documents per bulk call. */
  batchLimit(target: string): number;
  /** Calls at once and per second that the target can bear. */
  limits(target: string): { readonly concurrency: number; readonly perSecond: number };
}

export interface RoutedTarget {
  readonly target: string;
  readonly notBefore: EpochMs;
  /** It takes the summary of its window instead of documents. */
  readonly summarised?: true;
  /** A parallel run: documents are looked for there, and not posted as long as it lasts. */
  readonly compared?: true;
}

export interface SummaryRoute {
  readonly target: string;
  readonly entity: string;
  /** Cron expression, in the entity's time zone. */
  readonly window: string;
  readonly timeZone: string;
  readonly per: 'day' | 'month';
  readonly linesPerJournal: number;
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
      entityRules: sourceConfig.entityRules.map(({ when, entity }) => ({
        currency: when.currency === undefined ? null : currency(when.currency),
        field: when.path === undefined ? null : { path: when.path, equals: when.equals ?? '' },
        entity,
      })),
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
  const rules = approvalRules(config);
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
    approval: (question) => approvalNeeded([...routeRules(config, question), ...rules], question),
    batchLimit: (target) => limitsOf(config.targets[target]).batch,
    limits: (target) => limitsOf(config.targets[target]),
  });
}

/** Its events name their entity themselves. */
const gatewayItself = (config: TenantConfig): TenantSource => ({
  id: sourceId(OWN_SOURCE),
  entity: Object.keys(config.entities)[0] ?? '',
  entityRules: [],
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
): readonly RoutedTarget[] {
  // A summary is for the target whose window closed, whatever else takes such facts.
  const summary = facts.find((fact) => fact.kind === 'journal.summarised');
  if (summary !== undefined) {
    const { target } = summary;
    return [isCompared(config, target) ? { target, notBefore: 0, compared: true } : { target, notBefore: 0 }];
  }
  const withheld = new Set(facts.flatMap((fact) => (fact.kind === 'journal.posted' ? (fact.notFor ?? []) : [])));
  const routes = [...routesTaken(config, facts, entity)].filter(([target]) => !withheld.has(target));
  return routes.map(([target, route]): RoutedTarget => {
    if (route.mode === 'summary') return { target, notBefore: 0, summarised: true };
    const { window } = route;
    const timeZone = config.entities[entity]?.timeZone ?? 'UTC';
    const notBefore = window === undefined ? 0 : nextWindow(window, timeZone, now);
    return isCompared(config, target) ? { target, notBefore, compared: true } : { target, notBefore };
  });
}

function isCompared(config: TenantConfig, name: string): boolean {
  const target = config.targets[name];
  return target?.kind === 'odoo' && target.mode === 'compare';
}

function routesTaken(
  config: TenantConfig,
  facts: readonly CanonicalEvent[],
  entity: string,
): ReadonlyMap<string, RouteConfig> {
  const taken = new Map<string, RouteConfig>();
  for (const route of config.routes) {
    if (taken.has(route.to) || config.targets[route.to]?.kind === 'embedded-gl') continue;
    if (route.when.entity !== undefined && route.when.entity !== entity) continue;
    if (facts.some((fact) => matches(route.when.event, fact.kind))) taken.set(route.to, route);
  }
  return taken;
}

function matches(pattern: string, kind: CanonicalKind): boolean {
  if (pattern === '*' || pattern === kind) return true;
  return pattern.endsWith('.*') && kind.startsWith(pattern.slice(0, -1));
}

/** Windows whose entries are summarised, one per target and entity. */
export function summaryRoutes(config: TenantConfig): SummaryRoute[] {
  const routes = new Map<string, SummaryRoute>();
  for (const { mode, to, window, per, when } of config.routes) {
    if (mode !== 'summary' || window === undefined) continue;
    const { linesPerJournal } = limitsOf(config.targets[to]);
    for (const [entity, { timeZone }] of Object.entries(config.entities)) {
      if (when.entity !== undefined && when.entity !== entity) continue;
      routes.set(`${to}/${entity}`, { target: to, entity, window, timeZone, per: per ?? 'day', linesPerJournal });
    }
  }
  return [...routes.values()];
}

const HOUR_MS = 3_600_000;
/** Of a route's own threshold. */
const ROUTE_EXPIRY_MS = 72 * HOUR_MS;

const approvalRules = (config: TenantConfig): ApprovalRule[] =>
  config.approvals.flatMap(({ when, target, expiresAfterHours }) => {
    const over = typeof when.over === 'string' ? readAmount(when.over) : money(when.over.amount, when.over.currency);
    if (over === null) return [];
    const on = when.account === undefined ? '' : ` on ${when.account}`;
    return [
      {
        concerns: (kind: CanonicalKind) => matches(when.event, kind),
        entity: when.entity ?? null,
        account: when.account ?? null,
        target: target ?? null,
        over,
        expiresAfterMs: expiresAfterHours * HOUR_MS,
        words: `${when.event}${on} over ${spoken(over)}`,
      },
    ];
  });

/** The threshold of the route that the posting took; a summary's is that of the routes it sums up. */
function routeRules(config: TenantConfig, { facts, entity, target }: PostingInQuestion): ApprovalRule[] {
  const summary = facts.some((fact) => fact.kind === 'journal.summarised');
  const route = summary
    ? config.routes.find(
        ({ mode, to, when }) => mode === 'summary' && to === target && (when.entity ?? entity) === entity,
      )
    : routesTaken(config, facts, entity).get(target);
  const over = route?.approval === undefined ? null : readAmount(route.approval.slice('over '.length));
  if (over === null) return [];
  const anything = { concerns: () => true, entity: null, account: null, target: null };
  return [
    { ...anything, over, expiresAfterMs: ROUTE_EXPIRY_MS, words: `everything to ${target} over ${spoken(over)}` },
  ];
}

const spoken = ({ amount, currency: code }: Money): string => `${formatMinor(amount, code)} ${code}`;

/** @throws RangeError for a cron expression that has no next time; `config apply` refuses such before. */
export function nextWindow(expression: string, timeZone: string, now: EpochMs): EpochMs {
  const next = new Cron(expression, { timezone: timeZone }).nextRun(new Date(now));
  if (next === null) throw new RangeError(`posting window ${expression} never comes`);
  return next.getTime();
}

const limitsOf = (
  target: TargetConfig | undefined,
): { batch: number; concurrency: number; perSecond: number; linesPerJournal: number } =>
  target?.kind === 'odoo' ? target.limits : { batch: 100, concurrency: 1, perSecond: 1000, linesPerJournal: 500 };
