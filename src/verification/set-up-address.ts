/**
 * Set-up messages: some providers prove an endpoint before they sign anything to it (Gusto's verification token, Ramp's
 * challenge). Such a message is believed only at an address that holds a live secret beginning with `setup-`. It is
 * kept for a person, moves nothing, and the door is closed by taking that secret out of the config.
 *
 * These secrets never serve as keys: who saw the address could otherwise sign with it.
 */
import { verifySecretPath } from './secret-path.ts';
import type { Delivery, LiveSecret, Verification } from './verification.ts';

const isAddress = ({ value }: LiveSecret): boolean => value.startsWith('setup-');

export const signingSecrets = (secrets: readonly LiveSecret[]): readonly LiveSecret[] =>
  secrets.filter((secret) => !isAddress(secret));

/** Errors as of `verifySecretPath`. Trust: `addressed`. */
export const verifySetUpAddress = (delivery: Delivery, secrets: readonly LiveSecret[]): Promise<Verification> =>
  verifySecretPath(delivery, secrets.filter(isAddress));
