/**
 * The trial balance: per account and currency what was there before, what moved, what is there now, in the currency
 * and in the entity's own. Made from `balances` (monthly turnover), never from entries, so it costs accounts × months.
 */
import { type AnyColumn, and, eq, lte, max, min, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Bookkeeping } from './accounts-by-code.ts';
import type { LedgerReads } from './reads.ts';
import { balances } from './schema.ts';
import { type MoneyView, moneyOf, moneyView } from './views.ts';

export const trialBalanceView = z.object({
  entity: z.string(),
  from: z.string().describe('first month or day of the turnover, 2026-11'),
  asOf: z.string().describe('last month or day of the turnover'),
  baseCurrency: z.string().nullable(),
  accounts: z.array(
    z.object({
      account: z.string(),
      role: z.string().nullable().describe('what the live config uses the account for'),
      currency: z.string(),
      opening: moneyView.describe('debit positive'),
      debit: moneyView,
      credit: moneyView,
      closing: moneyView,
      baseOpening: moneyView,
      baseDebit: moneyView,
      baseCredit: moneyView,
      baseClosing: moneyView,
    }),
  ),
  totals: z
    .object({ opening: moneyView, debit: moneyView, credit: moneyView, closing: moneyView })
    .nullable()
    .describe('sums over base amounts; opening and closing of balanced books are zero'),
  currencies: z
    .array(z.object({ currency: z.string(), closing: moneyView }))
    .describe('sum of closings per currency; zero in balanced books'),
  balanced: z.boolean(),
});
export type TrialBalance = z.infer<typeof trialBalanceView>;

/** Turnover of one account in one currency, before and within the span. Minor units. */
export interface AccountTurnover {
  readonly account: string;
  readonly currency: string;
  readonly opening: number;
  readonly debit: number;
  readonly credit: number;
  readonly baseOpening: number;
  readonly baseDebit: number;
  readonly baseCredit: number;
  readonly baseCurrency: string;
}

/** More accounts × currencies than this in one entity is refused rather than cut. */
export const MAX_ACCOUNTS = 5000;

/** Pure. `balanced`: every currency sums to zero, and so do the base amounts, before, within and after the span. */
export function trialBalance(
  entity: string,
  span: { readonly from: string; readonly asOf: string },
  rows: readonly AccountTurnover[],
  bookkeeping: Bookkeeping,
): TrialBalance {
  const base = rows[0]?.baseCurrency ?? null;
  const sum = (pick: (row: AccountTurnover) => number) => rows.reduce((total, row) => total + pick(row), 0);
  const closings = new Map<string, number>();
  for (const row of rows) {
    closings.set(row.currency, (closings.get(row.currency) ?? 0) + row.opening + row.debit - row.credit);
  }
  const baseOpening = sum((row) => row.baseOpening);
  const baseDebit = sum((row) => row.baseDebit);
  const baseCredit = sum((row) => row.baseCredit);
  const money = (amount: number): MoneyView => moneyOf(amount, base ?? 'XXX');
  return {
    entity,
    ...span,
    baseCurrency: base,
    accounts: rows.map((row) => accountLine(row, bookkeeping)),
    totals:
      base === null
        ? null
        : {
            opening: money(baseOpening),
            debit: money(baseDebit),
            credit: money(baseCredit),
            closing: money(baseOpening + baseDebit - baseCredit),
          },
    currencies: [...closings].map(([currency, closing]) => ({ currency, closing: moneyOf(closing, currency) })),
    balanced: baseOpening === 0 && baseDebit === baseCredit && [...closings.values()].every((closing) => closing === 0),
  };
}

function accountLine(row: AccountTurnover, bookkeeping: Bookkeeping): TrialBalance['accounts'][number] {
  const own = (amount: number) => moneyOf(amount, row.currency);
  const base = (amount: number) => moneyOf(amount, row.baseCurrency);
  return {
    account: row.account,
    role: bookkeeping.roleOf(row.account),
    currency: row.currency,
    opening: own(row.opening),
    debit: own(row.debit),
    credit: own(row.credit),
    closing: own(row.opening + row.debit - row.credit),
    baseOpening: base(row.baseOpening),
    baseDebit: base(row.baseDebit),
    baseCredit: base(row.baseCredit),
    baseClosing: base(row.baseOpening + row.baseDebit - row.baseCredit),
  };
}

const before = (column: AnyColumn, from: string) =>
  sql<number>`sum(CASE WHEN ${balances.period} < ${from} THEN ${column} ELSE 0 END)`;
const within = (column: AnyColumn, from: string) =>
  sql<number>`sum(CASE WHEN ${balances.period} >= ${from} THEN ${column} ELSE 0 END)`;

/** Months the entity's books span, or null when they are empty. */
export async function bookedSpan(db: LedgerReads, tenant: string, entity: string) {
  const row = await db
    .select({ first: min(balances.period), last: max(balances.period) })
    .from(balances)
    .where(and(eq(balances.tenant, tenant), eq(balances.entity, entity)))
    .get();
  return row === undefined || row.first === null || row.last === null ? null : { first: row.first, last: row.last };
}

/** At most `MAX_ACCOUNTS + 1` rows; the caller refuses what is over. */
export async function readTurnover(
  db: LedgerReads,
  tenant: string,
  entity: string,
  span: { readonly from: string; readonly asOf: string },
): Promise<AccountTurnover[]> {
  return db
    .select({
      account: balances.account,
      currency: balances.currency,
      opening: sql<number>`${before(balances.debit, span.from)} - ${before(balances.credit, span.from)}`,
      debit: within(balances.debit, span.from),
      credit: within(balances.credit, span.from),
      baseOpening: sql<number>`${before(balances.baseDebit, span.from)} - ${before(balances.baseCredit, span.from)}`,
      baseDebit: within(balances.baseDebit, span.from),
      baseCredit: within(balances.baseCredit, span.from),
      baseCurrency: sql<string>`max(${balances.baseCurrency})`,
    })
    .from(balances)
    .where(and(eq(balances.tenant, tenant), eq(balances.entity, entity), lte(balances.period, span.asOf)))
    .groupBy(balances.account, balances.currency)
    .limit(MAX_ACCOUNTS + 1);
}
