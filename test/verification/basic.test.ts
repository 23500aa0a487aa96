import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyBasic } from '../../src/verification/basic.ts';
import { believesNoAlteration } from './attacks.ts';
import { always, delivery } from './deliveries.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const header = (credentials: string) => `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`;
const attempt = (authorization: string | null, secrets = always('hooks:correct horse')) =>
  verifyBasic(delivery('{}', authorization === null ? {} : { authorization }, NOW), secrets);

describe('HTTP Basic', () => {
  it('accepts a live user and password and says so without keeping them', async () => {
    const verified = await attempt(header('hooks:correct horse'));
    expect(verified.ok && verified.value.trust).toBe('authenticated');
    expect(JSON.stringify(verified.ok && verified.value.evidence)).not.toMatch(/horse|hooks/);
  });

  it('accepts any of several live secrets, and colons and letters beyond ASCII in the password', async () => {
    const secrets = always('old:one', 'new:päss:wörd');
    expect((await attempt(header('old:one'), secrets)).ok).toBe(true);
    expect((await attempt(header('new:päss:wörd'), secrets)).ok).toBe(true);
  });

  it('refuses a secret before and after its span', async () => {
    const secrets = [{ value: 'hooks:secret', notBefore: NOW + 1, notAfter: null }];
    expect(await attempt(header('hooks:secret'), secrets)).toEqual({ ok: false, error: 'no_live_secret' });
    const ended = [{ value: 'hooks:secret', notBefore: null, notAfter: NOW }];
    expect(await attempt(header('hooks:secret'), ended)).toEqual({ ok: false, error: 'no_live_secret' });
  });

  it('takes no secret without a colon for a credential', async () => {
    expect(await attempt(header('abc'), always('abc'))).toEqual({ ok: false, error: 'no_live_secret' });
    expect(await attempt(header(':'), always(':', 'user:', ':password'))).toEqual({
      ok: false,
      error: 'no_live_secret',
    });
  });

  it.each([
    [null, 'header_missing'],
    ['', 'header_malformed'],
    ['Basic', 'header_malformed'],
    ['Basic !!!', 'header_malformed'],
    ['Bearer abc', 'header_malformed'],
    ['Basic gICA', 'header_malformed'],
    [header('no colon'), 'header_malformed'],
    [`Basic ${'A'.repeat(5000)}`, 'header_malformed'],
    [header('hooks:wrong'), 'credentials_wrong'],
    [header('Hooks:correct horse'), 'credentials_wrong'],
    [header('hooks:correct horse '), 'credentials_wrong'],
    [header(':correct horse'), 'credentials_wrong'],
  ])('refuses %s as %s', async (authorization, error) => {
    expect(await attempt(authorization)).toEqual({ ok: false, error });
  });

  believesNoAlteration('Basic', {
    valid: delivery('{}', { authorization: header('hooks:correct horse') }, NOW),
    verify: (each) => verifyBasic(each, always('hooks:correct horse')),
    headers: ['authorization'],
    bindsBody: false,
    toleranceSeconds: null,
    // The name of the scheme is no proof, and has no case (RFC 9110); base64 has bits and padding to spare.
    spelling: (value) => Buffer.from(value.trim().replace(/^basic +/i, ''), 'base64').toString('hex'),
  });

  it('refuses every mutation of the right credentials, and never throws', async () => {
    const right = 'hooks:correct horse';
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 40 }), fc.nat(right.length), async (noise, at) => {
        fc.pre(noise !== '');
        const mutated = right.slice(0, at) + noise + right.slice(at);
        expect((await attempt(header(mutated))).ok).toBe(false);
        const raw = new Headers();
        try {
          raw.set('authorization', noise);
        } catch {
          return; // Not a header value any server would hand over.
        }
        expect((await verifyBasic(delivery('{}', raw, NOW), always(right))).ok).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});
