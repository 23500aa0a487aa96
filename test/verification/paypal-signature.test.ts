import tls from 'node:tls';
import zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { err, ok } from '../../src/canonical/result.ts';
import { digicertRoots } from '../../src/verification/digicert-roots.ts';
import {
  certificateAddress,
  crc32,
  fetchCertificateWith,
  PaypalCertificates,
  verifyPaypal,
} from '../../src/verification/paypal-signature.ts';
import { believesNoAlteration } from './attacks.ts';
import { always, bytes, delivery } from './deliveries.ts';
import { CERTIFICATE_URL, type LeafOptions, paypalSigner, WEBHOOK_ID } from './paypal-signer.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const BODY = bytes('{"id":"WH-1","note":"é 漢 🙂"}');
const signer = await paypalSigner();
const signedNow = await signer.headers(BODY, NOW);
const certificates = (chain = signer.chain, root = signer.root) =>
  new PaypalCertificates(async () => ok(chain), [root]);

async function verdict(headers: Record<string, string>, known = certificates(), secrets = always(WEBHOOK_ID)) {
  const answer = await verifyPaypal(delivery(BODY, headers, NOW), secrets, known, 'live');
  return answer.ok ? 'ok' : answer.error;
}

describe('PayPal signatures', () => {
  it('are believed with a certificate that leads to a known root, for a live webhook id', async () => {
    const headers = await signer.headers(BODY, NOW);
    expect(await verdict(headers)).toBe('ok');
    expect(await verdict(headers, certificates(), always('OTHERWEBHOOK1', WEBHOOK_ID))).toBe('ok');
    expect(await verdict(headers, certificates(), always('OTHERWEBHOOK1'))).toBe('signature_mismatch');
    expect(await verdict(headers, certificates(), always('WEBHOOK_ID'))).toBe('no_live_secret');
  });

  it('are believed for the old and the new webhook id while both are live, and for none beyond its span', async () => {
    const spanning = (notBefore: number | null, notAfter: number | null) => [
      { value: WEBHOOK_ID, notBefore, notAfter },
      ...always('OTHERWEBHOOK1'),
    ];
    for (const live of [spanning(null, NOW + 1), spanning(NOW, null)]) {
      expect(await verdict(signedNow, certificates(), live)).toBe('ok');
    }
    for (const over of [spanning(null, NOW), spanning(NOW + 1, null)]) {
      expect(await verdict(signedNow, certificates(), over)).toBe('signature_mismatch');
    }
  });

  it('are bounded in time, with room for three days of retries', async () => {
    expect(await verdict(await signer.headers(BODY, NOW - 3 * 86_400_000))).toBe('ok');
    expect(await verdict(await signer.headers(BODY, NOW - 5 * 86_400_000))).toBe('timestamp_too_old');
    expect(await verdict(await signer.headers(BODY, NOW + 600_000))).toBe('timestamp_in_future');
  });

  it.each<[string, LeafOptions]>([
    ['another name', { name: 'messageverificationcerts.paypal.com.evil.example' }],
    ['a name that only ends alike', { name: 'www.paypal.com' }],
    ['an end in the past', { notAfter: new Date('2026-11-01') }],
    ['a start to come', { notBefore: new Date('2026-12-01') }],
    ['an intermediate that is no authority', { authority: false }],
  ])('are not believed with a certificate of %s', async (_, options) => {
    const other = await paypalSigner(options);
    expect(await verdict(await other.headers(BODY, NOW), certificates(other.chain, other.root))).toBe('sender_wrong');
  });

  it('are not believed with a chain to another root, without its intermediate, or with no certificate', async () => {
    const other = await paypalSigner();
    const headers = await other.headers(BODY, NOW);
    expect(await verdict(headers, certificates(other.chain, signer.root))).toBe('sender_wrong');
    const leafOnly = other.chain.slice(0, other.chain.indexOf('-----END CERTIFICATE-----') + 25);
    expect(await verdict(headers, certificates(leafOnly, other.root))).toBe('sender_wrong');
    for (const text of ['', 'not found', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----']) {
      expect(await verdict(headers, certificates(text, other.root))).toBe('sender_wrong');
    }
  });

  it('cost one fetch per certificate and day, and none when what is local is wrong', async () => {
    let fetches = 0;
    const counting = new PaypalCertificates(async () => {
      fetches += 1;
      return ok(signer.chain);
    }, [signer.root]);
    const headers = await signer.headers(BODY, NOW);
    for (const _ of [1, 2, 3]) expect(await verdict(headers, counting)).toBe('ok');
    await verdict({ ...headers, 'paypal-cert-url': 'https://169.254.169.254/v1/notifications/certs/x' }, counting);
    await verdict(headers, counting, always());
    expect(fetches).toBe(1);
  });

  it('wait when the certificate cannot be had, and ask PayPal only so often', async () => {
    const headers = await signer.headers(BODY, NOW);
    expect(await verdict(headers, new PaypalCertificates(async () => err('unavailable'), []))).toBe('keys_unavailable');
    expect(await verdict(headers, new PaypalCertificates(async () => err('absent'), []))).toBe('sender_wrong');
    let fetches = 0;
    const counting = new PaypalCertificates(async () => {
      fetches += 1;
      return err('absent');
    }, []);
    for (let attempt = 0; attempt < 100; attempt += 1) {
      await verdict({ ...headers, 'paypal-cert-url': `${CERTIFICATE_URL}${attempt}` }, counting);
    }
    expect(fetches).toBe(20);
  });

  const known = certificates();
  believesNoAlteration('PayPal', {
    valid: delivery(BODY, signedNow, NOW),
    verify: (each) => verifyPaypal(each, always(WEBHOOK_ID), known, 'live'),
    headers: ['paypal-transmission-id', 'paypal-transmission-time', 'paypal-transmission-sig', 'paypal-auth-algo'],
    toleranceSeconds: 5 * 86_400,
  });
});

describe('the address of a certificate', () => {
  it.each([
    'http://api.paypal.com/v1/notifications/certs/CERT-1',
    'https://api.paypal.com.evil.example/v1/notifications/certs/CERT-1',
    'https://evil.example/api.paypal.com/v1/notifications/certs/CERT-1',
    'https://api.paypal.com@evil.example/v1/notifications/certs/CERT-1',
    'https://user@api.paypal.com/v1/notifications/certs/CERT-1',
    'https://api.paypal.com:8443/v1/notifications/certs/CERT-1',
    'https://api.paypal.com/v1/notifications/certs/../../redirect',
    'https://api.paypal.com/v1/notifications/certs/CERT-1?next=https://evil.example',
    'https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1',
    'https://127.0.0.1/v1/notifications/certs/CERT-1',
    'https://evilpaypal.com/v1/notifications/certs/CERT-1',
    'file:///etc/passwd',
    '',
  ])('is never %s', (address) => expect(certificateAddress(address, 'live')).toBeNull());

  it('is PayPal’s API of the environment', () => {
    expect(certificateAddress(CERTIFICATE_URL, 'live')).toBe(CERTIFICATE_URL);
    expect(certificateAddress(CERTIFICATE_URL, 'sandbox')).toBeNull();
    fc.assert(
      fc.property(fc.webUrl(), (url) => {
        expect(certificateAddress(url, 'live')).toBeNull();
      }),
      { numRuns: 2000 },
    );
  });

  it('is fetched without redirects and with a cap', async () => {
    const answering = (response: Response) => fetchCertificateWith(async () => response);
    expect(await answering(new Response('pem'))(CERTIFICATE_URL)).toEqual(ok('pem'));
    expect(await answering(new Response('x'.repeat(40_000)))(CERTIFICATE_URL)).toEqual(err('unavailable'));
    expect(await answering(new Response(null, { status: 302 }))(CERTIFICATE_URL)).toEqual(err('unavailable'));
    expect(await answering(new Response(null, { status: 404 }))(CERTIFICATE_URL)).toEqual(err('absent'));
    const broken = fetchCertificateWith(async () => Promise.reject(new TypeError('refused')));
    expect(await broken(CERTIFICATE_URL)).toEqual(err('unavailable'));
  });
});

describe('what the scheme rests on', () => {
  it('has the CRC-32 of zlib', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (data) => {
        expect(crc32(data)).toBe(zlib.crc32(data));
      }),
    );
  });

  it('has roots that the public trust stores have', () => {
    const squeezed = (pem: string) => pem.replace(/\s/g, '');
    const known = new Set(tls.rootCertificates.map(squeezed));
    expect(digicertRoots.length).toBeGreaterThan(0);
    for (const root of digicertRoots) expect(known.has(squeezed(root))).toBe(true);
  });
});
