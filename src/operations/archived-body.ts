/** The signed bytes of one event, from the archive's newline-delimited JSON or from its lane. */
import type { Bindings } from '../bindings.ts';
import { archiveReferences, bodyInLine } from '../ledger/archive-lines.ts';
import { laneStub } from './lanes.ts';

/** Line `wanted` of a stream, without keeping the lines before it; null when there are fewer. */
async function lineAt(stream: ReadableStream<Uint8Array>, wanted: number): Promise<string | null> {
  const reader = stream.getReader();
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
  let line = 0;
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    const parts = (done ? decoder.decode() : decoder.decode(value, { stream: true })).split('\n');
    for (const [index, part] of parts.entries()) {
      if (line === wanted) text += part;
      if (index === parts.length - 1) break;
      if (line === wanted) {
        await reader.cancel();
        return text;
      }
      line += 1;
    }
    if (done) return line === wanted && text !== '' ? text : null;
  }
}

async function fromArchive(env: Bindings, reference: string, eventId: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const place = archiveReferences(reference).bytes;
  const object = place === null ? null : await env.ARCHIVE.get(place.key);
  if (place === null || object === null) return null;
  const text = await lineAt(object.body, place.line);
  return text === null ? null : bodyInLine(text, eventId);
}

export type BodySource = {
  readonly lane: string;
  readonly seq: number;
  readonly eventId: string;
  readonly archive: string | null;
};

/** The bytes and where they came from, or null when neither has them. */
export async function rawBody(env: Bindings, tenant: string, event: BodySource) {
  const archived = event.archive === null ? null : await fromArchive(env, event.archive, event.eventId);
  if (archived !== null) return { body: archived, from: 'archive' as const };
  const answer = await laneStub(env, tenant, event.lane).body(event.seq);
  return answer.code === 'found' ? { body: new Uint8Array(answer.body), from: 'lane' as const } : null;
}
