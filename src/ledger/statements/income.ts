/** Income and costs by account and month: revenue accounts stand for products where the chart maps them so. */
import type { AccountRole } from '../../canonical/accounts.ts';
import { BoundedMap, type From, isWithin, type Statement } from './statement.ts';

export const MAX_INCOME_ROWS = 20_000;

/** Minor units, as earned: income is positive, a cost negative. */
export interface IncomeRow {
  readonly account: string;
  readonly role: AccountRole;
  readonly currency: string;
  readonly baseCurrency: string;
  /** `2026-11`. */
  readonly month: string;
  readonly amount: number;
  readonly base: number;
}

type Counting = { -readonly [Field in keyof IncomeRow]: IncomeRow[Field] };

const incomeRoles: ReadonlySet<AccountRole> = new Set([
  'revenue',
  'discount',
  'refunds',
  'fees',
  'disputeLoss',
  'badDebt',
  'fxGainLoss',
  'rounding',
]);

/** Of the span only. */
export function incomeStatement(from: From): Statement<IncomeRow[]> {
  const rows = new BoundedMap<Counting>(MAX_INCOME_ROWS);
  return {
    get refusal() {
      return rows.overflown ? `more than ${MAX_INCOME_ROWS} rows` : null;
    },
    add(entry) {
      if (!isWithin(entry, from)) return;
      for (const { role, account, currency, amount, base } of entry.lines) {
        if (!incomeRoles.has(role)) continue;
        const month = entry.date.slice(0, 7);
        const row = rows.at([role, account, currency, month], () => ({
          ...{ account, role, currency, baseCurrency: entry.baseCurrency, month, amount: 0, base: 0 },
        }));
        if (row === null) return;
        row.amount -= amount;
        row.base -= base;
      }
    },
    result: () => rows.inOrder(),
  };
}
