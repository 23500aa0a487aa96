/** The books: entries, balances, trial balance, export. */
import { z } from 'zod';
import { currency } from '../../canonical/money.ts';
import { bookkeepingOf } from '../../ledger/accounts-by-code.ts';
import { balanceCursor, balanceView, listBalances } from '../../ledger/balance-reads.ts';
import { correctionsOf, correctionsView } from '../../ledger/correction-reads.ts';
import { findEntry, laneEntryCursor, laneOfObject, listLaneEntries } from '../../ledger/entry-reads.ts';
import { commitCursor, listEntries } from '../../ledger/event-reads.ts';
import { type ExportWriterMaker, exportStream } from '../../ledger/export.ts';
import { beancountWriter } from '../../ledger/export-beancount.ts';
import { csvWriter } from '../../ledger/export-csv.ts';
import { hledgerWriter } from '../../ledger/export-hledger.ts';
import { bookedSpan, MAX_ACCOUNTS, readTurnover, trialBalance, trialBalanceView } from '../../ledger/trial-balance.ts';
import { entryView } from '../../ledger/views.ts';
import type { TenantConfig } from '../../tenants/config.ts';
import { problem } from '../problem.ts';
import { pageOf, pageQuery, pageRequest, tenantRoute } from './route.ts';

/** The entity asked for, or the only one there is. One legal entity is one set of books. */
export function chooseEntity(config: TenantConfig, asked: string | undefined): string | Response {
  const names = Object.keys(config.entities);
  if (asked !== undefined)
    return names.includes(asked) ? asked : problem('not_found', { detail: `no entity ${asked}` });
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  return problem('invalid_request', {
    errors: [{ path: 'query.entity', message: `say which entity: ${names.join(', ')}` }],
  });
}

export const bookkeepingFor = (config: TenantConfig, entity: string) =>
  bookkeepingOf({ ...config.accounts, ...config.entities[entity]?.accounts });

const writers: Readonly<Record<'hledger' | 'beancount' | 'csv', ExportWriterMaker>> = {
  hledger: hledgerWriter,
  beancount: beancountWriter,
  csv: csvWriter,
};

const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'a month, such as 2026-11');
const entity = z.string().max(48).optional().describe('may be left out when there is one');

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
      query: pageQuery.extend({ entity }),
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
        entity,
        from: month.optional().describe('first month of the turnover; the first in the books when left out'),
        asOf: month.optional().describe('last month; the last in the books when left out'),
      }),
      answer: trialBalanceView,
    },
    async ({ query, books, tenant, live }) => {
      const chosen = chooseEntity(live.document, query.entity);
      if (chosen instanceof Response) return chosen;
      const booked = await bookedSpan(books, tenant, chosen);
      const asOf = query.asOf ?? booked?.last ?? '0000-01';
      const from = query.from ?? (booked === null || booked.first > asOf ? asOf : booked.first);
      if (from > asOf)
        return problem('invalid_request', { errors: [{ path: 'query.from', message: 'is after asOf' }] });
      const rows = await readTurnover(books, tenant, chosen, { from, asOf });
      if (rows.length > MAX_ACCOUNTS)
        return problem('conflict', { detail: `more than ${MAX_ACCOUNTS} accounts: use /ledger/balances` });
      return trialBalance(chosen, { from, asOf }, rows, bookkeepingFor(live.document, chosen));
    },
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/ledger/export',
      tag: 'ledger',
      summary: 'The journal in another tool’s format, streamed',
      role: 'read',
      query: z.object({ format: z.enum(['hledger', 'beancount', 'csv']).default('hledger'), entity }),
      answer: { media: ['text/plain', 'text/csv'] },
    },
    async ({ query, books, tenant, live }) => {
      const chosen = chooseEntity(live.document, query.entity);
      if (chosen instanceof Response) return chosen;
      const writer = writers[query.format](bookkeepingFor(live.document, chosen));
      const baseCurrency = currency(live.document.entities[chosen]?.currency ?? 'XXX');
      return new Response(exportStream(books, { tenant, entity: chosen, baseCurrency }, writer), {
        headers: {
          'content-type': writer.contentType,
          'content-disposition': `attachment; filename="${tenant}-${chosen}.${writer.extension}"`,
          'x-content-type-options': 'nosniff',
          'cache-control': 'no-store',
        },
      });
    },
  ),
];
