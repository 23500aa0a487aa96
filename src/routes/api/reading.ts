/** What every statement is asked with: whose books, up to which day, as they were known when. */
import { z } from 'zod';
import { dateIn, type EpochMs, type IsoDate, isoDate } from '../../canonical/ids.ts';
import { type Currency, currency } from '../../canonical/money.ts';
import { lastDayOf } from '../../canonical/periods.ts';
import { bookkeepingOf } from '../../ledger/accounts-by-code.ts';
import { csvMedia, csvText } from '../../ledger/csv.ts';
import { type Cutoff, endOfDay } from '../../ledger/entry-pages.ts';
import type { Table } from '../../ledger/statements/shown.ts';
import type { TenantConfig } from '../../tenants/config.ts';
import { problem } from '../problem.ts';

const monthText = /^\d{4}-(0[1-9]|1[0-2])$/;
const isDay = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.slice(0, 10) === text;

const day = z.string().refine(isDay, 'a day, such as 2026-11-30');
export const dayOrMonth = z
  .string()
  .refine((text) => monthText.test(text) || isDay(text), 'a day such as 2026-11-30, or a month such as 2026-11');
export const isMonth = (text: string): boolean => monthText.test(text);

export const entityQuery = z.string().max(48).optional().describe('may be left out when there is one');
export const bookedByQuery = z
  .union([day, z.iso.datetime({ offset: true, error: 'an instant, such as 2026-12-05T12:00:00Z' })])
  .optional()
  .describe('only what was booked by then: an instant, or a day to its end in the entity’s time zone');

/** `from` is left out where a statement is about one day. */
export const asOfQuery = z.object({
  entity: entityQuery,
  asOf: day.optional().describe('last effective date that counts'),
  bookedBy: bookedByQuery,
});
export const spanQuery = asOfQuery.extend({ from: day.optional().describe('first effective date of the span') });
export const formatQuery = z.enum(['json', 'csv']).default('json').describe('csv answers text/csv');

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

export interface Reading {
  readonly entity: string;
  readonly baseCurrency: Currency;
  readonly from: IsoDate | null;
  readonly cutoff: Cutoff;
  /** The entity's calendar day by now. */
  readonly today: IsoDate;
}

interface Asked {
  readonly entity?: string | undefined;
  readonly from?: string | undefined;
  readonly asOf?: string | undefined;
  readonly bookedBy?: string | undefined;
}

/** Months are taken from their first day and to their last. */
export function readingOf(config: TenantConfig, asked: Asked, now: EpochMs): Reading | Response {
  const entity = chooseEntity(config, asked.entity);
  if (entity instanceof Response) return entity;
  const settings = config.entities[entity];
  if (settings === undefined) return problem('not_found', { detail: `no entity ${entity}` });
  const from = asked.from === undefined ? null : isoDate(isMonth(asked.from) ? `${asked.from}-01` : asked.from);
  const asOf = asked.asOf === undefined ? null : lastDay(asked.asOf);
  if (from !== null && asOf !== null && from > asOf)
    return problem('invalid_request', { errors: [{ path: 'query.from', message: 'is after asOf' }] });
  return {
    ...{ entity, from, baseCurrency: currency(settings.currency), today: dateIn(settings.timeZone, now) },
    cutoff: { asOf, bookedBy: instantOf(asked.bookedBy, settings.timeZone) },
  };
}

const lastDay = (text: string): IsoDate => (isMonth(text) ? lastDayOf(isoDate(`${text}-01`)) : isoDate(text));

function instantOf(text: string | undefined, timeZone: string): EpochMs | null {
  if (text === undefined) return null;
  return isDay(text) ? endOfDay(timeZone, isoDate(text)) : Date.parse(text);
}

/** Refused whole: a statement is never cut. */
export const refused = (refusal: string, instead: string): Response =>
  problem('conflict', { detail: `${refusal}: ${instead}` });

/** A statement as a file. */
export const csvAnswer = (name: string, table: Table | string): Response =>
  new Response(typeof table === 'string' ? table : csvText(table.columns, table.rows), {
    headers: {
      'content-type': csvMedia,
      'content-disposition': `attachment; filename="${name}.csv"`,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    },
  });
