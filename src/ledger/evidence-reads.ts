/**
 * The books as they are stored, for whoever checks them: raw rows, by primary key, in bounded pages. The journal goes
 * through `commits`, oldest first, with the rows each of them decided; nothing else tells a lane's events without an index
 * that every event would have to pay for.
 */
import { z } from 'zod';
import type { LedgerDatabase } from './database.ts';
import { sealRow } from './seals.ts';

export const eventRow = z.object({
  tenant: z.string(),
  source: z.string(),
  event_id: z.string(),
  lane: z.string(),
  seq: z.int(),
  position: z.int().nullable(),
  type: z.string(),
  occurred_at: z.int(),
  received_at: z.int(),
  trust: z.string(),
  body_hash: z.string(),
  archive: z.string().nullable(),
  outcome: z.string(),
  note: z.string().nullable(),
  facts: z.string().describe('JSON as stored'),
  documents: z.string().describe('JSON as stored'),
  config_version: z.int(),
  decided_at: z.int(),
  previous_hash: z.string().nullable(),
  hash: z.string().nullable(),
});
export type EventRow = z.infer<typeof eventRow>;

export const entryRow = z.object({
  tenant: z.string(),
  lane: z.string(),
  position: z.int(),
  part: z.int(),
  entity: z.string(),
  kind: z.string(),
  date: z.string(),
  object: z.string(),
  description: z.string(),
  base_currency: z.string(),
  lines: z.string().describe('JSON as stored'),
  deferrals: z.string().describe('JSON as stored'),
  source: z.string(),
  event_id: z.string(),
  body_hash: z.string(),
  config_version: z.int(),
  booked_at: z.int(),
  previous_hash: z.string(),
  hash: z.string(),
});
export type EntryRow = z.infer<typeof entryRow>;

export const commitRow = z.object({
  tenant: z.string(),
  id: z.string(),
  committed_at: z.int(),
  events: z.string().describe('JSON as stored: [[source, event id], …]'),
});

const named = z.array(z.tuple([z.string(), z.string()]));

/** The pairs of a commit's row; null when they cannot be read: the row is not as the gateway wrote it. */
export function namedIn(events: string): [string, string][] | null {
  try {
    const parsed = named.safeParse(JSON.parse(events));
    return parsed.success ? parsed.data : null;
  } catch {
    // Not JSON any more: for the caller to say.
    return null;
  }
}

const journalCommit = commitRow.extend({
  from: z.int().describe('place of the first event of this page among those the commit names'),
  to: z.int().describe('place after the last one'),
});
export type JournalCommit = z.infer<typeof journalCommit>;

/** A commit, and how many of its events were read. */
export type JournalPlace = readonly [commit: string, read: number];

export const journalPage = z.object({
  commits: z.array(journalCommit),
  events: z.array(eventRow).describe('as they are now, of the commits named above'),
  entries: z.array(entryRow),
});
export type JournalPage = z.infer<typeof journalPage>;

/** Read at once; those that the page has no room for are read again with the next. */
const COMMITS = 20;

const eventsNamed = `SELECT e.* FROM json_each(?2) k CROSS JOIN events e
ON e.tenant = ?1 AND e.source = k.value ->> 0 AND e.event_id = k.value ->> 1`;
const entriesAt = `SELECT e.* FROM json_each(?2) k CROSS JOIN entries e
ON e.tenant = ?1 AND e.lane = k.value ->> 0 AND e.position = k.value ->> 1 ORDER BY e.lane, e.position, e.part`;

/**
 * The next commits with what they decided, at most `limit` events. `place`: where to go on, now or once there is more;
 * null when there was nothing to read. `more`: whether there was more already.
 */
export async function readJournal(
  db: LedgerDatabase,
  tenant: string,
  after: JournalPlace | null,
  limit: number,
): Promise<JournalPage & { readonly place: JournalPlace | null; readonly more: boolean }> {
  const { results } = await db
    .prepare('SELECT tenant, id, committed_at, events FROM commits WHERE tenant = ?1 AND id >= ?2 ORDER BY id LIMIT ?3')
    .bind(tenant, after?.[0] ?? '', COMMITS + 1)
    .all<z.infer<typeof commitRow>>();
  const commits: JournalCommit[] = [];
  const pairs = new Map<string, [string, string]>();
  let taken = 0;
  let place = after;
  for (const row of results.slice(0, COMMITS)) {
    const list = namedIn(row.events) ?? [];
    const from = after?.[0] === row.id ? Math.min(after[1], list.length) : 0;
    if (after?.[0] === row.id && from === list.length) continue;
    if (taken >= limit) break;
    const to = Math.min(list.length, from + limit - taken);
    for (const pair of list.slice(from, to)) pairs.set(pair.join('\n'), pair);
    commits.push({ ...row, from, to });
    taken += to - from;
    place = [row.id, to];
    if (to < list.length) break;
  }
  const last = results.at(-1);
  const more =
    place !== null && last !== undefined && (last.id !== place[0] || (namedIn(last.events) ?? []).length > place[1]);
  const events = pairs.size === 0 ? [] : await rowsOf<EventRow>(db, eventsNamed, tenant, [...pairs.values()]);
  const places = events.flatMap((row) => (row.position === null ? [] : [[row.lane, row.position]]));
  const entries = places.length === 0 ? [] : await rowsOf<EntryRow>(db, entriesAt, tenant, places);
  return { commits, events, entries, place, more };
}

async function rowsOf<Row>(db: LedgerDatabase, sql: string, tenant: string, keys: readonly unknown[]): Promise<Row[]> {
  const { results } = await db.prepare(sql).bind(tenant, JSON.stringify(keys)).all<Row>();
  return results;
}

const text = z.string();
const whole = z.int();

/** The tables that are read whole, with their columns as stored; of events and entries the keys alone. */
export const evidenceTables = {
  lanes: {
    key: ['lane'],
    row: z.object({
      tenant: text,
      lane: text,
      position: whole,
      hash: text,
      from_position: whole,
      from_hash: text,
      fence: whole,
    }),
  },
  objects: {
    key: ['object'],
    row: z.object({ tenant: text, object: text, lane: text, state: text, hash: text.nullable() }),
  },
  balances: {
    key: ['entity', 'account', 'currency', 'period'],
    row: z.object({
      tenant: text,
      entity: text,
      account: text,
      currency: text,
      period: text,
      debit: whole,
      credit: whole,
      base_debit: whole,
      base_credit: whole,
      base_currency: text,
    }),
  },
  schedules: {
    key: ['entity', 'period', 'currency', 'revenue_account', 'deferred_account'],
    row: z.object({
      tenant: text,
      entity: text,
      period: text,
      currency: text,
      revenue_account: text,
      deferred_account: text,
      amount: whole,
      base: whole,
    }),
  },
  seals: { key: ['day'], row: sealRow },
  rates: {
    key: ['from_currency', 'to_currency', 'date'],
    row: z.object({
      tenant: text,
      from_currency: text,
      to_currency: text,
      date: text,
      rate: text,
      source: text,
      recorded_at: whole,
    }),
  },
  audit: {
    key: ['id'],
    row: z.object({ tenant: text, id: text, at: whole, actor: text, action: text, subject: text, detail: text }),
  },
  lane_links: {
    key: ['lane'],
    row: z.object({ tenant: text, lane: text, primary_lane: text, learnt_from: text, at: whole }),
  },
  events: { key: ['source', 'event_id'], row: z.object({ source: text, event_id: text }) },
  entries: { key: ['lane', 'position', 'part'], row: z.object({ lane: text, position: whole, part: whole }) },
} as const;
export type EvidenceTable = keyof typeof evidenceTables;
export type RowOf<Table extends EvidenceTable> = z.infer<(typeof evidenceTables)[Table]['row']>;

export const evidenceTableNames = [
  'lanes',
  'objects',
  'balances',
  'schedules',
  'seals',
  'rates',
  'audit',
  'lane_links',
  'events',
  'entries',
] as const satisfies readonly EvidenceTable[];

export type TablePlace = readonly (string | number)[];

/** Rows of a table after a place, by primary key; the place of a row is its key. One index walk. */
export async function readTable(
  db: LedgerDatabase,
  tenant: string,
  table: EvidenceTable,
  after: TablePlace | null,
  limit: number,
): Promise<Readonly<Record<string, string | number | null>>[]> {
  const { key, row } = evidenceTables[table];
  const columns = Object.keys(row.shape).join(', ');
  const keys = key.join(', ');
  const beyond = after === null ? '' : `AND (${keys}) > (${key.map((_, at) => `?${at + 3}`).join(', ')})`;
  const { results } = await db
    .prepare(`SELECT ${columns} FROM ${table} WHERE tenant = ?1 ${beyond} ORDER BY ${keys} LIMIT ?2`)
    .bind(tenant, limit, ...(after ?? []))
    .all<Record<string, string | number | null>>();
  return results;
}

export const placeOf = (table: EvidenceTable, row: Readonly<Record<string, string | number | null>>): TablePlace =>
  evidenceTables[table].key.map((column) => row[column] ?? '');
