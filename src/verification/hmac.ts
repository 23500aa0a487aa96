/**
 * HMAC-SHA256 for the schemes in this folder: imported keys are kept, one digest per live secret, comparisons take the
 * same time whatever the bytes. Works alike on workerd and Node.
 */

/** Enough for every secret of every tenant that one isolate serves at a time; beyond it the oldest is imported anew. */
const MAX_CACHED_KEYS = 512;

const importedKeys = new Map<string, CryptoKey>();
const encoder = new TextEncoder();

/** Keeps the key itself, not its promise: a promise made by one request must not be awaited by another on Workers. */
export async function cachedKey(name: string, importKey: () => Promise<CryptoKey>): Promise<CryptoKey> {
  const known = importedKeys.get(name);
  if (known !== undefined) return known;
  const key = await importKey();
  if (importedKeys.size >= MAX_CACHED_KEYS) {
    const oldest = importedKeys.keys().next();
    if (oldest.done !== true) importedKeys.delete(oldest.value);
  }
  importedKeys.set(name, key);
  return key;
}

const importHmac = (raw: Uint8Array<ArrayBuffer>): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);

/** Key made of the secret's UTF-8 bytes as they are (Stripe, Orb, Paddle). The secret must not be empty. */
export const textHmacKey = (secret: string): Promise<CryptoKey> =>
  cachedKey(`hmac:text:${secret}`, () => importHmac(new Uint8Array(encoder.encode(secret))));

/** Key made of decoded bytes; `name` must tell secrets apart, so pass the encoded secret. */
export const rawHmacKey = (name: string, raw: Uint8Array<ArrayBuffer>): Promise<CryptoKey> =>
  cachedKey(`hmac:raw:${name}`, () => importHmac(raw));

export async function hmacSha256(key: CryptoKey, message: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, message));
}

/** Time depends on the lengths alone, which are public. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index += 1) difference |= (a[index] ?? 0) ^ (b[index] ?? 0);
  return difference === 0;
}

/** `prefix` followed by the body: what timestamped schemes sign. */
export function prefixedBody(prefix: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = encoder.encode(prefix);
  const message = new Uint8Array(head.length + body.length);
  message.set(head);
  message.set(body, head.length);
  return message;
}

const hexPattern = /^(?:[0-9a-f]{2})+$/;

/** Lower-case hex only, as the providers document it; null otherwise. */
export function decodeHex(text: string): Uint8Array<ArrayBuffer> | null {
  if (!hexPattern.test(text)) return null;
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = Number.parseInt(text.slice(index * 2, index * 2 + 2), 16);
  }
  return bytes;
}

const base64Pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Padded standard base64; null for anything else. Trailing bits must be zero, so that one signature has one spelling.
 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (text === '' || !base64Pattern.test(text)) return null;
  const binary = atob(text);
  if (btoa(binary) !== text) return null;
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

/** Seconds a signed timestamp may be away from the receiver's clock when a scheme's settings say nothing. */
export const DEFAULT_TOLERANCE_SECONDS = 300;

export type TimestampVerdict = 'fresh' | 'timestamp_too_old' | 'timestamp_in_future';

/** Both directions are bounded: a far-future stamp would otherwise stay replayable until its time has passed. */
export function judgeTimestamp(signedSeconds: number, nowMs: number, toleranceSeconds: number): TimestampVerdict {
  const ageSeconds = Math.floor(nowMs / 1000) - signedSeconds;
  if (ageSeconds > toleranceSeconds) return 'timestamp_too_old';
  if (ageSeconds < -toleranceSeconds) return 'timestamp_in_future';
  return 'fresh';
}
