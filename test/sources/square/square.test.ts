import { createHmac } from 'node:crypto';
import { WebhooksHelper } from 'square';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { registerSource } from '../../../src/sources/registered.ts';
import { square } from '../../../src/sources/square/index.ts';
import type { Delivery } from '../../../src/verification/verification.ts';
import { configured, factsOf, read, verdict } from '../../conformance/interpreting.ts';
import { believesNoAlteration } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { vectorFileOf } from '../../verification/vectors.ts';
import * as samples from './samples.ts';

const source = configured(registerSource(square));
const header = 'x-square-hmacsha256-signature';
const KEY = 'signature-key';
const URL_AT_SQUARE = 'https://hooks.acme.example/in/acme/square?x=%7e';
const sign = (body: string, url = URL_AT_SQUARE, key = KEY) =>
  createHmac('sha256', key)
    .update(url + body)
    .digest('base64');
const atUrl = (notificationUrl: string) => configured(registerSource(square), { notificationUrl });
const BODY = JSON.stringify(samples.squareEvent('payment.updated', 'payment', { ...samples.payment, note: 'é 漢 🙂' }));

const vector = z.object({
  name: z.string(),
  expect: z.enum(['ok', 'fail']),
  payload: z.string(),
  headers: z.record(z.string(), z.string()),
  secret: z.string(),
  notification_url: z.string(),
});

describe('Square signatures', () => {
  const vectors = vectorFileOf('square', vector);
  it.skipIf(vectors === null).each(vectors ?? [])('$name (skipped when ../shared/vectors is absent)', async (each) => {
    const answer = await atUrl(each.notification_url).verify(
      delivery(each.payload, each.headers, 0),
      always(each.secret),
    );
    expect(answer.ok).toBe(each.expect === 'ok');
  });

  it('accepts what Square’s own library accepts, and refuses what it refuses', async () => {
    for (const [signature, key] of [
      [sign(BODY), KEY],
      [sign(BODY, 'https://elsewhere.example/'), KEY],
      [sign(BODY), 'another-key'],
    ] as const) {
      const theirs = await WebhooksHelper.verifySignature({
        requestBody: BODY,
        signatureHeader: signature,
        signatureKey: key,
        notificationUrl: URL_AT_SQUARE,
      });
      const ours = await atUrl(URL_AT_SQUARE).verify(delivery(BODY, { [header]: signature }, 0), always(key));
      expect(ours.ok).toBe(theirs);
    }
  });

  it('takes the URL of the request when none is configured', async () => {
    const signature = sign(BODY, 'https://gateway.test/in/acme/source');
    expect((await source.verify(delivery(BODY, { [header]: signature }, 0), always(KEY))).ok).toBe(true);
  });

  it('accepts either of two live secrets, so that one can be replaced', async () => {
    const signed = delivery(BODY, { [header]: sign(BODY) }, 0);
    expect((await atUrl(URL_AT_SQUARE).verify(signed, always('old', KEY))).ok).toBe(true);
    expect((await atUrl(URL_AT_SQUARE).verify(signed, always('old', 'older'))).ok).toBe(false);
  });

  const verifier = atUrl(URL_AT_SQUARE);
  believesNoAlteration('Square', {
    valid: delivery(BODY, { [header]: sign(BODY) }, 0),
    verify: (each: Delivery) => verifier.verify(each, always(KEY)),
    headers: [header],
    toleranceSeconds: null,
  });
});

describe('Square payments', () => {
  const paymentFacts = (change: object) =>
    factsOf(source, samples.squareEvent('payment.updated', 'payment', { ...samples.payment, ...change }));

  it('books what the payer gave, tip included, net of what Square charges', () => {
    expect(paymentFacts({})).toMatchObject([
      {
        kind: 'payment.captured',
        payment: 'square:payment:PAY1',
        customer: 'square:customer:CUST1',
        amount: 1200,
        settlement: { gross: 1200, fee: 65, net: 1135 },
      },
    ]);
  });

  it('waits for the fee, also where an application’s own is known first', () => {
    expect(paymentFacts({ processing_fee: undefined, app_fee_money: samples.usd(10) })).toMatchObject([
      { amount: 1200, settlement: null },
    ]);
    expect(paymentFacts({ app_fee_money: samples.usd(10) })).toMatchObject([{ settlement: { fee: 75, net: 1125 } }]);
  });

  it('moves nothing before completion', () => {
    expect(paymentFacts({ status: 'APPROVED' })).toEqual([]);
    expect(paymentFacts({ status: 'CANCELED' })).toEqual([]);
    expect(paymentFacts({ status: 'FAILED' })).toMatchObject([{ kind: 'payment.failed' }]);
  });

  it('leaves money that is not at Square to a person', () => {
    for (const change of [
      { source_type: 'CASH' },
      { source_type: 'EXTERNAL' },
      { card_details: { card: { card_brand: 'SQUARE_GIFT_CARD' } } },
    ]) {
      expect(() => paymentFacts(change)).toThrow('unsupported_shape: payment.source_type');
    }
  });

  it('keeps a guest’s payment and its refund in one lane', () => {
    const guest = { ...samples.payment, customer_id: undefined };
    const lanes = [
      samples.squareEvent('payment.updated', 'payment', guest),
      samples.squareEvent('refund.updated', 'refund', samples.refund),
      samples.squareEvent('dispute.created', 'dispute', samples.dispute('PROCESSING')),
    ].map((event) => read(source, samples.body(event))[0]?.event?.customer);
    expect(lanes).toEqual(['PAY1', 'PAY1', 'PAY1']);
  });
});

describe('other Square money', () => {
  it('books a refund by its own amount, with the fee Square gives back', () => {
    expect(factsOf(source, samples.squareEvent('refund.updated', 'refund', samples.refund))).toMatchObject([
      { kind: 'refund.paid', amount: 500, settlement: { gross: -500, fee: -20, net: -480 } },
    ]);
  });

  it.each([
    ['INQUIRY_PROCESSING', ['dispute.opened']],
    ['INQUIRY_CLOSED', []],
    ['EVIDENCE_REQUIRED', ['dispute.opened', 'dispute.withdrawn']],
    ['WON', ['dispute.opened', 'dispute.withdrawn', 'dispute.won']],
    ['ACCEPTED', ['dispute.opened', 'dispute.withdrawn', 'dispute.lost']],
  ])('tells every step that dispute state %s implies', (state, kinds) => {
    const event = samples.squareEvent('dispute.state.updated', 'dispute', samples.dispute(state));
    expect(factsOf(source, event).map((fact) => fact.kind)).toEqual(kinds);
  });

  it('books the payout, its instant fee, and its return', () => {
    const instant = { ...samples.payout('SENT'), payout_fee: [{ amount_money: samples.usd(-15) }] };
    expect(factsOf(source, samples.squareEvent('payout.sent', 'payout', instant))).toMatchObject([
      { kind: 'processor.fee', amount: 15 },
      { kind: 'payout.sent', amount: 1135, arrivesAt: Date.UTC(2026, 10, 22) },
    ]);
    expect(factsOf(source, samples.squareEvent('payout.failed', 'payout', samples.payout('FAILED')))).toMatchObject([
      { kind: 'payout.returned', requires: ['square:payout:po_1'] },
    ]);
  });
});

describe('Square invoices', () => {
  const published = samples.squareEvent('invoice.published', 'invoice', samples.invoice);
  const withOrder = (change: object) => new Map([['order:ORD1', { order: { ...samples.order, ...change } }]]);

  it('asks for the order, and books its lines and taxes', () => {
    const [reading] = read(source, samples.body(published));
    if (reading?.event == null) throw new Error('not addressable');
    expect(verdict(reading)).toBe('quarantined:unsupported_shape');
    expect(factsOf(source, published, withOrder({}))).toMatchObject([
      {
        kind: 'invoice.issued',
        total: 1200,
        dueAt: Date.UTC(2026, 11, 1),
        lines: [{ net: 1000, discount: 100, taxes: [{ code: 'VAT-20', amount: 200 }] }],
      },
    ]);
  });

  it('books no invoice that does not add up, or of another order', () => {
    expect(() => factsOf(source, published, withOrder({ total_money: samples.usd(1300) }))).toThrow('order.line_items');
    expect(() => factsOf(source, published, withOrder({ id: 'ORD2' }))).toThrow('another order');
  });

  it('assigns the order’s payments once they are made', () => {
    const paid = samples.squareEvent('invoice.payment_made', 'invoice', samples.invoice);
    expect(factsOf(source, paid, withOrder({}))).toMatchObject([
      { kind: 'payment.applied', payment: 'square:payment:PAY1', invoice: 'square:invoice:inv:1', amount: 1200 },
    ]);
  });
});

describe('Square events that are not to be booked', () => {
  it('are set aside when of another merchant or of an unknown type', () => {
    const other = configured(registerSource(square), { merchantId: 'OTHER' });
    const event = samples.body(samples.squareEvent('payment.updated', 'payment', samples.payment));
    expect(read(other, event).map(verdict)).toEqual(['quarantined:wrong_account']);
    expect(read(source, samples.body(samples.squareEvent('money.moved', 'x', {}))).map(verdict)).toEqual([
      'quarantined:unknown_type',
    ]);
    expect(read(source, bytes('{}')).map(verdict)).toEqual(['unreadable:unsupported_shape']);
  });
});
