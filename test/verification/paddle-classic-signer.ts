/** Paddle Classic's side of its proof, with Node's own crypto and a key pair of our own. */
import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { bytes } from './deliveries.ts';

export interface Vendor {
  readonly privateKey: KeyObject;
  /** SPKI PEM, as Paddle's dashboard shows it. */
  readonly publicKey: string;
}

export function newVendor(): Vendor {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { privateKey, publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

export type Alert = Readonly<Record<string, string>>;

/** What PHP's `serialize(ksort($fields))` writes of an array of strings. */
export function phpSerialized(fields: Alert): string {
  const written = (text: string) => `s:${Buffer.byteLength(text)}:"${text}";`;
  const pairs = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
  return `a:${pairs.length}:{${pairs.map(([name, value]) => written(name) + written(value)).join('')}}`;
}

export const signatureOf = (fields: Alert, { privateKey }: Vendor): string =>
  createSign('RSA-SHA1').update(phpSerialized(fields)).sign(privateKey, 'base64');

/** The form as it is posted, its proof inside. */
export const signedForm = (fields: Alert, vendor: Vendor): Uint8Array<ArrayBuffer> =>
  bytes(new URLSearchParams({ ...fields, p_signature: signatureOf(fields, vendor) }).toString());
