/**
 * The one writer of the books: everything a consumer batch decided, in one D1 transaction. Each table is one statement
 * over `json_each(?1)`, so a hundred lanes cost a handful of statements and D1's 100-parameter limit never bites.
 */
import type { EpochMs, LaneKey, TenantId } from '../canonical/ids.ts';
import type { LaneHead } from '../durable-objects/customer-lane/protocol.ts';
import {
  type ArchiveReference,
  approvalRows,
  balanceRows,
  commitRows,
  entryRows,
  eventRows,
  exceptionRow,
  headRow,
  linkRow,
  objectRows,
  postingRow,
  recognisedOnly,
  scheduleRows,
  writesHead,
} from './commit-rows.ts';
import { closeDropped, dropMarks, markRows, noteMarks, openDuplicates } from './customer-marks.ts';
import type { LedgerDatabase, LedgerStatement } from './database.ts';
import type { ExceptionRecord, LaneCommit, PostingRecord } from './records.ts';

/** D1 takes strings and statements' rows up to 2 MB; a quarter of that keeps a batch well inside its 30 seconds. */
const MAX_PARAMETER_CHARS = 512 * 1024;

const advanceHeads = `INSERT INTO lanes (tenant, lane, position, hash, from_position, from_hash, fence)
SELECT e.value ->> 't', e.value ->> 'l', e.value ->> 'p', e.value ->> 'h', e.value ->> 'fp', e.value ->> 'fh', e.value ->> 'fe' FROM json_each(?1) e WHERE true
ON CONFLICT (tenant, lane) DO UPDATE SET position = excluded.position, hash = excluded.hash, from_position = excluded.from_position, from_hash = excluded.from_hash, fence = excluded.fence`;

/**
 * Where an event's bytes lie, and (after a `+`) the later answers it was decided with: src/ledger/archive-lines.ts. The
 * newest line with its bytes stands, as that has the newest answers; answers alone join the bytes that are there.
 */
const joinedArchive = `CASE WHEN excluded.archive LIKE '+%'
THEN CASE instr(coalesce(events.archive, ''), '+') WHEN 0 THEN coalesce(events.archive, '') ELSE substr(events.archive, 1, instr(events.archive, '+') - 1) END || excluded.archive
ELSE coalesce(excluded.archive, events.archive) END`;

const writeEvents = `INSERT INTO events (tenant, source, event_id, lane, seq, position, type, occurred_at, received_at, trust, body_hash, archive, outcome, note, facts, documents, config_version, previous_hash, hash, decided_at)
SELECT e.value ->> 't', e.value ->> 's', e.value ->> 'id', e.value ->> 'l', e.value ->> 'seq', e.value ->> 'p', e.value ->> 'type', e.value ->> 'at', e.value ->> 'rec', e.value ->> 'trust', e.value ->> 'bh', e.value ->> 'ar', e.value ->> 'o', e.value ->> 'n', e.value ->> 'f', e.value ->> 'd', e.value ->> 'cv', e.value ->> 'ph', e.value ->> 'h', ?2 FROM json_each(?1) e WHERE true
ON CONFLICT (tenant, source, event_id) DO UPDATE SET lane = excluded.lane, seq = excluded.seq, position = excluded.position, archive = ${joinedArchive}, outcome = excluded.outcome, note = excluded.note, facts = excluded.facts, documents = excluded.documents, config_version = excluded.config_version, previous_hash = excluded.previous_hash, hash = excluded.hash, decided_at = excluded.decided_at
WHERE events.position IS NULL`;

const writeEntries = `INSERT INTO entries (tenant, lane, position, part, entity, kind, date, object, description, base_currency, lines, deferrals, source, event_id, body_hash, config_version, booked_at, previous_hash, hash)
SELECT e.value ->> 't', e.value ->> 'l', e.value ->> 'p', e.value ->> 'n', e.value ->> 'en', e.value ->> 'k', e.value ->> 'd', e.value ->> 'o', e.value ->> 'ds', e.value ->> 'bc', e.value ->> 'ln', e.value ->> 'df', e.value ->> 's', e.value ->> 'id', e.value ->> 'bh', e.value ->> 'cv', ?2, e.value ->> 'ph', e.value ->> 'h' FROM json_each(?1) e`;

const writeObjects = `INSERT INTO objects (tenant, object, lane, state, hash)
SELECT e.value ->> 't', e.value ->> 'o', e.value ->> 'l', e.value ->> 'st', e.value ->> 'h' FROM json_each(?1) e WHERE true
ON CONFLICT (tenant, object) DO UPDATE SET lane = excluded.lane, state = excluded.state, hash = excluded.hash`;

const linkLanes = `INSERT INTO lane_links (tenant, lane, primary_lane, learnt_from, at)
SELECT e.value ->> 't', e.value ->> 'l', e.value ->> 'p', e.value ->> 'f', ?2 FROM json_each(?1) e`;

/** A link that no event taught: tenant, lane, primary, learnt from, at. Fails with `link_chain` or a constraint when it may not be. */
export const LINK_BY_HAND =
  'INSERT INTO lane_links (tenant, lane, primary_lane, learnt_from, at) VALUES (?1, ?2, ?3, ?4, ?5)';

const addBalances = `INSERT INTO balances (tenant, entity, account, currency, period, debit, credit, base_debit, base_credit, base_currency)
SELECT e.value ->> 't', e.value ->> 'en', e.value ->> 'a', e.value ->> 'c', e.value ->> 'p', e.value ->> 'dr', e.value ->> 'cr', e.value ->> 'bd', e.value ->> 'br', e.value ->> 'bc' FROM json_each(?1) e WHERE true
ON CONFLICT (tenant, entity, account, currency, period) DO UPDATE SET debit = debit + excluded.debit, credit = credit + excluded.credit, base_debit = base_debit + excluded.base_debit, base_credit = base_credit + excluded.base_credit`;

const addSchedules = `INSERT INTO schedules (tenant, entity, period, currency, revenue_account, deferred_account, amount, base)
SELECT e.value ->> 't', e.value ->> 'en', e.value ->> 'p', e.value ->> 'c', e.value ->> 'ra', e.value ->> 'da', e.value ->> 'a', e.value ->> 'b' FROM json_each(?1) e WHERE true
ON CONFLICT (tenant, entity, period, currency, revenue_account, deferred_account) DO UPDATE SET amount = amount + excluded.amount, base = base + excluded.base`;

// A month that is recognised leaves no rows behind: what is left of months gone by is what is still to be recognised.
const clearSchedules = `DELETE FROM schedules
WHERE (tenant, entity, period, currency, revenue_account, deferred_account) IN (SELECT e.value ->> 't', e.value ->> 'en', e.value ->> 'p', e.value ->> 'c', e.value ->> 'ra', e.value ->> 'da' FROM json_each(?1) e) AND amount = 0 AND base = 0`;

// The id is the transaction's own: made from the last one, so that it grows in the order in which commits became visible.
const writeCommits = `INSERT INTO commits (tenant, id, committed_at, events)
SELECT e.value ->> 't', printf('%015d', max(?2, 1 + coalesce((SELECT CAST(substr(max(id), 1, 15) AS INTEGER) FROM commits WHERE tenant = e.value ->> 't'), 0))), ?2, e.value ->> 'ev' FROM json_each(?1) e`;

/** Rows as JSON (`exceptionRow`), and when. */
export const openExceptions = `INSERT INTO exceptions (tenant, id, cause, status, lane, seq, source, event_id, object, target, posting_key, amount, currency, message, remedy, opened_at)
SELECT e.value ->> 't', e.value ->> 'id', e.value ->> 'c', 'open', e.value ->> 'l', e.value ->> 'seq', e.value ->> 's', e.value ->> 'ev', e.value ->> 'o', e.value ->> 'tg', e.value ->> 'pk', e.value ->> 'a', e.value ->> 'cu', e.value ->> 'm', e.value ->> 'r', ?2 FROM json_each(?1) e WHERE true
ON CONFLICT (tenant, id) DO UPDATE SET status = 'open', message = excluded.message, resolved_at = NULL, resolution = NULL
WHERE exceptions.status <> 'open' OR exceptions.message <> excluded.message`;

const resolveExceptions = `UPDATE exceptions SET status = 'resolved', resolved_at = ?2, resolution = 'the cause is gone'
WHERE (tenant, id) IN (SELECT e.value ->> 't', e.value ->> 'id' FROM json_each(?1) e) AND status = 'open'`;

const askApprovals = `INSERT INTO approvals (tenant, id, kind, entity, status, rule, subject, amount, currency, requested_by, requested_at, expires_at, action)
SELECT e.value ->> 't', e.value ->> 'id', 'posting', e.value ->> 'en', 'pending', e.value ->> 'ru', e.value ->> 'ab', e.value ->> 'a', e.value ->> 'cu', e.value ->> 'by', ?2, ?2 + (e.value ->> 'ex'), e.value ->> 'ac' FROM json_each(?1) e`;

/** Rows as JSON (`postingRow`), and when. What is applied stays so. */
export const writePostings = `INSERT INTO postings (tenant, target, key, kind, lane, position, source, event_id, outcome, remote_id, remote_name, remote_date, differences, message, attempts, updated_at)
SELECT e.value ->> 't', e.value ->> 'tg', e.value ->> 'k', e.value ->> 'kd', e.value ->> 'l', e.value ->> 'p', e.value ->> 's', e.value ->> 'id', e.value ->> 'o', e.value ->> 'ri', e.value ->> 'rn', e.value ->> 'rd', e.value ->> 'df', e.value ->> 'm', e.value ->> 'at', ?2 FROM json_each(?1) e WHERE true
ON CONFLICT (tenant, target, key) DO UPDATE SET outcome = excluded.outcome, remote_id = coalesce(excluded.remote_id, postings.remote_id), remote_name = coalesce(excluded.remote_name, postings.remote_name), remote_date = coalesce(excluded.remote_date, postings.remote_date), differences = excluded.differences, message = excluded.message, attempts = excluded.attempts, updated_at = excluded.updated_at
WHERE postings.outcome <> 'applied'`;

const writeLateReferences = `UPDATE events SET archive = k.ar || coalesce(events.archive, '')
FROM (SELECT e.value ->> 't' AS t, e.value ->> 's' AS s, e.value ->> 'id' AS id, e.value ->> 'ar' AS ar FROM json_each(?1) e) k
WHERE events.tenant = k.t AND events.source = k.s AND events.event_id = k.id AND (events.archive IS NULL OR events.archive LIKE '+%')`;

/** Rows as JSON arrays of at most `MAX_PARAMETER_CHARS`, so that a burst becomes more statements, never a failure. */
function jsonChunks(rows: readonly unknown[]): string[] {
  const chunks: string[] = [];
  let current: string[] = [];
  let size = 0;
  for (const row of rows) {
    const text = JSON.stringify(row);
    if (size > 0 && size + text.length > MAX_PARAMETER_CHARS) {
      chunks.push(`[${current.join(',')}]`);
      current = [];
      size = 0;
    }
    current.push(text);
    size += text.length + 1;
  }
  if (current.length > 0) chunks.push(`[${current.join(',')}]`);
  return chunks;
}

function statements(db: LedgerDatabase, sql: string, rows: readonly unknown[], ...more: unknown[]): LedgerStatement[] {
  return jsonChunks(rows).map((json) => db.prepare(sql).bind(json, ...more));
}

/** The archive place of an event that was booked before its bytes could be archived. */
export interface LateReference {
  readonly tenant: TenantId;
  readonly source: string;
  readonly eventId: string;
  readonly reference: string;
}

/**
 * Commits lanes together: one transaction. Promises: either every lane's events, entries, objects, balances and head
 * are in the books, or nothing is. Rejects with D1's error; `classifyWriteFailure` says what it means.
 */
export async function commitLanes(
  db: LedgerDatabase,
  lanes: readonly LaneCommit[],
  archived: { readonly reference: ArchiveReference; readonly late: readonly LateReference[] },
  now: EpochMs,
): Promise<void> {
  const batch = [
    ...statements(db, advanceHeads, lanes.filter(writesHead).map(headRow)),
    ...statements(
      db,
      writeEvents,
      lanes.flatMap((lane) => eventRows(lane, archived.reference)),
      now,
    ),
    ...statements(
      db,
      writeLateReferences,
      archived.late.map((l) => ({ t: l.tenant, s: l.source, id: l.eventId, ar: l.reference })),
    ),
    ...statements(db, writeEntries, lanes.flatMap(entryRows), now),
    ...statements(db, writeObjects, lanes.flatMap(objectRows)),
    // After the heads: a linked lane's head does not move any more.
    ...statements(db, linkLanes, lanes.flatMap(linkRow), now),
    ...statements(db, addBalances, balanceRows(lanes)),
    ...statements(db, addSchedules, scheduleRows(lanes)),
    ...statements(db, clearSchedules, scheduleRows(lanes.map(recognisedOnly))),
    ...statements(db, writeCommits, commitRows(lanes), now),
    ...statements(
      db,
      openExceptions,
      lanes.flatMap((lane) => lane.exceptions.map((e) => exceptionRow(lane, e))),
      now,
    ),
    ...statements(
      db,
      resolveExceptions,
      lanes.flatMap((lane) => lane.resolved.map((id) => ({ t: lane.tenant, id }))),
      now,
    ),
    ...markStatements(db, lanes, now),
    ...statements(db, askApprovals, lanes.flatMap(approvalRows), now),
  ];
  if (batch.length > 0) await db.batch(batch);
}

/** Nothing where no customer is new or changed. */
function markStatements(db: LedgerDatabase, lanes: readonly LaneCommit[], now: EpochMs): LedgerStatement[] {
  const { dropped, noted, suspects } = markRows(lanes);
  return [
    ...statements(db, closeDropped, dropped, now),
    ...statements(db, dropMarks, dropped),
    ...statements(db, noteMarks, noted, now),
    ...statements(db, openDuplicates, suspects, now),
  ];
}

/** Exceptions of the posting stage carry the lane they belong to. */
export interface LaneException {
  readonly tenant: TenantId;
  readonly lane: LaneKey;
  readonly exception: ExceptionRecord;
}

/** Records what became of postings, with the exceptions that opened and closed. Idempotent: `applied` is final. */
export async function recordPostings(
  db: LedgerDatabase,
  postings: readonly PostingRecord[],
  opened: readonly LaneException[],
  resolved: readonly { readonly tenant: TenantId; readonly id: string }[],
  now: EpochMs,
): Promise<void> {
  const batch = [
    ...statements(db, writePostings, postings.map(postingRow), now),
    ...statements(
      db,
      openExceptions,
      opened.map((o) => exceptionRow(o, o.exception)),
      now,
    ),
    ...statements(
      db,
      resolveExceptions,
      resolved.map(({ tenant, id }) => ({ t: tenant, id })),
      now,
    ),
  ];
  if (batch.length > 0) await db.batch(batch);
}

/** The sweeper's list: a lane is registered at its first event, before anything of it is in the books. Idempotent. */
export async function registerLane(
  db: LedgerDatabase,
  tenant: TenantId,
  lane: LaneKey,
  genesis: LaneHead,
): Promise<void> {
  await db
    .prepare(
      'INSERT OR IGNORE INTO lanes (tenant, lane, position, hash, from_position, from_hash) VALUES (?1, ?2, ?3, ?4, ?3, ?4)',
    )
    .bind(tenant, lane, genesis.position, genesis.hash)
    .run();
}
