/** Summary windows on D1 itself: the same statements as in the stories, and what they read. */
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Bindings } from '../../src/bindings.ts';
import { insertWindow, lastWindow } from '../../src/ledger/window-reads.ts';
import { collect } from '../../src/operations/windows.ts';
import { createApi } from '../../src/routes/api/index.ts';
import { at, commit, invoice, layBooks, publish } from './books-fixture.ts';
import { countedD1 } from './counted-d1.ts';
import { grow } from './grown-books.ts';

const window = { tenant: 'acme', target: 'odoo', entity: 'acme-eu' };
const idAt = (minute: number) => String(at(minute)).padStart(15, '0');
const counter = countedD1(env.LEDGER_0);
const bindings: Bindings = { ...env, LEDGER_0: counter.db, ROOT_TOKEN: 'root-token-for-tests' };
const api = createApi({ now: () => at(100), newId: () => '0' });

const page = z.object({ items: z.array(z.looseObject({})), next: z.string().nullable() });

async function read(path: string) {
  counter.read = 0;
  const headers = { authorization: 'Bearer root-token-for-tests' };
  const response = await api.fetch(new Request(`https://gate.example${path}`, { headers }), bindings);
  expect([path, response.status]).toEqual([path, 200]);
  return { json: await response.json(), rows: counter.read };
}

const ENTRIES = '/windows/odoo/acme-eu/1/entries';

/** Invoices of 120.00 EUR, one a minute, of which the odd ones go with the summaries. */
async function seed(): Promise<void> {
  for (const minute of [1, 2, 3, 4, 5]) {
    const eventId = `evt_${minute}`;
    const routed = minute % 2 === 0 ? {} : { summaries: ['odoo'] };
    await env.LEDGER_0.batch([
      ...invoice({ tenant: 'acme', lane: `summed_${minute}`, position: 1, eventId, minute, ...routed }),
      commit('acme', minute, [eventId]),
    ]);
  }
}

describe('summary windows in D1', () => {
  beforeAll(async () => {
    await layBooks();
    await publish('acme');
    await seed();
  });

  it('count what was routed to them, close without a gap, and show each entry', async () => {
    const shape = { per: 'day' as const, linesPerJournal: 500 };
    const collected = await collect(env.LEDGER_0, window, shape, idAt(0));
    expect(collected).toMatchObject({
      span: { to: idAt(5) },
      totals: { entries: 3, base: { debit: 36_000, credit: 36_000 } },
    });
    const totals = JSON.stringify({ ...collected?.totals, ...shape, by: 'clock' });
    const row = { ...window, number: 1, afterCommit: idAt(0), toCommit: idAt(5), closedAt: at(6), totals };
    await insertWindow(env.LEDGER_0, row);
    await expect(insertWindow(env.LEDGER_0, { ...row, number: 2 })).rejects.toThrow('window_gap');
    expect(await lastWindow(env.LEDGER_0, window)).toEqual(row);
    expect(await collect(env.LEDGER_0, window, shape, idAt(5))).toBeNull();

    const first = page.parse((await read(`${ENTRIES}?limit=2`)).json);
    const second = page.parse((await read(`${ENTRIES}?limit=2&cursor=${first.next}`)).json);
    expect([...first.items, ...second.items].map(({ eventId }) => eventId)).toEqual(['evt_1', 'evt_3', 'evt_5']);
    expect(second.next).toBeNull();
    expect((await read('/windows')).json).toMatchObject({ items: [{ number: 1, state: 'closed' }] });
  });

  it('are read at the same cost whatever the books hold besides', async () => {
    const costs = async () => [
      (await read(ENTRIES)).rows,
      (await read('/windows')).rows,
      (await read('/approvals?status=pending')).rows,
    ];
    const small = await costs();
    await grow(1, 400);
    expect(await costs()).toEqual(small);
  }, 60_000);
});
