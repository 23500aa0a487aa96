/**
 * HMAC schemes by declaration: what differs between providers is where the signature and the time stand, what is
 * signed, and how key and signature are written. A provider states those; the checks and their order are here, once.
 *
 * Not for schemes whose signature lies in the body (Adyen's items): those use `hmacMatches` by themselves.
 */
import type { EpochMs } from '../canonical/ids.ts';
import { err, ok, type Result, unreachable } from '../canonical/result.ts';
import { cachedKey, decodeBase64, decodeHex, equalBytes, hmacSha256, type TimestampVerdict } from './hmac.ts';
import { asVerified, type Delivery, type LiveSecret, liveSecrets, type Verification } from './verification.ts';

/** How the digest is made and written. MD5 is not offered: a provider that has nothing better is not `signed`. */
export interface HmacForm {
  readonly hash: 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';
  /** `text`: the secret's UTF-8 bytes as they are. A secret that is not in the stated format counts as not live. */
  readonly key: 'text' | 'hex' | 'base64';
  /** Lower-case hex, or padded standard base64. */
  readonly signature: 'hex' | 'base64';
}

/** How a scheme writes the instant it signs. `iso8601-utc`: with `Z`, with `+00:00`, or without zone, meaning UTC. */
export type TimestampUnit = 'seconds' | 'milliseconds' | 'iso8601-utc';

/** What the headers say, nothing believed yet. Any one of `signatures` suffices; `timestamp` as it was written. */
export interface PresentedSignature {
  readonly signatures: readonly string[];
  readonly timestamp: string | null;
}

export interface HmacScheme {
  readonly form: HmacForm;
  /** Reads the headers; one of the readers below, or the provider's own. */
  readonly present: (delivery: Delivery) => Result<PresentedSignature, 'header_missing' | 'header_malformed'>;
  /** Text (as UTF-8) and bytes that are signed, in order. */
  readonly content: (delivery: Delivery, timestamp: string) => readonly (string | Uint8Array)[];
  /** Tolerance in seconds, in both directions. Null where the scheme signs no time: replays are then the lane's alone. */
  readonly time: { readonly unit: TimestampUnit; readonly toleranceSeconds: number } | null;
  /** Headers kept with the receipt, lower case: those with which the signature can be checked again. */
  readonly evidence: readonly string[];
}

const MAX_HEADER_LENGTH = 4096;
/** Providers sign with each secret of a rotation; beyond this it is somebody trying their luck. */
const MAX_SIGNATURES = 16;

/**
 * Accepts when any presented signature matches any live secret and the signed time, if there is one, is within the
 * tolerance. One HMAC per live secret; never throws on what a sender can send.
 * Errors: `header_missing`, `header_malformed`, `timestamp_too_old`, `timestamp_in_future`, `no_live_secret`,
 * `signature_mismatch`.
 */
export async function verifyHmac(
  delivery: Delivery,
  secrets: readonly LiveSecret[],
  scheme: HmacScheme,
): Promise<Verification> {
  const presented = scheme.present(delivery);
  if (!presented.ok) return presented;
  const { signatures, timestamp } = presented.value;
  if (scheme.time !== null) {
    const signedAt = timestamp === null ? null : readInstant(timestamp, scheme.time.unit);
    if (signedAt === null) return err('header_malformed');
    const verdict = judgeInstant(signedAt, delivery.receivedAt, scheme.time.unit, scheme.time.toleranceSeconds);
    if (verdict !== 'fresh') return err(verdict);
  }
  const live = liveSecrets(secrets, delivery.receivedAt).map((secret) => secret.value);
  const message = concatenated(scheme.content(delivery, timestamp ?? ''));
  const match = await hmacMatches(scheme.form, live, message, signatures);
  return match === 'match' ? ok(asVerified(delivery, 'signed', evidenceOf(delivery, scheme))) : err(match);
}

/** The core: whether any signature, as written, is the digest of `message` under any of the secrets. */
export async function hmacMatches(
  form: HmacForm,
  secrets: readonly string[],
  message: Uint8Array<ArrayBuffer>,
  signatures: readonly string[],
): Promise<'match' | 'header_malformed' | 'no_live_secret' | 'signature_mismatch'> {
  const decode = form.signature === 'hex' ? decodeHex : decodeBase64;
  const candidates = signatures
    .slice(0, MAX_SIGNATURES)
    .map(decode)
    .filter((bytes) => bytes !== null);
  if (candidates.length === 0) return 'header_malformed';
  const keys = secrets.map((secret) => keyBytes(secret, form.key)).filter((key) => key !== null);
  if (keys.length === 0) return 'no_live_secret';
  for (const { name, raw } of keys) {
    const key = await cachedKey(`hmac:${form.hash}:${form.key}:${name}`, () =>
      crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: form.hash }, false, ['sign']),
    );
    // The key carries its hash: this signs with SHA-512 where the key was imported for it.
    const expected = await hmacSha256(key, message);
    if (candidates.some((candidate) => equalBytes(candidate, expected))) return 'match';
  }
  return 'signature_mismatch';
}

/** One header that holds one signature and nothing else (Shopify, Xero, Maxio). */
export function signatureHeader(name: string): HmacScheme['present'] {
  return ({ headers }) => {
    const header = headers.get(name);
    if (header === null) return err('header_missing');
    return header.length > MAX_HEADER_LENGTH ? err('header_malformed') : ok({ signatures: [header], timestamp: null });
  };
}

/** One header for the signature, another for the time it was made (HubSpot v3). */
export function signatureAndTimeHeaders(signature: string, timestamp: string): HmacScheme['present'] {
  return ({ headers }) => {
    const [signed, at] = [headers.get(signature), headers.get(timestamp)];
    if (signed === null || at === null) return err('header_missing');
    if (signed.length > MAX_HEADER_LENGTH) return err('header_malformed');
    return ok({ signatures: [signed], timestamp: at });
  };
}

/**
 * `ts=1;h1=…;h1=…` (Paddle), `t=1,v1=…` (Mercury). Unknown keys are passed over. White space or a second time means
 * that somebody added a header: refused, rather than choosing between them.
 */
export function keyedHeader(
  name: string,
  keys: { readonly separator: ',' | ';'; readonly timestamp: string; readonly signature: string },
): HmacScheme['present'] {
  return ({ headers }) => {
    const header = headers.get(name);
    if (header === null) return err('header_missing');
    if (header.length > MAX_HEADER_LENGTH || /\s/.test(header)) return err('header_malformed');
    const items = header.split(keys.separator).map((item): [string, string] => {
      const equals = item.indexOf('=');
      return [item.slice(0, Math.max(equals, 0)), item.slice(equals + 1)];
    });
    const times = items.filter(([key]) => key === keys.timestamp).map(([, value]) => value);
    const signatures = items.filter(([key]) => key === keys.signature).map(([, value]) => value);
    const [timestamp] = times;
    if (timestamp === undefined || times.length > 1 || signatures.length === 0) return err('header_malformed');
    return ok({ signatures, timestamp });
  };
}

/** Time and bytes of several parts, as most providers sign them: `<timestamp><separator><body>`. */
export const timeThenBody =
  (separator: string): HmacScheme['content'] =>
  ({ body }, timestamp) => [`${timestamp}${separator}`, body];

/** The body alone. */
export const bodyAlone: HmacScheme['content'] = ({ body }) => [body];

const secondsPattern = /^\d{1,12}$/;
const millisecondsPattern = /^\d{1,15}$/;
const isoPattern = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)(?:Z|\+00:00)?$/;

/** Epoch ms, or null when the text is not such an instant. */
function readInstant(text: string, unit: TimestampUnit): EpochMs | null {
  switch (unit) {
    case 'seconds':
      return secondsPattern.test(text) ? Number(text) * 1000 : null;
    case 'milliseconds':
      return millisecondsPattern.test(text) ? Number(text) : null;
    case 'iso8601-utc': {
      const local = isoPattern.exec(text)?.[1];
      const instant = local === undefined ? Number.NaN : Date.parse(`${local}Z`);
      return Number.isNaN(instant) ? null : instant;
    }
    default:
      return unreachable(unit);
  }
}

/** Where the sender writes whole seconds, ours are whole too, as the providers' own libraries have it. */
function judgeInstant(
  signedAt: EpochMs,
  now: EpochMs,
  unit: TimestampUnit,
  toleranceSeconds: number,
): TimestampVerdict {
  const age = (unit === 'seconds' ? Math.floor(now / 1000) * 1000 : now) - signedAt;
  if (age > toleranceSeconds * 1000) return 'timestamp_too_old';
  return age < -toleranceSeconds * 1000 ? 'timestamp_in_future' : 'fresh';
}

const encoder = new TextEncoder();

function keyBytes(secret: string, format: HmacForm['key']): { name: string; raw: Uint8Array<ArrayBuffer> } | null {
  // Web Crypto imports no empty key, and it would prove nothing.
  if (secret === '') return null;
  switch (format) {
    case 'text':
      return { name: secret, raw: new Uint8Array(encoder.encode(secret)) };
    case 'hex': {
      const raw = decodeHex(secret.toLowerCase());
      return raw === null ? null : { name: secret, raw };
    }
    case 'base64': {
      const raw = decodeBase64(secret);
      return raw === null ? null : { name: secret, raw };
    }
    default:
      return unreachable(format);
  }
}

function concatenated(parts: readonly (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const bytes = parts.map((part) => (typeof part === 'string' ? encoder.encode(part) : part));
  const message = new Uint8Array(bytes.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of bytes) {
    message.set(part, at);
    at += part.length;
  }
  return message;
}

function evidenceOf(delivery: Delivery, { evidence }: HmacScheme): Record<string, string> {
  const kept = evidence.flatMap((name): [string, string][] => {
    const value = delivery.headers.get(name);
    return value === null ? [] : [[name, value]];
  });
  return Object.fromEntries(kept);
}
