import { afterEach, describe, expect, it, vi } from 'vitest';
import { Gateway, HOUR } from '../support/gateway.ts';
import { charged, expectSquare, expectStory, INVOICE, invoice, move, movesOf, PAYMENT } from './billing.ts';

afterEach(() => void vi.useRealTimers());

describe('a payment that arrives before its invoice', () => {
  it('waits for it, and is booked and matched when it comes', async () => {
    const gateway = await Gateway.open();
    expect(await gateway.stripe('charge.succeeded', charged(gateway), { id: 'evt_paid' })).toBe('accepted');
    await gateway.run();
    expect(movesOf(gateway, PAYMENT)).toEqual([]);
    expect(await gateway.exceptions()).toEqual([]);
    await expectStory(gateway, 'evt_paid', [
      'Source stripe announced charge.succeeded (evt_paid)',
      'Stored as number 1 of lane stripe:cus_ada',
      'Not booked yet; it waits for stripe:invoice:in_1.',
    ]);

    await gateway.pass(2 * HOUR);
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    await gateway.run();

    expect(move(gateway, INVOICE)).toMatchObject({ paymentState: 'paid', residual: 0, total: 12_000 });
    await expectSquare(gateway, { '101510': 11_795, '251020': -2_000, '400000': -10_000, '627000': 205 });
    await expectStory(gateway, 'evt_paid', [
      'Stored as number 1 of lane stripe:cus_ada',
      'It was accepted as number 1: the order applied is not the order accepted',
      'Payment pi_1 of invoice ADA-0001. Booked on 2026-01-05: debit',
      /Target odoo holds entry\/.* Read back as sent\.$/,
    ]);
    await expectStory(gateway, 'evt_issued', [
      'Invoice ADA-0001. Booked on 2026-01-05: debit 121000 receivable 120.00 EUR',
      'Target odoo holds partner/stripe:customer:cus_ada',
      'Target odoo holds invoice/stripe:invoice:in_1 as INV/2026/00001',
    ]);
  });
});
