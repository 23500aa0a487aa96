import { afterEach, describe, expect, it, vi } from 'vitest';
import { Gateway } from '../support/gateway.ts';
import { charged, expectSquare, expectStory } from './billing.ts';

afterEach(() => void vi.useRealTimers());

describe('a guest checkout', () => {
  it('stands as unapplied cash in a lane of the payment’s own', async () => {
    const gateway = await Gateway.open();
    const object = charged(gateway, { invoice: null, customer: null });
    await gateway.stripe('charge.succeeded', object, { id: 'evt_guest' });
    await gateway.run();
    await expectSquare(gateway, { '101510': 11_795, '252200': -12_000, '627000': 205 });
    await expectStory(gateway, 'evt_guest', ['of lane stripe:pi_1', 'credit 252200 unapplied 120.00 EUR']);
    expect((await gateway.timeline('evt_guest')).documents.map((document) => document.kind)).toEqual(['entry']);
  });
});
