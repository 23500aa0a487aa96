/** A certificate authority and a PayPal of our own, for tests: root → intermediate → leaf, and deliveries it signs. */
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { crc32 } from '../../src/verification/paypal-signature.ts';

const algorithm = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
};
async function newKeys(): Promise<CryptoKeyPair> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  if ('privateKey' in keys) return keys;
  throw new Error('expected a pair of keys');
}

export interface LeafOptions {
  readonly name?: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Whether the intermediate may sign certificates. */
  readonly authority?: boolean;
}

export const WEBHOOK_ID = '9XL90610J3647323C';
export const CERTIFICATE_URL = 'https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-a5cafa77';

export async function paypalSigner(options: LeafOptions = {}) {
  const [rootKeys, middleKeys, leafKeys] = await Promise.all([newKeys(), newKeys(), newKeys()]);
  const dates = { notBefore: new Date('2026-01-01'), notAfter: new Date('2028-01-01') };
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=Test Root',
    ...dates,
    keys: rootKeys,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, 2, true)],
  });
  const middle = await x509.X509CertificateGenerator.create({
    serialNumber: '02',
    subject: 'CN=Test Intermediate',
    issuer: root.subject,
    ...dates,
    signingKey: rootKeys.privateKey,
    publicKey: middleKeys.publicKey,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(options.authority ?? true, undefined, true)],
  });
  const name = options.name ?? 'messageverificationcerts.paypal.com';
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber: '03',
    subject: `CN=${name}`,
    issuer: middle.subject,
    notBefore: options.notBefore ?? dates.notBefore,
    notAfter: options.notAfter ?? dates.notAfter,
    signingKey: middleKeys.privateKey,
    publicKey: leafKeys.publicKey,
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
  });
  return {
    root: root.toString('pem'),
    chain: `${leaf.toString('pem')}\n${middle.toString('pem')}\n`,
    async headers(body: Uint8Array<ArrayBuffer>, at: number, webhookId = WEBHOOK_ID): Promise<Record<string, string>> {
      const time = new Date(at).toISOString().replace(/\.\d+/, '');
      const id = 'd938e770-8046-11e6-8103-6b62a8a99ac4';
      const text = new TextEncoder().encode(`${id}|${time}|${webhookId}|${crc32(body)}`);
      const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', leafKeys.privateKey, text);
      return {
        'paypal-transmission-id': id,
        'paypal-transmission-time': time,
        'paypal-transmission-sig': Buffer.from(signature).toString('base64'),
        'paypal-cert-url': CERTIFICATE_URL,
        'paypal-auth-algo': 'SHA256withRSA',
      };
    },
  };
}
