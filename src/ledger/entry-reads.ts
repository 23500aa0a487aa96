/** Entries of one lane or about one object, one entry, and how far a lane is booked. */
import { and, desc, eq, lt, or, sql } from 'drizzle-orm';
import { z } from 'zod';
import { cursorOf, filteredPage, type Page, type PageRequest, SCAN } from './pages.ts';
import type { LedgerReads } from './reads.ts';
import { entries, lanes, objects } from './schema.ts';
import { type EntryRow, type EntryView, entryIdOf, viewEntry } from './views.ts';

const placeInLane = z.tuple([z.int(), z.int()]);
export const laneEntryCursor = cursorOf('lane-entries', placeInLane);

/** A lane's entries, newest first; with `object`, only those about it among the next 1,000. */
export async function listLaneEntries(
  db: LedgerReads,
  tenant: string,
  lane: string,
  object: string | null,
  page: PageRequest<z.infer<typeof placeInLane>>,
): Promise<Page<EntryView>> {
  const scan = object === null ? page.limit + 1 : SCAN;
  const rows = await db
    .select()
    .from(entries)
    .where(
      and(
        eq(entries.tenant, tenant),
        eq(entries.lane, lane),
        page.after === null
          ? undefined
          : or(
              lt(entries.position, page.after[0]),
              and(eq(entries.position, page.after[0]), lt(entries.part, page.after[1])),
            ),
      ),
    )
    .orderBy(desc(entries.position), desc(entries.part))
    .limit(scan);
  const cursor = (row: EntryRow) => laneEntryCursor.encode([row.position, row.part]);
  return filteredPage(rows, page.limit, scan, (row) => object === null || row.object === object, viewEntry, cursor);
}

/** The lane that owns an object, or null when the books do not know it. */
export async function laneOfObject(db: LedgerReads, tenant: string, object: string): Promise<string | null> {
  const row = await db
    .select({ lane: objects.lane })
    .from(objects)
    .where(and(eq(objects.tenant, tenant), eq(objects.object, object)))
    .get();
  return row?.lane ?? null;
}

const entryIdPattern = /^(.+)#(\d{1,15})\.(\d{1,6})$/;

export async function findEntry(db: LedgerReads, tenant: string, id: string): Promise<EntryView | null> {
  const row = await findEntryRow(db, tenant, id);
  return row === null ? null : viewEntry(row);
}

export async function findEntryRow(db: LedgerReads, tenant: string, id: string): Promise<EntryRow | null> {
  const match = entryIdPattern.exec(id);
  if (match === null) return null;
  const [, lane = '', position = '', part = ''] = match;
  const row = await db
    .select()
    .from(entries)
    .where(
      and(
        eq(entries.tenant, tenant),
        eq(entries.lane, lane),
        eq(entries.position, Number(position)),
        eq(entries.part, Number(part)),
      ),
    )
    .get();
  return row === undefined || entryIdOf(row) !== id ? null : row;
}

export async function laneHead(db: LedgerReads, tenant: string, lane: string) {
  const row = await db
    .select({ position: lanes.position, hash: lanes.hash })
    .from(lanes)
    .where(and(eq(lanes.tenant, tenant), eq(lanes.lane, lane)))
    .get();
  return row ?? null;
}

/** Those of `keys` (at most 1,000) that the books have no object of. */
export async function unknownObjects(
  db: LedgerReads,
  tenant: string,
  keys: readonly string[],
): Promise<readonly string[]> {
  if (keys.length === 0) return [];
  const rows = await db
    .select({ object: objects.object })
    .from(objects)
    .where(
      and(eq(objects.tenant, tenant), sql`${objects.object} IN (SELECT value FROM json_each(${JSON.stringify(keys)}))`),
    );
  const known = new Set(rows.map(({ object }) => object));
  return keys.filter((key) => !known.has(key));
}
