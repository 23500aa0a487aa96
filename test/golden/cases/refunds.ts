import type { Family } from '../case.ts';
import { recognised, recognisedAll } from '../own.ts';
import { charged, issued, line, noted, refundEvent, refunded } from '../stripe.ts';

const sold = (amount: number, tax?: number) =>
  issued('2026-01-15', 'in_1', [line('il_1', amount, tax === undefined ? {} : { tax })]);
const year = { from: '2026-01-01', to: '2027-01-01' };
const pays = { pays: 'in_1' } as const;

export const refunds: Family = {
  topic: 'Refunds',
  about:
    'A refund without a credit note takes tax pro rata, then what is still deferred, and the rest as contra-revenue. The processor keeps its fee.',
  cases: [
    {
      slug: 'refund-of-a-fifth',
      title: 'Part of a taxed sale is refunded (the example of Stripe Tax)',
      story:
        '100.00 and 25.00 tax were paid; 25.00 are refunded. A fifth of the whole: 5.00 of tax and 20.00 of revenue.',
      events: [
        sold(10_000, 2500),
        charged('2026-01-16', 'ch_1', 12_500, { ...pays, fee: 300 }),
        refunded('2026-01-20', 're_1', 'ch_1', 12_500, 2500, pays),
      ],
      balances: {
        EUR: { clearing: '97.00', fees: '3.00', revenue: '-100.00', refunds: '20.00', 'tax FR-20': '-20.00' },
      },
    },
    {
      slug: 'refund-in-full',
      title: 'Refunded in full',
      story:
        'Everything goes back to the customer. Stripe keeps its fee of 3.00: clearing is short by it, and it is our cost.',
      events: [
        sold(10_000, 2000),
        charged('2026-01-16', 'ch_1', 12_000, { ...pays, fee: 300 }),
        refunded('2026-01-20', 're_1', 'ch_1', 12_000, 12_000, pays),
      ],
      balances: { EUR: { clearing: '-3.00', fees: '3.00', revenue: '-100.00', refunds: '100.00' } },
    },
    {
      slug: 'refund-in-three-parts',
      title: 'Three refunds whose tax must sum to the whole',
      story:
        '10.00 and 2.00 tax, refunded as three times 4.00. The tax of each is the part of all refunded so far: 0.67, 0.66, 0.67.',
      events: [
        sold(1000, 200),
        charged('2026-01-16', 'ch_1', 1200, pays),
        refunded('2026-01-20', 're_1', 'ch_1', 1200, 400, pays),
        refunded('2026-01-21', 're_2', 'ch_1', 1200, 400, { ...pays, before: 400 }),
        refunded('2026-01-22', 're_3', 'ch_1', 1200, 400, { ...pays, before: 800 }),
      ],
      balances: { EUR: { revenue: '-10.00', refunds: '10.00' } },
    },
    {
      slug: 'refund-told-three-times',
      title: 'One refund, told by three events',
      story: 'Stripe tells of it as charge.refunded, refund.created and refund.updated. It is booked from the first.',
      events: [
        sold(10_000),
        charged('2026-01-16', 'ch_1', 10_000, pays),
        refundEvent('2026-01-20', 'refund.created', 're_1', 'ch_1', 4000),
        refunded('2026-01-20', 're_1', 'ch_1', 10_000, 4000, pays),
        refundEvent('2026-01-20', 'refund.updated', 're_1', 'ch_1', 4000),
      ],
      balances: { EUR: { clearing: '60.00', revenue: '-100.00', refunds: '40.00' } },
      silent: 2,
    },
    {
      slug: 'refund-of-a-deferred-service',
      title: 'A deferred service is refunded',
      story:
        '31.00 for 15 January to 15 February are paid and refunded in full on 20 January: the 14.00 of February were never earned, the 17.00 of January become contra-revenue.',
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 3100, { from: '2026-01-15', to: '2026-02-15' })]),
        charged('2026-01-15', 'ch_1', 3100, pays),
        refunded('2026-01-20', 're_1', 'ch_1', 3100, 3100, pays),
      ],
      balances: { EUR: { revenue: '-17.00', refunds: '17.00' } },
    },
    {
      slug: 'refund-annual-plan-in-month-five',
      title: 'An annual plan is refunded in its fifth month',
      story:
        '365.00 and 73.00 tax for the year are paid in January. Four months are recognised. On 10 May the seven months from June on are refunded: 214.00 and 42.80 tax.',
      events: [
        issued('2026-01-01', 'in_1', [line('il_1', 36_500, { ...year, tax: 7300 })]),
        charged('2026-01-01', 'ch_1', 43_800, { ...pays, fee: 900 }),
        ...recognisedAll('2026-02', '2026-03', '2026-04'),
        refunded('2026-05-10', 're_1', 'ch_1', 43_800, 25_680, pays),
        recognised('2026-05'),
        recognised('2026-06'),
      ],
      balances: { EUR: { clearing: '172.20', fees: '9.00', revenue: '-151.00', 'tax FR-20': '-30.20' } },
      silent: 1,
      remarks: [
        'January to May are 151 days, 1.00 each. The refund took June to December off the schedule, so the run for June finds nothing.',
        '438.00 received less 256.80 refunded less 9.00 of fee is 172.20.',
      ],
    },
    {
      slug: 'refund-annual-plan-with-credit-note',
      title: 'The same with a credit note',
      story:
        'The seven months are credited first, and the refund only clears the credit note. The balances are the same.',
      events: [
        issued('2026-01-01', 'in_1', [line('il_1', 36_500, { ...year, tax: 7300 })]),
        charged('2026-01-01', 'ch_1', 43_800, { ...pays, fee: 900 }),
        ...recognisedAll('2026-02', '2026-03', '2026-04'),
        noted('2026-05-10', 'cn_1', 'in_1', [line('il_1', 21_400, { tax: 4280 })], {
          refunds: [{ refund: 're_1', amount: 25_680 }],
        }),
        refunded('2026-05-10', 're_1', 'ch_1', 43_800, 25_680, { ...pays, note: 'cn_1' }),
        recognised('2026-05'),
      ],
      balances: { EUR: { clearing: '172.20', fees: '9.00', revenue: '-151.00', 'tax FR-20': '-30.20' } },
    },
    {
      slug: 'refund-beyond-what-is-deferred',
      title: 'More is refunded than is still deferred',
      story:
        'In May the whole year’s 365.00 are refunded: 214.00 come off deferred revenue, and the 151.00 of January to May, earned or about to be, become contra-revenue.',
      events: [
        issued('2026-01-01', 'in_1', [line('il_1', 36_500, year)]),
        charged('2026-01-01', 'ch_1', 36_500, pays),
        ...recognisedAll('2026-02', '2026-03', '2026-04'),
        refunded('2026-05-10', 're_1', 'ch_1', 36_500, 36_500, pays),
        recognised('2026-05'),
      ],
      balances: { EUR: { revenue: '-151.00', refunds: '151.00' } },
    },
    {
      slug: 'refund-of-unapplied-cash',
      title: 'Money on no invoice is refunded',
      story: 'A charge on no invoice is returned. No revenue was made of it, so none goes back.',
      events: [charged('2026-01-16', 'ch_1', 5000, { fee: 125 }), refunded('2026-01-20', 're_1', 'ch_1', 5000, 5000)],
      balances: { EUR: { clearing: '-1.25', fees: '1.25' } },
    },
    {
      slug: 'refund-of-an-overpayment',
      title: 'What was paid too much is returned',
      story:
        'The customer paid 130.00 on an invoice of 100.00 and gets 30.00 back: the invoice stays paid, its revenue stays.',
      events: [
        sold(10_000),
        charged('2026-01-16', 'ch_1', 13_000, pays),
        refunded('2026-01-20', 're_1', 'ch_1', 13_000, 3000, pays),
      ],
      balances: { EUR: { clearing: '100.00', revenue: '-100.00' } },
    },
    {
      slug: 'refund-bounced',
      title: 'A refund that bounced',
      story:
        'The customer’s bank refuses the refund of 40.00: the money is back in Stripe’s balance, and what the refund took stands again.',
      events: [
        sold(10_000, 2000),
        charged('2026-01-16', 'ch_1', 12_000, pays),
        refunded('2026-01-20', 're_1', 'ch_1', 12_000, 4000, pays),
        refundEvent('2026-01-25', 'refund.failed', 're_1', 'ch_1', 4000, { failed: true }),
      ],
      balances: { EUR: { clearing: '120.00', revenue: '-100.00', 'tax FR-20': '-20.00' } },
    },
    {
      slug: 'refund-of-a-credit-note-bounced',
      title: 'A bounced refund of a credit note',
      story: 'The credit note stands: what bounced is owed to the customer again, on refund clearing.',
      events: [
        sold(10_000),
        charged('2026-01-16', 'ch_1', 10_000, pays),
        noted('2026-01-20', 'cn_1', 'in_1', [line('il_1', 4000)], { refunds: [{ refund: 're_1', amount: 4000 }] }),
        refunded('2026-01-20', 're_1', 'ch_1', 10_000, 4000, { ...pays, note: 'cn_1' }),
        refundEvent('2026-01-25', 'refund.failed', 're_1', 'ch_1', 4000, { failed: true }),
      ],
      balances: { EUR: { clearing: '100.00', refundClearing: '-40.00', revenue: '-60.00' } },
    },
    {
      slug: 'refund-with-a-fee',
      title: 'The processor takes a fee for the refund',
      story: 'Returning 40.00 costs 0.30 more: it is a cost like the fee of a charge.',
      events: [
        sold(10_000),
        charged('2026-01-16', 'ch_1', 10_000, { ...pays, fee: 250 }),
        refunded('2026-01-20', 're_1', 'ch_1', 10_000, 4000, { ...pays, fee: 30 }),
      ],
      balances: { EUR: { clearing: '57.20', fees: '2.80', revenue: '-100.00', refunds: '40.00' } },
    },
    {
      slug: 'refund-and-credit-note-for-different-parts',
      title: 'A credit note and, apart from it, a refund',
      story:
        'Of a paid invoice of 120.00 a credit note refunds 60.00; later a refund of 24.00 is made without one. Each takes its own part.',
      events: [
        sold(10_000, 2000),
        charged('2026-01-16', 'ch_1', 12_000, pays),
        noted('2026-01-20', 'cn_1', 'in_1', [line('il_1', 5000, { tax: 1000 })], {
          refunds: [{ refund: 're_1', amount: 6000 }],
        }),
        refunded('2026-01-20', 're_1', 'ch_1', 12_000, 6000, { ...pays, note: 'cn_1' }),
        refunded('2026-02-10', 're_2', 'ch_1', 12_000, 2400, { ...pays, before: 6000 }),
      ],
      balances: { EUR: { clearing: '36.00', revenue: '-50.00', refunds: '20.00', 'tax FR-20': '-6.00' } },
    },
  ],
};
