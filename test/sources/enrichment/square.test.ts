import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { defaultBudget, type EnrichmentAccess, noCache } from '../../../src/sources/enrichment/port.ts';
import { fetchSquareEnrichment } from '../../../src/sources/enrichment/square.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { square } from '../../../src/sources/square/index.ts';
import { configured, read, stored, verdict } from '../../conformance/interpreting.ts';
import { body, invoice, order, squareEvent } from '../square/samples.ts';
import { httpOf } from './http-of.ts';

const TOKEN = 'EAAA-1';
const need = { kind: 'order', id: 'ORD1', account: null };

/** Square's API as far as it is asked: one order, for one token. */
function api(): Hono {
  const app = new Hono();
  app.get('/v2/orders/:id', (context) => {
    if (context.req.header('authorization') !== `Bearer ${TOKEN}`) return context.json({ errors: [] }, 401);
    if (!/^\d{4}-\d{2}-\d{2}$/.test(context.req.header('square-version') ?? '')) return context.json({}, 400);
    return context.req.param('id') === order.id ? context.json({ order }) : context.json({ errors: [] }, 404);
  });
  return app;
}

const accessTo = (app: Hono, sent: string[] = [], apiKey: string | null = TOKEN): EnrichmentAccess => ({
  apiUrl: null,
  apiKey,
  http: httpOf(app, sent),
  cache: noCache,
  budget: defaultBudget,
});

const answering = (status: number, text: string): EnrichmentAccess => ({
  ...accessTo(api()),
  http: {
    async send() {
      return { kind: 'answer', status, body: text, retryAfterMs: 2000 };
    },
  },
});

describe("Square's orders", () => {
  it('make a published invoice of the event that only names them', async () => {
    const source = configured(registerSource(square));
    const published = body(squareEvent('invoice.published', 'invoice', invoice));
    const [event] = read(source, published).flatMap((reading) => (reading.event === null ? [] : [reading.event]));
    if (event === undefined) throw new Error('not addressable');
    const needs = source.enrichment(stored(event));
    expect(needs).toEqual([need]);
    const sent: string[] = [];
    const { outcome, enrichment } = await fetchSquareEnrichment(needs, accessTo(api(), sent));
    expect(outcome).toBe('fetched');
    expect(sent).toEqual(['https://connect.squareup.com/v2/orders/ORD1']);
    expect(read(source, published, undefined, enrichment).map(verdict)).toEqual(['facts:invoice.issued']);
  });

  it('are read from the sandbox where the config says so, and an id is never a path', async () => {
    const sent: string[] = [];
    const apiUrl = 'https://connect.squareupsandbox.com';
    await fetchSquareEnrichment([{ ...need, id: '../payments?x' }], { ...accessTo(api(), sent), apiUrl });
    expect(sent).toEqual(['https://connect.squareupsandbox.com/v2/orders/..%2Fpayments%3Fx']);
  });

  it('are null where there is none, it may not be read, or there is no key', async () => {
    const nothing = { outcome: 'fetched', enrichment: new Map([['order:ORD2', null]]) };
    const missing = { ...need, id: 'ORD2' };
    expect(await fetchSquareEnrichment([missing], accessTo(api()))).toEqual(nothing);
    expect(await fetchSquareEnrichment([missing], answering(403, '{}'))).toEqual(nothing);
    const sent: string[] = [];
    expect(await fetchSquareEnrichment([missing], accessTo(api(), sent, null))).toEqual(nothing);
    expect(sent).toEqual([]);
  });

  it.each([
    [401, '{}'],
    [429, '{}'],
    [500, ''],
    [200, '{'],
    [200, '{"order":{"id":"ORD9"}}'],
    [200, '{"order":null}'],
    [200, 'x'.repeat(defaultBudget.maxAnswerLength + 1)],
  ])('make the event wait when Square answers %i with %.24s', async (status, text) => {
    const outcome = await fetchSquareEnrichment([need], answering(status, text));
    expect(outcome.outcome).toBe('retry');
    expect(outcome.enrichment.size).toBe(0);
    expect(JSON.stringify(outcome)).not.toContain(TOKEN);
  });

  it('are all there is to ask for', async () => {
    await expect(fetchSquareEnrichment([{ ...need, kind: 'payment' }], accessTo(api()))).rejects.toThrow(RangeError);
  });
});
