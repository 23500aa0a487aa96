/**
 * Lago's JWT signature: `X-Lago-Signature` holds a token whose claim `data` is the whole body as text, signed RS256 with
 * Lago's one key; `iss` is the API's address (getlago lago-api, app/models/webhook.rb). It carries no time, so a replay
 * is the lane's to detect.
 */
import { errors, importSPKI, jwtVerify } from 'jose';
import { err, ok } from '../canonical/result.ts';
import { hasOneSpelling } from './compact-token.ts';
import { cachedKey, equalBytes } from './hmac.ts';
import { asVerified, type Delivery, type LiveSecret, liveSecrets, type Verification } from './verification.ts';

const HEADER = 'x-lago-signature';
/** The token holds the body in base64; Workers take 128 KB of headers in all. */
const MAX_TOKEN_LENGTH = 131_072;
const tokenPattern = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

const encoder = new TextEncoder();

/**
 * A live secret is Lago's public key, PEM as it is or in base64 as its API answers it. RS256 only, whatever the token
 * says. Errors: `header_missing`, `header_malformed`, `no_live_secret`, `sender_wrong` (issuer), `token_invalid`,
 * `signature_mismatch` (a token of another body).
 */
export async function verifyLagoJwt(
  delivery: Delivery,
  secrets: readonly LiveSecret[],
  issuer: string,
): Promise<Verification> {
  const token = delivery.headers.get(HEADER);
  if (token === null) return err('header_missing');
  if (token.length > MAX_TOKEN_LENGTH || !tokenPattern.test(token) || !hasOneSpelling(token)) {
    return err('header_malformed');
  }
  const keys = liveSecrets(secrets, delivery.receivedAt)
    .map(({ value }) => pemOf(value))
    .filter((pem) => pem !== null);
  if (keys.length === 0) return err('no_live_secret');
  for (const pem of keys) {
    const claims = await claimsOf(token, pem, delivery.receivedAt);
    if (claims === null) continue;
    if (claims.iss !== issuer) return err('sender_wrong');
    const same = typeof claims.data === 'string' && equalBytes(encoder.encode(claims.data), delivery.body);
    return same ? ok(asVerified(delivery, 'signed', { scheme: 'lago-jwt', issuer })) : err('signature_mismatch');
  }
  return err('token_invalid');
}

async function claimsOf(token: string, pem: string, now: number) {
  try {
    const key = await cachedKey(`rs256:${pem}`, () => importSPKI(pem, 'RS256'));
    const { payload } = await jwtVerify(token, key, { algorithms: ['RS256'], currentDate: new Date(now) });
    return payload;
  } catch (error) {
    // jose throws its own for tokens it does not accept; the key import throws a TypeError or DOMException for a PEM
    // that is none, which is a secret that cannot be used. Anything else is a bug.
    if (error instanceof errors.JOSEError || error instanceof DOMException || error instanceof TypeError) return null;
    throw error;
  }
}

const pemPattern = /^-----BEGIN PUBLIC KEY-----[\sA-Za-z0-9+/=]+-----END PUBLIC KEY-----\s*$/;

function pemOf(secret: string): string | null {
  if (pemPattern.test(secret)) return secret;
  const encoded = secret.replace(/\s/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded) || encoded.length % 4 !== 0) return null;
  const decoded = atob(encoded);
  return pemPattern.test(decoded) ? decoded : null;
}
