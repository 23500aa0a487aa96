import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { fetchGocardlessEnrichment, gocardlessEnrichmentKinds } from '../../../src/sources/enrichment/gocardless.ts';
import { defaultBudget, type EnrichmentAccess, noCache } from '../../../src/sources/enrichment/port.ts';
import { gocardless } from '../../../src/sources/gocardless/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { configured, read, stored, verdict } from '../../conformance/interpreting.ts';
import { bytes } from '../../verification/deliveries.ts';
import { customer, event, payment, payout, refund, webhook } from '../gocardless/samples.ts';
import { httpOf } from './http-of.ts';

const TOKEN = 'ro_1';
const resources = { payments: payment, refunds: refund, payouts: payout, customers: customer };

/** GoCardless' API as far as it is asked: one resource of each kind, for one token. */
function api(): Hono {
  const app = new Hono();
  for (const [collection, resource] of Object.entries(resources)) {
    app.get(`/${collection}/:id`, (context) => {
      if (context.req.header('authorization') !== `Bearer ${TOKEN}`) return context.json({ error: {} }, 401);
      if (context.req.header('gocardless-version') !== '2015-07-06') return context.json({ error: {} }, 400);
      return context.req.param('id') === resource.id
        ? context.json({ [collection]: resource })
        : context.json({ error: {} }, 404);
    });
  }
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
      return { kind: 'answer', status, body: text, retryAfterMs: null };
    },
  },
});

const need = { kind: 'payment', id: 'PM1', account: null };

describe("GoCardless' resources", () => {
  it.each([
    ['payments.confirmed', { payment: 'PM1' }, 'facts:payment.captured', 'payments/PM1'],
    ['refunds.paid', { refund: 'RF1' }, 'facts:refund.paid', 'refunds/RF1'],
    ['payouts.paid', { payout: 'PO1' }, 'facts:processor.fee+payout.sent', 'payouts/PO1'],
    ['customers.updated', { customer: 'CU1' }, 'facts:customer.upserted', 'customers/CU1'],
  ])('give %s its amount', async (type, links, expected, path) => {
    const source = configured(registerSource(gocardless));
    const delivered = bytes(JSON.stringify(webhook(event(type, links))));
    const needs = read(source, delivered).flatMap((reading) =>
      reading.event === null ? [] : source.enrichment(stored(reading.event)),
    );
    const sent: string[] = [];
    const { outcome, enrichment } = await fetchGocardlessEnrichment(needs, accessTo(api(), sent));
    expect(outcome).toBe('fetched');
    expect(sent).toEqual([`https://api.gocardless.com/${path}`]);
    expect(read(source, delivered, undefined, enrichment).map(verdict)).toEqual([expected]);
  });

  it('are asked for once each, where the config says, and an id is never a path', async () => {
    const sent: string[] = [];
    const access = { ...accessTo(api(), sent), apiUrl: 'https://api-sandbox.gocardless.com' };
    await fetchGocardlessEnrichment([need, need, { ...need, id: '../refunds/RF1' }], access);
    expect(sent).toEqual([
      'https://api-sandbox.gocardless.com/payments/PM1',
      'https://api-sandbox.gocardless.com/payments/..%2Frefunds%2FRF1',
    ]);
  });

  it('are null where there is none, it is gone, it may not be read, or there is no token', async () => {
    const nothing = { outcome: 'fetched', enrichment: new Map([['payment:PM1', null]]) };
    for (const status of [403, 404, 410]) {
      expect(await fetchGocardlessEnrichment([need], answering(status, '{}'))).toEqual(nothing);
    }
    const sent: string[] = [];
    expect(await fetchGocardlessEnrichment([need], accessTo(api(), sent, null))).toEqual(nothing);
    expect(sent).toEqual([]);
  });

  it.each([
    [401, '{}'],
    [429, '{}'],
    [500, ''],
    [200, '{'],
    [200, '{"payments":{"id":"PM2"}}'],
    [200, '{"refunds":{"id":"PM1"}}'],
    [200, 'x'.repeat(defaultBudget.maxAnswerLength + 1)],
  ])('make the event wait when GoCardless answers %i with %.24s', async (status, text) => {
    const outcome = await fetchGocardlessEnrichment([need], answering(status, text));
    expect(outcome.outcome).toBe('retry');
    expect(outcome.enrichment.size).toBe(0);
    expect(JSON.stringify(outcome)).not.toContain(TOKEN);
  });

  it('are of four kinds', async () => {
    expect(gocardlessEnrichmentKinds).toEqual(['payment', 'refund', 'payout', 'customer']);
    await expect(fetchGocardlessEnrichment([{ ...need, kind: 'mandate' }], accessTo(api()))).rejects.toThrow(
      RangeError,
    );
  });
});
