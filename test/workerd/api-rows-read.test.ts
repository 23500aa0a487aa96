import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Bindings } from '../../src/bindings.ts';
import { createApi } from '../../src/routes/api/index.ts';
import { layBooks, publish } from './books-fixture.ts';
import { countedD1 } from './counted-d1.ts';
import { grow } from './grown-books.ts';

const reads = [
  '/events',
  '/events?limit=200',
  '/events?outcome=waiting',
  '/events/evt_000003_020',
  '/ledger/entries',
  '/ledger/entries?lane=lane_3',
  '/ledger/entries?object=stripe%3Ainvoice%3Aevt_000003_020',
  '/ledger/entries/lane_3%2320.0',
  '/ledger/balances',
  '/ledger/trial-balance',
  '/postings',
  '/postings?target=odoo',
  '/postings?open=1',
  '/exceptions',
  '/exceptions/rate_missing%2Fstripe%2Fevt_000003_020',
  '/quarantine',
  '/periods',
  '/approvals?status=pending',
  '/audit',
  '/evidence/journal?limit=200',
  '/evidence/rows/objects',
  '/evidence/rows/entries?limit=200',
  '/seals',
  '/config',
  '/config/versions',
] as const;

describe('what a read costs', () => {
  const counter = countedD1(env.LEDGER_0);
  const bindings: Bindings = { ...env, LEDGER_0: counter.db, ROOT_TOKEN: 'root-token-for-tests' };
  let ids = 0;
  const api = createApi({ now: () => 1, newId: () => String(++ids) });

  async function cost(path: string): Promise<number> {
    counter.read = 0;
    const response = await api.fetch(
      new Request(`https://gate.example${path}`, { headers: { authorization: 'Bearer root-token-for-tests' } }),
      bindings,
    );
    expect([path, response.status]).toEqual([path, 200]);
    await response.arrayBuffer();
    return counter.read;
  }
  const costs = async (): Promise<Record<string, number>> => {
    const found: Record<string, number> = {};
    for (const path of reads) found[path] = await cost(path);
    return found;
  };

  beforeAll(async () => {
    await layBooks();
    await publish('acme');
  });

  it('stays the same in rows read from 1,000 to 100,000 entries', async () => {
    await grow(1, 40);
    const small = await costs();
    await grow(41, 4000);
    const large = await costs();
    expect(large).toEqual(small);
    expect(Math.max(...Object.values(large))).toBeLessThanOrEqual(1500);
  }, 60_000);
});
