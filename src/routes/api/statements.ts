/** Statements: what an accountant asks of the books, as of any day and as known on any day. They read the whole ledger. */
import { z } from 'zod';
import { isoDate } from '../../canonical/ids.ts';
import { daysBetween } from '../../canonical/periods.ts';
import { type BookedEntry, entryPages } from '../../ledger/entry-pages.ts';
import { exportText } from '../../ledger/export.ts';
import { csvWriter } from '../../ledger/export-csv.ts';
import { readInvoiceTerms } from '../../ledger/object-reads.ts';
import { aged, ageTotals, receivablesStatement } from '../../ledger/statements/ageing.ts';
import { readClearing } from '../../ledger/statements/clearing-read.ts';
import { generalLedgerStatement } from '../../ledger/statements/general-ledger.ts';
import { incomeStatement } from '../../ledger/statements/income.ts';
import { journalStatement } from '../../ledger/statements/journal.ts';
import * as shown from '../../ledger/statements/shown.ts';
import { readStatement, type Statement } from '../../ledger/statements/statement.ts';
import { taxStatement } from '../../ledger/statements/tax.ts';
import { entryView, moneyOf } from '../../ledger/views.ts';
import {
  asOfQuery,
  bookkeepingFor,
  csvAnswer,
  formatQuery,
  type Reading,
  readingOf,
  refused,
  spanQuery,
} from './reading.ts';
import { type TenantScope, tenantRoute } from './route.ts';

const span = z.object({
  entity: z.string(),
  from: z.string().nullable().describe('null: from the beginning'),
  asOf: z.string().nullable().describe('null: to the last entry'),
});
const spanOf = ({ entity, from, cutoff }: Reading) => ({ entity, from, asOf: cutoff.asOf });

const narrower = 'ask for a shorter span or one account, or take /ledger/export';

const pagesOf = ({ books, tenant }: Pick<TenantScope, 'books' | 'tenant'>, { entity, cutoff }: Reading) =>
  entryPages(books, tenant, entity, cutoff);

/** The statement, or the answer that says why there is none. */
async function make<T>(scope: TenantScope, reading: Reading, statement: Statement<T>): Promise<{ made: T } | Response> {
  const read = await readStatement(pagesOf(scope, reading), statement);
  return read.ok ? { made: read.value } : refused(read.error, narrower);
}

const fileName = (what: string, { entity, cutoff }: Reading): string => `${entity}-${what}-${cutoff.asOf ?? 'all'}`;

const journalEntry = entryView.omit({ deferrals: true, previousHash: true });

const viewJournalEntry = ({ lines, ...entry }: BookedEntry): z.infer<typeof journalEntry> => ({
  ...entry,
  lines: lines.map(({ amount, base, currency, ...line }) => ({
    ...line,
    amount: moneyOf(amount, currency),
    base: moneyOf(base, entry.baseCurrency),
  })),
});

const journal = tenantRoute(
  {
    method: 'get',
    path: '/ledger/journal',
    tag: 'statements',
    summary: 'Every entry of a span, by effective date',
    role: 'read',
    query: spanQuery.extend({ format: formatQuery }),
    answer: span.extend({ entries: z.array(journalEntry) }),
  },
  async ({ query, live, now, ...scope }) => {
    const reading = readingOf(live.document, query, now);
    if (reading instanceof Response) return reading;
    const answer = await make({ ...scope, live }, reading, journalStatement(reading.from));
    if (answer instanceof Response) return answer;
    if (query.format === 'json') return { ...spanOf(reading), entries: answer.made.map(viewJournalEntry) };
    const { entity, baseCurrency } = reading;
    const writer = csvWriter(bookkeepingFor(live.document, entity));
    const text = exportText({ tenant: scope.tenant, entity, baseCurrency, from: null }, answer.made, writer);
    return csvAnswer(fileName('journal', reading), text);
  },
);

const generalLedger = tenantRoute(
  {
    method: 'get',
    path: '/ledger/general-ledger',
    tag: 'statements',
    summary: 'Per account and currency: opening, each line with its counter-accounts and the running balance, closing',
    role: 'read',
    query: spanQuery.extend({
      account: z.string().max(64).optional().describe('only this account'),
      format: formatQuery,
    }),
    answer: span.extend({ accounts: z.array(shown.accountLedgerView) }),
  },
  async ({ query, live, now, ...scope }) => {
    const reading = readingOf(live.document, query, now);
    if (reading instanceof Response) return reading;
    const statement = generalLedgerStatement(reading.from, query.account ?? null);
    const answer = await make({ ...scope, live }, reading, statement);
    if (answer instanceof Response) return answer;
    if (query.format === 'csv')
      return csvAnswer(fileName('general-ledger', reading), shown.generalLedgerTable(answer.made));
    const bookkeeping = bookkeepingFor(live.document, reading.entity);
    return { ...spanOf(reading), accounts: answer.made.map((one) => shown.viewAccountLedger(one, bookkeeping)) };
  },
);

const ageing = tenantRoute(
  {
    method: 'get',
    path: '/ledger/ageing',
    tag: 'statements',
    summary: 'Open receivables by customer and invoice, by how long they are late; as of today unless a day is named',
    role: 'read',
    query: asOfQuery.extend({ format: formatQuery }),
    answer: z.object({
      entity: z.string(),
      asOf: z.string(),
      totals: z.array(shown.ageTotalsView).describe('per currency'),
      base: z.array(shown.ageTotalsView).describe("in the entity's currency"),
      receivables: z.array(shown.receivableView),
    }),
  },
  async ({ query, live, now, ...scope }) => {
    const reading = asOfToday(readingOf(live.document, query, now));
    if (reading instanceof Response) return reading;
    const answer = await make({ ...scope, live }, reading, receivablesStatement());
    if (answer instanceof Response) return answer;
    const terms = await readInvoiceTerms(
      scope.db,
      scope.tenant,
      answer.made.map((it) => it.item),
    );
    const list = aged(answer.made, terms, reading.asOf);
    if (query.format === 'csv') return csvAnswer(fileName('ageing', reading), shown.ageingTable(list));
    const own = ageTotals(list, ({ currency, amount }) => ({ currency, amount }));
    const base = ageTotals(list, (it) => ({ currency: it.baseCurrency, amount: it.base }));
    return {
      ...{ entity: reading.entity, asOf: reading.asOf },
      totals: own.map(shown.viewAgeTotals),
      base: base.map(shown.viewAgeTotals),
      receivables: list.map(shown.viewReceivable),
    };
  },
);

/** A statement of what is open is about a day. */
export function asOfToday(reading: Reading | Response) {
  if (reading instanceof Response) return reading;
  const asOf = reading.cutoff.asOf ?? reading.today;
  return { ...reading, asOf, cutoff: { ...reading.cutoff, asOf } };
}

const tax = tenantRoute(
  {
    method: 'get',
    path: '/ledger/tax',
    tag: 'statements',
    summary: 'Tax by month, code and account, with the net where entries tell it',
    role: 'read',
    query: spanQuery.extend({ format: formatQuery }),
    answer: span.extend({ rows: z.array(shown.taxRowView) }),
  },
  async ({ query, live, now, ...scope }) => {
    const reading = readingOf(live.document, query, now);
    if (reading instanceof Response) return reading;
    const answer = await make({ ...scope, live }, reading, taxStatement(reading.from));
    if (answer instanceof Response) return answer;
    if (query.format === 'csv') return csvAnswer(fileName('tax', reading), shown.taxTable(answer.made));
    return { ...spanOf(reading), rows: answer.made.map(shown.viewTaxRow) };
  },
);

const income = tenantRoute(
  {
    method: 'get',
    path: '/ledger/income',
    tag: 'statements',
    summary: 'Income and costs by month and account; revenue accounts stand for products where the chart says so',
    role: 'read',
    query: spanQuery.extend({ format: formatQuery }),
    answer: span.extend({ rows: z.array(shown.incomeRowView) }),
  },
  async ({ query, live, now, ...scope }) => {
    const reading = readingOf(live.document, query, now);
    if (reading instanceof Response) return reading;
    const answer = await make({ ...scope, live }, reading, incomeStatement(reading.from));
    if (answer instanceof Response) return answer;
    if (query.format === 'csv') return csvAnswer(fileName('income', reading), shown.incomeTable(answer.made));
    return { ...spanOf(reading), rows: answer.made.map(shown.viewIncomeRow) };
  },
);

const clearing = tenantRoute(
  {
    method: 'get',
    path: '/ledger/clearing',
    tag: 'statements',
    summary: 'The clearing proof: each account that should come to nothing, explained by its open items with their age',
    role: 'read',
    query: asOfQuery.extend({
      account: z.string().max(64).optional().describe('only this account'),
      format: formatQuery,
    }),
    answer: z.object({
      entity: z.string(),
      asOf: z.string(),
      explained: z.boolean().describe('on every account the items come to the balance'),
      accounts: z.array(shown.clearingAccountView),
    }),
  },
  async ({ query, live, now, books, db, tenant }) => {
    const reading = asOfToday(readingOf(live.document, query, now));
    if (reading instanceof Response) return reading;
    const read = await readClearing(db, tenant, pagesOf({ books, tenant }, reading));
    if (!read.ok) return refused(read.error, 'split the books by entity');
    const { account: asked } = query;
    const accounts = read.value.accounts.filter(({ account }) => asked === undefined || account === asked);
    const shownItems = accounts.reduce((sum, { items }) => sum + items.length, 0);
    if (shownItems > MAX_SHOWN) return refused(`more than ${MAX_SHOWN} open items`, 'ask for one account');
    const age = (since: string) => daysBetween(isoDate(since), reading.asOf);
    if (query.format === 'csv') return csvAnswer(fileName('clearing', reading), shown.clearingTable(accounts, age));
    const bookkeeping = bookkeepingFor(live.document, reading.entity);
    return {
      ...{ entity: reading.entity, asOf: reading.asOf },
      explained: accounts.every(({ unexplained, baseUnexplained }) => unexplained === 0 && baseUnexplained === 0),
      accounts: accounts.map((one) => shown.viewClearing(one, bookkeeping.roleOf(one.account), age)),
    };
  },
);

/** Open items of one answer. */
const MAX_SHOWN = 20_000;

export const statementRoutes = [journal, generalLedger, ageing, tax, income, clearing];
