import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyApiKey } from '../../src/verification/api-key.ts';
import type { HmacScheme } from '../../src/verification/hmac-scheme.ts';
import { verifyHmac } from '../../src/verification/hmac-scheme.ts';
import { type HmacTemplate, hmacScheme } from '../../src/verification/hmac-template.ts';
import { always, bytes, delivery } from './deliveries.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const SECRET = 'shared secret';
const template: HmacTemplate = {
  form: { hash: 'SHA-256', key: 'text', signature: 'hex' },
  header: 'x-signature',
  value: 't={timestamp},v1={signature}',
  content: '{method} {path}\n{header:x-event}\n{timestamp}.{body}',
  timestamp: { header: null, unit: 'seconds', toleranceSeconds: 300 },
};
const schemeOf = (changed: Partial<HmacTemplate> = {}): HmacScheme => {
  const made = hmacScheme({ ...template, ...changed });
  if (!made.ok) throw new Error(made.error.map(({ message }) => message).join('; '));
  return made.value;
};
const scheme = schemeOf();
const body = bytes('{"amount":100,"note":"naïve"}');
const seconds = NOW / 1000;
const signature = createHmac('sha256', SECRET)
  .update(`POST /in/acme/source\nevt-1\n${seconds}.`)
  .update(body)
  .digest('hex');
const headers = { 'x-signature': `t=${seconds},v1=${signature}`, 'x-event': 'evt-1' };
const verify = (signed: Readonly<Record<string, string>>, of = body, at = NOW, secrets = always(SECRET)) =>
  verifyHmac(delivery(of, signed, at), secrets, scheme);

describe('an HMAC by template', () => {
  it('is proven by what Node’s own HMAC makes of the same parts, and keeps what was signed', async () => {
    const proven = await verify(headers);
    expect(proven.ok && proven.value.trust).toBe('signed');
    expect(proven.ok && proven.value.evidence).toEqual(headers);
  });

  it('is proven by either of two live secrets', async () => {
    expect((await verify(headers, body, NOW, always('the next one', SECRET))).ok).toBe(true);
  });

  it('binds the method, the path and the header it names', async () => {
    const delivered = delivery(body, headers, NOW);
    const elsewhere = { ...delivered, url: new URL('https://gateway.test/in/acme/other') };
    expect(await verifyHmac({ ...delivered, method: 'PUT' }, always(SECRET), scheme)).toEqual({
      ok: false,
      error: 'signature_mismatch',
    });
    expect(await verifyHmac(elsewhere, always(SECRET), scheme)).toEqual({ ok: false, error: 'signature_mismatch' });
    expect(await verify({ ...headers, 'x-event': 'evt-2' })).toEqual({ ok: false, error: 'signature_mismatch' });
  });

  it('accepts nothing altered: 10,000 mutations of bytes, headers and times', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.record({
            part: fc.constant('body' as const),
            at: fc.nat(body.length - 1),
            bit: fc.integer({ min: 0, max: 7 }),
          }),
          fc.record({
            part: fc.constant('signature' as const),
            at: fc.nat(headers['x-signature'].length - 1),
            text: fc.string({ minLength: 1, maxLength: 1, unit: 'grapheme-ascii' }),
          }),
          fc.record({ part: fc.constant('event' as const), text: fc.string({ unit: 'grapheme-ascii' }) }),
          fc.record({
            part: fc.constant('clock' as const),
            shift: fc.integer({ min: 301, max: 10 ** 8 }),
            early: fc.boolean(),
          }),
        ),
        async (change) => {
          const outcome = await mutated(change);
          if (outcome === null) return;
          refused += 1;
          expect(outcome.ok).toBe(false);
        },
      ),
      { numRuns: 10_000 },
    );
    expect(refused).toBeGreaterThan(9_000);
  });
});

type Change =
  | { readonly part: 'body'; readonly at: number; readonly bit: number }
  | { readonly part: 'signature'; readonly at: number; readonly text: string }
  | { readonly part: 'event'; readonly text: string }
  | { readonly part: 'clock'; readonly shift: number; readonly early: boolean };

/** The verdict on a changed delivery; null when the change changed nothing. */
async function mutated(change: Change) {
  switch (change.part) {
    case 'body': {
      const copy = body.slice();
      copy[change.at] = (copy[change.at] ?? 0) ^ (1 << change.bit);
      return verify(headers, copy);
    }
    case 'signature': {
      const value = headers['x-signature'];
      const altered = `${value.slice(0, change.at)}${change.text}${value.slice(change.at + 1)}`;
      // HTTP takes white space round a value away before anybody sees it.
      return altered.trim() === value ? null : verify({ ...headers, 'x-signature': altered });
    }
    case 'event':
      return change.text.trim() === 'evt-1' ? null : verify({ ...headers, 'x-event': change.text });
    case 'clock':
      return verify(headers, body, NOW + change.shift * (change.early ? -1000 : 1000));
  }
}

describe('an API key', () => {
  const keyed = (key: string, secrets: readonly string[]) =>
    verifyApiKey(delivery(body, { authorization: key }, NOW), always(...secrets), 'authorization', 'Bearer ');

  it('is compared whole, behind its prefix', async () => {
    const proven = await keyed('Bearer 0123456789abcdef', ['0123456789abcdef']);
    expect(proven.ok && proven.value.trust).toBe('authenticated');
    expect(proven.ok && JSON.stringify(proven.value.evidence)).not.toContain('0123456789abcdef');
    expect(await keyed('0123456789abcdef', ['0123456789abcdef'])).toEqual({ ok: false, error: 'header_malformed' });
    expect(await keyed('Bearer 0123456789abcdeX', ['0123456789abcdef'])).toEqual({
      ok: false,
      error: 'credentials_wrong',
    });
  });

  it('that is short is not live', async () => {
    expect(await keyed('Bearer short', ['short'])).toEqual({ ok: false, error: 'no_live_secret' });
  });

  it('is guessed by none of 10,000 changes', async () => {
    const key = '0123456789abcdef0123456789abcdef';
    await fc.assert(
      fc.asyncProperty(
        fc.nat(key.length - 1),
        fc.string({ maxLength: 3, unit: 'grapheme-ascii' }),
        async (at, text) => {
          const altered = `${key.slice(0, at)}${text}${key.slice(at + 1)}`;
          if (altered.trimEnd() === key) return;
          expect((await keyed(`Bearer ${altered}`, [key])).ok).toBe(false);
        },
      ),
      { numRuns: 10_000 },
    );
  });
});
