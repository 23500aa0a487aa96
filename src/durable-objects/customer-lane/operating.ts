/** What a person does to single events: park, skip, unblock, re-drive. */
import type { EpochMs } from '../../canonical/ids.ts';
import type { OperateAnswer } from './protocol.ts';
import { reasonJson } from './settling.ts';
import type { LaneState } from './state.ts';
import { integer, integerOrNull, type LaneStorage } from './storage.ts';

type Refusal = Exclude<OperateAnswer, { readonly code: 'done' }>;

/** Why the event cannot be taken out of its turn now, or null. */
export function refuseRemoval(
  storage: LaneStorage,
  state: LaneState,
  seq: number,
  now: EpochMs,
  ledgerPosition: number | null,
): Refusal | null {
  const [row] = storage.exec(
    `SELECT log.seq, held.seq AS held, resolved.seq AS resolved FROM log LEFT JOIN held ON held.seq = log.seq
      LEFT JOIN resolved ON resolved.seq = log.seq WHERE log.seq = ?`,
    seq,
  );
  if (row === undefined) return { code: 'not_found' };
  const held = integerOrNull(row, 'held') !== null;
  if (integerOrNull(row, 'resolved') !== null || (!held && seq <= state.settledTo)) return { code: 'not_applicable' };
  if (!state.doubt.includes(seq)) return null;
  if (state.leaseUntil > now) return { code: 'busy', until: state.leaseUntil };
  return ledgerPosition === state.position ? null : { code: 'in_doubt' };
}

/** Puts an event that is due, or waits, aside for a person. */
export function writeParked(
  storage: LaneStorage,
  state: LaneState,
  seq: number,
  reason: { readonly exceptionId: string; readonly cause: string },
): void {
  storage.exec(
    `INSERT INTO held (seq, kind, reason, due_at, held_at, tries, archived) VALUES (?, 'parked', ?, NULL, ?, 0, 0)
      ON CONFLICT (seq) DO UPDATE SET kind = excluded.kind, reason = excluded.reason, due_at = NULL`,
    seq,
    reasonJson({ kind: 'parked', ...reason }),
    state.position,
  );
}

/** Makes held events of one kind due at once, and notes who had it done; gives those it took effect on. */
export function release(
  storage: LaneStorage,
  kinds: readonly ('parked' | 'waiting' | 'quarantined')[],
  seqs: readonly number[],
  by: string | null,
  now: EpochMs,
): number[] {
  const rows = storage.exec(
    `SELECT held.seq AS seq FROM json_each(?) AS wanted JOIN held ON held.seq = wanted.value
      WHERE held.kind IN (SELECT value FROM json_each(?)) ORDER BY held.seq`,
    JSON.stringify(seqs),
    JSON.stringify(kinds),
  );
  const found = rows.map((row) => integer(row, 'seq'));
  for (const seq of found) {
    storage.exec(
      `UPDATE held SET due_at = ?1, reason = CASE WHEN ?2 IS NULL THEN reason ELSE json_set(reason, '$.releasedBy', ?2) END
        WHERE seq = ?3`,
      now,
      by,
      seq,
    );
  }
  return found;
}

/**
 * Lets an event's documents for one target go at `at` at the latest: a decision was made that they waited for. Answers
 * whether there were any.
 */
export function releaseDocuments(storage: LaneStorage, target: string, seq: number, at: EpochMs): boolean {
  const rows = storage.exec('SELECT position FROM outbox WHERE target = ? AND seq = ?', target, seq);
  storage.exec('UPDATE outbox SET not_before = ?1 WHERE target = ?2 AND seq = ?3 AND not_before > ?1', at, target, seq);
  return rows.length > 0;
}

/**
 * Makes documents that were tried before due at once; those that wait for their first window keep waiting. Gives the
 * seqs of the events they belong to, at most 500.
 */
export function hastenOutbox(storage: LaneStorage, target: string | null, now: EpochMs): number[] {
  const rows = storage.exec(
    'SELECT DISTINCT seq FROM outbox WHERE attempts > 0 AND not_before > ?1 AND (?2 IS NULL OR target = ?2) ORDER BY seq LIMIT 500',
    now,
    target,
  );
  const seqs = rows.map((row) => integer(row, 'seq'));
  storage.exec(
    `UPDATE outbox SET not_before = ?1 WHERE attempts > 0 AND not_before > ?1 AND (?2 IS NULL OR target = ?2)
      AND seq IN (SELECT value FROM json_each(?3))`,
    now,
    target,
    JSON.stringify(seqs),
  );
  return seqs;
}
