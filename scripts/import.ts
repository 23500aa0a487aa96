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
/** Characters of one call: the API takes a megabyte. */
const MOST = 700_000;

const answer = z.object({ accepted: z.int(), duplicate: z.int(), conflict: z.int() });

async function main(source: string, file: string, reason: string, tenant: string | undefined, contentType: string) {
  const at = gateway();
  const query = tenant === undefined ? '' : `?tenant=${encodeURIComponent(tenant)}`;
  const total = { accepted: 0, duplicate: 0, conflict: 0 };
  let chunk: string[] = [];
  let size = 0;
  let line = 0;
  const send = async (): Promise<void> => {
    if (chunk.length === 0) return;
    const body = JSON.stringify({ reason, events: chunk.map((each) => ({ body: each, contentType })) });
    const path = `/api/v1/imports/${encodeURIComponent(source)}${query}`;
    try {
      const counts = answer.parse(await call(at, 'POST', path, body));
      total.accepted += counts.accepted;
      total.duplicate += counts.duplicate;
      total.conflict += counts.conflict;
    } catch (error) {
      const told = error instanceof Error ? error.message : String(error);
      throw new Error(`Of lines ${line - chunk.length + 1} to ${line} nothing was loaded. ${told}`);
    }
    chunk = [];
    size = 0;
  };
  for await (const text of createInterface({ input: createReadStream(file, 'utf8') })) {
    if (text.trim() === '') continue;
    if (chunk.length === AT_ONCE || size + text.length > MOST) await send();
    chunk.push(text);
    size += text.length;
    line += 1;
  }
  await send();
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
