import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { registerSource } from '../../../src/sources/registered.ts';
import { shopify } from '../../../src/sources/shopify/index.ts';
import { configured, factsOf, read, verdict } from '../../conformance/interpreting.ts';
import { believesNoAlteration } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { vectorFileOf } from '../../verification/vectors.ts';
import * as samples from './samples.ts';

const registered = registerSource(shopify);
const source = configured(registered);
const BODY = '{"id":820982911946154508,"note":"é 漢 🙂"}';
const sign = (body: string, secret = 'hush') => createHmac('sha256', secret).update(body).digest('base64');
const headers = { ...samples.headersOf('orders/create'), 'x-shopify-hmac-sha256': sign(BODY) };

const vector = z.object({
  name: z.string(),
  expect: z.enum(['ok', 'fail']),
  payload: z.string(),
  headers: z.record(z.string(), z.string()),
  secret: z.string(),
});

describe('Shopify signatures', () => {
  const vectors = vectorFileOf('shopify', vector);
  it.skipIf(vectors === null).each(vectors ?? [])('$name (skipped when ../shared/vectors is absent)', async (each) => {
    const answer = await source.verify(delivery(each.payload, each.headers, 0), always(each.secret));
    expect(answer.ok).toBe(each.expect === 'ok');
  });

  it('are HMAC-SHA256 of the body in base64, under either of two live secrets', async () => {
    expect((await source.verify(delivery(BODY, headers, 0), always('hush'))).ok).toBe(true);
    expect((await source.verify(delivery(BODY, headers, 0), always('old', 'hush'))).ok).toBe(true);
    expect((await source.verify(delivery(BODY, headers, 0), always('old'))).ok).toBe(false);
  });

  believesNoAlteration('Shopify', {
    valid: delivery(BODY, headers, 0),
    verify: (each) => source.verify(each, always('hush')),
    headers: ['x-shopify-hmac-sha256'],
    toleranceSeconds: null,
  });
});

const facts = (topic: string, object: object, config: object = {}) =>
  factsOf(configured(registered, { ...config }), object, undefined, samples.headersOf(topic));
const words = (topic: string, text: string, config: object = {}) =>
  read(configured(registered, { ...config }), bytes(text), undefined, undefined, samples.headersOf(topic));

describe('Shopify ids', () => {
  it('keep every digit beyond 2^53, in keys and in lanes', () => {
    const text = JSON.stringify(samples.order)
      .replace('1001', '820982911946154508')
      .replace('"id":7', '"id":706405506930370084');
    const [reading] = words('orders/create', text);
    expect(reading?.event?.customer).toBe('706405506930370084');
    if (reading?.event == null || reading.interpretation.kind !== 'facts') throw new Error('not understood');
    expect(reading.interpretation.facts).toMatchObject([
      { invoice: 'shopify:invoice:820982911946154508', customer: 'shopify:customer:706405506930370084' },
    ]);
  });

  it('are taken from the global id where the number was rounded on the way', () => {
    const rounded = { ...samples.customer, id: 7, admin_graphql_api_id: 'gid://shopify/Customer/706405506930370084' };
    expect(facts('customers/update', rounded)).toMatchObject([{ customer: 'shopify:customer:706405506930370084' }]);
  });
});

describe('Shopify orders', () => {
  it('are invoices with Shopify’s own lines, discounts and taxes', () => {
    expect(facts('orders/create', samples.order)).toMatchObject([
      {
        kind: 'invoice.issued',
        invoice: 'shopify:invoice:1001',
        number: '#1001',
        total: 11_400,
        occurredAt: Date.UTC(2026, 10, 20, 10),
        lines: [
          { net: 9000, discount: 1000, quantity: '2', taxes: [{ code: 'VAT-20', amount: 1800, inclusive: false }] },
          { net: 500, taxes: [{ amount: 100 }] },
        ],
      },
    ]);
  });

  it('take the tax out of prices that include it', () => {
    const included = { ...samples.order, taxes_included: true, total_price: '95.00' };
    expect(facts('orders/create', included)).toMatchObject([
      { total: 9500, lines: [{ net: 7200, taxes: [{ inclusive: true }] }, { net: 400 }] },
    ]);
  });

  it('are issued once: when placed, or when paid', () => {
    expect(facts('orders/paid', samples.order)).toEqual([]);
    expect(facts('orders/create', samples.order, { issueAt: 'paid' })).toEqual([]);
    expect(facts('orders/paid', samples.order, { issueAt: 'paid' })).toHaveLength(1);
  });

  it.each([
    ['that do not add up', { total_price: '114.01' }, 'do not sum to total_price'],
    ['finer than the currency', { total_price: '114.001' }, 'total_price: too_precise'],
    ['for a gift card', { line_items: [{ ...samples.order.line_items[0], gift_card: true }] }, 'gift_card'],
    ['that are a test', { test: true }, 'wrong_mode'],
  ])('are shown to a person %s', (_, change, why) => {
    expect(() => facts('orders/create', { ...samples.order, ...change })).toThrow(why);
  });

  it('stand for a guest who has no account', () => {
    expect(facts('orders/create', { ...samples.order, customer: null })).toMatchObject([
      { customer: 'shopify:customer:guest-1001', billedTo: { email: 'ada@example.com' } },
    ]);
  });

  it('are voided when cancelled unpaid, and refunded otherwise', () => {
    expect(facts('orders/cancelled', { ...samples.order, financial_status: 'voided' })).toMatchObject([
      { kind: 'invoice.voided' },
    ]);
    expect(facts('orders/cancelled', { ...samples.order, financial_status: 'refunded' })).toEqual([]);
  });
});

describe('Shopify money', () => {
  const paid = (change: object) => facts('order_transactions/create', { ...samples.transaction, ...change });

  it('is a payment of its order once captured', () => {
    expect(paid({})).toMatchObject([
      { kind: 'payment.captured', payment: 'shopify:payment:5001', invoice: 'shopify:invoice:1001', amount: 11_400 },
    ]);
    expect(paid({ kind: 'authorization' })).toEqual([]);
    expect(paid({ status: 'failure' })).toMatchObject([{ kind: 'payment.failed' }]);
    expect(() => paid({ gateway: 'Cash on Delivery (COD)' })).toThrow('gateway');
    expect(() => paid({ test: true })).toThrow('wrong_mode');
  });

  it('is given back transaction by transaction', () => {
    expect(facts('refunds/create', samples.refund)).toMatchObject([
      { kind: 'refund.paid', refund: 'shopify:refund:5002', payment: 'shopify:payment:5001', amount: 5400 },
    ]);
    expect(() => facts('refunds/create', { ...samples.refund, transactions: [] })).toThrow('goods were taken back');
    expect(facts('refunds/create', { ...samples.refund, transactions: [], refund_line_items: [] })).toEqual([]);
  });

  it('is parked while charged back; an inquiry moves none', () => {
    const kinds = (status: string, type?: string) =>
      facts('disputes/update', samples.dispute(status, type)).map((fact) => fact.kind);
    expect(kinds('under_review')).toEqual(['dispute.opened', 'dispute.withdrawn']);
    expect(kinds('lost')).toEqual(['dispute.opened', 'dispute.withdrawn', 'dispute.lost']);
    expect(kinds('under_review', 'inquiry')).toEqual(['dispute.opened']);
  });
});

describe('Shopify events that are not to be booked', () => {
  it('are set aside when unknown, of another shop, or a privacy request', () => {
    const text = JSON.stringify(samples.customer);
    expect(words('money/moved', text).map(verdict)).toEqual(['quarantined:unknown_type']);
    expect(words('customers/update', text, { shop: 'other.myshopify.com' }).map(verdict)).toEqual([
      'quarantined:wrong_account',
    ]);
    expect(words('customers/redact', text).map(verdict)).toEqual(['quarantined:unsupported_shape']);
    expect(read(source, bytes(text)).map(verdict)).toEqual(['unreadable:unsupported_shape']);
  });

  it('put the catalogue into its own lane', () => {
    expect(words('products/update', JSON.stringify(samples.product))[0]?.event).toMatchObject({
      customer: null,
      sharedLane: 'catalogue',
    });
  });
});
