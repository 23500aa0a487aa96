/**
 * HubSpot's request signatures. v3: HMAC-SHA256, base64, over method, address, body and time of the request, with the
 * app's client secret (developers.hubspot.com, "Validating requests"; HubSpot/hubspot-api-nodejs signature.spec.ts).
 * v1 and v2 are plain SHA-256 of secret and request: no time, and a hash that can be extended, so they prove less.
 */
import { err, ok } from '../canonical/result.ts';
import { decodeHex, equalBytes, prefixedBody } from './hmac.ts';
import { type HmacScheme, signatureAndTimeHeaders, verifyHmac } from './hmac-scheme.ts';
import { asVerified, type Delivery, type LiveSecret, liveSecrets, type Verification } from './verification.ts';

const TOLERANCE_SECONDS = 300;

/** The characters HubSpot signs decoded; every other escape stays as it was sent. */
const decodedCharacters: ReadonlyMap<string, string> = new Map(
  [...":/?@!$'()*,;"].map((character) => [
    `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    character,
  ]),
);

export const signedAddress = (url: string): string =>
  url.replace(/%[0-9A-Fa-f]{2}/g, (escaped) => decodedCharacters.get(escaped.toUpperCase()) ?? escaped);

/** `address`: as HubSpot knows it, where something in front of the gateway rewrites it; default: as delivered. */
const scheme = (address: string | null): HmacScheme => ({
  form: { hash: 'SHA-256', key: 'text', signature: 'base64' },
  present: signatureAndTimeHeaders('x-hubspot-signature-v3', 'x-hubspot-request-timestamp'),
  content: ({ method, url, body }, timestamp) => [`${method}${signedAddress(address ?? url.href)}`, body, timestamp],
  time: { unit: 'milliseconds', toleranceSeconds: TOLERANCE_SECONDS },
  evidence: ['x-hubspot-signature-v3', 'x-hubspot-request-timestamp'],
});

export const verifyHubspotV3 = (
  delivery: Delivery,
  secrets: readonly LiveSecret[],
  address: string | null = null,
): Promise<Verification> => verifyHmac(delivery, secrets, scheme(address));

/**
 * v1: `secret + body`; v2: `secret + method + address + body`. Trust `authenticated`, never `signed`. A delivery that
 * carries a v3 signature as well has to be judged by that one: otherwise an attacker would choose the weaker.
 */
export async function verifyHubspotLegacy(
  delivery: Delivery,
  secrets: readonly LiveSecret[],
  address: string | null = null,
): Promise<Verification> {
  const signature = delivery.headers.get('x-hubspot-signature');
  const version = delivery.headers.get('x-hubspot-signature-version');
  if (signature === null || version === null) return err('header_missing');
  const presented = signature.length === 64 ? decodeHex(signature) : null;
  if (presented === null || (version !== 'v1' && version !== 'v2')) return err('header_malformed');
  const live = liveSecrets(secrets, delivery.receivedAt).filter((secret) => secret.value !== '');
  if (live.length === 0) return err('no_live_secret');
  const request = version === 'v1' ? '' : `${delivery.method}${address ?? delivery.url.href}`;
  for (const secret of live) {
    const message = prefixedBody(`${secret.value}${request}`, delivery.body);
    const expected = new Uint8Array(await crypto.subtle.digest('SHA-256', message));
    if (equalBytes(presented, expected)) {
      return ok(
        asVerified(delivery, 'authenticated', {
          'x-hubspot-signature': signature,
          'x-hubspot-signature-version': version,
        }),
      );
    }
  }
  return err('signature_mismatch');
}
