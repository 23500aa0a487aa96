import { quoted } from '../../canonical/rules/books.ts';
import type { Family } from '../case.ts';
import {
  charged,
  connected,
  issued,
  line,
  paidOut,
  payoutFailed,
  refunded,
  tell,
  transaction,
  withdrawn,
} from '../stripe.ts';

const sold = [
  issued('2026-01-15', 'in_1', [line('il_1', 10_000)]),
  charged('2026-01-16', 'ch_1', 10_000, { pays: 'in_1', fee: 250 }),
];
const collected = transaction('2026-01-16', 'ch_1', 10_000, { fee: 250 });
const account = connected('acct_shop');
const onAccount = { account: 'acct_shop', configured: account };
const movement = (id: string, amount: number, more: object = {}) => ({
  ...{ id, object: 'topup', amount, currency: 'eur', balance_transaction: `txn_${id}` },
  ...more,
});

export const payouts: Family = {
  topic: 'Payouts, Stripe’s balance and connected accounts',
  about: 'A payout is the sum of its transactions: what stays on clearing is a question to answer.',
  cases: [
    {
      slug: 'payout',
      title: 'A payout is the sum of its transactions',
      story: 'A sale of 100.00 less 2.50, a refund of 20.00: 77.50 are paid out, and clearing is at zero.',
      events: [
        ...sold,
        refunded('2026-01-17', 're_1', 'ch_1', 10_000, 2000, { pays: 'in_1' }),
        paidOut('2026-01-20', 'po_1', 7750, {
          lists: [collected, transaction('2026-01-17', 're_1', -2000, { type: 'refund', source: 're_1' })],
        }),
      ],
      balances: { EUR: { bankInTransit: '77.50', fees: '2.50', revenue: '-100.00', refunds: '20.00' } },
      remarks: ['The bank account itself is booked from the bank’s statement, against money in transit.'],
    },
    {
      slug: 'payout-negative',
      title: 'A negative payout',
      story:
        'After a dispute Stripe’s balance is below zero, and Stripe debits the bank account: the payout runs the other way.',
      events: [...sold, withdrawn('2026-01-18', 'ch_1', 10_000), paidOut('2026-01-20', 'po_1', -1750)],
      balances: {
        EUR: { bankInTransit: '-17.50', fees: '17.50', disputesReceivable: '100.00', revenue: '-100.00' },
      },
    },
    {
      slug: 'payout-failed',
      title: 'A payout that comes back',
      story:
        'The bank refuses the payout three days later. It is back on clearing on the day it came back; the first entry stays as it was.',
      events: [...sold, paidOut('2026-01-20', 'po_1', 9750), payoutFailed('2026-01-23', 'po_1', 9750)],
      balances: { EUR: { clearing: '97.50', fees: '2.50', revenue: '-100.00' } },
    },
    {
      slug: 'payout-failed-before-it-was-paid',
      title: 'A payout that fails before it was paid',
      story: 'It failed while in transit, so it was never booked as paid: nothing to take back.',
      events: [...sold, payoutFailed('2026-01-20', 'po_1', 9750, { previous: 'in_transit' })],
      balances: { EUR: { clearing: '97.50', fees: '2.50', revenue: '-100.00' } },
      silent: 1,
    },
    {
      slug: 'payout-with-stripes-own-fees',
      title: 'A payout that brings Stripe’s own fees',
      story:
        'Stripe took 2.00 for its monthly invoice out of the balance. Only the payout’s list tells; the fee is an entry of its own.',
      events: [
        ...sold,
        paidOut('2026-01-20', 'po_1', 9550, {
          lists: [collected, transaction('2026-01-18', 'fee_1', -200, { type: 'stripe_fee' })],
        }),
      ],
      balances: { EUR: { bankInTransit: '95.50', fees: '4.50', revenue: '-100.00' } },
    },
    {
      slug: 'payout-with-a-conversion-fee',
      title: 'A payout to a bank account in another currency',
      story:
        'Stripe takes 1.00 for converting a payout. What it lists as a fee of its own is a fee; the rest is paid out.',
      events: [
        ...sold,
        paidOut('2026-01-20', 'po_1', 9650, {
          lists: [collected, transaction('2026-01-20', 'fx_1', -100, { type: 'stripe_fx_fee' })],
        }),
      ],
      balances: { EUR: { bankInTransit: '96.50', fees: '3.50', revenue: '-100.00' } },
      remarks: [
        'The payout is booked in the currency of Stripe’s balance; what the bank credits is booked from its statement.',
      ],
    },
    {
      slug: 'payout-with-an-unknown-change',
      title: 'A change of the balance of no known kind',
      story: 'Stripe holds 10.00 back as a reserve. No rule knows it: it goes to suspense, and a person is told.',
      events: [
        ...sold,
        paidOut('2026-01-20', 'po_1', 8750, {
          lists: [collected, transaction('2026-01-18', 'hold_1', -1000, { type: 'reserve_transaction' })],
        }),
      ],
      balances: { EUR: { bankInTransit: '87.50', suspense: '10.00', fees: '2.50', revenue: '-100.00' } },
      asks: ['unsupported'],
    },
    {
      slug: 'payout-that-is-not-its-sum',
      title: 'A payout that is not the sum of what it lists',
      story:
        '97.50 are listed and 97.00 paid out. It is booked, as the money moved; 0.50 stay on clearing, and a person is told.',
      events: [...sold, paidOut('2026-01-20', 'po_1', 9700, { lists: [collected] })],
      balances: { EUR: { clearing: '0.50', bankInTransit: '97.00', fees: '2.50', revenue: '-100.00' } },
      asks: ['does_not_add_up'],
    },
    {
      slug: 'payout-without-a-list-and-fees-at-payout',
      title: 'Fees at payout, and a payout that lists nothing',
      story:
        'The policy `feeAt` is `payout`, and a payout made by hand lists no payments. Their fee stays unbooked on clearing, and a person is told.',
      policy: { feeAt: 'payout' },
      events: [...sold, paidOut('2026-01-20', 'po_1', 9750)],
      balances: { EUR: { clearing: '2.50', bankInTransit: '97.50', revenue: '-100.00' } },
      asks: ['unsupported'],
    },
    {
      slug: 'payouts-of-two-balances',
      title: 'Two balances, two clearing accounts',
      story:
        'Stripe keeps a balance in euros and one in dollars. Each is paid out by itself and each clears by itself.',
      rates: [quoted('USD', 'EUR', '2026-01-15', '0.90'), quoted('USD', 'EUR', '2026-01-20', '0.90')],
      events: [
        ...sold,
        issued('2026-01-15', 'in_2', [line('il_2', 5000)], { currency: 'usd' }),
        charged('2026-01-16', 'ch_2', 5000, { pays: 'in_2', currency: 'usd', fee: 100 }),
        paidOut('2026-01-20', 'po_1', 9750),
        paidOut('2026-01-20', 'po_2', 4900, { currency: 'usd' }),
      ],
      balances: {
        EUR: { bankInTransit: '97.50', fees: '2.50', revenue: '-100.00' },
        USD: { bankInTransit: '49.00', fees: '1.00', revenue: '-50.00' },
      },
      inBase: { bankInTransit: '141.60', fees: '3.40', revenue: '-145.00' },
    },
    {
      slug: 'balance-topped-up',
      title: 'The balance is topped up',
      story: '500.00 are sent from the bank to Stripe’s balance. No rule knows what for: suspense, and a person.',
      events: [tell('2026-01-16', 'topup.succeeded', movement('tu_1', 50_000))],
      balances: { EUR: { clearing: '500.00', suspense: '-500.00' } },
      asks: ['unsupported'],
    },
    {
      slug: 'connect-account-of-its-own',
      title: 'A connected account with books of its own',
      story:
        'The source is configured for the connected account acct_shop: its sale, its fee and its payout are booked like any other. An event of another account is kept in quarantine.',
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 10_000)], onAccount),
        charged('2026-01-16', 'ch_1', 10_000, { pays: 'in_1', fee: 250, ...onAccount }),
        charged('2026-01-16', 'ch_9', 70_000, { fee: 250, account: 'acct_else', configured: account }),
        paidOut('2026-01-20', 'po_1', 9750, onAccount),
      ],
      balances: { EUR: { bankInTransit: '97.50', fees: '2.50', revenue: '-100.00' } },
      asks: ['wrong_account'],
    },
    {
      slug: 'connect-platform-transfer',
      title: 'A platform passes money on to a connected account',
      story:
        'A platform collects 100.00 and transfers 80.00 to a connected account. Whether that is a cost or money held for others is for a person to say: suspense.',
      events: [
        ...sold,
        tell(
          '2026-01-17',
          'transfer.created',
          movement('tr_1', 8000, { object: 'transfer', destination: 'acct_shop' }),
        ),
      ],
      balances: { EUR: { clearing: '17.50', suspense: '80.00', fees: '2.50', revenue: '-100.00' } },
      asks: ['unsupported'],
    },
  ],
};
