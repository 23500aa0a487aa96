import { exportJWK, generateKeyPair, type JSONWebKeySet, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { err, ok } from '../../src/canonical/result.ts';
import { fetchKeySetWith, jwksUrl, KeySets } from '../../src/verification/jwks.ts';
import { jwtSettings, verifyJwt } from '../../src/verification/jwt.ts';
import { believesNoAlteration } from './attacks.ts';
import { delivery } from './deliveries.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const SECONDS = NOW / 1000;
const BODY = '{"id":"1"}';
const never = new KeySets(async () => err('unavailable'));

const rsa = await generateKeyPair('RS256', { extractable: true });
const ec = await generateKeyPair('ES256', { extractable: true });
const ed = await generateKeyPair('EdDSA', { extractable: true });
const stranger = await generateKeyPair('RS256', { extractable: true });
const jwks: JSONWebKeySet = {
  keys: [
    { ...(await exportJWK(rsa.publicKey)), kid: 'rsa', use: 'sig' },
    { ...(await exportJWK(ec.publicKey)), kid: 'ec', use: 'sig' },
    { ...(await exportJWK(ed.publicKey)), kid: 'ed', use: 'sig' },
  ],
};

const sha256Hex = async (text: string) =>
  Buffer.from(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))).toString('hex');

const claims = async (overrides: Record<string, unknown> = {}): Promise<JWTPayload> => ({
  iss: 'https://org.my.salesforce.com',
  aud: 'ledgergate',
  exp: SECONDS + 300,
  body_sha256: await sha256Hex(BODY),
  ...overrides,
});

const settings = (overrides: object = {}) =>
  jwtSettings.parse({ issuer: 'https://org.my.salesforce.com', audience: 'ledgergate', keys: { jwks }, ...overrides });

const sign = async (payload: JWTPayload, header = { alg: 'RS256', kid: 'rsa' }, key = rsa.privateKey) =>
  new SignJWT(payload).setProtectedHeader(header).sign(key);

const attempt = (token: string, body = BODY, given = settings(), sets = never) =>
  verifyJwt(delivery(body, { authorization: `Bearer ${token}` }, NOW), given, sets);

const PUBLISHED_AT = 'https://org.example.com/keys';
const published = new KeySets(async () => ok(jwks));
const attacked = [
  ['RS256', await sign(await claims())],
  ['ES256', await sign(await claims(), { alg: 'ES256', kid: 'ec' }, ec.privateKey)],
  ['EdDSA', await sign(await claims(), { alg: 'EdDSA', kid: 'ed' }, ed.privateKey)],
] as const;

describe('JSON Web Tokens, attacked', () => {
  for (const [algorithm, token] of attacked) {
    believesNoAlteration(`JWT ${algorithm} by JWKS`, {
      valid: delivery(BODY, { authorization: `Bearer ${token}` }, NOW),
      verify: (each) => verifyJwt(each, settings({ keys: { url: PUBLISHED_AT } }), published),
      headers: ['authorization'],
      // Late by more than the expiry, or early by more than the farthest expiry.
      toleranceSeconds: 7_260,
      // The name of the scheme is no proof, and has no case (RFC 9110).
      spelling: (value) => value.trim().replace(/^bearer +/i, ''),
    });
  }

  it('have one spelling each', async () => {
    const [, token] = attacked[0];
    // The last letter of 256 bytes has four bits to spare.
    const last = String.fromCharCode(token.charCodeAt(token.length - 1) + 1);
    expect(await attempt(token.slice(0, -1) + last)).toEqual({ ok: false, error: 'header_malformed' });
  });
});

describe('JSON Web Tokens', () => {
  it('bind the body: then the bytes count as signed', async () => {
    const verified = await attempt(await sign(await claims()));
    expect(verified.ok && verified.value.trust).toBe('signed');
  });

  it('without a bound body only authenticate the caller', async () => {
    const token = await sign(await claims({ body_sha256: undefined }));
    const verified = await attempt(token, 'anything', settings({ bindBody: false }));
    expect(verified.ok && verified.value.trust).toBe('authenticated');
  });

  it('are accepted with ES256 and EdDSA keys of the set', async () => {
    expect((await attempt(await sign(await claims(), { alg: 'ES256', kid: 'ec' }, ec.privateKey))).ok).toBe(true);
    expect((await attempt(await sign(await claims(), { alg: 'EdDSA', kid: 'ed' }, ed.privateKey))).ok).toBe(true);
  });

  it('are refused when the body was swapped, or the claim is missing', async () => {
    const token = await sign(await claims());
    expect(await attempt(token, '{"id":"2"}')).toEqual({ ok: false, error: 'signature_mismatch' });
    const unbound = await sign(await claims({ body_sha256: undefined }));
    expect(await attempt(unbound)).toEqual({ ok: false, error: 'token_invalid' });
  });

  it('are refused unsigned (alg none)', async () => {
    const token = new UnsecuredJWT(await claims()).encode();
    expect((await attempt(token)).ok).toBe(false);
    expect((await attempt(`${token}AAAA`)).ok).toBe(false);
  });

  it('are refused when the public key is used as an HMAC secret', async () => {
    const publicKey = Buffer.from(JSON.stringify(await exportJWK(rsa.publicKey)));
    const token = await new SignJWT(await claims()).setProtectedHeader({ alg: 'HS256', kid: 'rsa' }).sign(publicKey);
    expect(await attempt(token)).toEqual({ ok: false, error: 'token_invalid' });
  });

  it('are refused with the key id of one key and the signature of another', async () => {
    const confused = await sign(await claims(), { alg: 'RS256', kid: 'rsa' }, stranger.privateKey);
    expect(await attempt(confused)).toEqual({ ok: false, error: 'token_invalid' });
    const otherKind = await sign(await claims(), { alg: 'ES256', kid: 'rsa' }, ec.privateKey);
    expect(await attempt(otherKind)).toEqual({ ok: false, error: 'token_invalid' });
    const unknown = await sign(await claims(), { alg: 'RS256', kid: 'nobody' });
    expect(await attempt(unknown)).toEqual({ ok: false, error: 'token_invalid' });
  });

  it('are never verified with a key they bring along', async () => {
    const jwk = await exportJWK(stranger.publicKey);
    const token = await new SignJWT(await claims())
      .setProtectedHeader({ alg: 'RS256', jwk, jku: 'https://evil.example/jwks.json' })
      .sign(stranger.privateKey);
    expect((await attempt(token)).ok).toBe(false);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['another issuer', { iss: 'https://evil.example' }, 'sender_wrong'],
    ['no issuer', { iss: undefined }, 'sender_wrong'],
    ['another audience', { aud: 'somebody-else' }, 'sender_wrong'],
    ['no audience', { aud: undefined }, 'sender_wrong'],
    ['an expiry in the past', { exp: SECONDS - 61 }, 'timestamp_too_old'],
    ['no expiry', { exp: undefined }, 'token_invalid'],
    ['an expiry too far away', { exp: SECONDS + 8_000 }, 'timestamp_in_future'],
    ['a validity that has not begun', { nbf: SECONDS + 120 }, 'timestamp_in_future'],
  ])('are refused with %s', async (_, overrides, error) => {
    expect(await attempt(await sign(await claims(overrides)))).toEqual({ ok: false, error });
  });

  it('may be off by the clock tolerance, not more', async () => {
    expect((await attempt(await sign(await claims({ exp: SECONDS - 59 })))).ok).toBe(true);
  });

  it.each([['Bearer x'], ['Bearer a.b'], [`Bearer ${'a'.repeat(20_000)}.b.c`], ['Basic YTpi']])(
    'are refused as malformed: %s',
    async (authorization) => {
      const answer = await verifyJwt(delivery(BODY, { authorization }, NOW), settings(), never);
      expect(answer).toEqual({ ok: false, error: 'header_malformed' });
    },
  );

  it('cannot be configured with symmetric or private keys, or key sets over http or on private hosts', async () => {
    const symmetric = { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] };
    const secret = { keys: [await exportJWK(rsa.privateKey)] };
    for (const bad of [symmetric, secret]) expect(() => settings({ keys: { jwks: bad } })).toThrow();
    for (const url of [
      'http://org.example.com/keys',
      'https://127.0.0.1/keys',
      'https://[::1]/keys',
      'https://2130706433/keys',
      'https://localhost/keys',
      'https://metadata.internal/keys',
      'https://user:pass@org.example.com/keys',
    ]) {
      expect(jwksUrl.safeParse(url).success, url).toBe(false);
    }
    expect(() => settings({ algorithms: ['HS256'] })).toThrow();
  });
});

describe('published key sets', () => {
  const url = 'https://org.example.com/id/keys';
  const published = () => settings({ keys: { url } });

  it('are fetched once, and again for a key they did not have, at most once a minute', async () => {
    let fetches = 0;
    const rotated = { keys: jwks.keys.slice(0, 1) };
    const sets = new KeySets(async () => {
      fetches += 1;
      return ok(fetches === 1 ? { keys: jwks.keys.slice(1) } : rotated);
    });
    const token = await sign(await claims({ exp: SECONDS + 600 }));
    const at = (elapsed: number) =>
      verifyJwt(delivery(BODY, { authorization: `Bearer ${token}` }, NOW + elapsed), published(), sets);
    expect((await at(0)).ok).toBe(false);
    expect((await at(30_000)).ok).toBe(false);
    expect(fetches).toBe(1);
    expect((await at(61_000)).ok).toBe(true);
    expect((await at(62_000)).ok).toBe(true);
    expect(fetches).toBe(2);
  });

  it("that cannot be fetched are our trouble, not the sender's, and are not hammered", async () => {
    let fetches = 0;
    const sets = new KeySets(async () => {
      fetches += 1;
      return err('unavailable');
    });
    const token = await sign(await claims());
    for (let attempts = 0; attempts < 20; attempts += 1) {
      expect(await attempt(token, BODY, published(), sets)).toEqual({ ok: false, error: 'keys_unavailable' });
    }
    expect(fetches).toBe(1);
  });

  it('are used for a day when a refresh fails, no longer', async () => {
    let up = true;
    const sets = new KeySets(async () => (up ? ok(jwks) : err('unavailable')));
    expect((await sets.get(url, NOW)).ok).toBe(true);
    up = false;
    expect((await sets.get(url, NOW + 3_600_000)).ok).toBe(true);
    expect((await sets.get(url, NOW + KeySets.staleForMs + 1)).ok).toBe(false);
  });

  it('are kept for a bounded number of addresses', async () => {
    let fetches = 0;
    const sets = new KeySets(async () => {
      fetches += 1;
      return ok(jwks);
    });
    for (let index = 0; index <= KeySets.maxSets; index += 1) await sets.get(`https://h${index}.example.com/k`, NOW);
    await sets.get('https://h0.example.com/k', NOW);
    expect(fetches).toBe(KeySets.maxSets + 2);
  });

  it('are refused when redirected, too large, private or not JSON', async () => {
    const answering = (response: Response) => fetchKeySetWith(async () => response)(url);
    expect((await answering(Response.json(jwks))).ok).toBe(true);
    expect((await answering(Response.redirect('http://169.254.169.254/', 302))).ok).toBe(false);
    expect((await answering(new Response('x'.repeat(70_000)))).ok).toBe(false);
    expect((await answering(new Response('<html>'))).ok).toBe(false);
    expect((await answering(Response.json({ keys: [{ kty: 'oct', k: 'AA' }] }))).ok).toBe(false);
    expect((await answering(Response.json({ keys: [] }))).ok).toBe(false);
    const failing = fetchKeySetWith(async () => Promise.reject(new TypeError('refused')));
    expect((await failing(url)).ok).toBe(false);
  });
});
