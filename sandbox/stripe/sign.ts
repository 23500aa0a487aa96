/** Signs as Stripe does, so that tests and the demo go through the same door as Stripe. Node and workerd. */

const encoder = new TextEncoder();

/** Headers of a delivery of `body`, signed at `timestampSeconds` with the endpoint's whole `whsec_…` secret. */
export async function signStripe(
  body: string | Uint8Array,
  secret: string,
  timestampSeconds: number,
): Promise<{ readonly 'content-type': string; readonly 'stripe-signature': string }> {
  const payload = typeof body === 'string' ? encoder.encode(body) : body;
  const prefix = encoder.encode(`${timestampSeconds}.`);
  const message = new Uint8Array(prefix.length + payload.length);
  message.set(prefix);
  message.set(payload, prefix.length);
  const key = await crypto.subtle.importKey(
    'raw',
    new Uint8Array(encoder.encode(secret)),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign'],
  );
  const digest = new Uint8Array(await crypto.subtle.sign('HMAC', key, message));
  const hex = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': `t=${timestampSeconds},v1=${hex}` };
}
