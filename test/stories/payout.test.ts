import { afterEach, describe, expect, it, vi } from 'vitest';
import * as make from '../../sandbox/stripe/events.ts';
import { DAY, Gateway } from '../support/gateway.ts';
import { charge, charged, expectSquare, expectStory, INVOICE, invoice, move } from './billing.ts';

afterEach(() => void vi.useRealTimers());

/** A payout of the charge and of a Stripe fee of 3.00 that only its list tells of. */
function payout(gateway: Gateway): make.StripeObject {
  const created = Math.floor(gateway.now / 1000);
  gateway.stripeApi.show(
    make.balanceTransaction({
      ...{ id: 'txn_fee', source: 'fee_1', amount: -300, currency: 'eur', created },
      ...{ type: 'stripe_fee', reportingCategory: 'fee', description: 'Radar' },
    }),
  );
  gateway.stripeApi.show(charge());
  gateway.stripeApi.contains('po_1', ['txn_ch_1', 'txn_fee']);
  const object = make.payout({
    ...{
      id: 'po_1',
      amount: 11_495,
      currency: 'eur',
      created,
      arrivesAt: created + 86_400,
      balanceTransaction: 'txn_po_1',
    },
  });
  return object;
}

const paidOut = { '101520': 11_495, '251020': -2_000, '400000': -10_000, '627000': 505 };

describe('a payout with fees', () => {
  it('empties clearing to the cent', async () => {
    const gateway = await Gateway.open();
    await gateway.stripe('invoice.finalized', invoice());
    await gateway.stripe('charge.succeeded', charged(gateway));
    await gateway.pass(3 * DAY);
    await gateway.stripe('payout.paid', payout(gateway), { id: 'evt_payout' });
    await gateway.run();
    expect(move(gateway, INVOICE)).toMatchObject({ paymentState: 'paid' });
    await expectSquare(gateway, paidOut);
    await expectStory(gateway, 'evt_payout', [
      'of lane stripe:~account',
      'debit 101520 bankInTransit 114.95 EUR; credit 101510 clearing 114.95 EUR',
    ]);
  });

  it('books the fee of a payment whose fee was not to be had before', async () => {
    const gateway = await Gateway.open({ stripe: { apiKey: undefined } });
    await gateway.stripe('invoice.finalized', invoice());
    await gateway.stripe('charge.succeeded', { ...charged(gateway), invoice: 'in_1' });
    await gateway.pass(DAY);
    await expectSquare(gateway, { '101510': 12_000, '251020': -2_000, '400000': -10_000 });

    await gateway.publish({ stripe: {} });
    await gateway.stripe('payout.paid', payout(gateway), { id: 'evt_payout' });
    await gateway.run();
    await expectSquare(gateway, paidOut);
    await expectStory(gateway, 'evt_payout', ['Fees of 1 payments in payout po_1']);
  });
});
