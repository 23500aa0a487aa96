import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { readWebhookSecret, verifyStandardWebhook } from '../../src/verification/standard-webhooks.ts';
import { always, bytes, delivery } from './deliveries.ts';
import { vectorsOf } from './vectors.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const NOW = 1_790_000_000;
const BODY = '{"type":"invoice.paid","note":"é 漢 🙂"}';
const ID = 'msg_1';
const sign = (secret = SECRET, at = NOW, id = ID, body = BODY) =>
  new Webhook(secret).sign(id, new Date(at * 1000), body);
const signed = (signature = sign(), at = NOW, id = ID): Record<string, string> => ({
  'webhook-id': id,
  'webhook-timestamp': String(at),
  'webhook-signature': signature,
});
const verify = (headers: Readonly<Record<string, string>>, body = BODY, now = NOW, secrets = always(SECRET)) =>
  verifyStandardWebhook(delivery(body, headers, now * 1000), secrets);

describe('Standard Webhooks', () => {
  const vectors = vectorsOf('standard_webhooks');
  describe.skipIf(vectors === null)('published vectors (skipped when ../shared/vectors is absent)', () => {
    it.each(vectors ?? [])('$name', async (vector) => {
      if (vector.kind === 'primitive') throw new Error('no such vector for Standard Webhooks');
      if (vector.kind === 'secret_format') {
        expect(readWebhookSecret(vector.secret)).toBeNull();
        expect(await verify(signed(), BODY, NOW, always(vector.secret))).toEqual({
          ok: false,
          error: 'no_live_secret',
        });
        return;
      }
      const answer = await verifyStandardWebhook(
        delivery(vector.payload, vector.headers, vector.now_unix * 1000),
        always(vector.secret),
        vector.tolerance_s,
      );
      expect(answer.ok).toBe(vector.expect === 'ok');
    });
  });

  it('accepts what the reference library signs, with and without the prefix, under either family of names', async () => {
    expect((await verify(signed())).ok).toBe(true);
    expect((await verify(signed(), BODY, NOW, always(SECRET.slice('whsec_'.length)))).ok).toBe(true);
    const svix = Object.fromEntries(Object.entries(signed()).map(([k, v]) => [k.replace('webhook', 'svix'), v]));
    expect((await verify(svix)).ok).toBe(true);
    expect(await verify({ ...svix, 'svix-id': '' })).toEqual({ ok: false, error: 'header_malformed' });
  });

  it('does not mix the two families of names', async () => {
    const { 'webhook-id': id, ...rest } = signed();
    expect(await verify({ ...rest, 'svix-id': id ?? '' })).toEqual({ ok: false, error: 'header_missing' });
  });

  it('accepts any signature of a list and any live secret', async () => {
    const other = `whsec_${Buffer.alloc(24, 9).toString('base64')}`;
    expect((await verify(signed(`v2,xxx v1,AAAA ${sign(other)} ${sign()}`))).ok).toBe(true);
    expect((await verify(signed(sign(other)), BODY, NOW, always(SECRET, other))).ok).toBe(true);
    expect(await verify(signed(sign(other)))).toEqual({ ok: false, error: 'signature_mismatch' });
  });

  it('verifies Ed25519 with a public key, and never an HMAC made with that public key', async () => {
    const pair = await crypto.subtle.generateKey({ name: 'Ed25519' }, true, ['sign', 'verify']);
    if (!('privateKey' in pair)) throw new Error('expected a key pair');
    const raw = Buffer.from(await crypto.subtle.exportKey('raw', pair.publicKey));
    const message = bytes(`${ID}.${NOW}.${BODY}`);
    const signature = Buffer.from(await crypto.subtle.sign({ name: 'Ed25519' }, pair.privateKey, message));
    const secret = always(`whpk_${raw.toString('base64')}`);
    expect((await verify(signed(`v1a,${signature.toString('base64')}`), BODY, NOW, secret)).ok).toBe(true);
    expect((await verify(signed(`v1a,${signature.toString('base64')}`), `${BODY} `, NOW, secret)).ok).toBe(false);
    const confused = sign(`whsec_${raw.toString('base64')}`);
    expect((await verify(signed(confused), BODY, NOW, secret)).ok).toBe(false);
  });

  it('bounds the time stamp in both directions, edges included', async () => {
    expect((await verify(signed(sign(SECRET, NOW - 300), NOW - 300))).ok).toBe(true);
    expect((await verify(signed(sign(SECRET, NOW + 300), NOW + 300))).ok).toBe(true);
    expect(await verify(signed(sign(SECRET, NOW - 301), NOW - 301))).toEqual({ ok: false, error: 'timestamp_too_old' });
    expect(await verify(signed(sign(SECRET, NOW + 301), NOW + 301))).toEqual({
      ok: false,
      error: 'timestamp_in_future',
    });
  });

  it('refuses ids that would move the boundary of what is signed', async () => {
    expect(await verify(signed(sign(), NOW, 'a.b'))).toEqual({ ok: false, error: 'header_malformed' });
    expect(await verify(signed(sign(), NOW, 'msg_1, msg_2'))).toEqual({ ok: false, error: 'header_malformed' });
  });

  it('accepts nothing altered: body, id, time or signature', async () => {
    const headers = signed();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('webhook-id', 'webhook-timestamp', 'webhook-signature', 'body'),
        fc.nat(200),
        fc.integer({ min: 33, max: 126 }),
        async (part, position, code) => {
          const change = (text: string) => {
            const at = position % text.length;
            return text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
          };
          const altered = part === 'body' ? headers : { ...headers, [part]: change(headers[part] ?? '') };
          const body = part === 'body' ? change(BODY) : BODY;
          fc.pre(body !== BODY || JSON.stringify(altered) !== JSON.stringify(headers));
          expect((await verify(altered, body)).ok).toBe(false);
        },
      ),
    );
  });

  it('survives any header text', async () => {
    const printable = fc.string({ unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)) });
    await fc.assert(
      fc.asyncProperty(printable, printable, printable, async (id, at, signature) => {
        const headers = { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature };
        expect((await verify(headers)).ok).toBe(false);
      }),
    );
  });
});
