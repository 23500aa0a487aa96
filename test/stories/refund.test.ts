import { afterEach, describe, expect, it, vi } from 'vitest';
import { DAY, Gateway } from '../support/gateway.ts';
import { charged, expectSquare, expectStory, INVOICE, invoice, move, refunded } from './billing.ts';

afterEach(() => void vi.useRealTimers());

describe('a partial refund after payment', () => {
  it('takes revenue and tax back in proportion; the fee stays spent', async () => {
    const gateway = await Gateway.open();
    await gateway.stripe('invoice.finalized', invoice());
    await gateway.stripe('charge.succeeded', charged(gateway));
    await gateway.pass(2 * DAY);
    const previous = { amount_refunded: 0, refunded: false };
    await gateway.stripe('charge.refunded', refunded(gateway, 1_200), { id: 'evt_refunded', previous });
    await gateway.run();

    expect(move(gateway, INVOICE)).toMatchObject({ paymentState: 'paid', residual: 0 });
    await expectSquare(gateway, {
      '101510': 10_595,
      '251020': -1_800,
      '400000': -10_000,
      '402000': 1_000,
      '627000': 205,
    });
    await expectStory(gateway, 'evt_refunded', [
      'Refund re_1 of payment pi_1. Booked on 2026-01-07',
      /Target odoo holds entry\//,
    ]);
  });
});
