/** The books: entries, balances, trial balance, export. */
import { z } from 'zod';
import { isoDate } from '../../canonical/ids.ts';
import { lastDayOf } from '../../canonical/periods.ts';
import { balanceCursor, balanceView, listBalances } from '../../ledger/balance-reads.ts';
import { correctionsOf, correctionsView } from '../../ledger/correction-reads.ts';
import { entryPages } from '../../ledger/entry-pages.ts';
import { findEntry, laneEntryCursor, laneOfObject, listLaneEntries } from '../../ledger/entry-reads.ts';
import { commitCursor, listEntries } from '../../ledger/event-reads.ts';
import { type ExportWriterMaker, exportStream } from '../../ledger/export.ts';
import { beancountWriter } from '../../ledger/export-beancount.ts';
import { csvWriter } from '../../ledger/export-csv.ts';
import { hledgerWriter } from '../../ledger/export-hledger.ts';
import type { LedgerReads } from '../../ledger/reads.ts';
import { trialBalanceTable } from '../../ledger/statements/shown.ts';
import { readStatement } from '../../ledger/statements/statement.ts';
import { turnoverStatement } from '../../ledger/statements/turnover.ts';
import {
  type AccountTurnover,
  bookedSpan,
  MAX_ACCOUNTS,
  readTurnover,
  trialBalance,
  trialBalanceView,
} from '../../ledger/trial-balance.ts';
import { entryView } from '../../ledger/views.ts';
import { problem } from '../problem.ts';
import {
  bookedByQuery,
  bookkeepingFor,
  csvAnswer,
  dayOrMonth,
  entityQuery,
  formatQuery,
  isMonth,
  type Reading,
  readingOf,
  refused,
} from './reading.ts';
import { pageOf, pageQuery, pageRequest, tenantRoute } from './route.ts';

const writers: Readonly<Record<'hledger' | 'beancount' | 'csv', ExportWriterMaker>> = {
  hledger: hledgerWriter,
  beancount: beancountWriter,
  csv: csvWriter,
};

interface Turnover {
  readonly span: { readonly from: string; readonly asOf: string };
  readonly rows: readonly AccountTurnover[];
}

async function monthlyTurnover(
  books: LedgerReads,
  tenant: string,
  entity: string,
  asked: { readonly from?: string | undefined; readonly asOf?: string | undefined },
): Promise<Turnover | Response> {
  const booked = await bookedSpan(books, tenant, entity);
  const asOf = asked.asOf ?? booked?.last ?? '0000-01';
  const from = asked.from ?? (booked === null || booked.first > asOf ? asOf : booked.first);
  if (from > asOf) return problem('invalid_request', { errors: [{ path: 'query.from', message: 'is after asOf' }] });
  const rows = await readTurnover(books, tenant, entity, { from, asOf });
  return rows.length > MAX_ACCOUNTS
    ? refused(`more than ${MAX_ACCOUNTS} accounts`, 'use /ledger/balances')
    : { span: { from, asOf }, rows };
}

async function dailyTurnover(books: LedgerReads, tenant: string, reading: Reading): Promise<Turnover | Response> {
  const { entity, from, cutoff, today } = reading;
  const booked = await bookedSpan(books, tenant, entity);
  const asOf = cutoff.asOf ?? (booked === null ? today : lastDayOf(isoDate(`${booked.last}-01`)));
  const first = from ?? (booked === null || booked.first > asOf ? asOf : `${booked.first}-01`);
  const read = await readStatement(entryPages(books, tenant, entity, cutoff), turnoverStatement(from));
  if (!read.ok) return refused(read.error, 'ask by month');
  return { span: { from: first, asOf }, rows: read.value };
}

export const ledgerRoutes = [
  tenantRoute(
    {
      method: 'get',
      path: '/ledger/entries',
      tag: 'ledger',
      summary: 'Journal entries, newest first; of one lane or about one object',
      role: 'read',
      query: pageQuery.extend({
        lane: z.string().max(512).optional(),
        object: z.string().max(512).optional().describe('stripe:invoice:in_1'),
      }),
      answer: pageOf(entryView),
    },
    async ({ query, books, tenant }) => {
      const lane = query.object === undefined ? query.lane : await laneOfObject(books, tenant, query.object);
      if (lane === null) return { items: [], next: null };
      if (lane !== undefined) {
        const page = pageRequest(query, laneEntryCursor);
        return page instanceof Response ? page : listLaneEntries(books, tenant, lane, query.object ?? null, page);
      }
      const page = pageRequest(query, commitCursor);
      return page instanceof Response ? page : listEntries(books, tenant, page);
    },
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/ledger/entries/{id}',
      tag: 'ledger',
      summary: 'One journal entry, with what corrects it and what it corrects',
      role: 'read',
      params: z.object({ id: z.string().max(600).describe('<lane>#<position>.<part>, percent-encoded') }),
      answer: entryView.extend({ corrections: correctionsView }),
    },
    async ({ params, books, tenant }) => {
      const entry = await findEntry(books, tenant, params.id);
      if (entry === null) return problem('not_found');
      const corrections = (await correctionsOf(books, tenant, [entry])).get(entry.id);
      return corrections === undefined ? problem('not_found') : { ...entry, corrections };
    },
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/ledger/balances',
      tag: 'ledger',
      summary: 'Turnover per account, currency and month',
      role: 'read',
      query: pageQuery.extend({ entity: entityQuery }),
      answer: pageOf(balanceView),
    },
    async ({ query, books, tenant }) => {
      const page = pageRequest(query, balanceCursor);
      return page instanceof Response ? page : listBalances(books, tenant, query.entity, page);
    },
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/ledger/trial-balance',
      tag: 'ledger',
      summary: 'Opening, turnover and closing per account and currency, and whether the books balance',
      role: 'read',
      query: z.object({
        entity: entityQuery,
        from: dayOrMonth
          .optional()
          .describe('first day or month of the turnover; the first in the books when left out'),
        asOf: dayOrMonth.optional().describe('last day or month; the last in the books when left out'),
        bookedBy: bookedByQuery,
        format: formatQuery,
      }),
      answer: trialBalanceView,
    },
    async ({ query, books, tenant, live, now }) => {
      const reading = readingOf(live.document, query, now);
      if (reading instanceof Response) return reading;
      const days = [query.from, query.asOf].some((text) => text !== undefined && !isMonth(text));
      // Months are kept as turnover; anything finer is read from the entries.
      const made =
        days || query.bookedBy !== undefined
          ? await dailyTurnover(books, tenant, reading)
          : await monthlyTurnover(books, tenant, reading.entity, query);
      if (made instanceof Response) return made;
      const balance = trialBalance(reading.entity, made.span, made.rows, bookkeepingFor(live.document, reading.entity));
      return query.format === 'csv'
        ? csvAnswer(`${reading.entity}-trial-balance-${made.span.asOf}`, trialBalanceTable(balance))
        : balance;
    },
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/ledger/export',
      tag: 'ledger',
      summary: 'The journal in another tool’s format, streamed',
      role: 'read',
      query: z.object({
        format: z.enum(['hledger', 'beancount', 'csv']).default('hledger'),
        entity: entityQuery,
        from: dayOrMonth.optional().describe('earlier days become one entry of opening balances'),
        asOf: dayOrMonth.optional().describe('last effective date'),
        bookedBy: bookedByQuery,
      }),
      answer: { media: ['text/plain', 'text/csv'] },
    },
    async ({ query, books, tenant, live, now }) => {
      const reading = readingOf(live.document, query, now);
      if (reading instanceof Response) return reading;
      const { entity, baseCurrency, from, cutoff } = reading;
      const writer = writers[query.format](bookkeepingFor(live.document, entity));
      return new Response(exportStream(books, { tenant, entity, baseCurrency, from }, cutoff, writer), {
        headers: {
          'content-type': writer.contentType,
          'content-disposition': `attachment; filename="${tenant}-${entity}.${writer.extension}"`,
          'x-content-type-options': 'nosniff',
          'cache-control': 'no-store',
        },
      });
    },
  ),
];
