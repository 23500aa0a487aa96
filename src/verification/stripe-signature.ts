/**
 * Stripe's scheme: `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=…][,v0=…]`, v1 = HMAC-SHA256 over `<t>.<body>` with the
 * whole `whsec_…` string as key (docs.stripe.com/webhooks, stripe-node src/Webhooks.ts). While an endpoint's secret is
 * rolled Stripe signs with both, hence several v1. v0 is a fake scheme of test mode and is never looked at.
 */
import { err, ok } from '../canonical/result.ts';
import {
  DEFAULT_TOLERANCE_SECONDS,
  decodeHex,
  equalBytes,
  hmacSha256,
  judgeTimestamp,
  prefixedBody,
  textHmacKey,
} from './hmac.ts';
import { asVerified, type Delivery, type LiveSecret, liveSecrets, type Verification } from './verification.ts';

const HEADER = 'stripe-signature';
const MAX_HEADER_LENGTH = 4096;
const MAX_SIGNATURES = 16;
const SIGNATURE_BYTES = 32;
const secondsPattern = /^\d{1,12}$/;

interface SignatureHeader {
  readonly timestamp: string;
  readonly candidates: readonly Uint8Array[];
}

/**
 * Null when it is not one well-formed header. Two headers reach us joined by `, `, so white space or a second `t` means
 * that somebody added one: refused, rather than choosing between them.
 */
function readHeader(header: string): SignatureHeader | null {
  if (header.length > MAX_HEADER_LENGTH || /\s/.test(header)) return null;
  let timestamp: string | null = null;
  const candidates: Uint8Array[] = [];
  for (const item of header.split(',')) {
    const equals = item.indexOf('=');
    const scheme = item.slice(0, Math.max(equals, 0));
    const value = item.slice(equals + 1);
    if (scheme === 't') {
      if (timestamp !== null || !secondsPattern.test(value)) return null;
      timestamp = value;
    } else if (scheme === 'v1' && candidates.length < MAX_SIGNATURES) {
      const bytes = decodeHex(value);
      if (bytes !== null && bytes.length === SIGNATURE_BYTES) candidates.push(bytes);
    }
  }
  return timestamp === null || candidates.length === 0 ? null : { timestamp, candidates };
}

/**
 * Accepts when any v1 matches any live secret and `t` is within the tolerance of the time of receipt, in both
 * directions. Costs one HMAC per live secret; never throws on what a sender can send.
 *
 * It does not detect replays inside the tolerance: the lane does, by event id.
 */
export async function verifyStripeSignature(
  delivery: Delivery,
  secrets: readonly LiveSecret[],
  toleranceSeconds: number = DEFAULT_TOLERANCE_SECONDS,
): Promise<Verification> {
  const header = delivery.headers.get(HEADER);
  if (header === null) return err('header_missing');
  const signed = readHeader(header);
  if (signed === null) return err('header_malformed');
  const verdict = judgeTimestamp(Number(signed.timestamp), delivery.receivedAt, toleranceSeconds);
  if (verdict !== 'fresh') return err(verdict);
  const live = liveSecrets(secrets, delivery.receivedAt).filter((secret) => secret.value !== '');
  if (live.length === 0) return err('no_live_secret');
  const message = prefixedBody(`${signed.timestamp}.`, delivery.body);
  for (const secret of live) {
    const expected = await hmacSha256(await textHmacKey(secret.value), message);
    if (signed.candidates.some((candidate) => equalBytes(candidate, expected))) {
      return ok(asVerified(delivery, 'signed', { [HEADER]: header }));
    }
  }
  return err('signature_mismatch');
}
