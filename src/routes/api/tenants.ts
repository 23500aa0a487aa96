/** Tenants: config and its versions, secrets (write-only), keys, the audit trail. */
import { z } from 'zod';
import { auditCursor, auditView, listAudit } from '../../ledger/audit-reads.ts';
import { sha256Hex } from '../../ledger/hash.ts';
import { shardOf } from '../../ledger/shards.ts';
import { reaches, roles } from '../../operations/access.ts';
import { auditId, auditStatement } from '../../operations/audit.ts';
import { directoryOf } from '../../operations/directory.ts';
import { resumeParked } from '../../operations/resume-parked.ts';
import { sources } from '../../sources/registry.ts';
import {
  checkConfig,
  configVersion,
  differences,
  listTenants,
  liveConfig,
  publishConfig,
  type StoredVersion,
  secretNames,
} from '../../tenants/publication.ts';
import { importSecretsKey, sealSecret } from '../../tenants/secrets.ts';
import { problem } from '../problem.ts';
import { type Caller, pageOf, pageQuery, pageRequest, plainRoute, tenantRoute } from './route.ts';

const slug = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$/, 'lower-case letters, digits and dashes, at most 48');
const tenantParams = z.object({ tenant: slug });
const fault = z.object({ path: z.string(), message: z.string() });

const versionHead = z.object({
  version: z.int(),
  createdAt: z.string(),
  createdBy: z.string(),
  publishedAt: z.string().nullable(),
});
const versionView = versionHead.extend({ document: z.looseObject({ tenant: z.string() }) });
const headOf = (stored: StoredVersion): z.infer<typeof versionHead> => ({
  version: stored.version,
  createdAt: new Date(stored.createdAt).toISOString(),
  createdBy: stored.createdBy,
  publishedAt: stored.publishedAt === null ? null : new Date(stored.publishedAt).toISOString(),
});
const viewVersion = (stored: StoredVersion): z.infer<typeof versionView> => ({
  ...headOf(stored),
  document: { ...stored.document },
});

const controlAudit = (
  call: Caller,
  tenant: string,
  action: string,
  subject: string,
  detail: Readonly<Record<string, unknown>>,
) =>
  auditStatement(call.env.LEDGER_0, {
    ...{ tenant, at: call.now, actor: call.actor.name, action, subject, detail },
    id: auditId(call.now, call.newId()),
  });

const shardNames = (env: object): Set<string> => new Set(Object.keys(env).filter((name) => /^LEDGER_\d+$/.test(name)));
const versionText = z.coerce.number().int().min(1).max(1_000_000_000);
const difference = z.object({ path: z.string(), from: z.unknown().optional(), to: z.unknown().optional() });

const configRoutes = [
  plainRoute(
    {
      method: 'get',
      path: '/tenants',
      tag: 'config',
      summary: 'Tenants the key reaches',
      role: 'read',
      answer: z.object({ items: z.array(z.string()) }),
    },
    async ({ env, actor }) => ({
      items: actor.tenant === '*' ? await listTenants(env.LEDGER_0, 1000) : [actor.tenant],
    }),
  ),
  plainRoute(
    {
      method: 'post',
      path: '/tenants/{tenant}/config',
      tag: 'config',
      summary: 'Check a config and publish it as the next version; `dryRun=1` only checks',
      role: 'admin',
      params: tenantParams,
      query: z.object({ dryRun: z.enum(['0', '1']).default('0') }),
      body: z.looseObject({}),
      answer: z.object({
        outcome: z.enum(['checked', 'published', 'unchanged']),
        version: z.int().nullable().describe('the live version after this call'),
        changes: z.array(difference),
        warnings: z.array(fault),
      }),
    },
    async (call) => {
      const { tenant } = call.params;
      const control = call.env.LEDGER_0;
      const [live, secrets] = await Promise.all([liveConfig(control, tenant), secretNames(control, tenant)]);
      const around = { tenant, registry: sources, secrets, shards: shardNames(call.env), now: call.now };
      const checked = checkConfig(call.body, around);
      if (!checked.ok) return problem('invalid_config', { errors: checked.error });
      const { config, warnings } = checked.value;
      if (live !== null && live.document.shard !== config.shard) {
        return problem('invalid_config', {
          errors: [{ path: 'shard', message: `must stay ${live.document.shard}: the books are there` }],
        });
      }
      const changes = differences(live?.document ?? {}, config);
      if (call.query.dryRun === '1')
        return { outcome: 'checked' as const, version: live?.version ?? null, changes, warnings: [...warnings] };
      const outcome = await publishConfig(control, live, config, call.actor.name, call.now, (version) =>
        controlAudit(call, tenant, 'config.publish', `version ${version}`, {
          changed: changes.slice(0, 100).map((change) => change.path),
        }),
      );
      if (outcome.code === 'conflict') {
        return problem('conflict', {
          detail: 'somebody else published in between: look at the live config, then apply again',
        });
      }
      directoryOf(call.env).forget(tenant);
      if (outcome.code === 'published') await resumeParked(call.env, shardOf(call.env, config.shard), tenant);
      return { outcome: outcome.code, version: outcome.version, changes, warnings: [...warnings] };
    },
  ),
  tenantRoute(
    { method: 'get', path: '/config', tag: 'config', summary: 'The live config', role: 'read', answer: versionView },
    async ({ live }) => viewVersion(live),
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/config/versions',
      tag: 'config',
      summary: 'Versions, newest first',
      role: 'read',
      query: z.object({ limit: z.coerce.number().int().min(1).max(200).default(50), before: versionText.optional() }),
      answer: z.object({ items: z.array(versionHead), next: z.int().nullable().describe('pass as `before`') }),
    },
    async ({ query, env, tenant }) => {
      const { results } = await env.LEDGER_0.prepare(
        `SELECT version, created_at AS createdAt, created_by AS createdBy, published_at AS publishedAt
         FROM config_versions WHERE tenant = ?1 AND version < ?2 ORDER BY version DESC LIMIT ?3`,
      )
        .bind(tenant, query.before ?? Number.MAX_SAFE_INTEGER, query.limit + 1)
        .all<{ version: number; createdAt: number; createdBy: string; publishedAt: number | null }>();
      const items = results.slice(0, query.limit).map((row) => ({
        ...row,
        createdAt: new Date(row.createdAt).toISOString(),
        publishedAt: row.publishedAt === null ? null : new Date(row.publishedAt).toISOString(),
      }));
      return { items, next: results.length > query.limit ? (items.at(-1)?.version ?? null) : null };
    },
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/config/versions/{version}',
      tag: 'config',
      summary: 'One version whole',
      role: 'read',
      params: z.object({ version: versionText }),
      answer: versionView,
    },
    async ({ params, env, tenant }) => {
      const found = await configVersion(env.LEDGER_0, tenant, params.version);
      return found === null ? problem('not_found') : viewVersion(found);
    },
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/config/diff',
      tag: 'config',
      summary: 'What changed between two versions',
      role: 'read',
      query: z.object({ from: versionText, to: versionText }),
      answer: z.object({ changes: z.array(difference) }),
    },
    async ({ query, env, tenant }) => {
      const [from, to] = await Promise.all([
        configVersion(env.LEDGER_0, tenant, query.from),
        configVersion(env.LEDGER_0, tenant, query.to),
      ]);
      if (from === null || to === null) return problem('not_found', { detail: 'no such version' });
      return { changes: differences(from.document, to.document) };
    },
  ),
];

const secretRoutes = [
  plainRoute(
    {
      method: 'put',
      path: '/tenants/{tenant}/secrets/{name}',
      tag: 'secrets',
      summary: 'Store a secret’s value. It is sealed and never comes back',
      role: 'admin',
      params: tenantParams.extend({
        name: z.string().regex(/^[a-z0-9-]{1,64}$/, 'lower-case letters, digits and dashes'),
      }),
      body: z.strictObject({ value: z.string().min(1).max(8192) }),
      answer: z.object({ reference: z.string(), updatedAt: z.string() }),
    },
    async (call) => {
      const { tenant, name } = call.params;
      if (call.env.SECRETS_KEY === undefined)
        return problem('unavailable', { detail: 'the Worker has no SECRETS_KEY' });
      const sealed = await sealSecret(await importSecretsKey(call.env.SECRETS_KEY), tenant, name, call.body.value);
      await call.env.LEDGER_0.batch([
        call.env.LEDGER_0.prepare(
          `INSERT INTO secrets (tenant, name, iv, ciphertext, updated_at) VALUES (?1, ?2, ?3, ?4, ?5)
           ON CONFLICT (tenant, name) DO UPDATE SET iv = excluded.iv, ciphertext = excluded.ciphertext, updated_at = excluded.updated_at`,
        ).bind(tenant, name, sealed.iv, sealed.ciphertext, call.now),
        controlAudit(call, tenant, 'secret.put', name, {}),
      ]);
      directoryOf(call.env).forget(tenant);
      return { reference: `secret://${name}`, updatedAt: new Date(call.now).toISOString() };
    },
  ),
  plainRoute(
    {
      method: 'get',
      path: '/tenants/{tenant}/secrets',
      tag: 'secrets',
      summary: 'Names of stored secrets; never their values',
      role: 'admin',
      params: tenantParams,
      answer: z.object({ items: z.array(z.string()) }),
    },
    async ({ params, env }) => ({ items: [...(await secretNames(env.LEDGER_0, params.tenant))].sort() }),
  ),
];

const keyView = z.object({
  hash: z.string().describe('SHA-256 of the key, hex'),
  tenant: z.string(),
  label: z.string(),
  role: z.enum(roles),
  createdAt: z.string(),
  revokedAt: z.string().nullable(),
});

const MAX_KEYS = 500;

const keyRoutes = [
  plainRoute(
    {
      method: 'get',
      path: '/api-keys',
      tag: 'keys',
      summary: 'API keys by their hash, at most 500',
      role: 'admin',
      answer: z.object({ items: z.array(keyView) }),
    },
    async ({ env, actor }) => {
      const { results } = await env.LEDGER_0.prepare(
        'SELECT hash, tenant, label, role, created_at AS createdAt, revoked_at AS revokedAt FROM api_keys ORDER BY hash LIMIT ?1',
      )
        .bind(MAX_KEYS)
        .all<{
          hash: string;
          tenant: string;
          label: string;
          role: string;
          createdAt: number;
          revokedAt: number | null;
        }>();
      return {
        items: results
          .filter((row) => reaches(actor, row.tenant))
          .map((row) => ({
            ...row,
            role: z.enum(roles).parse(row.role),
            createdAt: new Date(row.createdAt).toISOString(),
            revokedAt: row.revokedAt === null ? null : new Date(row.revokedAt).toISOString(),
          })),
      };
    },
  ),
  plainRoute(
    {
      method: 'post',
      path: '/api-keys',
      tag: 'keys',
      summary: 'Make an API key. The answer is the only time it is shown',
      role: 'admin',
      body: z.strictObject({
        label: z.string().trim().min(1).max(80),
        tenant: z.union([z.literal('*'), slug]),
        role: z.enum(roles),
      }),
      answer: keyView.extend({ key: z.string() }),
    },
    async (call) => {
      const { label, tenant, role } = call.body;
      if (!reaches(call.actor, tenant)) return problem('forbidden', { detail: 'this key reaches only its own tenant' });
      const key = `lgk_${call.newId()}${call.newId()}`;
      const hash = await sha256Hex(key);
      await call.env.LEDGER_0.batch([
        call.env.LEDGER_0.prepare(
          'INSERT INTO api_keys (hash, tenant, label, role, created_at, created_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6)',
        ).bind(...[hash, tenant, label, role, call.now, call.actor.name]),
        controlAudit(call, tenant, 'key.create', hash.slice(0, 12), { label, role }),
      ]);
      return { key, hash, tenant, label, role, createdAt: new Date(call.now).toISOString(), revokedAt: null };
    },
  ),
  plainRoute(
    {
      method: 'delete',
      path: '/api-keys/{hash}',
      tag: 'keys',
      summary: 'Revoke a key at once',
      role: 'admin',
      params: z.object({ hash: z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hex') }),
      answer: z.object({ revoked: z.literal(true) }),
    },
    async (call) => {
      const row = await call.env.LEDGER_0.prepare('SELECT tenant FROM api_keys WHERE hash = ?1')
        .bind(call.params.hash)
        .first<{ tenant: string }>();
      if (row === null || !reaches(call.actor, row.tenant)) return problem('not_found');
      await call.env.LEDGER_0.batch([
        call.env.LEDGER_0.prepare('UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?2) WHERE hash = ?1').bind(
          call.params.hash,
          call.now,
        ),
        controlAudit(call, row.tenant, 'key.revoke', call.params.hash.slice(0, 12), {}),
      ]);
      return { revoked: true as const };
    },
  ),
];

const auditRoutes = [
  tenantRoute(
    {
      method: 'get',
      path: '/audit',
      tag: 'audit',
      summary: 'Operator actions, newest first',
      role: 'read',
      query: pageQuery,
      answer: pageOf(auditView),
    },
    async ({ query, books, tenant }) => {
      const page = pageRequest(query, auditCursor);
      return page instanceof Response ? page : listAudit(books, tenant, page);
    },
  ),
];

export const tenantRoutes = [...configRoutes, ...secretRoutes, ...keyRoutes, ...auditRoutes];
