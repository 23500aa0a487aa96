import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { certificatePin, verifyClientCertificate } from '../../src/verification/certificate.ts';
import type { ClientCertificate } from '../../src/verification/verification.ts';
import { delivery } from './deliveries.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const FINGERPRINT = 'ab'.repeat(32);
const presented: ClientCertificate = {
  verified: true,
  subjectDN: 'CN=proxy.salesforce.com,O=Salesforce',
  issuerDN: 'CN=Root',
  fingerprintSha256: FINGERPRINT,
  notAfter: 'Dec 31 23:59:59 2026 GMT',
};
const attempt = (certificate: ClientCertificate | null, pin = { fingerprintSha256: FINGERPRINT }) =>
  verifyClientCertificate({ ...delivery('', {}, NOW), clientCertificate: certificate }, certificatePin.parse(pin));

describe('the pinned client certificate', () => {
  it('raises the trust to authenticated, whatever way the fingerprint is written', async () => {
    const spelled = Array.from({ length: 32 }, () => 'AB').join(':');
    const verified = await attempt(presented, { fingerprintSha256: spelled });
    expect(verified.ok && verified.value.trust).toBe('authenticated');
  });

  it.each([
    ['none was presented', null, 'header_missing'],
    ['the edge did not verify it', { ...presented, verified: false }, 'sender_wrong'],
    ['it is another one', { ...presented, fingerprintSha256: 'cd'.repeat(32) }, 'sender_wrong'],
    ['it has expired', { ...presented, notAfter: 'Nov 21 23:59:59 2026 GMT' }, 'timestamp_too_old'],
    ['its expiry cannot be read', { ...presented, notAfter: 'soon' }, 'timestamp_too_old'],
  ])('is refused when %s', async (_, certificate, error) => {
    expect(await attempt(certificate)).toEqual({ ok: false, error });
  });

  it('compares a pinned subject as a whole', async () => {
    const pin = certificatePin.parse({ subjectDN: presented.subjectDN });
    const check = (subjectDN: string) =>
      verifyClientCertificate({ ...delivery('', {}, NOW), clientCertificate: { ...presented, subjectDN } }, pin);
    expect((await check(presented.subjectDN)).ok).toBe(true);
    expect((await check(`${presented.subjectDN},OU=Evil`)).ok).toBe(false);
  });

  it('is not looked for in headers a caller could write', async () => {
    const forged = delivery('', { 'cf-client-cert-sha256': FINGERPRINT }, NOW);
    expect((await verifyClientCertificate(forged, { fingerprintSha256: FINGERPRINT })).ok).toBe(false);
  });

  it('is believed in none of 10,000 altered statements, nor after its end', async () => {
    const pin = { fingerprintSha256: FINGERPRINT, subjectDN: presented.subjectDN };
    const ends = Date.parse(presented.notAfter);
    const text = (of: string) =>
      fc
        .tuple(fc.nat(of.length - 1), fc.string({ maxLength: 3, unit: 'grapheme-ascii' }))
        .map(([at, other]) => of.slice(0, at) + other + of.slice(at + 1));
    const sameDigits = (of: string) => of.replaceAll(':', '').toLowerCase();
    const altered = fc.oneof(
      text(FINGERPRINT)
        .filter((other) => sameDigits(other) !== FINGERPRINT)
        .map((fingerprintSha256) => ({ ...presented, fingerprintSha256 })),
      text(presented.subjectDN)
        .filter((other) => other !== presented.subjectDN)
        .map((subjectDN) => ({ ...presented, subjectDN })),
      fc.constantFrom({ ...presented, verified: false }, { ...presented, notAfter: '' }, null),
      fc
        .integer({ min: 1, max: 10 ** 9 })
        .map((late) => ({ ...presented, notAfter: new Date(NOW - late).toISOString() })),
    );
    const check = (certificate: ClientCertificate | null, at: number) =>
      verifyClientCertificate({ ...delivery('', {}, at), clientCertificate: certificate }, certificatePin.parse(pin));
    expect((await check(presented, NOW)).ok).toBe(true);
    await fc.assert(
      fc.asyncProperty(altered, fc.nat(10 ** 9), async (certificate, late) => {
        expect((await check(certificate, NOW)).ok).toBe(false);
        expect((await check(presented, ends + late)).ok).toBe(false);
      }),
      { numRuns: 10_000 },
    );
  });

  it('cannot be configured without anything to compare', () => {
    expect(certificatePin.safeParse({}).success).toBe(false);
    expect(certificatePin.safeParse({ fingerprintSha256: 'abcd' }).success).toBe(false);
  });
});
