/** What must hold when the dust has settled. Each violation is a sentence. */
import { DatabaseEvidence } from '../../scripts/evidence/database-evidence.ts';
import { verify } from '../../scripts/evidence/verify.ts';
import { Workbook } from '../../scripts/evidence/workbook.ts';
import type { JournalLine } from '../../src/canonical/entry.ts';
import type { CanonicalEvent } from '../../src/canonical/events.ts';
import type { PostingPlan } from '../../src/ledger/records.ts';
import { deferredIsScheduled, recognisedOnce } from './deferred-invariants.ts';
import { TENANT, type World } from './world.ts';

interface EventRow {
  event_id: string;
  lane: string;
  seq: number;
  position: number | null;
  outcome: string;
  documents: string;
  body_hash: string;
  facts: string;
  decided_at: number;
}

interface LinkRow {
  lane: string;
  primary_lane: string;
  at: number;
}

interface EntryRow {
  lane: string;
  position: number;
  part: number;
  entity: string;
  kind: string;
  date: string;
  object: string;
  description: string;
  base_currency: string;
  lines: string;
  deferrals: string;
  source: string;
  event_id: string;
  body_hash: string;
  config_version: number;
  previous_hash: string;
  hash: string;
}

export async function violations(world: World): Promise<string[]> {
  const events = world.ledger.rows<EventRow>('SELECT * FROM events');
  const entries = world.ledger.rows<EntryRow>('SELECT * FROM entries ORDER BY lane, position, part');
  const open = new Set(
    world.ledger
      .rows<{ event_id: string }>("SELECT event_id FROM exceptions WHERE status = 'open'")
      .map((row) => row.event_id),
  );
  return [
    ...everyAcceptedEventOnce(world, events, open),
    ...laneOrder(world, events),
    ...linkedLanes(world, events),
    ...balanced(world, entries),
    ...(await verified(world)),
    ...archived(world, events),
    ...documentsOnce(world, events, open),
    ...openItemsAgree(world, entries),
    ...deferredIsScheduled(world, entries),
    ...recognisedOnce(world, entries),
  ];
}

function everyAcceptedEventOnce(world: World, events: readonly EventRow[], open: ReadonlySet<string>): string[] {
  const found = new Map(events.map((row) => [row.event_id, row]));
  const wrong = [...world.accepted].flatMap(([id, { hash }]) => {
    const row = found.get(id);
    if (row === undefined) return [`${id} was accepted and is nowhere in the books`];
    if (row.body_hash !== hash) return [`${id} is in the books with other bytes than the first accepted`];
    if (row.position === null && !open.has(id)) return [`${id} is ${row.outcome} and on nobody’s list`];
    return [];
  });
  const extra = events
    .filter((row) => !world.accepted.has(row.event_id))
    .map((row) => `${row.event_id} is in the books and was never accepted`);
  return [...wrong, ...extra];
}

/** Positions are gapless per lane, and follow `seq` except for events that had to wait. */
function laneOrder(world: World, events: readonly EventRow[]): string[] {
  const problems: string[] = [];
  const byLane = Map.groupBy(
    events.filter((row) => row.position !== null),
    (row) => row.lane,
  );
  for (const [lane, rows] of byLane) {
    rows.sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
    rows.forEach((row, index) => {
      if (row.position !== index + 1)
        problems.push(`${lane}: position ${row.position} where ${index + 1} was expected`);
    });
    const head = world.ledger.rows<{ position: number }>(`SELECT position FROM lanes WHERE lane = '${lane}'`)[0]
      ?.position;
    if (head !== rows.length) problems.push(`${lane}: head at ${head}, ${rows.length} events applied`);
    const known = [...world.lanes].find(([key]) => key === lane)?.[1].lane.status(1, world.now);
    if (known?.head.position !== head)
      problems.push(`${lane}: the lane stands at ${known?.head.position}, the books at ${head}`);
  }
  return problems;
}

/** One primary, no chains; a linked lane stands still; what was accepted in it is applied in that order, there or in the primary. */
function linkedLanes(world: World, events: readonly EventRow[]): string[] {
  const links = world.ledger.rows<LinkRow>('SELECT lane, primary_lane, at FROM lane_links');
  const linked = new Map(links.map((link) => [link.lane, link]));
  const chained = links
    .filter((link) => linked.has(link.primary_lane))
    .map((link) => `${link.lane} is linked to ${link.primary_lane}, which is linked itself`);
  const moved = events.flatMap((row) => {
    const link = linked.get(row.lane);
    if (link === undefined || row.position === null || row.decided_at <= link.at) return [];
    return [`${row.event_id} was applied in ${row.lane} after that was linked`];
  });
  const rows = new Map(events.map((row) => [row.event_id, row]));
  const order = [...world.lanes].flatMap(([lane, { storage }]) => {
    // By the newest number: an event that came back is accepted anew.
    const log = storage.exec('SELECT event_id, max(seq) FROM log GROUP BY event_id ORDER BY max(seq)');
    const accepted = log.flatMap(({ event_id: id }) => rows.get(String(id)) ?? []);
    return acceptedOrder(lane, linked.get(lane)?.primary_lane ?? lane, accepted);
  });
  return [...chained, ...moved, ...order];
}

/** Events that need nothing never wait, so they are applied in the order accepted: first in their lane, then in its primary. */
function acceptedOrder(lane: string, primary: string, accepted: readonly EventRow[]): string[] {
  if (lane.includes('~')) return [];
  const places = accepted.flatMap((row) => {
    const facts: CanonicalEvent[] = JSON.parse(row.facts);
    if (row.position === null || facts.some((fact) => fact.requires.length > 0)) return [];
    return [{ row, inPrimary: row.lane === lane ? 0 : 1, position: row.position }];
  });
  const strays = places
    .filter(({ row }) => row.lane !== lane && row.lane !== primary)
    .map(({ row }) => `${row.event_id} of ${lane} was applied in ${row.lane}, not in ${primary}`);
  const overtaken = places.slice(1).flatMap((place, index) => {
    const before = places[index];
    if (before === undefined || before.inPrimary < place.inPrimary) return [];
    const inOrder = before.inPrimary === place.inPrimary && before.position < place.position;
    return inOrder ? [] : [`${place.row.event_id} overtook ${before.row.event_id} of ${lane}`];
  });
  return [...strays, ...overtaken];
}

function balanced(world: World, entries: readonly EntryRow[]): string[] {
  const problems: string[] = [];
  const turnover = new Map<string, number>();
  for (const entry of entries) {
    const lines: JournalLine[] = JSON.parse(entry.lines);
    const sums = new Map<string, number>();
    for (const line of lines) {
      sums.set(line.currency, (sums.get(line.currency) ?? 0) + line.amount);
      const key = `${line.account} ${line.currency} ${entry.date.slice(0, 7)}`;
      turnover.set(key, (turnover.get(key) ?? 0) + line.amount);
    }
    for (const [code, sum] of sums)
      if (sum !== 0) problems.push(`${entry.lane}#${entry.position}.${entry.part} is off by ${sum} ${code}`);
  }
  for (const row of world.ledger.rows<{ account: string; currency: string; period: string; net: number }>(
    'SELECT account, currency, period, debit - credit AS net FROM balances',
  )) {
    const key = `${row.account} ${row.currency} ${row.period}`;
    if ((turnover.get(key) ?? 0) !== row.net)
      problems.push(`balance of ${key} is ${row.net}, its entries say ${turnover.get(key) ?? 0}`);
    turnover.delete(key);
  }
  for (const key of turnover.keys()) problems.push(`no balance for ${key}`);
  return problems;
}

/** What an auditor would find: chains, heads, balances, schedules, commits, hashes of objects, archived bytes. */
async function verified(world: World): Promise<string[]> {
  const workbook = new Workbook();
  try {
    const { findings } = await verify(new DatabaseEvidence(world.ledger, TENANT, world.archive), workbook);
    return findings.map(
      ({ table, key, what, expected, found }) => `${table} ${key}: ${what}: ${found}, not ${expected}`,
    );
  } finally {
    workbook.close();
  }
}

/** Every event's bytes are in the archive or still in its lane. */
function archived(world: World, events: readonly EventRow[]): string[] {
  const lines = new Set<string>();
  for (const object of world.archive.values()) {
    for (const line of object.trimEnd().split('\n')) {
      const { eventId, bodyHash }: { eventId: string; bodyHash: string } = JSON.parse(line);
      lines.add(`${eventId} ${bodyHash}`);
    }
  }
  return events.flatMap((row) => {
    if (lines.has(`${row.event_id} ${row.body_hash}`)) return [];
    const kept = [...world.lanes].find(([key]) => key === row.lane)?.[1].lane.body(row.seq).code;
    return kept === 'found' ? [] : [`the bytes of ${row.event_id} are in neither archive nor lane`];
  });
}

/** Each planned document is at the target exactly once, or an open exception says why not. */
function documentsOnce(world: World, events: readonly EventRow[], open: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  const there = new Map<string, number>();
  for (const document of world.target.written) there.set(document.key, (there.get(document.key) ?? 0) + 1);
  for (const [key, count] of there) if (count > 1) problems.push(`${key} is at the target ${count} times`);
  for (const row of events) {
    const plan: PostingPlan = JSON.parse(row.documents);
    if (plan.targets.length === 0) continue;
    for (const document of plan.documents) {
      if (!there.has(document.key) && !open.has(row.event_id))
        problems.push(`${document.key} of ${row.event_id} never reached the target and nobody was told`);
      there.delete(document.key);
    }
  }
  for (const key of there.keys()) problems.push(`${key} is at the target and in nobody’s plan`);
  return problems;
}

/** The receivable account equals the open invoices of the sub-ledger. */
function openItemsAgree(world: World, entries: readonly EntryRow[]): string[] {
  const states = world.ledger.rows<{ state: string }>("SELECT state FROM objects WHERE state ->> 'kind' = 'invoice'");
  const items = states.reduce((sum, row) => sum + Number(JSON.parse(row.state).open), 0);
  let account = 0;
  for (const entry of entries) {
    const lines: JournalLine[] = JSON.parse(entry.lines);
    for (const line of lines) if (line.role === 'receivable') account += line.amount;
  }
  return items === account ? [] : [`receivable account ${account}, open invoices ${items}`];
}
