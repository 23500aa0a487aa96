/** Signatures as providers make them, written with Node's own crypto so that they are not the code under test. */
import { createHmac } from 'node:crypto';

export const hmac = (
  key: string | Uint8Array,
  content: string | readonly (string | Uint8Array)[],
  encoding: 'hex' | 'base64' = 'hex',
  hash = 'sha256',
): string => {
  const digest = createHmac(hash, key);
  for (const part of typeof content === 'string' ? [content] : content) digest.update(part);
  return digest.digest(encoding);
};
