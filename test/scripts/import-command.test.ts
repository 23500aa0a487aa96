import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

const script = path.join(import.meta.dirname, '../../scripts/import.ts');
const request = z.object({ reason: z.string(), events: z.array(z.object({ body: z.string() })) });

/** A gateway that counts what it is given and refuses from a call on. */
let server: Server;
let calls: { readonly bytes: number; readonly bodies: readonly string[] }[];
let refuseFrom: number;
let folder: string;

beforeEach(async () => {
  calls = [];
  refuseFrom = Number.POSITIVE_INFINITY;
  folder = mkdtempSync(path.join(tmpdir(), 'ledgergate-import-'));
  server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => void chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      const bodies = request.parse(JSON.parse(body.toString())).events.map((event) => event.body);
      calls.push({ bytes: body.length, bodies });
      const refused = calls.length >= refuseFrom;
      response.writeHead(refused ? 503 : 200, { 'content-type': 'application/json' });
      const counts = { accepted: bodies.length, duplicate: 0, conflict: 0 };
      response.end(JSON.stringify(refused ? { title: 'Overloaded, try again' } : counts));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

function run(args: readonly string[], over: Readonly<Record<string, string | undefined>> = {}) {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const env = {
    ...process.env,
    LEDGERGATE_URL: `http://127.0.0.1:${address.port}`,
    LEDGERGATE_TOKEN: 'token',
    ...over,
  };
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    const child = spawn(process.execPath, [script, ...args], { env });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk) => {
      out += String(chunk);
    });
    child.stderr.on('data', (chunk) => {
      err += String(chunk);
    });
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

function fileOf(lines: readonly string[]): string {
  const file = path.join(folder, 'past.ndjson');
  writeFileSync(file, lines.join('\n'));
  return file;
}

describe('npm run import', () => {
  it('sends every line once, and no call larger than the API takes, whatever its letters', async () => {
    const lines = Array.from(
      { length: 30 },
      (_, at) => `{"id":${at},"note":"${'漢"'.replace('"', '\\"').repeat(20_000)}"}`,
    );
    const { code, out } = await run(['stripe', fileOf(lines), '--reason', 'cut-over']);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('30 events loaded') });
    expect(calls.flatMap(({ bodies }) => bodies)).toEqual(lines);
    expect(Math.max(...calls.map(({ bytes }) => bytes))).toBeLessThanOrEqual(1024 * 1024);
  });

  it('tells by the lines of the file what is loaded and what is not known to be', async () => {
    refuseFrom = 2;
    const lines = ['', '', ...Array.from({ length: 150 }, (_, at) => `{"id":${at}}`)];
    const { code, err } = await run(['stripe', fileOf(lines), '--reason', 'cut-over']);
    expect(code).toBe(1);
    expect(err).toContain('Lines before 103 are loaded; of lines 103 to 152 that is not known');
  });

  it.each([
    ['without a reason', ['stripe', 'file']],
    ['with an option there is none of', ['stripe', 'file', '--reason', 'x', '--token', 'secret']],
  ])('%s shows how it is called, and no stack', async (_what, args) => {
    const { code, err } = await run(args);
    expect(code).toBe(2);
    expect(err).toContain('usage: npm run import');
    expect(err).not.toMatch(/\n\s+at /);
  });

  it('does nothing to the local gateway when an address is given without a token', async () => {
    const { code, err } = await run(['stripe', fileOf(['{}']), '--reason', 'cut-over'], {
      LEDGERGATE_TOKEN: undefined,
    });
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('LEDGERGATE_TOKEN is not set') });
    expect(calls).toEqual([]);
  });
});
