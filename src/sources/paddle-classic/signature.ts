/**
 * Paddle Classic's `p_signature`: RSA with SHA-1 (PKCS #1 v1.5, base64) by the vendor's own key pair, over the other form
 * fields sorted by name and written as PHP's `serialize` writes an array of strings
 * (developer.paddle.com/classic, "Verifying Webhooks"). Lengths are of UTF-8 bytes.
 *
 * It covers the fields, not the form's bytes: the same fields escaped differently are the same alert.
 */
import { z } from 'zod';
import { err, ok } from '../../canonical/result.ts';
import { decodeBase64 } from '../../verification/hmac.ts';
import { readSha1PublicKey, verifyRsa } from '../../verification/public-key.ts';
import {
  asVerified,
  type Delivery,
  type LiveSecret,
  liveSecrets,
  type Verification,
} from '../../verification/verification.ts';
import { parseForm } from '../maxio/form.ts';

/**
 * Flat, each name once, and no name that is a number: PHP would sort and write such a one otherwise. Paddle's alerts have
 * some thirty fields.
 */
const alertFields = z
  .record(z.string().regex(/^[A-Za-z_]\w{0,99}$/), z.string().max(20_000))
  .refine((fields) => Object.keys(fields).length <= 200);
export type AlertFields = z.infer<typeof alertFields>;

/** The one reading of the form, for the proof and for the books alike: what is believed is what was signed. */
export function readFields(body: Uint8Array): AlertFields | null {
  const form = parseForm(body);
  const parsed = alertFields.safeParse(form.ok ? form.value : null);
  return parsed.success ? parsed.data : null;
}

const encoder = new TextEncoder();
const phpString = (text: string): string => `s:${encoder.encode(text).length}:"${text}";`;

function signedBytes(fields: AlertFields): Uint8Array<ArrayBuffer> {
  const names = Object.keys(fields)
    .filter((name) => name !== 'p_signature')
    .sort();
  const pairs = names.map((name) => phpString(name) + phpString(fields[name] ?? ''));
  return new Uint8Array(encoder.encode(`a:${names.length}:{${pairs.join('')}}`));
}

/**
 * Accepts under any live public key (PEM). Never throws on what a sender can send.
 * Errors: `header_malformed` (no such form, or no signature in base64), `header_missing` (no `p_signature`),
 * `no_live_secret`, `signature_mismatch`.
 */
export async function verifyAlert(delivery: Delivery, secrets: readonly LiveSecret[]): Promise<Verification> {
  const fields = readFields(delivery.body);
  if (fields === null) return err('header_malformed');
  const written = fields.p_signature;
  if (written === undefined) return err('header_missing');
  const signature = decodeBase64(written);
  if (signature === null) return err('header_malformed');
  const message = signedBytes(fields);
  let live = 0;
  for (const { value } of liveSecrets(secrets, delivery.receivedAt)) {
    const key = await readSha1PublicKey(value);
    if (key === null) continue;
    live += 1;
    // The signature is in the bytes that are kept; nothing else is needed to check it again.
    if (await verifyRsa(key, signature, message)) {
      return ok(asVerified(delivery, 'signed', { scheme: 'paddle-classic' }));
    }
  }
  return err(live === 0 ? 'no_live_secret' : 'signature_mismatch');
}
