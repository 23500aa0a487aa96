import { credit, line as factLine, issue, key, m } from '../../canonical/rules/books.ts';
import type { Family } from '../case.ts';
import { fact } from '../own.ts';
import { CUSTOMER, charged, issued, line, noted, noteVoided, refunded } from '../stripe.ts';

const acme = key('customer', CUSTOMER);
const month = { from: '2026-01-15', to: '2026-02-15' };
const sold = (tax?: number) => issued('2026-01-15', 'in_1', [line('il_1', 10_000, tax === undefined ? {} : { tax })]);
const paid = (amount = 12_000) => charged('2026-01-16', 'ch_1', amount, { pays: 'in_1' });
const half = [line('il_1', 5000, { tax: 1000 })];

export const creditNotes: Family = {
  topic: 'Credit notes and customer credit',
  about:
    'A credit note takes revenue back, months not yet earned first, with its tax; it is settled against what is owed, by a refund, as credit, or outside.',
  cases: [
    {
      slug: 'credit-note-before-payment',
      title: 'A credit note before the invoice is paid',
      story: 'An invoice of 120.00 is lowered by 30.00 before anybody paid: the customer owes 90.00.',
      events: [
        sold(2000),
        noted('2026-01-20', 'cn_1', 'in_1', [line('il_1', 2500, { tax: 500 })], { prePayment: 3000 }),
      ],
      balances: { EUR: { receivable: '90.00', revenue: '-75.00', 'tax FR-20': '-15.00' } },
    },
    {
      slug: 'credit-note-takes-deferred-first',
      title: 'It takes what is not yet earned first',
      story:
        '31.00 for 15 January to 15 February; on 20 January 20.00 are credited. The 14.00 of February go first, then 6.00 of January.',
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 3100, month)]),
        noted('2026-01-20', 'cn_1', 'in_1', [line('il_1', 2000)], { prePayment: 2000 }),
      ],
      balances: { EUR: { receivable: '11.00', revenue: '-11.00' } },
    },
    {
      slug: 'credit-note-after-the-months',
      title: 'Dated when the months have passed',
      story:
        'The same credit note dated 20 February: by then February is no month to come. Its 14.00 run out through the schedule; the credit note takes revenue.',
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 3100, month)]),
        noted('2026-02-20', 'cn_1', 'in_1', [line('il_1', 2000)], { prePayment: 2000 }),
      ],
      balances: { EUR: { receivable: '11.00', revenue: '3.00', deferredRevenue: '-14.00' } },
      deferred: { '2026-02': '14.00' },
      remarks: ['When February is recognised, revenue is 11.00: what was invoiced less what was credited.'],
    },
    {
      slug: 'credit-note-pro-rata-over-months',
      title: 'Part of the months to come',
      story:
        '90.00 for January to March, invoiced on 1 January; 30.00 are credited on 10 January. February held 28.00 and March 31.00: each gives pro rata.',
      events: [
        issued('2026-01-01', 'in_1', [line('il_1', 9000, { from: '2026-01-01', to: '2026-04-01' })]),
        noted('2026-01-10', 'cn_1', 'in_1', [line('il_1', 3000)], { prePayment: 3000 }),
      ],
      balances: { EUR: { receivable: '60.00', revenue: '-31.00', deferredRevenue: '-29.00' } },
      deferred: { '2026-02': '13.76', '2026-03': '15.24' },
    },
    {
      slug: 'credit-note-to-be-refunded',
      title: 'After payment, to be refunded',
      story:
        'A paid invoice of 120.00 is credited in half. The 60.00 stand on refund clearing until the refund has left Stripe’s balance.',
      events: [
        sold(2000),
        paid(),
        noted('2026-01-20', 'cn_1', 'in_1', half, { refunds: [{ refund: 're_1', amount: 6000 }] }),
      ],
      balances: { EUR: { clearing: '120.00', refundClearing: '-60.00', revenue: '-50.00', 'tax FR-20': '-10.00' } },
    },
    {
      slug: 'credit-note-and-its-refund',
      title: 'The refund clears the credit note',
      story:
        'Credit note and refund are one concession, told twice (credit_note.created, charge.refunded). Revenue goes back once, and refund clearing ends at zero.',
      events: [
        sold(2000),
        paid(),
        noted('2026-01-20', 'cn_1', 'in_1', half, { refunds: [{ refund: 're_1', amount: 6000 }] }),
        refunded('2026-01-20', 're_1', 'ch_1', 12_000, 6000, { pays: 'in_1', note: 'cn_1' }),
      ],
      balances: { EUR: { clearing: '60.00', revenue: '-50.00', 'tax FR-20': '-10.00' } },
    },
    {
      slug: 'refund-before-its-credit-note',
      title: 'The refund is heard of before its credit note',
      story:
        'The refund names a credit note that is not in the books. It waits, rather than take revenue back a second time.',
      events: [
        sold(2000),
        paid(),
        refunded('2026-01-20', 're_1', 'ch_1', 12_000, 6000, { pays: 'in_1', note: 'cn_1' }),
        noted('2026-01-20', 'cn_1', 'in_1', half, { refunds: [{ refund: 're_1', amount: 6000 }] }),
      ],
      balances: { EUR: { clearing: '60.00', revenue: '-50.00', 'tax FR-20': '-10.00' } },
    },
    {
      slug: 'credit-note-to-balance',
      title: 'After payment, as credit for later',
      story: 'Half of a paid invoice is credited to the customer’s balance: 60.00 that we owe in service.',
      events: [sold(2000), paid(), noted('2026-01-20', 'cn_1', 'in_1', half, { creditedToBalance: 6000 })],
      balances: { EUR: { clearing: '120.00', customerCredit: '-60.00', revenue: '-50.00', 'tax FR-20': '-10.00' } },
    },
    {
      slug: 'credit-note-paid-outside',
      title: 'After payment, paid back by transfer',
      story:
        'Half of a paid invoice is credited and will be paid back outside Stripe: a payable, until the bank shows it.',
      events: [sold(2000), paid(), noted('2026-01-20', 'cn_1', 'in_1', half, { outOfBand: 6000 })],
      balances: { EUR: { clearing: '120.00', payable: '-60.00', revenue: '-50.00', 'tax FR-20': '-10.00' } },
    },
    {
      slug: 'credit-note-split',
      title: 'A split credit note',
      story:
        'An invoice of 120.00, of which 70.00 are paid, is credited in full: 50.00 are no longer owed, 40.00 are refunded, 20.00 become credit and 10.00 are paid back by transfer.',
      events: [
        sold(2000),
        paid(7000),
        noted('2026-01-20', 'cn_1', 'in_1', [line('il_1', 10_000, { tax: 2000 })], {
          ...{
            prePayment: 5000,
            refunds: [{ refund: 're_1', amount: 4000 }],
            creditedToBalance: 2000,
            outOfBand: 1000,
          },
        }),
        refunded('2026-01-20', 're_1', 'ch_1', 7000, 4000, { pays: 'in_1', note: 'cn_1' }),
      ],
      balances: { EUR: { clearing: '30.00', customerCredit: '-20.00', payable: '-10.00' } },
      remarks: [
        'The 30.00 left on clearing are what was paid and stays with us: 20.00 as credit, 10.00 until the transfer.',
      ],
    },
    {
      slug: 'credit-note-over-all-lines',
      title: 'A credit note that names no line',
      story:
        'A goodwill of 30.00 on an invoice of two lines, 100.00 and 50.00: they give in proportion, 20.00 and 10.00.',
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 10_000), line('il_2', 5000, { product: 'prod_setup' })]),
        noted('2026-01-20', 'cn_1', 'in_1', [line('goodwill', 3000)], { prePayment: 3000 }),
      ],
      balances: { EUR: { receivable: '120.00', revenue: '-120.00' } },
    },
    {
      slug: 'credit-note-voided',
      title: 'A credit note that is voided',
      story:
        'A credit note of 60.00 was a mistake and is voided: everything stands as before it, the months to come included.',
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 3100, { ...month, tax: 620 })]),
        noted('2026-01-20', 'cn_1', 'in_1', [line('il_1', 2000, { tax: 400 })], { prePayment: 2400 }),
        noteVoided('2026-01-21', 'cn_1', 'in_1', [line('il_1', 2000, { tax: 400 })], { prePayment: 2400 }),
      ],
      balances: { EUR: { receivable: '37.20', revenue: '-17.00', deferredRevenue: '-14.00', 'tax FR-20': '-6.20' } },
      deferred: { '2026-02': '14.00' },
    },
    {
      slug: 'credit-note-that-does-not-add-up',
      title: 'Settled for another amount than its total',
      story:
        'A credit note over 50.00 is said to be settled by 40.00. Where the rest went is unknown, so nothing is booked.',
      events: [
        sold(),
        fact('2026-01-20', 'cn_1', {
          ...credit('cn_1', '2026-01-20', 'in_1', [factLine('il_1', 5000)], { reducesReceivable: m(4000) }),
          customer: acme,
        }),
      ],
      balances: { EUR: { receivable: '100.00', revenue: '-100.00' } },
      asks: ['does_not_add_up'],
    },
    {
      slug: 'credit-granted-then-used',
      title: 'Credit is granted, and used by the next invoice',
      story: 'A negative invoice grants 20.00. The next invoice of 50.00 uses it; 30.00 are paid by card.',
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', -2000, { description: 'Correction' })]),
        issued('2026-02-15', 'in_2', [line('il_2', 5000)], { startingBalance: -2000 }),
        charged('2026-02-16', 'ch_1', 3000, { pays: 'in_2', fee: 75 }),
      ],
      balances: { EUR: { clearing: '29.25', fees: '0.75', revenue: '-30.00' } },
    },
    {
      slug: 'credit-note-to-balance-then-used',
      title: 'Credit from a credit note, used in part',
      story:
        'A credit note puts 60.00 on the balance; the next invoice of 40.00 is paid from it in full. 20.00 of credit is left.',
      events: [
        sold(2000),
        paid(),
        noted('2026-01-20', 'cn_1', 'in_1', half, { creditedToBalance: 6000 }),
        issued('2026-02-15', 'in_2', [line('il_2', 4000)], { startingBalance: -6000 }),
      ],
      balances: { EUR: { clearing: '120.00', customerCredit: '-20.00', revenue: '-90.00', 'tax FR-20': '-10.00' } },
    },
    {
      slug: 'credit-beyond-the-invoice',
      title: 'More credit than the invoice is over',
      story:
        'An invoice of 20.00 is said to use 30.00 of credit. That cannot be: a person compares it with the provider.',
      events: [
        fact('2026-01-15', 'in_1', issue('in_1', '2026-01-15', [factLine('il_1', 2000)], { creditApplied: m(3000) })),
      ],
      balances: {},
      asks: ['does_not_add_up'],
    },
  ],
};
