/**
 * What corrects an entry and what it corrects. Told by keys alone: a reversal's object is made from the entry it reverses,
 * and its event from the same, so neither costs a row.
 */
import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { OWN_SOURCE } from '../sources/ledgergate/index.ts';
import type { LedgerReads } from './reads.ts';
import { events } from './schema.ts';
import { type EntryView, iso } from './views.ts';

export const reversalEvent = (entry: string): string => `reversal/${entry}`;
export const correctionEvent = (entry: string, number: number): string => `correction/${entry}/${number}`;

const followUp = z.object({
  eventId: z.string(),
  entry: z.string().nullable().describe('null: it is not booked yet'),
  bookedAt: z.string().nullable(),
});

export const correctionsView = z.object({
  reversedBy: followUp.nullable(),
  replacedBy: followUp.nullable().describe('what was booked in its place'),
  reverses: z.string().nullable().describe('the entry this one reverses'),
  standsInFor: z.string().nullable().describe('the entry this one was booked in place of'),
});
export type CorrectionsView = z.infer<typeof correctionsView>;

const reversalObject = new RegExp(`^${OWN_SOURCE}:journal:reversal/(.+)$`);
const correctionObject = new RegExp(`^${OWN_SOURCE}:journal:correction/(.+)/\\d+$`);

/** By entry id, for the entries of one event or one page: at most 200. */
export async function correctionsOf(
  db: LedgerReads,
  tenant: string,
  entries: readonly Pick<EntryView, 'id' | 'object'>[],
): Promise<ReadonlyMap<string, CorrectionsView>> {
  if (entries.length === 0) return new Map();
  const keys = entries.flatMap(({ id }) => [reversalEvent(id), `correction/${id}/`]);
  const rows = await db
    .select({ eventId: events.eventId, lane: events.lane, position: events.position, decidedAt: events.decidedAt })
    .from(events)
    .where(
      and(
        eq(events.tenant, tenant),
        eq(events.source, OWN_SOURCE),
        sql`${events.eventId} IN (
          SELECT x.event_id FROM json_each(${JSON.stringify(keys)}) k CROSS JOIN events x
          ON x.tenant = ${tenant} AND x.source = ${OWN_SOURCE} AND x.event_id >= k.value AND x.event_id < k.value || ':' LIMIT 500)`,
      ),
    );
  const found = (matches: (eventId: string) => boolean) => {
    const row = rows.find(({ eventId }) => matches(eventId));
    if (row === undefined) return null;
    const { eventId, lane, position, decidedAt } = row;
    return position === null
      ? { eventId, entry: null, bookedAt: null }
      : { eventId, entry: `${lane}#${position}.0`, bookedAt: iso(decidedAt) };
  };
  return new Map(
    entries.map(({ id, object }) => [
      id,
      {
        reversedBy: found((eventId) => eventId === reversalEvent(id)),
        replacedBy: found((eventId) => eventId.startsWith(`correction/${id}/`) && /\/\d+$/.test(eventId)),
        reverses: reversalObject.exec(object)?.[1] ?? null,
        standsInFor: correctionObject.exec(object)?.[1] ?? null,
      },
    ]),
  );
}
