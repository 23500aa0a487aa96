/** What an account code means: its role by the tenant's chart, and its name in plain-text accounting tools. */
import { type AccountRole, accountRoles, type ChartOfAccounts } from '../canonical/accounts.ts';

/** Where each role stands in the five classes every plain-text tool knows. docs/accounting.md explains the roles. */
const paths: Readonly<Record<AccountRole, string>> = {
  receivable: 'Assets:Receivable',
  unapplied: 'Liabilities:UnappliedCash',
  customerCredit: 'Liabilities:CustomerCredit',
  clearing: 'Assets:Clearing',
  bankInTransit: 'Assets:BankInTransit',
  bank: 'Assets:Bank',
  revenue: 'Income:Revenue',
  discount: 'Income:Discounts',
  refunds: 'Income:Refunds',
  refundClearing: 'Liabilities:RefundClearing',
  deferredRevenue: 'Liabilities:DeferredRevenue',
  tax: 'Liabilities:Tax',
  fees: 'Expenses:Fees',
  feesInputTax: 'Assets:InputTax',
  disputesReceivable: 'Assets:DisputesReceivable',
  disputeLoss: 'Expenses:DisputeLosses',
  disputedRevenue: 'Income:Disputes',
  badDebt: 'Expenses:BadDebt',
  fxGainLoss: 'Income:ExchangeDifferences',
  fxConversion: 'Equity:CurrencyConversion',
  rounding: 'Expenses:Rounding',
  payable: 'Liabilities:Payable',
  suspense: 'Assets:Suspense',
};

/**
 * A code as one component of an account name that hledger and beancount both take: a capital or a digit first, then
 * letters, digits and dashes. Other characters become `-x<hex>-`, so that different codes stay different.
 */
export function accountSegment(code: string): string {
  const escaped = code.replace(/[^A-Za-z0-9-]/gu, (character) => `-x${character.codePointAt(0)?.toString(16)}-`);
  return /^[A-Z0-9]/.test(escaped) ? escaped : `A-${escaped}`;
}

export interface Bookkeeping {
  /** The first role, in the order of `accountRoles`, that the chart maps to this code. */
  roleOf(code: string): AccountRole | null;
  /** `Assets:Receivable:121000`: one name per code, whatever roles share it. A code the chart lost keeps its line's role. */
  nameOf(code: string, role: AccountRole): string;
}

/** @param chart the tenant's live chart, the entity's own mappings laid over it. */
export function bookkeepingOf(chart: ChartOfAccounts): Bookkeeping {
  const roleByCode = new Map<string, AccountRole>();
  for (const role of accountRoles) {
    const mapping = chart[role];
    const codes = mapping === undefined ? [] : typeof mapping === 'string' ? [mapping] : Object.values(mapping);
    for (const code of codes) if (code !== undefined && !roleByCode.has(code)) roleByCode.set(code, role);
  }
  return {
    roleOf: (code) => roleByCode.get(code) ?? null,
    nameOf: (code, role) => `${paths[roleByCode.get(code) ?? role]}:${accountSegment(code)}`,
  };
}
