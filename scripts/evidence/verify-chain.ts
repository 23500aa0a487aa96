/** Lane by lane: every event and entry follows on the link before it, and the lane's head is the last one. */
import type { RowOf } from '../../src/ledger/evidence-reads.ts';
import { GENESIS } from '../../src/ledger/hash.ts';
import type { Findings } from './evidence.ts';
import { entryKey, eventKey } from './verify-rows.ts';
import { EVENT_PART, type Link, type Workbook } from './workbook.ts';

interface Walk {
  readonly lane: string;
  position: number;
  /** The next entry's part. */
  part: number;
  hash: string;
  /** Where the last link stands, in words. */
  at: string;
  /** Its source event. */
  event: string;
  /** Events have links from here on. */
  chained: boolean;
}

/** @param seen told where each lane ends. */
export function checkChains(workbook: Workbook, findings: Findings, seen: (walk: Readonly<Walk>) => void): void {
  let walk: Walk | null = null;
  for (const link of workbook.links()) {
    if (walk === null || walk.lane !== link.lane) {
      if (walk !== null) seen(walk);
      walk = { lane: link.lane, position: 0, part: 0, hash: GENESIS, at: 'the beginning', event: '', chained: false };
    }
    if (link.part === EVENT_PART) stepToEvent(walk, link, findings);
    else stepToEntry(walk, link, findings);
  }
  if (walk !== null) seen(walk);
}

function stepToEvent(walk: Walk, link: Link, findings: Findings): void {
  const key = eventKey(link);
  const at = `${link.lane}#${link.position}`;
  if (link.position !== walk.position + 1)
    findings.add('events', key, `the position after ${walk.at}`, `${link.lane}#${walk.position + 1}`, at);
  walk.position = link.position;
  walk.part = 0;
  walk.event = key;
  if (link.hash === null) {
    if (walk.chained) findings.add('events', key, `the hash at ${at}`, 'a hash, as the events before it have', 'none');
    walk.at = at;
    return;
  }
  walk.chained = true;
  step(walk, link, findings, 'events', key, at);
}

function stepToEntry(walk: Walk, link: Link, findings: Findings): void {
  const key = entryKey(link);
  if (link.position !== walk.position)
    findings.add('entries', key, 'its event', `an event at ${link.lane}#${link.position}`, 'none');
  else {
    findings.same('entries', key, `the part after ${walk.at}`, walk.part, link.part);
    findings.same('entries', key, 'its event', walk.event, eventKey(link));
  }
  walk.part = link.part + 1;
  step(walk, link, findings, 'entries', key, key);
}

/** A break is told once: what follows is measured by what is there. */
function step(walk: Walk, link: Link, findings: Findings, table: string, key: string, at: string): void {
  findings.same(
    table,
    key,
    `previous_hash at ${at}: the link before, at ${walk.at}, or what came between is gone`,
    walk.hash,
    link.previous,
  );
  walk.hash = link.hash ?? walk.hash;
  walk.at = at;
}

/** A lane's head against where its chain ends, and where its last commit says it came from. */
export function checkHead(
  row: RowOf<'lanes'>,
  end: Readonly<Pick<Walk, 'position' | 'hash' | 'at'>>,
  workbook: Workbook,
  findings: Findings,
): void {
  findings.same('lanes', row.lane, `position: the last event, at ${end.at}`, end.position, row.position);
  findings.same('lanes', row.lane, `hash: the last link, at ${end.at}`, end.hash, row.hash);
  const fenced = row.from_position === row.position && row.from_hash === row.hash;
  if (fenced) return;
  const start = workbook.startOf(row.lane) ?? 0;
  findings.same('lanes', row.lane, 'from_position: where the last commit took it from', start, row.from_position);
  findings.same(
    'lanes',
    row.lane,
    `from_hash: the link at ${row.lane}#${start}`,
    workbook.linkAt(row.lane, start) ?? GENESIS,
    row.from_hash,
  );
}
