/** Real payloads of public origin, kept beside the project; tests that need them say so and skip when they are absent. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const root = path.resolve(import.meta.dirname, '../../../shared/payloads');

const manifest = z.object({
  fixtures: z.array(
    z.object({
      file: z.string(),
      provider: z.string(),
      event_type: z.string().nullish(),
      kind: z.enum(['event', 'entity', 'object', 'response', 'schema']),
      content_type: z.string().nullish(),
    }),
  ),
});

export interface Payload {
  readonly file: string;
  readonly eventType: string | null;
  readonly kind: string;
  readonly contentType: string | null;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Null when the payloads are not on this machine. */
export function payloadsOf(provider: string): readonly Payload[] | null {
  const index = path.join(root, 'MANIFEST.json');
  if (!existsSync(index)) return null;
  return manifest
    .parse(JSON.parse(readFileSync(index, 'utf8')))
    .fixtures.filter((fixture) => fixture.provider === provider)
    .map((fixture) => ({
      file: fixture.file,
      eventType: fixture.event_type ?? null,
      kind: fixture.kind,
      contentType: fixture.content_type ?? null,
      body: new Uint8Array(readFileSync(path.join(root, fixture.file))),
    }));
}

/** The folders of payloads, sorted; none when they are not on this machine. */
export function payloadFolders(): readonly string[] {
  const index = path.join(root, 'MANIFEST.json');
  if (!existsSync(index)) return [];
  const { fixtures } = manifest.parse(JSON.parse(readFileSync(index, 'utf8')));
  return [...new Set(fixtures.map((fixture) => fixture.provider))].sort();
}
