import { describe, expect, it } from 'vitest';
import { tenantId } from '../../src/canonical/ids.ts';
import { answerOwn, MAX_SLICES } from '../../src/queues/enrich-own.ts';
import { enrichmentKey } from '../../src/sources/source.ts';
import { NodeLedger } from '../simulation/node-ledger.ts';

const tenant = tenantId('acme');
const run = (name: string, month = '2026-02-01') => ({
  kind: 'open_schedules',
  id: `acme-eu/${month}/${name}`,
  account: null,
});
const unexpected = (_need: unknown, error: unknown) => {
  throw error;
};

/** Books with one open slice for each of so many revenue accounts of February, and a month that is recognised. */
function books(accounts: number): NodeLedger {
  const ledger = new NodeLedger();
  const insert = "INSERT INTO schedules VALUES ('acme', 'acme-eu', ?, 'EUR', ?, '487000', ?, ?)";
  for (let n = 0; n < accounts; n += 1) {
    ledger.prepared(insert).run('2026-02-01', `7${String(n).padStart(5, '0')}`, 100, 100);
  }
  ledger.prepared(insert).run('2026-01-01', '700000', 0, 0);
  return ledger;
}

describe('what the books answer the gateway’s own events', () => {
  it('is what is open for the month, in the form the rule takes', async () => {
    const answers = await answerOwn(books(1), tenant, [run('a'), run('a', '2026-01-01')], unexpected);
    expect(answers.get(enrichmentKey(run('a', '2026-01-01')))).toEqual([]);
    expect(answers.get(enrichmentKey(run('a')))).toEqual([
      {
        ...{ period: '2026-02-01', currency: 'EUR', amount: 100, base: 100, line: '' },
        ...{ revenueAccount: '700000', deferredAccount: '487000' },
      },
    ]);
  });

  it('goes to one run of a month only; the others are not answered yet', async () => {
    const needs = [run('first'), run('second'), run('first', '2026-03-01')];
    const answers = await answerOwn(books(1), tenant, needs, unexpected);
    expect([...answers.keys()]).toEqual([enrichmentKey(run('first')), enrichmentKey(run('first', '2026-03-01'))]);
  });

  it('is bounded; what is over stays for the next run', async () => {
    const answers = await answerOwn(books(MAX_SLICES + 1), tenant, [run('a')], unexpected);
    expect(answers.get(enrichmentKey(run('a')))).toHaveLength(MAX_SLICES);
  });

  it('is left out when the books cannot be read: no answer is not an empty one', async () => {
    const failed: unknown[] = [];
    const broken = books(1).seenBy(
      async () => {},
      () => 'before',
      null,
    );
    const answers = await answerOwn(broken, tenant, [run('a')], (need) => failed.push(need));
    expect([answers.size, failed]).toEqual([0, [run('a')]]);
  });
});
