/** What a lane's tables say: queries, each bounded and along an index. */
import type { EpochMs } from '../../canonical/ids.ts';
import { providerEventId, sourceId } from '../../canonical/ids.ts';
import type {
  BodyAnswer,
  Conflict,
  LaneStatus,
  LeasedEvent,
  LogLine,
  LogPage,
  OutboxItem,
  QuarantinedEvent,
} from './protocol.ts';
import { type Candidate, dueInOrder, isDue, MAX_OUTBOX, MAX_REPORTS, type OpenWork } from './rules.ts';
import { heldRow, type LaneState, logFacts, parseEvidence, parseHeldReason } from './state.ts';
import { bytesOrNull, integer, integerOrNull, type LaneStorage, type SqlRow, text, textOrNull } from './storage.ts';

/** Not applied, not held, not skipped: what a lease hands out as new. */
const FRESH = `log.seq > ? AND NOT EXISTS (SELECT 1 FROM held WHERE held.seq = log.seq)
  AND NOT EXISTS (SELECT 1 FROM resolved WHERE resolved.seq = log.seq)`;
const MAX_TARGETS = 64;

export function lastSeq(storage: LaneStorage): number {
  const [row] = storage.exec('SELECT coalesce(max(seq), 0) AS seq FROM log');
  return row === undefined ? 0 : integer(row, 'seq');
}

export const freshEvents = (storage: LaneStorage, after: number, limit: number): Candidate[] =>
  storage
    .exec(`SELECT seq, size FROM log WHERE ${FRESH} ORDER BY seq LIMIT ?`, after, limit)
    .map((row) => ({ seq: integer(row, 'seq'), size: integer(row, 'size') }));

/** Held events that are due, oldest first. Reads the index of those that become due by themselves or were released. */
export function dueHeld(storage: LaneStorage, position: number, now: EpochMs, limit: number): Candidate[] {
  return storage
    .exec(
      `SELECT held.seq AS seq, kind, due_at, held_at, size FROM held JOIN log ON log.seq = held.seq
        WHERE due_at IS NOT NULL AND (due_at <= ? OR (kind = 'waiting' AND held_at < ?)) ORDER BY held.seq LIMIT ?`,
      now,
      position,
      limit,
    )
    .map(heldRow)
    .filter((row) => isDue(row, position, now));
}

/** The events of `seqs` with bodies, in the order of `seqs`. */
export function loadEvents(storage: LaneStorage, seqs: readonly number[]): LeasedEvent[] {
  const rows = storage.exec(
    `SELECT log.*, held.reason AS held_reason FROM json_each(?) AS wanted JOIN log ON log.seq = wanted.value
      LEFT JOIN held ON held.seq = log.seq`,
    JSON.stringify(seqs),
  );
  const bySeq = new Map(rows.map((row) => [integer(row, 'seq'), row]));
  return seqs.map((seq) => {
    const row = bySeq.get(seq);
    const body = row === undefined ? null : bytesOrNull(row, 'body');
    if (row === undefined || body === null) throw new Error(`event ${seq} has no body in the log`);
    const held = textOrNull(row, 'held_reason');
    return { ...logFacts(row), body, evidence: parseEvidence(row), held: held === null ? null : parseHeldReason(held) };
  });
}

export const loadSizes = (storage: LaneStorage, seqs: readonly number[]): Candidate[] =>
  storage
    .exec(
      'SELECT log.seq AS seq, size FROM json_each(?) AS wanted JOIN log ON log.seq = wanted.value ORDER BY wanted.key',
      JSON.stringify(seqs),
    )
    .map((row) => ({ seq: integer(row, 'seq'), size: integer(row, 'size') }));

function outboxTargets(storage: LaneStorage): string[] {
  const targets: string[] = [];
  for (let after = ''; targets.length < MAX_TARGETS; ) {
    const [row] = storage.exec('SELECT target FROM outbox WHERE target > ? ORDER BY target LIMIT 1', after);
    if (row === undefined) break;
    after = text(row, 'target');
    targets.push(after);
  }
  return targets;
}

const outboxItem = (row: SqlRow): OutboxItem => ({
  target: text(row, 'target'),
  position: integer(row, 'position'),
  seq: integer(row, 'seq'),
  source: sourceId(text(row, 'source')),
  eventId: providerEventId(text(row, 'event_id')),
  uncertain: integer(row, 'uncertain') === 1,
  attempts: integer(row, 'attempts'),
  notBefore: integer(row, 'not_before'),
});

const outboxOf = (storage: LaneStorage, target: string, limit: number): OutboxItem[] =>
  storage
    .exec(
      `SELECT outbox.*, log.source, log.event_id FROM outbox JOIN log ON log.seq = outbox.seq
        WHERE target = ? ORDER BY position LIMIT ?`,
      target,
      limit,
    )
    .map(outboxItem);

/** Due items per target, and the targets that have others behind or before them. */
export function dueOutbox(storage: LaneStorage, now: EpochMs) {
  const targets = outboxTargets(storage);
  const share = Math.max(1, Math.floor(MAX_OUTBOX / Math.max(1, targets.length)));
  const items: OutboxItem[] = [];
  const blockedTargets: string[] = [];
  let more = false;
  for (const target of targets) {
    const { due, rest } = dueInOrder(outboxOf(storage, target, share + 1), share, now);
    items.push(...due);
    if (rest) blockedTargets.push(target);
    if (rest && due.length === share) more = true;
  }
  return { items, blockedTargets, more };
}

export const unreportedConflicts = (storage: LaneStorage, after: number): Conflict[] =>
  storage.exec('SELECT * FROM conflicts WHERE number > ? ORDER BY number LIMIT ?', after, MAX_REPORTS).map((row) => ({
    number: integer(row, 'number'),
    seq: integer(row, 'seq'),
    source: sourceId(text(row, 'source')),
    eventId: providerEventId(text(row, 'event_id')),
    receivedAt: integer(row, 'received_at'),
    bodyHash: text(row, 'body_hash'),
    body: bytesOrNull(row, 'body'),
  }));

export function unreportedQuarantine(storage: LaneStorage, after: number, limit = MAX_REPORTS): QuarantinedEvent[] {
  const rows = storage.exec(
    `SELECT log.*, held.reason AS held_reason FROM held JOIN log ON log.seq = held.seq
      WHERE held.seq > ? AND held.kind = 'quarantined' ORDER BY held.seq LIMIT ?`,
    after,
    limit,
  );
  return rows.flatMap((row) => {
    const reason = parseHeldReason(text(row, 'held_reason'));
    const { seq, source, eventId, type, occurredAt, receivedAt, trust, bodyHash } = logFacts(row);
    if (reason.kind !== 'quarantined') return [];
    return [{ seq, source, eventId, type, occurredAt, receivedAt, trust, bodyHash, reason: reason.reason }];
  });
}

/** The first event applied in its turn after `archivedTo`; null when the archive has all of those. */
export function firstUnarchived(storage: LaneStorage, archivedTo: number, settledTo: number): number | null {
  if (archivedTo >= settledTo) return null;
  const [row] = storage.exec(
    `SELECT seq FROM log WHERE ${FRESH} AND log.seq <= ? ORDER BY seq LIMIT 1`,
    archivedTo,
    settledTo,
  );
  return row === undefined ? null : integer(row, 'seq');
}

/** The span that holds all applied events the archive lacks, those applied late included; null when it has all. */
export function unarchivedSpan(storage: LaneStorage, state: LaneState): { from: number; to: number } | null {
  const inTurn = firstUnarchived(storage, state.archivedTo, state.settledTo);
  const [late] = storage.exec('SELECT min(seq) AS first, max(seq) AS last FROM resolved WHERE archived = 0');
  const first = late === undefined ? null : integerOrNull(late, 'first');
  const last = late === undefined ? null : integerOrNull(late, 'last');
  if (inTurn === null) return first === null || last === null ? null : { from: first, to: last };
  const [end] = storage.exec(
    `SELECT seq FROM log WHERE ${FRESH} AND log.seq <= ? ORDER BY seq DESC LIMIT 1`,
    state.archivedTo,
    state.settledTo,
  );
  const lastInTurn = end === undefined ? inTurn : integer(end, 'seq');
  return { from: Math.min(first ?? inTurn, inTurn), to: Math.max(last ?? 0, lastInTurn) };
}

/** Applied events from `from` on that are not in the archive, in `seq` order. */
export function unarchivedEvents(storage: LaneStorage, state: LaneState, from: number, limit: number): Candidate[] {
  const inTurn = storage.exec(
    `SELECT seq, size FROM log WHERE ${FRESH} AND log.seq <= ? ORDER BY seq LIMIT ?`,
    Math.max(state.archivedTo, from - 1),
    state.settledTo,
    limit,
  );
  const late = storage.exec(
    `SELECT log.seq AS seq, size FROM resolved JOIN log ON log.seq = resolved.seq
      WHERE archived = 0 AND resolved.seq >= ? ORDER BY resolved.seq LIMIT ?`,
    from,
    limit,
  );
  return [...inTurn, ...late]
    .map((row) => ({ seq: integer(row, 'seq'), size: integer(row, 'size') }))
    .sort((a, b) => a.seq - b.seq)
    .slice(0, limit);
}

/** Whether a lease that has just been settled should be followed by another at once. */
export const moreAtOnce = (
  storage: LaneStorage,
  state: LaneState,
  handed: { conflictsTo: number; quarantinedTo: number },
  now: EpochMs,
) =>
  !state.paused &&
  (state.doubt.length > 0 ||
    freshEvents(storage, state.settledTo, 1).length > 0 ||
    dueHeld(storage, state.position, now, 1).length > 0 ||
    dueOutbox(storage, now).items.length > 0 ||
    unreportedConflicts(storage, handed.conflictsTo).length > 0 ||
    unreportedQuarantine(storage, handed.quarantinedTo, 1).length > 0);

/** All that is open, for the alarm. */
export function openWork(storage: LaneStorage, state: LaneState, now: EpochMs): OpenWork {
  const ready = moreAtOnce(storage, state, state, now) || unarchivedSpan(storage, state) !== null;
  const [held] = storage.exec('SELECT min(due_at) AS at FROM held WHERE due_at IS NOT NULL');
  const times = outboxTargets(storage).flatMap((target) => outboxOf(storage, target, 1).map((item) => item.notBefore));
  const heldAt = held === undefined ? null : integerOrNull(held, 'at');
  if (heldAt !== null) times.push(heldAt);
  return { ready, next: times.length === 0 ? null : Math.min(...times) };
}

export function laneStatus(
  storage: LaneStorage,
  state: LaneState,
  accepted: number,
  now: EpochMs,
  limit: number,
): LaneStatus {
  const held = storage.exec(
    `SELECT held.seq AS seq, source, event_id, type, reason FROM held JOIN log ON log.seq = held.seq ORDER BY held.seq LIMIT ?`,
    limit,
  );
  const [oldest] = storage.exec(
    `SELECT min(received_at) AS at FROM (SELECT received_at FROM log WHERE ${FRESH} ORDER BY seq LIMIT 1)`,
    state.settledTo,
  );
  const [oldestHeld] = storage.exec(
    'SELECT received_at AS at FROM held JOIN log ON log.seq = held.seq ORDER BY held.seq LIMIT 1',
  );
  const ages = [oldest, oldestHeld].flatMap((row) => (row === undefined ? [] : (integerOrNull(row, 'at') ?? [])));
  return {
    tenant: state.tenant,
    lane: state.lane,
    accepted,
    head: { position: state.position, hash: state.hash },
    settledTo: state.settledTo,
    archivedTo: state.archivedTo,
    held: held.map((row) => ({
      seq: integer(row, 'seq'),
      source: sourceId(text(row, 'source')),
      eventId: providerEventId(text(row, 'event_id')),
      type: text(row, 'type'),
      reason: parseHeldReason(text(row, 'reason')),
    })),
    outbox: outboxTargets(storage)
      .flatMap((target) => outboxOf(storage, target, limit))
      .slice(0, limit),
    lease: state.leaseUntil > now ? { epoch: state.epoch, until: state.leaseUntil } : null,
    oldestUnsettledAt: ages.length === 0 ? null : Math.min(...ages),
    paused: state.paused,
  };
}

export function logPage(storage: LaneStorage, state: LaneState, fromSeq: number, limit: number): LogPage {
  const rows = storage.exec(
    `SELECT log.seq AS seq, source, event_id, type, occurred_at, received_at, trust, body_hash, size,
        held.reason AS held_reason, resolved.seq AS resolved_seq, resolved.position AS late
      FROM log LEFT JOIN held ON held.seq = log.seq LEFT JOIN resolved ON resolved.seq = log.seq
      WHERE log.seq >= ? ORDER BY log.seq LIMIT ?`,
    fromSeq,
    limit + 1,
  );
  const events = rows.slice(0, limit).map((row) => logLine(row, state.settledTo));
  const following = rows[limit];
  return { events, next: following === undefined ? null : integer(following, 'seq') };
}

function logLine(row: SqlRow, settledTo: number): LogLine {
  const facts = logFacts(row);
  const heldReason = textOrNull(row, 'held_reason');
  const late = integerOrNull(row, 'late');
  const resolved = row.resolved_seq !== null;
  const settled: LogLine['state'] = resolved || facts.seq <= settledTo ? 'settled' : 'due';
  return {
    ...facts,
    size: integer(row, 'size'),
    state: heldReason !== null ? 'held' : resolved && late === null ? 'skipped' : settled,
    held: heldReason === null ? null : parseHeldReason(heldReason),
    latePosition: late,
  };
}

export function readBody(storage: LaneStorage, seq: number): BodyAnswer {
  const [row] = storage.exec('SELECT body, body_hash, evidence FROM log WHERE seq = ?', seq);
  if (row === undefined) return { code: 'not_found' };
  const body = bytesOrNull(row, 'body');
  const bodyHash = text(row, 'body_hash');
  return body === null ? { code: 'pruned', bodyHash } : { code: 'found', body, bodyHash, evidence: parseEvidence(row) };
}
