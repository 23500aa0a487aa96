/** Deferred revenue: what is still to come, and the run that recognises a month. */
import { z } from 'zod';
import { dateIn, type IsoDate, isoDate } from '../../canonical/ids.ts';
import { nextDay, startOfDay } from '../../canonical/periods.ts';
import { unreachable } from '../../canonical/result.ts';
import { type DeferredSpan, deferredNow, deferredOver, MAX_SLICES } from '../../ledger/deferred-reads.ts';
import { waterfall, waterfallCsv, waterfallView } from '../../ledger/deferred-waterfall.ts';
import { tellRecognition } from '../../operations/recognition-run.ts';
import { problem } from '../problem.ts';
import { audited } from './actions.ts';
import { chooseEntity } from './reading.ts';
import { tenantRoute } from './route.ts';

const day = z
  .string()
  .regex(/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'a day, such as 2026-11-30')
  .refine((text) => !Number.isNaN(Date.parse(`${text}T00:00:00Z`)), 'is no day of the calendar')
  .transform((text): IsoDate => isoDate(text));
const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'a month, such as 2026-11');
const entity = z.string().max(48).optional().describe('may be left out when there is one');

/** Days of the entity's calendar as what the reads compare with. */
function spanOf(by: DeferredSpan['by'], from: IsoDate | null, asOf: IsoDate, timeZone: string): DeferredSpan {
  if (by === 'effective') return { by, from, until: asOf };
  return {
    by,
    from: from === null ? null : startOfDay(timeZone, from),
    until: startOfDay(timeZone, nextDay(asOf)),
  };
}

const deferredAccounts = (mapping: string | Partial<Record<string, string>> | undefined): string[] =>
  mapping === undefined
    ? []
    : typeof mapping === 'string'
      ? [mapping]
      : Object.values(mapping).filter((code): code is string => code !== undefined);

export const recognitionRoutes = [
  tenantRoute(
    {
      method: 'get',
      path: '/ledger/deferred',
      tag: 'ledger',
      summary: 'The deferred revenue waterfall: what came in, what was recognised, what is still to come by month',
      role: 'read',
      query: z.object({
        entity,
        from: day.optional().describe('first day of the movements; reads the whole ledger'),
        asOf: day.optional().describe('last day; left out, with from, as the books stand now'),
        by: z
          .enum(['booked', 'effective'])
          .default('booked')
          .describe('the day an entry was booked, or the day it is for'),
        format: z.enum(['json', 'csv']).default('json'),
      }),
      answer: waterfallView,
    },
    async ({ query, db, tenant, live, now }) => {
      const chosen = chooseEntity(live.document, query.entity);
      if (chosen instanceof Response) return chosen;
      const settings = live.document.entities[chosen];
      if (settings === undefined) return problem('not_found', { detail: `no entity ${chosen}` });
      const { from = null, by } = query;
      const moves = query.from !== undefined || query.asOf !== undefined;
      const asOf = query.asOf ?? (moves ? dateIn(settings.timeZone, now) : null);
      if (from !== null && asOf !== null && from > asOf)
        return problem('invalid_request', { errors: [{ path: 'query.from', message: 'is after asOf' }] });
      const mapping = settings.accounts.deferredRevenue ?? live.document.accounts.deferredRevenue;
      const books =
        asOf === null
          ? await deferredNow(db, tenant, chosen, deferredAccounts(mapping))
          : await deferredOver(db, tenant, chosen, spanOf(by, from, asOf, settings.timeZone));
      if (books === null || books.slices.length > MAX_SLICES)
        return problem('conflict', { detail: `more than ${MAX_SLICES} months and accounts: ask for a shorter past` });
      const told = waterfall({ entity: chosen, baseCurrency: settings.currency, by, from, asOf, moves }, books);
      if (query.format === 'json') return told;
      return new Response(waterfallCsv(told), {
        headers: {
          'content-type': 'text/csv; charset=utf-8; header=present',
          'content-disposition': `attachment; filename="${tenant}-${chosen}-deferred.csv"`,
          'x-content-type-options': 'nosniff',
          'cache-control': 'no-store',
        },
      });
    },
  ),
  tenantRoute(
    {
      method: 'post',
      path: '/recognition',
      tag: 'ledger',
      summary: 'Recognise now what is open for a month that is over; the clock does the same once a day',
      role: 'operate',
      body: z.object({ entity, period: month }),
      answer: z.object({
        status: z.enum(['told', 'repeated', 'nothing_open']).describe('told: booked soon; its timeline says when'),
        eventId: z.string().nullable(),
        lane: z.string().nullable(),
      }),
    },
    async (call) => {
      const chosen = chooseEntity(call.live.document, call.body.entity);
      if (chosen instanceof Response) return chosen;
      const run = { entity: chosen, period: isoDate(`${call.body.period}-01`), by: call.actor.name };
      const told = await tellRecognition(call.env, call.tenant, run, call.now);
      switch (told.code) {
        case 'told': {
          const { eventId, lane } = told;
          const status = told.repeated ? ('repeated' as const) : ('told' as const);
          await audited(call, 'recognition.run', `${chosen}/${call.body.period}`, { status, eventId }).run();
          return { status, eventId, lane };
        }
        case 'nothing_open':
          return { status: 'nothing_open' as const, eventId: null, lane: null };
        case 'month_not_over':
          return problem('conflict', { detail: `${call.body.period} is not over in the time zone of ${chosen}` });
        case 'waiting':
          return problem('conflict', {
            detail: `the run ${told.eventId} of that month waits: settle its exception, it takes what has come since`,
          });
        case 'unknown_entity':
          return problem('not_found', { detail: `no entity ${chosen}` });
        case 'not_now':
          return problem('overloaded', { detail: told.reason, retryAfterSeconds: 10 });
        default:
          return unreachable(told);
      }
    },
  ),
];
