import type { Family } from '../case.ts';
import {
  charged,
  chargeOf,
  invoiceEvent,
  invoicePaymentPaid,
  issued,
  line,
  paidOut,
  tell,
  transaction,
} from '../stripe.ts';

const sold = (amount = 10_000) => issued('2026-01-15', 'in_1', [line('il_1', amount)]);
const whole = [line('il_1', 10_000)];

export const payments: Family = {
  topic: 'Payments and fees',
  about: 'Cash comes from the processor’s balance transactions; what only announces it again books nothing.',
  cases: [
    {
      slug: 'payment-by-card',
      title: 'Paid by card',
      story:
        'An invoice of 100.00 is paid by card. Stripe keeps 2.50: its balance, and so the clearing account, grows by 97.50.',
      events: [sold(), charged('2026-01-16', 'ch_1', 10_000, { pays: 'in_1', fee: 250 })],
      balances: { EUR: { clearing: '97.50', fees: '2.50', revenue: '-100.00' } },
    },
    {
      slug: 'payment-told-five-times',
      title: 'One payment, told by five events',
      story:
        'Stripe tells of one payment as charge.succeeded, payment_intent.succeeded, invoice.payment_succeeded, invoice.paid and charge.updated. Cash is booked from the charge, once.',
      events: [
        sold(),
        tell('2026-01-16', 'payment_intent.succeeded', { id: 'pi_1', object: 'payment_intent', customer: 'cus_acme' }),
        charged('2026-01-16', 'ch_1', 10_000, { pays: 'in_1', fee: 250 }),
        invoiceEvent('2026-01-16', 'invoice.payment_succeeded', 'in_1', whole, { status: 'paid', charge: 'ch_1' }),
        invoiceEvent('2026-01-16', 'invoice.paid', 'in_1', whole, { status: 'paid', charge: 'ch_1' }),
        tell('2026-01-16', 'charge.updated', chargeOf('2026-01-16', 'ch_1', 10_000, { pays: 'in_1', fee: 250 })),
      ],
      balances: { EUR: { clearing: '97.50', fees: '2.50', revenue: '-100.00' } },
      silent: 4,
    },
    {
      slug: 'payment-fee-with-input-tax',
      title: 'A fee with tax that is reclaimed',
      story: 'Of a fee of 3.00, 0.50 is tax. It is input tax, and stands apart from the fee.',
      events: [sold(), charged('2026-01-16', 'ch_1', 10_000, { pays: 'in_1', fee: 300, feeTax: 50 })],
      balances: { EUR: { clearing: '97.00', fees: '2.50', feesInputTax: '0.50', revenue: '-100.00' } },
    },
    {
      slug: 'payment-fee-tax-as-cost',
      title: 'A fee with tax that is not reclaimed',
      story: 'The same for a tenant whose policy `feeTax` is `expense`.',
      policy: { feeTax: 'expense' },
      events: [sold(), charged('2026-01-16', 'ch_1', 10_000, { pays: 'in_1', fee: 300, feeTax: 50 })],
      balances: { EUR: { clearing: '97.00', fees: '3.00', revenue: '-100.00' } },
    },
    {
      slug: 'payment-fee-at-payout',
      title: 'The fee is booked with the payout',
      story:
        'The policy `feeAt` is `payout`: the charge stands on clearing with its gross, and the fee becomes a cost with the payout that lists it.',
      policy: { feeAt: 'payout' },
      events: [
        sold(),
        charged('2026-01-16', 'ch_1', 10_000, { pays: 'in_1', fee: 250 }),
        paidOut('2026-01-20', 'po_1', 9750, { lists: [transaction('2026-01-16', 'ch_1', 10_000, { fee: 250 })] }),
      ],
      balances: { EUR: { bankInTransit: '97.50', fees: '2.50', revenue: '-100.00' } },
    },
    {
      slug: 'payment-fee-at-payout-that-came-first',
      title: 'The fee at payout, where the payout is heard of first',
      story:
        'The payout’s webhook overtakes the charge’s. The fee is then booked with the charge, and the balances are those of the other order.',
      policy: { feeAt: 'payout' },
      events: [
        sold(),
        paidOut('2026-01-20', 'po_1', 9750, { lists: [transaction('2026-01-16', 'ch_1', 10_000, { fee: 250 })] }),
        charged('2026-01-16', 'ch_1', 10_000, { pays: 'in_1', fee: 250 }),
      ],
      balances: { EUR: { bankInTransit: '97.50', fees: '2.50', revenue: '-100.00' } },
    },
    {
      slug: 'payment-fee-known-later',
      title: 'A fee that is not known yet',
      story:
        'Stripe has not said what it kept. The gross goes to clearing; the payout lists the fee, and it is booked there. Nothing is guessed.',
      events: [
        sold(),
        charged('2026-01-16', 'ch_1', 10_000, { pays: 'in_1', known: false }),
        paidOut('2026-01-20', 'po_1', 9750, { lists: [transaction('2026-01-16', 'ch_1', 10_000, { fee: 250 })] }),
      ],
      balances: { EUR: { bankInTransit: '97.50', fees: '2.50', revenue: '-100.00' } },
    },
    {
      slug: 'payment-fee-told-by-a-repeat',
      title: 'A fee that comes with a repeat of the charge',
      story:
        'The charge is told twice, the second time with its balance transaction. The second entry books the fee alone.',
      events: [
        sold(),
        charged('2026-01-16', 'ch_1', 10_000, { pays: 'in_1', known: false }),
        tell('2026-01-17', 'charge.captured', chargeOf('2026-01-17', 'ch_1', 10_000, { pays: 'in_1', fee: 250 })),
      ],
      balances: { EUR: { clearing: '97.50', fees: '2.50', revenue: '-100.00' } },
    },
    {
      slug: 'payment-in-parts',
      title: 'Paid in two parts',
      story: 'An invoice of 100.00 is paid by 40.00 and 35.00; 25.00 stays open.',
      events: [
        sold(),
        charged('2026-01-16', 'ch_1', 4000, { pays: 'in_1', fee: 100 }),
        charged('2026-01-20', 'ch_2', 3500, { pays: 'in_1', fee: 90 }),
      ],
      balances: { EUR: { clearing: '73.10', fees: '1.90', receivable: '25.00', revenue: '-100.00' } },
    },
    {
      slug: 'payment-beyond-what-is-owed',
      title: 'Overpaid',
      story: 'The customer pays 130.00 on an invoice of 100.00. The 30.00 is theirs until it is assigned or returned.',
      events: [sold(), charged('2026-01-16', 'ch_1', 13_000, { pays: 'in_1' })],
      balances: { EUR: { clearing: '130.00', unapplied: '-30.00', revenue: '-100.00' } },
    },
    {
      slug: 'payment-twice',
      title: 'The same invoice paid twice',
      story: 'Two charges of 100.00 pay one invoice. Both are cash; the second is unapplied.',
      events: [
        sold(),
        charged('2026-01-16', 'ch_1', 10_000, { pays: 'in_1' }),
        charged('2026-01-17', 'ch_2', 10_000, { pays: 'in_1' }),
      ],
      balances: { EUR: { clearing: '200.00', unapplied: '-100.00', revenue: '-100.00' } },
    },
    {
      slug: 'payment-on-no-invoice',
      title: 'Money on no invoice',
      story:
        'A charge names no invoice. Revenue comes with invoices: until one is there, the money is owed to the customer.',
      events: [charged('2026-01-16', 'ch_1', 10_000, { fee: 250 })],
      balances: { EUR: { clearing: '97.50', fees: '2.50', unapplied: '-100.00' } },
    },
    {
      slug: 'payment-applied-later',
      title: 'Unapplied, then applied',
      story:
        'Since 2025-03-31 Stripe’s charges name no invoice. The charge is unapplied cash until invoice_payment.paid says what it paid.',
      events: [
        sold(),
        charged('2026-01-16', 'ch_1', 10_000, { shape: 'basil', paymentIntent: 'pi_1', fee: 250 }),
        invoicePaymentPaid('2026-01-16', 'in_1', 'pi_1', 10_000),
      ],
      balances: { EUR: { clearing: '97.50', fees: '2.50', revenue: '-100.00' } },
    },
    {
      slug: 'payment-for-two-invoices',
      title: 'One payment for two invoices',
      story: 'A payment of 150.00 is assigned to two invoices of 100.00 and 40.00; 10.00 stays unapplied.',
      events: [
        sold(),
        issued('2026-01-15', 'in_2', [line('il_2', 4000)]),
        charged('2026-01-16', 'ch_1', 15_000, { shape: 'basil', paymentIntent: 'pi_1' }),
        invoicePaymentPaid('2026-01-17', 'in_1', 'pi_1', 10_000),
        invoicePaymentPaid('2026-01-17', 'in_2', 'pi_1', 4000),
      ],
      balances: { EUR: { clearing: '150.00', unapplied: '-10.00', revenue: '-140.00' } },
    },
    {
      slug: 'payment-outside-the-processor',
      title: 'Paid by bank transfer, outside Stripe',
      story:
        'The invoice is marked as paid out of band. The money is on its way to the bank account; Stripe’s balance, and so clearing, does not move.',
      events: [
        sold(),
        invoiceEvent('2026-01-20', 'invoice.paid', 'in_1', whole, { status: 'paid', paidOutOfBand: true }),
      ],
      balances: { EUR: { bankInTransit: '100.00', revenue: '-100.00' } },
    },
    {
      slug: 'payment-partly-outside',
      title: 'Part by card, the rest outside Stripe',
      story:
        '60.00 is paid by card. The customer transfers the other 40.00, told by Stripe as an amount paid off Stripe.',
      events: [
        sold(),
        charged('2026-01-16', 'ch_1', 6000, { pays: 'in_1', fee: 150 }),
        tell('2026-01-20', 'invoice.paid', {
          ...{ id: 'in_1', object: 'invoice', currency: 'eur', customer: 'cus_acme', amount_due: 10_000 },
          ...{ amount_paid: 10_000, amount_remaining: 0, amount_paid_off_stripe: 4000 },
        }),
      ],
      balances: { EUR: { clearing: '58.50', fees: '1.50', bankInTransit: '40.00', revenue: '-100.00' } },
    },
    {
      slug: 'payment-failed-then-paid',
      title: 'Two attempts fail, the third succeeds',
      story:
        'A card is declined twice. No money moved and nothing is booked; the invoice notes both attempts. The third is a payment like any other.',
      events: [
        sold(),
        tell(
          '2026-01-16',
          'charge.failed',
          chargeOf('2026-01-16', 'ch_f1', 10_000, { pays: 'in_1', failureCode: 'card_declined', known: false }),
        ),
        tell(
          '2026-01-19',
          'charge.failed',
          chargeOf('2026-01-19', 'ch_f2', 10_000, { pays: 'in_1', failureCode: 'card_declined', known: false }),
        ),
        charged('2026-01-22', 'ch_1', 10_000, { pays: 'in_1', fee: 250 }),
      ],
      balances: { EUR: { clearing: '97.50', fees: '2.50', revenue: '-100.00' } },
      silent: 2,
      remarks: ['Being overdue books nothing either: what is overdue follows from the due date and what is open.'],
    },
    {
      slug: 'payment-before-its-invoice',
      title: 'The payment is heard of before its invoice',
      story:
        'Webhooks arrive in any order. The charge names an invoice that is not in the books: it waits until it is.',
      events: [charged('2026-01-15', 'ch_1', 10_000, { pays: 'in_1', fee: 250 }), sold()],
      balances: { EUR: { clearing: '97.50', fees: '2.50', revenue: '-100.00' } },
    },
    {
      slug: 'payment-authorised-then-captured',
      title: 'Authorised, then captured for less',
      story: '100.00 is authorised and 90.00 captured. An authorisation is no money: only the capture is booked.',
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 9000)]),
        charged('2026-01-15', 'ch_1', 10_000, { pays: 'in_1', captured: false, known: false }),
        tell(
          '2026-01-18',
          'charge.captured',
          chargeOf('2026-01-18', 'ch_1', 10_000, {
            ...{ pays: 'in_1', amountCaptured: 9000 },
            balanceTransaction: transaction('2026-01-18', 'ch_1', 9000, { fee: 225 }),
          }),
        ),
      ],
      balances: { EUR: { clearing: '87.75', fees: '2.25', revenue: '-90.00' } },
      silent: 1,
    },
    {
      slug: 'payment-of-a-guest',
      title: 'A guest’s payment',
      story: 'Somebody without a customer record pays 25.00. The money is in the books, owed to nobody by name.',
      events: [charged('2026-01-16', 'ch_1', 2500, { customer: null, fee: 60 })],
      balances: { EUR: { clearing: '24.40', fees: '0.60', unapplied: '-25.00' } },
    },
    {
      slug: 'payment-in-another-currency-than-its-invoice',
      title: 'A payment in another currency than its invoice',
      story:
        'An invoice in euros is said to be paid in dollars. Nobody stated a rate between the two, so a person decides.',
      events: [sold(), charged('2026-01-16', 'ch_1', 11_000, { pays: 'in_1', currency: 'usd' })],
      balances: { EUR: { receivable: '100.00', revenue: '-100.00' } },
      asks: ['unsupported'],
    },
    {
      slug: 'payment-whose-fee-does-not-add-up',
      title: 'Gross, fee and net that do not add up',
      story:
        'The balance transaction says 100.00 less 2.50 makes 90.00. Cash is booked from it, so it is not booked at all until it is explained.',
      events: [
        sold(),
        charged('2026-01-16', 'ch_1', 10_000, {
          pays: 'in_1',
          balanceTransaction: { ...transaction('2026-01-16', 'ch_1', 10_000, { fee: 250 }), net: 9000 },
        }),
      ],
      balances: { EUR: { receivable: '100.00', revenue: '-100.00' } },
      asks: ['unsupported_shape'],
    },
  ],
};
