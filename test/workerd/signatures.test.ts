import { describe, expect, it } from 'vitest';
import { signStripe } from '../../sandbox/stripe/sign.ts';
import { readSha1PublicKey, verifyRsa } from '../../src/verification/public-key.ts';
import { verifyStandardWebhook } from '../../src/verification/standard-webhooks.ts';
import { verifyStripeSignature } from '../../src/verification/stripe-signature.ts';
import type { Delivery } from '../../src/verification/verification.ts';

const NOW = 1_790_000_000;
const BODY = new Uint8Array(new TextEncoder().encode('{"id":"evt_1"}'));

const delivery = (headers: Readonly<Record<string, string>>): Delivery => ({
  method: 'POST',
  url: new URL('https://gateway.test/in/acme/source'),
  headers: new Headers(headers),
  body: BODY,
  receivedAt: NOW * 1000,
});
const live = (value: string) => [{ value, notBefore: null, notAfter: null }];
const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));

describe('signatures on workerd', () => {
  it('are verified as Stripe makes them', async () => {
    const signed = delivery(await signStripe(BODY, 'whsec_x', NOW));
    expect((await verifyStripeSignature(signed, live('whsec_x'))).ok).toBe(true);
    expect(await verifyStripeSignature(signed, live('whsec_y'))).toEqual({ ok: false, error: 'signature_mismatch' });
  });

  it('are verified with Ed25519 keys too', async () => {
    const pair = await crypto.subtle.generateKey({ name: 'Ed25519' }, true, ['sign', 'verify']);
    if (!('privateKey' in pair)) throw new Error('expected a key pair');
    const raw = await crypto.subtle.exportKey('raw', pair.publicKey);
    if (!(raw instanceof ArrayBuffer)) throw new Error('expected bytes');
    const message = new TextEncoder().encode(`msg_1.${NOW}.{"id":"evt_1"}`);
    const signature = new Uint8Array(await crypto.subtle.sign({ name: 'Ed25519' }, pair.privateKey, message));
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(NOW),
      'webhook-signature': `v1a,${base64(signature)}`,
    };
    const key = live(`whpk_${base64(new Uint8Array(raw))}`);
    expect((await verifyStandardWebhook(delivery(headers), key)).ok).toBe(true);
    expect((await verifyStandardWebhook(delivery({ ...headers, 'webhook-id': 'msg_2' }), key)).ok).toBe(false);
  });

  it('are verified over SHA-1 with an RSA key, as Paddle Classic makes them', async () => {
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, hash: 'SHA-1' };
    const publicExponent = new Uint8Array([1, 0, 1]);
    const pair = await crypto.subtle.generateKey({ ...algorithm, publicExponent }, true, ['sign', 'verify']);
    if (!('privateKey' in pair)) throw new Error('expected a key pair');
    const spki = await crypto.subtle.exportKey('spki', pair.publicKey);
    if (!(spki instanceof ArrayBuffer)) throw new Error('expected bytes');
    const lines = base64(new Uint8Array(spki)).replaceAll(/.{64}/g, '$&\n');
    const key = await readSha1PublicKey(`-----BEGIN PUBLIC KEY-----\n${lines}\n-----END PUBLIC KEY-----\n`);
    if (key === null) throw new Error('expected a key');
    const signature = new Uint8Array(await crypto.subtle.sign(algorithm.name, pair.privateKey, BODY));
    expect(await verifyRsa(key, signature, BODY)).toBe(true);
    expect(await verifyRsa(key, signature, new Uint8Array([...BODY, 0]))).toBe(false);
    expect(await readSha1PublicKey('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n')).toBeNull();
  });
});
