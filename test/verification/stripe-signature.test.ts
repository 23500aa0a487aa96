import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { hmacSha256, textHmacKey } from '../../src/verification/hmac.ts';
import { verifyStripeSignature } from '../../src/verification/stripe-signature.ts';
import { believesNoAlteration } from './attacks.ts';
import { always, bytes, delivery } from './deliveries.ts';
import { vectorsOf } from './vectors.ts';

const SECRET = 'whsec_test_secret_of_some_length';
const NOW = 1_790_000_000;
const BODY = '{"id":"evt_1","object":"event","note":"é 漢 🙂"}';
const hex = (text: string, secret = SECRET) => createHmac('sha256', secret).update(text).digest('hex');
const header = (t = NOW, body = BODY, secret = SECRET) => `t=${t},v1=${hex(`${t}.${body}`, secret)}`;
const verify = (signature: string | null, body = BODY, now = NOW, secrets = always(SECRET)) =>
  verifyStripeSignature(
    delivery(body, signature === null ? {} : { 'stripe-signature': signature }, now * 1000),
    secrets,
  );
const stripe = new Stripe('sk_test_never_used');

describe('Stripe signatures', () => {
  const vectors = vectorsOf('stripe');
  describe.skipIf(vectors === null)('published vectors (skipped when ../shared/vectors is absent)', () => {
    it.each(vectors ?? [])('$name', async (vector) => {
      if (vector.kind === 'primitive') {
        const mac = await hmacSha256(await textHmacKey(vector.secret), bytes(vector.payload));
        expect(Buffer.from(mac).toString('hex')).toBe(vector.digest);
        return;
      }
      if (vector.kind === 'secret_format') throw new Error('no such vector for Stripe');
      const answer = await verifyStripeSignature(
        delivery(vector.payload, vector.headers, vector.now_unix * 1000),
        always(vector.secret),
        vector.tolerance_s,
      );
      expect(answer.ok).toBe(vector.expect === 'ok');
    });
  });

  it('accepts what Stripe’s own library signs, and makes what that library accepts', async () => {
    const theirs = stripe.webhooks.generateTestHeaderString({ payload: BODY, secret: SECRET, timestamp: NOW });
    expect((await verify(theirs)).ok).toBe(true);
    expect(stripe.webhooks.constructEvent(BODY, header(), SECRET, 300, undefined, NOW * 1000).id).toBe('evt_1');
  });

  it('hands on the delivery as signed, with the header as evidence', async () => {
    const answer = await verify(header());
    if (!answer.ok) throw new Error(answer.error);
    expect(answer.value.trust).toBe('signed');
    expect(answer.value.evidence).toEqual({ 'stripe-signature': header() });
  });

  it('accepts any of several v1 in any order, passing over v0, unknown schemes and rubbish', async () => {
    const good = hex(`${NOW}.${BODY}`);
    const bad = '0'.repeat(64);
    expect((await verify(`v1=${bad},v0=${bad},v9=x,v1=${good},t=${NOW},v1=potato`)).ok).toBe(true);
    expect(await verify(`v0=${good},t=${NOW},v1=${bad}`)).toEqual({ ok: false, error: 'signature_mismatch' });
    expect(await verify(`v0=${good},t=${NOW}`)).toEqual({ ok: false, error: 'header_malformed' });
  });

  it.each([
    ['none', null, 'header_missing'],
    ['empty', '', 'header_malformed'],
    ['two headers joined', `${header()}, ${header()}`, 'header_malformed'],
    ['a second time stamp', `${header()},t=${NOW}`, 'header_malformed'],
    ['a negative time stamp', `t=-5,v1=${'0'.repeat(64)}`, 'header_malformed'],
    ['capitals in the hex', header().toUpperCase().replace('T=', 't=').replace('V1=', 'v1='), 'header_malformed'],
    ['a header too long to be Stripe’s', `${header()},x=${'y'.repeat(5000)}`, 'header_malformed'],
  ])('refuses a header that is %s', async (_, value, reason) => {
    expect(await verify(value)).toEqual({ ok: false, error: reason });
  });

  it('bounds the time stamp in both directions, edges included', async () => {
    expect((await verify(header(NOW - 300))).ok).toBe(true);
    expect((await verify(header(NOW + 300))).ok).toBe(true);
    expect(await verify(header(NOW - 301))).toEqual({ ok: false, error: 'timestamp_too_old' });
    expect(await verify(header(NOW + 301))).toEqual({ ok: false, error: 'timestamp_in_future' });
  });

  it('tries every live secret and none that is out of its span', async () => {
    const other = header(NOW, BODY, 'whsec_new');
    expect((await verify(other, BODY, NOW, always('whsec_old', 'whsec_new'))).ok).toBe(true);
    const ended = [{ value: 'whsec_new', notBefore: null, notAfter: NOW * 1000 }];
    const early = [{ value: 'whsec_new', notBefore: NOW * 1000 + 1, notAfter: null }];
    expect(await verify(other, BODY, NOW, ended)).toEqual({ ok: false, error: 'no_live_secret' });
    expect(await verify(other, BODY, NOW, early)).toEqual({ ok: false, error: 'no_live_secret' });
    expect(await verify(other, BODY, NOW, always(''))).toEqual({ ok: false, error: 'no_live_secret' });
  });

  believesNoAlteration('Stripe', {
    valid: delivery(BODY, { 'stripe-signature': header() }, NOW * 1000),
    verify: (each) => verifyStripeSignature(each, always(SECRET)),
    headers: ['stripe-signature'],
    toleranceSeconds: 300,
  });

  it('accepts no body with a flipped bit', async () => {
    const signed = { 'stripe-signature': header() };
    const original = bytes(BODY);
    await fc.assert(
      fc.asyncProperty(fc.nat(original.length - 1), fc.integer({ min: 0, max: 7 }), async (at, bit) => {
        const altered = original.slice();
        altered[at] = (altered[at] ?? 0) ^ (1 << bit);
        const answer = await verifyStripeSignature(delivery(altered, signed, NOW * 1000), always(SECRET));
        expect(answer).toEqual({ ok: false, error: 'signature_mismatch' });
      }),
    );
  });

  it('accepts no header with a changed character, and throws on none', async () => {
    const original = header();
    await fc.assert(
      fc.asyncProperty(fc.nat(original.length - 1), fc.integer({ min: 33, max: 126 }), async (at, code) => {
        const changed = original.slice(0, at) + String.fromCharCode(code) + original.slice(at + 1);
        fc.pre(changed !== original);
        expect((await verify(changed)).ok).toBe(false);
      }),
    );
  });

  it('survives any header text and any body', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)) }),
        fc.string(),
        async (value, body) => {
          expect((await verify(value, body)).ok).toBe(false);
        },
      ),
    );
  });
});
