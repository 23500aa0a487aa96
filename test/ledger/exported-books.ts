/** Small books that hold what exports stumble over: three currencies, pure exchange differences, memos, odd names. */

import type { AccountRole } from '../../src/canonical/accounts.ts';
import { type Currency, currency, minorUnits } from '../../src/canonical/money.ts';
import type { BookedEntry } from '../../src/ledger/entry-pages.ts';
import type { StoredLine } from '../../src/ledger/views.ts';

export const EUR: Currency = currency('EUR');
export const about = { tenant: 'acme', entity: 'acme-eu', baseCurrency: EUR, from: null };

export const chart = {
  receivable: '121000',
  revenue: { default: '400000', prod_1: '400.1 É' },
  tax: { 'FR-20': '445710' },
  clearing: { default: '517000', USD: '517001', JPY: '517002' },
  fxConversion: '580000',
  fxGainLoss: '766000',
  fees: 'frais bancaires',
};

export const line = (
  role: AccountRole,
  account: string,
  code: string,
  amount: number,
  base: number,
  more: Partial<StoredLine> = {},
): StoredLine => ({
  ...{
    role,
    account,
    currency: currency(code),
    amount: minorUnits(amount),
    base: minorUnits(base),
    customer: null,
    tax: null,
    memo: null,
  },
  ...more,
});

const entry = (
  position: number,
  description: string,
  lines: readonly StoredLine[],
  kind = 'invoice.issued',
): BookedEntry => ({
  ...{ id: `stripe:cus_1#${position}.0`, lane: 'stripe:cus_1', position, part: 0, date: `2026-11-0${position}`, kind },
  ...{
    entity: 'acme-eu',
    object: `stripe:invoice:in_${position}`,
    description,
    baseCurrency: EUR,
    lines,
    source: 'stripe',
  },
  ...{
    eventId: `evt_${position}`,
    bodyHash: 'b'.repeat(64),
    configVersion: 1,
    bookedAt: '2026-11-22T10:00:00.000Z',
    hash: 'c'.repeat(64),
  },
});

export const books: readonly BookedEntry[] = [
  entry(1, 'Invoice INV-1 issued; "quoted" | piped\nsecond line', [
    line('receivable', '121000', 'EUR', 12000, 12000, { customer: 'stripe:customer:cus_1' }),
    line('revenue', '400.1 É', 'EUR', -10000, -10000),
    line('tax', '445710', 'EUR', -2000, -2000, { tax: 'FR-20' }),
  ]),
  entry(2, 'Payment in dollars, settled in euro', [
    line('clearing', '517001', 'USD', 10000, 9213),
    line('fxConversion', '580000', 'USD', -10000, -9213, { memo: 'ratio: 1; 2' }),
    line('fxConversion', '580000', 'EUR', 9250, 9250),
    line('fees', 'frais bancaires', 'EUR', 37, 37),
    line('receivable', '121000', 'EUR', -9287, -9287),
  ]),
  entry(3, 'Exchange difference only', [
    line('receivable', '121000', 'USD', 0, 37),
    line('fxGainLoss', '766000', 'EUR', -37, -37),
    line('fxConversion', '580000', 'EUR', 0, 0),
  ]),
  entry(4, 'Yen', [
    line('clearing', '517002', 'JPY', 123456, 75003),
    line('revenue', '400000', 'JPY', -123456, -75003),
  ]),
  entry(5, 'A deal was won', [], 'deal.won'),
];
