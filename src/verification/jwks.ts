/** Key sets (JWKS, RFC 7517) a sender publishes: fetched rarely, kept a while, bounded in every direction. */
import type { JSONWebKeySet } from 'jose';
import { z } from 'zod';
import type { EpochMs } from '../canonical/ids.ts';
import { err, ok, type Result } from '../canonical/result.ts';
import { readCapped } from './capped-text.ts';

/** Public keys only: a set that carries a private or symmetric key is refused whole, as somebody's mistake. */
const publicKey = z
  .looseObject({
    kty: z.enum(['RSA', 'EC', 'OKP']),
    kid: z.string().min(1).max(256).optional(),
    use: z.string().max(16).optional(),
    alg: z.string().max(16).optional(),
    n: z.string().max(2048).optional(),
    e: z.string().max(16).optional(),
    crv: z.string().max(16).optional(),
    x: z.string().max(256).optional(),
    y: z.string().max(256).optional(),
  })
  .refine((key) => !('d' in key) && !('k' in key), { error: 'public keys only' });

export const jsonWebKeySet = z.object({ keys: z.array(publicKey).min(1).max(20) });

/** Where a key set lives. TLS only, by name (no address literals), no credentials in it. */
export const jwksUrl = z
  .url({ protocol: /^https$/ })
  .max(512)
  .refine((text) => isPublicName(new URL(text)), { error: 'an https address of a public host name' });

function isPublicName(url: URL): boolean {
  const host = url.hostname;
  const literal = host.startsWith('[') || /^[\d.]+$/.test(host);
  const local = !host.includes('.') || /\.(?:localhost|local|internal)\.?$/.test(host);
  return url.username === '' && url.password === '' && !literal && !local;
}

export type KeySetFailure = 'unavailable';

/** Fetches a key set once, uncached. Answers `unavailable` for anything but a well-formed set. */
export type FetchKeySet = (url: string) => Promise<Result<JSONWebKeySet, KeySetFailure>>;

/** Bytes and milliseconds a key set may take. */
const maxKeySetBytes = 64 * 1024;
const fetchTimeoutMs = 5_000;

/** Over HTTP with the given `fetch`: no redirects (they could lead inward), a timeout, a size cap. */
export const fetchKeySetWith =
  (fetcher: typeof fetch): FetchKeySet =>
  async (url) => {
    if (!jwksUrl.safeParse(url).success) return err('unavailable');
    try {
      const response = await fetcher(url, {
        redirect: 'manual',
        signal: AbortSignal.timeout(fetchTimeoutMs),
        headers: { accept: 'application/jwk-set+json, application/json' },
      });
      if (response.status !== 200 || response.body === null) {
        await response.body?.cancel();
        return err('unavailable');
      }
      const text = await readCapped(response.body, maxKeySetBytes);
      if (text === null) return err('unavailable');
      const parsed = jsonWebKeySet.safeParse(JSON.parse(text));
      return parsed.success ? ok(keySetOf(parsed.data)) : err('unavailable');
    } catch {
      // Refused, timed out, cut short or not JSON: all mean that there is no key set now. The caller answers 503.
      return err('unavailable');
    }
  };

/** Drops absent members, which jose's types (exact optional properties) do not allow as `undefined`. */
export function keySetOf(set: z.infer<typeof jsonWebKeySet>): JSONWebKeySet {
  return {
    keys: set.keys.map(({ kty, kid, use, alg, n, e, crv, x, y }) => ({
      kty,
      ...(kid === undefined ? {} : { kid }),
      ...(use === undefined ? {} : { use }),
      ...(alg === undefined ? {} : { alg }),
      ...(n === undefined ? {} : { n }),
      ...(e === undefined ? {} : { e }),
      ...(crv === undefined ? {} : { crv }),
      ...(x === undefined ? {} : { x }),
      ...(y === undefined ? {} : { y }),
    })),
  };
}

interface CachedKeySet {
  readonly keys: JSONWebKeySet | null;
  readonly fetchedAt: EpochMs;
  readonly attemptedAt: EpochMs;
}

/**
 * Key sets by address. A set is used for ten minutes; a token whose key is not in it asks for a fresh one, at most once
 * a minute per address, so that made-up key ids cannot make us hammer the sender. When a refresh fails, the old set is
 * used for a day. Promises no single flight: two requests may fetch at once, which costs a fetch and nothing else (an
 * isolate's promises may not be shared between requests).
 */
export class KeySets {
  readonly #sets = new Map<string, CachedKeySet>();
  readonly #fetchKeySet: FetchKeySet;

  static readonly freshForMs = 10 * 60_000;
  static readonly staleForMs = 24 * 3_600_000;
  static readonly coolDownMs = 60_000;
  static readonly failureCoolDownMs = 5_000;
  static readonly maxSets = 64;

  constructor(fetchKeySet: FetchKeySet) {
    this.#fetchKeySet = fetchKeySet;
  }

  /** `renew`: the caller's key was not in the set it got. Answers the same set when it is too early to ask again. */
  async get(url: string, now: EpochMs, renew = false): Promise<Result<JSONWebKeySet, KeySetFailure>> {
    const held = this.#sets.get(url);
    if (held !== undefined && !this.#mayFetch(held, now, renew)) {
      return held.keys === null || now - held.fetchedAt > KeySets.staleForMs ? err('unavailable') : ok(held.keys);
    }
    if (held !== undefined) this.#remember(url, { ...held, attemptedAt: now });
    const fetched = await this.#fetchKeySet(url);
    if (fetched.ok) {
      this.#remember(url, { keys: fetched.value, fetchedAt: now, attemptedAt: now });
      return fetched;
    }
    const stale = held?.keys ?? null;
    this.#remember(url, { keys: stale, fetchedAt: held?.fetchedAt ?? now, attemptedAt: now });
    return stale === null || now - (held?.fetchedAt ?? 0) > KeySets.staleForMs ? err('unavailable') : ok(stale);
  }

  #mayFetch(held: CachedKeySet, now: EpochMs, renew: boolean): boolean {
    const waited = now - held.attemptedAt;
    if (held.keys === null) return waited >= KeySets.failureCoolDownMs;
    if (renew) return waited >= KeySets.coolDownMs;
    return now - held.fetchedAt >= KeySets.freshForMs && waited >= KeySets.failureCoolDownMs;
  }

  /** Keeps the most recently attempted sets; the oldest makes room. */
  #remember(url: string, set: CachedKeySet): void {
    this.#sets.delete(url);
    this.#sets.set(url, set);
    const [oldest] = this.#sets.keys();
    if (this.#sets.size > KeySets.maxSets && oldest !== undefined) this.#sets.delete(oldest);
  }
}
