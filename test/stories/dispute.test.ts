import { afterEach, describe, expect, it, vi } from 'vitest';
import * as make from '../../sandbox/stripe/events.ts';
import { DAY, Gateway } from '../support/gateway.ts';
import { CUSTOMER, charge, charged, expectSquare, expectStory, INVOICE, invoice, move } from './billing.ts';

afterEach(() => void vi.useRealTimers());

type Status = 'needs_response' | 'won' | 'lost';

const transaction = (id: string, amount: number, fee: number, created: number) =>
  make.balanceTransaction({
    ...{ id, amount, fee, created, source: 'dp_1', currency: 'eur', type: 'adjustment' },
    reportingCategory: amount < 0 ? 'dispute' : 'dispute_reversal',
  });

/** Paid, then disputed and withdrawn with a fee of 20.00. */
async function withdrawn() {
  const gateway = await Gateway.open();
  await gateway.stripe('invoice.finalized', invoice());
  await gateway.stripe('charge.succeeded', charged(gateway));
  await gateway.pass(5 * DAY);
  const now = Math.floor(gateway.now / 1000);
  const out = transaction('txn_dp_out', -12_000, 2_000, now);
  const dispute = (status: Status, transactions: readonly make.StripeObject[]) =>
    make.dispute({
      ...{ id: 'dp_1', charge: charge({ customer: CUSTOMER }), paymentIntent: 'pi_1', amount: 12_000, currency: 'eur' },
      ...{ created: now, status, balanceTransactions: transactions },
    });
  await gateway.stripe('charge.dispute.created', dispute('needs_response', []), { id: 'evt_opened' });
  await gateway.stripe('charge.dispute.funds_withdrawn', dispute('needs_response', [out]), { id: 'evt_withdrawn' });
  await gateway.pass(10 * DAY);
  return { gateway, dispute, out };
}

const sold = { '251020': -2_000, '400000': -10_000 };

describe('a dispute', () => {
  it('that is withdrawn parks the amount and spends the fee; the invoice stays paid', async () => {
    const { gateway } = await withdrawn();
    expect(move(gateway, INVOICE)).toMatchObject({ paymentState: 'paid' });
    await expectSquare(gateway, { ...sold, '101510': 11_795 - 14_000, '122000': 12_000, '627000': 2_205 });
    await expectStory(gateway, 'evt_withdrawn', ['Dispute dp_1 of payment pi_1 withdrawn. Booked on 2026-01-10']);
    expect((await gateway.timeline('evt_opened')).entries).toEqual([]);
  });

  it('that is won brings the amount back, not the fee', async () => {
    const { gateway, dispute, out } = await withdrawn();
    const back = transaction('txn_dp_back', 12_000, 0, Math.floor(gateway.now / 1000));
    await gateway.stripe('charge.dispute.funds_reinstated', dispute('won', [out, back]), { id: 'evt_won' });
    await gateway.stripe('charge.dispute.closed', dispute('won', [out, back]), { id: 'evt_closed' });
    await gateway.run();
    await expectSquare(gateway, { ...sold, '101510': 11_795 - 2_000, '627000': 2_205 });
    await expectStory(gateway, 'evt_won', ['Dispute dp_1 of payment pi_1 won. Booked on 2026-01-20']);
    await expectStory(gateway, 'evt_closed', [
      'Applied without any effect on the books: covered by charge.dispute.funds_reinstated',
    ]);
  });

  it('that is lost becomes a loss', async () => {
    const { gateway, dispute, out } = await withdrawn();
    await gateway.stripe('charge.dispute.closed', dispute('lost', [out]), { id: 'evt_lost' });
    await gateway.run();
    await expectSquare(gateway, { ...sold, '101510': 11_795 - 14_000, '627000': 2_205, '654000': 12_000 });
    await expectStory(gateway, 'evt_lost', ['Dispute dp_1 of payment pi_1 lost. Booked on 2026-01-20']);
  });

  it('that names no customer and is contra-revenue is decided in the lane of its payment', async () => {
    const gateway = await Gateway.open({ policies: { bookDisputesAs: 'contra-revenue' } });
    await gateway.stripe('invoice.finalized', invoice());
    await gateway.stripe('charge.succeeded', charged(gateway));
    await gateway.pass(5 * DAY);
    const now = Math.floor(gateway.now / 1000);
    const out = transaction('txn_dp_out', -12_000, 2_000, now);
    const told = (status: Status) =>
      make.dispute({
        ...{ id: 'dp_1', charge: 'ch_1', paymentIntent: 'pi_1', amount: 12_000, currency: 'eur' },
        ...{ created: now, status, balanceTransactions: [out] },
      });
    await gateway.stripe('charge.dispute.created', told('needs_response'), { id: 'evt_opened' });
    await gateway.stripe('charge.dispute.funds_withdrawn', told('needs_response'), { id: 'evt_withdrawn' });
    await gateway.stripe('charge.dispute.closed', told('lost'), { id: 'evt_lost' });
    await gateway.pass(DAY);
    await expectSquare(gateway, { ...sold, '101510': 11_795 - 14_000, '627000': 2_205, '403000': 12_000 });
  });
});
