import { describe, expect, it } from 'vitest';
import { registerSource } from '../../../src/sources/registered.ts';
import { woocommerce } from '../../../src/sources/woocommerce/index.ts';
import { Desk } from '../../canonical/rules/books.ts';
import { configured, factsOf, read, verdict, verifiedBody } from '../../conformance/interpreting.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { believesNoAlteration } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { hmac } from '../../verification/signing.ts';
import { body, customer, headersOf, order, product } from './samples.ts';

const registered = registerSource(woocommerce);
const source = configured(registered, { payments: 'book' });
const elsewhere = configured(registered, { payments: 'elsewhere' });
const facts = (topic: string, object: object, from = source) => factsOf(from, object, undefined, headersOf(topic));

/** The topic a body is of, told from a member that only such bodies have; altered ones may go anywhere. */
function topicOf(sent: Uint8Array<ArrayBuffer>): string {
  const text = new TextDecoder().decode(sent);
  if (text.includes('"line_items"')) return 'order.updated';
  return text.includes('"catalog_visibility"') ? 'product.updated' : 'customer.updated';
}

sourceContract('WooCommerce', registered, {
  config: { payments: 'book', shop: 'https://shop.example/' },
  secrets: ['old', 'webhook-secret'],
  wrongSecrets: ['other', 'setup-0123456789abcdef'],
  contentType: 'application/json',
  headers: async (sent) => ({
    ...headersOf(topicOf(sent)),
    'x-wc-webhook-signature': hmac('webhook-secret', [sent], 'base64'),
  }),
  readHeaders: (sent) => headersOf(topicOf(sent)),
  proof: ['x-wc-webhook-signature', 'x-wc-webhook-topic'],
  bindsBody: true,
  bindsTime: false,
  bodies: [
    order(),
    order({ customer_id: 0, payment_method: 'bacs' }),
    order({ status: 'refunded', refunds: [{ id: 31, reason: '', total: '-115.20' }] }),
    order({ status: 'failed', date_paid_gmt: null }),
    customer(),
    product(),
  ].map(body),
});

describe("WooCommerce's signature", () => {
  const text = '{"id":1,"note":"é"}';
  const sign = (sent: string) => ({
    ...headersOf('order.created'),
    'x-wc-webhook-signature': hmac('secret', sent, 'base64'),
  });
  believesNoAlteration('woocommerce', {
    valid: delivery(text, sign(text), 0),
    verify: (one) => source.verify(one, always('old', 'secret')),
    headers: ['x-wc-webhook-signature'],
    toleranceSeconds: null,
  });

  const ADDRESS = 'setup-0123456789abcdef';
  const at = (address: string, sent: string, headers: Readonly<Record<string, string>> = {}) => ({
    ...delivery(sent, headers, 0),
    url: new URL(`https://gateway.test/in/acme/shop${address}`),
  });

  it('is not asked of the ping at a set-up address, and of everything else', async () => {
    const secrets = always(ADDRESS, 'secret');
    expect((await source.verify(at(`/${ADDRESS}`, 'webhook_id=4'), secrets)).ok).toBe(true);
    expect((await source.verify(at(`/${ADDRESS}`, text, sign(text)), secrets)).ok).toBe(true);
    for (const refused of [
      at('', 'webhook_id=4'),
      at('/setup-another-address-0', 'webhook_id=4'),
      at(`/${ADDRESS}`, text),
      at(`/${ADDRESS}`, 'webhook_id=4&id=1'),
      at(`/${ADDRESS}`, 'webhook_id=4', { 'x-wc-webhook-signature': 'eA==' }),
      at(`/${ADDRESS}`, text, { ...sign(text), 'x-wc-webhook-signature': hmac(ADDRESS, text, 'base64') }),
    ]) {
      expect((await source.verify(refused, secrets)).ok, refused.url.pathname).toBe(false);
    }
    const ping = source.parse(verifiedBody(bytes('webhook_id=4'), 'application/x-www-form-urlencoded'));
    expect(ping.ok && ping.value).toMatchObject([{ eventId: 'ping/4', type: 'ping', quarantine: null }]);
    const answer = source.acknowledge({ status: 'accepted', events: [] });
    expect(answer.status).toBe(200);
  });
});

describe("WooCommerce's deliveries", () => {
  const eventOf = (topic: string, object: object) =>
    read(source, body(object), undefined, undefined, headersOf(topic))[0]?.event;

  it('are told apart by what they say, since all of one second share a delivery id', () => {
    const first = eventOf('order.updated', order());
    expect(eventOf('order.updated', order())?.eventId).toBe(first?.eventId);
    expect(eventOf('order.updated', order({ status: 'completed' }))?.eventId).not.toBe(first?.eventId);
    expect(eventOf('order.updated', order({ id: 1002 }))?.eventId).not.toBe(first?.eventId);
    expect(eventOf('order.created', order())?.eventId).not.toBe(first?.eventId);
  });

  it('go to the customer’s lane, a guest’s order to its own, products to the catalogue’s', () => {
    expect(eventOf('order.updated', order())?.customer).toBe('7');
    expect(eventOf('order.updated', order({ customer_id: 0 }))?.customer).toBe('order-1001');
    expect(eventOf('customer.updated', customer())?.customer).toBe('7');
    expect(eventOf('product.updated', product())).toMatchObject({ customer: null, sharedLane: 'catalogue' });
  });

  it('keep ids beyond 2^53', () => {
    const text = JSON.stringify(order()).replace('"id":1001', '"id":90071992547409931');
    const [reading] = read(source, bytes(text), undefined, undefined, headersOf('order.updated'));
    if (reading?.event == null || reading.interpretation.kind !== 'facts') throw new Error('not understood');
    expect(reading.interpretation.facts[0]).toMatchObject({ invoice: 'woocommerce:invoice:90071992547409931' });
  });

  it('pass for nothing else when their topic, which is not signed, is another', () => {
    for (const [topic, object] of [
      ['customer.updated', order()],
      ['product.updated', order()],
      ['product.updated', customer()],
      ['order.updated', customer()],
      ['customer.deleted', customer()],
    ] as const) {
      const [reading] = read(source, body(object), undefined, undefined, headersOf(topic));
      expect(reading === undefined ? '' : verdict(reading), topic).toBe('quarantined:schema_mismatch');
    }
  });
});

describe("WooCommerce's orders as facts", () => {
  it('books a paid order with its lines, shipping, fees and taxes, and its payment', () => {
    expect(facts('order.updated', order())).toMatchObject([
      {
        kind: 'invoice.issued',
        occurredAt: Date.UTC(2026, 10, 20, 10),
        invoice: 'woocommerce:invoice:1001',
        customer: 'woocommerce:customer:7',
        number: 'W-1001',
        total: 11_520,
        lines: [
          {
            ...{ id: '11', net: 9000, discount: 1000, product: 'woocommerce:product:21', quantity: '2' },
            taxes: [{ code: 'FR-TVA-1', amount: 1800, percent: '20', inclusive: false }],
          },
          { id: '12', description: 'Parcel', net: 500, taxes: [{ amount: 100 }] },
          { id: '13', description: 'Wrapping', net: 100, taxes: [{ amount: 20 }] },
        ],
        billedTo: { name: 'Ada Lovelace', email: 'ada@example.com' },
      },
      { kind: 'payment.captured', payment: 'woocommerce:payment:1001', amount: 11_520, settlement: null },
    ]);
  });

  it('leaves the money to the gateway’s own source where it is told to', () => {
    const refunds = [{ id: 31, total: '-15.20' }];
    expect(facts('order.updated', order({ refunds }), elsewhere).map((fact) => fact.kind)).toEqual(['invoice.issued']);
    expect(facts('order.updated', order({ status: 'failed', date_paid_gmt: null }), elsewhere)).toEqual([]);
  });

  it('keeps the order’s own tax where its lines’ are unrounded', () => {
    const line = (id: number) => ({
      ...{ id, name: 'Pen', product_id: 0, quantity: 1, subtotal: '0.33', total: '0.33' },
      taxes: [{ id: 1, total: '0.066' }],
    });
    const rate = { rate_id: 1, rate_code: 'FR-TVA-1', tax_total: '0.20', shipping_tax_total: '0.00' };
    const lines = { line_items: [line(1), line(2), line(3)], shipping_lines: [], fee_lines: [], tax_lines: [rate] };
    const [issued] = facts('order.updated', order({ ...lines, total: '1.19' }));
    expect(issued).toMatchObject({
      total: 119,
      lines: [{ taxes: [{ amount: 7 }] }, { taxes: [{ amount: 7 }] }, { taxes: [{ amount: 6 }], product: null }],
    });
  });

  it('books each refund once, by its own id', () => {
    const refunds = [
      { id: 32, total: '-15.20' },
      { id: 31, total: '-100.00' },
      { id: 30, total: '0.00' },
    ];
    expect(facts('order.updated', order({ status: 'refunded', refunds })).slice(2)).toMatchObject([
      { kind: 'refund.paid', refund: 'woocommerce:refund:32', amount: 1520, requires: ['woocommerce:payment:1001'] },
      { kind: 'refund.paid', refund: 'woocommerce:refund:31', amount: 10_000, cumulative: 11_520 },
    ]);
  });

  it('books bank transfers outside any processor, and cash on delivery once it was delivered', () => {
    const kinds = (over: object) => facts('order.updated', order(over)).map((fact) => fact.kind);
    expect(kinds({ payment_method: 'bacs' })).toEqual(['invoice.issued', 'payment.external']);
    expect(kinds({ payment_method: 'cod' })).toEqual(['invoice.issued']);
    expect(kinds({ payment_method: 'cod', status: 'completed' })).toEqual(['invoice.issued', 'payment.external']);
    expect(kinds({ payment_method: 'cod', status: 'cancelled' })).toEqual(['invoice.voided']);
    expect(kinds({ status: 'packed' })).toEqual(['invoice.issued', 'payment.captured']);
  });

  it.each(['pending', 'on-hold', 'checkout-draft', 'cancelled', 'trash'])(
    'books nothing of an order that is %s',
    (status) => {
      expect(facts('order.updated', order({ status, date_paid_gmt: null }))).toEqual([]);
    },
  );

  it('notes a payment that failed', () => {
    expect(facts('order.updated', order({ status: 'failed', date_paid_gmt: null }))).toMatchObject([
      { kind: 'payment.failed', amount: 11_520 },
    ]);
  });

  it.each([
    ['lines that do not make the total', order({ total: '115.21' }), /do not sum to total/],
    [
      'a tax no line has',
      order({ tax_lines: [{ rate_id: 9, rate_code: 'X', tax_total: '19.20', shipping_tax_total: '0.00' }] }),
      /tax_lines\[0\]/,
    ],
    ['an amount finer than its currency', order({ total: '115.205' }), /total: too_precise/],
    ['an amount that is a number', order({ total: 115.2 }), /total/],
    ['a paid order that was cancelled', order({ status: 'cancelled' }), /status/],
    ['a paid order that failed', order({ status: 'failed' }), /status/],
    ['a refund of an unpaid order', order({ status: 'refunded', date_paid_gmt: null }), /date_paid_gmt/],
    [
      'a refund of money that no processor holds',
      order({ payment_method: 'bacs', refunds: [{ id: 1, total: '-1.00' }] }),
      /refunds/,
    ],
    ['a paid order without a method', order({ payment_method: '' }), /payment_method/],
    ['a status of the shop’s own, unpaid', order({ status: 'packed', date_paid_gmt: null }), /status/],
  ])('leaves to a person: %s', (_, object, why) => {
    expect(() => facts('order.updated', object)).toThrow(why);
  });
});

describe("WooCommerce's master data as facts", () => {
  it('knows customers and products, the newest snapshot first', () => {
    expect(facts('customer.updated', customer())).toMatchObject([
      {
        ...{ kind: 'customer.upserted', customer: 'woocommerce:customer:7', name: 'Engines Ltd', phone: null },
        version: Date.UTC(2026, 10, 20, 10),
        address: { line1: '1 Main St', postalCode: 'N1', country: 'GB', state: null },
        deleted: false,
      },
    ]);
    expect(facts('product.updated', product({ status: 'draft' }))).toMatchObject([
      { kind: 'product.upserted', product: 'woocommerce:product:21', name: 'Shirt', active: false },
    ]);
  });

  it('leaves deletions, which tell an id alone, to a person', () => {
    for (const topic of ['customer.deleted', 'product.deleted']) {
      expect(() => facts(topic, { id: 7 })).toThrow(/name: absent/);
    }
    expect(facts('coupon.deleted', { id: 7 })).toEqual([]);
    expect(() => facts('subscription.updated', { id: 7 })).toThrow(/unknown_type/);
  });

  it('keeps to its shop where one is set', () => {
    const other = configured(registered, { payments: 'book', shop: 'https://another.example/' });
    expect(() => facts('product.updated', product(), other)).toThrow(/wrong_account/);
  });
});

describe("WooCommerce's orders in the books", () => {
  it('come to the same whatever is told again: the order as it was placed, paid, refunded in part', () => {
    const desk = new Desk();
    const refunded = order({ status: 'completed', refunds: [{ id: 31, total: '-11.52' }] });
    for (const one of [order(), order({ status: 'completed' }), refunded, order(), refunded]) {
      desk.book(...facts('order.updated', one));
    }
    expect(desk.balances('EUR')).toEqual({ clearing: 10_368, revenue: -9600, tax: -1728, refunds: 960 });
  });

  it('hold a bank transfer in transit, and nothing on clearing', () => {
    const desk = new Desk();
    desk.book(...facts('order.updated', order({ payment_method: 'bacs' })));
    expect(desk.balances('EUR')).toEqual({ bankInTransit: 11_520, revenue: -9600, tax: -1920 });
  });

  it('make an exception of an order that was changed after it was booked', () => {
    const desk = new Desk();
    desk.book(...facts('order.updated', order(), elsewhere));
    const changed = order({
      total: '114.00',
      fee_lines: [],
      tax_lines: [{ rate_id: 1, rate_code: 'FR-TVA-1', tax_total: '18.00', shipping_tax_total: '1.00' }],
    });
    expect(desk.book(...facts('order.updated', changed, elsewhere))).toMatchObject({ outcome: 'exception' });
  });
});
