/** Deliveries and secrets for the tests of signature schemes. */
import type { Delivery, LiveSecret } from '../../src/verification/verification.ts';

export const bytes = (text: string): Uint8Array<ArrayBuffer> => {
  const encoded = new TextEncoder().encode(text);
  const copy = new Uint8Array(encoded.length);
  copy.set(encoded);
  return copy;
};

export const delivery = (
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> | Headers,
  receivedAt: number,
): Delivery => ({
  method: 'POST',
  url: new URL('https://gateway.test/in/acme/source'),
  headers: new Headers(headers),
  body: typeof body === 'string' ? bytes(body) : body,
  receivedAt,
});

export const always = (...values: readonly string[]): LiveSecret[] =>
  values.map((value) => ({ value, notBefore: null, notAfter: null }));
