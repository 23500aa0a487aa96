/**
 * A JWT in a header that carries the body's digest (Plaid): ES256 only, the key by its id from the sender's API, issued
 * at most five minutes away from now, `request_body_sha256` equal to the digest of the bytes as they came.
 * plaid.com/docs/api/webhooks/webhook-verification.
 */
import { decodeProtectedHeader, errors, importJWK, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import type { EpochMs } from '../canonical/ids.ts';
import { err, ok, type Result } from '../canonical/result.ts';
import { equalSecrets } from './equality.ts';
import { judgeTimestamp } from './hmac.ts';
import { asVerified, type Delivery, type Verification, type VerificationFailure } from './verification.ts';

/** A public key of the P-256 curve, as the sender's API gives it. Seconds since 1970, null while it is in use. */
export const tokenKey = z.looseObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string().min(1).max(64),
  y: z.string().min(1).max(64),
  kid: z.string().min(1).max(256),
  expired_at: z.int().nonnegative().nullish(),
});
export type TokenKey = z.infer<typeof tokenKey>;

/** Null: the sender has no such key. `unavailable`: it could not be asked, which proves nothing. */
export type FindTokenKey = (keyId: string, now: EpochMs) => Promise<Result<TokenKey | null, 'unavailable'>>;

const MAX_AGE_SECONDS = 300;
const maxTokenLength = 4096;
/** An ES256 signature is 64 bytes, so its last letter has four bits to spare: zero, or one token had many spellings. */
const tokenPattern = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{85}[AQgw]$/;
const protectedHeader = z.object({ alg: z.literal('ES256'), kid: z.string().min(1).max(256) });
const claims = z.object({
  iat: z.int().min(0).max(1e12),
  request_body_sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/**
 * Trust: `signed`. Errors: `header_missing`, `header_malformed`, `token_invalid`, `timestamp_too_old`,
 * `timestamp_in_future`, `signature_mismatch` (another body), `keys_unavailable`.
 */
export async function verifyBodyToken(
  delivery: Delivery,
  headerName: string,
  findKey: FindTokenKey,
): Promise<Verification> {
  const token = delivery.headers.get(headerName);
  if (token === null) return err('header_missing');
  if (token.length > maxTokenLength || !tokenPattern.test(token)) return err('header_malformed');
  const payload = await verifiedPayload(token, delivery.receivedAt, findKey);
  if (!payload.ok) return payload;
  const claimed = claims.safeParse(payload.value);
  if (!claimed.success) return err('token_invalid');
  const { iat, request_body_sha256: digest } = claimed.data;
  const verdict = judgeTimestamp(iat, delivery.receivedAt, MAX_AGE_SECONDS);
  if (verdict !== 'fresh') return err(verdict);
  const actual = hex(await crypto.subtle.digest('SHA-256', delivery.body));
  if (!(await equalSecrets(digest, actual))) return err('signature_mismatch');
  return ok(asVerified(delivery, 'signed', { [headerName]: token, body_sha256: actual, issued_at: String(iat) }));
}

async function verifiedPayload(
  token: string,
  now: EpochMs,
  findKey: FindTokenKey,
): Promise<Result<JWTPayload, VerificationFailure>> {
  try {
    const header = protectedHeader.safeParse(decodeProtectedHeader(token));
    if (!header.success) return err('token_invalid');
    const found = await findKey(header.data.kid, now);
    if (!found.ok) return err('keys_unavailable');
    const expiredAt = found.value?.expired_at ?? null;
    if (found.value === null || found.value.kid !== header.data.kid) return err('token_invalid');
    if (expiredAt !== null && expiredAt * 1000 <= now) return err('token_invalid');
    const { kty, crv, x, y } = found.value;
    const key = await importJWK({ kty, crv, x, y }, 'ES256');
    const { payload } = await jwtVerify(token, key, { algorithms: ['ES256'], currentDate: new Date(now) });
    return ok(payload);
  } catch (error) {
    // jose's errors, and what WebCrypto throws for keys and signatures it cannot use: the token proves nothing.
    if (error instanceof errors.JOSEError || error instanceof DOMException || error instanceof TypeError) {
      return err('token_invalid');
    }
    throw error;
  }
}

const hex = (buffer: ArrayBuffer): string =>
  [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
