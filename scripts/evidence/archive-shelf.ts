/** Archive objects as they are needed in commit order: the last few are kept, as one object serves a whole commit. */
import {
  type ArchivedEvent,
  archiveReferences,
  isLaterAnswers,
  type LineReference,
  readArchiveLine,
} from '../../src/ledger/archive-lines.ts';
import type { EventRow } from '../../src/ledger/evidence-reads.ts';
import type { Evidence } from './evidence.ts';

/** Objects kept; each is a consumer batch, some megabytes at most. */
const KEPT = 16;

export interface Archived {
  /** Null: the bytes are not in the archive. */
  readonly line: ArchivedEvent | null;
  /** What the event was read with when it was applied; null: it is not known, or nothing was asked. */
  readonly answers: ReadonlyMap<string, unknown> | null;
}

export class ArchiveShelf {
  readonly #evidence: Evidence;
  readonly #objects = new Map<string, readonly string[]>();

  constructor(evidence: Evidence) {
    this.#evidence = evidence;
  }

  /** @throws when the archive may not be read with this token, or a line is not one of its. */
  async of(row: Pick<EventRow, 'archive'>): Promise<Archived> {
    const { bytes, answers } = archiveReferences(row.archive);
    const [line, later] = [await this.#line(bytes), await this.#line(answers)];
    const event = line === null || isLaterAnswers(line) ? null : line;
    const asked = later !== null && isLaterAnswers(later) ? later.answers : event?.answers;
    return { line: event, answers: asked === undefined ? null : new Map(Object.entries(asked)) };
  }

  async #line(place: LineReference | null) {
    if (place === null) return null;
    const text = (await this.#object(place.key))[place.line];
    return text === undefined ? null : readArchiveLine(text);
  }

  async #object(key: string): Promise<readonly string[]> {
    const known = this.#objects.get(key);
    if (known !== undefined) return known;
    const found = await this.#evidence.archived(key);
    if (found === 'refused') throw new Error('This token may not read the archive: use one with role operate.');
    const lines: string[] = [];
    for await (const line of found ?? []) lines.push(line);
    const [oldest] = this.#objects.keys();
    if (this.#objects.size >= KEPT && oldest !== undefined) this.#objects.delete(oldest);
    this.#objects.set(key, lines);
    return lines;
  }
}
