import { describe, expect, it } from 'vitest';
import type { CustomerUpserted } from '../../src/canonical/events.ts';
import { objectKey } from '../../src/canonical/ids.ts';
import type { CustomerState } from '../../src/canonical/objects.ts';
import { bySystemOfRecord, ignoredNote } from '../../src/canonical/system-of-record.ts';

const account = objectKey('salesforce', 'customer', '001A');
const spoken: CustomerState = {
  kind: 'customer',
  key: account,
  entity: 'acme-eu',
  version: 5,
  related: [],
  name: 'Ada Lovelace Ltd',
  email: 'office@example.com',
  phone: null,
  taxId: 'FR1',
  address: null,
  references: {},
  active: true,
};
const fact: CustomerUpserted = {
  kind: 'customer.upserted',
  occurredAt: 1,
  requires: [],
  customer: objectKey('stripe', 'customer', 'cus_1'),
  version: 9,
  name: 'Ada',
  email: 'billing@example.com',
  phone: '+33 1',
  taxId: 'FR1',
  address: null,
  references: { salesforce: '001A' },
  deleted: false,
};
const records = { name: 'salesforce', email: 'stripe', phone: 'salesforce', taxId: 'salesforce' };
const books = (state: CustomerState | null) => (key: string) => (key === account ? state : null);

describe('system-of-record rules', () => {
  it('keep the owner’s word against another system’s, and say which fields were not applied', () => {
    const ruled = bySystemOfRecord(fact, records, books(spoken));
    expect(ruled.fact).toEqual({ ...fact, name: 'Ada Lovelace Ltd', phone: null });
    expect(ruled.ignored).toEqual(['name', 'phone']);
    expect(ignoredNote(ruled.ignored, records)).toBe(
      'not applied, another system keeps it: name (salesforce), phone (salesforce)',
    );
  });

  it.each([
    ['has not spoken', books(null)],
    ['was only named by a bill', books({ ...spoken, version: 0 })],
  ])('let another system speak while the owner %s', (_, find) => {
    expect(bySystemOfRecord(fact, records, find)).toEqual({ fact, ignored: [] });
  });

  it('take the owner’s own snapshot as it is', () => {
    const own = { ...fact, customer: account, references: { salesforce: '001A' } };
    expect(bySystemOfRecord(own, { name: 'salesforce' }, books(spoken))).toEqual({ fact: own, ignored: [] });
  });

  it('say nothing where both agree or nothing is ruled', () => {
    expect(bySystemOfRecord(fact, { taxId: 'salesforce' }, books(spoken)).ignored).toEqual([]);
    expect(bySystemOfRecord(fact, {}, books(spoken))).toEqual({ fact, ignored: [] });
    expect(ignoredNote([], records)).toBeNull();
  });
});
