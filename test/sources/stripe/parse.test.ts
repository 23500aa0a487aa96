import { describe, expect, it } from 'vitest';
import * as make from '../../../sandbox/stripe/events.ts';
import { parseJson } from '../../../src/sources/json.ts';
import { commonSourceKeys } from '../../../src/sources/registered.ts';
import { fromStripe, rateFromStripe, stripeCurrency, toStripe } from '../../../src/sources/stripe/amounts.ts';
import { sourceConfig } from '../../../src/tenants/config.ts';
import { configured, factsOf, RECEIVED_AT, verifiedBody } from '../../conformance/interpreting.ts';
import { AT, charge, dispute, invoice, payout, refund, source, stripeSource, wrap } from './samples.ts';

const bytesOf = (text: string) => new Uint8Array(new TextEncoder().encode(text));

function addressed(event: unknown, config: Readonly<Record<string, unknown>> = {}) {
  const body = bytesOf(typeof event === 'string' ? event : JSON.stringify(event));
  const parsed = configured(stripeSource, config).parse(verifiedBody(body));
  if (!parsed.ok) return parsed.error.reason.code;
  const [first] = parsed.value;
  if (first === undefined || parsed.value.length !== 1) throw new Error('expected one event');
  return first;
}

const laneOf = (type: string, object: make.StripeObject) => {
  const event = addressed(wrap(type, object));
  return typeof event === 'string' ? event : (event.customer ?? `~${event.sharedLane}`);
};

const quarantineOf = (event: unknown, config?: Readonly<Record<string, unknown>>) => {
  const read = addressed(event, config);
  return typeof read === 'string' ? read : (read.quarantine?.code ?? null);
};

describe('addressing a Stripe event', () => {
  it('gives it its id, type, time and exact bytes', () => {
    const event = wrap('invoice.finalized', invoice(), { id: 'evt_x' });
    expect(addressed(event)).toEqual({
      eventId: 'evt_x',
      type: 'invoice.finalized',
      occurredAt: AT * 1000,
      customer: 'cus_1',
      sharedLane: 'account',
      body: bytesOf(JSON.stringify(event)),
      quarantine: null,
    });
  });

  it('finds the customer, or what stands for one', () => {
    const guest = charge({ customer: null });
    expect(laneOf('charge.succeeded', charge())).toBe('cus_1');
    expect(laneOf('charge.succeeded', { ...charge(), customer: { id: 'cus_2', object: 'customer' } })).toBe('cus_2');
    expect(laneOf('charge.succeeded', guest)).toBe('pi_1');
    expect(laneOf('charge.succeeded', charge({ customer: null, paymentIntent: null }))).toBe('ch_1');
    expect(laneOf('refund.created', refund())).toBe('pi_1');
    expect(laneOf('refund.created', refund({ customer: 'cus_1' }))).toBe('cus_1');
    expect(laneOf('payment_intent.created', { id: 'pi_1', object: 'payment_intent', customer: null })).toBe('pi_1');
    expect(laneOf('customer.deleted', { id: 'cus_9', object: 'customer' })).toBe('cus_9');
    expect(laneOf('invoice.paid', { ...invoice(), customer: null, customer_account: 'acct_c' })).toBe('acct_c');
  });

  it('sends what is nobody’s to the source’s own lanes', () => {
    expect(laneOf('payout.paid', payout())).toBe('~account');
    expect(laneOf('charge.dispute.created', dispute())).toBe('~account');
    expect(laneOf('charge.dispute.created', dispute({ charge: charge() }))).toBe('cus_1');
    expect(laneOf('product.created', make.product({ id: 'p', name: 'P', created: AT }))).toBe('~catalogue');
    expect(laneOf('tax_rate.created', { id: 'txr_1', object: 'tax_rate' })).toBe('~catalogue');
  });
});

describe('what is not booked', () => {
  const event = wrap('invoice.finalized', invoice());

  it('is quarantined by mode, account and type', () => {
    expect(quarantineOf(event, { livemode: false })).toBeNull();
    expect(quarantineOf(event, { livemode: true })).toBe('wrong_mode');
    expect(quarantineOf({ ...event, account: 'acct_1' })).toBe('wrong_account');
    expect(quarantineOf({ ...event, account: 'acct_1' }, { account: 'acct_1' })).toBeNull();
    expect(quarantineOf(event, { account: 'acct_1' })).toBe('wrong_account');
    expect(quarantineOf({ ...event, type: 'treasury.outbound_payment.posted' })).toBe('unknown_type');
    expect(quarantineOf({ ...event, type: 'payment_intent.of_tomorrow' })).toBeNull();
  });

  it('is quarantined under its id when the envelope is not one of v1', () => {
    expect(addressed({ id: 'evt_v3', object: 'v3.event', type: 'x' })).toMatchObject({
      eventId: 'evt_v3',
      quarantine: { code: 'schema_mismatch' },
    });
    expect(addressed({ id: 'evt_odd', type: 'x' })).toMatchObject({
      occurredAt: RECEIVED_AT,
      quarantine: { code: 'schema_mismatch' },
    });
  });

  it('is unreadable when it has no id or is no JSON', () => {
    expect(addressed('{}')).toBe('schema_mismatch');
    expect(addressed('[]')).toBe('schema_mismatch');
    expect(addressed('not json')).toBe('not_json');
    const broken = bytesOf('{"id":"evt_1"}');
    broken[8] = 0xff;
    const parsed = source.parse(verifiedBody(broken));
    expect(parsed).toMatchObject({ ok: false, error: { reason: { code: 'not_json' } } });
  });

  it('never books a rounded number: an amount beyond 2^53 is refused by its path', () => {
    const text = JSON.stringify(wrap('charge.succeeded', charge())).replace(
      '"amount":12000',
      '"amount":9007199254740993',
    );
    expect(parseJson(bytesOf(text))).toMatchObject({
      ok: true,
      value: { data: { object: { amount: 9007199254740993n } } },
    });
    expect(() => factsOf(source, JSON.parse(text))).toThrow('schema_mismatch: amount');
  });
});

describe('parties', () => {
  it('carry the same customer’s references elsewhere', () => {
    const customer = make.customer({
      id: 'cus_1',
      name: 'Ada',
      email: 'ada@example.com',
      created: AT,
      salesforceAccountId: '001A000001',
    });
    expect(factsOf(source, wrap('customer.created', customer))).toMatchObject([
      {
        kind: 'customer.upserted',
        customer: 'stripe:customer:cus_1',
        version: AT * 1000,
        name: 'Ada',
        references: { salesforce: '001A000001' },
        address: { city: 'Sampleton', postalCode: '10000', country: 'FR' },
        deleted: false,
      },
    ]);
    expect(factsOf(source, wrap('customer.deleted', customer))).toMatchObject([{ deleted: true }]);
  });

  it('include products and subscriptions', () => {
    const product = make.product({ id: 'prod_1', name: 'Pro', created: AT });
    expect(factsOf(source, wrap('product.deleted', product))).toMatchObject([{ name: 'Pro', active: false }]);
    const subscription = make.subscription({
      id: 'sub_1',
      customer: 'cus_1',
      status: 'past_due',
      created: AT,
      items: [{ product: 'prod_1', quantity: 2 }],
    });
    expect(factsOf(source, wrap('customer.subscription.updated', subscription))).toMatchObject([
      { status: 'past_due', items: [{ product: 'stripe:product:prod_1', quantity: '2' }] },
    ]);
  });
});

describe('amounts at Stripe’s boundary', () => {
  it.each([
    ['EUR', 1234, 1234],
    ['JPY', 1234, 1234],
    ['KWD', 1230, 1230],
    ['ISK', 123_400, 1234],
    ['UGX', 500, 5],
    ['HUF', 123_400, 123_400],
    ['TWD', 123_400, 123_400],
    ['MGA', 12, 1200],
  ])('%s: %i at Stripe is %i in the books, and back', (code, theirs, ours) => {
    const currency = stripeCurrency(code);
    const converted = fromStripe(theirs, currency);
    expect(converted).toEqual({ ok: true, value: ours });
    if (converted.ok) expect(toStripe(converted.value, currency)).toBe(theirs);
  });

  it('refuses what it would have to round or guess', () => {
    expect(fromStripe(150, stripeCurrency('ISK')).ok).toBe(false);
    expect(fromStripe(Number.MAX_SAFE_INTEGER, stripeCurrency('MGA')).ok).toBe(false);
    expect(fromStripe(1, stripeCurrency('IQD')).ok).toBe(false);
  });

  it('turns the rate between minor units into one between whole units', () => {
    expect(rateFromStripe(1.234, stripeCurrency('EUR'), stripeCurrency('USD'))).toBe('1.234');
    expect(rateFromStripe(0.67, stripeCurrency('JPY'), stripeCurrency('USD'))).toBe('0.0067');
    expect(rateFromStripe(149.25, stripeCurrency('USD'), stripeCurrency('JPY'))).toBe('14925');
    expect(rateFromStripe(1.5, stripeCurrency('USD'), stripeCurrency('JPY'))).toBe('150');
    expect(rateFromStripe(0, stripeCurrency('EUR'), stripeCurrency('USD'))).toBeNull();
    expect(rateFromStripe(1e21, stripeCurrency('EUR'), stripeCurrency('USD'))).toBeNull();
  });
});

describe('settings', () => {
  it('stand beside what every source has, and know nothing else', () => {
    expect([...commonSourceKeys].sort()).toEqual(Object.keys(sourceConfig.shape).sort());
    expect(
      stripeSource.configure({ provider: 'stripe', entity: 'e', secrets: ['secret://stripe'], livemode: true }).ok,
    ).toBe(true);
    expect(stripeSource.configure({ livemode: 'yes' })).toEqual({
      ok: false,
      error: [expect.stringContaining('livemode: ')],
    });
    expect(stripeSource.configure({ liveMode: true }).ok).toBe(false);
  });
});
