/**
 * `npm run import -- <source> <file.ndjson> --reason "…"`: loads events of the past, one webhook body a line, a hundred at
 * a time. Repeating it is harmless: what is loaded already answers `duplicate`. LEDGERGATE_URL and LEDGERGATE_TOKEN say
 * which gateway; without them it is the local one.
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { argumentsOf } from './runtime/arguments.ts';
import { call, gateway } from './runtime/operator-api.ts';

const usage =
  'usage: npm run import -- <source> <file.ndjson> --reason <why> [--tenant <tenant>] [--content-type <type>]';
const AT_ONCE = 100;
/** Bytes of one call: the API takes a mebibyte. */
const MOST = 1_000_000;

const answer = z.object({ accepted: z.int(), duplicate: z.int(), conflict: z.int() });

interface Chunk {
  readonly first: number;
  readonly last: number;
  /** Events as JSON. */
  readonly events: readonly string[];
}

/** Lines of the file in calls' worth; a line that is too long for one is a call of its own, and is refused. */
async function* chunksOf(file: string, contentType: string, envelope: number): AsyncGenerator<Chunk> {
  let events: string[] = [];
  let size = envelope;
  let [first, last, line] = [1, 0, 0];
  for await (const text of createInterface({ input: createReadStream(file, 'utf8') })) {
    line += 1;
    if (text.trim() === '') continue;
    const event = JSON.stringify({ body: text, contentType });
    const length = Buffer.byteLength(event) + 1;
    if (events.length > 0 && (events.length === AT_ONCE || size + length > MOST)) {
      yield { first, last, events };
      [events, size] = [[], envelope];
    }
    if (events.length === 0) first = line;
    events.push(event);
    size += length;
    last = line;
  }
  if (events.length > 0) yield { first, last, events };
}

async function main(source: string, file: string, reason: string, tenant: string | undefined, contentType: string) {
  const at = gateway();
  const query = tenant === undefined ? '' : `?tenant=${encodeURIComponent(tenant)}`;
  const path = `/api/v1/imports/${encodeURIComponent(source)}${query}`;
  const total = { accepted: 0, duplicate: 0, conflict: 0 };
  const bodyOf = (events: readonly string[]) => `{"reason":${JSON.stringify(reason)},"events":[${events.join(',')}]}`;
  for await (const { first, last, events } of chunksOf(file, contentType, Buffer.byteLength(bodyOf([])))) {
    try {
      const counts = answer.parse(await call(at, 'POST', path, bodyOf(events)));
      total.accepted += counts.accepted;
      total.duplicate += counts.duplicate;
      total.conflict += counts.conflict;
    } catch (error) {
      const told = error instanceof Error ? error.message : String(error);
      throw new Error(
        `Lines before ${first} are loaded; of lines ${first} to ${last} that is not known. Mend what is wrong and run it again: what is loaded is told as a duplicate.\n${told}`,
      );
    }
  }
  const { accepted, duplicate, conflict } = total;
  console.log(
    `${accepted} events loaded, ${duplicate} were there already, ${conflict} with other content (see exceptions)`,
  );
}

const { positionals, values } = argumentsOf(usage, {
  allowPositionals: true,
  options: {
    reason: { type: 'string' },
    tenant: { type: 'string' },
    'content-type': { type: 'string', default: 'application/json' },
  },
});
const [source, file] = positionals;
if (source === undefined || file === undefined || values.reason === undefined) {
  console.error(usage);
  process.exitCode = 2;
} else {
  try {
    await main(source, file, values.reason, values.tenant, values['content-type']);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
