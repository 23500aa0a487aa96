import type { Family } from '../case.ts';
import { invoiceEvent, issued, line, noon } from '../stripe.ts';

const month = { from: '2026-01-15', to: '2026-02-15' };
const january = { from: '2026-01-01', to: '2026-02-01' };
const year = { from: '2026-01-01', to: '2027-01-01' };

export const invoices: Family = {
  topic: 'Invoices',
  about: 'What an invoice books when it becomes a claim: revenue earned, revenue deferred, tax, discounts, credit.',
  cases: [
    {
      slug: 'invoice-one-off',
      title: 'A one-off sale',
      story:
        'A set-up fee of 100.00 is invoiced. It is for no span of time, so all of it is earned when it is invoiced.',
      events: [issued('2026-01-15', 'in_1', [line('il_1', 10_000, { description: 'Set-up', product: 'prod_setup' })])],
      balances: { EUR: { receivable: '100.00', revenue: '-100.00' } },
    },
    {
      slug: 'invoice-month-of-its-own',
      title: 'A subscription for the month it is invoiced in',
      story: 'January is invoiced in January: nothing is left to defer, as the months are the accounting periods.',
      events: [issued('2026-01-05', 'in_1', [line('il_1', 3100, january)])],
      balances: { EUR: { receivable: '31.00', revenue: '-31.00' } },
      remarks: ['Within a month nothing is deferred by the day: the month is the smallest period of these books.'],
    },
    {
      slug: 'invoice-mid-month-with-credit',
      title: 'Across two months, part paid from customer credit (the example of Stripe’s revenue recognition)',
      story:
        'On 15 January 31.00 is invoiced for 15 January to 15 February; 11.00 of it is paid from the customer’s balance. 17 of the 31 days are in January, 14 in February.',
      events: [issued('2026-01-15', 'in_1', [line('il_1', 3100, month)], { startingBalance: -1100 })],
      balances: {
        EUR: { receivable: '20.00', customerCredit: '11.00', revenue: '-17.00', deferredRevenue: '-14.00' },
      },
      deferred: { '2026-02': '14.00' },
      remarks: [
        'The 11.00 stands as a debit on customer credit only because the case does not show where it came from.',
      ],
    },
    {
      slug: 'invoice-annual',
      title: 'An annual plan',
      story:
        'On 1 January 365.00 is invoiced for the year: 31.00 of January is earned, the other months are deferred by their days.',
      events: [issued('2026-01-01', 'in_1', [line('il_1', 36_500, year)])],
      balances: { EUR: { receivable: '365.00', revenue: '-31.00', deferredRevenue: '-334.00' } },
      deferred: {
        ...{ '2026-02': '28.00', '2026-03': '31.00', '2026-04': '30.00', '2026-05': '31.00', '2026-06': '30.00' },
        ...{ '2026-07': '31.00', '2026-08': '31.00', '2026-09': '30.00', '2026-10': '31.00', '2026-11': '30.00' },
        '2026-12': '31.00',
      },
    },
    {
      slug: 'invoice-leap-year',
      title: 'February of a leap year has 29 days',
      story: 'In 2028 a quarter of 91 days is invoiced for 91.00: 31 days in January, 29 in February, 31 in March.',
      events: [issued('2028-01-01', 'in_1', [line('il_1', 9100, { from: '2028-01-01', to: '2028-04-01' })])],
      balances: { EUR: { receivable: '91.00', revenue: '-31.00', deferredRevenue: '-60.00' } },
      deferred: { '2028-02': '29.00', '2028-03': '31.00' },
      remarks: [
        'The span ends on 1 April at midnight in Paris, summer time by then; days are counted by the calendar, not by hours.',
      ],
    },
    {
      slug: 'invoice-rounding-of-months',
      title: 'Months that do not divide evenly',
      story:
        '10.00 for 90 days over three months: 3.44, 3.11 and 3.44 would leave a cent over. The largest remainder gets it.',
      events: [issued('2026-01-01', 'in_1', [line('il_1', 1000, { from: '2026-01-01', to: '2026-04-01' })])],
      balances: { EUR: { receivable: '10.00', revenue: '-3.45', deferredRevenue: '-6.55' } },
      deferred: { '2026-02': '3.11', '2026-03': '3.44' },
      remarks: [
        '31/90 of 10.00 is 3.4444…, 28/90 is 3.1111…: the remainders of January and March are equal, and the earlier month gets the cent.',
      ],
    },
    {
      slug: 'invoice-future-service',
      title: 'Service that begins next month',
      story: 'On 20 January the month of February is invoiced in advance: all of it is deferred.',
      events: [issued('2026-01-20', 'in_1', [line('il_1', 2800, { from: '2026-02-01', to: '2026-03-01' })])],
      balances: { EUR: { receivable: '28.00', deferredRevenue: '-28.00' } },
      deferred: { '2026-02': '28.00' },
    },
    {
      slug: 'invoice-arrears',
      title: 'Service of months gone by',
      story: 'On 3 February the usage of January is invoiced: the service is rendered, all of it is earned.',
      events: [issued('2026-02-03', 'in_1', [line('il_1', 3100, january)])],
      balances: { EUR: { receivable: '31.00', revenue: '-31.00' } },
      remarks: [
        'It is revenue of February, the day of the invoice: whether January has to be accrued is decided at closing, by hand.',
      ],
    },
    {
      slug: 'invoice-several-products',
      title: 'Several lines, one of them deferred',
      story: 'A set-up fee of 50.00 and a month of 31.00 from 15 January on, on one invoice.',
      events: [
        issued('2026-01-15', 'in_1', [
          line('il_1', 5000, { description: 'Set-up', product: 'prod_setup' }),
          line('il_2', 3100, month),
        ]),
      ],
      balances: { EUR: { receivable: '81.00', revenue: '-67.00', deferredRevenue: '-14.00' } },
      deferred: { '2026-02': '14.00' },
    },
    {
      slug: 'invoice-billed-without-deferral',
      title: 'The policy that defers nothing',
      story: 'The same month as above for a tenant whose policy `deferAt` is `never`: all revenue is earned at issue.',
      policy: { deferAt: 'never' },
      events: [issued('2026-01-15', 'in_1', [line('il_1', 3100, month)])],
      balances: { EUR: { receivable: '31.00', revenue: '-31.00' } },
    },
    {
      slug: 'invoice-for-nothing',
      title: 'An invoice over nothing',
      story:
        'A trial is invoiced over 0.00. It stands in the books as an entry without lines: it was issued, and moves nothing.',
      events: [issued('2026-01-15', 'in_1', [line('il_1', 0, { description: 'Trial' })])],
      balances: {},
    },
    {
      slug: 'invoice-negative-grants-credit',
      title: 'A negative invoice grants credit',
      story:
        'A correction of −20.00 is invoiced. Nobody pays a negative invoice: the amount becomes the customer’s credit.',
      events: [issued('2026-01-15', 'in_1', [line('il_1', -2000, { description: 'Correction' })])],
      balances: { EUR: { customerCredit: '-20.00', revenue: '20.00' } },
    },
    {
      slug: 'invoice-day-in-the-entitys-zone',
      title: 'The day is the entity’s, not the provider’s',
      story:
        'Finalized on 31 January at 23:30 UTC, which is half past midnight of 1 February in Paris: the books date it 1 February, and February is earned.',
      events: [
        issued('2026-02-01', 'in_1', [line('il_1', 2800, { from: '2026-02-01', to: '2026-03-01' })], {
          at: Date.parse('2026-01-31T23:30:00Z') / 1000,
        }),
      ],
      balances: { EUR: { receivable: '28.00', revenue: '-28.00' } },
    },
    {
      slug: 'invoice-told-twice',
      title: 'The same invoice told twice',
      story: 'Stripe sends the same finalized invoice under two event ids. The second adds nothing.',
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 10_000)]),
        issued('2026-01-15', 'in_1', [line('il_1', 10_000)], { at: noon('2026-01-15') + 60 }),
      ],
      balances: { EUR: { receivable: '100.00', revenue: '-100.00' } },
      silent: 1,
    },
    {
      slug: 'invoice-told-differently',
      title: 'The same invoice with another amount',
      story:
        'An invoice in the books is told again with another total. Nothing booked is ever changed: a person decides.',
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 10_000)]),
        issued('2026-01-16', 'in_1', [line('il_1', 12_000)]),
      ],
      balances: { EUR: { receivable: '100.00', revenue: '-100.00' } },
      asks: ['conflicting_facts'],
    },
    {
      slug: 'invoice-paid-from-credit-alone',
      title: 'Paid in full from the customer’s balance',
      story:
        'The customer has 150.00 of credit; an invoice of 100.00 uses 100.00 of it. Stripe also says that it is paid: no money moved.',
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 10_000)], { startingBalance: -15_000 }),
        invoiceEvent('2026-01-15', 'invoice.paid', 'in_1', [line('il_1', 10_000)], {
          startingBalance: -15_000,
          status: 'paid',
          amountPaid: 0,
        }),
      ],
      balances: { EUR: { customerCredit: '100.00', revenue: '-100.00' } },
      silent: 1,
    },
  ],
};
