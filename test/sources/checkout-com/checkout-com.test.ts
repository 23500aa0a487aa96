import { describe, expect, it } from 'vitest';
import { checkoutCom } from '../../../src/sources/checkout-com/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { Desk } from '../../canonical/rules/books.ts';
import { configured, factsOf, read } from '../../conformance/interpreting.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { believesNoAlteration } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { hmac } from '../../verification/signing.ts';

const registered = registerSource(checkoutCom);
const source = configured(registered, { ownEntities: ['ent_own'] });

const event = (type: string, data: object) => ({
  id: `evt_${type}`,
  type,
  version: '1.0.29',
  created_on: '2026-11-20T10:00:00.8376703Z',
  data,
});
const action = (over: object = {}) => ({
  id: 'pay_1',
  action_id: 'act_1',
  amount: 12_000,
  currency: 'EUR',
  processed_on: '2026-11-20T09:59:59.1378682Z',
  response_summary: 'Approved',
  balances: { total_authorized: 12_000, total_captured: 12_000, total_refunded: 0 },
  ...over,
});
/** Disputes have `timestamp` and no `created_on`. */
const dispute = (type: string, over: object = {}) => ({
  ...{ id: `evt_${type}`, type, timestamp: '2026-11-25T10:00:00.582+00:00' },
  data: {
    ...{ id: 'dsp_1', payment_id: 'pay_1', amount: 8150, currency: 'GBP', category: 'fraudulent' },
    date: '2026-11-24T10:00:00.5042702+00:00',
    ...over,
  },
});
const payout = (over: object = {}) =>
  event('payout_paid', {
    ...{ payout_id: 'pay_2', entity_id: 'ent_own' },
    instruction: { source_amount: 100, source_currency: 'GBP', destination_amount: 115, destination_currency: 'EUR' },
    processed_on: '2026-11-26T10:00:00+00:00',
    ...over,
  });
const facts = (one: object, from = source) => factsOf(from, one);

sourceContract('Checkout.com', registered, {
  config: { authorization: true, ownEntities: ['ent_own'] },
  secrets: ['authorization:Bearer header-key', 'old', 'signature-key'],
  wrongSecrets: ['authorization:Bearer header-key', 'other'],
  contentType: 'application/json',
  headers: async (body) => ({ 'cko-signature': hmac('signature-key', [body]), authorization: 'Bearer header-key' }),
  proof: ['cko-signature', 'authorization'],
  bindsBody: true,
  bindsTime: false,
  bodies: [
    event('payment_captured', action()),
    event('payment_refunded', action({ action_id: 'act_2', amount: 5000 })),
    event('payment_declined', action({ customer: { id: 'cus_1' } })),
    event('payment_voided', action()),
    dispute('dispute_evidence_required'),
    dispute('dispute_lost'),
    payout(),
    event('authentication_approved', { amount: '88000' }),
  ].map((one) => bytes(JSON.stringify(one))),
});

describe("Checkout.com's proof", () => {
  const body = '{"id":"evt_1","note":"é"}';
  const signed = { 'cko-signature': hmac('key', body) };
  believesNoAlteration('checkout-com', {
    valid: delivery(body, signed, 0),
    verify: (one) => source.verify(one, always('old', 'key')),
    headers: ['cko-signature'],
    toleranceSeconds: null,
  });

  it('wants the header key too where it is set, and takes neither for the other', async () => {
    const both = configured(registered, { authorization: true });
    const verify = (headers: Readonly<Record<string, string>>, ...secrets: readonly string[]) =>
      both.verify(delivery(body, headers, 0), always(...secrets));
    const secrets = ['authorization:hush', 'key'];
    expect((await verify({ ...signed, authorization: 'hush' }, ...secrets)).ok).toBe(true);
    expect((await verify(signed, ...secrets)).ok).toBe(false);
    expect((await verify({ ...signed, authorization: 'key' }, ...secrets)).ok).toBe(false);
    expect((await verify({ ...signed, authorization: 'hush' }, 'key')).ok).toBe(false);
    const byHeaderKey = { 'cko-signature': hmac('authorization:hush', body), authorization: 'hush' };
    expect((await verify(byHeaderKey, ...secrets)).ok).toBe(false);
    expect((await source.verify(delivery(body, byHeaderKey, 0), always(...secrets))).ok).toBe(false);
  });
});

describe("Checkout.com's events as facts", () => {
  it('books a capture gross, at the time it was processed', () => {
    expect(facts(event('payment_captured', action()))).toMatchObject([
      {
        kind: 'payment.captured',
        occurredAt: Date.UTC(2026, 10, 20, 9, 59, 59, 137),
        payment: 'checkout-com:payment:pay_1',
        currency: 'EUR',
        amount: 12_000,
        settlement: null,
      },
    ]);
  });

  it('books a later capture of the same payment as one of its own', () => {
    const later = action({ action_id: 'act_9', amount: 2000, balances: { total_captured: 12_000, total_refunded: 0 } });
    expect(facts(event('payment_captured', later))).toMatchObject([
      { payment: 'checkout-com:payment:pay_1/act_9', amount: 2000 },
    ]);
  });

  it('books each refund by its action', () => {
    expect(facts(event('payment_refunded', action({ action_id: 'act_2', amount: 5000 })))).toMatchObject([
      { kind: 'refund.paid', refund: 'checkout-com:refund:act_2', payment: 'checkout-com:payment:pay_1', amount: 5000 },
    ]);
  });

  it('notes what was declined, with the customer where they are named', () => {
    const declined = action({ response_summary: 'Declined - Do Not Honour', customer: { id: 'cus_1' } });
    expect(facts(event('payment_declined', declined))).toMatchObject([
      { kind: 'payment.failed', customer: 'checkout-com:customer:cus_1', reason: 'Declined - Do Not Honour' },
    ]);
  });

  it.each([
    ['dispute_received', ['dispute.opened', 'dispute.withdrawn']],
    ['dispute_evidence_required', ['dispute.opened', 'dispute.withdrawn']],
    ['dispute_won', ['dispute.opened', 'dispute.withdrawn', 'dispute.won']],
    ['dispute_canceled', ['dispute.opened', 'dispute.withdrawn', 'dispute.won']],
    ['dispute_lost', ['dispute.opened', 'dispute.withdrawn', 'dispute.lost']],
    ['dispute_expired', ['dispute.opened', 'dispute.withdrawn', 'dispute.lost']],
    ['dispute_evidence_submitted', []],
  ])('%s tells the steps it implies', (type, kinds) => {
    const told = facts(dispute(type));
    expect(told.map((fact) => fact.kind)).toEqual(kinds);
    for (const fact of told) {
      expect(fact).toMatchObject({
        occurredAt: Date.UTC(2026, 10, 24, 10, 0, 0, 504),
        dispute: 'checkout-com:dispute:dsp_1',
        payment: 'checkout-com:payment:pay_1',
        currency: 'GBP',
        amount: 8150,
      });
    }
  });

  it('books the payouts of the tenant’s own entities alone', () => {
    expect(facts(payout())).toMatchObject([
      { kind: 'payout.sent', payout: 'checkout-com:payout:pay_2', currency: 'GBP', amount: 100 },
    ]);
    expect(facts(payout({ sub_entity_id: 'ent_other' }))).toEqual([]);
    expect(facts(payout(), configured(registered))).toEqual([]);
  });

  it('counts in the currency’s own units, hundredths for Chilean pesos', () => {
    const of = (currency: string, amount: number) =>
      facts(event('payment_captured', action({ currency, amount, balances: null })))[0];
    expect(of('JPY', 100)).toMatchObject({ amount: 100 });
    expect(of('BHD', 100_000)).toMatchObject({ amount: 100_000 });
    expect(of('CLP', 10_000)).toMatchObject({ amount: 100 });
    expect(() => of('CLP', 10_050)).toThrow(/not a whole ISO minor unit/);
  });

  it('keeps a payment, its refunds and its disputes in one lane', () => {
    for (const one of [event('payment_refunded', action()), dispute('dispute_won')]) {
      expect(read(source, bytes(JSON.stringify(one)))[0]?.event?.customer).toBe('pay_1');
    }
    expect(read(source, bytes(JSON.stringify(payout())))[0]?.event?.customer).toBeNull();
  });

  it.each([
    ['an amount with a fraction', event('payment_captured', action({ amount: 120.5 })), /amount/],
    ['an amount beyond 2^53', event('payment_captured', action({ amount: 2 ** 53 })), /amount/],
    [
      'more in this capture than in all',
      event(
        'payment_captured',
        action({
          balances: { total_captured: 1, total_refunded: 0 },
        }),
      ),
      /total_captured/,
    ],
    ['a payment a bank took back', event('payment_returned', action()), /payment_returned/],
    ['a dispute about a refunded payment', dispute('dispute_resolved'), /dispute_resolved/],
    ['arbitration', dispute('dispute_arbitration_won'), /unknown_type/],
    ['a payout of nobody', payout({ entity_id: null }), /entity_id/],
  ])('leaves to a person: %s', (_, one, why) => {
    expect(() => facts(one)).toThrow(why);
  });
});

describe("Checkout.com's events in the books", () => {
  it('come to the same whatever is told again', () => {
    const desk = new Desk();
    const capture = event('payment_captured', action());
    const refund = event('payment_refunded', action({ action_id: 'act_2', amount: 5000 }));
    const disputed = { amount: 7000, currency: 'EUR' };
    const [received, lost] = [dispute('dispute_received', disputed), dispute('dispute_lost', disputed)];
    for (const one of [capture, refund, received, capture, lost, received, refund]) desk.book(...facts(one));
    expect(desk.balances('EUR')).toEqual({ unapplied: -7000, disputeLoss: 7000 });
  });
});
