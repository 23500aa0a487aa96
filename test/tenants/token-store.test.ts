import { beforeEach, describe, expect, it } from 'vitest';
import type { LedgerDatabase, LedgerStatement } from '../../src/ledger/database.ts';
import { beginGrant } from '../../src/sources/enrichment/grant.ts';
import { importSecretsKey } from '../../src/tenants/secrets.ts';
import { tokenStore } from '../../src/tenants/token-store.ts';
import { NodeLedger } from '../simulation/node-ledger.ts';

const KEY = importSecretsKey(btoa('k'.repeat(32)));
const state = beginGrant('hash', 'a-refresh-token');
let ledger: NodeLedger;
const storeOn = (db: LedgerDatabase, tenant = 'demo') =>
  tokenStore(
    db,
    () => KEY,
    tenant,
    'xero-api',
    () => 7,
  );

const answerLost = (statement: LedgerStatement): LedgerStatement => ({
  bind: (...values) => answerLost(statement.bind(...values)),
  run: () => statement.run(),
  all: async () => {
    await statement.all();
    throw new Error('connection lost');
  },
});

beforeEach(() => {
  ledger = new NodeLedger();
});

describe('rotating tokens at rest', () => {
  it('come back as they were kept, and stand in the table only sealed', async () => {
    const store = storeOn(ledger);
    expect(await store.read('hash')).toBeNull();
    const stamp = await store.write(null, state);
    expect(await store.read('hash')).toEqual({ stamp, state });
    expect(JSON.stringify(ledger.rows('SELECT * FROM secrets'))).not.toContain('a-refresh-token');
  });

  it('let one of two writers through who saw the same', async () => {
    const store = storeOn(ledger);
    const first = await store.write(null, state);
    expect(await store.write(null, state)).toBeNull();
    const winner = await store.write(first, { ...state, unanswered: 1 });
    expect(winner).not.toBeNull();
    expect(await store.write(first, { ...state, unanswered: 2 })).toBeNull();
    expect(await store.read('hash')).toEqual({ stamp: winner, state: { ...state, unanswered: 1 } });
  });

  it('know a write that landed although its answer was lost', async () => {
    const losing: LedgerDatabase = {
      batch: (statements) => ledger.batch(statements),
      prepare: (sql) => (sql.startsWith('INSERT') ? answerLost(ledger.prepare(sql)) : ledger.prepare(sql)),
    };
    const stamp = await storeOn(losing).write(null, state);
    expect(await storeOn(ledger).read('hash')).toEqual({ stamp, state });
  });

  it('of another credential under the same secret stand apart', async () => {
    const store = storeOn(ledger);
    const stamp = await store.write(null, state);
    expect(await store.read('another')).toBeNull();
    expect(await store.write(null, { ...state, credential: 'another' })).not.toBeNull();
    expect(await store.read('hash')).toEqual({ stamp, state });
  });

  it('do not open for another tenant', async () => {
    await storeOn(ledger).write(null, state);
    await ledger.prepare("UPDATE secrets SET tenant = 'other'").run();
    await expect(storeOn(ledger, 'other').read('hash')).rejects.toThrow();
  });
});
