/**
 * A shared key in a header: the caller knows it, and the bytes are not bound to it, so the trust is `authenticated`.
 * For senders that can set a header and nothing more.
 */
import { err, ok } from '../canonical/result.ts';
import { equalsAny } from './equality.ts';
import { asVerified, type Delivery, type LiveSecret, liveSecrets, type Verification } from './verification.ts';

const MAX_HEADER_LENGTH = 4096;
/** A shorter key is guessed sooner than it is rotated, and counts as not live. */
export const MIN_API_KEY_LENGTH = 16;

/**
 * @param header lower case. @param prefix what stands before the key, `Bearer `; may be empty.
 * Errors: `no_live_secret`, `header_missing`, `header_malformed`, `credentials_wrong`.
 */
export async function verifyApiKey(
  delivery: Delivery,
  secrets: readonly LiveSecret[],
  header: string,
  prefix: string,
): Promise<Verification> {
  const keys = liveSecrets(secrets, delivery.receivedAt)
    .map((secret) => secret.value)
    .filter((key) => key.length >= MIN_API_KEY_LENGTH);
  if (keys.length === 0) return err('no_live_secret');
  const presented = delivery.headers.get(header);
  if (presented === null) return err('header_missing');
  if (presented.length > MAX_HEADER_LENGTH || !presented.startsWith(prefix)) return err('header_malformed');
  if (!(await equalsAny(presented.slice(prefix.length), keys))) return err('credentials_wrong');
  return ok(asVerified(delivery, 'authenticated', { scheme: 'api-key' }));
}
