/** Statements as the API shows them: JSON with every amount as minor units and text, and rows for CSV with decimals. */
import { z } from 'zod';
import { currency, formatMinor, minorUnits } from '../../canonical/money.ts';
import type { Bookkeeping } from '../accounts-by-code.ts';
import type { TrialBalance } from '../trial-balance.ts';
import { type MoneyView, moneyOf, moneyView } from '../views.ts';
import { type AgedReceivable, type AgeTotals, ageBands } from './ageing.ts';
import type { ClearingAccount } from './clearing.ts';
import type { AccountLedger } from './general-ledger.ts';
import type { IncomeRow } from './income.ts';
import type { TaxRow } from './tax.ts';

/** `12.34`, without the code: a column of its own. */
const decimal = (amount: number, code: string): string => formatMinor(minorUnits(amount), currency(code));
const decimalOf = ({ amount, currency: code }: MoneyView): string => decimal(amount, code);

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

// ---- trial balance -----------------------------------------------------------

export const trialBalanceTable = ({ accounts, baseCurrency }: TrialBalance): Table => ({
  columns: [
    ...['account', 'role', 'currency', 'opening', 'debit', 'credit', 'closing'],
    ...['base_currency', 'base_opening', 'base_debit', 'base_credit', 'base_closing'],
  ],
  rows: accounts.map((row) => [
    ...[row.account, row.role ?? '', row.currency],
    ...[row.opening, row.debit, row.credit, row.closing].map(decimalOf),
    baseCurrency ?? '',
    ...[row.baseOpening, row.baseDebit, row.baseCredit, row.baseClosing].map(decimalOf),
  ]),
});

// ---- general ledger ------------------------------------------------------------

export const accountLedgerView = z.object({
  account: z.string(),
  role: z.string().nullable().describe('what the live config uses the account for'),
  currency: z.string(),
  opening: moneyView,
  baseOpening: moneyView,
  lines: z.array(
    z.object({
      date: z.string(),
      entry: z.string(),
      kind: z.string(),
      object: z.string(),
      description: z.string(),
      counter: z.array(z.string()).describe('the other accounts of the entry'),
      customer: z.string().nullable(),
      amount: moneyView.describe('debit positive'),
      balance: moneyView.describe('on the account after the line'),
      base: moneyView,
      baseBalance: moneyView,
    }),
  ),
  closing: moneyView,
  baseClosing: moneyView,
});

export function viewAccountLedger(ledger: AccountLedger, bookkeeping: Bookkeeping): z.infer<typeof accountLedgerView> {
  const own = (amount: number) => moneyOf(amount, ledger.currency);
  const base = (amount: number) => moneyOf(amount, ledger.baseCurrency);
  return {
    account: ledger.account,
    role: bookkeeping.roleOf(ledger.account),
    currency: ledger.currency,
    opening: own(ledger.opening),
    baseOpening: base(ledger.baseOpening),
    lines: ledger.lines.map(({ counter, ...line }) => ({
      ...line,
      counter: [...counter],
      amount: own(line.amount),
      balance: own(line.balance),
      base: base(line.base),
      baseBalance: base(line.baseBalance),
    })),
    closing: own(ledger.closing),
    baseClosing: base(ledger.baseClosing),
  };
}

/** Openings and closings are rows too, without an entry. */
export const generalLedgerTable = (ledgers: readonly AccountLedger[]): Table => ({
  columns: [
    ...['account', 'currency', 'date', 'entry', 'kind', 'object', 'description', 'counter_accounts', 'customer'],
    ...['amount', 'balance', 'base_currency', 'base_amount', 'base_balance'],
  ],
  rows: ledgers.flatMap(({ account, currency: code, baseCurrency, ...ledger }) => {
    const edge = (what: string, amount: number, base: number) => [
      ...[account, code, '', '', '', '', what, '', '', '', decimal(amount, code)],
      ...[baseCurrency, '', decimal(base, baseCurrency)],
    ];
    const lines = ledger.lines.map((line) => [
      ...[account, code, line.date, line.entry, line.kind, line.object, line.description],
      ...[line.counter.join(' '), line.customer ?? '', decimal(line.amount, code), decimal(line.balance, code)],
      ...[baseCurrency, decimal(line.base, baseCurrency), decimal(line.baseBalance, baseCurrency)],
    ]);
    const { opening, baseOpening, closing, baseClosing } = ledger;
    return [edge('opening', opening, baseOpening), ...lines, edge('closing', closing, baseClosing)];
  }),
});

// ---- receivables by age ----------------------------------------------------------

const ageBand = z.enum(ageBands);
export const receivableView = z.object({
  customer: z.string().nullable(),
  item: z.string().describe('the invoice, or the object of the entry where no invoice is named'),
  number: z.string().nullable(),
  since: z.string().describe('date of its first line'),
  due: z.string(),
  daysLate: z.int(),
  band: ageBand,
  open: moneyView,
  base: moneyView,
});
export const ageTotalsView = z.object({
  currency: z.string(),
  total: moneyView,
  notDue: moneyView,
  days1to30: moneyView,
  days31to60: moneyView,
  days61to90: moneyView,
  over90: moneyView,
});

export const viewReceivable = (it: AgedReceivable): z.infer<typeof receivableView> => ({
  ...{ customer: it.customer, item: it.item, number: it.number, since: it.since, due: it.due },
  ...{ daysLate: it.daysLate, band: it.band },
  open: moneyOf(it.amount, it.currency),
  base: moneyOf(it.base, it.baseCurrency),
});

export function viewAgeTotals(totals: AgeTotals): z.infer<typeof ageTotalsView> {
  const own = (amount: number) => moneyOf(amount, totals.currency);
  return {
    currency: totals.currency,
    total: own(totals.total),
    notDue: own(totals.notDue),
    days1to30: own(totals.days1to30),
    days31to60: own(totals.days31to60),
    days61to90: own(totals.days61to90),
    over90: own(totals.over90),
  };
}

export const ageingTable = (receivables: readonly AgedReceivable[]): Table => ({
  columns: [
    ...['customer', 'item', 'number', 'since', 'due', 'days_late', 'band'],
    ...['currency', 'open', 'base_currency', 'base_open'],
  ],
  rows: receivables.map((it) => [
    ...[it.customer ?? '', it.item, it.number ?? '', it.since, it.due, it.daysLate, it.band],
    ...[it.currency, decimal(it.amount, it.currency), it.baseCurrency, decimal(it.base, it.baseCurrency)],
  ]),
});

// ---- tax, income -----------------------------------------------------------------

export const taxRowView = z.object({
  month: z.string(),
  direction: z.string().describe('output: billed to customers; input: on fees, reclaimed'),
  code: z.string().nullable(),
  account: z.string(),
  tax: moneyView.describe('owed is positive'),
  taxBase: moneyView.describe("the same in the entity's currency"),
  taxWithNet: moneyView.describe('what of it stands in entries with this code alone'),
  net: moneyView.describe('net of those entries, lines without tax included'),
  netBase: moneyView,
});

export const viewTaxRow = (row: TaxRow): z.infer<typeof taxRowView> => ({
  ...{ month: row.month, direction: row.direction, code: row.code, account: row.account },
  tax: moneyOf(row.tax, row.currency),
  taxBase: moneyOf(row.taxBase, row.baseCurrency),
  taxWithNet: moneyOf(row.taxWithNet, row.currency),
  net: moneyOf(row.net, row.currency),
  netBase: moneyOf(row.netBase, row.baseCurrency),
});

export const taxTable = (rows: readonly TaxRow[]): Table => ({
  columns: [
    ...['month', 'direction', 'code', 'account', 'currency', 'tax', 'tax_with_net', 'net'],
    ...['base_currency', 'base_tax', 'base_net'],
  ],
  rows: rows.map((row) => [
    ...[row.month, row.direction, row.code ?? '', row.account, row.currency],
    ...[row.tax, row.taxWithNet, row.net].map((amount) => decimal(amount, row.currency)),
    ...[row.baseCurrency, decimal(row.taxBase, row.baseCurrency), decimal(row.netBase, row.baseCurrency)],
  ]),
});

export const incomeRowView = z.object({
  month: z.string(),
  role: z.string(),
  account: z.string(),
  amount: moneyView.describe('income positive, cost negative'),
  base: moneyView,
});

export const viewIncomeRow = (row: IncomeRow): z.infer<typeof incomeRowView> => ({
  ...{ month: row.month, role: row.role, account: row.account },
  amount: moneyOf(row.amount, row.currency),
  base: moneyOf(row.base, row.baseCurrency),
});

export const incomeTable = (rows: readonly IncomeRow[]): Table => ({
  columns: ['month', 'role', 'account', 'currency', 'amount', 'base_currency', 'base_amount'],
  rows: rows.map((row) => [
    ...[row.month, row.role, row.account, row.currency, decimal(row.amount, row.currency)],
    ...[row.baseCurrency, decimal(row.base, row.baseCurrency)],
  ]),
});

// ---- clearing --------------------------------------------------------------------

export const clearingAccountView = z.object({
  account: z.string(),
  role: z.string().nullable(),
  currency: z.string(),
  balance: moneyView.describe('debit positive'),
  baseBalance: moneyView,
  items: z
    .array(
      z.object({
        item: z.string(),
        role: z.string().describe('what it was booked as'),
        amount: moneyView,
        base: moneyView,
        since: z.string(),
        ageDays: z.int(),
        description: z.string(),
      }),
    )
    .describe('open items, oldest first; their sum and what is unexplained come to the balance'),
  closedBase: moneyView.describe('exchange differences left on items that are closed in their currency'),
  unexplained: moneyView,
  baseUnexplained: moneyView,
});

/** @param age days from an item's first line to the statement's day. */
export function viewClearing(
  account: ClearingAccount,
  role: string | null,
  age: (since: string) => number,
): z.infer<typeof clearingAccountView> {
  const own = (amount: number) => moneyOf(amount, account.currency);
  const base = (amount: number) => moneyOf(amount, account.baseCurrency);
  return {
    ...{ account: account.account, role, currency: account.currency },
    balance: own(account.balance),
    baseBalance: base(account.baseBalance),
    items: account.items.map((it) => ({ ...it, amount: own(it.amount), base: base(it.base), ageDays: age(it.since) })),
    closedBase: base(account.closedBase),
    unexplained: own(account.unexplained),
    baseUnexplained: base(account.baseUnexplained),
  };
}

export const clearingTable = (accounts: readonly ClearingAccount[], age: (since: string) => number): Table => ({
  columns: [
    ...['account', 'currency', 'role', 'item', 'since', 'age_days', 'description'],
    ...['amount', 'base_currency', 'base_amount'],
  ],
  rows: accounts.flatMap(({ account, currency: code, baseCurrency, ...all }) => {
    const row = (about: readonly (string | number)[], amount: number, base: number) => [
      ...[account, code, ...about, decimal(amount, code), baseCurrency, decimal(base, baseCurrency)],
    ];
    const rest = (what: string, amount: number, base: number) =>
      amount === 0 && base === 0 ? [] : [row(['', '', '', '', what], amount, base)];
    return [
      ...all.items.map((it) => row([it.role, it.item, it.since, age(it.since), it.description], it.amount, it.base)),
      ...rest('exchange differences on closed items', 0, all.closedBase),
      ...rest('unexplained', all.unexplained, all.baseUnexplained),
      row(['', '', '', '', 'balance'], all.balance, all.baseBalance),
    ];
  }),
});
