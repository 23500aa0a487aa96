import { afterEach, describe, expect, it, vi } from 'vitest';
import * as make from '../../sandbox/chargebee/events.ts';
import { at, Gateway } from '../support/gateway.ts';
import { expectSquare, expectStory, move } from './billing.ts';

afterEach(() => void vi.useRealTimers());

const customer = { id: 'grace', company: 'Grace SARL', email: 'grace@example.com', country: 'FR' };
const details = {
  ...{ id: 'CB-1', customer, currency: 'EUR', date: at(0) },
  lines: [
    {
      ...{ id: 'li_1', itemPrice: 'pro-EUR', description: 'Pro', amount: 10_000, taxName: 'FR-20', taxPercent: 20 },
      ...{ from: at(0), to: at(24 * 26) },
    },
  ],
};
const payment = {
  ...{ id: 'txn_cb_1', customer, currency: 'EUR', amount: 12_000, date: at(1) },
  applied: [{ invoiceId: 'CB-1', amount: 12_000 }],
};

describe('a Chargebee invoice and its payment', () => {
  it.each([{ first: 'the invoice' }, { first: 'the payment' }])(
    'end matched when $first comes first',
    async ({ first }) => {
      const gateway = await Gateway.open();
      const issue = () =>
        gateway.chargebee(make.invoiceEvent({ id: 'ev_issued', occurredAt: at(0) }, 'invoice_generated', details));
      const pay = () =>
        gateway.chargebee(make.paymentEvent({ id: 'ev_paid', occurredAt: at(1) }, 'payment_succeeded', payment));
      for (const step of first === 'the invoice' ? [issue, pay] : [pay, issue]) {
        expect(await step()).toBe('accepted');
        await gateway.run();
      }
      expect(move(gateway, 'invoice/chargebee:invoice:CB-1')).toMatchObject({ paymentState: 'paid', residual: 0 });
      await expectSquare(gateway, { '101510': 12_000, '251000': -2_000, '400000': -10_000 });
      await expectStory(gateway, 'ev_paid', [
        'whoever brought it proved who they are, but the bytes are not signed',
        'Booked on 2026-01-05',
      ]);
    },
  );
});
