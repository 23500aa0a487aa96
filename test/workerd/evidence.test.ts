import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Bindings } from '../../src/bindings.ts';
import { sha256Hex } from '../../src/ledger/hash.ts';
import { digestOf, hexOf, leafHash, rootFromPath } from '../../src/ledger/merkle.ts';
import { leafText, PART_LEAVES, sealHash } from '../../src/ledger/seals.ts';
import { sealDue, sealTenant } from '../../src/operations/sealing.ts';
import { createApi } from '../../src/routes/api/index.ts';
import { commit, invoice, layBooks, publish } from './books-fixture.ts';

const bindings: Bindings = { ...env, ROOT_TOKEN: 'root-token-for-tests' };
const now = Date.UTC(2026, 10, 23, 0, 1);
const DAY = '2026-11-22';
let serial = 0;
const api = createApi({ now: () => now, newId: () => (++serial).toString(16).padStart(32, '0') });

async function ask(
  path: string,
  token = 'root-token-for-tests',
): Promise<{ status: number; json: unknown; text: string }> {
  const request = new Request(`https://gate.example${path}`, { headers: { authorization: `Bearer ${token}` } });
  const response = await api.fetch(request, bindings);
  const text = await response.text();
  const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, json: isJson ? JSON.parse(text) : null, text };
}

const seal = z.object({
  day: z.string(),
  root: z.string(),
  lanes: z.int(),
  previous: z.string(),
  hash: z.string(),
  archive: z.string(),
  sealedAt: z.int(),
});
const proof = z.object({
  seal,
  leaf: z.object({ lane: z.string(), position: z.int(), hash: z.string() }),
  index: z.int(),
  size: z.int(),
  path: z.array(z.string()),
});
const page = z.object({ items: z.array(z.looseObject({})), next: z.string().nullable() });

/** Lanes that are known and have booked nothing. */
async function registerLanes(tenant: string, count: number): Promise<void> {
  await env.LEDGER_0.prepare(
    `INSERT INTO lanes (tenant, lane, position, hash, from_position, from_hash)
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
     SELECT ?1, printf('lane_%06d', i), 0, ?3, 0, ?3 FROM n`,
  )
    .bind(tenant, count, '0'.repeat(64))
    .run();
}

beforeAll(async () => {
  await layBooks();
  await publish('acme');
  await publish('other');
  await registerLanes('acme', PART_LEAVES + 10);
  for (const [index, eventId] of ['evt_1', 'evt_2', 'evt_3'].entries())
    await env.LEDGER_0.batch(invoice({ tenant: 'acme', lane: 'stripe:cus_1', position: index + 1, eventId }));
  await env.LEDGER_0.batch([commit('acme', 2, ['evt_1', 'evt_2']), commit('acme', 3, ['evt_3'])]);
  await env.ARCHIVE.put('raw/acme/2026/11/22/1.ndjson', '{"a":1}\n');
  await env.LEDGER_0.prepare(
    'INSERT INTO api_keys (hash, tenant, label, role, created_at, revoked_at) VALUES (?, ?, ?, ?, 1, NULL)',
  )
    .bind(await sha256Hex('a-reader'), 'acme', 'reader', 'read')
    .run();
});

describe('the daily seal', () => {
  it('is made part by part, goes on where it was left, and stands once it is made', async () => {
    const step = { tenant: 'acme', day: DAY, parts: 1 };
    expect(await sealTenant(env.ARCHIVE, env.LEDGER_0, step, now)).toEqual({ outcome: 'unfinished', parts: 1 });
    expect((await ask('/seals?tenant=acme')).json).toEqual({ items: [], next: null });
    expect(await sealTenant(env.ARCHIVE, env.LEDGER_0, step, now)).toEqual({ outcome: 'sealed', parts: 1 });
    const first = seal.parse((await ask(`/seals/${DAY}?tenant=acme`)).json);
    expect(first).toMatchObject({ lanes: PART_LEAVES + 11, previous: '0'.repeat(64), sealedAt: now });
    await sealDue(bindings, now + 60_000);
    expect(await sealTenant(env.ARCHIVE, env.LEDGER_0, step, now + 60_000)).toEqual({ outcome: 'sealed', parts: 0 });
    expect(seal.parse((await ask(`/seals/${DAY}?tenant=acme`)).json)).toEqual(first);
  });

  it('is made by one of two runs at the same time', async () => {
    await registerLanes('twice', 3);
    const step = { tenant: 'twice', day: DAY, parts: 8 };
    const runs = await Promise.all([1, 2].map(() => sealTenant(env.ARCHIVE, env.LEDGER_0, step, now)));
    expect(runs.some(({ outcome }) => outcome === 'sealed')).toBe(true);
    const rows = await env.LEDGER_0.prepare("SELECT lanes FROM seals WHERE tenant = 'twice'").all<{ lanes: number }>();
    expect(rows.results).toEqual([{ lanes: 3 }]);
  });

  it('is chained to the day before by a hash over all of its row', async () => {
    await sealDue(bindings, now + 86_400_000);
    const [second, first] = z.object({ items: z.array(seal) }).parse((await ask('/seals?tenant=acme')).json).items;
    if (first === undefined || second === undefined) throw new Error('two days are sealed');
    expect([first.day, second.day]).toEqual([DAY, '2026-11-23']);
    expect(second.previous).toBe(first.hash);
    const { sealedAt: sealed_at, hash, ...row } = second;
    expect(await sealHash({ tenant: 'acme', ...row, sealed_at })).toBe(hash);
  });

  it('proves a lane’s head, and only of lanes that are under it', async () => {
    for (const lane of ['stripe:cus_1', 'lane_000001', `lane_${String(PART_LEAVES).padStart(6, '0')}`]) {
      const found = proof.parse((await ask(`/seals/${DAY}/proof?tenant=acme&lane=${encodeURIComponent(lane)}`)).json);
      expect(found.leaf.lane).toBe(lane);
      const root = await rootFromPath(
        await leafHash(leafText(found.leaf)),
        found.index,
        found.size,
        found.path.map(digestOf),
      );
      expect(root === null ? null : hexOf(root)).toBe(found.seal.root);
    }
    expect((await ask(`/seals/${DAY}/proof?tenant=acme&lane=lane_nobody`)).status).toBe(404);
    expect((await ask('/seals/2026-01-01/proof?tenant=acme&lane=stripe:cus_1')).status).toBe(404);
  });

  it('shows what it was made over, part by part', async () => {
    const leaves = z.object({ parts: z.int(), leaves: z.array(z.looseObject({ lane: z.string() })) });
    const [one, two, none] = await Promise.all(
      [0, 1, 2].map(async (part) => leaves.parse((await ask(`/seals/${DAY}/leaves?tenant=acme&part=${part}`)).json)),
    );
    expect([one?.leaves.length, two?.leaves.length, none?.leaves.length]).toEqual([PART_LEAVES, 11, 0]);
  });
});

describe('the raw rows', () => {
  it('come as a journal in commit order, page by page, and from where it ended once there is more', async () => {
    const journal = z.object({
      commits: z.array(z.looseObject({ id: z.string() })),
      events: z.array(z.looseObject({ event_id: z.string() })),
      entries: z.array(z.looseObject({ event_id: z.string() })),
      next: z.string().nullable(),
      resume: z.string().nullable(),
    });
    const seen: string[] = [];
    let cursor: string | null = null;
    let resume: string | null = null;
    for (let pages = 0; pages === 0 || cursor !== null; pages += 1) {
      const query = `tenant=acme&limit=1${cursor === null ? '' : `&cursor=${cursor}`}`;
      const step = journal.parse((await ask(`/evidence/journal?${query}`)).json);
      seen.push(...step.events.map((row) => row.event_id));
      expect(step.entries.map((row) => row.event_id)).toEqual(step.events.map((row) => row.event_id));
      [cursor, resume] = [step.next, step.resume];
    }
    expect(seen).toEqual(['evt_1', 'evt_2', 'evt_3']);
    const nothing = journal.parse((await ask(`/evidence/journal?tenant=acme&cursor=${resume}`)).json);
    expect(nothing).toMatchObject({ commits: [], events: [], next: null, resume });
  });

  it('come by table and key, as they are stored', async () => {
    const balances = page.parse((await ask('/evidence/rows/balances?tenant=acme')).json);
    expect(balances.items.map((row) => row.account)).toEqual(['121000', '400000', '445710']);
    const lanes = page.parse((await ask('/evidence/rows/lanes?tenant=acme&limit=200')).json);
    expect(lanes.items).toHaveLength(200);
    const next = page.parse((await ask(`/evidence/rows/lanes?tenant=acme&limit=200&cursor=${lanes.next}`)).json);
    expect(next.items[0]).toMatchObject({ lane: 'lane_000201' });
    expect((await ask(`/evidence/rows/balances?tenant=acme&cursor=${lanes.next}`)).status).toBe(400);
    expect((await ask('/evidence/rows/secrets?tenant=acme')).status).toBe(400);
  });

  it('are for readers; the archive is not, is audited, and is each tenant’s own', async () => {
    const key = 'raw%2Facme%2F2026%2F11%2F22%2F1.ndjson';
    expect((await ask('/evidence/rows/objects', 'a-reader')).status).toBe(403);
    expect((await ask('/evidence/journal', 'a-reader')).status).toBe(403);
    await ask('/evidence/journal?tenant=acme');
    await ask('/evidence/rows/objects?tenant=acme');
    await ask('/evidence/rows/balances?tenant=acme');
    const pages = await env.LEDGER_0.prepare(
      "SELECT DISTINCT subject FROM audit WHERE action = 'evidence.read' ORDER BY subject",
    ).all();
    expect(pages.results).toEqual([{ subject: 'journal' }, { subject: 'objects' }]);
    expect((await ask(`/evidence/archive?key=${key}`, 'a-reader')).status).toBe(403);
    expect((await ask(`/evidence/archive?tenant=acme&key=${key}`)).text).toBe('{"a":1}\n');
    expect((await ask(`/evidence/archive?tenant=other&key=${key}`)).status).toBe(404);
    const { results } = await env.LEDGER_0.prepare("SELECT subject FROM audit WHERE action = 'archive.read'").all();
    expect(results).toEqual([{ subject: 'raw/acme/2026/11/22/1.ndjson' }]);
  });
});

describe('an event that has its place', () => {
  it('keeps its hash, whatever is written over it; only where its bytes lie may be learnt', async () => {
    const where = "WHERE tenant = 'acme' AND event_id = 'evt_1'";
    for (const change of [`hash = '${'f'.repeat(64)}'`, "note = 'x'", 'decided_at = 1', "type = 'other'"])
      await expect(env.LEDGER_0.prepare(`UPDATE events SET ${change} ${where}`).run()).rejects.toThrow('immutable');
    await env.LEDGER_0.prepare(`UPDATE events SET archive = 'raw/acme/x.ndjson#0' ${where}`).run();
    await expect(env.LEDGER_0.prepare("DELETE FROM commits WHERE tenant = 'acme'").run()).rejects.toThrow('immutable');
  });
});
