import { spawn } from 'node:child_process';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = path.join(import.meta.dirname, '../../scripts/send.ts');
const SECRET = 'whsec_not_to_be_printed';

interface Seen {
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A gateway that accepts everything, or nothing. */
let server: Server;
let seen: Seen[];
let status: number;

beforeEach(async () => {
  seen = [];
  status = 200;
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      seen.push({ url: request.url, headers: request.headers, body });
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end('{"status":"as the gateway says"}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
});

function run(...args: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const env = {
    ...process.env,
    LEDGERGATE_URL: `http://127.0.0.1:${address.port}`,
    LEDGERGATE_SOURCE_SECRET: SECRET,
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
  });
}

describe('npm run send', () => {
  it('signs an event, sends it, prints the answer and where to look next, and never the secret', async () => {
    const { code, out, err } = await run(
      'stripe',
      'invoice.finalized',
      '--key',
      '0abc123def45',
      '--source',
      'stripe-eu',
    );
    expect([code, err]).toEqual([0, '']);
    expect(seen[0]?.url).toBe('/in/demo/stripe-eu');
    expect(seen[0]?.headers['stripe-signature']).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
    expect(out).toContain('invoice.finalized evt_invoice_finalized_0abc123def45: 200 {"status":"as the gateway says"}');
    expect(out).toContain('/api/v1/events/evt_invoice_finalized_0abc123def45?tenant=demo');
    expect(out).not.toContain('not_to_be_printed');
  });

  it('sends the same bytes twice with --duplicate', async () => {
    expect((await run('stripe', 'customer.created', '--duplicate')).code).toBe(0);
    expect(seen).toHaveLength(2);
    expect(seen[1]?.body).toBe(seen[0]?.body);
  });

  it('sends what should have come before after it with --out-of-order', async () => {
    expect((await run('chargebee', 'payment_succeeded', '--out-of-order')).code).toBe(0);
    expect(seen.map(({ body }) => /"event_type":"(\w+)"/.exec(body)?.[1])).toEqual([
      'payment_succeeded',
      'invoice_generated',
    ]);
    const refused = await run('stripe', 'customer.created', '--out-of-order');
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('Nothing comes before')]);
  });

  it('fails when the gateway refuses', async () => {
    status = 401;
    const { code, out } = await run('stripe', 'customer.created', '--bad-signature');
    expect(code).toBe(1);
    expect(out).toContain(': 401 ');
    expect(out).not.toContain('what became of it');
  });

  it('says what it can send when asked for something else', async () => {
    const { code, err } = await run('stripe', 'constructor');
    expect(code).toBe(2);
    expect(err).toMatch(/stripe +customer\.created, invoice\.finalized/);
    expect(seen).toEqual([]);
  });
});
