import { afterEach, describe, expect, it, vi } from 'vitest';
import { DAY, Gateway, HOUR } from '../support/gateway.ts';
import {
  charged,
  credited,
  expectSquare,
  expectStory,
  INVOICE,
  invoice,
  move,
  movesOf,
  NOTE,
  PAYMENT,
  refunded,
} from './billing.ts';

afterEach(() => void vi.useRealTimers());

describe('a target that is down for a day', () => {
  it('gets everything when it is back: in order, once', async () => {
    const gateway = await Gateway.open();
    gateway.odooDown = true;
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    await gateway.pass(HOUR);
    await gateway.stripe('charge.succeeded', charged(gateway), { id: 'evt_paid' });
    await gateway.pass(HOUR);
    await gateway.stripe(
      'credit_note.created',
      credited(gateway, { prePayment: 0, refunds: [{ refund: 're_1', amount: 1_200 }] }),
    );
    await gateway.stripe('charge.refunded', refunded(gateway, 1_200), { previous: { amount_refunded: 0 } });
    await gateway.pass(DAY);
    expect(movesOf(gateway, INVOICE)).toEqual([]);
    expect(await gateway.exceptions()).toEqual([]);
    await expectStory(gateway, 'evt_issued', [
      /partner\/stripe:customer:cus_ada has not reached odoo yet after \d+ attempts\. no connection/,
      'To be posted to odoo: invoice/stripe:invoice:in_1.',
    ]);

    gateway.evict();
    gateway.odooDown = false;
    await gateway.pass(2 * HOUR);
    expect(move(gateway, INVOICE)).toMatchObject({ paymentState: 'paid', residual: 0 });
    expect(move(gateway, INVOICE).id).toBeLessThan(move(gateway, PAYMENT).id);
    expect(move(gateway, PAYMENT).id).toBeLessThan(move(gateway, NOTE).id);
    await expectSquare(gateway, { '101510': 10_595, '251020': -1_800, '400000': -9_000, '627000': 205 });
  });
});

describe('a target that a person pauses', () => {
  it('gets what was held as soon as it is resumed, in order, once', async () => {
    const gateway = await Gateway.open();
    await gateway.call('POST', '/targets/odoo/pause', { reason: 'upgrade tonight' });
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    await gateway.run();
    await gateway.stripe('charge.succeeded', charged(gateway), { id: 'evt_paid' });
    await gateway.run();
    expect(movesOf(gateway, INVOICE)).toEqual([]);
    await gateway.call('POST', '/targets/odoo/resume', { reason: 'upgraded' });
    await gateway.run();
    expect(move(gateway, INVOICE)).toMatchObject({ paymentState: 'paid', residual: 0 });
    expect(move(gateway, INVOICE).id).toBeLessThan(move(gateway, PAYMENT).id);
    expect(await gateway.exceptions()).toEqual([]);
  });

  it('goes on with what is left when the request that resumes it was cut off', async () => {
    const gateway = await Gateway.open();
    await gateway.call('POST', '/targets/odoo/pause', { reason: 'upgrade tonight' });
    await gateway.stripe('invoice.finalized', invoice());
    await gateway.run();
    gateway.lanesDown = true;
    expect((await gateway.ask('POST', '/targets/odoo/resume', { reason: 'upgraded' })).status).toBe(503);
    gateway.lanesDown = false;
    await gateway.call('POST', '/targets/odoo/resume', { reason: 'once more' });
    await gateway.run();
    expect(movesOf(gateway, INVOICE)).toHaveLength(1);
  });
});
