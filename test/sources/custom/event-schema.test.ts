import { describe, expect, it } from 'vitest';
import { objectKey } from '../../../src/canonical/ids.ts';
import { currency, minorUnits } from '../../../src/canonical/money.ts';
import { schemasFollowEvents, storedFact } from '../../../src/sources/custom/event-schema.ts';

const payment = {
  kind: 'payment.captured',
  occurredAt: 0,
  requires: [],
  payment: objectKey('stripe', 'payment', 'pi_1'),
  customer: null,
  invoice: objectKey('stripe', 'invoice', 'in_1'),
  currency: currency('EUR'),
  amount: minorUnits(100),
  settlement: null,
};
const refused = (changed: object): boolean => !storedFact.safeParse({ ...payment, ...changed }).success;

describe('schemas of canonical events', () => {
  it('say what events.ts says, or this does not compile', () => {
    expect(schemasFollowEvents).toEqual({ types: true, fields: true });
  });

  it('read a stored fact as it is', () => {
    expect(storedFact.parse(payment)).toEqual(payment);
  });

  it('refuse amounts that are no safe integers, and text in their place', () => {
    for (const amount of [0.5, 2 ** 53, Number.NaN, '100', null])
      expect(refused({ amount }), String(amount)).toBe(true);
  });

  it('refuse the key of another kind of object, unknown fields and unknown kinds', () => {
    expect(refused({ payment: 'stripe:invoice:in_1' })).toBe(true);
    expect(refused({ payment: 'pi_1' })).toBe(true);
    expect(refused({ note: 'x' })).toBe(true);
    expect(refused({ kind: 'payment.imagined' })).toBe(true);
    expect(refused({ settlement: undefined })).toBe(true);
  });

  it('refuse a settlement whose net is not what is left', () => {
    const settlement = {
      currency: 'EUR',
      gross: 100,
      fee: 3,
      feeTax: 0,
      net: 97,
      exchangeRate: null,
      reference: 'txn_1',
    };
    expect(refused({ settlement })).toBe(false);
    expect(refused({ settlement: { ...settlement, net: 96 } })).toBe(true);
  });
});
