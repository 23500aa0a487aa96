import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Bindings } from '../../src/bindings.ts';
import { eachShard } from '../../src/operations/each-shard.ts';
import { expireApprovals } from '../../src/operations/expire-approvals.ts';
import { resumeAllParked } from '../../src/operations/resume-parked.ts';
import { sweep } from '../../src/queues/sweep.ts';
import { feedTenants } from '../../src/tenants/publication.ts';
import { NodeLedger } from '../simulation/node-ledger.ts';
import { nodeD1 } from '../support/node-d1.ts';

afterEach(() => void vi.restoreAllMocks());

const down = (): never => {
  throw new Error('D1_ERROR: overloaded');
};

/** The bindings that a task of the clock meets while the first of two databases does not answer. */
function firstShardDown() {
  const ledger = new NodeLedger();
  const second = nodeD1(ledger);
  const read = vi.spyOn(second, 'prepare');
  return { env: { LEDGER_0: { prepare: down, batch: down }, LEDGER_1: second } as unknown as Bindings, read };
}

describe('a task of the clock', () => {
  it('runs on every shard, and tells of the one that does not answer', async () => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const seen: number[] = [];
    await eachShard(firstShardDown().env, 'looking', async (db, index) => {
      db.prepare('SELECT 1');
      seen.push(index);
    });
    expect(seen).toEqual([1]);
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('looking_failed'));
  });

  it.each([
    ['the sweep', (env: Bindings) => sweep(env)],
    ['parked events', (env: Bindings) => resumeAllParked(env)],
    ['approvals', (env: Bindings) => expireApprovals(env, 0)],
  ])('looks at %s of the shards behind one that does not answer', async (_what, task) => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { env, read } = firstShardDown();
    await task(env);
    expect(read).toHaveBeenCalled();
  });
});

describe('the tenants of a feed', () => {
  it('are those whose live config names one', async () => {
    const ledger = new NodeLedger();
    const control = nodeD1(ledger) as unknown as D1Database;
    const publish = (tenant: string, version: number, rates: object | null) =>
      control
        .prepare("INSERT INTO config_versions VALUES (?1, ?2, ?3, 0, 'root', 0)")
        .bind(tenant, version, JSON.stringify({ shard: 'LEDGER_1', rates }))
        .run();
    await publish('a', 1, { feed: 'ecb' });
    await publish('b', 1, { feed: 'ecb' });
    await publish('b', 2, null);
    await publish('c', 1, null);
    await publish('d', 1, { feed: 'ecb', url: 'https://feed.example/' });
    const a = { tenant: 'a', shard: 'LEDGER_1', url: null };
    const d = { tenant: 'd', shard: 'LEDGER_1', url: 'https://feed.example/' };
    expect(await feedTenants(control, '', 10)).toEqual([a, d]);
    expect(await feedTenants(control, '', 1)).toEqual([a]);
    expect(await feedTenants(control, 'a', 10)).toEqual([d]);
  });
});
