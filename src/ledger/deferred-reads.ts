/**
 * What the deferred revenue waterfall is made from: `schedules` and `balances` as they stand, or, for a span of days, the
 * entries themselves, summed up by the database page by page.
 */
import { z } from 'zod';
import type { EpochMs, IsoDate } from '../canonical/ids.ts';

/** One month of one pair of accounts. Minor units, positive: still to be earned. */
export interface DeferredSlice {
  readonly period: string;
  readonly currency: string;
  readonly deferredAccount: string;
  readonly revenueAccount: string;
  readonly opening: number;
  /** Set apart within the span, less what credit notes, refunds, write-offs and voids took back. */
  readonly added: number;
  readonly recognised: number;
  readonly baseOpening: number;
  readonly baseAdded: number;
  readonly baseRecognised: number;
}

/** What stands on a deferred revenue account by its lines; debit positive, as in the books. */
export interface DeferredBalance {
  readonly account: string;
  readonly currency: string;
  readonly amount: number;
  readonly base: number;
}

export interface DeferredBooks {
  readonly slices: readonly DeferredSlice[];
  readonly balances: readonly DeferredBalance[];
}

/** More months × accounts than this in one entity is refused rather than cut. */
export const MAX_SLICES = 20_000;

const nowRow = z.object({
  period: z.string(),
  currency: z.string(),
  deferredAccount: z.string(),
  revenueAccount: z.string(),
  amount: z.int(),
  base: z.int(),
});
const balanceRow = z.object({ account: z.string(), currency: z.string(), amount: z.int(), base: z.int() });

/**
 * As of now, both in one transaction. Costs months × accounts, whatever the ledger's size.
 * @param accounts the chart's deferred revenue accounts; those that schedules name are looked at too.
 */
export async function deferredNow(
  db: D1Database,
  tenant: string,
  entity: string,
  accounts: readonly string[],
): Promise<DeferredBooks> {
  const [open, booked] = await db.batch([
    db
      .prepare(
        `SELECT period, currency, deferred_account AS deferredAccount, revenue_account AS revenueAccount, amount, base FROM schedules
         WHERE tenant = ?1 AND entity = ?2 AND (amount <> 0 OR base <> 0) ORDER BY period, currency, revenue_account, deferred_account LIMIT ?3`,
      )
      .bind(tenant, entity, MAX_SLICES + 1),
    db
      .prepare(
        `SELECT account, currency, sum(debit - credit) AS amount, sum(base_debit - base_credit) AS base FROM balances
         WHERE tenant = ?1 AND entity = ?2 AND account IN (SELECT value FROM json_each(?3) UNION SELECT deferred_account FROM schedules WHERE tenant = ?1 AND entity = ?2)
         GROUP BY account, currency ORDER BY account, currency`,
      )
      .bind(tenant, entity, JSON.stringify(accounts)),
  ]);
  const none = { opening: 0, recognised: 0, baseOpening: 0, baseRecognised: 0 };
  return {
    slices: z
      .array(nowRow)
      .parse(open?.results)
      .map(({ amount, base, ...slice }) => ({ ...slice, ...none, added: amount, baseAdded: base })),
    balances: z.array(balanceRow).parse(booked?.results),
  };
}

/** Which days an entry counts on, and the span: before `from` is the opening, after `until` is not looked at. */
export type DeferredSpan =
  /** By the day the entry is for. */
  | { readonly by: 'effective'; readonly from: IsoDate | null; readonly until: IsoDate }
  /** By the moment it was booked, `until` excluded. */
  | { readonly by: 'booked'; readonly from: EpochMs | null; readonly until: EpochMs };

/** Entries summed up by one query. */
const PAGE = 1_000;

const summed = (when: string, before: string) => `WITH page AS MATERIALIZED (
  SELECT lane, position, part, entity, kind, date, booked_at, deferrals, lines FROM entries
  WHERE tenant = ?1 AND (lane, position, part) > (?2, ?3, ?4) ORDER BY lane, position, part LIMIT ?5
), mine AS (SELECT kind, deferrals, lines, ${before} AS early FROM page WHERE entity = ?6 AND ${when})
SELECT 'slice' AS what, d.value ->> 'deferredAccount' AS account, d.value ->> 'currency' AS currency, d.value ->> 'revenueAccount' AS other, d.value ->> 'period' AS period, early, kind = 'revenue.recognized' AS run,
  sum(d.value ->> 'amount') AS amount, sum(d.value ->> 'base') AS base FROM mine, json_each(mine.deferrals) d GROUP BY 2, 3, 4, 5, 6, 7
UNION ALL
SELECT 'line', l.value ->> 'account', l.value ->> 'currency', '', '', 0, 0, sum(l.value ->> 'amount'), sum(l.value ->> 'base')
  FROM mine, json_each(mine.lines) l WHERE l.value ->> 'role' = 'deferredRevenue' GROUP BY 2, 3
UNION ALL
SELECT 'end', lane, '', '', '', 0, 0, position, part FROM (SELECT lane, position, part FROM page ORDER BY lane DESC, position DESC, part DESC LIMIT 1)`;

const queries = {
  effective: summed('date <= ?8', 'coalesce(date < ?7, 0)'),
  booked: summed('booked_at < ?8', 'coalesce(booked_at < ?7, 0)'),
} as const;

const pageRow = z.object({
  what: z.enum(['slice', 'line', 'end']),
  account: z.string(),
  currency: z.string(),
  other: z.string(),
  period: z.string(),
  early: z.int(),
  run: z.int(),
  amount: z.int(),
  base: z.int(),
});
type PageRow = z.infer<typeof pageRow>;
const pageRows = z.array(pageRow);
/** The last entry summed up: lane, position, part. */
type Place = readonly [lane: string, position: number, part: number];

/**
 * Over a span. Reads every entry of the tenant once, `PAGE` at a time, and keeps sums only; null when there are more than
 * `MAX_SLICES` of them. Entries booked meanwhile are in it or not, each whole; a past booking time is exact.
 */
export async function deferredOver(
  db: D1Database,
  tenant: string,
  entity: string,
  span: DeferredSpan,
): Promise<DeferredBooks | null> {
  const statement = db.prepare(queries[span.by]);
  const slices = new Map<string, DeferredSlice>();
  const balances = new Map<string, DeferredBalance>();
  let after: Place | null = ['', -1, -1];
  while (after !== null) {
    const { results }: D1Result = await statement.bind(tenant, ...after, PAGE, entity, span.from, span.until).all();
    after = null;
    for (const row of pageRows.parse(results)) {
      if (row.what === 'end') after = [row.account, row.amount, row.base];
      else if (row.what === 'line') addBalance(balances, row);
      else addSlice(slices, row);
    }
    if (slices.size > MAX_SLICES) return null;
  }
  const inOrder = [...slices.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, slice]) => slice);
  return { slices: inOrder, balances: [...balances.values()] };
}

function addBalance(balances: Map<string, DeferredBalance>, { account, currency, amount, base }: PageRow): void {
  const key = JSON.stringify([account, currency]);
  const known = balances.get(key) ?? { account, currency, amount: 0, base: 0 };
  balances.set(key, { ...known, amount: known.amount + amount, base: known.base + base });
}

function addSlice(slices: Map<string, DeferredSlice>, row: PageRow): void {
  const { period, currency, account: deferredAccount, other: revenueAccount, amount, base } = row;
  const key = JSON.stringify([period, currency, revenueAccount, deferredAccount]);
  const nothing = { opening: 0, added: 0, recognised: 0, baseOpening: 0, baseAdded: 0, baseRecognised: 0 };
  const known = slices.get(key) ?? { period, currency, deferredAccount, revenueAccount, ...nothing };
  if (row.early === 1) {
    slices.set(key, { ...known, opening: known.opening + amount, baseOpening: known.baseOpening + base });
  } else if (row.run === 1) {
    const [recognised, baseRecognised] = [known.recognised - amount, known.baseRecognised - base];
    slices.set(key, { ...known, recognised, baseRecognised });
  } else slices.set(key, { ...known, added: known.added + amount, baseAdded: known.baseAdded + base });
}
