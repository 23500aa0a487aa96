import { describe, expect, it } from 'vitest';
import { type EntityRule, entityByRule, entityOfObjects } from '../../src/canonical/entities.ts';
import type { ProcessorFee } from '../../src/canonical/events.ts';
import { type ObjectKey, objectKey } from '../../src/canonical/ids.ts';
import { currency, minorUnits } from '../../src/canonical/money.ts';
import type { MemoState, ObjectState } from '../../src/canonical/objects.ts';

const fee: ProcessorFee = {
  kind: 'processor.fee',
  occurredAt: 0,
  requires: [],
  fee: objectKey('stripe', 'fee', 'txn_1'),
  currency: currency('USD'),
  amount: minorUnits(100),
  description: 'Radar',
};
const rule = (entity: string, over: Partial<EntityRule>): EntityRule => ({
  currency: null,
  field: null,
  ...over,
  entity,
});
const nowhere = () => null;

describe('the rules of a source with several entities', () => {
  it('take the first that fits', () => {
    const rules = [
      rule('connected', { field: { path: 'account', equals: 'acct_9' } }),
      rule('us', { currency: currency('USD') }),
      rule('late', { currency: currency('USD') }),
    ];
    expect(entityByRule(rules, [fee], (path) => (path === 'account' ? 'acct_9' : null))).toBe('connected');
    expect(entityByRule(rules, [fee], nowhere)).toBe('us');
    expect(entityByRule(rules, [{ ...fee, currency: currency('EUR') }], nowhere)).toBeNull();
  });

  it('ask for all that a rule says', () => {
    const both = rule('us', { currency: currency('USD'), field: { path: 'account', equals: 'acct_9' } });
    expect(entityByRule([both], [fee], nowhere)).toBeNull();
    expect(entityByRule([both], [fee], () => 'acct_9')).toBe('us');
  });
});

describe('what the books know', () => {
  const memo = (key: ObjectKey, entity: string): MemoState => ({
    kind: 'memo',
    key,
    entity,
    version: 1,
    related: [],
    label: '',
    recordedAt: 0,
  });
  const payout = (id: string, entity: string) =>
    ({ ...memo(objectKey('stripe', 'payout', id), entity), kind: 'payout' }) as unknown as ObjectState;
  const holding = (...states: readonly ObjectState[]) => {
    const byKey = new Map(states.map((state) => [state.key, state]));
    return { keys: [...byKey.keys()], find: (key: ObjectKey) => byKey.get(key) ?? null };
  };

  it('goes before the rules', () => {
    const { keys, find } = holding(payout('po_1', 'acme-us'));
    expect(entityOfObjects(keys, find, 'acme-eu')).toEqual({ ok: true, value: 'acme-us' });
  });

  it('does not bind by what entities share', () => {
    const { keys, find } = holding(memo(objectKey('stripe', 'fee', 'txn_1'), 'acme-us'));
    expect(entityOfObjects([...keys, objectKey('stripe', 'payout', 'po_9')], find, 'acme-eu')).toEqual({
      ok: true,
      value: 'acme-eu',
    });
  });

  it('is for a person when it speaks of two entities at once', () => {
    const { keys, find } = holding(payout('po_1', 'acme-us'), payout('po_2', 'acme-eu'));
    const answer = entityOfObjects(keys, find, 'acme-eu');
    expect(answer.ok ? null : answer.error).toMatchObject({
      cause: 'unsupported',
      message: expect.stringContaining('acme-eu and acme-us'),
    });
  });
});
