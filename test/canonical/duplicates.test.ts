import { describe, expect, it } from 'vitest';
import { markChange, normalEmail, normalTaxId } from '../../src/canonical/duplicates.ts';
import { objectKey } from '../../src/canonical/ids.ts';
import type { CustomerState } from '../../src/canonical/objects.ts';

const ada: CustomerState = {
  kind: 'customer',
  key: objectKey('stripe', 'customer', 'cus_1'),
  ...{ entity: 'eu', version: 1, related: [], name: 'Ada', phone: null, address: null, references: {}, active: true },
  email: 'Ada@Example.com',
  taxId: 'fr 12.345.678.901',
};
const report = { email: 'report', taxId: 'report' } as const;
const EMAIL = { kind: 'email', value: 'ada@example.com' };
const TAX_ID = { kind: 'taxId', value: 'FR12345678901' };

describe('what customers are told apart by', () => {
  it('is the address without case and outer spaces', () => {
    expect(normalEmail('  Ada@Example.COM ')).toBe('ada@example.com');
    expect(['', 'ada', 'a b@c', null].map(normalEmail)).toEqual([null, null, null, null]);
  });

  it('is the tax id’s letters and digits, unless it is what forms are filled with', () => {
    expect(normalTaxId('de 123.456-789')).toBe('DE123456789');
    expect(['0', 'n/a', 'unknown', '00000000', null].map(normalTaxId)).toEqual([null, null, null, null, null]);
  });

  it('is noted with every snapshot, and dropped when it changed', () => {
    expect(markChange(null, ada, report)).toMatchObject({ lane: 'stripe:cus_1', noted: [EMAIL, TAX_ID], dropped: [] });
    expect(markChange(ada, { ...ada, email: 'new@example.com' }, report)).toMatchObject({
      noted: [{ kind: 'email', value: 'new@example.com' }, TAX_ID],
      dropped: [EMAIL],
    });
  });

  it('is nothing for a customer that only a bill named, and gone for one that was deleted', () => {
    expect(markChange({ ...ada, version: 0 }, ada, report).dropped).toEqual([]);
    expect(markChange(ada, { ...ada, active: false }, report)).toMatchObject({ noted: [], dropped: [EMAIL, TAX_ID] });
  });

  it('is what the policy says', () => {
    expect(markChange(ada, ada, { ...report, email: 'ignore' })).toMatchObject({ noted: [TAX_ID], dropped: [EMAIL] });
  });
});
