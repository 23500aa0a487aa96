/**
 * X.509 on the edge, where Web Crypto has none: whether a certificate leads to a trusted root. Parsing and signatures are
 * @peculiar/x509's; the path rules of RFC 5280 that matter here (dates, authority flag, path length, key usage) are ours.
 * Revocation is not checked: the certificates are fetched from their owner, who has replaced what it revoked.
 */
import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
} from '@peculiar/x509';
import type { EpochMs } from '../canonical/ids.ts';
import { err, ok, type Result } from '../canonical/result.ts';

/** A leaf, two intermediates and a root are usual; more is somebody's mistake. */
const MAX_CERTIFICATES = 6;
const pemPattern = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

export type ChainProblem = 'unreadable' | 'expired' | 'not_an_authority' | 'no_path_to_a_root' | 'other_name';

/** Certificates of a PEM text in their order; null when there are none, too many, or one is no certificate. */
export function readCertificates(pem: string): readonly X509Certificate[] | null {
  const blocks = pem.match(pemPattern) ?? [];
  if (blocks.length === 0 || blocks.length > MAX_CERTIFICATES) return null;
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    // The parser throws errors of several kinds on bytes that are no certificate, and on nothing else.
    return null;
  }
}

const isCurrent = (certificate: X509Certificate, at: EpochMs): boolean =>
  certificate.notBefore.getTime() <= at && at <= certificate.notAfter.getTime();

/** May sign certificates, with `below` authorities between it and the leaf. */
function isAuthority(certificate: X509Certificate, below: number): boolean {
  const constraints = certificate.getExtension(BasicConstraintsExtension);
  if (constraints === null || !constraints.ca) return false;
  if (constraints.pathLength !== undefined && constraints.pathLength < below) return false;
  const usages = certificate.getExtension(KeyUsagesExtension);
  return usages === null || (usages.usages & KeyUsageFlags.keyCertSign) !== 0;
}

async function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): Promise<boolean> {
  if (certificate.issuer !== issuer.subject) return false;
  try {
    return await certificate.verify({ publicKey: issuer, signatureOnly: true });
  } catch {
    // An algorithm Web Crypto does not have: not verifiable, so not verified.
    return false;
  }
}

const sameBytes = (a: X509Certificate, b: X509Certificate): boolean =>
  a.rawData.byteLength === b.rawData.byteLength && a.equal(b);

/** The leaf's names: its subject alternative names where it has some, else its common name (RFC 6125). */
function namesOf(leaf: X509Certificate): readonly string[] {
  const alternative = leaf.getExtension(SubjectAlternativeNameExtension);
  const names =
    alternative === null
      ? leaf.subjectName.getField('CN')
      : alternative.names.items.filter((name) => name.type === 'dns').map((name) => name.value);
  return names.map((name) => name.toLowerCase());
}

/**
 * The leaf (the first certificate), if it is in date, bears a name that `isName` accepts, and is signed through the
 * others up to one of `roots`. Order of the others does not matter.
 */
export async function trustedLeaf(
  certificates: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  isName: (name: string) => boolean,
  at: EpochMs,
): Promise<Result<X509Certificate, ChainProblem>> {
  const [leaf, ...others] = certificates;
  if (leaf === undefined) return err('unreadable');
  if (!isCurrent(leaf, at)) return err('expired');
  if (!namesOf(leaf).some(isName)) return err('other_name');
  let current = leaf;
  for (let below = 0; below < MAX_CERTIFICATES; below += 1) {
    const root = await issuerAmong(current, roots);
    if (root !== null) {
      if (!isCurrent(root, at)) return err('expired');
      return isAuthority(root, below) ? ok(leaf) : err('not_an_authority');
    }
    const issuer = await issuerAmong(
      current,
      others.filter((each) => !sameBytes(each, current)),
    );
    if (issuer === null) return err('no_path_to_a_root');
    if (!isCurrent(issuer, at)) return err('expired');
    if (!isAuthority(issuer, below)) return err('not_an_authority');
    current = issuer;
  }
  return err('no_path_to_a_root');
}

async function issuerAmong(
  certificate: X509Certificate,
  candidates: readonly X509Certificate[],
): Promise<X509Certificate | null> {
  for (const candidate of candidates) {
    if (await isSignedBy(certificate, candidate)) return candidate;
  }
  return null;
}
