import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = path.join(import.meta.dirname, '../../scripts/config.ts');

interface Seen {
  readonly request: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** A gateway that remembers what it was asked and answers what the test says. */
let server: Server;
let seen: Seen[];
let answer: { status: number; body: unknown };
let folder: string;

beforeEach(async () => {
  seen = [];
  folder = mkdtempSync(path.join(tmpdir(), 'ledgergate-config-'));
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      seen.push({ request: `${request.method} ${request.url}`, authorization: request.headers.authorization, body });
      response.writeHead(answer.status, {
        'content-type': answer.status < 400 ? 'application/json' : 'application/problem+json',
      });
      response.end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

function run(args: readonly string[], input = ''): Promise<{ code: number | null; out: string; err: string }> {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const env = {
    ...process.env,
    LEDGERGATE_URL: `http://127.0.0.1:${address.port}/`,
    LEDGERGATE_TOKEN: 'token-of-the-test',
  };
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], { env });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += String(chunk);
    });
    child.stderr.on('data', (chunk) => {
      err += String(chunk);
    });
    child.on('close', (code) => resolve({ code, out, err }));
    child.stdin.end(input);
  });
}

function file(text: string): string {
  const name = path.join(folder, 'acme.json');
  writeFileSync(name, text);
  return name;
}

describe('npm run config', () => {
  it('prints one line per fault, by its path, and fails', async () => {
    answer = {
      status: 422,
      body: {
        title: 'The config is not valid',
        errors: [
          { path: 'routes.0.to', message: 'no target named x' },
          { path: 'shard', message: 'is missing' },
        ],
      },
    };
    const { code, err } = await run(['apply', file('{"tenant":"acme"}')]);
    expect(code).toBe(1);
    expect(err).toBe('The config is not valid\n  routes.0.to: no target named x\n  shard: is missing\n');
    expect(seen).toEqual([
      {
        request: 'POST /api/v1/tenants/acme/config',
        authorization: 'Bearer token-of-the-test',
        body: '{"tenant":"acme"}',
      },
    ]);
  });

  it('shows what would change without changing it', async () => {
    answer = {
      status: 200,
      body: {
        outcome: 'checked',
        version: 3,
        changes: [{ path: 'accounts.fees', to: '627000' }],
        warnings: [{ path: 'accounts.suspense', message: 'no account' }],
      },
    };
    const { code, out } = await run(['diff', file('{"tenant":"acme"}')]);
    expect(code).toBe(0);
    expect(out).toBe(
      '  accounts.fees: (not set) → "627000"\n  warning: accounts.suspense: no account\nacme: checked, 1 changes, version 3 is live\n',
    );
    expect(seen[0]?.request).toBe('POST /api/v1/tenants/acme/config?dryRun=1');
  });

  it('takes a secret from standard input and prints only its name', async () => {
    answer = { status: 200, body: { reference: 'secret://stripe-1' } };
    const { code, out, err } = await run(['secret', 'stripe-1', '--tenant', 'acme'], 'whsec_value\n');
    expect([code, out, err]).toEqual([0, 'acme: secret://stripe-1 is stored\n', '']);
    expect(seen[0]).toMatchObject({
      request: 'PUT /api/v1/tenants/acme/secrets/stripe-1',
      body: '{"value":"whsec_value"}',
    });
  });

  it('tries a payload by a file’s settings, and fails when it would be quarantined', async () => {
    answer = { status: 200, body: { unreadable: null, events: [{ id: 'e1', quarantine: 'unknown_type: x' }] } };
    const payload = path.join(folder, 'sample.json');
    writeFileSync(payload, '{"id":"e1"}');
    const config = file('{"tenant":"acme","sources":{"billing":{"provider":"custom"}}}');
    const { code, out } = await run(['try', 'billing', payload, '--tenant', 'acme', '--config', config]);
    expect(code).toBe(1);
    expect(out).toContain('unknown_type: x');
    expect(seen[0]).toMatchObject({
      request: 'POST /api/v1/config/sources/billing/try?tenant=acme',
      body: '{"body":"{\\"id\\":\\"e1\\"}","source":{"provider":"custom"}}',
    });
    expect((await run(['try', 'other', payload, '--config', config])).err).toContain('sources.other: is missing');
  });

  it('says what it takes when asked for something else, and what is wrong with a file', async () => {
    expect((await run(['destroy'])).code).toBe(2);
    expect((await run(['apply', file('{')])).err).toContain('acme.json is not JSON');
    expect((await run(['apply', file('{}')])).err).toContain('tenant: is missing');
    expect(seen).toEqual([]);
  });
});
