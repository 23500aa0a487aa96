/**
 * Duplicates of master data, found by the books themselves: in the transaction that writes a customer, so that two that
 * come at the same moment are found as surely as two that come a year apart. What is kept of an e-mail address or a tax id is
 * a hash with the tenant in it.
 *
 * At most `MAX_SHARING` customers are kept for one value: what so many share is a mailbox, and tells nobody apart.
 */
import type { CustomerMark, MarkChange, MarkKind } from '../canonical/duplicates.ts';
import { duplicateWords, OTHER } from '../canonical/duplicates.ts';
import type { LaneKey, ProviderEventId, SourceId, TenantId } from '../canonical/ids.ts';
import { canonicalJson, sha256Hex } from './hash.ts';

export const MAX_SHARING = 8;

/** A change of what a customer is known by, with the event that made it. */
export interface MarkedEvent {
  readonly change: MarkChange;
  readonly seq: number;
  readonly source: SourceId;
  readonly eventId: ProviderEventId;
}

interface Hashed {
  readonly kind: MarkKind;
  readonly hash: string;
}

/** One customer's part of a commit: hashes, no values. */
export interface MarkRecord extends Omit<MarkedEvent, 'change'> {
  readonly customer: string;
  readonly lane: LaneKey;
  readonly noted: readonly Hashed[];
  readonly dropped: readonly Hashed[];
}

export async function sealMarks(tenant: TenantId, marked: readonly MarkedEvent[]): Promise<MarkRecord[]> {
  const hashed = ({ kind, value }: CustomerMark): Promise<Hashed> =>
    sha256Hex(canonicalJson([tenant, kind, value])).then((hash) => ({ kind, hash }));
  return Promise.all(
    marked.map(async ({ change, seq, source, eventId }) => ({
      customer: change.customer,
      lane: change.lane,
      seq,
      source,
      eventId,
      noted: await Promise.all(change.noted.map(hashed)),
      dropped: await Promise.all(change.dropped.map(hashed)),
    })),
  );
}

/** The same pair is the same exception, whichever of the two came second. */
const pairId = (kind: string, one: string, other: string): string =>
  `'duplicate_customer/' || ${kind} || '/' || min(${one}, ${other}) || '/' || max(${one}, ${other})`;

/** Before the rows go: they say whom the customer was taken for. `?2` is now. */
export const closeDropped = `UPDATE exceptions SET status = 'resolved', resolved_at = ?2, resolution = 'the cause is gone'
WHERE status = 'open' AND (tenant, id) IN (
  SELECT e.value ->> 't', ${pairId("(e.value ->> 'k')", "(e.value ->> 'l')", 'm.lane')}
  FROM json_each(?1) e CROSS JOIN customer_marks m ON m.tenant = e.value ->> 't' AND m.kind = e.value ->> 'k' AND m.hash = e.value ->> 'h')`;

export const dropMarks = `DELETE FROM customer_marks
WHERE (tenant, kind, hash, customer) IN (SELECT e.value ->> 't', e.value ->> 'k', e.value ->> 'h', e.value ->> 'c' FROM json_each(?1) e)`;

/** What is known is not written again. `?2` is now. */
export const noteMarks = `INSERT INTO customer_marks (tenant, kind, hash, customer, lane, at)
SELECT e.value ->> 't', e.value ->> 'k', e.value ->> 'h', e.value ->> 'c', e.value ->> 'l', ?2 FROM json_each(?1) e
WHERE (SELECT count(*) FROM customer_marks m WHERE m.tenant = e.value ->> 't' AND m.kind = e.value ->> 'k' AND m.hash = e.value ->> 'h') < ${MAX_SHARING}
ON CONFLICT (tenant, kind, hash, customer) DO NOTHING`;

/**
 * Each customer with the first other one that is known by the same and is not linked with it; a linked one whose primary is
 * known by it too leaves it to that. What a person resolved stays resolved. After links and marks. `?2` is now.
 */
export const openDuplicates = `INSERT INTO exceptions (tenant, id, cause, status, lane, seq, source, event_id, object, message, remedy, opened_at)
SELECT t, ${pairId('k', 'l', 'other')}, 'duplicate_customer', 'open', al, seq, s, ev, c, replace(m, '${OTHER}', other), replace(r, '${OTHER}', other), ?2
FROM (
  SELECT e.value ->> 't' AS t, e.value ->> 'k' AS k, e.value ->> 'l' AS l, e.value ->> 'al' AS al, e.value ->> 'c' AS c, e.value ->> 'seq' AS seq, e.value ->> 's' AS s, e.value ->> 'ev' AS ev, e.value ->> 'm' AS m, e.value ->> 'r' AS r, (
    SELECT o.lane FROM customer_marks o
    LEFT JOIN lane_links ol ON ol.tenant = o.tenant AND ol.lane = o.lane
    LEFT JOIN lane_links ml ON ml.tenant = o.tenant AND ml.lane = e.value ->> 'l'
    WHERE o.tenant = e.value ->> 't' AND o.kind = e.value ->> 'k' AND o.hash = e.value ->> 'h' AND o.customer <> e.value ->> 'c'
      AND coalesce(ol.primary_lane, o.lane) <> coalesce(ml.primary_lane, e.value ->> 'l')
      AND NOT EXISTS (SELECT 1 FROM customer_marks p WHERE p.tenant = o.tenant AND p.kind = o.kind AND p.hash = o.hash AND p.lane = ml.primary_lane)
      AND EXISTS (SELECT 1 FROM customer_marks i WHERE i.tenant = o.tenant AND i.kind = o.kind AND i.hash = o.hash AND i.customer = e.value ->> 'c')
    ORDER BY o.at, o.customer LIMIT 1
  ) AS other FROM json_each(?1) e
) WHERE other IS NOT NULL
ON CONFLICT (tenant, id) DO UPDATE SET status = 'open', resolved_at = NULL, resolution = NULL
WHERE exceptions.status = 'resolved' AND exceptions.resolution = 'the cause is gone'`;

const row = (tenant: TenantId, record: MarkRecord, { kind, hash }: Hashed) => ({
  t: tenant,
  k: kind,
  h: hash,
  c: record.customer,
  l: record.lane,
});

interface MarkRows {
  readonly dropped: readonly unknown[];
  readonly noted: readonly unknown[];
  readonly suspects: readonly unknown[];
}

/** All lanes' marks as rows. Of one value no more are noted at once than are kept; who is not noted is not compared. */
export function markRows(
  lanes: readonly { readonly tenant: TenantId; readonly lane: LaneKey; readonly marks?: readonly MarkRecord[] }[],
): MarkRows {
  const rows = { dropped: [] as unknown[], noted: [] as unknown[], suspects: [] as unknown[] };
  const sharing = new Map<string, number>();
  for (const { tenant, lane, marks = [] } of lanes) {
    for (const record of marks) {
      rows.dropped.push(...record.dropped.map((mark) => row(tenant, record, mark)));
      for (const mark of record.noted) {
        const others = sharing.get(mark.hash) ?? 0;
        if (others >= MAX_SHARING) continue;
        sharing.set(mark.hash, others + 1);
        const noted = row(tenant, record, mark);
        rows.noted.push(noted);
        rows.suspects.push({ ...noted, ...suspicion(lane, record, mark.kind) });
      }
    }
  }
  return rows;
}

/** The exception stands in the lane where the event was applied. */
function suspicion(lane: LaneKey, { seq, source, eventId, lane: own }: MarkRecord, kind: MarkKind) {
  const { message, remedy } = duplicateWords(kind, own);
  return { al: lane, seq, s: source, ev: eventId, m: message, r: remedy };
}
