import { afterEach, describe, expect, it, vi } from 'vitest';
import { Gateway } from '../support/gateway.ts';
import { expectSquare, expectStory, INVOICE, invoice, move, movesOf } from './billing.ts';

afterEach(() => void vi.useRealTimers());

describe('a quarantined event', () => {
  it('is answered 2xx and kept, and is booked when re-driven after the config was changed', async () => {
    const gateway = await Gateway.open({ stripe: { livemode: true } });
    expect(await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_test' })).toBe('quarantined');
    await gateway.run();
    expect(movesOf(gateway, INVOICE)).toEqual([]);
    expect(await gateway.call('GET', '/quarantine')).toMatchObject({
      items: [{ id: 'evt_test', outcome: 'quarantined' }],
    });
    await expectStory(gateway, 'evt_test', [/^Authentic but not understood, so kept in quarantine: wrong_mode/]);

    await gateway.publish({ stripe: {} });
    const redrive = { reason: 'the endpoint sends test events', filter: { eventIds: ['evt_test'] } };
    expect(await gateway.call('POST', '/quarantine/redrive', redrive)).toMatchObject({ redriven: 1 });
    await gateway.run();
    expect(move(gateway, INVOICE)).toMatchObject({ total: 12_000 });
    expect(await gateway.call('GET', '/quarantine')).toMatchObject({ items: [] });
    await expectSquare(gateway, { '121000': 12_000, '251020': -2_000, '400000': -10_000 }, { receivable: 12_000 });
    await expectStory(gateway, 'evt_test', ['under config version 2', 'Target odoo holds invoice/']);
  });
});
