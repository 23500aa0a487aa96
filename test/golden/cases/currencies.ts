import { quoted } from '../../canonical/rules/books.ts';
import type { Family } from '../case.ts';
import { recognised } from '../own.ts';
import { charged, invoiceEvent, issued, line, refunded } from '../stripe.ts';

const usd = { currency: 'usd' } as const;
const pays = { pays: 'in_1' } as const;
const dollars = [line('il_1', 10_000)];
const at090 = quoted('USD', 'EUR', '2026-01-15', '0.90');
const at080 = quoted('USD', 'EUR', '2026-02-10', '0.80');
const yen = (date: string) => quoted('JPY', 'EUR', date, '0.006');

export const currencies: Family = {
  topic: 'Currencies',
  about:
    'A foreign amount is worth what the processor’s conversion says, else the tenant’s rate of the day or of the seven days before. Realised differences are booked; minor units are ISO 4217’s.',
  cases: [
    {
      slug: 'fx-settled-at-another-rate',
      title: 'An invoice settled at another rate',
      story:
        'USD 100.00 are invoiced at 0.90 and paid in dollars when a dollar is worth 0.80: EUR 90.00 were owed, EUR 80.00 came. The 10.00 are a realised loss.',
      rates: [at090, at080],
      events: [
        issued('2026-01-15', 'in_1', dollars, usd),
        charged('2026-02-10', 'ch_1', 10_000, { ...pays, ...usd, fee: 300 }),
      ],
      balances: { USD: { clearing: '97.00', fees: '3.00', revenue: '-100.00' } },
      inBase: { clearing: '77.60', fees: '2.40', revenue: '-90.00', fxGainLoss: '10.00' },
      remarks: [
        'A target that reconciles foreign receivables itself (Odoo) books the difference, and is sent the entry without it.',
      ],
    },
    {
      slug: 'fx-converted-by-the-processor',
      title: 'The processor converts',
      story:
        'USD 100.00 at 0.90 are paid, and Stripe settles EUR 85.00, keeping 2.00. Its conversion is the rate: EUR 85.00 came for EUR 90.00 owed.',
      rates: [at090],
      events: [
        issued('2026-01-15', 'in_1', dollars, usd),
        charged('2026-01-20', 'ch_1', 10_000, {
          ...{ ...pays, ...usd, fee: 200 },
          settled: { amount: 8500, currency: 'eur', rate: 0.85 },
        }),
      ],
      balances: {
        USD: { fxConversion: '100.00', revenue: '-100.00' },
        EUR: { clearing: '83.00', fees: '2.00', fxConversion: '-85.00' },
      },
      inBase: { clearing: '83.00', fees: '2.00', revenue: '-90.00', fxGainLoss: '5.00' },
    },
    {
      slug: 'fx-gain',
      title: 'A realised gain',
      story: 'USD 100.00 are invoiced at 0.80 and paid at 0.90: EUR 10.00 more than was owed.',
      rates: [quoted('USD', 'EUR', '2026-01-15', '0.80'), quoted('USD', 'EUR', '2026-02-10', '0.90')],
      events: [issued('2026-01-15', 'in_1', dollars, usd), charged('2026-02-10', 'ch_1', 10_000, { ...pays, ...usd })],
      balances: { USD: { clearing: '100.00', revenue: '-100.00' } },
      inBase: { clearing: '90.00', revenue: '-80.00', fxGainLoss: '-10.00' },
    },
    {
      slug: 'fx-paid-in-parts',
      title: 'Paid in two parts at two rates',
      story:
        'USD 100.00 at 0.90; 30.00 are paid at 0.90 and 70.00 at 0.80. Each part takes its part of the EUR 90.00 with it; only the second differs, by 7.00.',
      rates: [at090, at080],
      events: [
        issued('2026-01-15', 'in_1', dollars, usd),
        charged('2026-01-20', 'ch_1', 3000, { ...pays, ...usd }),
        charged('2026-02-10', 'ch_2', 7000, { ...pays, ...usd }),
      ],
      balances: { USD: { clearing: '100.00', revenue: '-100.00' } },
      inBase: { clearing: '83.00', revenue: '-90.00', fxGainLoss: '7.00' },
    },
    {
      slug: 'fx-quoted-the-other-way',
      title: 'A rate quoted the other way round',
      story: 'The tenant’s table says what a euro costs in dollars, 1.25. USD 100.00 are EUR 80.00.',
      rates: [quoted('EUR', 'USD', '2026-01-15', '1.25')],
      events: [issued('2026-01-15', 'in_1', dollars, usd)],
      balances: { USD: { receivable: '100.00', revenue: '-100.00' } },
      inBase: { receivable: '80.00', revenue: '-80.00' },
    },
    {
      slug: 'fx-rate-of-friday',
      title: 'The rate of the days before',
      story: 'There is no rate for Sunday 18 January; the one of Thursday, three days old, is used.',
      rates: [at090],
      events: [issued('2026-01-18', 'in_1', dollars, usd)],
      balances: { USD: { receivable: '100.00', revenue: '-100.00' } },
      inBase: { receivable: '90.00', revenue: '-90.00' },
    },
    {
      slug: 'fx-rate-too-old',
      title: 'A rate older than seven days',
      story:
        'The newest rate is ten days old: the feed has stopped. Nothing is guessed; a person adds a rate, and the invoice is booked then.',
      rates: [at090],
      events: [issued('2026-01-25', 'in_1', dollars, usd)],
      balances: {},
      asks: ['rate_missing'],
    },
    {
      slug: 'fx-no-rate-needed',
      title: 'No rate is needed where the processor converted',
      story:
        'A euro invoice is paid by a card in dollars’ balance: Stripe settles USD 110.00 for EUR 100.00. One side is the entity’s currency, so no table is asked.',
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 10_000)]),
        charged('2026-01-16', 'ch_1', 10_000, {
          ...{ ...pays, fee: 330 },
          settled: { amount: 11_000, currency: 'usd', rate: 1.1 },
        }),
      ],
      balances: {
        EUR: { fxConversion: '100.00', revenue: '-100.00' },
        USD: { clearing: '106.70', fees: '3.30', fxConversion: '-110.00' },
      },
      inBase: { clearing: '97.00', fees: '3.00', revenue: '-100.00' },
    },
    {
      slug: 'fx-refund-at-another-rate',
      title: 'Refunded at another rate',
      story:
        'USD 100.00 are sold and paid at 0.90 and refunded at 0.80. The refund takes revenue of EUR 90.00 back and costs EUR 80.00: a gain of 10.00 on dollars that had lost as much on clearing.',
      rates: [at090, at080],
      events: [
        issued('2026-01-15', 'in_1', dollars, usd),
        charged('2026-01-15', 'ch_1', 10_000, { ...pays, ...usd }),
        refunded('2026-02-10', 're_1', 'ch_1', 10_000, 10_000, { ...pays, ...usd }),
      ],
      balances: { USD: { revenue: '-100.00', refunds: '100.00' } },
      inBase: { clearing: '10.00', revenue: '-90.00', refunds: '90.00', fxGainLoss: '-10.00' },
      remarks: [
        'The 10.00 of base left on an empty dollar account are its unrealised loss: revaluation at closing takes them off. These rules do not revalue.',
      ],
    },
    {
      slug: 'fx-write-off',
      title: 'Written off at the rate of issue',
      story:
        'USD 100.00 at 0.90 are written off when the dollar is at 0.80. What is lost is the claim as it stands in the books: EUR 90.00, and no exchange difference.',
      rates: [at090, at080],
      events: [
        issued('2026-01-15', 'in_1', dollars, usd),
        invoiceEvent('2026-02-10', 'invoice.marked_uncollectible', 'in_1', dollars, {
          ...usd,
          status: 'uncollectible',
        }),
      ],
      balances: { USD: { badDebt: '100.00', revenue: '-100.00' } },
      inBase: { badDebt: '90.00', revenue: '-90.00' },
    },
    {
      slug: 'fx-deferred',
      title: 'Deferred revenue keeps its rate',
      story:
        'USD 31.00 for 15 January to 15 February at 0.90. February’s 14.00 are recognised at 0.90 though the dollar is at 0.80 by then: money received in advance is no monetary item.',
      rates: [at090, quoted('USD', 'EUR', '2026-02-25', '0.80')],
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 3100, { from: '2026-01-15', to: '2026-02-15' })], usd),
        recognised('2026-02'),
      ],
      balances: { USD: { receivable: '31.00', revenue: '-31.00' } },
      inBase: { receivable: '27.90', revenue: '-27.90' },
    },
    {
      slug: 'fx-entity-in-dollars',
      title: 'An entity that keeps its books in dollars',
      story: 'A US entity sells for EUR 100.00 at 1.20. Stripe converts to USD 118.00 and keeps 3.00.',
      base: 'USD',
      timeZone: 'America/New_York',
      rates: [quoted('EUR', 'USD', '2026-01-15', '1.20')],
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 10_000)]),
        charged('2026-01-16', 'ch_1', 10_000, {
          ...{ ...pays, fee: 300 },
          settled: { amount: 11_800, currency: 'usd', rate: 1.18 },
        }),
      ],
      balances: {
        EUR: { fxConversion: '100.00', revenue: '-100.00' },
        USD: { clearing: '115.00', fees: '3.00', fxConversion: '-118.00' },
      },
      inBase: { clearing: '115.00', fees: '3.00', revenue: '-120.00', fxGainLoss: '2.00' },
    },
    {
      slug: 'currency-jpy',
      title: 'Japanese yen: no minor unit',
      story:
        '12,000 yen with 1,091 of tax contained, paid with a fee of 432. There are no sen: Stripe sends whole yen, and whole yen are booked.',
      base: 'JPY',
      timeZone: 'Asia/Tokyo',
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 12_000, { tax: 1091, rate: 'JP-10', inclusive: true })], {
          currency: 'jpy',
        }),
        charged('2026-01-16', 'ch_1', 12_000, { ...pays, currency: 'jpy', fee: 432 }),
      ],
      balances: { JPY: { clearing: '11568', fees: '432', revenue: '-10909', 'tax JP-10': '-1091' } },
    },
    {
      slug: 'currency-jpy-over-months',
      title: 'Yen that do not divide over months',
      story: '1,000 yen for January to March, 90 days: 344.44…, 311.11… and 344.44…. Whole yen that sum to 1,000.',
      base: 'JPY',
      timeZone: 'Europe/Paris',
      events: [
        issued('2026-01-01', 'in_1', [line('il_1', 1000, { from: '2026-01-01', to: '2026-04-01' })], {
          currency: 'jpy',
        }),
      ],
      balances: { JPY: { receivable: '1000', revenue: '-345', deferredRevenue: '-655' } },
      deferred: { '2026-02': '311', '2026-03': '344' },
    },
    {
      slug: 'currency-jpy-in-euros',
      title: 'A yen invoice in euro books',
      story: '10,000 yen at 0.006 are EUR 60.00. Stripe settles EUR 61.00.',
      rates: [yen('2026-01-15')],
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 10_000)], { currency: 'jpy' }),
        charged('2026-01-16', 'ch_1', 10_000, {
          ...{ ...pays, currency: 'jpy', fee: 100 },
          settled: { amount: 6100, currency: 'eur', rate: 0.61 },
        }),
      ],
      balances: {
        JPY: { fxConversion: '10000', revenue: '-10000' },
        EUR: { clearing: '60.00', fees: '1.00', fxConversion: '-61.00' },
      },
      inBase: { clearing: '60.00', fees: '1.00', revenue: '-60.00', fxGainLoss: '-1.00' },
      remarks: [
        'Stripe’s exchange rate relates minor units, 0.61 cent per yen; the books’ rate relates whole units, 0.0061.',
      ],
    },
    {
      slug: 'currency-kwd',
      title: 'Kuwaiti dinar: three decimals',
      story: '12.500 dinar are sold and paid with a fee of 0.360. Stripe sends thousandths, the last digit zero.',
      base: 'KWD',
      timeZone: 'Asia/Kuwait',
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 12_500)], { currency: 'kwd' }),
        charged('2026-01-16', 'ch_1', 12_500, { ...pays, currency: 'kwd', fee: 360 }),
      ],
      balances: { KWD: { clearing: '12.140', fees: '0.360', revenue: '-12.500' } },
    },
    {
      slug: 'currency-isk',
      title: 'Icelandic króna: none by ISO, two at Stripe',
      story:
        '5,000 krónur. ISO 4217 gives the króna no minor unit; Stripe sends 500000 all the same. The books hold 5,000.',
      base: 'ISK',
      timeZone: 'Atlantic/Reykjavik',
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 500_000)], { currency: 'isk' }),
        charged('2026-01-16', 'ch_1', 500_000, { ...pays, currency: 'isk', fee: 14_000 }),
      ],
      balances: { ISK: { clearing: '4860', fees: '140', revenue: '-5000' } },
    },
    {
      slug: 'currency-isk-fraction',
      title: 'A fraction of a króna',
      story:
        'Stripe announces 5,000.50 krónur. The books know no half króna, and do not round: the event is kept for a person.',
      base: 'ISK',
      timeZone: 'Atlantic/Reykjavik',
      events: [issued('2026-01-15', 'in_1', [line('il_1', 500_050)], { currency: 'isk' })],
      balances: {},
      asks: ['unsupported_shape'],
    },
    {
      slug: 'currency-ugx',
      title: 'Ugandan shilling: none by ISO, two at Stripe',
      story: '37,000 shillings: Stripe sends 3700000, the books hold 37,000.',
      base: 'UGX',
      timeZone: 'Africa/Kampala',
      events: [
        issued('2026-01-15', 'in_1', [line('il_1', 3_700_000)], { currency: 'ugx' }),
        charged('2026-01-16', 'ch_1', 3_700_000, { ...pays, currency: 'ugx', fee: 150_000 }),
      ],
      balances: { UGX: { clearing: '35500', fees: '1500', revenue: '-37000' } },
    },
    {
      slug: 'currency-mga',
      title: 'Malagasy ariary: two by ISO, none at Stripe',
      story: '45,000 ariary: Stripe sends 45000, the books hold 45,000.00.',
      base: 'MGA',
      timeZone: 'Indian/Antananarivo',
      events: [issued('2026-01-15', 'in_1', [line('il_1', 45_000)], { currency: 'mga' })],
      balances: { MGA: { receivable: '45000.00', revenue: '-45000.00' } },
    },
  ],
};
