/** Lago's JWTs, signed with keys made for the test. */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';

export interface KeyPair {
  readonly publicPem: string;
  readonly privatePem: string;
}

export function keyPair(): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

export const signed = (keys: KeyPair, data: unknown, issuer: string, alg = 'RS256'): Promise<string> =>
  new SignJWT({ data, iss: issuer }).setProtectedHeader({ alg }).sign(createPrivateKey(keys.privatePem));
