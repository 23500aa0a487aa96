import { describe, expect, it } from 'vitest';
import { normalReference, referenceAt } from '../../src/sources/references.ts';

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const path = 'metadata.salesforce_account_id';

describe('the customer’s id elsewhere', () => {
  it('is read from the customer object, wherever that stands in the body, and not from what it was before', () => {
    const body = bytes({
      id: 'evt_1',
      data: {
        previous_attributes: { metadata: { salesforce_account_id: '001OLD' } },
        object: { id: 'cus_1', metadata: { salesforce_account_id: '001NEW' } },
      },
    });
    expect(referenceAt(body, 'cus_1', path)).toBe('001NEW');
    expect(referenceAt(body, 'cus_2', path)).toBeNull();
  });

  it('keeps every digit of a long number', () => {
    const body = new TextEncoder().encode('{"customer":{"id":9007199254740993,"crm":9007199254740995}}');
    expect(referenceAt(body, '9007199254740993', 'crm')).toBe('9007199254740995');
  });

  it.each([
    ['no JSON', new TextEncoder().encode('<xml/>')],
    ['no such path', bytes({ id: 'cus_1', metadata: {} })],
    ['an empty id', bytes({ id: 'cus_1', metadata: { salesforce_account_id: '' } })],
    ['an object for an id', bytes({ id: 'cus_1', metadata: { salesforce_account_id: {} } })],
  ])('is nothing in %s', (_, body) => {
    expect(referenceAt(body, 'cus_1', path)).toBeNull();
  });

  it('has one form per record', () => {
    expect(normalReference('salesforce', '0010000000000AA')).toBe('0010000000000AAAAY');
    expect(normalReference('hubspot', '12')).toBe('12');
  });
});
