/** The seam between raw deliveries and everything that trusts them. */
import type { EpochMs } from '../canonical/ids.ts';
import type { Result } from '../canonical/result.ts';

declare const verified: unique symbol;

/** An HTTP request as it came, body read once, nothing believed yet. Header names are lower case. */
export interface Delivery {
  readonly method: string;
  /** Public URL, as the sender addressed it. */
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly receivedAt: EpochMs;
  /** What the edge saw of the caller's TLS client certificate; null or absent when none was presented. */
  readonly clientCertificate?: ClientCertificate | null;
}

/** Facts of a TLS client certificate as the terminating edge states them (Cloudflare: `request.cf.tlsClientAuth`). */
export interface ClientCertificate {
  /** The chain ends at a root the zone trusts, the certificate is in date and not revoked. */
  readonly verified: boolean;
  readonly subjectDN: string;
  readonly issuerDN: string;
  /** SHA-256 of the DER certificate, hex. */
  readonly fingerprintSha256: string;
  /** As the edge writes it: `Dec 31 23:59:59 2026 GMT`, or ISO 8601. */
  readonly notAfter: string;
}

/**
 * How strong the proof of origin is. `signed`: the bytes are signed. `authenticated`: the caller proved an identity
 * (Basic, mTLS, bearer) but the bytes are not bound to it. `addressed`: only the secret address was known.
 */
export type TrustTier = 'signed' | 'authenticated' | 'addressed';

/** A delivery whose sender is proven. Only `verify` functions make one; parsers take nothing else. */
export type VerifiedDelivery = Delivery & {
  readonly [verified]: true;
  readonly trust: TrustTier;
  /** Headers that carried or were bound by the proof, for the archive; credentials themselves are left out. */
  readonly evidence: Readonly<Record<string, string>>;
};

/** Why a delivery was refused: for logs and metrics only. The answer on the wire never tells which (src/routes/problem.ts). */
export type VerificationFailure =
  | 'header_missing'
  | 'header_malformed'
  | 'timestamp_too_old'
  | 'timestamp_in_future'
  | 'signature_mismatch'
  | 'credentials_wrong'
  | 'token_invalid'
  | 'sender_wrong'
  /** The sender's key set could not be fetched: our side's trouble, so the answer is 503 and the sender tries again. */
  | 'keys_unavailable'
  | 'no_live_secret';

/** A secret's value with the span in which it may be used; several may be live during a rotation. */
export interface LiveSecret {
  readonly value: string;
  readonly notBefore: EpochMs | null;
  readonly notAfter: EpochMs | null;
}

export type Verification = Result<VerifiedDelivery, VerificationFailure>;

/** The one maker of verified deliveries. Called by schemes in this folder only (dependency rule `verified-makers`). */
export function asVerified(delivery: Delivery, trust: TrustTier, evidence: Record<string, string>): VerifiedDelivery {
  // Member by member: a client certificate costs to look at, and has done its work when a delivery is verified.
  const { method, url, headers, body, receivedAt } = delivery;
  return { method, url, headers, body, receivedAt, trust, evidence } as VerifiedDelivery;
}

/** Secrets usable at `now`. */
export const liveSecrets = (secrets: readonly LiveSecret[], now: EpochMs): readonly LiveSecret[] =>
  secrets.filter((s) => (s.notBefore === null || s.notBefore <= now) && (s.notAfter === null || now < s.notAfter));
