/** A sandbox in this process as the client that enrichment asks through. */
import type { Hono } from 'hono';
import type { EnrichmentHttp } from '../../../src/sources/enrichment/port.ts';

/** @param sent where addresses asked are noted. */
export const httpOf = (app: Hono, sent: string[] = []): EnrichmentHttp => ({
  async send({ method, url, headers, body }) {
    sent.push(url);
    const answer = await app.request(url, { method, headers: { ...headers }, body });
    const retryAfter = answer.headers.get('retry-after');
    return {
      kind: 'answer',
      status: answer.status,
      body: await answer.text(),
      retryAfterMs: retryAfter === null ? null : Number(retryAfter) * 1000,
    };
  },
});
