/**
 * The deferred revenue waterfall: per currency and accounts what was deferred, what came in, what was recognised and what
 * is still to come month by month; with the proof that the schedules are what stands on the accounts. Pure.
 */
import { z } from 'zod';
import { currency, formatMinor, minorUnits } from '../canonical/money.ts';
import { csvRecord } from './csv.ts';
import type { DeferredBooks, DeferredSlice } from './deferred-reads.ts';
import { type MoneyView, moneyOf, moneyView } from './views.ts';

export const waterfallView = z.object({
  entity: z.string(),
  baseCurrency: z.string(),
  by: z
    .enum(['booked', 'effective'])
    .describe('which day of an entry counts: when it was booked, or the day it is for'),
  from: z.string().nullable().describe('first day of the movements; null: from the beginning'),
  asOf: z.string().nullable().describe('last day looked at; null: as the books stand now'),
  rows: z.array(
    z.object({
      currency: z.string(),
      deferredAccount: z.string(),
      revenueAccount: z.string().describe('where it is recognised'),
      opening: moneyView
        .nullable()
        .describe('positive: still to be earned; null as of now, where movements are not told'),
      added: moneyView
        .nullable()
        .describe('set apart, less what credit notes, refunds, write-offs and voids took back'),
      recognised: moneyView.nullable(),
      closing: moneyView,
      baseOpening: moneyView.nullable(),
      baseAdded: moneyView.nullable(),
      baseRecognised: moneyView.nullable(),
      baseClosing: moneyView,
      toCome: z
        .array(z.object({ period: z.string().describe('2026-12'), amount: moneyView, base: moneyView }))
        .describe('closing by month; a month that is over waits for its recognition run'),
    }),
  ),
  accounts: z
    .array(
      z.object({
        account: z.string(),
        currency: z.string(),
        balance: moneyView.describe('by the account’s lines, credit positive'),
        baseBalance: moneyView,
        scheduled: moneyView.describe('by the open schedules'),
        baseScheduled: moneyView,
        agrees: z.boolean(),
      }),
    )
    .describe('the proof: each deferred revenue account against its schedules'),
});
export type Waterfall = z.infer<typeof waterfallView>;

export interface WaterfallHead extends Pick<Waterfall, 'entity' | 'baseCurrency' | 'by' | 'from' | 'asOf'> {
  /** Whether the slices tell movements, not just what is open. */
  readonly moves: boolean;
}

const sum = (slices: readonly DeferredSlice[], pick: (slice: DeferredSlice) => number): number =>
  slices.reduce((total, slice) => total + pick(slice), 0);
const open = (slice: DeferredSlice): number => slice.opening + slice.added - slice.recognised;
const baseOpen = (slice: DeferredSlice): number => slice.baseOpening + slice.baseAdded - slice.baseRecognised;

export function waterfall({ moves, ...head }: WaterfallHead, { slices, balances }: DeferredBooks): Waterfall {
  const byAccounts = Map.groupBy(slices, (slice) =>
    JSON.stringify([slice.currency, slice.deferredAccount, slice.revenueAccount]),
  );
  const rows = [...byAccounts.values()].flatMap((own) => rowOf(own, head.baseCurrency, moves));
  return { ...head, rows, accounts: proof(slices, balances, head.baseCurrency) };
}

function rowOf(own: readonly DeferredSlice[], baseCurrency: string, moves: boolean): Waterfall['rows'] {
  const [first] = own;
  if (first === undefined) return [];
  const { currency, deferredAccount, revenueAccount } = first;
  const money = (amount: number): MoneyView => moneyOf(amount, currency);
  const base = (amount: number): MoneyView => moneyOf(amount, baseCurrency);
  const moved = (amount: MoneyView): MoneyView | null => (moves ? amount : null);
  return [
    {
      ...{ currency, deferredAccount, revenueAccount },
      opening: moved(money(sum(own, (slice) => slice.opening))),
      added: moved(money(sum(own, (slice) => slice.added))),
      recognised: moved(money(sum(own, (slice) => slice.recognised))),
      closing: money(sum(own, open)),
      baseOpening: moved(base(sum(own, (slice) => slice.baseOpening))),
      baseAdded: moved(base(sum(own, (slice) => slice.baseAdded))),
      baseRecognised: moved(base(sum(own, (slice) => slice.baseRecognised))),
      baseClosing: base(sum(own, baseOpen)),
      toCome: own
        .filter((slice) => open(slice) !== 0 || baseOpen(slice) !== 0)
        .map((slice) => ({
          period: slice.period.slice(0, 7),
          amount: money(open(slice)),
          base: base(baseOpen(slice)),
        })),
    },
  ];
}

function proof(
  slices: readonly DeferredSlice[],
  balances: DeferredBooks['balances'],
  baseCurrency: string,
): Waterfall['accounts'] {
  const accounts = new Map<
    string,
    { account: string; currency: string; lines: [number, number]; open: [number, number] }
  >();
  const at = (account: string, currency: string) => {
    const key = JSON.stringify([account, currency]);
    const known = accounts.get(key) ?? { account, currency, lines: [0, 0], open: [0, 0] };
    accounts.set(key, known);
    return known;
  };
  for (const { account, currency, amount, base } of balances) {
    const { lines } = at(account, currency);
    lines[0] -= amount;
    lines[1] -= base;
  }
  for (const slice of slices) {
    const scheduled = at(slice.deferredAccount, slice.currency).open;
    scheduled[0] += open(slice);
    scheduled[1] += baseOpen(slice);
  }
  return [...accounts.values()].map(({ account, currency, lines, open: scheduled }) => ({
    ...{ account, currency },
    balance: moneyOf(lines[0], currency),
    baseBalance: moneyOf(lines[1], baseCurrency),
    scheduled: moneyOf(scheduled[0], currency),
    baseScheduled: moneyOf(scheduled[1], baseCurrency),
    agrees: lines[0] === scheduled[0] && lines[1] === scheduled[1],
  }));
}

const columns = [
  'entity',
  'as_of',
  'by',
  'currency',
  'deferred_account',
  'revenue_account',
  'item',
  'period',
  'amount',
  'base_currency',
  'base_amount',
];

const decimal = (money: MoneyView): string => formatMinor(minorUnits(money.amount), currency(money.currency));

/** One row per figure: opening, added, recognised, closing, and what is to come by month. */
export function waterfallCsv({ entity, baseCurrency, by, asOf, rows }: Waterfall): string {
  const lines = rows.flatMap((row) => {
    const head = [entity, asOf ?? 'now', by, row.currency, row.deferredAccount, row.revenueAccount];
    const figure = (item: string, period: string, amount: MoneyView | null, base: MoneyView | null) =>
      amount === null || base === null ? [] : [[...head, item, period, decimal(amount), baseCurrency, decimal(base)]];
    return [
      ...figure('opening', '', row.opening, row.baseOpening),
      ...figure('added', '', row.added, row.baseAdded),
      ...figure('recognised', '', row.recognised, row.baseRecognised),
      ...figure('closing', '', row.closing, row.baseClosing),
      ...row.toCome.flatMap(({ period, amount, base }) => figure('to come', period, amount, base)),
    ];
  });
  return [columns, ...lines].map(csvRecord).join('');
}
