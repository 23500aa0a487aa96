import { afterEach, describe, expect, it, vi } from 'vitest';
import { at, Gateway, HOUR } from '../support/gateway.ts';
import { customer, expectSquare, expectStory } from './billing.ts';

afterEach(() => void vi.useRealTimers());

const namesIn = (gateway: Gateway) =>
  [...gateway.odoo.books().table('res.partner').all()]
    .filter((row) => row.values.ref === 'partner/stripe:customer:cus_ada')
    .map((row) => row.values.name);

describe('a stale customer update', () => {
  it('is recorded as stale and leaves the newer name at the target', async () => {
    const gateway = await Gateway.open();
    await gateway.pass(4 * HOUR);
    await gateway.stripe('customer.created', customer('Ada', at(0)), { id: 'evt_1', created: at(1) });
    await gateway.stripe('customer.updated', customer('Ada Lovelace Ltd', at(0)), { id: 'evt_3', created: at(3) });
    await gateway.run();
    expect(namesIn(gateway)).toEqual(['Ada Lovelace Ltd']);

    await gateway.stripe('customer.updated', customer('Ada Byron', at(0)), { id: 'evt_2', created: at(2) });
    await gateway.run();
    expect(namesIn(gateway)).toEqual(['Ada Lovelace Ltd']);
    await expectSquare(gateway, {});
    await expectStory(gateway, 'evt_2', [
      'announced customer.updated (evt_2), which happened at 2026-01-05T11:00:00.000Z',
      'Stored as number 3',
      'Applied without any effect on the books: stale: A newer snapshot is in the books.',
    ]);
    expect((await gateway.timeline('evt_2')).documents).toEqual([]);
  });
});
