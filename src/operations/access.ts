/**
 * Who is asking: the root token, an API key, or a person behind Cloudflare Access. Tokens are compared and looked up by
 * their SHA-256 only, so that neither the books nor a log ever holds one.
 */
import { createLocalJWKSet, jwtVerify } from 'jose';
import { JWKSNoMatchingKey } from 'jose/errors';
import { z } from 'zod';
import type { Bindings } from '../bindings.ts';
import type { EpochMs } from '../canonical/ids.ts';
import { sha256Hex } from '../ledger/hash.ts';
import { equalSecrets } from '../verification/equality.ts';
import type { KeySets } from '../verification/jwks.ts';

/** `read` sees, `operate` also steers lanes, postings and exceptions, `admin` also changes config, secrets and keys. */
export const roles = ['read', 'operate', 'admin'] as const;
export type Role = (typeof roles)[number];

export interface Actor {
  /** For the audit trail: `root`, `key:<label>`, `access:<email>`. */
  readonly name: string;
  readonly role: Role;
  /** The one tenant it reaches, or `*`. */
  readonly tenant: string;
}

export const mayActAs = (actor: Actor, needed: Role): boolean => roles.indexOf(actor.role) >= roles.indexOf(needed);
export const reaches = (actor: Actor, tenant: string): boolean => actor.tenant === '*' || actor.tenant === tenant;

const apiKeyRow = z.object({ tenant: z.string(), label: z.string(), role: z.enum(roles) });

/** The actor a token's hash stands for: the root token, or a key that is not revoked. */
export async function actorByHash(hash: string, env: Bindings): Promise<Actor | null> {
  if (
    env.ROOT_TOKEN !== undefined &&
    env.ROOT_TOKEN !== '' &&
    (await equalSecrets(hash, await sha256Hex(env.ROOT_TOKEN)))
  ) {
    return { name: 'root', role: 'admin', tenant: '*' };
  }
  const row = await env.LEDGER_0.prepare(
    'SELECT tenant, label, role FROM api_keys WHERE hash = ?1 AND revoked_at IS NULL',
  )
    .bind(hash)
    .first();
  if (row === null) return null;
  const { tenant, label, role } = apiKeyRow.parse(row);
  return { name: `key:${label}`, role, tenant };
}

const bearerPattern = /^Bearer ([\x21-\x7e]{8,512})$/i;

/** A person behind Access may operate every tenant; config, secrets and keys take an admin key. */
async function accessActor(jwt: string, env: Bindings, keySets: KeySets, now: EpochMs): Promise<Actor | null> {
  const { ACCESS_TEAM_DOMAIN: team, ACCESS_AUD: audience } = env;
  if (team === undefined || team === '' || audience === undefined || audience === '') return null;
  for (const renew of [false, true]) {
    const keys = await keySets.get(`https://${team}/cdn-cgi/access/certs`, now, renew);
    if (!keys.ok) return null;
    try {
      const { payload } = await jwtVerify(jwt, createLocalJWKSet(keys.value), {
        issuer: `https://${team}`,
        audience,
        algorithms: ['RS256', 'ES256'],
        requiredClaims: ['exp', 'iat'],
        currentDate: new Date(now),
      });
      const who = typeof payload.email === 'string' ? payload.email : payload.sub;
      return who === undefined || who === '' ? null : { name: `access:${who}`, role: 'operate', tenant: '*' };
    } catch (error) {
      // A key we have not seen yet is worth one renewal; every other failure is simply not a proof.
      if (!(error instanceof JWKSNoMatchingKey)) return null;
    }
  }
  return null;
}

/** Null when the request proves nobody; which check failed is not told. */
export async function authenticate(
  headers: Headers,
  env: Bindings,
  keySets: KeySets,
  now: EpochMs,
): Promise<Actor | null> {
  const bearer = bearerPattern.exec(headers.get('authorization') ?? '')?.[1];
  if (bearer !== undefined) return actorByHash(await sha256Hex(bearer), env);
  const jwt = headers.get('cf-access-jwt-assertion');
  return jwt === null ? null : accessActor(jwt, env, keySets, now);
}
