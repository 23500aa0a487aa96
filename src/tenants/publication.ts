/**
 * From a document somebody wrote to the config the gateway works by: checked whole, every fault named by its path in
 * words, published as the next version. A version is never changed; its meaning is fixed by storing it with every
 * default written out.
 */
import { z } from 'zod';
import { accountRoles } from '../canonical/accounts.ts';
import type { EpochMs } from '../canonical/ids.ts';
import { err, ok, type Result } from '../canonical/result.ts';
import type { RegisteredSource } from '../sources/registered.ts';
import { cautions, valueFaults } from './cautions.ts';
import { type TenantConfig, tenantConfig } from './config.ts';
import { type ConfigFault, configureSource, nextWindow } from './runtime.ts';
import { secretName } from './secrets.ts';

export interface CheckedConfig {
  readonly config: TenantConfig;
  /** It works, and something in it will need a person sooner or later. */
  readonly warnings: readonly ConfigFault[];
}

export interface ConfigSurroundings {
  /** The tenant the document is published for. */
  readonly tenant: string;
  readonly registry: ReadonlyMap<string, RegisteredSource>;
  /** Names of secrets that have a value. */
  readonly secrets: ReadonlySet<string>;
  /** D1 bindings there are, `LEDGER_0` … */
  readonly shards: ReadonlySet<string>;
  readonly now: EpochMs;
}

/** Everything that is wrong with the document, not just the first thing. Values are never repeated back. */
export function checkConfig(
  document: unknown,
  around: ConfigSurroundings,
): Result<CheckedConfig, readonly ConfigFault[]> {
  const leaked = pastedSecrets(document, []);
  if (leaked.length > 0) return err(leaked);
  const parsed = tenantConfig.safeParse(document);
  if (!parsed.success) return err(parsed.error.issues.flatMap((issue) => sayIssue(issue, [], document)));
  const config = parsed.data;
  const faults = [
    ...placeFaults(config, around),
    ...valueFaults(config),
    ...sourceFaults(config, around),
    ...windowFaults(config, around),
  ];
  if (faults.length > 0) return err(faults);
  return ok({ config, warnings: [...cautions(config), ...unmappedRoles(config), ...missingSecrets(config, around)] });
}

// ---- faults ---------------------------------------------------------------------

function placeFaults(config: TenantConfig, around: ConfigSurroundings): ConfigFault[] {
  const faults: ConfigFault[] = [];
  if (config.tenant !== around.tenant) {
    faults.push({ path: 'tenant', message: `must be ${around.tenant}, the tenant this config is published for` });
  }
  if (!around.shards.has(config.shard)) {
    faults.push({
      path: 'shard',
      message: `no database is bound as ${config.shard}; there is ${[...around.shards].join(', ')}`,
    });
  }
  return faults;
}

const sourceFaults = (config: TenantConfig, around: ConfigSurroundings): ConfigFault[] =>
  Object.entries(config.sources).flatMap(([name, source]) => {
    const configured = configureSource(name, source, around.registry);
    return configured.ok ? [] : configured.error;
  });

function windowFaults(config: TenantConfig, around: ConfigSurroundings): ConfigFault[] {
  return config.routes.flatMap((route, index) => {
    if (route.window === undefined) return [];
    const path = `routes.${index}.window`;
    try {
      nextWindow(route.window, 'UTC', around.now);
      return [];
    } catch {
      // The cron parser's words are for programmers; what is wrong with the field is all that matters here.
      return [{ path, message: 'must be a cron expression that comes round, such as 0 2 * * *' }];
    }
  });
}

/** What providers' keys and secrets look like: a value in the config would be stored readable and shown to readers. */
const secretLooks = /^(?:sk|rk|whsec|ghp|xoxb|test)_[A-Za-z0-9+/=_-]{12,}$/;
/** `https://name:password@host`. */
const withCredentials = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]*@/i;
const MAX_DEPTH = 32;

function pastedSecrets(value: unknown, path: readonly string[]): ConfigFault[] {
  if (path.length > MAX_DEPTH) return [{ path: path.slice(0, 4).join('.'), message: 'is nested too deeply' }];
  if (typeof value === 'string' && withCredentials.test(value))
    return [{ path: path.join('.'), message: 'holds a user name or password; store that as a secret' }];
  if (typeof value === 'string') {
    return secretLooks.test(value)
      ? [
          {
            path: path.join('.'),
            message: 'looks like a secret itself; store it with `config secret` and write secret://name here',
          },
        ]
      : [];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => pastedSecrets(inner, [...path, key]));
}

type Issue = z.core.$ZodIssue;

/** One zod issue as sentences with dotted paths. */
export function sayIssue(issue: Issue, prefix: readonly PropertyKey[], document: unknown): ConfigFault[] {
  const at = [...prefix, ...issue.path];
  const path = at.map(String).join('.') || '(the document)';
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...at.map(String), key].join('.'), message: 'is not a known setting' }));
    case 'invalid_type':
      return [
        { path, message: valueAt(document, at) === undefined ? 'is missing' : `must be ${kindWord(issue.expected)}` },
      ];
    case 'invalid_value':
      return [{ path, message: `must be ${oneOf(issue.values.map(String))}` }];
    case 'too_small':
      return [
        {
          path,
          message:
            issue.origin === 'string' && Number(issue.minimum) === 1
              ? 'must not be empty'
              : `must be at least ${issue.minimum}${unitOf(issue.origin)}`,
        },
      ];
    case 'too_big':
      return [{ path, message: `must be at most ${issue.maximum}${unitOf(issue.origin)}` }];
    case 'invalid_format':
      return [
        {
          path,
          message:
            issue.format === 'url' ? 'must be a URL that starts with http:// or https://' : asDemand(issue.message),
        },
      ];
    case 'invalid_key':
      return issue.issues.flatMap((inner) => [{ path, message: `is not a good name: ${asDemand(inner.message)}` }]);
    case 'invalid_union':
      return sayUnion(issue, at, path, document);
    default:
      return [{ path, message: asDemand(issue.message) }];
  }
}

function sayUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  at: readonly PropertyKey[],
  path: string,
  document: unknown,
): ConfigFault[] {
  const options = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
  if (options.length > 0) {
    return [
      {
        path,
        message: valueAt(document, at) === undefined ? `is missing; ${oneOf(options)}` : `must be ${oneOf(options)}`,
      },
    ];
  }
  // The alternative that got furthest says best what is wrong; when none got anywhere, say all of them.
  const deep = issue.errors.find((errors) =>
    errors.some((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys'),
  );
  if (deep !== undefined) return deep.flatMap((inner) => sayIssue(inner, at, document));
  if (valueAt(document, at) === undefined) return [{ path, message: 'is missing' }];
  const said = issue.errors
    .flatMap((errors) => errors.flatMap((inner) => sayIssue(inner, at, document)))
    .map((fault) => fault.message);
  return [{ path, message: [...new Set(said)].join(', or ') }];
}

const oneOf = (values: readonly string[]): string =>
  values.length === 1 ? `${values[0]}` : `one of ${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;

const unitOf = (origin: string): string =>
  origin === 'string' ? ' characters' : origin === 'array' || origin === 'set' ? ' items' : '';

const kindWords: Readonly<Record<string, string>> = {
  string: 'text in quotes',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object { … }',
  record: 'an object { … }',
  array: 'a list [ … ]',
  null: 'null',
};
const kindWord = (expected: string): string => kindWords[expected] ?? expected;

/** Schema messages name what is expected (`an ISO 4217 code …`) or state a fault (`no entity named x`). */
const asDemand = (message: string): string => (/^(?:an?|lower-case) /.test(message) ? `must be ${message}` : message);

function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  let value: unknown = document;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.hasOwn(value, key) ? Object.entries(value).find(([name]) => name === String(key))?.[1] : undefined;
  }
  return value;
}

// ---- warnings --------------------------------------------------------------------

const qualified = (role: string): boolean => role === 'revenue' || role === 'tax';

/** A role without an account works until the first event needs it: then that event parks. Better said now. */
function unmappedRoles(config: TenantConfig): ConfigFault[] {
  return Object.entries(config.entities).flatMap(([entity, settings]) =>
    accountRoles.flatMap((role): ConfigFault[] => {
      const mapping = settings.accounts[role] ?? config.accounts[role];
      const path = `accounts.${role}`;
      if (mapping === undefined) {
        return [
          { path, message: `entity ${entity} has no account for ${role}: an event that needs it waits for a person` },
        ];
      }
      if (typeof mapping !== 'string' && mapping.default === undefined && qualified(role)) {
        return [
          {
            path,
            message: `entity ${entity} has no default account for ${role}: an unknown ${role === 'tax' ? 'tax code' : 'product'} waits for a person`,
          },
        ];
      }
      return [];
    }),
  );
}

/** Every secret the config refers to, with where it does. */
export function secretReferences(config: TenantConfig): readonly { readonly name: string; readonly path: string }[] {
  const sources = Object.entries(config.sources).flatMap(([source, settings]) => [
    ...settings.secrets.map((entry, index) => ({
      name: secretName(typeof entry === 'string' ? entry : entry.ref),
      path: `sources.${source}.secrets.${index}`,
    })),
    ...(settings.apiKey === undefined ? [] : [{ name: secretName(settings.apiKey), path: `sources.${source}.apiKey` }]),
  ]);
  const targets = Object.entries(config.targets).flatMap(([target, settings]) =>
    settings.kind === 'odoo' ? [{ name: secretName(settings.credential), path: `targets.${target}.credential` }] : [],
  );
  return [...sources, ...targets];
}

const missingSecrets = (config: TenantConfig, around: ConfigSurroundings): ConfigFault[] =>
  secretReferences(config)
    .filter(({ name }) => !around.secrets.has(name))
    .map(({ name, path }) => ({
      path,
      message: `secret://${name} has no value yet: store it with \`config secret ${name}\``,
    }));

// ---- versions --------------------------------------------------------------------

export interface StoredVersion {
  readonly tenant: string;
  readonly version: number;
  readonly document: TenantConfig;
  readonly createdAt: EpochMs;
  readonly createdBy: string;
  readonly publishedAt: EpochMs | null;
}

const versionRow = z.object({
  tenant: z.string(),
  version: z.int(),
  document: z.string(),
  created_at: z.number(),
  created_by: z.string(),
  published_at: z.number().nullable(),
});

/** Parsed documents by their text: a version never changes, and parsing one takes longer than reading it. */
const parsed = new Map<string, TenantConfig>();
const MAX_PARSED = 100;

function parseDocument(text: string): TenantConfig {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const config = tenantConfig.parse(JSON.parse(text));
  if (parsed.size >= MAX_PARSED) parsed.clear();
  parsed.set(text, config);
  return config;
}

/** @throws when the stored document is not a config any more: publishing checked it, so that is a bug. */
function stored(row: Record<string, unknown> | null): StoredVersion | null {
  if (row === null) return null;
  const { tenant, version, document, created_at, created_by, published_at } = versionRow.parse(row);
  return {
    tenant,
    version,
    document: parseDocument(document),
    createdAt: created_at,
    createdBy: created_by,
    publishedAt: published_at,
  };
}

/** The version the gateway works by, or null when nothing was published for this tenant. */
export async function liveConfig(control: D1Database, tenant: string): Promise<StoredVersion | null> {
  return stored(
    await control
      .prepare(
        'SELECT * FROM config_versions WHERE tenant = ?1 AND published_at IS NOT NULL ORDER BY version DESC LIMIT 1',
      )
      .bind(tenant)
      .first(),
  );
}

export async function configVersion(
  control: D1Database,
  tenant: string,
  version: number,
): Promise<StoredVersion | null> {
  return stored(
    await control
      .prepare('SELECT * FROM config_versions WHERE tenant = ?1 AND version = ?2')
      .bind(tenant, version)
      .first(),
  );
}

/** Tenants there are, at most `limit`: steps from one tenant to the next in the key, however many versions each has. */
export async function listTenants(control: D1Database, limit: number): Promise<string[]> {
  const { results } = await control
    .prepare(
      `WITH RECURSIVE t(tenant) AS (
        SELECT (SELECT tenant FROM config_versions ORDER BY tenant LIMIT 1)
        UNION ALL SELECT (SELECT c.tenant FROM config_versions c WHERE c.tenant > t.tenant ORDER BY c.tenant LIMIT 1) FROM t WHERE t.tenant IS NOT NULL
      ) SELECT tenant FROM t WHERE tenant IS NOT NULL LIMIT ?1`,
    )
    .bind(limit)
    .all<{ tenant: string }>();
  return results.map((row) => row.tenant);
}

const isLive =
  'c.version = (SELECT max(v.version) FROM config_versions v WHERE v.tenant = c.tenant AND v.published_at IS NOT NULL)';
const summarises = "EXISTS (SELECT 1 FROM json_each(c.document, '$.routes') r WHERE r.value ->> 'mode' = 'summary'";

/** Tenants whose live config has a summary route, by name, after `after`. */
export async function summarisingTenants(control: D1Database, after: string, limit: number): Promise<string[]> {
  const { results } = await control
    .prepare(
      `SELECT c.tenant FROM config_versions c WHERE c.tenant > ?1 AND ${isLive} AND ${summarises}) ORDER BY c.tenant LIMIT ?2`,
    )
    .bind(after, limit)
    .all<{ tenant: string }>();
  return results.map((row) => row.tenant);
}

export interface FeedTenant {
  readonly tenant: string;
  readonly shard: string;
  /** Null: the feed's usual place. */
  readonly url: string | null;
}

/** Tenants whose live config names a rates feed, by name, after `after`. */
export async function feedTenants(control: D1Database, after: string, limit: number): Promise<FeedTenant[]> {
  const { results } = await control
    .prepare(
      `SELECT c.tenant, c.document ->> '$.shard' AS shard, c.document ->> '$.rates.url' AS url FROM config_versions c
       WHERE c.tenant > ?1 AND ${isLive} AND c.document ->> '$.rates.feed' IS NOT NULL ORDER BY c.tenant LIMIT ?2`,
    )
    .bind(after, limit)
    .all<FeedTenant>();
  return results;
}

/** How far before its config the first window of a target begins. */
export const FIRST_WINDOW_SLACK_MS = 86_400_000;

/**
 * The commit id behind which the first window of a target begins: a day before a config first gave it summaries, so that
 * clocks which differ leave nothing out. Only what was decided by such a config is summarised.
 */
export async function firstSummarised(control: D1Database, tenant: string, target: string): Promise<string> {
  const row = await control
    .prepare(
      `SELECT min(c.published_at) AS at FROM config_versions c WHERE c.tenant = ?1 AND c.published_at IS NOT NULL AND ${summarises} AND r.value ->> 'to' = ?2)`,
    )
    .bind(tenant, target)
    .first<{ at: number | null }>();
  return String(Math.max(0, (row?.at ?? 0) - FIRST_WINDOW_SLACK_MS)).padStart(15, '0');
}

export async function secretNames(control: D1Database, tenant: string): Promise<Set<string>> {
  const { results } = await control
    // Tokens that the gateway keeps beside a credential (token-store.ts) are nobody's to name.
    .prepare("SELECT name FROM secrets WHERE tenant = ?1 AND instr(name, '/') = 0")
    .bind(tenant)
    .all<{ name: string }>();
  return new Set(results.map((row) => row.name));
}

export type PublishOutcome =
  | { readonly code: 'published'; readonly version: number }
  | { readonly code: 'unchanged'; readonly version: number }
  /** Somebody else published in between: look at theirs first. */
  | { readonly code: 'conflict' };

/**
 * Publishes the next version with its audit row in one transaction. Two who publish at once get one version and one
 * conflict, never two versions that each believe to follow the same one.
 */
export async function publishConfig(
  control: D1Database,
  live: StoredVersion | null,
  config: TenantConfig,
  by: string,
  now: EpochMs,
  audit: (version: number) => D1PreparedStatement,
): Promise<PublishOutcome> {
  if (live !== null && differences(live.document, config).length === 0)
    return { code: 'unchanged', version: live.version };
  const version = (live?.version ?? 0) + 1;
  const taken = await configVersion(control, config.tenant, version);
  if (taken !== null) return { code: 'conflict' };
  try {
    await control.batch([
      control
        .prepare(
          'INSERT INTO config_versions (tenant, version, document, created_at, created_by, published_at) VALUES (?1, ?2, ?3, ?4, ?5, ?4)',
        )
        .bind(config.tenant, version, JSON.stringify(config), now, by),
      audit(version),
    ]);
  } catch (error) {
    if (error instanceof Error && error.message.includes('UNIQUE constraint failed: config_versions'))
      return { code: 'conflict' };
    throw error;
  }
  return { code: 'published', version };
}

// ---- differences ------------------------------------------------------------------

export interface ConfigDifference {
  readonly path: string;
  /** Undefined: it was not there. */
  readonly from?: unknown;
  readonly to?: unknown;
}

/** What changed between two documents, leaf by leaf. Lists are compared place by place. */
export function differences(from: unknown, to: unknown, path = ''): ConfigDifference[] {
  if (Object.is(from, to)) return [];
  if (!isNode(from) || !isNode(to) || Array.isArray(from) !== Array.isArray(to)) {
    return [{ path, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }];
  }
  const left = new Map(Object.entries(from));
  const right = new Map(Object.entries(to));
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((key) =>
    differences(left.get(key), right.get(key), path === '' ? key : `${path}.${key}`),
  );
}

const isNode = (value: unknown): value is object => typeof value === 'object' && value !== null;
