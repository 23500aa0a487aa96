/**
 * The secret address: senders that can prove nothing else (Salesforce Outbound Messages) are given an ingress URL whose
 * last segment only they know, `/in/<tenant>/<source>/<secret>`. Trust is `addressed`, the weakest: an address leaks
 * more easily than a key, so it should never be logged, and money should not rest on it alone.
 */
import { err, ok } from '../canonical/result.ts';
import { equalsAny } from './equality.ts';
import { asVerified, type Delivery, type LiveSecret, liveSecrets, type Verification } from './verification.ts';

/**
 * A secret that can stand in a path as it is: 16 to 128 characters that are never percent-encoded (RFC 3986
 * unreserved). Live secrets of another form belong to other schemes and are ignored.
 */
const segmentPattern = /^[A-Za-z0-9._~-]{16,128}$/;

export const isPathSecret = (value: string): boolean => segmentPattern.test(value);

/** Errors: `no_live_secret`, `header_missing` (no such segment), `header_malformed`, `credentials_wrong`. */
export async function verifySecretPath(delivery: Delivery, secrets: readonly LiveSecret[]): Promise<Verification> {
  const candidates = liveSecrets(secrets, delivery.receivedAt)
    .map((secret) => secret.value)
    .filter(isPathSecret);
  if (candidates.length === 0) return err('no_live_secret');
  const segments = delivery.url.pathname.split('/');
  const presented = segments[4];
  if (presented === undefined || presented === '') return err('header_missing');
  if (segments.length !== 5 || segments[1] !== 'in' || !isPathSecret(presented)) return err('header_malformed');
  if (!(await equalsAny(presented, candidates))) return err('credentials_wrong');
  return ok(asVerified(delivery, 'addressed', { scheme: 'secret-path' }));
}
