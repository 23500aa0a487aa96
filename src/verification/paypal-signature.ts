/**
 * PayPal's scheme: RSA with SHA-256 (PKCS #1 v1.5) over `<transmission id>|<time>|<webhook id>|<CRC-32 of the body>`, by
 * a certificate that is fetched from the address in the request. That address is believed only if it is one PayPal's API
 * serves certificates at; the certificate only if it leads to a known root and is PayPal's for this purpose.
 *
 * The body is bound by a CRC-32 alone, which is no cryptographic hash: who could alter a delivery under way could make
 * another body of the same CRC. TLS is what prevents that; PayPal offers nothing stronger.
 */
import type { X509Certificate } from '@peculiar/x509';
import type { EpochMs } from '../canonical/ids.ts';
import { err, ok, type Result } from '../canonical/result.ts';
import { readCertificates, trustedLeaf } from './certificate-chain.ts';
import { decodeBase64 } from './hmac.ts';
import { asVerified, type Delivery, type LiveSecret, liveSecrets, type Verification } from './verification.ts';

export type PaypalEnvironment = 'live' | 'sandbox';

const hosts: Readonly<Record<PaypalEnvironment, RegExp>> = {
  live: /^api(-m)?\.paypal\.com$/,
  sandbox: /^api(-m)?\.sandbox\.paypal\.com$/,
};
const certificatePath = /^\/v1\/notifications\/certs\/[A-Za-z0-9_-]{1,128}$/;
const certificateName = /^messageverificationcerts(\.[a-z0-9-]{1,40})?\.paypal\.com$/;

/** The address as it is to be fetched, or null: https, PayPal's API, its path for certificates, and nothing beside. */
export function certificateAddress(text: string, environment: PaypalEnvironment): string | null {
  if (text.length > 512 || !URL.canParse(text)) return null;
  const url = new URL(text);
  const plain = url.protocol === 'https:' && url.port === '' && url.username === '' && url.password === '';
  if (!plain || url.search !== '' || url.hash !== '' || !hosts[environment].test(url.hostname)) return null;
  return certificatePath.test(url.pathname) ? url.href : null;
}

/** `absent`: PayPal says there is no such certificate, so the sender made it up. `unavailable`: it could not be asked. */
export type FetchCertificate = (address: string) => Promise<Result<string, 'absent' | 'unavailable'>>;

const MAX_PEM_BYTES = 32 * 1024;
const FETCH_TIMEOUT_MS = 5_000;

/** No redirects (they could lead inward), a timeout, a size cap. Only for addresses `certificateAddress` made. */
export const fetchCertificateWith =
  (fetcher: typeof fetch): FetchCertificate =>
  async (address) => {
    try {
      const response = await fetcher(address, { redirect: 'manual', signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
      if (response.status === 200 && response.body !== null) return await readCapped(response.body);
      await response.body?.cancel();
      return err(response.status >= 400 && response.status < 500 && response.status !== 429 ? 'absent' : 'unavailable');
    } catch {
      // Refused, timed out or cut short: there is no certificate now. The caller answers 503.
      return err('unavailable');
    }
  };

async function readCapped(body: ReadableStream<Uint8Array>): Promise<Result<string, 'unavailable'>> {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > MAX_PEM_BYTES) return err('unavailable');
    text += decoder.decode(chunk, { stream: true });
  }
  return ok(text + decoder.decode());
}

interface Known {
  readonly key: CryptoKey;
  readonly until: EpochMs;
}

const MAX_KNOWN = 32;
const KEEP_MS = 24 * 3_600_000;
/** Made-up addresses must not make us hammer PayPal: certificates not known yet that are fetched in a minute. */
const MAX_FETCHES_PER_MINUTE = 20;

/** Public keys of certificates that were found trustworthy, by address. Each is checked anew after a day. */
export class PaypalCertificates {
  readonly #fetch: FetchCertificate;
  readonly #roots: readonly X509Certificate[];
  readonly #known = new Map<string, Known>();
  #minute: EpochMs = 0;
  #fetches = 0;

  constructor(fetchCertificate: FetchCertificate, rootsPem: readonly string[]) {
    this.#fetch = fetchCertificate;
    this.#roots = rootsPem.flatMap((pem) => readCertificates(pem) ?? []);
  }

  async keyAt(address: string, now: EpochMs): Promise<Result<CryptoKey, 'sender_wrong' | 'keys_unavailable'>> {
    const known = this.#known.get(address);
    if (known !== undefined && now < known.until) return ok(known.key);
    if (!this.#mayFetch(now)) return err('keys_unavailable');
    const pem = await this.#fetch(address);
    if (!pem.ok) return err(pem.error === 'absent' ? 'sender_wrong' : 'keys_unavailable');
    const certificates = readCertificates(pem.value);
    if (certificates === null) return err('sender_wrong');
    const leaf = await trustedLeaf(certificates, this.#roots, (name) => certificateName.test(name), now);
    if (!leaf.ok) return err('sender_wrong');
    const key = await importKey(leaf.value);
    if (key === null) return err('sender_wrong');
    this.#remember(address, { key, until: Math.min(now + KEEP_MS, leaf.value.notAfter.getTime()) });
    return ok(key);
  }

  #mayFetch(now: EpochMs): boolean {
    const minute = Math.floor(now / 60_000);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#fetches = 0;
    }
    this.#fetches += 1;
    return this.#fetches <= MAX_FETCHES_PER_MINUTE;
  }

  #remember(address: string, known: Known): void {
    if (this.#known.size >= MAX_KNOWN) {
      const oldest = this.#known.keys().next();
      if (oldest.done !== true) this.#known.delete(oldest.value);
    }
    this.#known.set(address, known);
  }
}

/** RSA only, as the scheme has it; null for a key of another kind. */
async function importKey(leaf: X509Certificate): Promise<CryptoKey | null> {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  try {
    return await crypto.subtle.importKey('spki', leaf.publicKey.rawData, algorithm, false, ['verify']);
  } catch {
    // Web Crypto refuses a key that is not RSA; there is nothing else to refuse in a parsed certificate.
    return null;
  }
}

const crcTable = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 (ISO 3309, as zip has it), as an unsigned number. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (crcTable[(crc ^ byte) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}

const names = {
  id: 'paypal-transmission-id',
  time: 'paypal-transmission-time',
  signature: 'paypal-transmission-sig',
  address: 'paypal-cert-url',
  algorithm: 'paypal-auth-algo',
} as const;
const idPattern = /^[A-Za-z0-9-]{1,64}$/;
const timePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/;
/** As PayPal makes them. The simulator's literal `WEBHOOK_ID` is none, so it cannot be configured by mistake. */
const webhookIdPattern = /^[A-Z0-9]{10,50}$/;

/** PayPal repeats for three days, with the time of the first try as far as is known; replays are the lane's to tell. */
const MAX_AGE_MS = 4 * 24 * 3_600_000;
const MAX_AHEAD_MS = 300_000;

function readHeaders(
  headers: Headers,
): Result<Record<keyof typeof names, string>, 'header_missing' | 'header_malformed'> {
  const [id, time, signature, address, algorithm] = [
    headers.get(names.id),
    headers.get(names.time),
    headers.get(names.signature),
    headers.get(names.address),
    headers.get(names.algorithm),
  ];
  if (id === null || time === null || signature === null || address === null || algorithm === null) {
    return err('header_missing');
  }
  const wellFormed = idPattern.test(id) && timePattern.test(time) && algorithm === 'SHA256withRSA';
  return wellFormed ? ok({ id, time, signature, address, algorithm }) : err('header_malformed');
}

/**
 * Live secrets are webhook ids: PayPal shares no secret, but signs for one webhook, and two may be live while it is
 * registered anew. What is cheap and local is checked before anything is fetched.
 */
export async function verifyPaypal(
  delivery: Delivery,
  secrets: readonly LiveSecret[],
  certificates: PaypalCertificates,
  environment: PaypalEnvironment,
): Promise<Verification> {
  const headers = readHeaders(delivery.headers);
  if (!headers.ok) return headers;
  const { id, time, signature } = headers.value;
  const signed = signature.length > 1024 ? null : decodeBase64(signature);
  const sentAt = Date.parse(time);
  if (signed === null || Number.isNaN(sentAt)) return err('header_malformed');
  if (delivery.receivedAt - sentAt > MAX_AGE_MS) return err('timestamp_too_old');
  if (sentAt - delivery.receivedAt > MAX_AHEAD_MS) return err('timestamp_in_future');
  const webhookIds = liveSecrets(secrets, delivery.receivedAt)
    .map((secret) => secret.value)
    .filter((value) => webhookIdPattern.test(value));
  if (webhookIds.length === 0) return err('no_live_secret');
  const address = certificateAddress(headers.value.address, environment);
  if (address === null) return err('sender_wrong');
  const key = await certificates.keyAt(address, delivery.receivedAt);
  if (!key.ok) return key;
  const checksum = crc32(delivery.body);
  for (const webhookId of webhookIds) {
    const message = new TextEncoder().encode(`${id}|${time}|${webhookId}|${checksum}`);
    if (await crypto.subtle.verify('RSASSA-PKCS1-v1_5', key.value, signed, new Uint8Array(message))) {
      return ok(
        asVerified(delivery, 'signed', {
          [names.id]: id,
          [names.time]: time,
          [names.signature]: signature,
          [names.address]: address,
        }),
      );
    }
  }
  return err('signature_mismatch');
}
