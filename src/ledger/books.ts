/** What the ledger stage reads: by primary key only, so that its cost does not grow with the books. */
import type { LaneKey, TenantId } from '../canonical/ids.ts';
import type { ObjectState } from '../canonical/objects.ts';
import type { LaneHead } from '../durable-objects/customer-lane/protocol.ts';
import type { LedgerDatabase } from './database.ts';
import type { PostingPlan } from './records.ts';

/** An object's state and the lane that alone writes it. */
export interface OwnedObject {
  readonly state: ObjectState;
  readonly lane: LaneKey;
}

const readObjects = `SELECT o.object AS object, o.lane AS lane, o.state AS state FROM json_each(?2) k CROSS JOIN objects o ON o.tenant = ?1 AND o.object = k.value`;

/**
 * Object states by key, with one level of the objects they name as `related` (a payment's invoice).
 * State rows were written by `commitLanes` from typed values; they are read back as such.
 */
export async function loadObjects(
  db: LedgerDatabase,
  tenant: TenantId,
  keys: readonly string[],
): Promise<Map<string, OwnedObject>> {
  const found = new Map<string, OwnedObject>();
  let wanted = [...new Set(keys)];
  for (let level = 0; level < 2 && wanted.length > 0; level++) {
    const { results } = await db
      .prepare(readObjects)
      .bind(tenant, JSON.stringify(wanted))
      .all<{ object: string; lane: LaneKey; state: string }>();
    const related = new Set<string>();
    for (const row of results) {
      const state: ObjectState = JSON.parse(row.state);
      found.set(row.object, { state, lane: row.lane });
      for (const key of state.related) if (!found.has(key)) related.add(key);
    }
    wanted = [...related].filter((key) => !found.has(key));
  }
  return found;
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

/** Events by `[source, event id]`. */
export async function readBookedEvents(
  db: LedgerDatabase,
  tenant: TenantId,
  ids: readonly (readonly [string, string])[],
): Promise<BookedEvent[]> {
  if (ids.length === 0) return [];
  const { results } = await db
    .prepare(readEvents)
    .bind(tenant, JSON.stringify(ids))
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
