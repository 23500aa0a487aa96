/**
 * Tenants' secrets at rest: AES-256-GCM under the Worker secret SECRETS_KEY, the tenant and name bound as additional
 * data so that a row moved elsewhere does not decrypt. Values are write-only through the API.
 */

const encoder = new TextEncoder();

export interface SealedSecret {
  /** 96-bit nonce, base64. */
  readonly iv: string;
  readonly ciphertext: string;
}

const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
const fromBase64 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** @param key base64 of 32 bytes. @throws when it is not. */
export async function importSecretsKey(key: string): Promise<CryptoKey> {
  const raw = fromBase64(key);
  if (raw.byteLength !== 32) throw new Error('SECRETS_KEY must be base64 of 32 bytes');
  return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

const boundTo = (tenant: string, name: string) => encoder.encode(`ledgergate/secret/${tenant}/${name}`);

export async function sealSecret(key: CryptoKey, tenant: string, name: string, value: string): Promise<SealedSecret> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv, additionalData: boundTo(tenant, name) },
    key,
    encoder.encode(value),
  );
  return { iv: toBase64(iv), ciphertext: toBase64(new Uint8Array(sealed)) };
}

/** @throws when the row was altered, moved, or sealed under another key. */
export async function openSecret(key: CryptoKey, tenant: string, name: string, sealed: SealedSecret): Promise<string> {
  const opened = await crypto.subtle.decrypt(
    { name: 'AES-GCM', iv: fromBase64(sealed.iv), additionalData: boundTo(tenant, name) },
    key,
    fromBase64(sealed.ciphertext),
  );
  return new TextDecoder().decode(opened);
}

/** `secret://stripe-1` → `stripe-1`. */
export const secretName = (reference: string): string => reference.slice('secret://'.length);
