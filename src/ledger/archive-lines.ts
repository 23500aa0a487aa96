/**
 * What a line of the archive holds, and how a row refers to it: the signed bytes of an event with the answers it was read
 * with, or, for an event that was held and decided with later answers, those answers alone.
 */
import { stringify } from 'lossless-json';
import { z } from 'zod';
import { parseJsonText } from '../sources/json.ts';

/** Enrichment answers by `kind:id` (src/sources/source.ts); null: asked, and not there. */
const answers = z.record(z.string(), z.unknown());

const eventLine = z.looseObject({
  lane: z.string(),
  seq: z.int(),
  source: z.string(),
  eventId: z.string(),
  type: z.string(),
  /** Absent in lines of before. */
  occurredAt: z.int().optional(),
  receivedAt: z.int(),
  trust: z.enum(['addressed', 'authenticated', 'signed']),
  bodyHash: z.string(),
  evidence: z.record(z.string(), z.string()),
  text: z.string().optional(),
  base64: z.string().optional(),
  /** Absent where nothing was asked, and in lines of before. */
  answers: answers.optional(),
});
export type ArchivedEvent = z.infer<typeof eventLine>;

const answersLine = z.object({ kind: z.literal('answers'), source: z.string(), eventId: z.string(), answers });
export type ArchivedLaterAnswers = z.infer<typeof answersLine>;

/** @throws when the line is neither: it was not written by the gateway, or not as a whole. */
export function readArchiveLine(text: string): ArchivedEvent | ArchivedLaterAnswers {
  const json = parseJsonText(text);
  return z.union([answersLine, eventLine]).parse(json.ok ? json.value : null);
}

export const isLaterAnswers = (line: ArchivedEvent | ArchivedLaterAnswers): line is ArchivedLaterAnswers =>
  'kind' in line && line.kind === 'answers';

/** Numbers beyond 2^53 keep their digits on the way there and back. @throws for what JSON cannot say: a bug. */
export function writeArchiveLine(line: Readonly<Record<string, unknown>>): string {
  const text = stringify(line);
  if (text === undefined) throw new Error('an archive line has to be an object');
  return text;
}

const bytesLine = z.looseObject({
  eventId: z.string(),
  text: z.string().optional(),
  base64: z.string().optional(),
});

/** The signed bytes of this event in a line; null when it is another event's, or later answers. @throws as `readArchiveLine`. */
export function bodyInLine(text: string, eventId: string): Uint8Array<ArrayBuffer> | null {
  const line = bytesLine.parse(JSON.parse(text));
  return line.eventId === eventId ? bodyOf(line) : null;
}

/** The signed bytes; null in a line that holds none. @throws when base64 is broken. */
export function bodyOf(line: z.infer<typeof bytesLine>): Uint8Array<ArrayBuffer> | null {
  if (line.base64 !== undefined) return Uint8Array.from(atob(line.base64), (c) => c.charCodeAt(0));
  return line.text === undefined ? null : new Uint8Array(new TextEncoder().encode(line.text));
}

export interface LineReference {
  /** Archive object. */
  readonly key: string;
  /** Counts from 0. */
  readonly line: number;
}

const referencePattern = /^(.+)#(\d{1,7})$/;

function referenceOf(text: string | undefined): LineReference | null {
  const [, key, line] = referencePattern.exec(text ?? '') ?? [];
  return key === undefined || line === undefined ? null : { key, line: Number(line) };
}

/** Reads `events.archive`: `<bytes>`, `<bytes>+<later answers>`, or `+<later answers>` while the bytes are not archived. */
export function archiveReferences(archive: string | null): {
  readonly bytes: LineReference | null;
  readonly answers: LineReference | null;
} {
  const [bytes, later] = (archive ?? '').split('+');
  return { bytes: referenceOf(bytes), answers: referenceOf(later) };
}
