import type { Family } from '../case.ts';
import { issued, line, noted } from '../stripe.ts';

const month = { from: '2026-01-15', to: '2026-02-15' };

export const taxAndDiscounts: Family = {
  topic: 'Tax and discounts',
  about:
    'Tax is kept as the provider computed it, by code and line, and is never deferred. Discounts are net or gross.',
  cases: [
    {
      slug: 'tax-exclusive',
      title: 'Tax on top of the price',
      story: '100.00 and 20 % tax on top: 120.00 is owed, 20.00 of it to the tax office.',
      events: [issued('2026-01-15', 'in_1', [line('il_1', 10_000, { tax: 2000 })])],
      balances: { EUR: { receivable: '120.00', revenue: '-100.00', 'tax FR-20': '-20.00' } },
    },
    {
      slug: 'tax-inclusive',
      title: 'Tax contained in the price',
      story: 'A price of 120.00 that contains 20 % tax: the customer owes 120.00, 100.00 is revenue.',
      events: [issued('2026-01-15', 'in_1', [line('il_1', 12_000, { tax: 2000, inclusive: true })])],
      balances: { EUR: { receivable: '120.00', revenue: '-100.00', 'tax FR-20': '-20.00' } },
    },
    {
      slug: 'tax-two-rates',
      title: 'Two rates on one invoice',
      story: 'A plan at 20 % and a book at 5.5 %: each tax stands under its own code.',
      events: [
        issued('2026-01-15', 'in_1', [
          line('il_1', 10_000, { tax: 2000 }),
          line('il_2', 2000, { tax: 110, rate: 'FR-5.5', product: 'prod_book', description: 'Book' }),
        ]),
      ],
      balances: { EUR: { receivable: '141.10', revenue: '-120.00', 'tax FR-20': '-20.00', 'tax FR-5.5': '-1.10' } },
    },
    {
      slug: 'tax-reverse-charge',
      title: 'Reverse charge',
      story:
        'A business in another member state owes the tax itself. The invoice shows no tax; its code stays with the line, so that 100.00 is reported as supplied under reverse charge.',
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 10_000, { tax: 0, rate: 'EU-RC', reason: 'reverse_charge' })]),
      ],
      balances: { EUR: { receivable: '100.00', revenue: '-100.00' } },
      remarks: [
        'A tax of zero makes no line in the entry. The invoice in the books keeps the code and the net it was taxed on.',
      ],
    },
    {
      slug: 'tax-is-not-deferred',
      title: 'Tax of a deferred service',
      story:
        '31.00 and 6.20 tax for 15 January to 15 February. The tax is owed with the invoice, all of it; only revenue is deferred.',
      events: [issued('2026-01-15', 'in_1', [line('il_1', 3100, { ...month, tax: 620 })])],
      balances: {
        EUR: { receivable: '37.20', revenue: '-17.00', deferredRevenue: '-14.00', 'tax FR-20': '-6.20' },
      },
      deferred: { '2026-02': '14.00' },
    },
    {
      slug: 'tax-on-a-negative-line',
      title: 'A negative line takes its tax back',
      story: 'A plan of 100.00 and a concession of −30.00 on one invoice, each with its tax.',
      events: [
        issued('2026-01-15', 'in_1', [
          line('il_1', 10_000, { tax: 2000 }),
          line('il_2', -3000, { tax: -600, description: 'Concession' }),
        ]),
      ],
      balances: { EUR: { receivable: '84.00', revenue: '-70.00', 'tax FR-20': '-14.00' } },
    },
    {
      slug: 'discount-net',
      title: 'A discount, booked net',
      story: '100.00 less 10.00: revenue is what is left. The default.',
      events: [issued('2026-01-15', 'in_1', [line('il_1', 10_000, { discount: 1000 })])],
      balances: { EUR: { receivable: '90.00', revenue: '-90.00' } },
    },
    {
      slug: 'discount-gross',
      title: 'A discount, booked gross',
      story:
        'The same for a tenant whose policy `discounts` is `gross`: revenue in full, and the discount on a contra account.',
      policy: { discounts: 'gross' },
      events: [issued('2026-01-15', 'in_1', [line('il_1', 10_000, { discount: 1000 })])],
      balances: { EUR: { receivable: '90.00', revenue: '-100.00', discount: '10.00' } },
    },
    {
      slug: 'discount-gross-deferred',
      title: 'A gross discount over two months',
      story:
        '62.00 less 31.00 for 15 January to 15 February: revenue of 34.00 and a discount of 17.00 belong to January; deferred revenue is held net.',
      policy: { discounts: 'gross' },
      events: [issued('2026-01-15', 'in_1', [line('il_1', 6200, { ...month, discount: 3100 })])],
      balances: { EUR: { receivable: '31.00', revenue: '-34.00', discount: '17.00', deferredRevenue: '-14.00' } },
      deferred: { '2026-02': '14.00' },
    },
    {
      slug: 'discount-on-an-inclusive-price',
      title: 'A discount on a price that contains tax',
      story:
        'A price of 120.00 with tax, 12.00 off: 108.00 is owed, of which 18.00 is tax. 10.00 of the discount was revenue given up, 2.00 was tax.',
      policy: { discounts: 'gross' },
      events: [issued('2026-01-15', 'in_1', [line('il_1', 12_000, { discount: 1200, tax: 1800, inclusive: true })])],
      balances: { EUR: { receivable: '108.00', revenue: '-100.00', discount: '10.00', 'tax FR-20': '-18.00' } },
    },
    {
      slug: 'discount-of-everything',
      title: 'A coupon for the whole price, gross',
      story: 'A plan of 100.00 with a coupon of 100 %: nothing is owed, and the books show what was given away.',
      policy: { discounts: 'gross' },
      events: [issued('2026-01-15', 'in_1', [line('il_1', 10_000, { discount: 10_000 })])],
      balances: { EUR: { revenue: '-100.00', discount: '100.00' } },
    },
    {
      slug: 'discount-gross-credited',
      title: 'A credit note on a gross discount',
      story: 'Half of a line of 100.00 less 10.00 is credited: revenue and discount go back as they were booked.',
      policy: { discounts: 'gross' },
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 10_000, { discount: 1000 })]),
        noted('2026-01-20', 'cn_1', 'in_1', [line('il_1', 5000, { discount: 500 })], { prePayment: 4500 }),
      ],
      balances: { EUR: { receivable: '45.00', revenue: '-50.00', discount: '5.00' } },
    },
  ],
};
