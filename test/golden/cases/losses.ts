import type { Family } from '../case.ts';
import { recognised } from '../own.ts';
import { charged, invoiceEvent, issued, line, noted } from '../stripe.ts';

const month = { from: '2026-01-15', to: '2026-02-15' };
const plain = [line('il_1', 10_000, { tax: 2000 })];
const deferred = [line('il_1', 3100, { ...month, tax: 620 })];
const sold = issued('2026-01-15', 'in_1', plain);
const voided = (day: string, lines = plain) => invoiceEvent(day, 'invoice.voided', 'in_1', lines, { status: 'void' });
const writtenOff = (day: string, lines = plain, paid = 0) =>
  invoiceEvent(day, 'invoice.marked_uncollectible', 'in_1', lines, { status: 'uncollectible', amountPaid: paid });
const relief = { badDebtTax: 'relief' } as const;

export const losses: Family = {
  topic: 'Voids, write-offs and recoveries',
  about:
    'A void takes an invoice back; a write-off says it will not be collected. Only the provider’s word makes bad debt, never lateness.',
  cases: [
    {
      slug: 'void',
      title: 'An unpaid invoice is voided',
      story: 'The invoice was a mistake. A void reverses it in full, months to come included.',
      events: [issued('2026-01-15', 'in_1', deferred), voided('2026-01-20', deferred)],
      balances: { EUR: {} },
    },
    {
      slug: 'void-after-a-credit-note',
      title: 'Voided after a credit note',
      story:
        'A credit note of 30.00 was booked before. The void takes what it left, and the credit note is not reversed.',
      events: [
        sold,
        noted('2026-01-18', 'cn_1', 'in_1', [line('il_1', 2500, { tax: 500 })], { prePayment: 3000 }),
        voided('2026-01-20'),
      ],
      balances: { EUR: {} },
    },
    {
      slug: 'void-before-a-credit-note',
      title: 'A credit note heard of after the void',
      story:
        'The credit note of 18 January arrives when the void is booked. It is in the void already: nothing is owed and nothing is left to credit.',
      events: [
        sold,
        voided('2026-01-20'),
        noted('2026-01-18', 'cn_1', 'in_1', [line('il_1', 2500, { tax: 500 })], { prePayment: 3000 }),
      ],
      balances: { EUR: {} },
    },
    {
      slug: 'void-of-a-part-paid-invoice',
      title: 'A part-paid invoice is voided',
      story: '50.00 had been paid. The claim is gone, the money is not: it is the customer’s, unapplied.',
      events: [sold, charged('2026-01-16', 'ch_1', 5000, { pays: 'in_1' }), voided('2026-01-20')],
      balances: { EUR: { clearing: '50.00', unapplied: '-50.00' } },
    },
    {
      slug: 'void-returns-credit',
      title: 'A void returns the credit it used',
      story: '20.00 of customer credit had been used. The void gives it back.',
      events: [
        issued('2026-01-10', 'in_0', [line('il_0', -2000, { description: 'Correction' })]),
        issued('2026-01-15', 'in_1', plain, { startingBalance: -2000 }),
        voided('2026-01-20'),
      ],
      balances: { EUR: { customerCredit: '-20.00', revenue: '20.00' } },
    },
    {
      slug: 'void-when-months-have-passed',
      title: 'Voided when months have passed',
      story:
        '31.00 for 15 January to 15 February, voided on 2 March before February was recognised. The schedule runs out by itself: the void takes 31.00 of revenue, February brings 14.00 of it back.',
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 3100, month)]),
        voided('2026-03-02', [line('il_1', 3100, month)]),
        recognised('2026-02'),
      ],
      balances: { EUR: {} },
    },
    {
      slug: 'write-off',
      title: 'An invoice is written off',
      story: 'Stripe’s dunning gave up. The revenue was earned and stays; 120.00 are bad debt, the tax in it included.',
      events: [sold, writtenOff('2026-03-01')],
      balances: { EUR: { badDebt: '120.00', revenue: '-100.00', 'tax FR-20': '-20.00' } },
    },
    {
      slug: 'write-off-with-tax-relief',
      title: 'The tax is claimed back',
      story:
        'The same where the policy `badDebtTax` is `relief`: the 20.00 of tax are no longer owed to the tax office.',
      policy: relief,
      events: [sold, writtenOff('2026-03-01')],
      balances: { EUR: { badDebt: '100.00', revenue: '-100.00' } },
    },
    {
      slug: 'write-off-of-a-deferred-service',
      title: 'Written off before it was earned',
      story:
        '31.00 and 6.20 tax for 15 January to 15 February, written off on 25 January. The 14.00 of February were never earned and are no loss; 23.20 are.',
      events: [issued('2026-01-15', 'in_1', deferred), writtenOff('2026-01-25', deferred)],
      balances: { EUR: { badDebt: '23.20', revenue: '-17.00', 'tax FR-20': '-6.20' } },
    },
    {
      slug: 'write-off-of-a-deferred-service-with-relief',
      title: 'Written off before it was earned, with tax relief',
      story: 'The tax goes first, then February: 17.00, the part of January, is the loss.',
      policy: relief,
      events: [issued('2026-01-15', 'in_1', deferred), writtenOff('2026-01-25', deferred)],
      balances: { EUR: { badDebt: '17.00', revenue: '-17.00' } },
    },
    {
      slug: 'write-off-of-the-rest',
      title: 'What is left of a part-paid invoice',
      story: '60.00 of 120.00 were paid; the other half is written off, with its half of the tax claimed back.',
      policy: relief,
      events: [sold, charged('2026-01-16', 'ch_1', 6000, { pays: 'in_1' }), writtenOff('2026-03-01', plain, 6000)],
      balances: { EUR: { clearing: '60.00', badDebt: '50.00', revenue: '-100.00', 'tax FR-20': '-10.00' } },
    },
    {
      slug: 'recovery',
      title: 'Paid after all',
      story:
        'In April the written-off 120.00 are paid. The write-off is taken back by an entry of its own, and the payment settles the invoice.',
      events: [sold, writtenOff('2026-03-01'), charged('2026-04-10', 'ch_1', 12_000, { pays: 'in_1', fee: 300 })],
      balances: { EUR: { clearing: '117.00', fees: '3.00', revenue: '-100.00', 'tax FR-20': '-20.00' } },
    },
    {
      slug: 'recovery-in-part',
      title: 'Paid in part after all',
      story: '30.00 come in April. That much of the write-off is taken back; 90.00 stay lost.',
      events: [sold, writtenOff('2026-03-01'), charged('2026-04-10', 'ch_1', 3000, { pays: 'in_1' })],
      balances: { EUR: { clearing: '30.00', badDebt: '90.00', revenue: '-100.00', 'tax FR-20': '-20.00' } },
    },
    {
      slug: 'recovery-with-tax-relief',
      title: 'Paid in part, and its tax owed again',
      story: 'With tax relief, 30.00 paid after all are 25.00 of loss taken back and 5.00 of tax owed again.',
      policy: relief,
      events: [sold, writtenOff('2026-03-01'), charged('2026-04-10', 'ch_1', 3000, { pays: 'in_1' })],
      balances: { EUR: { clearing: '30.00', badDebt: '75.00', revenue: '-100.00', 'tax FR-20': '-5.00' } },
    },
    {
      slug: 'recovery-outside-the-processor',
      title: 'Recovered by a collection agency',
      story: 'The debt is paid by transfer, outside Stripe: the write-off is taken back, the money is in transit.',
      events: [
        sold,
        writtenOff('2026-03-01'),
        invoiceEvent('2026-04-10', 'invoice.paid', 'in_1', plain, { status: 'paid', paidOutOfBand: true }),
      ],
      balances: { EUR: { bankInTransit: '120.00', revenue: '-100.00', 'tax FR-20': '-20.00' } },
    },
    {
      slug: 'write-off-then-credit-note',
      title: 'A credit note on what was written off',
      story:
        'Of the written-off 120.00 a credit note says that 60.00 were never justified: that half is no bad debt but less revenue and less tax.',
      events: [
        sold,
        writtenOff('2026-03-01'),
        noted('2026-03-10', 'cn_1', 'in_1', [line('il_1', 5000, { tax: 1000 })], { prePayment: 6000 }),
      ],
      balances: { EUR: { badDebt: '60.00', revenue: '-50.00', 'tax FR-20': '-10.00' } },
    },
    {
      slug: 'write-off-the-provider-counts-otherwise',
      title: 'The provider counts another amount',
      story:
        'Stripe says that 100.00 were still owed, the books say 120.00: a payment of 20.00 may be on its way. The books’ figure is written off, and a person is told.',
      events: [sold, writtenOff('2026-03-01', plain, 2000)],
      balances: { EUR: { badDebt: '120.00', revenue: '-100.00', 'tax FR-20': '-20.00' } },
      asks: ['does_not_add_up'],
    },
  ],
};
