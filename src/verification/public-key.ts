/** RSA signatures (PKCS #1 v1.5) by a sender's public key. The algorithm is the receiver's choice, never the message's. */
import { importSPKI } from 'jose';
import { cachedKey, decodeBase64 } from './hmac.ts';

const algorithms = { 'rsa-sha256': 'RS256', 'rsa-sha384': 'RS384', 'rsa-sha512': 'RS512' } as const;
export type RsaAlgorithm = keyof typeof algorithms;
export const rsaAlgorithms = ['rsa-sha256', 'rsa-sha384', 'rsa-sha512'] as const satisfies readonly RsaAlgorithm[];

const pemPattern = /^-----BEGIN PUBLIC KEY-----\s[A-Za-z0-9+/=\s]{1,8192}-----END PUBLIC KEY-----\s*$/;

/** The key of a PEM text (SPKI); null when it is none, or not one of RSA. */
export async function readPublicKey(pem: string, algorithm: RsaAlgorithm): Promise<CryptoKey | null> {
  if (!pemPattern.test(pem)) return null;
  try {
    return await cachedKey(`${algorithm}:${pem}`, () => importSPKI(pem, algorithms[algorithm]));
  } catch (error) {
    // What WebCrypto throws for bytes that are no such key: the secret counts as not live.
    if (error instanceof TypeError || error instanceof DOMException) return null;
    throw error;
  }
}

const sha1 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-1' } as const;

/**
 * As `readPublicKey`, for signatures over SHA-1. Not among `rsaAlgorithms`, so that no config can choose it: it is there for
 * senders that offer nothing better (Paddle Classic).
 */
export async function readSha1PublicKey(pem: string): Promise<CryptoKey | null> {
  const der = pemPattern.test(pem) ? decodeBase64(pem.replaceAll(/-----[A-Z ]+-----|\s/g, '')) : null;
  if (der === null) return null;
  try {
    return await cachedKey(`rsa-sha1:${pem}`, () => crypto.subtle.importKey('spki', der, sha1, false, ['verify']));
  } catch (error) {
    // As above.
    if (error instanceof TypeError || error instanceof DOMException) return null;
    throw error;
  }
}

export const verifyRsa = (
  key: CryptoKey,
  signature: Uint8Array<ArrayBuffer>,
  message: Uint8Array<ArrayBuffer>,
): Promise<boolean> => crypto.subtle.verify({ name: 'RSASSA-PKCS1-v1_5' }, key, signature, message);
