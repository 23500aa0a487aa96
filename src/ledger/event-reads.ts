/** Events as they were decided and the entries they made, newest decision first; and events that are held. */
import { and, desc, eq, lte, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { cursorOf, type Page, type PageRequest, pageOf } from './pages.ts';
import type { LedgerReads } from './reads.ts';
import { commits, entries, events } from './schema.ts';
import { type EntryRow, type EntryView, type EventRow, type EventView, viewEntry, viewEvent } from './views.ts';

/** `[source, event id]` pairs travel as one JSON parameter, so D1's limit of 100 parameters never bites. */
const amongEvents = (pairs: readonly (readonly [string, string])[]): SQL =>
  sql`(${events.source}, ${events.eventId}) IN (SELECT value ->> 0, value ->> 1 FROM json_each(${JSON.stringify(pairs)}))`;

/** At most 200 pairs. */
export async function eventsByIds(
  db: LedgerReads,
  tenant: string,
  pairs: readonly (readonly [string, string])[],
): Promise<EventRow[]> {
  if (pairs.length === 0) return [];
  return db
    .select()
    .from(events)
    .where(and(eq(events.tenant, tenant), amongEvents(pairs)));
}

/** A commit, and how many of its events (from the end) are still to be shown; null: all of them. */
const commitPlace = z.tuple([z.string(), z.int().nonnegative().nullable()]);
export const commitCursor = cursorOf('commits', commitPlace);
type CommitPlace = z.infer<typeof commitPlace>;

const commitEvents = z.array(z.tuple([z.string(), z.string()]));

interface Walked {
  readonly source: string;
  readonly eventId: string;
  readonly committedAt: number;
  /** Where to go on after this one. */
  readonly place: CommitPlace;
}

/** Commits per read while walking; each names at least one event. */
const WALK = 32;

/** The `limit + 1` events decided before `after`, newest first. Reads at most one commit row per event. */
async function walkCommits(
  db: LedgerReads,
  tenant: string,
  limit: number,
  after: CommitPlace | null,
): Promise<Walked[]> {
  const walked: Walked[] = [];
  let from = after;
  while (walked.length <= limit) {
    const rows = await db
      .select()
      .from(commits)
      .where(and(eq(commits.tenant, tenant), from === null ? undefined : lte(commits.id, from[0])))
      .orderBy(desc(commits.id))
      .limit(WALK);
    for (const row of rows) {
      const list = commitEvents.parse(JSON.parse(row.events));
      const left = from !== null && from[0] === row.id ? (from[1] ?? list.length) : list.length;
      for (let index = Math.min(left, list.length) - 1; index >= 0 && walked.length <= limit; index -= 1) {
        const pair = list[index];
        if (pair === undefined) break;
        walked.push({ source: pair[0], eventId: pair[1], committedAt: row.committedAt, place: [row.id, index] });
      }
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < WALK) break;
    from = [last.id, 0];
  }
  return walked;
}

const pairKey = (source: string, eventId: string): string => JSON.stringify([source, eventId]);

async function eventRowsOf(db: LedgerReads, tenant: string, walked: readonly Walked[]): Promise<Map<string, EventRow>> {
  const rows = await eventsByIds(
    db,
    tenant,
    walked.map((w) => [w.source, w.eventId]),
  );
  return new Map(rows.map((row) => [pairKey(row.source, row.eventId), row]));
}

/**
 * Events, newest decision first. An event that waited was decided more than once: it stands once, where it was last
 * decided (`decided_at` is its commit's `committed_at`).
 */
export async function listEvents(
  db: LedgerReads,
  tenant: string,
  page: PageRequest<CommitPlace>,
): Promise<Page<EventView>> {
  const walked = await walkCommits(db, tenant, page.limit, page.after);
  const shown = walked.slice(0, page.limit);
  const rows = await eventRowsOf(db, tenant, shown);
  const items: EventView[] = [];
  for (const { source, eventId, committedAt } of shown) {
    const key = pairKey(source, eventId);
    const row = rows.get(key);
    if (row === undefined || row.decidedAt > committedAt) continue;
    items.push(viewEvent(row));
    rows.delete(key);
  }
  return { items, next: nextPlace(walked, shown) };
}

function nextPlace(walked: readonly Walked[], shown: readonly Walked[]): string | null {
  const last = shown.at(-1);
  return walked.length > shown.length && last !== undefined ? commitCursor.encode(last.place) : null;
}

/**
 * Entries, newest first: those of up to `limit` events, walked like `listEvents`. An entry stands only where it was
 * booked, not where its event was first looked at and had to wait.
 */
export async function listEntries(
  db: LedgerReads,
  tenant: string,
  page: PageRequest<CommitPlace>,
): Promise<Page<EntryView>> {
  const walked = await walkCommits(db, tenant, page.limit, page.after);
  const shown = walked.slice(0, page.limit);
  const rows = await eventRowsOf(db, tenant, shown);
  const booked = await entriesOf(db, tenant, [...rows.values()]);
  const items: EntryView[] = [];
  const taken: Walked[] = [];
  for (const place of shown) {
    const row = rows.get(pairKey(place.source, place.eventId));
    const found = (row === undefined ? [] : (booked.get(`${row.lane}#${row.position}`) ?? [])).filter(
      (entry) => entry.bookedAt <= place.committedAt,
    );
    if (items.length > 0 && items.length + found.length > page.limit) break;
    taken.push(place);
    for (const entry of found) items.push(viewEntry(entry));
    if (row !== undefined && found.length > 0) rows.delete(pairKey(place.source, place.eventId));
  }
  return { items, next: nextPlace(walked, taken) };
}

/** Entries of applied events, by `<lane>#<position>`. By primary key. */
export async function entriesOf(
  db: LedgerReads,
  tenant: string,
  rows: readonly Pick<EventRow, 'lane' | 'position'>[],
): Promise<Map<string, EntryRow[]>> {
  const places = rows.flatMap((row) => (row.position === null ? [] : [[row.lane, row.position]]));
  const found = new Map<string, EntryRow[]>();
  if (places.length === 0) return found;
  const list = await db
    .select()
    .from(entries)
    .where(
      and(
        eq(entries.tenant, tenant),
        sql`(${entries.lane}, ${entries.position}) IN (SELECT value ->> 0, value ->> 1 FROM json_each(${JSON.stringify(places)}))`,
      ),
    )
    .orderBy(entries.lane, entries.position, entries.part);
  for (const row of list) {
    const key = `${row.lane}#${row.position}`;
    const group = found.get(key);
    if (group === undefined) found.set(key, [row]);
    else group.push(row);
  }
  return found;
}

export const heldOutcomes = ['waiting', 'parked', 'quarantined'] as const;
export type HeldOutcome = (typeof heldOutcomes)[number];
const heldPlace = z.tuple([z.number(), z.string(), z.string()]);
export const heldCursor = cursorOf('held', heldPlace);

/** Held events, oldest first: what has waited longest is what a person looks at first. */
export async function heldRows(
  db: LedgerReads,
  tenant: string,
  outcome: HeldOutcome,
  limit: number,
  after: z.infer<typeof heldPlace> | null,
): Promise<EventRow[]> {
  return db
    .select()
    .from(events)
    .where(
      and(
        eq(events.tenant, tenant),
        eq(events.outcome, outcome),
        // Repeats the partial index's own condition, which a bound parameter alone does not prove to the planner.
        sql`${events.outcome} in ('waiting','parked','quarantined')`,
        after === null
          ? undefined
          : sql`(${events.receivedAt}, ${events.source}, ${events.eventId}) > (${after[0]}, ${after[1]}, ${after[2]})`,
      ),
    )
    .orderBy(events.receivedAt, events.source, events.eventId)
    .limit(limit);
}

export async function listHeld(
  db: LedgerReads,
  tenant: string,
  outcome: HeldOutcome,
  page: PageRequest<z.infer<typeof heldPlace>>,
): Promise<Page<EventView>> {
  const rows = await heldRows(db, tenant, outcome, page.limit + 1, page.after);
  return pageOf(rows, page.limit, viewEvent, (row) => heldCursor.encode([row.receivedAt, row.source, row.eventId]));
}
