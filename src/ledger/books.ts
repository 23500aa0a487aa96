/** What the ledger stage reads: by primary key only, so that its cost does not grow with the books. */
import type { LaneStanding } from '../canonical/identity.ts';
import { type EpochMs, type IsoDate, isoDate, type LaneKey, laneKey, type TenantId } from '../canonical/ids.ts';
import type { ObjectState } from '../canonical/objects.ts';
import type { LaneHead } from '../durable-objects/customer-lane/protocol.ts';
import type { LedgerDatabase } from './database.ts';
import type { PostingPlan } from './records.ts';

/** An object's state and the lane that alone writes it: the primary, where the lane of its row is linked. */
export interface OwnedObject {
  readonly state: ObjectState;
  readonly lane: LaneKey;
}

/** A lane that goes on in another one. */
export interface LaneLink {
  readonly primary: LaneKey;
  readonly at: EpochMs;
  /** Where the lane's books end, for good; null when nothing was ever booked in it. */
  readonly head: LaneHead | null;
}

export interface Books {
  readonly objects: Map<string, OwnedObject>;
  /** Of the lanes asked for, those that are linked. */
  readonly links: Map<LaneKey, LaneLink>;
  /** Last closed day of each of the entities asked for; those that were never closed are left out. */
  readonly closings: Map<string, IsoDate>;
}

const readObjects = `SELECT o.object AS object, coalesce(l.primary_lane, o.lane) AS lane, o.state AS state, NULL AS at, NULL AS position, NULL AS hash
FROM json_each(?2) k CROSS JOIN objects o ON o.tenant = ?1 AND o.object = k.value LEFT JOIN lane_links l ON l.tenant = ?1 AND l.lane = o.lane
UNION ALL SELECT l.lane, l.primary_lane, NULL, l.at, h.position, h.hash
FROM json_each(?3) k CROSS JOIN lane_links l ON l.tenant = ?1 AND l.lane = k.value LEFT JOIN lanes h ON h.tenant = ?1 AND h.lane = l.lane
UNION ALL SELECT b.entity, NULL, NULL, NULL, NULL, b.closed_until
FROM json_each(?4) k CROSS JOIN entity_books b ON b.tenant = ?1 AND b.entity = k.value WHERE b.closed_until IS NOT NULL`;

interface BooksRow {
  readonly object: string;
  /** Null in the row of an entity's books, whose closed day stands in `hash`. */
  readonly lane: LaneKey | null;
  /** Null in the row of a link. */
  readonly state: string | null;
  readonly at: number | null;
  readonly position: number | null;
  readonly hash: string | null;
}

/**
 * Object states by key, with one level of the objects they name as `related` (a payment's invoice), and which of `lanes`
 * are linked, and how far the books of `entities` are closed: one query for all, by primary keys.
 * State rows were written by `commitLanes` from typed values; they are read back as such.
 */
export async function loadBooks(
  db: LedgerDatabase,
  tenant: TenantId,
  keys: readonly string[],
  lanes: readonly LaneKey[],
  entities: readonly string[] = [],
): Promise<Books> {
  const books: Books = { objects: new Map(), links: new Map(), closings: new Map() };
  let wanted = [...new Set(keys)];
  for (let level = 0; level < 2 && (wanted.length > 0 || (level === 0 && lanes.length > 0)); level++) {
    const { results } = await db
      .prepare(readObjects)
      .bind(
        tenant,
        JSON.stringify(wanted),
        JSON.stringify(level === 0 ? lanes : []),
        JSON.stringify(level === 0 ? entities : []),
      )
      .all<BooksRow>();
    const related = new Set<string>();
    for (const row of results) {
      if (row.lane === null) {
        if (row.hash !== null) books.closings.set(row.object, isoDate(row.hash));
        continue;
      }
      if (row.state === null) {
        const { position, hash } = row;
        const head = position === null || hash === null ? null : { position, hash };
        books.links.set(laneKey(row.object), { primary: row.lane, at: row.at ?? 0, head });
        continue;
      }
      const state: ObjectState = JSON.parse(row.state);
      books.objects.set(row.object, { state, lane: row.lane });
      for (const key of state.related) if (!books.objects.has(key)) related.add(key);
    }
    wanted = [...related].filter((key) => !books.objects.has(key));
  }
  return books;
}

const readStandings = `SELECT k.value AS lane, (SELECT l.primary_lane FROM lane_links l WHERE l.tenant = ?1 AND l.lane = k.value) AS primaryLane,
(SELECT json_group_array(f.lane) FROM (SELECT lane FROM lane_links WHERE tenant = ?1 AND primary_lane = k.value LIMIT 20) f) AS linked
FROM json_each(?2) k`;

/** How lanes stand among the links. Asked only when a customer names itself elsewhere. */
export async function loadStandings(
  db: LedgerDatabase,
  tenant: TenantId,
  lanes: readonly LaneKey[],
): Promise<Map<LaneKey, LaneStanding>> {
  if (lanes.length === 0) return new Map();
  const { results } = await db
    .prepare(readStandings)
    .bind(tenant, JSON.stringify([...new Set(lanes)]))
    .all<{ lane: LaneKey; primaryLane: LaneKey | null; linked: string }>();
  return new Map(
    results.map((row) => [row.lane, { primary: row.primaryLane, linked: JSON.parse(row.linked) as LaneKey[] }]),
  );
}

const closedDays = `SELECT b.entity, b.closed_until AS closedUntil
FROM json_each(?2) k CROSS JOIN entity_books b ON b.tenant = ?1 AND b.entity = k.value WHERE b.closed_until IS NOT NULL`;

/** Last closed day of each of these entities' books, by primary key; those that were never closed are left out. */
export async function readClosings(
  db: LedgerDatabase,
  tenant: TenantId,
  entities: readonly string[],
): Promise<Map<string, IsoDate>> {
  if (entities.length === 0) return new Map();
  const { results } = await db
    .prepare(closedDays)
    .bind(tenant, JSON.stringify([...new Set(entities)]))
    .all<{ entity: string; closedUntil: string }>();
  return new Map(results.map((row) => [row.entity, isoDate(row.closedUntil)]));
}

export async function readHead(db: LedgerDatabase, tenant: TenantId, lane: string): Promise<LaneHead | null> {
  const { results } = await db
    .prepare('SELECT position, hash FROM lanes WHERE tenant = ?1 AND lane = ?2')
    .bind(tenant, lane)
    .all<LaneHead>();
  return results[0] ?? null;
}

export interface BookedEvent {
  readonly source: string;
  readonly eventId: string;
  readonly lane: LaneKey;
  readonly seq: number;
  readonly position: number | null;
  readonly outcome: string;
  readonly bodyHash: string;
  readonly plan: PostingPlan;
}

const readEvents = `SELECT e.source, e.event_id AS eventId, e.lane, e.seq, e.position, e.outcome, e.body_hash AS bodyHash, e.documents
FROM json_each(?2) k CROSS JOIN events e ON e.tenant = ?1 AND e.source = k.value ->> 0 AND e.event_id = k.value ->> 1`;

/** Events by `[source, event id]`; each once, however often it is asked for. */
export async function readBookedEvents(
  db: LedgerDatabase,
  tenant: TenantId,
  ids: readonly (readonly [string, string])[],
): Promise<BookedEvent[]> {
  if (ids.length === 0) return [];
  const once = new Map(ids.map((id) => [id.join('\n'), id]));
  const { results } = await db
    .prepare(readEvents)
    .bind(tenant, JSON.stringify([...once.values()]))
    .all<Omit<BookedEvent, 'plan'> & { documents: string }>();
  return results.map(({ documents, ...row }) => ({ ...row, plan: JSON.parse(documents) as PostingPlan }));
}

export interface PostedRow {
  readonly target: string;
  readonly key: string;
  readonly outcome: string;
  readonly remoteId: string | null;
  readonly remoteName: string | null;
  readonly remoteDate: string | null;
  readonly attempts: number;
}

const readPostings = `SELECT p.target, p.key, p.outcome, p.remote_id AS remoteId, p.remote_name AS remoteName, p.remote_date AS remoteDate, p.attempts
FROM json_each(?2) k CROSS JOIN postings p ON p.tenant = ?1 AND p.target = k.value ->> 0 AND p.key = k.value ->> 1`;

/** Postings by `[target, key]`. */
export async function readPosted(
  db: LedgerDatabase,
  tenant: TenantId,
  keys: readonly (readonly [string, string])[],
): Promise<PostedRow[]> {
  if (keys.length === 0) return [];
  const { results } = await db.prepare(readPostings).bind(tenant, JSON.stringify(keys)).all<PostedRow>();
  return results;
}
