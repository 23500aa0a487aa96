import { describe, expect, it } from 'vitest';
import { signStripe } from '../../sandbox/stripe/sign.ts';
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
});
