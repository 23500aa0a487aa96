import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Bindings } from '../../src/bindings.ts';
import { classifyWriteFailure } from '../../src/ledger/database.ts';
import { sha256Hex } from '../../src/ledger/hash.ts';
import { createApi } from '../../src/routes/api/index.ts';
import { commit, event, invoice, layBooks, publish } from './books-fixture.ts';

const bindings: Bindings = { ...env, SECRETS_KEY: btoa('0123456789abcdef0123456789abcdef') };
const november = '/periods/2026-11';
/** 1 December 2026, 11:00 in Paris. */
let now = Date.UTC(2026, 11, 1, 10);
let serial = 0;
const api = createApi({
  now: () => now,
  newId: () => (++serial).toString(16).padStart(32, '0'),
  connectors: () => async () => null,
});

async function ask(path: string, body?: unknown, person = 'ann') {
  now += 1000;
  const request = new Request(`https://gate.example${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer key-of-${person}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const response = await api.fetch(request, bindings);
  const json: unknown = await response.json();
  return { status: response.status, json };
}

const accept = (...items: string[]) => ({ accept: items.map((item) => ({ item, reason: 'as agreed' })) });
const failure = async (work: Promise<unknown>) =>
  work.then(
    () => 'written',
    (error: unknown) => classifyWriteFailure(error),
  );

beforeAll(async () => {
  await layBooks();
  await publish('acme');
  for (const person of ['ann', 'ben']) {
    await env.LEDGER_0.prepare(
      'INSERT INTO api_keys (hash, tenant, label, role, created_at, revoked_at) VALUES (?, ?, ?, ?, 1, NULL)',
    )
      .bind(await sha256Hex(`key-of-${person}`), 'acme', person, 'operate')
      .run();
  }
  await env.LEDGER_0.batch([
    ...invoice({ tenant: 'acme', lane: 'stripe:cus_1', position: 1, eventId: 'evt_1' }),
    commit('acme', 1, ['evt_1', 'evt_odd']),
    event({
      tenant: 'acme',
      lane: 'stripe:cus_2',
      eventId: 'evt_odd',
      seq: 1,
      position: null,
      minute: 3,
      outcome: 'quarantined',
      note: 'unknown_type: made.up',
    }),
  ]);
});

describe('a month on D1', () => {
  it('is closed once, with the trial balance of that transaction as evidence', async () => {
    expect((await ask(`${november}/begin-close`, {})).json).toMatchObject({ state: 'pending' });
    expect((await ask(`${november}/begin-close`, {})).status).toBe(409);
    expect((await ask(`${november}/close`, {})).json).toMatchObject({ errors: [{ path: 'checklist.held_events' }] });
    expect((await ask(`${november}/close`, accept('held_events'))).json).toMatchObject({
      state: 'closed',
      closes: 1,
      closedUntil: '2026-11-30',
    });
    const { evidence } = z.object({ evidence: z.looseObject({}) }).parse((await ask(november)).json);
    expect(evidence).toMatchObject({
      accepted: [{ item: 'held_events', reason: 'as agreed' }],
      trialBalance: [
        { account: '121000', currency: 'EUR', closing: 12_000 },
        { account: '400000', currency: 'EUR', closing: -10_000 },
        { account: '445710', currency: 'EUR', closing: -2_000 },
      ],
    });
  });

  it('takes no entry while it is closed, and the failure is told from others', async () => {
    const late = invoice({ tenant: 'acme', lane: 'stripe:cus_1', position: 2, eventId: 'evt_2' });
    expect(await failure(env.LEDGER_0.batch(late))).toBe('period_closed');
    const next = invoice({ tenant: 'acme', lane: 'stripe:cus_3', position: 1, eventId: 'evt_3', minute: 1 });
    expect(await failure(env.LEDGER_0.batch(next))).toBe('period_closed');
  });

  it('is reopened by two people only, and counts its closes on', async () => {
    const asked = z.object({ id: z.string() }).parse((await ask(`${november}/reopen`, { reason: 'a late bill' })).json);
    const approve = `/approvals/${encodeURIComponent(asked.id)}/approve`;
    expect((await ask(approve, { reason: 'my own' })).status).toBe(409);
    expect(
      await failure(
        env.LEDGER_0.prepare("UPDATE approvals SET status = 'approved', decided_by = requested_by WHERE id = ?")
          .bind(asked.id)
          .run(),
      ),
    ).toBe('refused');
    expect((await ask(approve, { reason: 'agreed' }, 'ben')).json).toMatchObject({ status: 'approved' });
    expect((await ask(approve, { reason: 'agreed' }, 'ben')).json).toMatchObject({ status: 'approved' });
    expect((await ask(november)).json).toMatchObject({ state: 'pending', closes: 1 });
    expect((await ask(`${november}/close`, accept('held_events'))).json).toMatchObject({ state: 'closed', closes: 2 });
  });

  it('is closed by one of two who try at the same moment', async () => {
    const asked = z.object({ id: z.string() }).parse((await ask(`${november}/reopen`, { reason: 'once more' })).json);
    await ask(`/approvals/${encodeURIComponent(asked.id)}/approve`, { reason: 'agreed' }, 'ben');
    const both = await Promise.all([
      ask(`${november}/close`, accept('held_events')),
      ask(`${november}/close`, accept('held_events'), 'ben'),
    ]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    expect((await ask(november)).json).toMatchObject({ state: 'closed', closes: 3 });
  });

  it('stays locked once it is locked', async () => {
    expect((await ask(`${november}/lock`, { reason: 'audited' })).json).toMatchObject({
      state: 'locked',
      lockedUntil: '2026-11-30',
    });
    expect((await ask(`${november}/reopen`, { reason: 'too late' })).status).toBe(409);
    const opened = env.LEDGER_0.prepare("UPDATE entity_books SET closed_until = '2026-10-31'").run();
    await expect(opened).rejects.toThrow('locked');
  });
});
