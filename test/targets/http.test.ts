import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { parseRetryAfter, targetHttp } from '../../src/targets/http.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

const client = (maxBytes?: number) =>
  targetHttp({
    fetch: (url, init) => fetch(url, init),
    now: () => 0,
    allow: 'any',
    ...(maxBytes === undefined ? {} : { maxBytes }),
  });
const get = (url: string, timeoutMs = 5000) =>
  ({ method: 'GET', url, headers: { 'x-test': '1' }, body: null, timeoutMs }) as const;

describe('targetHttp', () => {
  it('answers status, type, body and Retry-After', async () => {
    const url = await serve((request, response) => {
      response.writeHead(429, { 'content-type': 'text/plain', 'retry-after': '3' });
      response.end(`sent ${request.headers['x-test']}`);
    });
    expect(await client().send(get(url))).toEqual({
      kind: 'answer',
      status: 429,
      contentType: 'text/plain',
      body: 'sent 1',
      retryAfterMs: 3000,
    });
  });

  it('never follows a redirect', async () => {
    let visited = 0;
    const url = await serve((request, response) => {
      visited++;
      response.writeHead(307, { location: request.url === '/' ? '/elsewhere' : '/' });
      response.end();
    });
    expect(await client().send(get(`${url}/`))).toMatchObject({ kind: 'answer', status: 307 });
    expect(visited).toBe(1);
  });

  it('gives up an answer that is larger than the cap, as broken', async () => {
    const url = await serve((_, response) => response.end('x'.repeat(5000)));
    expect(await client(4999).send(get(url))).toMatchObject({ kind: 'broken' });
    expect(await client(5000).send(get(url))).toMatchObject({ kind: 'answer' });
  });

  it('keeps multi-byte characters whole', async () => {
    const url = await serve((_, response) => {
      const bytes = Buffer.from('é');
      response.write(bytes.subarray(0, 1));
      response.end(bytes.subarray(1));
    });
    expect(await client().send(get(url))).toMatchObject({ kind: 'answer', body: 'é' });
  });

  it('calls a silent target broken: the request may have arrived', async () => {
    const url = await serve(() => undefined);
    expect(await client().send(get(url, 30))).toEqual({ kind: 'broken', message: 'no answer within 30 ms' });
  });

  it('calls a body that stalls broken', async () => {
    const url = await serve((_, response) => void response.write('half'));
    expect(await client().send(get(url, 60))).toEqual({ kind: 'broken', message: 'no answer within 60 ms' });
  });

  it('calls a connection cut in the middle broken', async () => {
    const url = await serve((request) => request.socket.destroy());
    expect(await client().send(get(url))).toMatchObject({ kind: 'broken' });
  });

  it('calls a connection that was never made refused', async () => {
    const url = await serve(() => undefined);
    const server = servers.pop();
    await new Promise((resolve) => server?.close(resolve));
    expect(await client().send(get(url))).toEqual({ kind: 'refused', message: 'no connection: ECONNREFUSED' });
  });

  it('does not send to an inward address where only public ones are allowed', async () => {
    const http = targetHttp({
      fetch: () => Promise.reject(new Error('must not be called')),
      now: () => 0,
      allow: 'public',
    });
    expect(await http.send(get('http://169.254.169.254/'))).toEqual({
      kind: 'refused',
      message: 'address not allowed: inward_address',
    });
  });

  it('counts an error it does not know as broken, and says nothing of its text', async () => {
    const http = targetHttp({
      fetch: () => Promise.reject(new Error('secret in message')),
      now: () => 0,
      allow: 'any',
    });
    expect(await http.send(get('http://example.com'))).toEqual({ kind: 'broken', message: 'connection lost' });
  });
});

describe('parseRetryAfter', () => {
  it.each([
    [null, null],
    ['5', 5000],
    ['0', 0],
    ['99999999', 3_600_000],
    ['soon', null],
    ['-5', null],
    ['Thu, 01 Jan 1970 00:01:00 GMT', 50_000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ])('reads %s as %s', (header, wait) => {
    expect(parseRetryAfter(header, 10_000)).toBe(wait);
  });
});
