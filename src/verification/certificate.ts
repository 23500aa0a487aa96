/**
 * Mutual TLS: the edge ended the handshake and states what certificate the caller proved to hold; this checks that it
 * is the pinned one. It reads facts the edge hands over beside the request, never a header a caller could write.
 */
import { z } from 'zod';
import { err, ok } from '../canonical/result.ts';
import { equalSecrets } from './equality.ts';
import { asVerified, type Delivery, type Verification } from './verification.ts';

/** A pin: the certificate's SHA-256 fingerprint, and optionally its subject, which outlives a renewal. */
export const certificatePin = z
  .strictObject({
    /** Hex, with or without colons. */
    fingerprintSha256: z
      .string()
      .regex(/^[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){31}$/, 'a SHA-256 fingerprint: 64 hex digits')
      .optional(),
    /** The whole distinguished name, as the edge writes it. Needs the edge to have verified the chain. */
    subjectDN: z.string().min(3).max(512).optional(),
  })
  .refine((pin) => pin.fingerprintSha256 !== undefined || pin.subjectDN !== undefined, {
    error: 'a fingerprint, a subject or both',
  });
export type CertificatePin = z.infer<typeof certificatePin>;

/**
 * Errors: `header_missing` (no certificate), `timestamp_too_old` (it has expired), `sender_wrong` (another certificate,
 * or one whose chain the edge did not verify).
 */
export async function verifyClientCertificate(delivery: Delivery, pin: CertificatePin): Promise<Verification> {
  const certificate = delivery.clientCertificate ?? null;
  if (certificate === null) return err('header_missing');
  if (!certificate.verified) return err('sender_wrong');
  const expires = Date.parse(certificate.notAfter);
  // An expiry that cannot be read proves nothing, so it counts as past.
  if (!(expires > delivery.receivedAt)) return err('timestamp_too_old');
  const fingerprint = plainHex(certificate.fingerprintSha256);
  if (pin.fingerprintSha256 !== undefined && !(await equalSecrets(fingerprint, plainHex(pin.fingerprintSha256)))) {
    return err('sender_wrong');
  }
  if (pin.subjectDN !== undefined && certificate.subjectDN !== pin.subjectDN) return err('sender_wrong');
  if (pin.fingerprintSha256 === undefined && pin.subjectDN === undefined) return err('sender_wrong');
  return ok(asVerified(delivery, 'authenticated', { scheme: 'mtls', certificate: fingerprint }));
}

const plainHex = (text: string): string => text.replaceAll(':', '').toLowerCase();
