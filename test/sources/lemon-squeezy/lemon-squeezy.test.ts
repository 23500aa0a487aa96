import { describe, expect, it } from 'vitest';
import { lemonSqueezy } from '../../../src/sources/lemon-squeezy/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { Desk } from '../../canonical/rules/books.ts';
import { configured, factsOf, read } from '../../conformance/interpreting.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { believesNoAlteration } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { hmac } from '../../verification/signing.ts';
import { body, invoice, licence, order, subscription } from './samples.ts';

const registered = registerSource(lemonSqueezy);
const source = configured(registered);
const facts = (event: object) => factsOf(source, event);
const refundOf = (total: object) => ({
  status: 'partial_refund',
  refunded_at: '2026-11-21T10:00:00.000000Z',
  ...total,
});

sourceContract('Lemon Squeezy', registered, {
  config: { storeId: '5' },
  secrets: ['old', 'signing-secret'],
  wrongSecrets: ['other'],
  contentType: 'application/json',
  headers: async (sent) => ({ 'x-signature': hmac('signing-secret', [sent]), 'x-event-name': 'order_created' }),
  proof: ['x-signature'],
  bindsBody: true,
  bindsTime: false,
  bodies: [
    order('order_created'),
    order('order_refunded', refundOf({ status: 'refunded', refunded_amount: 13_200 })),
    invoice('subscription_payment_success'),
    invoice('subscription_payment_failed', { status: 'pending' }),
    invoice('subscription_payment_refunded', refundOf({ refunded_amount: 13_200 })),
    subscription('subscription_created'),
    subscription('subscription_updated'),
    licence,
  ].map(body),
});

describe("Lemon Squeezy's signature", () => {
  const text = '{"meta":{"event_name":"order_created"},"note":"é"}';
  believesNoAlteration('lemon-squeezy', {
    valid: delivery(text, { 'x-signature': hmac('secret', text) }, 0),
    verify: (one) => source.verify(one, always('old', 'secret')),
    headers: ['x-signature'],
    toleranceSeconds: null,
  });
});

describe("Lemon Squeezy's events as facts", () => {
  it('books an order and its payment without tax, which is Lemon Squeezy’s', () => {
    expect(facts(order('order_created'))).toMatchObject([
      {
        kind: 'invoice.issued',
        occurredAt: Date.UTC(2026, 10, 20, 10),
        invoice: 'lemon-squeezy:invoice:order/1',
        customer: 'lemon-squeezy:customer:7',
        number: '42',
        total: 11_000,
        lines: [{ net: 11_000, discount: 1000, product: 'lemon-squeezy:product:3', quantity: '2', taxes: [] }],
        billedTo: { name: 'Ada Lovelace', email: 'ada@example.com' },
      },
      {
        kind: 'payment.captured',
        payment: 'lemon-squeezy:payment:order/1',
        invoice: 'lemon-squeezy:invoice:order/1',
        amount: 11_000,
        settlement: null,
      },
    ]);
  });

  it('names no product where the first item is not the whole order', () => {
    const [issued] = facts(order('order_created', { setup_fee: 0 }));
    expect(issued).toMatchObject({ total: 11_000, lines: [{ product: null, description: 'Order 42' }] });
  });

  it('takes tax out of a price that holds it', () => {
    expect(facts(order('order_created', { total: 11_000, tax: 1833 }))).toMatchObject([
      { total: 9167, lines: [{ net: 9167, discount: 0 }] },
      { amount: 9167 },
    ]);
  });

  it('books a free order without a payment', () => {
    const free = { discount_total: 12_000, tax: 0, total: 0 };
    expect(facts(order('order_created', free))).toMatchObject([{ kind: 'invoice.issued', total: 0 }]);
  });

  it('books a renewal from its invoice, and the first payment from its order alone', () => {
    expect(facts(invoice('subscription_payment_success'))).toMatchObject([
      { invoice: 'lemon-squeezy:invoice:subscription-invoice/1', total: 11_000 },
      { payment: 'lemon-squeezy:payment:subscription-invoice/1', amount: 11_000 },
    ]);
    expect(facts(invoice('subscription_payment_success', { billing_reason: 'initial' }))).toEqual([]);
    expect(facts(invoice('subscription_payment_recovered'))).toEqual([]);
    expect(facts(invoice('subscription_payment_failed', { status: 'pending' }))).toMatchObject([
      { kind: 'payment.failed', amount: 11_000 },
    ]);
  });

  it('takes refunds by their running total', () => {
    const whole = refundOf({ status: 'refunded', refunded_amount: 13_200 });
    expect(facts(order('order_refunded', whole))).toMatchObject([
      {
        kind: 'refund.paid',
        occurredAt: Date.UTC(2026, 10, 21, 10),
        refund: 'lemon-squeezy:refund:order/1/11000',
        payment: 'lemon-squeezy:payment:order/1',
        cumulative: 11_000,
      },
    ]);
    const untaxed = refundOf({ tax: 0, total: 11_000, refunded_amount: 400 });
    expect(facts(invoice('subscription_payment_refunded', untaxed))).toMatchObject([{ cumulative: 400 }]);
    const old = refundOf({ status: 'refunded', refunded_amount: undefined });
    expect(facts(order('order_refunded', old))).toMatchObject([{ cumulative: 11_000 }]);
  });

  it('knows a subscription and what it is for', () => {
    expect(facts(subscription('subscription_updated'))).toMatchObject([
      {
        kind: 'subscription.changed',
        subscription: 'lemon-squeezy:subscription:1',
        customer: 'lemon-squeezy:customer:7',
        status: 'active',
        items: [{ product: 'lemon-squeezy:product:3', quantity: '5' }],
      },
    ]);
    expect(facts(licence)).toEqual([]);
  });

  it('tells two changes of one second apart, and the repeat of a delivery not', () => {
    const idOf = (event: object) => read(source, body(event))[0]?.event?.eventId;
    const first = subscription('subscription_updated');
    expect(idOf(first)).toBe(idOf(structuredClone(first)));
    expect(idOf(subscription('subscription_updated', { status: 'paused' }))).not.toBe(idOf(first));
  });

  it('keeps ids beyond 2^53', () => {
    const text = JSON.stringify(order('order_created')).replace('"id":"1"', '"id":90071992547409931');
    const [reading] = read(source, bytes(text));
    if (reading?.event == null || reading.interpretation.kind !== 'facts') throw new Error('not understood');
    expect(reading.interpretation.facts[0]).toMatchObject({ invoice: 'lemon-squeezy:invoice:order/90071992547409931' });
  });

  it.each([
    ['a total that is not its parts', order('order_created', { total: 13_201 }), /total/],
    ['a currency without cents', order('order_created', { currency: 'JPY' }), /currency/],
    ['an order that waits for its payment', order('order_created', { status: 'pending' }), /status/],
    ['an order held for fraud', order('order_created', { status: 'fraudulent' }), /status/],
    ['a renewal that is void', invoice('subscription_payment_success', { status: 'void' }), /status/],
    [
      'a refund in part of a taxed order',
      order('order_refunded', refundOf({ refunded_amount: 400 })),
      /what of it is tax/,
    ],
    ['a refund over more than was paid', order('order_refunded', refundOf({ refunded_amount: 13_201 })), /up to total/],
    [
      'the refund of a first payment, whose order is not named',
      invoice('subscription_payment_refunded', {
        billing_reason: 'initial',
      }),
      /billing_reason/,
    ],
    ['an amount with a fraction', order('order_created', { total: 13_200.5 }), /total/],
    ['a test order', order('order_created', { test_mode: true }), /wrong_mode/],
    ['an unknown event', order('order_shipped'), /unknown_type/],
  ])('leaves to a person: %s', (_, event, why) => {
    expect(() => facts(event)).toThrow(why);
  });

  it('books tests and other stores only where it is told to', () => {
    const tests = configured(registered, { testMode: 'book' });
    expect(factsOf(tests, order('order_created', { test_mode: true }))).toHaveLength(2);
    const other = configured(registered, { storeId: '6' });
    expect(() => factsOf(other, order('order_created'))).toThrow(/wrong_account/);
  });
});

describe("Lemon Squeezy's events in the books", () => {
  it('come to the same whatever is told again, the first payment of a subscription twice over included', () => {
    const desk = new Desk();
    const partly = order('order_refunded', refundOf({ tax: 0, total: 11_000, refunded_amount: 400 }));
    const more = order('order_refunded', refundOf({ tax: 0, total: 11_000, refunded_amount: 1000 }));
    const placed = order('order_created', { tax: 0, total: 11_000 });
    const first = invoice('subscription_payment_success', { tax: 0, total: 11_000, billing_reason: 'initial' });
    for (const one of [placed, first, partly, placed, more, partly]) desk.book(...facts(one));
    expect(desk.balances('EUR')).toEqual({ clearing: 10_000, revenue: -11_000, refunds: 1000 });
  });
});
