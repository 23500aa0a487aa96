/**
 * A console session: a cookie that holds, sealed under SECRETS_KEY, the hash of the token somebody logged in with and
 * when it ends. The token itself is in no cookie and no URL, and revoking a key ends its sessions at the next request.
 */
import { z } from 'zod';
import type { Bindings } from '../bindings.ts';
import type { EpochMs } from '../canonical/ids.ts';
import { sha256Hex } from '../ledger/hash.ts';
import { type Actor, actorByHash } from '../operations/access.ts';
import { importSecretsKey, openSecret, sealSecret } from '../tenants/secrets.ts';

const COOKIE = 'ledgergate_session';
const LIFE_MS = 8 * 3_600_000;
const payload = z.object({ hash: z.string().regex(/^[0-9a-f]{64}$/), until: z.number() });

/** The seal is bound to these words, so that a tenant's secret can never be passed off as a session. */
const TENANT = '~console';
const NAME = 'session';

const cookie = (value: string, seconds: number, secure: boolean): string =>
  `${COOKIE}=${value}; Path=/console; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure ? '; Secure' : ''}`;

/** The Set-Cookie of a new session, or null when the token stands for nobody or sessions cannot be sealed. */
export async function openSession(token: string, env: Bindings, secure: boolean, now: EpochMs): Promise<string | null> {
  if (env.SECRETS_KEY === undefined) return null;
  const hash = await sha256Hex(token);
  if ((await actorByHash(hash, env)) === null) return null;
  const key = await importSecretsKey(env.SECRETS_KEY);
  const sealed = await sealSecret(key, TENANT, NAME, JSON.stringify({ hash, until: now + LIFE_MS }));
  return cookie(encodeURIComponent(`${sealed.iv}.${sealed.ciphertext}`), LIFE_MS / 1000, secure);
}

export const closeSession = (secure: boolean): string => cookie('', 0, secure);

/** Whose session the request carries; null when there is none, it ended, or it is not ours. */
export async function sessionActor(headers: Headers, env: Bindings, now: EpochMs): Promise<Actor | null> {
  const value = (headers.get('cookie') ?? '')
    .split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(`${COOKIE}=`))
    ?.slice(COOKIE.length + 1);
  if (value === undefined || value === '' || env.SECRETS_KEY === undefined) return null;
  const session = await unsealed(value, env.SECRETS_KEY);
  return session === null || session.until <= now ? null : actorByHash(session.hash, env);
}

async function unsealed(value: string, secretsKey: string): Promise<z.infer<typeof payload> | null> {
  const key = await importSecretsKey(secretsKey);
  try {
    const [iv = '', ciphertext = ''] = decodeURIComponent(value).split('.');
    return payload.parse(JSON.parse(await openSecret(key, TENANT, NAME, { iv, ciphertext })));
  } catch {
    // Altered, made up, or sealed under an older key: nobody's session.
    return null;
  }
}
