/**
 * HTTP Basic (RFC 7617): the caller knows a user and a password. The bytes are not bound to it, so the trust is
 * `authenticated`. A live secret has the form `user:password`; secrets without a colon are of other schemes and ignored.
 */
import { err, ok } from '../canonical/result.ts';
import { equalsAny } from './equality.ts';
import { asVerified, type Delivery, type LiveSecret, liveSecrets, type Verification } from './verification.ts';

/** Longest `Authorization` value looked at, characters. */
const maxHeaderLength = 4096;
const basicPattern = /^Basic +([A-Za-z0-9+/]+={0,2})$/i;

/** Whether a secret's value can be a Basic credential: something, a colon, something. */
export const isBasicCredential = (value: string): boolean => /^[^:]+:.+$/s.test(value);

/**
 * Reads the credentials as UTF-8 and compares them as a whole with each live secret.
 * Errors: `no_live_secret`, `header_missing`, `header_malformed`, `credentials_wrong`.
 */
export async function verifyBasic(delivery: Delivery, secrets: readonly LiveSecret[]): Promise<Verification> {
  const credentials = liveSecrets(secrets, delivery.receivedAt)
    .map((secret) => secret.value)
    .filter(isBasicCredential);
  if (credentials.length === 0) return err('no_live_secret');
  const header = delivery.headers.get('authorization');
  if (header === null) return err('header_missing');
  const presented = header.length > maxHeaderLength ? null : decodeCredentials(header);
  if (presented === null) return err('header_malformed');
  if (!(await equalsAny(presented, credentials))) return err('credentials_wrong');
  return ok(asVerified(delivery, 'authenticated', { scheme: 'basic' }));
}

/** `user:password`, or null when it is not Basic, not base64, not UTF-8 or has no colon. */
function decodeCredentials(header: string): string | null {
  const encoded = basicPattern.exec(header.trim())?.[1];
  if (encoded === undefined) return null;
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes(':') ? text : null;
  } catch (error) {
    // atob throws a DOMException, the decoder a TypeError: both mean the header is malformed, anything else is a bug.
    if (error instanceof DOMException || error instanceof TypeError) return null;
    throw error;
  }
}
