import { createSign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paddleClassic } from '../../../src/sources/paddle-classic/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { Desk, quoted } from '../../canonical/rules/books.ts';
import { configured, read } from '../../conformance/interpreting.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { type Alert, newVendor, signatureOf, signedForm } from '../../verification/paddle-classic-signer.ts';
import { dispute, FORM, failed, payment, refund, subscription, subscriptionPayment, transfer } from './samples.ts';

const vendor = newVendor();
const another = newVendor();
const registered = registerSource(paddleClassic);
const source = configured(registered);

sourceContract('Paddle Classic', registered, {
  config: {},
  secrets: [another.publicKey, vendor.publicKey],
  wrongSecrets: [another.publicKey, 'not a key', ''],
  contentType: FORM,
  // The proof stands in the form, and binds its fields: both are attacked below.
  headers: async () => ({}),
  proof: [],
  bindsBody: false,
  bindsTime: false,
  bodies: [
    payment(),
    subscriptionPayment(),
    refund('payment_refunded'),
    refund('subscription_payment_refunded', { user_id: '77' }),
    dispute('payment_dispute_created'),
    dispute('payment_dispute_closed'),
    subscription('subscription_created'),
    subscription('subscription_updated', { new_quantity: '4' }),
    subscription('subscription_cancelled', { status: 'deleted' }),
    failed,
    transfer('transfer_created', 'unpaid'),
    transfer('transfer_paid', 'paid'),
  ].map((alert) => signedForm(alert, vendor)),
});

const verify = (body: string | Uint8Array<ArrayBuffer>, ...keys: readonly string[]) =>
  source.verify(
    delivery(body, { 'content-type': FORM }, 0),
    always(...(keys.length === 0 ? [vendor.publicKey] : keys)),
  );

/** Alerts, and what PHP's `serialize` writes of them once they are sorted, letter by letter. */
const spelled: readonly (readonly [name: string, form: string, signed: string])[] = [
  [
    'two fields that come in the other order',
    'alert_name=transfer_paid&alert_id=1',
    'a:2:{s:8:"alert_id";s:1:"1";s:10:"alert_name";s:13:"transfer_paid";}',
  ],
  ['an empty field', 'alert_id=1&email=', 'a:2:{s:8:"alert_id";s:1:"1";s:5:"email";s:0:"";}'],
  [
    'capitals before small letters, and an underscore between them',
    'a=1&B=2&_=3',
    'a:3:{s:1:"B";s:1:"2";s:1:"_";s:1:"3";s:1:"a";s:1:"1";}',
  ],
  [
    'letters of two, three and four bytes, and quotes',
    'name=%C3%A9+%E6%BC%A2+%F0%9F%99%82+%22%3B%7D',
    'a:1:{s:4:"name";s:15:"é 漢 🙂 ";}";}',
  ],
];

describe("Paddle Classic's signature", () => {
  it.each(spelled)('is over what PHP writes of %s', async (_name, form, signed) => {
    const signature = createSign('RSA-SHA1').update(signed).sign(vendor.privateKey, 'base64');
    const body = `${form}&p_signature=${encodeURIComponent(signature)}`;
    expect((await verify(body)).ok).toBe(true);
    expect(await verify(body, another.publicKey)).toEqual({ ok: false, error: 'signature_mismatch' });
    const longer = createSign('RSA-SHA256').update(signed).sign(vendor.privateKey, 'base64');
    expect((await verify(`${form}&p_signature=${encodeURIComponent(longer)}`)).ok).toBe(false);
  });

  it('counts the bytes of a text, not its letters', async () => {
    const body = signedForm(payment({ customer_name: 'é 漢 🙂', passthrough: '{"a":"b & c=d+e"}' }), vendor);
    expect((await verify(body)).ok).toBe(true);
  });

  it('is the same however the form escapes and orders its fields', async () => {
    const fields = payment({ customer_name: 'Ada Löve' });
    const pairs = Object.entries({ ...fields, p_signature: signatureOf(fields, vendor) }).reverse();
    const body = pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
    expect((await verify(body)).ok).toBe(true);
  });

  it('proves no field that was altered, added or left out', async () => {
    const fields = payment();
    const p_signature = signatureOf(fields, vendor);
    const names = Object.keys(fields);
    const change = fc.oneof(
      fc.tuple(fc.constantFrom(...names), fc.string({ maxLength: 20 })).map(([name, value]) => ({ [name]: value })),
      fc.string({ minLength: 1, maxLength: 20 }).map((value) => ({ another: value })),
    );
    const altered = async (body: Alert) => {
      const verification = await verify(new URLSearchParams(body).toString());
      expect(verification.ok).toBe(false);
    };
    await fc.assert(
      fc.asyncProperty(change, async (over) => {
        fc.pre(
          Object.entries(over).some(
            ([name, value]) => !Object.entries(fields).some(([n, v]) => n === name && v === value),
          ),
        );
        await altered({ ...fields, ...over, p_signature });
      }),
      { numRuns: 300 },
    );
    for (const name of names) {
      await altered(Object.fromEntries(Object.entries({ ...fields, p_signature }).filter(([each]) => each !== name)));
    }
  });

  it('proves nothing where a field comes twice or is nested, or the signature is absent, empty or not base64', async () => {
    const text = new TextDecoder().decode(signedForm(payment(), vendor));
    expect((await verify(text)).ok).toBe(true);
    for (const body of [
      `${text}&sale_gross=999.00`,
      `${text}&sale_gross%5Ba%5D=999.00`,
      text.replace(/&p_signature=.*/, ''),
      text.replace(/&p_signature=.*/, '&p_signature='),
      text.replace(/&p_signature=.*/, '&p_signature=%21%21'),
      '',
      '{}',
    ]) {
      expect((await verify(body)).ok, body).toBe(false);
    }
  });

  it('takes the key of the vendor alone', async () => {
    const body = signedForm(payment(), vendor);
    expect((await verify(body, another.publicKey, vendor.publicKey)).ok).toBe(true);
    expect(await verify(body, another.publicKey)).toEqual({ ok: false, error: 'signature_mismatch' });
    expect(await verify(body, 'not a key')).toEqual({ ok: false, error: 'no_live_secret' });
  });
});

function reading(alert: Alert) {
  const [one] = read(source, bytes(new URLSearchParams(alert).toString()), FORM);
  if (one === undefined || one.event === null) throw new Error('not addressable');
  return one;
}

function facts(alert: Alert) {
  const { interpretation } = reading(alert);
  if (interpretation.kind === 'quarantine') {
    throw new Error(`${interpretation.reason.code}: ${interpretation.reason.detail}`);
  }
  return interpretation.facts;
}

describe("Paddle Classic's alerts as facts", () => {
  it('books a sale without its tax, which is Paddle’s, and the fee with it', () => {
    expect(facts(payment())).toMatchObject([
      {
        kind: 'invoice.issued',
        occurredAt: Date.UTC(2026, 10, 20, 10),
        invoice: 'paddle-classic:invoice:3001',
        customer: 'paddle-classic:customer:guest-3001',
        currency: 'USD',
        total: 10_000,
        lines: [{ net: 10_000, product: 'paddle-classic:product:11', quantity: '2', period: null, taxes: [] }],
        billedTo: { name: 'Ada Löve', email: 'ada@example.com' },
      },
      {
        kind: 'payment.captured',
        payment: 'paddle-classic:payment:3001',
        amount: 10_000,
        settlement: { currency: 'EUR', gross: 9167, fee: 550, net: 8617, reference: '3001' },
      },
    ]);
  });

  it('spreads a subscription payment until the next bill', () => {
    expect(facts(subscriptionPayment())).toMatchObject([
      {
        customer: 'paddle-classic:customer:77',
        lines: [{ period: { start: Date.UTC(2026, 10, 20, 12), end: Date.UTC(2026, 11, 20, 12) } }],
      },
      { kind: 'payment.captured' },
    ]);
    expect(facts(subscriptionPayment({ next_bill_date: '' }))).toMatchObject([{ lines: [{ period: null }] }, {}]);
  });

  it('books a free order without a payment', () => {
    expect(facts(payment({ sale_gross: '0', payment_tax: '0.00' }))).toMatchObject([
      { kind: 'invoice.issued', total: 0 },
    ]);
  });

  it('takes a refund back with the fee that Paddle returns', () => {
    expect(facts(refund('payment_refunded'))).toMatchObject([
      {
        kind: 'refund.paid',
        refund: 'paddle-classic:refund:1000000001',
        payment: 'paddle-classic:payment:3001',
        amount: 5000,
        settlement: { gross: -4583, fee: -275, net: -4308 },
      },
    ]);
  });

  it('parks a dispute without its fee, and gives both back when it is won', () => {
    expect(facts(dispute('payment_dispute_created'))).toMatchObject([
      {
        kind: 'dispute.withdrawn',
        dispute: 'paddle-classic:dispute:3001',
        requires: ['paddle-classic:payment:3001'],
        currency: 'USD',
        amount: 10_000,
        settlement: { currency: 'EUR', gross: -9167, fee: 1375, net: -10_542 },
      },
    ]);
    expect(facts(dispute('payment_dispute_closed'))).toMatchObject([
      { kind: 'dispute.won', settlement: { gross: 9167, fee: -1375, net: 10_542 } },
    ]);
    const same = { currency: 'EUR', amount: '105.42', fee_usd: '' };
    expect(facts(dispute('payment_dispute_created', same))).toMatchObject([{ currency: 'EUR', amount: 9167 }]);
  });

  it('books nothing of a refund of tax alone', () => {
    const tax = {
      ...{ amount: '10.00', gross_refund: '10.00', tax_refund: '10.00', balance_gross_refund: '9.17' },
      ...{ balance_tax_refund: '9.17', balance_fee_refund: '0', balance_earnings_decrease: '0' },
    };
    expect(facts(refund('payment_refunded', tax))).toEqual([]);
  });

  it('books a payout when it is paid', () => {
    expect(facts(transfer('transfer_created', 'unpaid'))).toEqual([]);
    expect(facts(transfer('transfer_paid', 'paid'))).toMatchObject([
      { kind: 'payout.sent', payout: 'paddle-classic:payout:5', amount: 49_714, currency: 'EUR' },
    ]);
  });

  it('knows a subscription and what it is for', () => {
    expect(facts(subscription('subscription_updated', { new_quantity: '4' }))).toMatchObject([
      {
        kind: 'subscription.changed',
        subscription: 'paddle-classic:subscription:501',
        customer: 'paddle-classic:customer:77',
        items: [{ product: 'paddle-classic:product:12', quantity: '4' }],
      },
    ]);
    expect(facts(failed)).toMatchObject([{ kind: 'payment.failed', amount: 12_000 }]);
  });

  it('keeps ids of any length, and an order’s alerts in one lane', () => {
    const long = '90071992547409931234';
    const { event } = reading(payment({ order_id: long, alert_id: long }));
    expect(event).toMatchObject({ eventId: long, customer: `order-${long}` });
    expect(reading(dispute('payment_dispute_created', { order_id: long })).event.customer).toBe(`order-${long}`);
    expect(reading(subscriptionPayment()).event.customer).toBe('77');
  });

  it.each([
    ['shares that do not make the earnings', payment({ balance_earnings: '86.18' }), /balance_earnings/],
    ['an amount finer than its currency', payment({ sale_gross: '120.001' }), /sale_gross: too_precise/],
    ['an amount of yen with decimals', payment({ currency: 'JPY', sale_gross: '120.50' }), /sale_gross/],
    ['more tax than price', payment({ payment_tax: '121.00' }), /payment_tax/],
    ['a refund that does not add up', refund('payment_refunded', { balance_fee_refund: '2.76' }), /balance_earnings_/],
    [
      'a refund of tax that changes the balance',
      refund('payment_refunded', {
        ...{ amount: '10.00', gross_refund: '10.00', tax_refund: '10.00', balance_gross_refund: '9.17' },
        ...{ balance_tax_refund: '10.17', balance_fee_refund: '0', balance_earnings_decrease: '-1.00' },
      }),
      /a refund of tax alone/,
    ],
    ['a dispute whose fee is in no known currency', dispute('payment_dispute_created', { currency: 'GBP' }), /amount/],
    ['an absent order', payment({ order_id: '' }), /order_id/],
    ['an alert without a meaning here', { ...payment(), alert_name: 'invoice_paid' }, /unknown_type/],
  ])('leaves to a person: %s', (_, alert, why) => {
    expect(() => facts(alert)).toThrow(why);
  });
});

describe("Paddle Classic's alerts in the books", () => {
  it('leave on clearing what Paddle owes, and nothing once it has paid it out', () => {
    const desk = new Desk({ rates: [quoted('USD', 'EUR', '2026-11-20', '0.9167')] });
    const sale = payment();
    const sold = [
      sale,
      refund('payment_refunded', { alert_id: '1000000002' }),
      dispute('payment_dispute_created'),
      sale,
    ];
    for (const alert of sold) desk.book(...facts(alert));
    // 86.17 earned, 43.08 given back, 91.67 disputed and its fee of 13.75.
    expect(desk.base().clearing).toBe(8617 - 4308 - 9167 - 1375);
    for (const alert of [dispute('payment_dispute_closed'), dispute('payment_dispute_closed')])
      desk.book(...facts(alert));
    expect(desk.base().clearing).toBe(8617 - 4308);
    desk.book(...facts({ ...transfer('transfer_paid', 'paid'), amount: '43.09' }));
    expect(desk.base()).toMatchObject({ bankInTransit: 4309, fees: 550 - 275 });
    expect(desk.base().clearing).toBeUndefined();
  });
});
