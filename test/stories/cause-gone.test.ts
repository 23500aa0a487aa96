import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { product } from '../../sandbox/stripe/events.ts';
import { at, Gateway, MINUTE } from '../support/gateway.ts';
import { charged, expectSquare, INVOICE, invoice, line, move, movesOf } from './billing.ts';

afterEach(() => void vi.useRealTimers());

const blocks = z.object({
  blocks: z.object({ events: z.int(), atStake: z.array(z.looseObject({ text: z.string() })) }),
});
const paid = { '101510': 11_795, '251020': -2_000, '400000': -10_000, '627000': 205 };
const untaxed = { tax: { amount: 2_000, inclusive: false, rate: 'DE-19' } };

describe('an event that was parked for a cause the config takes away', () => {
  it('says what waits behind it, and is booked with that, in order, once the config is published', async () => {
    const gateway = await Gateway.open({ accounts: { tax: { 'FR-20': '251020' } } });
    await gateway.stripe('invoice.finalized', invoice({ lines: [line(untaxed)] }), { id: 'evt_issued' });
    await gateway.stripe('charge.succeeded', charged(gateway), { id: 'evt_paid' });
    await gateway.run();
    const [exception] = await gateway.exceptions();
    expect(exception).toMatchObject({ cause: 'tax_not_mapped', atStake: { text: '120.00 EUR' } });
    const told = await gateway.call('GET', `/exceptions/${encodeURIComponent(exception?.id ?? '')}`);
    expect(blocks.parse(told).blocks).toMatchObject({ events: 1, atStake: [{ text: '120.00 EUR' }] });

    await gateway.publish({ accounts: { tax: { 'FR-20': '251020', 'DE-19': '251020' } } });
    await gateway.run();
    expect(move(gateway, INVOICE)).toMatchObject({ paymentState: 'paid', residual: 0 });
    await expectSquare(gateway, paid);
  });

  it('is tried once per version: the clock finds what the request left, and then lets it be', async () => {
    const gateway = await Gateway.open({ accounts: { tax: {} } });
    await gateway.stripe('invoice.finalized', invoice({ lines: [line(untaxed)] }), { id: 'evt_issued' });
    await gateway.run();
    // Another version, by a request that ended before it came to this event.
    gateway.ledger.rows(
      `INSERT INTO config_versions SELECT tenant, 2, replace(document, '"tax":{}', '"tax":{"other":"251020"}'), created_at, created_by, published_at FROM config_versions`,
    );
    await gateway.pass(MINUTE);
    await gateway.clock();
    expect([...gateway.doorbells.keys()]).toEqual(['demo/stripe:cus_ada']);
    await gateway.run();
    expect(await gateway.exceptions()).toHaveLength(1);
    expect(gateway.ledger.rows('SELECT config_version FROM events')).toEqual([{ config_version: 2 }]);
    await gateway.clock();
    expect([...gateway.doorbells]).toEqual([]);
  });

  it('and met by another cause, leaves one exception open: the one that stands', async () => {
    const gateway = await Gateway.open({ accounts: { tax: {} } });
    await gateway.stripe('invoice.finalized', invoice({ lines: [line(untaxed)] }), { id: 'evt_issued' });
    await gateway.run();
    await gateway.publish({ accounts: { tax: '251020' }, currencies: ['USD'] });
    await gateway.run();
    expect((await gateway.exceptions()).map(({ cause }) => cause)).toEqual(['currency_not_allowed']);
    await gateway.publish({ currencies: ['USD', 'EUR'] });
    await gateway.run();
    expect(await gateway.exceptions()).toEqual([]);
    expect(movesOf(gateway, INVOICE)).toHaveLength(1);
  });
});

describe('an invoice of a product nobody announced', () => {
  it('waits under the policy known, and is booked when the product comes', async () => {
    const gateway = await Gateway.open({
      policies: { validation: { products: 'known' } },
      accounts: { revenue: { default: '400000' } },
    });
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    await gateway.run();
    expect(await gateway.exceptions()).toMatchObject([{ cause: 'product_unknown', atStake: { text: '120.00 EUR' } }]);
    await gateway.clock();
    expect([...gateway.doorbells]).toEqual([]);
    await gateway.stripe('product.created', product({ id: 'prod_pro', name: 'Pro', created: at(1) }));
    await gateway.run();
    await gateway.clock();
    await gateway.run();
    expect(movesOf(gateway, INVOICE)).toHaveLength(1);
    expect(await gateway.exceptions()).toEqual([]);
  });
});
