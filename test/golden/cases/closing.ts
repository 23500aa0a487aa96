import { currency, minorUnits } from '../../../src/canonical/money.ts';
import { at, key } from '../../canonical/rules/books.ts';
import type { Family } from '../case.ts';
import { fact, journal } from '../own.ts';
import { CUSTOMER, charged, issued, line } from '../stripe.ts';

const sold = issued('2026-01-15', 'in_1', [line('il_1', 10_000)]);
const acme = key('customer', CUSTOMER);

export const closing: Family = {
  topic: 'Periods, opening balances and corrections',
  about:
    'A closed period moves only by policy, and nothing booked is ever changed: corrections are entries of their own.',
  cases: [
    {
      slug: 'closed-period',
      title: 'An invoice of a closed month',
      story:
        'January is closed when an invoice of 15 January arrives. It is not booked: a person reopens the month, or lets it move.',
      closedUntil: '2026-01-31',
      events: [sold],
      balances: {},
      asks: ['period_closed'],
    },
    {
      slug: 'closed-period-moved',
      title: 'Moved to the next open day',
      story:
        'The same by the policy `latePeriod: next-open`: booked on 1 February, and its description says where it came from.',
      closedUntil: '2026-01-31',
      policy: { latePeriod: 'next-open' },
      events: [sold],
      balances: { EUR: { receivable: '100.00', revenue: '-100.00' } },
    },
    {
      slug: 'closed-period-moved-deferral',
      title: 'A deferred service that moves',
      story:
        '59.00 for January and February, invoiced on 1 January and booked on 1 February: both months are earned by then.',
      closedUntil: '2026-01-31',
      policy: { latePeriod: 'next-open' },
      events: [issued('2026-01-01', 'in_1', [line('il_1', 5900, { from: '2026-01-01', to: '2026-03-01' })])],
      balances: { EUR: { receivable: '59.00', revenue: '-59.00' } },
    },
    {
      slug: 'opening-balance',
      title: 'Opening balances',
      story:
        'The books begin on 1 January with EUR 350.00 on Stripe’s balance, 120.00 of receivables and 80.00 deferred; what they come to stands on suspense until the old books are closed against it.',
      events: [
        journal('2026-01-01', 'opening', 'opening', 'Opening balances', [
          ['clearing', '350.00'],
          ['receivable', '120.00'],
          ['deferredRevenue', '-80.00'],
          ['suspense', '-390.00'],
        ]),
      ],
      balances: { EUR: { clearing: '350.00', receivable: '120.00', deferredRevenue: '-80.00', suspense: '-390.00' } },
      remarks: [
        'The 80.00 have no schedule in this case: a history load brings schedules with the invoices they belong to.',
      ],
    },
    {
      slug: 'reversal-and-correction',
      title: 'A reversal, and what stands in its place',
      story:
        'A payout was announced with 97.50 to the bank; 2.50 of it never arrived and were a bank fee. The entry is reversed and booked anew: three entries tell what happened, none was changed.',
      events: [
        sold,
        charged('2026-01-16', 'ch_1', 10_000, { pays: 'in_1' }),
        journal('2026-01-20', 'move', 'correction', 'Moved to the bank', [
          ['bankInTransit', '100.00'],
          ['clearing', '-100.00'],
        ]),
        journal('2026-01-22', 'move-reversed', 'reversal', 'Reversal of: Moved to the bank', [
          ['bankInTransit', '-100.00'],
          ['clearing', '100.00'],
        ]),
        journal('2026-01-22', 'move-corrected', 'correction', 'Moved to the bank, less its fee', [
          ['bankInTransit', '97.50'],
          ['fees', '2.50'],
          ['clearing', '-100.00'],
        ]),
      ],
      balances: { EUR: { bankInTransit: '97.50', fees: '2.50', revenue: '-100.00' } },
    },
    {
      slug: 'suspense-cleared',
      title: 'Suspense is cleared by a person',
      story:
        'A top-up stood on suspense. A person finds it on the bank statement and books it against money in transit.',
      events: [
        fact('2026-01-16', 'tu_1', {
          ...{
            kind: 'balance.adjusted',
            occurredAt: at('2026-01-16'),
            requires: [],
            adjustment: key('adjustment', 'tu_1'),
          },
          ...{ currency: currency('EUR'), amount: minorUnits(50_000), category: 'topup' },
        }),
        journal('2026-01-20', 'topup', 'correction', 'Top-up of 16 January', [
          ['suspense', '500.00'],
          ['bankInTransit', '-500.00'],
        ]),
      ],
      balances: { EUR: { clearing: '500.00', bankInTransit: '-500.00' } },
      asks: ['unsupported'],
    },
    {
      slug: 'deal-won',
      title: 'A sale is closed in the CRM',
      story:
        'Salesforce says that a deal over 12,000.00 is won. There is no claim before the invoice: a memo without lines (ASC 606, no right to consideration).',
      events: [
        fact(
          '2026-01-10',
          'Acme rollout',
          {
            ...{
              kind: 'deal.won',
              occurredAt: at('2026-01-10'),
              requires: [],
              deal: key('deal', '006A'),
              customer: acme,
            },
            ...{ name: 'Acme rollout', currency: currency('EUR'), amount: minorUnits(1_200_000) },
          },
          'Salesforce',
        ),
      ],
      balances: {},
    },
    {
      slug: 'contract-activated',
      title: 'A contract begins',
      story: 'Salesforce activates a contract. Nothing is owed for it yet: a memo.',
      events: [
        fact(
          '2026-01-12',
          'Acme contract',
          {
            ...{ kind: 'contract.activated', occurredAt: at('2026-01-12'), requires: [] },
            ...{ contract: key('contract', '800A'), customer: acme, name: 'Acme contract' },
          },
          'Salesforce',
        ),
      ],
      balances: {},
    },
    {
      slug: 'processor-fee',
      title: 'A fee the processor charges by itself',
      story: 'A monthly fee of 25.00 is taken from the balance.',
      events: [
        fact(
          '2026-01-31',
          'fee_1',
          {
            ...{ kind: 'processor.fee', occurredAt: at('2026-01-31'), requires: [], fee: key('fee', 'fee_1') },
            ...{ currency: currency('EUR'), amount: minorUnits(2500), description: 'Monthly fee' },
          },
          'the processor',
        ),
      ],
      balances: { EUR: { clearing: '-25.00', fees: '25.00' } },
    },
  ],
};
