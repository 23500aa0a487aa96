/** Turnover as it was booked. */
import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { cursorOf, type Page, type PageRequest, pageOf } from './pages.ts';
import type { LedgerReads } from './reads.ts';
import { balances } from './schema.ts';
import { amountText } from './views.ts';

export const balanceCursor = cursorOf('balances', z.tuple([z.string(), z.string(), z.string(), z.string()]));

export const balanceView = z.object({
  entity: z.string(),
  account: z.string(),
  currency: z.string(),
  period: z.string().describe('calendar month, 2026-11'),
  debit: z.int().describe('turnover, minor units'),
  credit: z.int(),
  turnover: z.string().describe('debit less credit, as text'),
  baseDebit: z.int(),
  baseCredit: z.int(),
  baseCurrency: z.string(),
});

/** Turnover per account, currency and month. */
export async function listBalances(
  db: LedgerReads,
  tenant: string,
  entity: string | undefined,
  page: PageRequest<readonly [string, string, string, string]>,
): Promise<Page<z.infer<typeof balanceView>>> {
  const rows = await db
    .select()
    .from(balances)
    .where(
      and(
        eq(balances.tenant, tenant),
        entity === undefined ? undefined : eq(balances.entity, entity),
        page.after === null
          ? undefined
          : sql`(${balances.entity}, ${balances.account}, ${balances.currency}, ${balances.period}) > (${page.after[0]}, ${page.after[1]}, ${page.after[2]}, ${page.after[3]})`,
      ),
    )
    .orderBy(balances.entity, balances.account, balances.currency, balances.period)
    .limit(page.limit + 1);
  return pageOf(
    rows,
    page.limit,
    ({ tenant: _tenant, ...row }) => ({ ...row, turnover: amountText(row.debit - row.credit, row.currency) }),
    (row) => balanceCursor.encode([row.entity, row.account, row.currency, row.period]),
  );
}
