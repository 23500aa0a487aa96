/** Storing deliveries: dedupe, number, log. Two rows written per new event. */
import type { AcceptEvent, AcceptResult } from './protocol.ts';
import { FORWARDED, FORWARDED_FROM, forwardedTo, MAX_CONFLICT_BODY, MAX_CONFLICTS } from './rules.ts';
import { type LaneState, parseEvidence } from './state.ts';
import { integer, type LaneStorage, text, textOrNull } from './storage.ts';

export interface Stored {
  readonly results: readonly AcceptResult[];
  /** Something new for the ledger stage: an event to apply or one to report. */
  readonly work: boolean;
  readonly lastSeq: number;
  /** Conflicts that found no room. */
  readonly omitted: number;
}

/** @throws when a hash is not lower hex SHA-256: a bug of the caller, whose dedupe would be worthless. */
export function storeEvents(
  storage: LaneStorage,
  state: LaneState,
  lastSeq: number,
  events: readonly AcceptEvent[],
): Stored {
  const results: AcceptResult[] = [];
  let seq = lastSeq;
  let work = false;
  let omitted = 0;
  for (const event of events) {
    if (!/^[0-9a-f]{64}$/.test(event.bodyHash)) throw new RangeError('bodyHash is not a SHA-256 in lower hex');
    const first = findOrNumber(storage, event, seq + 1);
    if (first === null) {
      seq += 1;
      insertEvent(storage, event, seq, state.position);
      results.push({ code: 'accepted', seq });
      work = true;
    } else if (first.bodyHash === event.bodyHash && comesBack(storage, state, event, first.seq)) {
      seq += 1;
      takeBack(storage, event, seq);
      results.push({ code: 'accepted', seq });
      work = true;
    } else if (first.bodyHash === event.bodyHash) {
      results.push({ code: 'duplicate', seq: first.seq });
    } else {
      const kept = keepConflict(storage, state, event, first.seq);
      if (kept === 'kept') work = true;
      if (kept === 'no_room') omitted += 1;
      results.push({ code: 'conflict', seq: first.seq });
    }
  }
  return { results, work, lastSeq: seq, omitted };
}

/** Gives an event its number if it is new, in one statement; otherwise says which came first. */
function findOrNumber(storage: LaneStorage, event: AcceptEvent, seq: number) {
  const [numbered] = storage.exec(
    'INSERT INTO seen (source, event_id, seq, body_hash) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING seq',
    event.source,
    event.eventId,
    seq,
    event.bodyHash,
  );
  if (numbered !== undefined) return null;
  const [row] = storage.exec(
    'SELECT seq, body_hash FROM seen WHERE source = ? AND event_id = ?',
    event.source,
    event.eventId,
  );
  if (row === undefined) throw new Error('an event is neither new nor known');
  return { seq: integer(row, 'seq'), bodyHash: text(row, 'body_hash') };
}

/** It was handed away, or is in the hands of a pass that may be doing that, and now another lane hands it over. */
function comesBack(storage: LaneStorage, state: LaneState, event: AcceptEvent, seq: number): boolean {
  if (event.forwardedFrom === undefined) return false;
  const [row] = storage.exec(
    'SELECT evidence, reason FROM log LEFT JOIN resolved ON resolved.seq = log.seq AND position IS NULL WHERE log.seq = ?',
    seq,
  );
  if (row === undefined || parseEvidence(row)[FORWARDED_FROM] === event.forwardedFrom) return false;
  if (state.leased?.seqs.includes(seq) === true) return true;
  const reason = textOrNull(row, 'reason');
  return reason?.startsWith(FORWARDED) === true && reason !== forwardedTo(state.lane);
}

/** From now on the event is known by its new number; the old one, if it is still open, gives way when it is settled. */
function takeBack(storage: LaneStorage, event: AcceptEvent, seq: number): void {
  storage.exec('UPDATE seen SET seq = ? WHERE source = ? AND event_id = ?', seq, event.source, event.eventId);
  insertLogRow(storage, event, seq);
}

function insertEvent(storage: LaneStorage, event: AcceptEvent, seq: number, position: number): void {
  insertLogRow(storage, event, seq);
  if (event.quarantine !== null) {
    storage.exec(
      "INSERT INTO held (seq, kind, reason, due_at, held_at, tries, archived) VALUES (?, 'quarantined', ?, NULL, ?, 0, 0)",
      seq,
      JSON.stringify({ kind: 'quarantined', reason: event.quarantine }),
      position,
    );
  }
}

const evidenceOf = ({ evidence, forwardedFrom }: AcceptEvent) =>
  forwardedFrom === undefined ? evidence : { ...evidence, [FORWARDED_FROM]: forwardedFrom };

function insertLogRow(storage: LaneStorage, event: AcceptEvent, seq: number): void {
  storage.exec(
    `INSERT INTO log (seq, source, event_id, type, occurred_at, received_at, trust, body_hash, size, evidence, body)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    seq,
    event.source,
    event.eventId,
    event.type,
    event.occurredAt,
    event.receivedAt,
    event.trust,
    event.bodyHash,
    event.body.byteLength,
    JSON.stringify(evidenceOf(event)),
    event.body,
  );
}

/**
 * Keeps at most MAX_CONFLICTS: the oldest that is on a person's list already makes room; when none is, the new one is
 * counted and not kept. The same bytes sent again are the same conflict.
 */
function keepConflict(
  storage: LaneStorage,
  state: LaneState,
  event: AcceptEvent,
  seq: number,
): 'kept' | 'known' | 'no_room' {
  const kept = storage.exec('SELECT number, seq, body_hash FROM conflicts ORDER BY number');
  if (kept.some((row) => integer(row, 'seq') === seq && row.body_hash === event.bodyHash)) return 'known';
  const [oldest] = kept;
  if (oldest !== undefined && kept.length >= MAX_CONFLICTS) {
    if (integer(oldest, 'number') > state.conflictsTo) return 'no_room';
    storage.exec('DELETE FROM conflicts WHERE number = ?', integer(oldest, 'number'));
  }
  const newest = kept.at(-1);
  storage.exec(
    'INSERT INTO conflicts (number, seq, source, event_id, received_at, body_hash, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
    (newest === undefined ? 0 : integer(newest, 'number')) + 1,
    seq,
    event.source,
    event.eventId,
    event.receivedAt,
    event.bodyHash,
    event.body.byteLength <= MAX_CONFLICT_BODY ? event.body : null,
  );
  return 'kept';
}
