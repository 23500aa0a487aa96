import { describe, expect, it } from 'vitest';
import type { LedgerDatabase } from '../../src/ledger/database.ts';
import { TenantDirectory } from '../../src/tenants/directory.ts';

/** A control database that knows nobody and counts how often it was asked. */
function emptyControl() {
  const asked = { count: 0 };
  const statement = {
    bind: () => statement,
    all: async <Row>() => {
      asked.count += 1;
      const results: Row[] = [];
      return { results };
    },
    run: async () => ({}),
  };
  const control: LedgerDatabase = { prepare: () => statement, batch: async () => [] };
  return { asked, directory: new TenantDirectory({ control, secretsKey: 'AA==', registry: new Map() }) };
}

describe('a flood of unknown tenants', () => {
  it('costs one query for a name that is asked for again and again', async () => {
    const { asked, directory } = emptyControl();
    for (let n = 0; n < 100; n++) expect(await directory.find('nobody', 1000 + n)).toBeNull();
    expect(asked.count).toBe(1);
    expect(await directory.find('nobody', 10_000)).toBeNull();
    expect(asked.count).toBe(2);
  });

  it('costs at most fifty queries a second, however many names are made up; the rest is told to come again', async () => {
    const { asked, directory } = emptyControl();
    let refused = 0;
    for (let n = 0; n < 500; n++) await directory.find(`made-up-${n}`, 1000 + n).catch(() => (refused += 1));
    expect(asked.count).toBe(50);
    expect(refused).toBe(450);
    expect(await directory.find('made-up-499', 3000)).toBeNull();
  });

  it('costs nothing for what cannot be a name', async () => {
    const { asked, directory } = emptyControl();
    for (const name of ['', '../etc', 'A', 'x'.repeat(49)]) expect(await directory.find(name, 1000)).toBeNull();
    expect(asked.count).toBe(0);
  });
});
