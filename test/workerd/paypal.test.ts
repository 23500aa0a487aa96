import { describe, expect, it } from 'vitest';
import { ok } from '../../src/canonical/result.ts';
import { PaypalCertificates, verifyPaypal } from '../../src/verification/paypal-signature.ts';
import { always, bytes, delivery } from '../verification/deliveries.ts';
import { paypalSigner, WEBHOOK_ID } from '../verification/paypal-signer.ts';

describe('PayPal’s certificates on workerd', () => {
  it('are read, followed to their root and used', async () => {
    const now = Date.UTC(2026, 10, 22, 12);
    const body = bytes('{"id":"WH-1"}');
    const signer = await paypalSigner();
    const other = await paypalSigner();
    const verify = async (root: string) =>
      verifyPaypal(
        delivery(body, await signer.headers(body, now), now),
        always(WEBHOOK_ID),
        new PaypalCertificates(async () => ok(signer.chain), [root]),
        'live',
      );
    expect((await verify(signer.root)).ok).toBe(true);
    expect(await verify(other.root)).toEqual({ ok: false, error: 'sender_wrong' });
  });
});
