/** Exchange rates beside those of the config: what a feed or a file brought. */
import { and, desc, eq, lt } from 'drizzle-orm';
import { z } from 'zod';
import { cursorOf, pageOf as pageOfRows } from '../../ledger/pages.ts';
import { recordRates } from '../../ledger/rates.ts';
import { rates } from '../../ledger/schema.ts';
import { iso } from '../../ledger/views.ts';
import { resumeParked } from '../../operations/resume-parked.ts';
import { problem } from '../problem.ts';
import { audited } from './actions.ts';
import { pageOf, pageQuery, pageRequest, tenantRoute } from './route.ts';

const code = z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code in capitals, such as EUR');
const rateFields = z.strictObject({
  from: code,
  to: code,
  date: z.iso.date(),
  rate: z
    .string()
    .regex(/^\d{1,12}(\.\d{1,12})?$/, 'a positive decimal in quotes, such as "0.9213"')
    .refine((text) => !/^[0.]+$/.test(text), { error: 'is zero' })
    .describe('units of `to` per unit of `from`'),
  source: z.string().min(1).max(80),
});

const DAY_MS = 86_400_000;

const place = z.tuple([z.string()]);
const rateCursor = cursorOf('rates', place);

export const rateRoutes = [
  tenantRoute(
    {
      method: 'get',
      path: '/rates',
      tag: 'rates',
      summary: 'Recorded exchange rates of one pair of currencies, newest first',
      role: 'read',
      query: pageQuery.extend({ from: code, to: code }),
      answer: pageOf(rateFields.extend({ recordedAt: z.string() })),
    },
    async ({ query: { from, to, ...query }, books, tenant }) => {
      const page = pageRequest(query, rateCursor);
      if (page instanceof Response) return page;
      const rows = await books
        .select()
        .from(rates)
        .where(
          and(
            eq(rates.tenant, tenant),
            eq(rates.fromCurrency, from),
            eq(rates.toCurrency, to),
            page.after === null ? undefined : lt(rates.date, page.after[0]),
          ),
        )
        .orderBy(desc(rates.date))
        .limit(page.limit + 1);
      return pageOfRows(
        rows,
        page.limit,
        (row) => ({
          from: row.fromCurrency,
          to: row.toCurrency,
          date: row.date,
          rate: row.rate,
          source: row.source,
          recordedAt: iso(row.recordedAt),
        }),
        (row) => rateCursor.encode([row.date]),
      );
    },
  ),
  tenantRoute(
    {
      method: 'post',
      path: '/rates',
      tag: 'rates',
      summary: 'Record exchange rates. One that is recorded is never changed: entries were booked with it',
      role: 'operate',
      body: z.strictObject({ rates: z.array(rateFields).min(1).max(5000) }),
      answer: z.object({
        offered: z.int(),
        differing: z.array(rateFields).describe('recorded before with another rate: they stay as shown here'),
      }),
    },
    async (call) => {
      const { rates: offers } = call.body;
      const latest = new Date(call.now + DAY_MS).toISOString().slice(0, 10);
      const early = offers.findIndex(({ date }) => date > latest);
      if (early !== -1)
        return problem('invalid_request', {
          errors: [{ path: `body.rates.${early}.date`, message: 'is yet to come' }],
        });
      const days = offers.map(({ date }) => date).sort();
      const told = audited(call, 'rates.record', call.tenant, {
        offered: offers.length,
        pairs: [...new Set(offers.map(({ from, to }) => `${from}/${to}`))].slice(0, 100),
        sources: [...new Set(offers.map(({ source }) => source))].slice(0, 20),
        ...{ from: days[0], to: days.at(-1) },
      });
      const { offered, differing } = await recordRates(call.db, call.tenant, offers, call.now, [told]);
      await resumeParked(call.env, call.db, call.tenant);
      return { offered, differing: [...differing] };
    },
  ),
];
