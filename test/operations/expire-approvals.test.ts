import { afterEach, expect, it, vi } from 'vitest';
import type { Bindings } from '../../src/bindings.ts';
import { expireApprovals } from '../../src/operations/expire-approvals.ts';
import { simulationConfig } from '../simulation/config.ts';
import { NodeLedger } from '../simulation/node-ledger.ts';
import { nodeD1 } from '../support/node-d1.ts';

afterEach(() => void vi.restoreAllMocks());

it('requests that cannot be expired hold up no other tenant’s', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  const ledger = new NodeLedger();
  const env = { LEDGER_0: nodeD1(ledger) } as unknown as Bindings;
  const request = (tenant: string, number: number) =>
    ledger
      .prepare(
        `INSERT INTO approvals (tenant, id, kind, entity, status, rule, subject, requested_by, requested_at, expires_at, action)
         VALUES (?1, ?2, ?3, 'e', 'pending', 'r', 's', 'key:ann', ?4, 10, 'not JSON')`,
      )
      // What a posting's request is about cannot be read here: its exception cannot be opened.
      .bind(tenant, `posting/${number}`, tenant === 'a' ? 'posting' : 'plain', number)
      .run();
  for (const tenant of ['a', 'b'])
    await ledger
      .prepare("INSERT INTO config_versions VALUES (?1, 1, ?2, 0, 'root', 0)")
      .bind(tenant, JSON.stringify({ ...simulationConfig, tenant }))
      .run();
  for (let number = 1; number <= 60; number += 1) await request('a', number);
  await request('b', 1);
  const expired = () => ledger.rows("SELECT tenant FROM approvals WHERE status = 'expired'");
  await expireApprovals(env, 20);
  expect(expired()).toEqual([]);
  await expireApprovals(env, 20);
  expect(expired()).toEqual([{ tenant: 'b' }]);
});
