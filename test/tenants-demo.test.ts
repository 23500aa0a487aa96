import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { accountRoles } from '../src/canonical/accounts.ts';
import { tenantConfig } from '../src/tenants/config.ts';

const read = (name: string): unknown => JSON.parse(readFileSync(join(import.meta.dirname, '../tenants', name), 'utf8'));

describe('tenants/demo.json', () => {
  const config = tenantConfig.parse(read('demo.json'));

  it('maps every account role', () => {
    expect(Object.keys(config.accounts).sort()).toEqual([...accountRoles].sort());
  });

  it('names only accounts that the sandbox Odoo is given', () => {
    const { accounts } = z.object({ accounts: z.array(z.object({ code: z.string() })) }).parse(read('demo-odoo.json'));
    const codes = Object.values(config.accounts).flatMap((mapping) =>
      typeof mapping === 'string' ? [mapping] : Object.values(mapping ?? {}),
    );
    expect(accounts.map((account) => account.code)).toEqual(expect.arrayContaining(codes));
  });

  it('routes every event to the embedded ledger', () => {
    expect(config.routes).toContainEqual({ when: { event: '*' }, to: 'gl', mode: 'realtime' });
  });
});
