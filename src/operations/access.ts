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

/** `key:ada@example.com` and `access:Ada@example.com` are one person: who gives a key its label says whose it is. */
const personOf = (name: string): string => name.replace(/^(?:key|access):/, '').toLowerCase();

const madeBy = `SELECT DISTINCT created_by AS maker FROM api_keys
WHERE created_by IS NOT NULL AND lower(label) IN (SELECT lower(value) FROM json_each(?1)) LIMIT 1000`;
/** A key that makes a key that makes a key … */
const MAX_GENERATIONS = 8;

/** Whoever may act under this name: its person, who made their keys, who made those, and so on. */
async function peopleBehind(control: D1Database, name: string): Promise<ReadonlySet<string>> {
  const people = new Set([personOf(name)]);
  let newest = [...people];
  for (let generation = 0; newest.length > 0 && generation < MAX_GENERATIONS; generation += 1) {
    const { results } = await control.prepare(madeBy).bind(JSON.stringify(newest)).all<{ maker: string }>();
    newest = [...new Set(results.map(({ maker }) => personOf(maker)))].filter((maker) => !people.has(maker));
    for (const maker of newest) people.add(maker);
  }
  return people;
}

/**
 * Whether one of two may have acted under the other's name: they are one person by their names, or one made the other's
 * key and so has seen it. Two keys that a third person made are two people's: for whom they were made is theirs to answer.
 */
export async function mayBeOne(control: D1Database, one: string, other: string): Promise<boolean> {
  if (personOf(one) === personOf(other)) return true;
  const [ones, others] = await Promise.all([peopleBehind(control, one), peopleBehind(control, other)]);
  return ones.has(personOf(other)) || others.has(personOf(one));
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
