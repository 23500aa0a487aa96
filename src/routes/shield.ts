/**
 * Abuse shield: what is refused before anything is looked up or read. Permissive: the platform counts per location and
 * lets too much through rather than too little, so it protects the gateway and is no accounting limit. A sender over it is
 * told to come again (503, not 429: some providers give up on a 4xx), so nothing is lost.
 */
import type { RateLimiter } from '../bindings.ts';
import { problem } from './problem.ts';

/** Headers that webhooks carry stay far below; the platform's own limit is 128 KB. */
const MAX_HEADERS = 100;
const MAX_HEADER_CHARS = 32 * 1024;
/** The binding's period (wrangler.toml), seconds. */
const PERIOD_S = 60;

/** @param limiter absent where the platform has none (local runs, tests): nothing is counted then. */
export async function shield(
  request: Request,
  place: string,
  limiter: RateLimiter | undefined,
): Promise<Response | null> {
  let headers = 0;
  let chars = 0;
  for (const [name, value] of request.headers) {
    headers += 1;
    chars += name.length + value.length;
  }
  if (headers > MAX_HEADERS || chars > MAX_HEADER_CHARS) return problem('payload_too_large');
  if (limiter === undefined) return null;
  const address = request.headers.get('cf-connecting-ip') ?? 'unknown';
  try {
    const { success } = await limiter.limit({ key: `${place}/${address}` });
    return success ? null : problem('overloaded', { retryAfterSeconds: PERIOD_S });
  } catch {
    // The shield must never be the reason that a webhook is refused.
    return null;
  }
}
