/** Archived bytes against the hashes that events were booked under; each archive object is read once. */
import { archiveReferences, bodyOf, isLaterAnswers, readArchiveLine } from '../../src/ledger/archive-lines.ts';
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

/** Lines of one object that events refer to. */
interface Wanted {
  readonly bytes: Map<number, ArchivedRow>;
  readonly answers: Map<number, ArchivedRow>;
}

export async function checkArchive(
  evidence: Evidence,
  workbook: Workbook,
  findings: Findings,
): Promise<ArchiveChecked> {
  let bodies = 0;
  let notArchived = 0;
  let key = '';
  let wanted: Wanted = { bytes: new Map(), answers: new Map() };
  const later = new Map<string, Wanted>();
  const read = async (object: string, lines: Wanted): Promise<boolean> => {
    if (lines.bytes.size + lines.answers.size === 0) return true;
    const found = await evidence.archived(object);
    if (found === 'refused') return false;
    bodies += lines.bytes.size;
    await checkObjectLines(found, object, lines, findings);
    return true;
  };
  for (const row of workbook.archivedEvents()) {
    const { bytes, answers } = archiveReferences(row.archive);
    if (answers !== null) wantedOf(later, answers.key).answers.set(answers.line, row);
    if (bytes === null) {
      if (row.archive !== null && answers === null)
        findings.add('events', eventKey(row), 'archive', 'a reference', row.archive);
      notArchived += 1;
      continue;
    }
    if (bytes.key !== key) {
      if (!(await read(key, wanted))) return { bodies, notArchived, refused: true };
      [key, wanted] = [bytes.key, { bytes: new Map(), answers: new Map() }];
    }
    wanted.bytes.set(bytes.line, row);
  }
  if (!(await read(key, wanted))) return { bodies, notArchived, refused: true };
  for (const [object, lines] of later) await read(object, lines);
  return { bodies, notArchived, refused: false };
}

function wantedOf(all: Map<string, Wanted>, key: string): Wanted {
  const known = all.get(key) ?? { bytes: new Map(), answers: new Map() };
  all.set(key, known);
  return known;
}

async function checkObjectLines(
  lines: AsyncIterable<string> | null,
  object: string,
  wanted: Wanted,
  findings: Findings,
): Promise<void> {
  const left = { bytes: new Map(wanted.bytes), answers: new Map(wanted.answers) };
  let number = 0;
  for await (const text of lines ?? []) {
    const bytes = left.bytes.get(number);
    const answers = left.answers.get(number);
    if (bytes !== undefined) await checkBytes(text, bytes, `${object}#${number}`, findings);
    if (answers !== undefined) checkAnswers(text, answers, `${object}#${number}`, findings);
    left.bytes.delete(number);
    left.answers.delete(number);
    number += 1;
  }
  for (const [line, row] of [...left.bytes, ...left.answers])
    findings.add(
      'events',
      eventKey(row),
      'archive',
      `a line ${object}#${line}`,
      lines === null ? 'no such object' : `${number} lines`,
    );
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

function checkAnswers(text: string, row: ArchivedRow, place: string, findings: Findings): void {
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
