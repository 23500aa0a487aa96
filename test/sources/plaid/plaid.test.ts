import { createHash } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { err, ok } from '../../../src/canonical/result.ts';
import { plaidSource } from '../../../src/sources/plaid/index.ts';
import { type FetchPlaidKey, fetchPlaidKeyWith, PlaidKeys } from '../../../src/sources/plaid/keys.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { type TokenKey, tokenKey, verifyBodyToken } from '../../../src/verification/body-token.ts';
import { configured, read, verdict } from '../../conformance/interpreting.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { believesNoAlteration } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const KID = 'key-1';
const pair = await generateKeyPair('ES256', { extractable: true });
const published: TokenKey = tokenKey.parse({
  ...(await exportJWK(pair.publicKey)),
  kid: KID,
  alg: 'ES256',
  use: 'sig',
  created_at: 1,
  expired_at: null,
});
const plaid: FetchPlaidKey = async ({ clientId, secret }, keyId) => {
  if (clientId !== 'client' || secret !== 's3cret') return err('unavailable');
  return ok(keyId === KID ? published : null);
};
const source = registerSource(plaidSource(new PlaidKeys(plaid)));
const SECRET = 'client:s3cret';
const body = bytes(
  '{\n  "item_id": "it_1",\n  "webhook_code": "SYNC_UPDATES_AVAILABLE",\n  "webhook_type": "TRANSACTIONS"\n}',
);

const digest = (of: Uint8Array) => createHash('sha256').update(of).digest('hex');
const sign = async (of: Uint8Array, at: number, kid = KID, key = pair.privateKey) => ({
  'plaid-verification': await new SignJWT({ iat: Math.floor(at / 1000), request_body_sha256: digest(of) })
    .setProtectedHeader({ alg: 'ES256', kid, typ: 'JWT' })
    .sign(key),
});

sourceContract('Plaid', source, {
  config: {},
  secrets: [SECRET],
  wrongSecrets: ['client:other', 'no colon'],
  contentType: 'application/json',
  headers: async (of, at) => sign(of, at),
  proof: ['plaid-verification'],
  bindsBody: true,
  bindsTime: true,
  bodies: [body, bytes('{"webhook_type":"ITEM","webhook_code":"ERROR","item_id":"it_1","error":null}')],
});

const signed = await sign(body, NOW);

describe('Plaid signatures', () => {
  const check = async (headers: Readonly<Record<string, string>>, find = plaid) =>
    verifyBodyToken(delivery(body, headers, NOW), 'plaid-verification', (kid) =>
      find({ environment: 'production', clientId: 'client', secret: 's3cret' }, kid),
    );

  it('takes no algorithm but ES256, whoever made the token', async () => {
    const claims = new SignJWT({ iat: NOW / 1000, request_body_sha256: digest(body) });
    const symmetric = await claims
      .setProtectedHeader({ alg: 'HS256', kid: KID })
      .sign(new TextEncoder().encode(published.x.padEnd(32)));
    expect((await check({ 'plaid-verification': symmetric })).ok).toBe(false);
    const none = `${btoa('{"alg":"none","kid":"key-1"}').replaceAll('=', '')}.e30.${'A'.repeat(86)}`;
    expect(await check({ 'plaid-verification': none })).toEqual({ ok: false, error: 'token_invalid' });
  });

  it("refuses another sender's key, an unknown one, and one that has expired", async () => {
    const stranger = await generateKeyPair('ES256');
    expect(await check(await sign(body, NOW, KID, stranger.privateKey))).toEqual({ ok: false, error: 'token_invalid' });
    expect(await check(await sign(body, NOW, 'key-2'))).toEqual({ ok: false, error: 'token_invalid' });
    const expired: FetchPlaidKey = async () => ok({ ...published, expired_at: NOW / 1000 });
    expect(await check(await sign(body, NOW), expired)).toEqual({ ok: false, error: 'token_invalid' });
  });

  it('bounds the time of issue both ways, and says when keys cannot be had', async () => {
    expect((await check(await sign(body, NOW - 300_000))).ok).toBe(true);
    expect(await check(await sign(body, NOW - 301_000))).toEqual({ ok: false, error: 'timestamp_too_old' });
    expect(await check(await sign(body, NOW + 301_000))).toEqual({ ok: false, error: 'timestamp_in_future' });
    expect(await check(await sign(body, NOW), async () => err('unavailable'))).toEqual({
      ok: false,
      error: 'keys_unavailable',
    });
  });

  believesNoAlteration('Plaid', {
    valid: delivery(body, signed, NOW),
    verify: (sent) => verifyBodyToken(sent, 'plaid-verification', async () => ok(published)),
    headers: ['plaid-verification'],
    toleranceSeconds: 300,
  });
});

describe("Plaid's keys", () => {
  const access = { environment: 'production', clientId: 'client', secret: 's3cret' } as const;
  const counting = (answer: FetchPlaidKey = plaid) => {
    const asked: string[] = [];
    const keys = new PlaidKeys(async (by, keyId) => {
      asked.push(keyId);
      return answer(by, keyId);
    });
    return { asked, keys };
  };

  it('asks once an hour for a key it knows', async () => {
    const { asked, keys } = counting();
    for (const at of [0, 1, PlaidKeys.freshForMs - 1]) await keys.find(access, KID, NOW + at);
    expect(asked).toEqual([KID]);
    await keys.find(access, KID, NOW + PlaidKeys.freshForMs);
    expect(asked).toEqual([KID, KID]);
  });

  it('uses what it has for a day while Plaid cannot be asked', async () => {
    let up = true;
    const { keys } = counting(async (by, keyId) => (up ? plaid(by, keyId) : err('unavailable')));
    await keys.find(access, KID, NOW);
    up = false;
    expect(await keys.find(access, KID, NOW + PlaidKeys.staleForMs - 1)).toEqual(ok(published));
    expect(await keys.find(access, KID, NOW + PlaidKeys.staleForMs)).toEqual(err('unavailable'));
  });

  it('is not made to hammer Plaid by made-up ids, and keeps the true key through them', async () => {
    const { asked, keys } = counting();
    await keys.find(access, KID, NOW);
    for (let n = 0; n < 500; n += 1) await keys.find(access, `made-up-${n}`, NOW + n);
    expect(asked.length).toBe(PlaidKeys.maxQuestions);
    for (let n = 0; n < 300; n += 1) await keys.find(access, `made-up-${n}`, NOW + n * 10_000);
    expect(await keys.find(access, KID, NOW + 3_000_000)).toEqual(ok(published));
    expect(asked.filter((id) => id === KID)).toEqual([KID]);
  });

  it('asks Plaid over HTTP as its API documents, within bounds', async () => {
    const requests: Request[] = [];
    const answering = (status: number, answer: string) =>
      fetchPlaidKeyWith(async (input, init) => {
        requests.push(new Request(input instanceof URL ? input.href : input, init));
        return new Response(answer, { status });
      });
    expect(await answering(200, JSON.stringify({ key: published, request_id: 'r' }))(access, KID)).toEqual(
      ok(published),
    );
    expect(requests[0]?.url).toBe('https://production.plaid.com/webhook_verification_key/get');
    expect(await requests[0]?.json()).toEqual({ client_id: 'client', secret: 's3cret', key_id: KID });
    expect(await answering(400, '{"error_code":"INVALID_WEBHOOK_VERIFICATION_KEY_ID"}')(access, 'x')).toEqual(ok(null));
    for (const [status, answer] of [
      [500, '{}'],
      [200, '{'],
      [200, 'x'.repeat(20_000)],
      [302, ''],
    ] as const) {
      expect(await answering(status, answer)(access, KID)).toEqual(err('unavailable'));
    }
  });
});

describe('Plaid notices', () => {
  const setUp = configured(source, {});
  it('are understood, and tell a second equal notice from a repeat of the first', async () => {
    expect(read(setUp, body).map(verdict)).toEqual(['no effect']);
    expect(read(setUp, bytes('{"webhook_type":"NEW_THING","webhook_code":"X"}')).map(verdict)).toEqual([
      'quarantined:unknown_type',
    ]);
    const ids = await Promise.all(
      [NOW, NOW, NOW + 60_000].map(async (at) => {
        const verified = await setUp.verify(delivery(body, await sign(body, at), at), always(SECRET));
        if (!verified.ok) throw new Error(verified.error);
        const parsed = setUp.parse(verified.value);
        return parsed.ok ? parsed.value[0]?.eventId : null;
      }),
    );
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).not.toBe(ids[2]);
  });
});
