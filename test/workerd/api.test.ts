import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Bindings } from '../../src/bindings.ts';
import { laneKey, providerEventId, sourceId, tenantId } from '../../src/canonical/ids.ts';
import { sha256Hex } from '../../src/ledger/hash.ts';
import { createApi } from '../../src/routes/api/index.ts';
import { health } from '../../src/routes/health.ts';
import { metrics } from '../../src/routes/metrics.ts';
import { at, commit, config, documentKey, event, invoice, layBooks, publish } from './books-fixture.ts';

const bindings: Bindings = {
  ...env,
  ROOT_TOKEN: 'root-token-for-tests',
  SECRETS_KEY: btoa('0123456789abcdef0123456789abcdef'),
};
let serial = 0;
const now = at(30);
const api = createApi({ now: () => now, newId: () => (++serial).toString(16).padStart(32, '0') });

interface Ask {
  readonly token?: string | null;
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

async function ask(path: string, { token = 'root-token-for-tests', method, body, headers }: Ask = {}) {
  const request = new Request(`https://gate.example${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const response = await api.fetch(request, bindings);
  const text = await response.text();
  const json: unknown = (response.headers.get('content-type') ?? '').includes('json') ? JSON.parse(text) : null;
  return { status: response.status, type: response.headers.get('content-type'), text, json };
}

const problemShape = z.strictObject({
  type: z.string().startsWith('urn:ledgergate:problem:'),
  title: z.string(),
  status: z.number(),
  code: z.string(),
  detail: z.string().optional(),
  errors: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
});
const list = z.object({ items: z.array(z.looseObject({})), next: z.string().nullable() });
const key = (role: string, tenant = 'acme') => `${role}-key-of-${tenant}`;

beforeAll(async () => {
  await layBooks();
  await publish('acme');
  for (const [role, tenant] of [
    ['read', 'acme'],
    ['operate', 'acme'],
    ['admin', 'acme'],
    ['admin', 'other'],
  ] as const) {
    await env.LEDGER_0.prepare(
      'INSERT INTO api_keys (hash, tenant, label, role, created_at, revoked_at) VALUES (?, ?, ?, ?, 1, NULL)',
    )
      .bind(await sha256Hex(key(role, tenant)), tenant, role, role)
      .run();
  }
  const booked = ['evt_1', 'evt_2', 'evt_3', 'evt_4', 'evt_5'];
  for (const [index, eventId] of booked.entries()) {
    await env.LEDGER_0.batch(invoice({ tenant: 'acme', lane: 'stripe:cus_1', position: index + 1, eventId }));
  }
  await env.LEDGER_0.batch([
    commit('acme', 2, ['evt_1', 'evt_2', 'evt_wait']),
    commit('acme', 5, ['evt_3', 'evt_4', 'evt_5']),
    event({
      tenant: 'acme',
      lane: 'stripe:cus_2',
      eventId: 'evt_wait',
      seq: 1,
      position: null,
      minute: 2,
      outcome: 'waiting',
      note: 'waits for stripe:invoice:in_9',
    }),
    event({
      tenant: 'acme',
      lane: 'stripe:cus_2',
      eventId: 'evt_odd',
      seq: 2,
      position: null,
      minute: 3,
      outcome: 'quarantined',
      note: 'unknown_type: made.up',
    }),
  ]);
});

describe('who may call', () => {
  it('refuses without a token, with a wrong one, and with a revoked one, all in the same words', async () => {
    await env.LEDGER_0.prepare(
      'INSERT INTO api_keys (hash, tenant, label, role, created_at, revoked_at) VALUES (?, ?, ?, ?, 1, 2)',
    )
      .bind(await sha256Hex('revoked-key-of-acme'), 'acme', 'old', 'admin')
      .run();
    const answers = await Promise.all([
      ask('/events', { token: null }),
      ask('/events', { token: 'not-the-token' }),
      ask('/events', { token: 'revoked-key-of-acme' }),
      ask('/events', { token: null, headers: { 'cf-access-jwt-assertion': 'a.b.c' } }),
    ]);
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(answer.type).toBe('application/problem+json');
      expect(problemShape.parse(answer.json).code).toBe('not_authenticated');
    }
  });

  it('lets a read key read, and refuses it every action', async () => {
    expect((await ask('/exceptions', { token: key('read') })).status).toBe(200);
    for (const path of [
      '/lanes/stripe%3Acus_1/pause',
      '/postings/retry',
      '/tenants/acme/config',
      '/api-keys',
      '/quarantine/redrive',
    ]) {
      const answer = await ask(path, { token: key('read'), body: { reason: 'because' } });
      expect([path, answer.status]).toEqual([path, 403]);
    }
    expect((await ask('/events/evt_1/body', { token: key('read') })).status).toBe(403);
  });

  it('keeps a key to its own tenant, in the query, the header and the path', async () => {
    const token = key('admin', 'other');
    expect((await ask('/events?tenant=acme', { token })).status).toBe(403);
    expect((await ask('/events', { token, headers: { 'x-ledgergate-tenant': 'acme' } })).status).toBe(403);
    expect((await ask('/tenants/acme/secrets', { token })).status).toBe(403);
    expect((await ask('/tenants/acme/config', { token, body: config })).status).toBe(403);
    expect((await ask('/api-keys', { token, body: { label: 'x', tenant: '*', role: 'admin' } })).status).toBe(403);
  });

  it('makes a key that works once shown, and no more once revoked', async () => {
    const made = z
      .object({ key: z.string(), hash: z.string() })
      .parse((await ask('/api-keys', { body: { label: 'ci', tenant: 'acme', role: 'read' } })).json);
    expect((await ask('/status', { token: made.key })).status).toBe(200);
    expect((await ask('/api-keys')).text).not.toContain(made.key);
    expect((await ask(`/api-keys/${made.hash}`, { method: 'DELETE' })).status).toBe(200);
    expect((await ask('/status', { token: made.key })).status).toBe(401);
  });
});

describe('lists', () => {
  it('walks events newest first, page by page, each once', async () => {
    const seen: unknown[] = [];
    let next: string | null = null;
    for (let pages = 0; pages < 10; pages += 1) {
      const page = list.parse((await ask(`/events?limit=2${next === null ? '' : `&cursor=${next}`}`)).json);
      seen.push(...page.items.map((item) => item.id));
      next = page.next;
      if (next === null) break;
    }
    expect(seen).toEqual(['evt_5', 'evt_4', 'evt_3', 'evt_wait', 'evt_2', 'evt_1']);
  });

  it('walks entries newest first, and one lane’s by position', async () => {
    const first = list.parse((await ask('/ledger/entries?limit=3')).json);
    expect(first.items.map((item) => item.eventId)).toEqual(['evt_5', 'evt_4', 'evt_3']);
    const second = list.parse((await ask(`/ledger/entries?limit=3&cursor=${first.next}`)).json);
    expect(second.items.map((item) => item.eventId)).toEqual(['evt_2', 'evt_1']);
    expect(second.next).toBeNull();
    const lane = list.parse((await ask('/ledger/entries?limit=2&lane=stripe%3Acus_1')).json);
    expect(lane.items.map((item) => item.position)).toEqual([5, 4]);
    const rest = list.parse((await ask(`/ledger/entries?limit=9&lane=stripe%3Acus_1&cursor=${lane.next}`)).json);
    expect(rest.items.map((item) => item.position)).toEqual([3, 2, 1]);
  });

  it('shows an entry by its id, and formats its amounts', async () => {
    const id = encodeURIComponent('stripe:cus_1#2.0');
    const entry = z
      .looseObject({ lines: z.array(z.looseObject({ amount: z.object({ text: z.string() }) })) })
      .parse((await ask(`/ledger/entries/${id}`)).json);
    expect(entry.lines.map((line) => line.amount.text)).toEqual(['120.00 EUR', '-100.00 EUR', '-20.00 EUR']);
    expect((await ask(`/ledger/entries/${encodeURIComponent('stripe:cus_1#02.0')}`)).status).toBe(404);
  });

  it('refuses limits over 200, made-up cursors and cursors of other lists', async () => {
    const { next } = list.parse((await ask('/events?limit=2')).json);
    for (const query of ['limit=201', 'limit=0', 'limit=x', 'cursor=%%%', 'cursor=AAAA']) {
      const answer = await ask(`/events?${query}`);
      expect([query, answer.status]).toEqual([query, 400]);
      expect(problemShape.parse(answer.json).errors?.[0]?.path).toMatch(/^query\.(limit|cursor)$/);
    }
    expect((await ask(`/audit?cursor=${next}`)).status).toBe(400);
  });

  it('lists what is held, by outcome', async () => {
    expect(list.parse((await ask('/quarantine')).json).items.map((item) => item.id)).toEqual(['evt_odd']);
    expect(list.parse((await ask('/events?outcome=waiting')).json).items.map((item) => item.id)).toEqual(['evt_wait']);
  });
});

describe('the timeline of an event', () => {
  const story = z.looseObject({
    where: z.string(),
    steps: z.array(z.object({ at: z.string().nullable(), step: z.string(), sentence: z.string() })),
  });

  it('tells the whole story of a lost answer: booked, refused, found at the target with a difference', async () => {
    await env.LEDGER_0.batch([
      env.LEDGER_0.prepare('INSERT INTO postings VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)').bind(
        ...['acme', 'odoo', documentKey('evt_2'), 'invoice', 'stripe:cus_1', 2, 'stripe', 'evt_2', 'applied'],
        ...[
          'account.move/42',
          'INV/2026/00042',
          '2026-11-22',
          JSON.stringify([{ field: 'date', sent: '2026-11-22', found: '2026-12-01' }]),
          null,
          2,
          at(8),
        ],
      ),
      env.LEDGER_0.prepare('INSERT INTO exceptions VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)').bind(
        ...[
          'acme',
          `posting_uncertain/odoo/${documentKey('evt_2')}`,
          'posting_uncertain',
          'resolved',
          'stripe:cus_1',
          2,
          'stripe',
          'evt_2',
          null,
        ],
        ...[
          'odoo',
          documentKey('evt_2'),
          12000,
          'EUR',
          'The answer was lost.',
          'Look in odoo.',
          at(6),
          at(8),
          'the cause is gone',
        ],
      ),
    ]);
    const { json, status } = await ask('/events/evt_2');
    expect(status).toBe(200);
    const { steps } = story.parse(json);
    expect(steps.map((step) => step.step)).toEqual([
      'received',
      'stored',
      'decided',
      'booked',
      'exception',
      'posted',
      'resolved',
    ]);
    const told = steps.map((step) => step.sentence).join('\n');
    expect(told).toContain("the sender's signature over the very bytes was verified");
    expect(told).toContain(
      'debit 121000 receivable 120.00 EUR; credit 400000 revenue 100.00 EUR and 445710 tax 20.00 EUR',
    );
    expect(told).toContain('A person must decide (120.00 EUR at stake): The answer was lost. To do: Look in odoo.');
    expect(told).toContain(
      'INV/2026/00042 (account.move/42), dated 2026-11-22 after 2 attempts. Read back with differences: date was sent as 2026-11-22 and is 2026-12-01.',
    );
  });

  it('says what an event waits for, and what is still to be posted', async () => {
    const waiting = story.parse((await ask('/events/evt_wait?source=stripe')).json);
    expect(waiting.steps.at(-1)?.sentence).toContain('waits for stripe:invoice:in_9');
    const open = story.parse((await ask('/events/evt_1')).json);
    expect(open.steps.at(-1)).toEqual({
      at: null,
      step: 'document',
      sentence: `To be posted to odoo: ${documentKey('evt_1')}.`,
    });
  });

  it('finds an event that only its lane knows, with its bytes', async () => {
    const identity = { tenant: tenantId('acme'), lane: laneKey('stripe:cus_new') };
    const body = new Uint8Array(new TextEncoder().encode('{"id":"evt_new"}'));
    await bindings.LANES.getByName('acme/stripe:cus_new').accept(identity, [
      {
        ...{
          source: sourceId('stripe'),
          eventId: providerEventId('evt_new'),
          type: 'invoice.finalized',
          occurredAt: at(1),
          receivedAt: at(2),
        },
        ...{ trust: 'signed' as const, bodyHash: await sha256Hex(body), body, evidence: {}, quarantine: null },
      },
    ]);
    expect((await ask('/events/evt_new')).status).toBe(404);
    const told = story.parse((await ask('/events/evt_new?lane=stripe%3Acus_new')).json);
    expect(told.where).toBe('lane');
    expect(told.steps.at(-1)?.sentence).toBe('The ledger has not looked at it yet.');
    expect((await ask('/events/evt_new/body?lane=stripe%3Acus_new')).text).toBe('{"id":"evt_new"}');
    const lane = z
      .object({ progress: z.looseObject({}), ledger: z.null() })
      .parse((await ask('/lanes/stripe%3Acus_new')).json);
    expect(lane.progress).toMatchObject({ accepted: 1, unsettled: 1, drained: false });
    const polled = await ask('/status/lanes', { body: { lanes: ['stripe:cus_new', 'stripe:nobody'] } });
    expect(polled.json).toMatchObject({ drained: false, totals: { accepted: 1, unsettled: 1 } });
  });

  it('reads the bytes from the archive, and writes down who read them', async () => {
    const text = 'naïve "bytes"\r\n';
    await env.ARCHIVE.put(
      'raw/acme/x.ndjson',
      `{"eventId":"other","text":"no"}\n${JSON.stringify({ eventId: 'evt_arch', text })}\n`,
    );
    await event({
      ...{
        tenant: 'acme',
        lane: 'stripe:cus_1',
        eventId: 'evt_arch',
        seq: 9,
        position: null,
        minute: 1,
        outcome: 'parked',
      },
      ...{ archive: 'raw/acme/x.ndjson#1', bodyHash: await sha256Hex(text) },
    }).run();
    expect((await ask('/events/evt_arch/body', { token: key('operate') })).text).toBe(text);
    const trail = list.parse((await ask('/audit?limit=1')).json);
    expect(trail.items[0]).toMatchObject({
      action: 'event.body.read',
      actor: 'key:operate',
      subject: 'stripe/evt_arch',
    });
  });
});

describe('the books', () => {
  it('gives a trial balance that balances, by role', async () => {
    const { json } = await ask('/ledger/trial-balance?asOf=2026-11');
    expect(json).toMatchObject({
      entity: 'acme-eu',
      balanced: true,
      totals: { debit: { text: '600.00 EUR' }, credit: { text: '600.00 EUR' }, closing: { amount: 0 } },
    });
    expect(json).toMatchObject({
      accounts: [
        { account: '121000', role: 'receivable', closing: { text: '600.00 EUR' } },
        { account: '400000' },
        { account: '445710', role: 'tax' },
      ],
    });
  });

  it('moves earlier months into the opening', async () => {
    expect((await ask('/ledger/trial-balance?from=2026-12&asOf=2026-12')).json).toMatchObject({
      balanced: true,
      accounts: [
        { account: '121000', opening: { amount: 60000 }, debit: { amount: 0 }, closing: { amount: 60000 } },
        {},
        {},
      ],
    });
    expect((await ask('/ledger/trial-balance?asOf=2026-13')).status).toBe(400);
    expect((await ask('/ledger/trial-balance?entity=nobody')).status).toBe(404);
  });

  it('says when books do not balance', async () => {
    await env.LEDGER_0.prepare(
      "INSERT INTO balances VALUES ('lost', 'acme-eu', '1', 'EUR', '2026-11', 5, 0, 5, 0, 'EUR')",
    ).run();
    await publish('lost');
    expect((await ask('/ledger/trial-balance?tenant=lost')).json).toMatchObject({
      balanced: false,
      totals: { closing: { amount: 5 } },
    });
    await env.LEDGER_0.prepare("DELETE FROM config_versions WHERE tenant = 'lost'").run();
  });

  it('exports every entry in each format', async () => {
    for (const [format, mark] of [
      ['hledger', 'Assets:Receivable:121000  120.00 EUR'],
      ['beancount', 'open Assets:Receivable:121000'],
      ['csv', 'stripe:cus_1#1.0'],
    ] as const) {
      const { text, status } = await ask(`/ledger/export?format=${format}`);
      expect([format, status]).toEqual([format, 200]);
      expect(text).toContain(mark);
      for (const eventId of ['evt_1', 'evt_5']) expect(text).toContain(eventId);
    }
  });
});

describe('config', () => {
  it('names every fault by its path, in words, and repeats no value', async () => {
    const bad = {
      ...config,
      entities: { 'acme-eu': { currency: 'eur', timeZone: 'Mars/Base', extra: 1 } },
      targets: {
        odoo: { kind: 'odo' },
        second: { kind: 'odoo', url: 'nope', database: 'x', limits: { concurrency: 99 } },
      },
      routes: [{ when: { event: '*' }, to: 'odooo', mode: 'sometimes' }],
      accounts: { receivable: 12 },
    };
    const answer = await ask('/tenants/acme/config?dryRun=1', { body: bad });
    expect(answer.status).toBe(422);
    const { code, errors = [] } = problemShape.parse(answer.json);
    expect(code).toBe('invalid_config');
    expect(Object.fromEntries(errors.map((error) => [error.path, error.message]))).toEqual({
      'entities.acme-eu.currency': 'must be an ISO 4217 code in capitals, such as EUR',
      'entities.acme-eu.timeZone': 'must be an IANA time zone, such as Europe/Paris',
      'entities.acme-eu.extra': 'is not a known setting',
      'targets.odoo.kind': 'must be one of odoo or embedded-gl',
      'targets.second.url': 'must be a URL that starts with http:// or https://',
      'targets.second.credential': 'is missing',
      'targets.second.limits.concurrency': 'must be at most 16',
      'routes.0.mode': 'must be one of realtime, window or summary',
      'accounts.receivable': 'must be text in quotes, or must be an object { … }',
    });
    expect(answer.text).not.toContain('Mars/Base');
  });

  it('finds what only the whole document shows: unknown providers, dangling names, pasted secrets', async () => {
    const paths = async (document: object) =>
      problemShape
        .parse((await ask('/tenants/acme/config', { body: document })).json)
        .errors?.map((error) => error.path);
    expect(await paths({ ...config, sources: { s: { ...config.sources.stripe, provider: 'stripes' } } })).toEqual([
      'sources.s.provider',
    ]);
    expect(await paths({ ...config, routes: [{ when: { event: '*' }, to: 'nowhere' }] })).toEqual(['routes.0.to']);
    expect(await paths({ ...config, tenant: 'another' })).toEqual(['tenant']);
    expect(await paths({ ...config, shard: 'LEDGER_7' })).toEqual(['shard']);
    const pasted = {
      ...config,
      sources: { stripe: { ...config.sources.stripe, secrets: ['whsec_0123456789abcdef0123'] } },
    };
    const answer = await ask('/tenants/acme/config', { body: pasted });
    expect(problemShape.parse(answer.json).errors?.[0]?.path).toBe('sources.stripe.secrets.0');
    expect(answer.text).not.toContain('whsec_0123456789abcdef0123');
  });

  it('publishes a version, warns of what is not mapped, and changes nothing the second time', async () => {
    const changed = { ...config, accounts: { ...config.accounts, fees: '627000' } };
    const published = await ask('/tenants/acme/config', { body: changed });
    expect(published.json).toMatchObject({ outcome: 'published', version: 2 });
    const { warnings } = z
      .object({ warnings: z.array(z.object({ path: z.string(), message: z.string() })) })
      .parse(published.json);
    expect(warnings.map((warning) => warning.path)).toContain('accounts.suspense');
    expect(warnings.map((warning) => warning.path)).not.toContain('accounts.fees');
    expect((await ask('/tenants/acme/config', { body: changed })).json).toMatchObject({
      outcome: 'unchanged',
      version: 2,
      changes: [],
    });
    expect((await ask('/config')).json).toMatchObject({ version: 2, document: { accounts: { fees: '627000' } } });
    expect((await ask('/config/versions')).json).toMatchObject({ items: [{ version: 2 }, { version: 1 }], next: null });
    const { changes } = z
      .object({ changes: z.array(z.looseObject({ path: z.string() })) })
      .parse((await ask('/config/diff?from=1&to=2')).json);
    expect(changes).toContainEqual({ path: 'accounts.fees', to: '627000' });
    expect(list.parse((await ask('/audit?limit=1')).json).items[0]).toMatchObject({
      action: 'config.publish',
      actor: 'root',
      subject: 'version 2',
    });
  });

  it('takes secrets and never gives them back', async () => {
    const value = 'whsec_very-secret-value';
    expect((await ask('/tenants/acme/secrets/stripe-1', { method: 'PUT', body: { value } })).json).toMatchObject({
      reference: 'secret://stripe-1',
    });
    const everything = await Promise.all(
      ['/tenants/acme/secrets', '/config', '/audit', '/status', '/config/versions/2'].map((path) => ask(path)),
    );
    for (const answer of everything) expect(answer.text).not.toContain('very-secret');
    expect((await ask('/tenants/acme/secrets/stripe-1')).status).toBe(404);
    const row = await env.LEDGER_0.prepare("SELECT ciphertext FROM secrets WHERE name = 'stripe-1'").first<{
      ciphertext: string;
    }>();
    expect(row?.ciphertext).toBeTypeOf('string');
    expect(atob(row?.ciphertext ?? '')).not.toContain('very-secret');
  });
});

describe('actions', () => {
  it('refuses to act without a reason', async () => {
    for (const path of [
      '/lanes/stripe%3Acus_1/pause',
      '/lanes/stripe%3Acus_1/skip',
      '/targets/odoo/pause',
      '/postings/retry',
      '/quarantine/redrive',
    ]) {
      const answer = await ask(path, { body: { seq: 1 } });
      expect([path, answer.status]).toEqual([path, 400]);
      expect(problemShape.parse(answer.json).errors).toContainEqual(expect.objectContaining({ path: 'body.reason' }));
    }
  });

  it('pauses a lane, sets an event aside as an exception, and skips it for good', async () => {
    const lane = '/lanes/stripe%3Acus_new';
    expect((await ask(`${lane}/pause`, { body: { reason: 'month end' } })).status).toBe(200);
    expect((await ask(lane)).json).toMatchObject({ progress: { paused: true } });
    expect((await ask(`${lane}/resume`, { body: { reason: 'done' } })).status).toBe(200);
    expect((await ask(`${lane}/park`, { body: { seq: 1, reason: 'to be looked at' } })).json).toMatchObject({
      done: true,
    });
    const open = list.parse((await ask('/exceptions?cause=set_aside')).json);
    expect(open.items).toMatchObject([{ lane: 'stripe:cus_new', eventId: 'evt_new', status: 'open' }]);
    expect((await ask(`${lane}/skip`, { body: { seq: 1, reason: 'a test event' } })).json).toMatchObject({
      done: true,
    });
    expect((await ask(`${lane}/skip`, { body: { seq: 1, reason: 'a test event' } })).status).toBe(200);
    expect((await ask('/exceptions?cause=set_aside')).json).toMatchObject({ items: [] });
    expect((await ask(`${lane}/park`, { body: { seq: 1, reason: 'too late' } })).status).toBe(409);
    expect((await ask(`${lane}/park`, { body: { seq: 77, reason: 'no such' } })).status).toBe(404);
  });

  it('plans a re-drive without doing it', async () => {
    const plan = await ask('/quarantine/redrive?plan=1', { body: { filter: { source: 'stripe' } } });
    expect(plan.json).toMatchObject({
      planned: true,
      matched: 1,
      redriven: 0,
      events: [{ id: 'evt_odd', note: 'unknown_type: made.up' }],
    });
    expect((await ask('/quarantine/redrive?plan=1', { body: { filter: { type: 'other' } } })).json).toMatchObject({
      matched: 0,
    });
  });

  it('resolves an exception once, under an id that holds slashes', async () => {
    await env.LEDGER_0.prepare(
      `INSERT INTO exceptions VALUES ('acme', 'rate_missing/stripe/evt/odd', 'rate_missing', 'open', 'stripe:cus_1', 3, 'stripe', 'evt/odd', NULL, NULL, NULL, 12345, 'USD', 'No rate.', 'Add one.', 5, NULL, NULL)`,
    ).run();
    const path = `/exceptions/${encodeURIComponent('rate_missing/stripe/evt/odd')}`;
    expect((await ask(path)).json).toMatchObject({ atStake: { text: '123.45 USD' } });
    expect(
      (await ask(`${path}/resolve`, { token: key('operate'), body: { resolution: 'booked by hand' } })).json,
    ).toMatchObject({ status: 'resolved' });
    expect((await ask(`${path}/resolve`, { body: { resolution: 'again' } })).status).toBe(409);
    expect((await ask(path)).json).toMatchObject({
      status: 'resolved',
      resolution: 'key:operate: booked by hand',
      resolvedAt: new Date(now).toISOString(),
    });
    expect(list.parse((await ask('/exceptions?status=resolved&cause=rate_missing')).json).items).toHaveLength(1);
  });

  it('pauses and resumes a target', async () => {
    expect((await ask('/targets/odoo/pause', { body: { reason: 'upgrade tonight' } })).json).toMatchObject({
      health: 'paused',
      paused: { reason: 'upgrade tonight' },
    });
    expect((await ask('/targets/odoo/resume', { body: { reason: 'upgraded' } })).json).toMatchObject({
      health: 'well',
      paused: null,
    });
    expect((await ask('/targets/nowhere/pause', { body: { reason: 'who knows' } })).status).toBe(404);
  });
});

describe('problems', () => {
  it('answers every refusal as problem+json with a code of the closed set', async () => {
    const answers = await Promise.all([
      ask('/nowhere'),
      ask('/events/none'),
      ask('/lanes/nobody'),
      ask('/status/lanes', { body: { lanes: [] } }),
      ask('/postings/retry', { method: 'POST', headers: { 'content-type': 'text/plain' } }),
    ]);
    expect(answers.map((answer) => [answer.status, problemShape.parse(answer.json).code, answer.type])).toEqual([
      [404, 'not_found', 'application/problem+json'],
      [404, 'not_found', 'application/problem+json'],
      [404, 'not_found', 'application/problem+json'],
      [400, 'invalid_request', 'application/problem+json'],
      [415, 'unsupported_media_type', 'application/problem+json'],
    ]);
  });
});

describe('health and metrics', () => {
  it('is ready when every binding answers, and tells which does not', async () => {
    expect((await health.fetch(new Request('https://gate.example/healthz'), bindings)).status).toBe(200);
    expect((await health.fetch(new Request('https://gate.example/readyz'), bindings)).status).toBe(200);
    const broken = { ...bindings, SECRETS_KEY: undefined };
    const answer = await health.fetch(new Request('https://gate.example/readyz'), broken);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ checks: { secrets_key: 'unbound', ledger_0: 'ok', archive: 'ok' } });
  });

  it('gives metrics of open things to a key of all tenants only', async () => {
    const scrape = (token: string) =>
      metrics.fetch(
        new Request('https://gate.example/metrics', { headers: { authorization: `Bearer ${token}` } }),
        bindings,
      );
    expect((await scrape('nobody-at-all')).status).toBe(401);
    expect((await scrape(key('admin'))).status).toBe(403);
    const text = await (await scrape('root-token-for-tests')).text();
    expect(text).toContain('ledgergate_events_held{tenant="acme",outcome="quarantined"} 1');
    expect(text).toContain('# TYPE ledgergate_exceptions_open gauge');
  });

  it('counts what is open for one tenant', async () => {
    expect((await ask('/status')).json).toMatchObject({
      tenant: 'acme',
      lanes: { known: 1, applied: 5 },
      held: { waiting: 1, quarantined: 1 },
      clear: false,
    });
  });
});
