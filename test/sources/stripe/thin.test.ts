import { Hono } from 'hono';
import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import * as make from '../../../sandbox/stripe/events.ts';
import { signStripe } from '../../../sandbox/stripe/sign.ts';
import { defaultBudget, type EnrichmentAccess, noCache } from '../../../src/sources/enrichment/port.ts';
import { fetchStripeEnrichment } from '../../../src/sources/enrichment/stripe.ts';
import { enrichmentKey } from '../../../src/sources/source.ts';
import { configured, factsOf, read, stored, verdict } from '../../conformance/interpreting.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { httpOf } from '../enrichment/http-of.ts';
import { AT, charge, invoice, payout, source, stripeSource, transaction, wrap } from './samples.ts';

const CREATED = new Date(AT * 1000 + 123).toISOString();
const related = (type: string, id: string, collection = `${type}s`) => ({ id, type, url: `/v1/${collection}/${id}` });
const thin = (type: string, more: object = {}) => ({
  id: 'evt_thin',
  object: 'v2.core.event',
  type,
  livemode: false,
  created: CREATED,
  ...more,
});
const bodyOf = (event: object) => bytes(JSON.stringify(event));

const customer = make.customer({ id: 'cus_1', name: 'Ada', email: 'ada@example.com', created: AT });
const objects: Readonly<Record<string, object>> = {
  '/v1/invoices/in_1': invoice({ status: 'open' }),
  '/v1/charges/ch_1': charge({ balanceTransaction: 'txn_1' }),
  '/v1/balance_transactions/txn_1': transaction(),
  '/v1/customers/cus_1': customer,
  '/v1/customers/cus_gone': { id: 'cus_gone', object: 'customer', deleted: true },
  '/v1/payouts/po_1': { ...payout(), status: 'failed' },
  '/v1/invoice_payments': { data: [], has_more: false },
};

/** Stripe's API as far as thin events ask it: objects by their path. */
function api(seen: string[] = []): Hono {
  const app = new Hono();
  app.get('/v1/*', (context) => {
    seen.push(`${context.req.path} ${context.req.header('stripe-account') ?? '-'}`);
    if (context.req.header('authorization') !== 'Bearer rk_1') return context.json({ error: {} }, 401);
    const found = objects[context.req.path];
    return found === undefined ? context.json({ error: {} }, 404) : context.json(found);
  });
  return app;
}

const access = (app = api(), apiKey: string | null = 'rk_1'): EnrichmentAccess => ({
  apiUrl: null,
  apiKey,
  http: httpOf(app),
  cache: noCache,
  budget: defaultBudget,
});

const eventOf = (event: object, setUp = source) => {
  const [reading] = read(setUp, bodyOf(event));
  if (reading === undefined || reading.event === null) throw new Error('not addressable');
  return reading.event;
};

/** What becomes of a thin event, its object read as the gateway reads it. */
async function becomes(event: object, setUp = source, app = api(), apiKey: string | null = 'rk_1') {
  const needs = setUp.enrichment(stored(eventOf(event, setUp)));
  const { enrichment, outcome } = await fetchStripeEnrichment(needs, access(app, apiKey));
  expect(outcome).toBe('fetched');
  return read(setUp, bodyOf(event), undefined, enrichment).map(verdict).join();
}

describe('a thin event of Stripe’s API v2', () => {
  it('is what Stripe’s own library takes for one, under the same signature', async () => {
    const body = JSON.stringify(thin('v1.invoice.finalized', { related_object: related('invoice', 'in_1') }));
    const now = Math.floor(Date.now() / 1000);
    const headers = await signStripe(body, 'whsec_1', now);
    const theirs = new Stripe('sk_test_1').parseEventNotification(body, headers['stripe-signature'], 'whsec_1');
    expect(theirs.type).toBe('v1.invoice.finalized');
    expect((await source.verify(delivery(body, headers, now * 1000), always('whsec_1'))).ok).toBe(true);
  });

  it('has its time, and the lane of the customer or product that it is about', () => {
    const about = (type: string, object: object) => eventOf(thin(type, { related_object: object }));
    expect(about('v1.customer.updated', related('customer', 'cus_1'))).toMatchObject({
      eventId: 'evt_thin',
      type: 'v1.customer.updated',
      occurredAt: AT * 1000 + 123,
      customer: 'cus_1',
      quarantine: null,
    });
    expect(about('v1.product.updated', related('product', 'prod_1'))).toMatchObject({
      customer: null,
      sharedLane: 'catalogue',
    });
    expect(about('v1.invoice.paid', related('invoice', 'in_1'))).toMatchObject({
      customer: null,
      sharedLane: 'account',
    });
  });

  it('becomes the facts of the snapshot event, by the object read from the API', async () => {
    const finalized = thin('v1.invoice.finalized', { related_object: related('invoice', 'in_1') });
    const { enrichment } = await fetchStripeEnrichment(source.enrichment(stored(eventOf(finalized))), access());
    expect(factsOf(source, finalized, enrichment)).toEqual(factsOf(source, wrap('invoice.finalized', invoice())));
    const changed = thin('v1.customer.updated', { related_object: related('customer', 'cus_1') });
    expect(await becomes(changed)).toBe('facts:customer.upserted');
  });

  it('has what its object needs read too: a charge its settlement', async () => {
    const seen: string[] = [];
    const event = thin('v1.charge.succeeded', { related_object: related('charge', 'ch_1') });
    const { enrichment } = await fetchStripeEnrichment(source.enrichment(stored(eventOf(event))), access(api(seen)));
    expect(factsOf(source, event, enrichment)).toMatchObject([
      { kind: 'payment.captured', amount: 12_000, settlement: { fee: 325, feeTax: 65, net: 11_610 } },
    ]);
    expect(seen).toEqual(['/v1/charges/ch_1 -', '/v1/balance_transactions/txn_1 -', '/v1/invoice_payments -']);
  });

  it('of a connected account is read on its behalf, and set aside elsewhere', async () => {
    const event = thin('v1.customer.updated', { context: 'acct_7', related_object: related('customer', 'cus_1') });
    const seen: string[] = [];
    expect(await becomes(event, configured(stripeSource, { account: 'acct_7' }), api(seen))).toBe(
      'facts:customer.upserted',
    );
    expect(seen).toEqual(['/v1/customers/cus_1 acct_7']);
    expect(await becomes(event)).toBe('quarantined:wrong_account');
    expect(await becomes({ ...event, context: 'wksp_1/acct_7' }, configured(stripeSource, { account: 'acct_7' }))).toBe(
      'facts:customer.upserted',
    );
    expect(
      await becomes({ ...event, context: null, livemode: true }, configured(stripeSource, { livemode: false })),
    ).toBe('quarantined:wrong_mode');
  });

  it.each([
    ['v1.billing.meter.error_report_triggered', 'no effect'],
    ['v1.billing.meter.no_meter_found', 'no effect'],
    ['v1.invoice.sent', 'no effect'],
    ['v2.core.event_destination.ping', 'no effect'],
    ['v2.core.account[configuration.customer].updated', 'no effect'],
    ['v2.money_management.outbound_payment.posted', 'quarantined:unknown_type'],
    ['v1.of.tomorrow', 'quarantined:unknown_type'],
    ['v1.product.deleted', 'quarantined:unsupported_shape'],
  ])('%s without an object: %s, and nothing is asked', async (type, expected) => {
    const seen: string[] = [];
    expect(await becomes(thin(type), source, api(seen))).toBe(expected);
    expect(seen).toEqual([]);
  });

  it('never says where the key is sent', async () => {
    const seen: string[] = [];
    for (const url of [
      'https://evil.example/v1/invoices/in_1',
      '//evil.example/v1/invoices/in_1',
      '/v1/invoices/in_1?expand[]=customer',
      '/v1/invoices/../customers/cus_1',
      '/v1/invoices/in_2',
    ]) {
      const event = thin('v1.invoice.finalized', { related_object: { id: 'in_1', type: 'invoice', url } });
      expect(await becomes(event, source, api(seen)), url).toBe('quarantined:unsupported_shape');
    }
    const strange = { id: '../in_1', type: 'invoice', url: '/v1/invoices/../in_1' };
    const another = related('customer', 'cus_1');
    for (const related_object of [strange, another, null]) {
      expect(await becomes(thin('v1.invoice.finalized', { related_object }), source, api(seen))).toBe(
        'quarantined:unsupported_shape',
      );
    }
    expect(seen).toEqual([]);
  });

  it('goes to a person when its object is gone, cannot be read, or no longer bears it out', async () => {
    const unsupported = 'quarantined:unsupported_shape';
    const missing = thin('v1.invoice.finalized', { related_object: related('invoice', 'in_9') });
    expect(await becomes(missing)).toBe(unsupported);
    const known = thin('v1.invoice.finalized', { related_object: related('invoice', 'in_1') });
    expect(await becomes(known, source, api(), null)).toBe(unsupported);
    const paid = thin('v1.payout.paid', { related_object: related('payout', 'po_1') });
    expect(await becomes(paid)).toBe(unsupported);
    const gone = related('customer', 'cus_gone');
    expect(await becomes(thin('v1.customer.updated', { related_object: gone }))).toBe(unsupported);
    expect(await becomes(thin('v1.customer.deleted', { related_object: gone }))).toBe('facts:customer.upserted');
  });

  it('waits while the API cannot answer, and believes no other object', async () => {
    const event = thin('v1.charge.succeeded', { related_object: related('charge', 'ch_1') });
    const needs = source.enrichment(stored(eventOf(event)));
    const answering = (status: number, body: string): EnrichmentAccess => ({
      ...access(),
      http: { send: async () => ({ kind: 'answer', status, body, retryAfterMs: null }) },
    });
    for (const [status, body] of [
      [500, ''],
      [429, ''],
      [200, '{"id":"ch_2"}'],
      [200, '[]'],
    ] as const) {
      expect((await fetchStripeEnrichment(needs, answering(status, body))).outcome).toBe('retry');
    }
    const [need] = needs;
    if (need === undefined) throw new Error('nothing is needed');
    const other = new Map([[enrichmentKey(need), { object: { ...charge(), id: 'ch_2' }, fetched: {} }]]);
    expect(read(source, bodyOf(event), undefined, other).map(verdict)).toEqual(['quarantined:unsupported_shape']);
    await expect(fetchStripeEnrichment([{ ...need, id: 'charge.succeeded/../x' }], access())).rejects.toThrow(
      RangeError,
    );
  });
});
