/**
 * JSON Web Tokens (RFC 7519) as proof of origin, checked as RFC 8725 advises: asymmetric algorithms only, issuer,
 * audience and expiry required, keys only from where the tenant said, never from the token's own header.
 *
 * A bearer token proves who calls, not what was said. With `bindBody` the token must carry `body_sha256`, the lower-case
 * hex SHA-256 of the raw body: then the bytes are signed.
 */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import { err, ok, type Result, unreachable } from '../canonical/result.ts';
import { hasOneSpelling } from './compact-token.ts';
import { equalSecrets } from './equality.ts';
import { jsonWebKeySet, jwksUrl, type KeySets, keySetOf } from './jwks.ts';
import { asVerified, type Delivery, type Verification, type VerificationFailure } from './verification.ts';

const jwtAlgorithms = ['RS256', 'ES256', 'PS256', 'EdDSA'] as const;

export const jwtSettings = z.strictObject({
  issuer: z.string().min(1).max(512),
  audience: z.string().min(1).max(512),
  /** Where the public keys are: published by the sender, or given here. */
  keys: z.union([z.strictObject({ url: jwksUrl }), z.strictObject({ jwks: jsonWebKeySet })]),
  algorithms: z
    .array(z.enum(jwtAlgorithms))
    .min(1)
    .default([...jwtAlgorithms]),
  /** Seconds by which the two clocks may differ. */
  clockToleranceSeconds: z.int().min(0).max(300).default(60),
  /** The farthest expiry accepted, seconds from now: an eternal token is a password in disguise. */
  maxLifetimeSeconds: z.int().min(60).max(86_400).default(7_200),
  bindBody: z.boolean().default(true),
});
export type JwtSettings = z.infer<typeof jwtSettings>;

const maxTokenLength = 16_384;
const bearerPattern = /^Bearer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i;

/**
 * Verifies `Authorization: Bearer <token>`. Trust: `signed` with `bindBody`, else `authenticated`.
 * Errors: `header_missing`, `header_malformed`, `token_invalid`, `timestamp_too_old` (expired), `timestamp_in_future`
 * (not yet valid, or expiring later than allowed), `sender_wrong` (issuer or audience), `signature_mismatch` (another
 * body), `keys_unavailable`.
 */
export async function verifyJwt(delivery: Delivery, settings: JwtSettings, keySets: KeySets): Promise<Verification> {
  const header = delivery.headers.get('authorization');
  if (header === null) return err('header_missing');
  const token = header.length > maxTokenLength ? undefined : bearerPattern.exec(header.trim())?.[1];
  if (token === undefined || !hasOneSpelling(token)) return err('header_malformed');

  const payload = await verifiedPayload(token, delivery, settings, keySets);
  if (!payload.ok) return payload;
  const expires = (payload.value.exp ?? 0) * 1000;
  const farthest = delivery.receivedAt + (settings.maxLifetimeSeconds + settings.clockToleranceSeconds) * 1000;
  if (expires > farthest) return err('timestamp_in_future');

  const evidence = { scheme: 'jwt', issuer: settings.issuer };
  if (!settings.bindBody) return ok(asVerified(delivery, 'authenticated', evidence));
  const claimed = payload.value.body_sha256;
  if (typeof claimed !== 'string') return err('token_invalid');
  const actual = hex(await crypto.subtle.digest('SHA-256', delivery.body));
  if (!(await equalSecrets(claimed, actual))) return err('signature_mismatch');
  return ok(asVerified(delivery, 'signed', { ...evidence, body_sha256: actual }));
}

async function verifiedPayload(
  token: string,
  delivery: Delivery,
  settings: JwtSettings,
  keySets: KeySets,
): Promise<Result<JWTPayload, VerificationFailure>> {
  const first = await keysFor(settings, keySets, delivery.receivedAt, false);
  if (!first.ok) return err('keys_unavailable');
  const checked = await check(token, first.value, delivery.receivedAt, settings);
  if (checked.ok || checked.error !== 'no_key') return asFailure(checked);
  const renewed = await keysFor(settings, keySets, delivery.receivedAt, true);
  if (!renewed.ok) return err('keys_unavailable');
  return asFailure(
    renewed.value === first.value ? checked : await check(token, renewed.value, delivery.receivedAt, settings),
  );
}

async function keysFor(settings: JwtSettings, keySets: KeySets, now: number, renew: boolean) {
  if ('url' in settings.keys) return keySets.get(settings.keys.url, now, renew);
  return renew ? ok(NO_KEYS) : ok(keySetOf(settings.keys.jwks));
}

/** Keys given in the settings cannot be renewed: asking again finds none. */
const NO_KEYS: JSONWebKeySet = { keys: [] };

type TokenFailure = 'no_key' | 'expired' | 'not_yet' | 'wrong_claim' | 'invalid';

async function check(
  token: string,
  keys: JSONWebKeySet,
  now: number,
  settings: JwtSettings,
): Promise<Result<JWTPayload, TokenFailure>> {
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys), {
      algorithms: [...settings.algorithms],
      issuer: settings.issuer,
      audience: settings.audience,
      clockTolerance: settings.clockToleranceSeconds,
      requiredClaims: ['exp', 'iss', 'aud'],
      currentDate: new Date(now),
    });
    return ok(payload);
  } catch (error) {
    return err(failureOf(error));
  }
}

function failureOf(error: unknown): TokenFailure {
  if (error instanceof errors.JWKSNoMatchingKey) return 'no_key';
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'nbf') return 'not_yet';
    return error.claim === 'iss' || error.claim === 'aud' ? 'wrong_claim' : 'invalid';
  }
  // jose's other errors, and what WebCrypto throws for keys and signatures it cannot use: the token proves nothing.
  if (error instanceof errors.JOSEError || error instanceof DOMException || error instanceof TypeError)
    return 'invalid';
  throw error;
}

function asFailure(result: Result<JWTPayload, TokenFailure>): Result<JWTPayload, VerificationFailure> {
  if (result.ok) return result;
  switch (result.error) {
    case 'no_key':
    case 'invalid':
      return err('token_invalid');
    case 'expired':
      return err('timestamp_too_old');
    case 'not_yet':
      return err('timestamp_in_future');
    case 'wrong_claim':
      return err('sender_wrong');
    default:
      return unreachable(result.error);
  }
}

const hex = (buffer: ArrayBuffer): string =>
  [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
