import { quoted } from '../../canonical/rules/books.ts';
import type { Family, GoldenCase } from '../case.ts';
import { charged, closed, disputeOpened, issued, line, refunded, reinstated, withdrawn } from '../stripe.ts';

const year = { from: '2026-01-01', to: '2026-04-01' };
const pays = { pays: 'in_1' } as const;
const sold = [
  issued('2026-01-15', 'in_1', [line('il_1', 10_000)]),
  charged('2026-01-16', 'ch_1', 10_000, { ...pays, fee: 250 }),
];
const taxed = [
  issued('2026-01-01', 'in_1', [line('il_1', 9000, { ...year, tax: 1800 })]),
  charged('2026-01-02', 'ch_1', 10_800, pays),
];
const taken = [disputeOpened('2026-02-01', 'ch_1', 10_000), withdrawn('2026-02-01', 'ch_1', 10_000)];
const won = [reinstated('2026-03-01', 'ch_1', 10_000), closed('2026-03-01', 'ch_1', 10_000, 'won')];
const lost = [closed('2026-03-01', 'ch_1', 10_000, 'lost')];

/** Won and lost under one policy. */
function decided(
  as: 'receivable' | 'expense' | 'contra-revenue',
  words: { readonly won: string; readonly lost: string },
  loss: GoldenCase['balances'][string],
): GoldenCase[] {
  const policy = { bookDisputesAs: as };
  return [
    {
      ...{ slug: `dispute-won-${as}`, title: `Won, booked as ${as}`, story: words.won, policy },
      events: [...sold, ...taken, ...won],
      balances: { EUR: { clearing: '82.50', fees: '17.50', revenue: '-100.00' } },
      silent: 2,
      remarks: [
        'Opening it and closing it as won move nothing: the money is told by funds_withdrawn and funds_reinstated.',
      ],
    },
    {
      ...{ slug: `dispute-lost-${as}`, title: `Lost, booked as ${as}`, story: words.lost, policy },
      events: [...sold, ...taken, ...lost],
      balances: { EUR: { clearing: '-17.50', fees: '17.50', revenue: '-100.00', ...loss } },
      silent: as === 'expense' ? 2 : 1,
    },
  ];
}

export const disputes: Family = {
  topic: 'Disputes',
  about: 'What the payer’s bank takes back: parked, a loss at once, or contra-revenue when it is lost, by policy.',
  cases: [
    ...decided(
      'receivable',
      {
        won: 'The default. 100.00 and a dispute fee of 15.00 leave Stripe’s balance; the 100.00 are parked. The dispute is won, and they come back; the fee does not.',
        lost: 'The default. The parked 100.00 become a loss when the dispute is lost.',
      },
      { disputeLoss: '100.00' },
    ),
    ...decided(
      'expense',
      {
        won: 'The 100.00 are a loss as soon as they are withdrawn, and taken back when the dispute is won.',
        lost: 'The 100.00 were a loss when they were withdrawn; losing the dispute moves nothing more.',
      },
      { disputeLoss: '100.00' },
    ),
    ...decided(
      'contra-revenue',
      {
        won: 'Parked as by default, and back on clearing when it is won.',
        lost: 'Parked, and taken from revenue by the contra account Disputes when it is lost, as Stripe’s revenue recognition does.',
      },
      { disputedRevenue: '100.00' },
    ),
    {
      slug: 'dispute-still-open',
      title: 'Withdrawn and not yet decided',
      story: 'Two weeks into the dispute: the money is on disputes receivable, a question with an owner and an age.',
      events: [...sold, ...taken],
      balances: { EUR: { clearing: '-17.50', fees: '17.50', disputesReceivable: '100.00', revenue: '-100.00' } },
      silent: 1,
    },
    {
      slug: 'dispute-lost-of-a-deferred-service',
      title: 'Lost while part is deferred, as contra-revenue',
      story:
        '90.00 for January to March and 18.00 tax are lost to a dispute in January. The 59.00 of February and March were never earned and come off deferred revenue; the rest, tax included, is contra-revenue.',
      policy: { bookDisputesAs: 'contra-revenue' },
      events: [
        ...taxed,
        withdrawn('2026-01-10', 'ch_1', 10_800, { fee: 0 }),
        closed('2026-01-25', 'ch_1', 10_800, 'lost'),
      ],
      balances: { EUR: { revenue: '-31.00', disputedRevenue: '49.00', 'tax FR-20': '-18.00' } },
      remarks: [
        '49.00 are 31.00 of January and the 18.00 of tax that stay payable: whether tax can be claimed back is a question of law.',
      ],
    },
    {
      slug: 'dispute-lost-with-tax-relief',
      title: 'The same where the tax is claimed back',
      story: 'The policy `badDebtTax` is `relief`: the tax in what was lost goes back with it.',
      policy: { bookDisputesAs: 'contra-revenue', badDebtTax: 'relief' },
      events: [
        ...taxed,
        withdrawn('2026-01-10', 'ch_1', 10_800, { fee: 0 }),
        closed('2026-01-25', 'ch_1', 10_800, 'lost'),
      ],
      balances: { EUR: { revenue: '-31.00', disputedRevenue: '31.00' } },
    },
    {
      slug: 'dispute-closed-before-it-is-withdrawn',
      title: 'Heard of as lost before it was withdrawn',
      story:
        'Webhooks arrive out of order: lost first. It waits for the dispute; then the withdrawal is booked, and the loss after it.',
      events: [...sold, closed('2026-03-01', 'ch_1', 10_000, 'lost'), withdrawn('2026-02-01', 'ch_1', 10_000)],
      balances: { EUR: { clearing: '-17.50', fees: '17.50', disputeLoss: '100.00', revenue: '-100.00' } },
    },
    {
      slug: 'dispute-inquiry-closed',
      title: 'A mere inquiry',
      story: 'The payer’s bank asks and lets it be. No money ever moved.',
      events: [
        ...sold,
        disputeOpened('2026-02-01', 'ch_1', 10_000),
        closed('2026-02-10', 'ch_1', 10_000, 'warning_closed'),
      ],
      balances: { EUR: { clearing: '97.50', fees: '2.50', revenue: '-100.00' } },
      silent: 2,
    },
    {
      slug: 'dispute-after-a-refund',
      title: 'Disputed in full after half was refunded, as contra-revenue',
      story:
        '50.00 of 100.00 were refunded before. The bank takes the whole 100.00 back all the same, and the dispute is lost: 50.00 of it were left of the payment, the other 50.00 are lost beyond it.',
      policy: { bookDisputesAs: 'contra-revenue' },
      events: [...sold, refunded('2026-01-20', 're_1', 'ch_1', 10_000, 5000, pays), ...taken, ...lost],
      balances: {
        EUR: { clearing: '-67.50', fees: '17.50', revenue: '-100.00', refunds: '50.00', disputedRevenue: '100.00' },
      },
      silent: 1,
    },
    {
      slug: 'dispute-of-unapplied-cash',
      title: 'Money on no invoice is lost, as contra-revenue',
      story:
        'A charge on no invoice is disputed and lost. We owed it to the customer, and it is gone back: no revenue is concerned.',
      policy: { bookDisputesAs: 'contra-revenue' },
      events: [charged('2026-01-16', 'ch_1', 10_000, { fee: 250 }), ...taken, ...lost],
      balances: { EUR: { clearing: '-17.50', fees: '17.50' } },
      silent: 1,
    },
    {
      slug: 'dispute-won-at-another-rate',
      title: 'Won at another rate',
      story:
        'A sale of USD 100.00 is disputed when a dollar is worth EUR 0.90 and won at 0.80. Clearing is down by EUR 10.00, an exchange loss; nothing stays parked.',
      rates: [
        quoted('USD', 'EUR', '2026-01-15', '0.90'),
        quoted('USD', 'EUR', '2026-02-01', '0.90'),
        quoted('USD', 'EUR', '2026-03-01', '0.80'),
      ],
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 10_000)], { currency: 'usd' }),
        charged('2026-01-16', 'ch_1', 10_000, { ...pays, currency: 'usd' }),
        withdrawn('2026-02-01', 'ch_1', 10_000, { currency: 'usd', fee: 0 }),
        reinstated('2026-03-01', 'ch_1', 10_000, { currency: 'usd' }),
      ],
      balances: { USD: { clearing: '100.00', revenue: '-100.00' } },
      inBase: { clearing: '80.00', revenue: '-90.00', fxGainLoss: '10.00' },
    },
  ],
};
