import type { Family } from '../case.ts';
import { recognised, recognisedAll } from '../own.ts';
import { charged, issued, line, noted, refunded } from '../stripe.ts';

const quarter = { from: '2026-01-01', to: '2026-04-01' };
const year = { from: '2026-01-01', to: '2027-01-01' };
const month = { from: '2026-01-15', to: '2026-02-15' };

export const recognition: Family = {
  topic: 'Recognition, upgrades and cancellations',
  about:
    'What a month’s schedules still hold is earned when the month is over. A change of plan is negative and positive lines, each over its own months.',
  cases: [
    {
      slug: 'recognition-of-a-quarter',
      title: 'A quarter runs out',
      story:
        '90.00 for January to March, paid in January. At the end of February and of March what is deferred for the month becomes revenue.',
      events: [
        issued('2026-01-01', 'in_1', [line('il_1', 9000, quarter)]),
        charged('2026-01-02', 'ch_1', 9000, { pays: 'in_1' }),
        ...recognisedAll('2026-02', '2026-03'),
      ],
      balances: { EUR: { clearing: '90.00', revenue: '-90.00' } },
    },
    {
      slug: 'recognition-half-way',
      title: 'Half-way through',
      story: 'The same at the end of February: 59.00 are earned, 31.00 are still owed in service.',
      events: [issued('2026-01-01', 'in_1', [line('il_1', 9000, quarter)]), recognised('2026-02')],
      balances: { EUR: { receivable: '90.00', revenue: '-59.00', deferredRevenue: '-31.00' } },
      deferred: { '2026-03': '31.00' },
    },
    {
      slug: 'recognition-run-twice',
      title: 'The run for a month, twice',
      story: 'February is recognised; the run is started again. There is nothing left, so nothing is booked.',
      events: [
        issued('2026-01-01', 'in_1', [line('il_1', 9000, quarter)]),
        recognised('2026-02'),
        recognised('2026-02', 2),
      ],
      balances: { EUR: { receivable: '90.00', revenue: '-59.00', deferredRevenue: '-31.00' } },
      deferred: { '2026-03': '31.00' },
      silent: 1,
    },
    {
      slug: 'recognition-of-several-invoices',
      title: 'One entry for all of a month’s schedules',
      story: 'Two invoices hold 14.00 and 28.00 for February: the run books 42.00 in one entry.',
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 3100, month)]),
        issued('2026-01-20', 'in_2', [line('il_2', 2800, { from: '2026-02-01', to: '2026-03-01' })]),
        recognised('2026-02'),
      ],
      balances: { EUR: { receivable: '59.00', revenue: '-59.00' } },
    },
    {
      slug: 'recognition-of-a-gross-discount',
      title: 'Revenue and its discount side by side',
      story:
        '62.00 less 31.00 over two months, discounts gross: the run for February books 28.00 of revenue and 14.00 of discount out of 14.00 deferred.',
      policy: { discounts: 'gross' },
      events: [issued('2026-01-15', 'in_1', [line('il_1', 6200, { ...month, discount: 3100 })]), recognised('2026-02')],
      balances: { EUR: { receivable: '31.00', revenue: '-62.00', discount: '31.00' } },
    },
    {
      slug: 'recognition-of-what-comes-late',
      title: 'An invoice that arrives when its month is recognised',
      story:
        'An invoice of January with 14.00 for February arrives after the run for February. The next run for February finds the 14.00.',
      events: [
        issued('2026-01-01', 'in_1', [line('il_1', 9000, quarter)]),
        recognised('2026-02'),
        issued('2026-01-15', 'in_2', [line('il_2', 3100, month)]),
        recognised('2026-02', 2),
      ],
      balances: { EUR: { receivable: '121.00', revenue: '-90.00', deferredRevenue: '-31.00' } },
      deferred: { '2026-03': '31.00' },
    },
    {
      slug: 'recognition-corrected-by-a-late-credit-note',
      title: 'A credit note that takes back a month already recognised',
      story:
        'February is recognised. Then a credit note dated 20 January arrives, which took February’s 14.00. The schedule of February is negative by it, and the next run takes the 14.00 of revenue back.',
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 3100, month)]),
        recognised('2026-02'),
        noted('2026-01-20', 'cn_1', 'in_1', [line('il_1', 1400)], { prePayment: 1400 }),
        recognised('2026-02', 2),
      ],
      balances: { EUR: { receivable: '17.00', revenue: '-17.00' } },
    },
    {
      slug: 'upgrade-mid-month',
      title: 'An upgrade in the middle of a month',
      story:
        'A plan of 31.00 for January is upgraded on 16 January to one of 62.00. The new invoice takes back the unused half of the old (−16.00 for 16 to 31 January) and bills the rest of the new one (32.00).',
      events: [
        issued('2026-01-01', 'in_1', [line('il_1', 3100, { from: '2026-01-01', to: '2026-02-01' })]),
        charged('2026-01-01', 'ch_1', 3100, { pays: 'in_1' }),
        issued('2026-01-16', 'in_2', [
          line('il_2', -1600, { from: '2026-01-16', to: '2026-02-01', proration: true, description: 'Unused Pro' }),
          line('il_3', 3200, { from: '2026-01-16', to: '2026-02-01', proration: true, product: 'prod_max' }),
        ]),
        charged('2026-01-16', 'ch_2', 1600, { pays: 'in_2' }),
      ],
      balances: { EUR: { clearing: '47.00', revenue: '-47.00' } },
    },
    {
      slug: 'upgrade-across-months',
      title: 'An upgrade whose plan reaches into the next month',
      story:
        '31.00 for 15 January to 15 February. On 22 January the plan becomes one of 62.00: 24 days are unused, −24.00, and the new plan costs 48.00 for them, 10 days in January and 14 in February.',
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 3100, month)]),
        issued('2026-01-22', 'in_2', [
          line('il_2', -2400, { from: '2026-01-22', to: '2026-02-15', proration: true, description: 'Unused Pro' }),
          line('il_3', 4800, { from: '2026-01-22', to: '2026-02-15', proration: true, product: 'prod_max' }),
        ]),
      ],
      balances: { EUR: { receivable: '55.00', revenue: '-27.00', deferredRevenue: '-28.00' } },
      deferred: { '2026-02': '28.00' },
      remarks: [
        'January: 17.00 of the old plan, less 10.00, and 20.00 of the new one are 27.00. February: 14.00 less 14.00 and 28.00 are 28.00.',
      ],
    },
    {
      slug: 'upgrade-of-an-annual-plan',
      title: 'An annual plan is upgraded in May',
      story:
        '365.00 for the year. On 1 May it becomes a plan of 730.00: 245 days are unused (−245.00) and cost 490.00 of the new plan. May is earned at issue, June to December are deferred at twice the price.',
      events: [
        issued('2026-01-01', 'in_1', [line('il_1', 36_500, year)]),
        ...recognisedAll('2026-02', '2026-03', '2026-04'),
        issued('2026-05-01', 'in_2', [
          line('il_2', -24_500, { from: '2026-05-01', to: '2027-01-01', proration: true, description: 'Unused Pro' }),
          line('il_3', 49_000, { from: '2026-05-01', to: '2027-01-01', proration: true, product: 'prod_max' }),
        ]),
        recognised('2026-05'),
      ],
      balances: { EUR: { receivable: '610.00', revenue: '-182.00', deferredRevenue: '-428.00' } },
      deferred: {
        ...{ '2026-06': '60.00', '2026-07': '62.00', '2026-08': '62.00', '2026-09': '60.00' },
        ...{ '2026-10': '62.00', '2026-11': '60.00', '2026-12': '62.00' },
      },
      remarks: ['Revenue: January to April 120.00, May 62.00. Deferred: 214 days at 2.00.'],
    },
    {
      slug: 'downgrade-to-credit',
      title: 'A downgrade becomes credit',
      story:
        '62.00 were paid for January. On 16 January the plan becomes one of 31.00: −32.00 unused, 16.00 for the rest. The invoice is negative, and its 16.00 are credit for the next.',
      events: [
        issued('2026-01-01', 'in_1', [line('il_1', 6200, { from: '2026-01-01', to: '2026-02-01' })]),
        charged('2026-01-01', 'ch_1', 6200, { pays: 'in_1' }),
        issued('2026-01-16', 'in_2', [
          line('il_2', -3200, { from: '2026-01-16', to: '2026-02-01', proration: true, description: 'Unused Max' }),
          line('il_3', 1600, { from: '2026-01-16', to: '2026-02-01', proration: true }),
        ]),
      ],
      balances: { EUR: { clearing: '62.00', customerCredit: '-16.00', revenue: '-46.00' } },
    },
    {
      slug: 'quantity-change-with-tax',
      title: 'A seat more, with tax',
      story:
        'On 22 January a second seat of 31.00 is added for the 24 days left: 24.00 and 4.80 tax, 14.00 of it for February.',
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 3100, { ...month, tax: 620 })]),
        issued('2026-01-22', 'in_2', [
          line('il_2', 2400, { from: '2026-01-22', to: '2026-02-15', proration: true, tax: 480 }),
        ]),
      ],
      balances: { EUR: { receivable: '66.00', revenue: '-27.00', deferredRevenue: '-28.00', 'tax FR-20': '-11.00' } },
      deferred: { '2026-02': '28.00' },
    },
    {
      slug: 'cancelled-at-once-and-refunded',
      title: 'Cancelled at once, the rest refunded',
      story:
        'A quarter of 90.00 is cancelled on 31 January. A credit note takes the 59.00 of February and March back, and they are refunded.',
      events: [
        issued('2026-01-01', 'in_1', [line('il_1', 9000, quarter)]),
        charged('2026-01-02', 'ch_1', 9000, { pays: 'in_1' }),
        noted('2026-01-31', 'cn_1', 'in_1', [line('il_1', 5900)], { refunds: [{ refund: 're_1', amount: 5900 }] }),
        refunded('2026-01-31', 're_1', 'ch_1', 9000, 5900, { pays: 'in_1', note: 'cn_1' }),
        recognised('2026-02'),
      ],
      balances: { EUR: { clearing: '31.00', revenue: '-31.00' } },
      silent: 1,
    },
    {
      slug: 'cancelled-at-the-periods-end',
      title: 'Cancelled at the end of the period',
      story:
        'The subscription ends with the quarter that was paid. The service is rendered until then: nothing changes, and the schedule runs out.',
      events: [
        issued('2026-01-01', 'in_1', [line('il_1', 9000, quarter)]),
        charged('2026-01-02', 'ch_1', 9000, { pays: 'in_1' }),
        ...recognisedAll('2026-02', '2026-03', '2026-04'),
      ],
      balances: { EUR: { clearing: '90.00', revenue: '-90.00' } },
      silent: 1,
    },
  ],
};
