/** Parked events behind open exceptions, a page at a time: what may have become bookable. */
import type { LedgerDatabase } from './database.ts';

export interface ParkedEvent {
  readonly tenant: string;
  readonly exceptionId: string;
  readonly openedAt: number;
  readonly cause: string;
  readonly lane: string;
  readonly seq: number;
  readonly source: string;
  readonly facts: string;
  /** Whose books it would be in; null where nobody could tell. */
  readonly entity: string | null;
  /** Config it was decided by last. */
  readonly configVersion: number;
  /** When, epoch ms. */
  readonly decidedAt: number;
}

export interface ParkedPlace {
  readonly tenant: string;
  readonly openedAt: number;
  readonly id: string;
}

interface Row extends Omit<ParkedEvent, 'seq'> {
  readonly seq: number | null;
  readonly outcome: string | null;
}

const columns = `SELECT x.tenant, x.id AS exceptionId, x.opened_at AS openedAt, x.cause, x.lane, x.seq, x.source,
coalesce(e.facts, '[]') AS facts, e.documents ->> 'entity' AS entity, coalesce(e.config_version, 0) AS configVersion, coalesce(e.decided_at, 0) AS decidedAt, e.outcome
FROM exceptions x INDEXED BY exceptions_open LEFT JOIN events e ON e.tenant = x.tenant AND e.source = x.source AND e.event_id = x.event_id
WHERE x.status = 'open'`;
const ofOne = `${columns} AND x.tenant = ?1 AND (x.opened_at, x.id) > (?2, ?3) ORDER BY x.tenant, x.opened_at, x.id LIMIT ?4`;
const ofAll = `${columns} AND (x.tenant, x.opened_at, x.id) > (?1, ?2, ?3) ORDER BY x.tenant, x.opened_at, x.id LIMIT ?4`;

/**
 * Looks at `limit` open exceptions after a place, of one tenant or of all; `last` is where the next page goes on, null
 * at the end. Walks the index of what is open: its cost is that of the page.
 */
export async function parkedPage(
  db: LedgerDatabase,
  tenant: string | null,
  after: ParkedPlace | null,
  limit: number,
): Promise<{ readonly parked: readonly ParkedEvent[]; readonly last: ParkedPlace | null }> {
  const { results } = await db
    .prepare(tenant === null ? ofAll : ofOne)
    .bind(tenant ?? after?.tenant ?? '', after?.openedAt ?? 0, after?.id ?? '', limit)
    .all<Row>();
  const end = results.at(-1);
  return {
    parked: results.flatMap(({ seq, outcome, ...row }) =>
      seq === null || outcome !== 'parked' ? [] : [{ ...row, seq }],
    ),
    last:
      end === undefined || results.length < limit
        ? null
        : { tenant: end.tenant, openedAt: end.openedAt, id: end.exceptionId },
  };
}
