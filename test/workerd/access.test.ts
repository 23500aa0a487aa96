import { env } from 'cloudflare:workers';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Bindings } from '../../src/bindings.ts';
import { ok } from '../../src/canonical/result.ts';
import { authenticate } from '../../src/operations/access.ts';
import { KeySets } from '../../src/verification/jwks.ts';

const now = Date.UTC(2026, 10, 22, 10);
const bindings: Bindings = { ...env, ACCESS_TEAM_DOMAIN: 'acme.cloudflareaccess.com', ACCESS_AUD: 'aud-of-console' };

describe('Cloudflare Access', () => {
  let asked: string[] = [];
  let keySets: KeySets;
  let sign: (claims?: { issuer?: string; audience?: string; expires?: number }) => Promise<Headers>;

  beforeAll(async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    const { kty, n, e } = await exportJWK(publicKey);
    const key = { kty: kty ?? 'RSA', kid: 'k1', alg: 'RS256', n: n ?? '', e: e ?? '' };
    keySets = new KeySets(async (url) => {
      asked.push(url);
      return ok({ keys: [key] });
    });
    sign = async ({
      issuer = 'https://acme.cloudflareaccess.com',
      audience = 'aud-of-console',
      expires = now / 1000 + 60,
    } = {}) => {
      const jwt = await new SignJWT({ email: 'fin@acme.example' })
        .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(now / 1000 - 60)
        .setExpirationTime(expires)
        .sign(privateKey);
      return new Headers({ 'cf-access-jwt-assertion': jwt });
    };
  });

  it('lets a person of the team operate every tenant, by name', async () => {
    expect(await authenticate(await sign(), bindings, keySets, now)).toEqual({
      name: 'access:fin@acme.example',
      role: 'operate',
      tenant: '*',
    });
    expect(asked).toEqual(['https://acme.cloudflareaccess.com/cdn-cgi/access/certs']);
  });

  it('refuses another team, another application, an expired and an unsigned assertion', async () => {
    const bad = [
      await sign({ issuer: 'https://evil.cloudflareaccess.com' }),
      await sign({ audience: 'another' }),
      await sign({ expires: now / 1000 - 1 }),
      new Headers({ 'cf-access-jwt-assertion': `${btoa('{"alg":"none"}')}.${btoa('{"email":"x"}')}.` }),
    ];
    for (const headers of bad) expect(await authenticate(headers, bindings, keySets, now)).toBeNull();
  });

  it('is off, and asks nobody for keys, while it is not configured', async () => {
    asked = [];
    const off: Bindings = { ...bindings, ACCESS_AUD: '' };
    expect(await authenticate(await sign(), off, keySets, now)).toBeNull();
    expect(asked).toEqual([]);
  });
});
