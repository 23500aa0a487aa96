/**
 * Standard Webhooks (github.com/standard-webhooks/standard-webhooks, spec 1.0): `webhook-id`, `webhook-timestamp`,
 * `webhook-signature`, or Svix's older `svix-*` names, over `<id>.<timestamp>.<body>`.
 * `v1,` is HMAC-SHA256 with the base64-decoded secret; `v1a,` is Ed25519 with a `whpk_` public key. A key is used with
 * its own scheme only, so that a signature cannot be passed off under the weaker one.
 */
import { err, ok } from '../canonical/result.ts';
import {
  cachedKey,
  DEFAULT_TOLERANCE_SECONDS,
  decodeBase64,
  equalBytes,
  hmacSha256,
  judgeTimestamp,
  prefixedBody,
  rawHmacKey,
} from './hmac.ts';
import { asVerified, type Delivery, type LiveSecret, liveSecrets, type Verification } from './verification.ts';

const MAX_ID_LENGTH = 256;
const MAX_SIGNATURE_HEADER_LENGTH = 4096;
const MAX_SIGNATURES = 16;
/** Spec: 24 to 64 bytes. */
const HMAC_KEY_BYTES = { min: 24, max: 64 };
const ED25519_KEY_BYTES = 32;
const secondsPattern = /^\d{1,12}$/;
/** The id may not hold the delimiter of what is signed, nor the `, ` of two headers joined. */
const idPattern = /^[^\s.,]+$/;

type WebhookKey =
  | { readonly scheme: 'v1'; readonly name: string; readonly raw: Uint8Array<ArrayBuffer> }
  | { readonly scheme: 'v1a'; readonly name: string; readonly raw: Uint8Array<ArrayBuffer> };

/** `whsec_<base64>`, the same without prefix, or `whpk_<base64>`; null when it is none of them. */
export function readWebhookSecret(secret: string): WebhookKey | null {
  if (secret.startsWith('whpk_')) {
    const raw = decodeBase64(secret.slice('whpk_'.length));
    return raw !== null && raw.length === ED25519_KEY_BYTES ? { scheme: 'v1a', name: secret, raw } : null;
  }
  const encoded = secret.startsWith('whsec_') ? secret.slice('whsec_'.length) : secret;
  const raw = decodeBase64(encoded);
  if (raw === null || raw.length < HMAC_KEY_BYTES.min || raw.length > HMAC_KEY_BYTES.max) return null;
  return { scheme: 'v1', name: encoded, raw };
}

interface SignedHeaders {
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
  readonly names: readonly [string, string, string];
}

/** All three of one family: mixing them would let a proxy's leftovers override what was signed. */
function readHeaders(headers: Headers): SignedHeaders | 'header_missing' {
  for (const family of ['webhook', 'svix']) {
    const names = [`${family}-id`, `${family}-timestamp`, `${family}-signature`] as const;
    const [id, timestamp, signature] = [headers.get(names[0]), headers.get(names[1]), headers.get(names[2])];
    if (id !== null && timestamp !== null && signature !== null) return { id, timestamp, signature, names };
  }
  return 'header_missing';
}

interface CandidateSignature {
  readonly scheme: 'v1' | 'v1a';
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Unknown schemes and unreadable signatures are passed over; null when nothing usable is left. */
function readSignatures(header: string): readonly CandidateSignature[] | null {
  if (header.length > MAX_SIGNATURE_HEADER_LENGTH) return null;
  const found: CandidateSignature[] = [];
  for (const item of header.split(' ')) {
    if (found.length === MAX_SIGNATURES) break;
    const [scheme, encoded, extra] = item.split(',');
    if (encoded === undefined || extra !== undefined || (scheme !== 'v1' && scheme !== 'v1a')) continue;
    const bytes = decodeBase64(encoded);
    if (bytes !== null) found.push({ scheme, bytes });
  }
  return found.length === 0 ? null : found;
}

async function matches(
  key: WebhookKey,
  message: Uint8Array<ArrayBuffer>,
  candidates: readonly CandidateSignature[],
): Promise<boolean> {
  const own = candidates.filter((candidate) => candidate.scheme === key.scheme);
  if (own.length === 0) return false;
  if (key.scheme === 'v1') {
    const expected = await hmacSha256(await rawHmacKey(key.name, key.raw), message);
    return own.some((candidate) => equalBytes(candidate.bytes, expected));
  }
  const publicKey = await cachedKey(`ed25519:${key.name}`, () =>
    crypto.subtle.importKey('raw', key.raw, { name: 'Ed25519' }, false, ['verify']),
  );
  for (const candidate of own) {
    if (await crypto.subtle.verify({ name: 'Ed25519' }, publicKey, candidate.bytes, message)) return true;
  }
  return false;
}

/**
 * Accepts when any listed signature matches any live secret under that secret's own scheme, and the timestamp is
 * within the tolerance in both directions. A secret in no known format counts as not live. Never throws on what a
 * sender can send; replays inside the tolerance are the lane's to detect, by `webhook-id`.
 */
export async function verifyStandardWebhook(
  delivery: Delivery,
  secrets: readonly LiveSecret[],
  toleranceSeconds: number = DEFAULT_TOLERANCE_SECONDS,
): Promise<Verification> {
  const headers = readHeaders(delivery.headers);
  if (headers === 'header_missing') return err(headers);
  const { id, timestamp, signature, names } = headers;
  if (id.length > MAX_ID_LENGTH || !idPattern.test(id) || !secondsPattern.test(timestamp)) {
    return err('header_malformed');
  }
  const candidates = readSignatures(signature);
  if (candidates === null) return err('header_malformed');
  const verdict = judgeTimestamp(Number(timestamp), delivery.receivedAt, toleranceSeconds);
  if (verdict !== 'fresh') return err(verdict);
  const keys = liveSecrets(secrets, delivery.receivedAt)
    .map((secret) => readWebhookSecret(secret.value))
    .filter((key) => key !== null);
  if (keys.length === 0) return err('no_live_secret');
  const message = prefixedBody(`${id}.${timestamp}.`, delivery.body);
  for (const key of keys) {
    if (await matches(key, message, candidates)) {
      return ok(asVerified(delivery, 'signed', { [names[0]]: id, [names[1]]: timestamp, [names[2]]: signature }));
    }
  }
  return err('signature_mismatch');
}
