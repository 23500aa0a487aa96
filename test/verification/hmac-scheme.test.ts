import { describe, expect, it } from 'vitest';
import {
  bodyAlone,
  type HmacScheme,
  hmacMatches,
  keyedHeader,
  signatureAndTimeHeaders,
  signatureHeader,
  timeThenBody,
  verifyHmac,
} from '../../src/verification/hmac-scheme.ts';
import { always, bytes, delivery } from './deliveries.ts';
import { hmac } from './signing.ts';

const NOW = Date.UTC(2026, 10, 22, 12, 0, 0, 900);
const BODY = '{"id":"é"}';

const plain = (form: Partial<HmacScheme['form']> = {}): HmacScheme => ({
  form: { hash: 'SHA-256', key: 'text', signature: 'hex', ...form },
  present: signatureHeader('x-signature'),
  content: bodyAlone,
  time: null,
  evidence: ['x-signature', 'x-absent'],
});

const timed = (unit: 'seconds' | 'milliseconds' | 'iso8601-utc', toleranceSeconds: number): HmacScheme => ({
  ...plain(),
  present: signatureAndTimeHeaders('x-signature', 'x-time'),
  content: timeThenBody('.'),
  time: { unit, toleranceSeconds },
});

const reason = async (scheme: HmacScheme, headers: Record<string, string>, secrets = always('k'), now = NOW) => {
  const verdict = await verifyHmac(delivery(BODY, headers, now), secrets, scheme);
  return verdict.ok ? 'ok' : verdict.error;
};

describe('an HMAC scheme by declaration', () => {
  it.each(['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'] as const)('digests with %s', async (hash) => {
    const name = hash.toLowerCase().replace('-', '');
    for (const signature of ['hex', 'base64'] as const) {
      const headers = { 'x-signature': hmac('k', BODY, signature, name) };
      expect(await reason(plain({ hash, signature }), headers)).toBe('ok');
    }
  });

  it('decodes keys as declared, and holds one in another format for not live', async () => {
    const raw = new Uint8Array([0, 1, 254, 255]);
    const headers = { 'x-signature': hmac(raw, BODY) };
    expect(await reason(plain({ key: 'hex' }), headers, always('0001FEFF'))).toBe('ok');
    expect(await reason(plain({ key: 'base64' }), headers, always('AAH+/w=='))).toBe('ok');
    expect(await reason(plain({ key: 'hex' }), headers, always('not hex'))).toBe('no_live_secret');
    expect(await reason(plain({ key: 'base64' }), headers, always('AAH-_w'))).toBe('no_live_secret');
    expect(await reason(plain(), headers, always(''))).toBe('no_live_secret');
  });

  it('accepts any live secret, and none outside its dates', async () => {
    const headers = { 'x-signature': hmac('new', BODY) };
    expect(await reason(plain(), headers, always('old', 'new'))).toBe('ok');
    expect(await reason(plain(), headers, [{ value: 'new', notBefore: NOW + 1, notAfter: null }])).toBe(
      'no_live_secret',
    );
    expect(await reason(plain(), headers, [{ value: 'new', notBefore: null, notAfter: NOW }])).toBe('no_live_secret');
  });

  it('says what is wrong, for logs', async () => {
    expect(await reason(plain(), {})).toBe('header_missing');
    expect(await reason(plain(), { 'x-signature': 'zz' })).toBe('header_malformed');
    expect(await reason(plain(), { 'x-signature': 'a'.repeat(5000) })).toBe('header_malformed');
    expect(await reason(plain(), { 'x-signature': hmac('other', BODY) })).toBe('signature_mismatch');
  });

  it('bounds the time both ways, to the second or the millisecond as the sender writes it', async () => {
    const at = (text: string) => ({ 'x-signature': hmac('k', `${text}.${BODY}`), 'x-time': text });
    const second = Math.floor(NOW / 1000);
    expect(await reason(timed('seconds', 5), at(String(second - 5)))).toBe('ok');
    expect(await reason(timed('seconds', 5), at(String(second - 6)))).toBe('timestamp_too_old');
    expect(await reason(timed('seconds', 5), at(String(second + 6)))).toBe('timestamp_in_future');
    expect(await reason(timed('milliseconds', 5), at(String(NOW - 5000)))).toBe('ok');
    expect(await reason(timed('milliseconds', 5), at(String(NOW - 5001)))).toBe('timestamp_too_old');
    expect(await reason(timed('milliseconds', 5), at(String(NOW + 5001)))).toBe('timestamp_in_future');
  });

  it('reads ISO instants with and without zone as UTC, and no others', async () => {
    const at = (text: string) => ({ 'x-signature': hmac('k', `${text}.${BODY}`), 'x-time': text });
    for (const text of ['2026-11-22T12:00:00.551', '2026-11-22T12:00:00Z', '2026-11-22T12:00:00.551123+00:00']) {
      expect(await reason(timed('iso8601-utc', 300), at(text)), text).toBe('ok');
    }
    for (const text of ['2026-11-22T12:00:00+01:00', '2026-13-22T12:00:00Z', 'yesterday', '']) {
      expect(await reason(timed('iso8601-utc', 300), at(text)), text).toBe('header_malformed');
    }
  });

  it('keeps as evidence the named headers that came', async () => {
    const signature = hmac('k', BODY);
    const verdict = await verifyHmac(delivery(BODY, { 'x-signature': signature }, NOW), always('k'), plain());
    expect(verdict.ok && verdict.value.trust).toBe('signed');
    expect(verdict.ok && verdict.value.evidence).toEqual({ 'x-signature': signature });
  });

  it('looks at sixteen signatures of one header and no more', async () => {
    const message = bytes(BODY);
    const form = plain().form;
    const good = hmac('k', BODY);
    const bad = hmac('x', BODY);
    expect(await hmacMatches(form, ['k'], message, [...Array<string>(15).fill(bad), good])).toBe('match');
    expect(await hmacMatches(form, ['k'], message, [...Array<string>(16).fill(bad), good])).toBe('signature_mismatch');
  });

  it('refuses a keyed header with a second time, with white space, or without signature', () => {
    const present = keyedHeader('x-keyed', { separator: ';', timestamp: 'ts', signature: 'h1' });
    const read = (value: string) => present(delivery(BODY, { 'x-keyed': value }, NOW));
    expect(read('ts=1;h1=a;h2=b;h1=c')).toEqual({ ok: true, value: { signatures: ['a', 'c'], timestamp: '1' } });
    for (const value of ['ts=1;ts=2;h1=a', 'ts=1;h1=a, ts=1;h1=a', 'ts=1', 'h1=a', 'ts']) {
      expect(read(value), value).toEqual({ ok: false, error: 'header_malformed' });
    }
  });
});
