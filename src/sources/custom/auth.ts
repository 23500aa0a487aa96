/** The proofs a custom source can be configured with, and how each is checked. */
import { z } from 'zod';
import { err, ok, type Result, unreachable } from '../../canonical/result.ts';
import { verifyApiKey } from '../../verification/api-key.ts';
import { verifyBasic } from '../../verification/basic.ts';
import { certificatePin, verifyClientCertificate } from '../../verification/certificate.ts';
import { type HmacScheme, verifyHmac } from '../../verification/hmac-scheme.ts';
import { hmacScheme, signedHeaders } from '../../verification/hmac-template.ts';
import type { KeySets } from '../../verification/jwks.ts';
import { jwtSettings, verifyJwt } from '../../verification/jwt.ts';
import type { Delivery, LiveSecret, Verification } from '../../verification/verification.ts';
import type { SettingFault } from './reading.ts';

const headerName = z.string().regex(/^[a-z0-9-]{1,64}$/, 'the name of a header in lower case, such as x-signature');

const hmacAuth = z.strictObject({
  scheme: z.literal('hmac'),
  algorithm: z.enum(['sha1', 'sha256', 'sha384', 'sha512']).default('sha256'),
  encoding: z.enum(['hex', 'base64']).default('hex'),
  /** How the secret is written: its characters are the key, or they are hex or base64 of it. */
  key: z.enum(['utf8', 'hex', 'base64']).default('utf8'),
  header: headerName,
  /** The header's whole value: `sha256={signature}`, `t={timestamp},v1={signature}`. */
  value: z.string().min(1).max(256).default('{signature}'),
  /** What is signed: `{body}`, `{timestamp}.{body}`, `{method}{url}{body}{timestamp}`. */
  content: z.string().min(1).max(256).default('{body}'),
  timestamp: z
    .strictObject({
      header: headerName.optional(),
      unit: z.enum(['seconds', 'milliseconds', 'iso8601']).default('seconds'),
      toleranceSeconds: z.int().min(1).max(86_400).default(300),
    })
    .optional(),
});

export const authSettings = z.discriminatedUnion(
  'scheme',
  [
    hmacAuth,
    z.strictObject({ scheme: z.literal('jwt'), jwt: jwtSettings }),
    z.strictObject({ scheme: z.literal('basic') }),
    z.strictObject({ scheme: z.literal('mtls'), certificate: certificatePin }),
    z.strictObject({
      scheme: z.literal('api-key'),
      header: headerName,
      /** What stands before the key in the header: `Bearer `. */
      prefix: z.string().max(32).default(''),
    }),
  ],
  { error: 'a scheme: hmac, jwt, basic, mtls or api-key' },
);
type WrittenAuth = z.output<typeof authSettings>;

/** Ready to verify with. */
export type Auth =
  | Exclude<WrittenAuth, { readonly scheme: 'hmac' }>
  | { readonly scheme: 'hmac'; readonly hmac: HmacScheme };

const hashes = { sha1: 'SHA-1', sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' } as const;

/** @param idHeader the header events take their id from, if they do: it must then be signed too. */
export function readyAuth(written: WrittenAuth, idHeader: string | null): Result<Auth, readonly SettingFault[]> {
  if (written.scheme !== 'hmac') return ok(written);
  const { algorithm, encoding, key, header, value, content, timestamp } = written;
  const scheme = hmacScheme({
    form: { hash: hashes[algorithm], key: key === 'utf8' ? 'text' : key, signature: encoding },
    header,
    value,
    content,
    timestamp:
      timestamp === undefined
        ? null
        : {
            header: timestamp.header ?? null,
            unit: timestamp.unit === 'iso8601' ? 'iso8601-utc' : timestamp.unit,
            toleranceSeconds: timestamp.toleranceSeconds,
          },
  });
  if (!scheme.ok) return err(scheme.error.map(({ field, message }) => ({ path: ['auth', field], message })));
  if (idHeader !== null && !signedHeaders(content).includes(idHeader)) {
    const message = `must be signed: put {header:${idHeader}} into auth.content, or whoever records a delivery can replay it under another id`;
    return err([{ path: ['event', 'id'], message }]);
  }
  return ok({ scheme: 'hmac', hmac: scheme.value });
}

/** Trust: `signed` for HMAC and for JWTs that bind the body, else `authenticated`. */
export async function verifyAuth(
  delivery: Delivery,
  secrets: readonly LiveSecret[],
  auth: Auth,
  keySets: KeySets,
): Promise<Verification> {
  switch (auth.scheme) {
    case 'hmac':
      return verifyHmac(delivery, secrets, auth.hmac);
    case 'jwt':
      return verifyJwt(delivery, auth.jwt, keySets);
    case 'basic':
      return verifyBasic(delivery, secrets);
    case 'mtls':
      return verifyClientCertificate(delivery, auth.certificate);
    case 'api-key':
      return verifyApiKey(delivery, secrets, auth.header, auth.prefix);
    default:
      return unreachable(auth);
  }
}
