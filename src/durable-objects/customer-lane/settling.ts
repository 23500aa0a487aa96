/** Taking over what a lease's holder did: the check, pure, and the writing down. */
import type { EpochMs } from '../../canonical/ids.ts';
import type { HeldReason, Settlement } from './protocol.ts';
import { firstUnarchived, freshEvents } from './reading.ts';
import { dueAt, forwardedTo } from './rules.ts';
import type { LaneState, Leased } from './state.ts';
import { integer, integerOrNull, type LaneStorage } from './storage.ts';

const MAX_SETTLED_OUTBOX = 1000;
/** An event passed over is tried at once; this only keeps its holder from giving it up as overdue. */
const PASSED_OVER_MS = 24 * 3_600_000;

/** What is known of a leased event apart from the lease: held ones are those that had been held when it was given. */
export interface HeldFact {
  readonly seq: number;
  readonly kind: string;
  readonly tries: number;
  /** Its bytes were archived when it was first handed out. */
  readonly archived: boolean;
}

/**
 * Why a settlement contradicts the lease or the stored state; null when it does not. The reasons are for the log: a
 * contradiction is a bug of the holder, and nothing is changed.
 */
export function contradiction(
  lane: { readonly position: number; readonly hash: string; readonly lastSeq: number },
  leased: Leased,
  isHeld: (seq: number) => boolean,
  settlement: Settlement,
): string | null {
  const { applied, head, held } = settlement;
  const named = [...applied, ...held].map(({ seq }) => seq);
  const handed = new Set(leased.seqs);
  const stranger = named.find((seq) => !handed.has(seq));
  if (stranger !== undefined) return `seq ${stranger} was not handed out`;
  if (new Set(named).size !== named.length) return 'an event is named twice';
  const gap = applied.find(({ position }, index) => position !== lane.position + index + 1);
  if (gap !== undefined) return `position ${gap.position} does not follow the head ${lane.position}`;
  if (head.position !== lane.position + applied.length) return `the head ${head.position} is not the last position`;
  if (!/^[0-9a-f]{64}$/.test(head.hash)) return 'the head hash is not a SHA-256';
  if (applied.length === 0 && head.hash !== lane.hash) return 'the head hash changed though nothing was applied';
  return (
    outOfOrder(isHeld, settlement) ?? outboxContradiction(lane.lastSeq, settlement) ?? reportTooFar(leased, settlement)
  );
}

/** New events are applied in `seq` order, but for those that are said to have waited. */
function outOfOrder(isHeld: (seq: number) => boolean, { applied }: Settlement): string | null {
  const inTurn = applied.filter(({ seq, waited }) => !isHeld(seq) && waited !== true);
  const early = inTurn.find(({ seq }, index) => seq < (inTurn[index - 1]?.seq ?? 0));
  return early === undefined ? null : `seq ${early.seq} was applied after a later one`;
}

/**
 * New events that were handed out, not named, and overtaken by a later one that was. It happens when a holder recovers
 * from the books what an earlier one applied: what that one held is not in the books. The books are final, so refusing
 * would help nobody; the lane holds such an event itself, due at once, and nothing is lost.
 */
export function passedOver(
  leased: Leased,
  isHeld: (seq: number) => boolean,
  { applied, held }: Pick<Settlement, 'applied' | 'held'>,
): number[] {
  const named = new Set([...applied, ...held].map(({ seq }) => seq));
  const fresh = leased.seqs.filter((seq) => !isHeld(seq));
  const last = fresh.findLastIndex((seq) => named.has(seq));
  return fresh.slice(0, Math.max(last, 0)).filter((seq) => !named.has(seq));
}

function outboxContradiction(lastSeq: number, { outbox, posted, head }: Settlement): string | null {
  if (outbox.length > MAX_SETTLED_OUTBOX || posted.length > MAX_SETTLED_OUTBOX) return 'too many outbox items';
  const keys = [...outbox, ...posted].map(({ target, position }) => `${position} ${target}`);
  if (new Set(keys).size !== keys.length) return 'an outbox item is named twice';
  const wrong = outbox.find(
    ({ position, seq }) => position < 1 || position > head.position || seq < 1 || seq > lastSeq,
  );
  return wrong === undefined ? null : `outbox item at position ${wrong.position} is of no applied event`;
}

function reportTooFar(leased: Leased, { reported }: Settlement): string | null {
  const tooFar =
    (reported?.conflictsTo ?? 0) > leased.conflictsTo || (reported?.quarantinedTo ?? 0) > leased.quarantinedTo;
  return tooFar ? 'reported more than was handed out' : null;
}

/** Recognises the same settlement sent again. 53 bits, not cryptographic: it tells a retry from a bug, nothing more. */
export function fingerprint(settlement: Settlement): string {
  const text = JSON.stringify([
    settlement.applied.map(({ seq, position }) => [seq, position]),
    [settlement.head.position, settlement.head.hash],
    settlement.held.map(({ seq }) => seq),
    settlement.outbox.map(({ target, position, notBefore }) => [target, position, notBefore]),
    settlement.posted.map(({ target, position }) => [target, position]),
    settlement.archivedTo,
  ]);
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return (4294967296 * (2097151 & low) + (high >>> 0)).toString(16);
}

export function heldFacts(storage: LaneStorage, seqs: readonly number[]): Map<number, HeldFact> {
  if (seqs.length === 0) return new Map();
  const rows = storage.exec(
    'SELECT seq, kind, tries, archived FROM json_each(?) AS wanted JOIN held ON held.seq = wanted.value',
    JSON.stringify(seqs),
  );
  return new Map(
    rows.map((row) => {
      const seq = integer(row, 'seq');
      return [
        seq,
        { seq, kind: String(row.kind), tries: integer(row, 'tries'), archived: integer(row, 'archived') === 1 },
      ];
    }),
  );
}

/** Writes the exceptions of a checked settlement and gives the state that follows; the caller writes that one row. */
export function writeSettlement(
  storage: LaneStorage,
  state: LaneState,
  leased: Leased,
  facts: ReadonlyMap<number, HeldFact>,
  settlement: Settlement,
  now: EpochMs,
): LaneState {
  markArchived(storage, settlement.archivedTo);
  writeApplied(storage, facts, settlement, now);
  writeHeld(storage, state, facts, settlement, now);
  for (const seq of passedOver(leased, (one) => facts.has(one), settlement))
    writePassedOver(storage, seq, state, settlement, now);
  writeOutbox(storage, settlement);
  const settledTo = settledCursor(storage, state, settlement);
  const named = new Set([...settlement.applied, ...settlement.held].map(({ seq }) => seq));
  return {
    ...state,
    leaseUntil: 0,
    leased: null,
    doubt: state.doubt.filter((seq) => !named.has(seq)),
    position: settlement.head.position,
    hash: settlement.head.hash,
    settledTo,
    settledEpoch: state.epoch,
    settledPrint: fingerprint(settlement),
    archivedTo: archivedCursor(storage, state.archivedTo, settledTo, settlement.archivedTo),
    conflictsTo: Math.max(state.conflictsTo, settlement.reported?.conflictsTo ?? 0),
    quarantinedTo: Math.max(state.quarantinedTo, settlement.reported?.quarantinedTo ?? 0),
  };
}

/** Only an event that had waited leaves a row: where it was applied cannot be told from its `seq`. */
function writeApplied(
  storage: LaneStorage,
  facts: ReadonlyMap<number, HeldFact>,
  settlement: Settlement,
  now: EpochMs,
): void {
  for (const { seq, position, waited } of settlement.applied) {
    const before = facts.get(seq);
    if (before === undefined && waited !== true) continue;
    if (before !== undefined) storage.exec('DELETE FROM held WHERE seq = ?', seq);
    const archived = before === undefined ? covers(settlement, seq) : before.archived;
    storage.exec(
      'INSERT INTO resolved (seq, position, reason, at, archived) VALUES (?, ?, NULL, ?, ?)',
      seq,
      position,
      now,
      archived ? 1 : 0,
    );
  }
}

function writeHeld(
  storage: LaneStorage,
  state: LaneState,
  facts: ReadonlyMap<number, HeldFact>,
  settlement: Settlement,
  now: EpochMs,
): void {
  const { applied, held } = settlement;
  for (const { seq, reason } of held) {
    if (reason.kind === 'forwarded') {
      writeDoneWith(storage, seq, forwardedTo(reason.to), now);
      continue;
    }
    if (takenBack(storage, seq)) {
      // It came back under a new number while it was being worked on: that one is the event from now on.
      writeDoneWith(storage, seq, forwardedTo(state.lane), now);
      continue;
    }
    const before = facts.get(seq);
    const tries = before?.kind === 'waiting' && reason.kind === 'waiting' ? before.tries + 1 : 0;
    // What was applied after it was tried counts as new for it: its prerequisite may be among that.
    const earlier = before === undefined ? applied.filter((one) => facts.has(one.seq) || one.seq < seq).length : 0;
    storage.exec(
      `INSERT INTO held (seq, kind, reason, due_at, held_at, tries, archived) VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (seq) DO UPDATE SET kind = excluded.kind, reason = excluded.reason, due_at = excluded.due_at,
          held_at = excluded.held_at, tries = excluded.tries`,
      seq,
      reason.kind,
      reasonJson(reason),
      dueAt(reason, tries, now),
      state.position + earlier,
      tries,
      (before?.archived ?? covers(settlement, seq)) ? 1 : 0,
    );
  }
}

const takenBack = (storage: LaneStorage, seq: number): boolean =>
  storage.exec(
    `SELECT 1 AS one FROM log JOIN seen ON seen.source = log.source AND seen.event_id = log.event_id
      WHERE log.seq = ? AND seen.seq > log.seq`,
    seq,
  ).length > 0;

/** Never applied here: a person skipped it, or another lane has it. It stays in the log with the reason. */
export function writeDoneWith(storage: LaneStorage, seq: number, reason: string, now: EpochMs): void {
  storage.exec('DELETE FROM held WHERE seq = ?', seq);
  storage.exec(
    'INSERT INTO resolved (seq, position, reason, at, archived) VALUES (?, NULL, ?, ?, 1)',
    seq,
    reason,
    now,
  );
}

function writePassedOver(
  storage: LaneStorage,
  seq: number,
  state: LaneState,
  settlement: Settlement,
  now: EpochMs,
): void {
  const reason: HeldReason = { kind: 'waiting', requires: [], until: now + PASSED_OVER_MS };
  storage.exec(
    "INSERT INTO held (seq, kind, reason, due_at, held_at, tries, archived) VALUES (?, 'waiting', ?, ?, ?, 0, ?)",
    seq,
    reasonJson(reason),
    now,
    state.position,
    covers(settlement, seq) ? 1 : 0,
  );
}

/** Whether a new event of the lease was archived with it: those are, up to `archivedTo`, held ones included. */
const covers = ({ archivedTo }: Settlement, seq: number): boolean => archivedTo !== null && seq <= archivedTo;

/** Events applied late that were offered by `unarchived` are in the archive now. One row each. */
function markArchived(storage: LaneStorage, archivedTo: number | null): void {
  if (archivedTo === null) return;
  storage.exec('UPDATE resolved SET archived = 1 WHERE archived = 0 AND seq <= ?', archivedTo);
}

export const reasonJson = (reason: HeldReason): string => JSON.stringify(reason);

function writeOutbox(storage: LaneStorage, { outbox, posted }: Settlement): void {
  for (const { target, position } of posted) {
    storage.exec('DELETE FROM outbox WHERE target = ? AND position = ?', target, position);
  }
  for (const { target, position, seq, uncertain, tried, notBefore } of outbox) {
    storage.exec(
      `INSERT INTO outbox (target, position, seq, uncertain, attempts, not_before) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (target, position) DO UPDATE SET uncertain = excluded.uncertain, attempts = attempts + ?,
          not_before = excluded.not_before`,
      target,
      position,
      seq,
      uncertain ? 1 : 0,
      tried === true ? 1 : 0,
      notBefore,
      // One handed out and kept was tried, unless it is said that it only waits on.
      tried === false ? 0 : 1,
    );
  }
}

/** Up to the event before the next new one. */
function settledCursor(storage: LaneStorage, state: LaneState, { applied }: Settlement): number {
  const reached = applied.reduce((to, { seq }) => Math.max(to, seq), state.settledTo);
  const appliedSeqs = new Set(applied.map(({ seq }) => seq));
  // Applied events above the cursor look new until the cursor has passed them, hence one more than were applied.
  const next = freshEvents(storage, state.settledTo, applied.length + 1).find(({ seq }) => !appliedSeqs.has(seq));
  if (next !== undefined) return next.seq - 1;
  const [last] = storage.exec('SELECT max(seq) AS seq FROM log');
  return Math.max(reached, last === undefined ? 0 : (integerOrNull(last, 'seq') ?? 0));
}

/** How far the archive reaches. It passes over what has a row of its own: held, skipped, applied late. */
function archivedCursor(storage: LaneStorage, before: number, settledTo: number, archivedTo: number | null): number {
  const reached = Math.max(before, Math.min(archivedTo ?? 0, settledTo));
  const missing = firstUnarchived(storage, reached, settledTo);
  return missing === null ? settledTo : missing - 1;
}

/** Drops bodies of events that are settled and archived; the rows stay. One row written per body. */
export function dropBodies(storage: LaneStorage, range: { readonly after: number; readonly to: number }): void {
  storage.exec(
    `UPDATE log SET body = NULL WHERE seq > ? AND seq <= ? AND body IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM held WHERE held.seq = log.seq)
      AND NOT EXISTS (SELECT 1 FROM resolved WHERE resolved.seq = log.seq AND (position IS NULL OR archived = 0))`,
    range.after,
    range.to,
  );
}
