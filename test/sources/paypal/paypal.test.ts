import { describe, expect, it } from 'vitest';
import { err } from '../../../src/canonical/result.ts';
import { paypalSource } from '../../../src/sources/paypal/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { PaypalCertificates } from '../../../src/verification/paypal-signature.ts';
import { configured, factsOf, read, verdict } from '../../conformance/interpreting.ts';
import { bytes } from '../../verification/deliveries.ts';
import * as samples from './samples.ts';

const source = configured(registerSource(paypalSource(new PaypalCertificates(async () => err('unavailable'), []))));
const facts = (type: string, resource: object) => factsOf(source, samples.event(type, resource));

describe('PayPal events', () => {
  it('are money once captured, net of the fee PayPal states', () => {
    expect(facts('PAYMENT.CAPTURE.COMPLETED', samples.capture)).toMatchObject([
      {
        kind: 'payment.captured',
        payment: 'paypal:payment:42311647XV020574X',
        amount: 10_000,
        settlement: { gross: 10_000, fee: 320, net: 9680 },
      },
    ]);
    expect(facts('PAYMENT.SALE.COMPLETED', samples.sale)).toMatchObject([{ amount: 2300, settlement: { fee: 97 } }]);
    expect(facts('PAYMENT.CAPTURE.PENDING', samples.capture)).toEqual([]);
    expect(facts('PAYMENT.CAPTURE.DENIED', samples.capture)).toMatchObject([{ kind: 'payment.failed' }]);
  });

  it('are shown to a person when the parts do not make the whole, or are finer than the currency', () => {
    const parts = samples.capture.seller_receivable_breakdown;
    const wrong = {
      ...samples.capture,
      seller_receivable_breakdown: { ...parts, net_amount: { value: '96.79', currency_code: 'USD' } },
    };
    expect(() => facts('PAYMENT.CAPTURE.COMPLETED', wrong)).toThrow('net_amount');
    expect(() =>
      facts('PAYMENT.CAPTURE.COMPLETED', { id: 'X', amount: { value: '1.005', currency_code: 'USD' } }),
    ).toThrow('too_precise');
  });

  it('refund the capture they link to, with the fee that is given back', () => {
    expect(facts('PAYMENT.CAPTURE.REFUNDED', samples.refund)).toMatchObject([
      {
        kind: 'refund.paid',
        payment: 'paypal:payment:42311647XV020574X',
        amount: 1000,
        settlement: { gross: -1000, fee: -20, net: -980 },
      },
    ]);
    expect(() => facts('PAYMENT.CAPTURE.REFUNDED', { ...samples.refund, links: [] })).toThrow('rel up');
  });

  it('bring reversals and payouts to a person, with their amounts', () => {
    expect(facts('PAYMENT.CAPTURE.REVERSED', samples.refund)).toMatchObject([
      { kind: 'balance.adjusted', amount: -1000 },
    ]);
    expect(facts('PAYMENT.PAYOUTS-ITEM.SUCCEEDED', samples.payoutItem)).toMatchObject([{ amount: -1012 }]);
  });

  it('keep a payment, its refund and its dispute in one lane', () => {
    const lanes = [
      samples.event('PAYMENT.CAPTURE.COMPLETED', samples.capture),
      samples.event('PAYMENT.CAPTURE.REFUNDED', samples.refund),
      samples.event('CUSTOMER.DISPUTE.CREATED', samples.dispute),
    ].map((each) => read(source, bytes(JSON.stringify(each)))[0]?.event?.customer);
    expect(new Set(lanes)).toEqual(new Set(['42311647XV020574X']));
  });

  it('are set aside when unknown', () => {
    const event = bytes(JSON.stringify(samples.event('MONEY.MOVED', {})));
    expect(read(source, event).map(verdict)).toEqual(['quarantined:unknown_type']);
  });
});
