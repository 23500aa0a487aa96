/** Account roles: what the accounting rules book to. A tenant maps each role to an account code of its chart. */
import type { Currency } from './money.ts';
import { err, ok, type Result } from './result.ts';

/** docs/accounting.md explains each role. */
export const accountRoles = [
  'receivable',
  'unapplied',
  'customerCredit',
  'clearing',
  'bankInTransit',
  'bank',
  'revenue',
  'discount',
  'refunds',
  'refundClearing',
  'deferredRevenue',
  'tax',
  'fees',
  'feesInputTax',
  'disputesReceivable',
  'disputeLoss',
  'disputedRevenue',
  'badDebt',
  'fxGainLoss',
  'fxConversion',
  'rounding',
  'payable',
  'suspense',
] as const;
export type AccountRole = (typeof accountRoles)[number];

/**
 * A role's account: one code, or codes by qualifier with a `default`. The qualifier is the product's id for
 * `revenue`, the tax code for `tax`, the currency for every other role (one clearing account per balance currency).
 */
export type AccountMapping =
  | string
  | { readonly default?: string | undefined; readonly [qualifier: string]: string | undefined };
export type ChartOfAccounts = Readonly<Partial<Record<AccountRole, AccountMapping>>>;

export interface MissingAccount {
  readonly role: AccountRole;
  readonly qualifier: string | null;
}

/** Never guesses: a role that is not mapped is an error that a person resolves in the tenant's config. */
export function accountFor(
  chart: ChartOfAccounts,
  role: AccountRole,
  qualifier: string | Currency | null = null,
): Result<string, MissingAccount> {
  const mapping = chart[role];
  if (typeof mapping === 'string') return ok(mapping);
  const code = (qualifier === null ? undefined : mapping?.[qualifier]) ?? mapping?.default;
  return code === undefined ? err({ role, qualifier }) : ok(code);
}
