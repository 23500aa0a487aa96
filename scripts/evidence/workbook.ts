/**
 * What the checker remembers while it reads: one slim row per link, in a SQLite file of its own, so that memory does not
 * grow with the books and lanes can be walked one after the other though events are read in commit order.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { z } from 'zod';
import type { EntryRow, EventRow } from '../../src/ledger/evidence-reads.ts';

const schema = `
CREATE TABLE link (lane TEXT, position INTEGER, part INTEGER, source TEXT, event_id TEXT, previous TEXT, hash TEXT,
  PRIMARY KEY (lane, position, part, source, event_id)) WITHOUT ROWID;
CREATE TABLE event (source TEXT, event_id TEXT, lane TEXT, position INTEGER, decided_at INTEGER, archive TEXT, body_hash TEXT,
  PRIMARY KEY (source, event_id)) WITHOUT ROWID;
CREATE TABLE named (source TEXT, event_id TEXT, commit_id TEXT, committed_at INTEGER,
  PRIMARY KEY (source, event_id, commit_id)) WITHOUT ROWID;
CREATE TABLE start (lane TEXT PRIMARY KEY, position INTEGER, commit_id TEXT) WITHOUT ROWID;
CREATE TABLE end (lane TEXT PRIMARY KEY, position INTEGER, hash TEXT, at TEXT) WITHOUT ROWID;
CREATE TABLE entry_object (object TEXT PRIMARY KEY, entry TEXT) WITHOUT ROWID;
CREATE TABLE stored_event (source TEXT, event_id TEXT, PRIMARY KEY (source, event_id)) WITHOUT ROWID;
CREATE TABLE stored_entry (lane TEXT, position INTEGER, part INTEGER, PRIMARY KEY (lane, position, part)) WITHOUT ROWID;
`;

const linkRow = z.object({
  lane: z.string(),
  position: z.int(),
  /** -1: the event itself. */
  part: z.int(),
  source: z.string(),
  event_id: z.string(),
  previous: z.string().nullable(),
  hash: z.string().nullable(),
});
export type Link = z.infer<typeof linkRow>;

export const EVENT_PART = -1;

const laneEnd = z.object({
  lane: z.string(),
  position: z.int(),
  hash: z.string(),
  /** The last link's place, in words. */
  at: z.string(),
});
export type LaneEnd = z.infer<typeof laneEnd>;

const eventOfCommit = z.object({
  source: z.string(),
  event_id: z.string(),
  lane: z.string(),
  position: z.int().nullable(),
  decided_at: z.int(),
});
const archivedEvent = z.object({
  source: z.string(),
  event_id: z.string(),
  archive: z.string().nullable(),
  body_hash: z.string(),
});
export type ArchivedRow = z.infer<typeof archivedEvent>;

export class Workbook {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** @param file a new file; it is the caller's to remove. */
  constructor(file = ':memory:') {
    this.#db = new DatabaseSync(file);
    this.#db.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; ${schema}`);
  }

  close(): void {
    this.#db.close();
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql) ?? this.#db.prepare(sql);
    this.#statements.set(sql, known);
    return known;
  }

  #run(sql: string, ...values: (string | number | null)[]): number {
    return Number(this.#prepared(sql).run(...values).changes);
  }

  *#rows<Row>(shape: z.ZodType<Row>, sql: string, ...values: (string | number | null)[]): Generator<Row> {
    // A statement of its own: a walk is not disturbed by another of the same words.
    for (const row of this.#db.prepare(sql).iterate(...values)) yield shape.parse(row);
  }

  together(work: () => void): void {
    this.#db.exec('BEGIN');
    work();
    this.#db.exec('COMMIT');
  }

  event(row: EventRow): void {
    this.#run(
      'DELETE FROM link WHERE lane = ? AND position = ? AND part = -1 AND source = ? AND event_id = ?',
      row.lane,
      row.position ?? 0,
      row.source,
      row.event_id,
    );
    this.#run(
      'INSERT OR REPLACE INTO event VALUES (?,?,?,?,?,?,?)',
      row.source,
      row.event_id,
      row.lane,
      row.position,
      row.decided_at,
      row.archive,
      row.body_hash,
    );
    if (row.position !== null)
      this.#run(
        'INSERT INTO link VALUES (?,?,?,?,?,?,?)',
        row.lane,
        row.position,
        EVENT_PART,
        row.source,
        row.event_id,
        row.previous_hash,
        row.hash,
      );
  }

  /** False: it was read before. */
  entry(row: EntryRow): boolean {
    const isNew =
      this.#run(
        'INSERT OR IGNORE INTO link VALUES (?,?,?,?,?,?,?)',
        row.lane,
        row.position,
        row.part,
        row.source,
        row.event_id,
        row.previous_hash,
        row.hash,
      ) === 1;
    if (isNew)
      this.#run(
        'INSERT OR IGNORE INTO entry_object VALUES (?,?)',
        row.object,
        `${row.lane}#${row.position}.${row.part}`,
      );
    return isNew;
  }

  named(source: string, eventId: string, commit: string, committedAt: number): void {
    this.#run('INSERT OR IGNORE INTO named VALUES (?,?,?,?)', source, eventId, commit, committedAt);
  }

  /** A commit moved a lane's head from here; a later one of the lane takes its place. */
  movedFrom(lane: string, position: number, commit: string): void {
    this.#run(
      'INSERT INTO start VALUES (?1,?2,?3) ON CONFLICT (lane) DO UPDATE SET position = CASE WHEN commit_id = ?3 THEN min(position, ?2) ELSE ?2 END, commit_id = ?3',
      lane,
      position,
      commit,
    );
  }

  storedEvent(source: string, eventId: string): void {
    this.#run('INSERT OR IGNORE INTO stored_event VALUES (?,?)', source, eventId);
  }

  storedEntry(lane: string, position: number, part: number): void {
    this.#run('INSERT OR IGNORE INTO stored_entry VALUES (?,?,?)', lane, position, part);
  }

  /** By lane, position and part: an event, then its entries. */
  links(): Generator<Link> {
    return this.#rows(linkRow, 'SELECT * FROM link ORDER BY lane, position, part');
  }

  /** The lane's last link up to a position: what its head was there. */
  linkAt(lane: string, position: number): string | null {
    const row = this.#prepared(
      'SELECT hash FROM link WHERE lane = ? AND position <= ? AND hash IS NOT NULL ORDER BY position DESC, part DESC LIMIT 1',
    ).get(lane, position);
    return row === undefined ? null : z.object({ hash: z.string() }).parse(row).hash;
  }

  /** Where the last commit that moved a lane took it from. */
  startOf(lane: string): number | null {
    const row = this.#prepared('SELECT position FROM start WHERE lane = ?').get(lane);
    return row === undefined ? null : z.object({ position: z.int() }).parse(row).position;
  }

  endsAt(end: LaneEnd): void {
    this.#run('INSERT OR REPLACE INTO end VALUES (?,?,?,?)', end.lane, end.position, end.hash, end.at);
  }

  /** Where a lane's chain ends, once: what is left over at last has no head. */
  takeEnd(lane: string): LaneEnd | null {
    const row = this.#prepared('DELETE FROM end WHERE lane = ? RETURNING *').get(lane);
    return row === undefined ? null : laneEnd.parse(row);
  }

  ends(): Generator<LaneEnd> {
    return this.#rows(laneEnd, 'SELECT * FROM end');
  }

  /** Whether all that was applied in a lane has its link: not so in books of before. */
  wholly(lane: string): boolean {
    return this.#prepared('SELECT 1 AS one FROM link WHERE lane = ? AND hash IS NULL LIMIT 1').get(lane) === undefined;
  }

  /** Events that no commit decided when they say they were decided. */
  undecided(): Generator<z.infer<typeof eventOfCommit>> {
    return this.#rows(
      eventOfCommit,
      `SELECT source, event_id, lane, position, decided_at FROM event e WHERE NOT EXISTS (SELECT 1 FROM named n
        WHERE n.source = e.source AND n.event_id = e.event_id AND n.committed_at = e.decided_at)`,
    );
  }

  /** What commits name and the table lacks. */
  missingEvents(): Generator<{ source: string; event_id: string; commit_id: string }> {
    return this.#rows(
      z.object({ source: z.string(), event_id: z.string(), commit_id: z.string() }),
      `SELECT source, event_id, min(commit_id) AS commit_id FROM named n WHERE NOT EXISTS
        (SELECT 1 FROM event e WHERE e.source = n.source AND e.event_id = n.event_id) GROUP BY 1, 2`,
    );
  }

  /** Rows that are in the table and that no commit leads to. */
  strayEvents(): Generator<{ source: string; event_id: string }> {
    return this.#rows(
      z.object({ source: z.string(), event_id: z.string() }),
      `SELECT * FROM stored_event s WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.source = s.source AND e.event_id = s.event_id)`,
    );
  }

  strayEntries(): Generator<{ lane: string; position: number; part: number }> {
    return this.#rows(
      z.object({ lane: z.string(), position: z.int(), part: z.int() }),
      `SELECT * FROM stored_entry s WHERE NOT EXISTS (SELECT 1 FROM link l WHERE l.lane = s.lane AND l.position = s.position AND l.part = s.part)`,
    );
  }

  /** What entries are about, taken off as its row is seen; what is left has none. */
  seenObject(object: string): void {
    this.#run('DELETE FROM entry_object WHERE object = ?', object);
  }

  unseenObjects(): Generator<{ object: string; entry: string }> {
    return this.#rows(z.object({ object: z.string(), entry: z.string() }), 'SELECT * FROM entry_object');
  }

  /** By archive object, so that each is read once; those without a reference first. */
  archivedEvents(): Generator<ArchivedRow> {
    return this.#rows(archivedEvent, 'SELECT source, event_id, archive, body_hash FROM event ORDER BY archive');
  }

  /** Those that were decided with later answers, by the archive object of these. */
  answeredEvents(): Generator<ArchivedRow> {
    return this.#rows(
      archivedEvent,
      "SELECT source, event_id, archive, body_hash FROM event WHERE archive LIKE '%+%' ORDER BY substr(archive, instr(archive, '+'))",
    );
  }
}
