/** Archived bytes against the hashes that events were booked under; each archive object is read once. */
import {
  archiveReferences,
  bodyOf,
  isLaterAnswers,
  type LineReference,
  readArchiveLine,
} from '../../src/ledger/archive-lines.ts';
import { sha256Hex } from '../../src/ledger/hash.ts';
import type { Evidence, Findings } from './evidence.ts';
import { eventKey } from './verify-rows.ts';
import type { ArchivedRow, Workbook } from './workbook.ts';

export interface ArchiveChecked {
  readonly bodies: number;
  /** Their bytes are in the lane only. */
  readonly notArchived: number;
  /** The token may not read the archive. */
  readonly refused: boolean;
}

type Check = (text: string, row: ArchivedRow, place: string, findings: Findings) => Promise<void>;

export async function checkArchive(
  evidence: Evidence,
  workbook: Workbook,
  findings: Findings,
): Promise<ArchiveChecked> {
  let notArchived = 0;
  const placed = (which: 'bytes' | 'answers') => (row: ArchivedRow) => {
    const references = archiveReferences(row.archive);
    if (which === 'bytes' && references.bytes === null) {
      notArchived += 1;
      if (row.archive !== null && references.answers === null)
        findings.add('events', eventKey(row), 'archive', 'a reference', row.archive);
    }
    return references[which];
  };
  const bodies = await checkLines(evidence, workbook.archivedEvents(), placed('bytes'), checkBytes, findings);
  if (bodies === null) return { bodies: 0, notArchived, refused: true };
  const answers = await checkLines(evidence, workbook.answeredEvents(), placed('answers'), checkAnswers, findings);
  return { bodies, notArchived, refused: answers === null };
}

/** How many lines were looked at; null: the archive may not be read. Rows come by archive object. */
async function checkLines(
  evidence: Evidence,
  rows: Iterable<ArchivedRow>,
  placeOf: (row: ArchivedRow) => LineReference | null,
  check: Check,
  findings: Findings,
): Promise<number | null> {
  let count = 0;
  let object = '';
  let wanted = new Map<number, ArchivedRow>();
  const read = async (): Promise<boolean> => {
    const found = wanted.size === 0 ? null : await evidence.archived(object);
    if (found === 'refused') return false;
    await checkObject(found, object, wanted, check, findings);
    count += wanted.size;
    return true;
  };
  for (const row of rows) {
    const place = placeOf(row);
    if (place === null) continue;
    if (place.key !== object) {
      if (!(await read())) return null;
      object = place.key;
      wanted = new Map();
    }
    wanted.set(place.line, row);
  }
  return (await read()) ? count : null;
}

async function checkObject(
  lines: AsyncIterable<string> | null,
  object: string,
  wanted: ReadonlyMap<number, ArchivedRow>,
  check: Check,
  findings: Findings,
): Promise<void> {
  const left = new Map(wanted);
  let number = 0;
  for await (const text of lines ?? []) {
    const row = left.get(number);
    if (row !== undefined) await check(text, row, `${object}#${number}`, findings);
    left.delete(number);
    number += 1;
  }
  const found = lines === null ? 'no such object' : `${number} lines`;
  for (const [line, row] of left) findings.add('events', eventKey(row), 'archive', `a line ${object}#${line}`, found);
}

/** Null: not a line of the archive. */
function readLine(text: string) {
  try {
    return readArchiveLine(text);
  } catch {
    // Whatever is wrong with it, it is not what was written: the caller says where.
    return null;
  }
}

async function checkBytes(text: string, row: ArchivedRow, place: string, findings: Findings): Promise<void> {
  const line = readLine(text);
  const body = line === null || isLaterAnswers(line) ? null : bodyOf(line);
  if (line === null || body === null || line.source !== row.source || line.eventId !== row.event_id)
    return findings.add(
      'events',
      eventKey(row),
      'archive',
      `its signed bytes at ${place}`,
      line === null ? 'not a line of the archive' : `${line.source}/${line.eventId}`,
    );
  findings.same(
    'events',
    eventKey(row),
    `body_hash: of the archived bytes at ${place}`,
    await sha256Hex(body),
    row.body_hash,
  );
}

async function checkAnswers(text: string, row: ArchivedRow, place: string, findings: Findings): Promise<void> {
  const line = readLine(text);
  if (line === null || !isLaterAnswers(line) || line.source !== row.source || line.eventId !== row.event_id)
    findings.add(
      'events',
      eventKey(row),
      'archive',
      `the answers it was read with at ${place}`,
      line === null ? 'not a line of the archive' : `${line.source}/${line.eventId}`,
    );
}
