import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Bindings } from '../../src/bindings.ts';
import { operatorConsole } from '../../src/console/index.ts';
import { commit, event, invoice, layBooks, publish } from './books-fixture.ts';

const bindings: Bindings = {
  ...env,
  ROOT_TOKEN: 'root-token-for-tests',
  SECRETS_KEY: btoa('0123456789abcdef0123456789abcdef'),
};
const app = new Hono<{ Bindings: Bindings }>().route('/console', operatorConsole);

const get = (path: string, cookie = ''): Promise<Response> =>
  Promise.resolve(app.fetch(new Request(`https://gate.example${path}`, { headers: { cookie } }), bindings));

const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> =>
  Promise.resolve(
    app.fetch(
      new Request(`https://gate.example${path}`, { method: 'POST', body: new URLSearchParams(fields), headers }),
      bindings,
    ),
  );

async function session(): Promise<string> {
  const answer = await post('/console/login', { token: 'root-token-for-tests' });
  return answer.headers.get('set-cookie')?.split(';')[0] ?? '';
}

beforeAll(async () => {
  await layBooks();
  await publish('acme');
  await env.LEDGER_0.batch([
    ...invoice({ tenant: 'acme', lane: 'stripe:cus_1', position: 1, eventId: 'evt_1' }),
    event({
      tenant: 'acme',
      lane: 'stripe:cus_1',
      eventId: 'evt_<b>',
      seq: 2,
      position: null,
      minute: 2,
      outcome: 'parked',
      note: '<script>alert(1)</script>',
    }),
    commit('acme', 2, ['evt_1', 'evt_<b>']),
    env.LEDGER_0.prepare(
      `INSERT INTO exceptions VALUES ('acme', 'period_closed/stripe/evt_<b>', 'period_closed', 'open', 'stripe:cus_1', 2, 'stripe', 'evt_<b>', NULL, NULL, NULL, 4200, 'EUR', 'An <invoice> in a locked period.', 'Reopen it.', 5, NULL, NULL)`,
    ),
  ]);
});

describe('logging in to the console', () => {
  it('takes a valid token from a form and keeps it out of cookie and address', async () => {
    const answer = await post('/console/login', { token: 'root-token-for-tests' }, { origin: 'https://gate.example' });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/console');
    const cookie = answer.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/; Path=\/console; HttpOnly; SameSite=Strict; Max-Age=28800; Secure$/);
    expect(decodeURIComponent(cookie)).not.toContain('root-token');
  });

  it('lets browsers say where the login form came from, or they would send Origin: null and be refused', async () => {
    expect((await get('/console', '')).headers.get('referrer-policy')).toBe('same-origin');
  });

  it('refuses a wrong token, a form of another site, and a made-up or altered session', async () => {
    expect((await post('/console/login', { token: 'not-the-token' })).status).toBe(401);
    expect(
      (await post('/console/login', { token: 'root-token-for-tests' }, { origin: 'https://evil.example' })).status,
    ).toBe(403);
    const good = await session();
    for (const cookie of ['', 'ledgergate_session=x.y', 'ledgergate_session=%', `${good.slice(0, -3)}AAA`]) {
      expect([cookie, (await get('/console', cookie)).status]).toEqual([cookie, 401]);
    }
  });

  it('ends a session when its key is revoked', async () => {
    const { sha256Hex } = await import('../../src/ledger/hash.ts');
    const hash = await sha256Hex('a-key-for-reading');
    await env.LEDGER_0.prepare(
      "INSERT INTO api_keys (hash, tenant, label, role, created_at, revoked_at) VALUES (?, 'acme', 'k', 'read', 1, NULL)",
    )
      .bind(hash)
      .run();
    const cookie =
      (await post('/console/login', { token: 'a-key-for-reading' })).headers.get('set-cookie')?.split(';')[0] ?? '';
    expect((await get('/console', cookie)).status).toBe(200);
    expect((await get('/console?tenant=other', cookie)).status).toBe(403);
    await env.LEDGER_0.prepare('UPDATE api_keys SET revoked_at = 2 WHERE hash = ?').bind(hash).run();
    expect((await get('/console', cookie)).status).toBe(401);
  });
});

describe('what the console shows', () => {
  it('shows the state of the books under a policy that allows no script and nothing from elsewhere', async () => {
    const answer = await get('/console', await session());
    const text = await answer.text();
    expect(answer.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'nonce-[0-9a-f-]{36}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
    );
    expect(text).toContain('42.00 EUR');
    expect(text).toContain('120.00 EUR');
    expect(text).toContain('<span class="good">balanced</span>');
    expect(text).not.toMatch(/https?:\/\//);
  });

  it('escapes what providers and people wrote', async () => {
    const text = await (await get('/console', await session())).text();
    expect(text).not.toContain('<script>');
    expect(text).toContain('An &lt;invoice&gt; in a locked period.');
    expect(text).toContain('/console/events/stripe/evt_%3Cb%3E?tenant=acme');
  });

  it('tells an event’s story, and knows no event it has not', async () => {
    const cookie = await session();
    const told = await (await get('/console/events/stripe/evt_1?tenant=acme', cookie)).text();
    expect(told).toContain('debit 121000 receivable 120.00 EUR');
    expect((await get('/console/events/stripe/evt_%3Cb%3E?tenant=acme', cookie)).status).toBe(200);
    expect((await get('/console/events/stripe/none?tenant=acme', cookie)).status).toBe(404);
  });
});
