/** Posts a batch to the gateway, signed as a Standard Webhook (https://www.standardwebhooks.com). */
import { createHash, createHmac } from 'node:crypto';

export type Posted =
  /** 2xx: stored. Only now may the position advance. */
  | { readonly outcome: 'stored' }
  /** `refused`: the gateway understood and said no; it will say so again until a person changes something. */
  | {
      readonly outcome: 'unavailable' | 'refused';
      /** Null when no answer came. */
      readonly status: number | null;
      readonly retryAfterMs: number | null;
    };

export interface Ingress {
  /** Ends within half a minute: a relay that is told to stop lets it end, and remembers what was stored. */
  post(body: string): Promise<Posted>;
}

const TIMEOUT_MS = 30_000;
const MAX_RETRY_AFTER_MS = 300_000;

/** The secret's bytes: `whsec_` and base64 of 24 to 64 bytes. @throws RangeError for anything else. */
export function signingKey(secret: string): Buffer {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  if (key.length < 24 || key.length > 64)
    throw new RangeError('the signing secret: whsec_ and 24 to 64 bytes in base64');
  return key;
}

/** The same batch has the same id, so that the gateway's log shows a repeat for what it is. */
export function signedHeaders(body: string, key: Buffer, now: number): Record<string, string> {
  const id = `pubsub-${createHash('sha256').update(body).digest('hex').slice(0, 32)}`;
  const sentAt = String(Math.floor(now / 1000));
  const signature = createHmac('sha256', key).update(`${id}.${sentAt}.${body}`).digest('base64');
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': sentAt,
    'webhook-signature': `v1,${signature}`,
  };
}

export function httpIngress(url: string, key: Buffer, now: () => number): Ingress {
  return {
    async post(body) {
      let answer: Response;
      try {
        answer = await fetch(url, {
          method: 'POST',
          headers: signedHeaders(body, key, now()),
          body,
          redirect: 'manual',
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        await answer.body?.cancel();
      } catch (error) {
        // A connection that failed, or timed out: whether it was stored is not known, so it is sent again.
        if (error instanceof Error) return { outcome: 'unavailable', status: null, retryAfterMs: null };
        throw error;
      }
      const { status } = answer;
      if (answer.ok) return { outcome: 'stored' };
      const passing = status >= 500 || status === 408 || status === 429;
      return { outcome: passing ? 'unavailable' : 'refused', status, retryAfterMs: retryAfter(answer.headers) };
    },
  };
}

function retryAfter(headers: Headers): number | null {
  const seconds = headers.get('retry-after') ?? '';
  return /^\d{1,6}$/.test(seconds) ? Math.min(Number(seconds) * 1000, MAX_RETRY_AFTER_MS) : null;
}
