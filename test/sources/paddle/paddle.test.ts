import { Paddle } from '@paddle/paddle-node-sdk';
import { describe, expect, it, vi } from 'vitest';
import { paddle, paddleScheme } from '../../../src/sources/paddle/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { verifyHmac } from '../../../src/verification/hmac-scheme.ts';
import { configured, factsOf, verifiedBody } from '../../conformance/interpreting.ts';
import { believesNoAlteration } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { hmac } from '../../verification/signing.ts';
import { vectorsOf } from '../../verification/vectors.ts';
import { adjustment, event, transaction } from './samples.ts';

const source = configured(registerSource(paddle));
const facts = (type: string, data: object) => factsOf(source, event(type, data));

const NOW = 1_763_800_000_000;
const SECRET = 'pdl_ntfset_1';
const BODY = '{"event_id":"evt_1"}';
const header = (seconds: number, secret = SECRET) => `ts=${seconds};h1=${hmac(secret, `${seconds}:${BODY}`)}`;
const verify =
  (tolerance = 5) =>
  (one: ReturnType<typeof delivery>) =>
    verifyHmac(one, always('pdl_ntfset_0', SECRET), paddleScheme(tolerance));

describe("Paddle's signature", () => {
  const vectors = vectorsOf('paddle') ?? [];
  it.skipIf(vectors.length === 0)('judges every published vector as expected (skipped without ../shared)', async () => {
    for (const vector of vectors) {
      if (vector.kind !== undefined) throw new Error(`unexpected vector ${vector.name}`);
      const delivered = delivery(vector.payload, vector.headers, vector.now_unix * 1000);
      const verdict = await verifyHmac(delivered, always(vector.secret), paddleScheme(vector.tolerance_s));
      expect(verdict.ok, vector.name).toBe(vector.expect === 'ok');
    }
    expect(vectors.length).toBeGreaterThan(10);
  });

  it("agrees with Paddle's own library, both ways", async () => {
    vi.useFakeTimers({ now: NOW });
    try {
      const webhooks = new Paddle('none').webhooks;
      for (const [secret, seconds] of [
        [SECRET, NOW / 1000],
        [SECRET, NOW / 1000 - 6],
        ['other', NOW / 1000],
      ] as const) {
        const signed = header(seconds, secret);
        const theirs = await webhooks.isSignatureValid(BODY, SECRET, signed).catch(() => false);
        const ours = await verify()(delivery(BODY, { 'paddle-signature': signed }, NOW));
        expect(ours.ok).toBe(theirs);
      }
    } finally {
      vi.useRealTimers();
    }
  });

  it('has a tolerance the tenant may widen', async () => {
    const late = delivery(BODY, { 'paddle-signature': header(NOW / 1000 - 30) }, NOW);
    expect((await source.verify(late, always(SECRET))).ok).toBe(false);
    const wide = configured(registerSource(paddle), { toleranceSeconds: 60 });
    expect((await wide.verify(late, always(SECRET))).ok).toBe(true);
  });

  believesNoAlteration('paddle', {
    valid: delivery(BODY, { 'paddle-signature': header(NOW / 1000) }, NOW),
    verify: verify(),
    headers: ['paddle-signature'],
    toleranceSeconds: 5,
  });
});

describe("Paddle's events as facts", () => {
  it('books what the seller earns: no tax, the fee apart, recurring lines over their period', () => {
    const [invoice, payment, ...rest] = facts('transaction.completed', transaction());
    expect(rest).toEqual([]);
    expect(invoice).toMatchObject({
      kind: 'invoice.issued',
      invoice: 'paddle:invoice:txn_1',
      occurredAt: Date.UTC(2026, 10, 20, 9, 59),
      number: '325-1',
      total: 10_000,
      creditApplied: 0,
      lines: [
        {
          net: 9000,
          discount: 1000,
          taxes: [],
          product: 'paddle:product:pro_1',
          period: { start: Date.UTC(2026, 10, 20), end: Date.UTC(2026, 11, 20) },
        },
        { net: 1000, discount: 0, taxes: [], period: null },
      ],
    });
    expect(payment).toMatchObject({
      kind: 'payment.captured',
      occurredAt: Date.UTC(2026, 10, 20, 9, 59, 30, 500),
      invoice: 'paddle:invoice:txn_1',
      amount: 10_000,
      settlement: { gross: 10_000, fee: 600, net: 9400, currency: 'EUR', exchangeRate: null, reference: 'txn_1' },
    });
  });

  it('tells the same invoice when it is billed, paid and completed', () => {
    const told = ['transaction.billed', 'transaction.paid', 'transaction.completed'].map(
      (type) => facts(type, transaction())[0],
    );
    expect(told[1]).toEqual(told[0]);
    expect(told[2]).toEqual(told[0]);
  });

  it('leaves the fee open before completion', () => {
    const [, payment] = facts('transaction.paid', transaction({}, { payout_totals: null }));
    expect(payment).toMatchObject({ kind: 'payment.captured', amount: 10_000, settlement: null });
  });

  it('keeps a stated exchange rate that leads to the payout, and no other', () => {
    const payout = (rate: string) => ({
      payout_totals: {
        total: '13200',
        tax: '2200',
        fee: '660',
        earnings: '10340',
        currency_code: 'USD',
        exchange_rate: rate,
      },
    });
    expect(facts('transaction.completed', transaction({}, payout('1.1')))[1]).toMatchObject({
      settlement: { currency: 'USD', gross: 11_000, net: 10_340, exchangeRate: '1.1' },
    });
    expect(facts('transaction.completed', transaction({}, payout('0.909')))[1]).toMatchObject({
      settlement: { exchangeRate: null },
    });
  });

  it('refunds what the seller gives back, with the fee Paddle returns', () => {
    expect(facts('adjustment.updated', adjustment())).toMatchObject([
      {
        kind: 'refund.paid',
        requires: ['paddle:payment:txn_1'],
        refund: 'paddle:refund:adj_1',
        payment: 'paddle:payment:txn_1',
        amount: 1000,
        settlement: { gross: -1000, fee: -50, net: -950 },
      },
    ]);
    expect(facts('adjustment.created', adjustment({ status: 'pending_approval' }))).toEqual([]);
    expect(facts('adjustment.updated', adjustment({ status: 'rejected' }))).toEqual([]);
  });

  it('credits a claim that is not paid yet, and books chargebacks and their reversal', () => {
    expect(facts('adjustment.created', adjustment({ action: 'credit' }))).toMatchObject([
      { kind: 'credit_note.issued', total: 1000, reducesReceivable: 1000, invoice: 'paddle:invoice:txn_1' },
    ]);
    expect(facts('adjustment.created', adjustment({ action: 'chargeback' }))).toMatchObject([
      { kind: 'dispute.withdrawn', dispute: 'paddle:dispute:txn_1', amount: 1000, settlement: { net: -950 } },
    ]);
    expect(facts('adjustment.created', adjustment({ action: 'chargeback_reverse' }))).toMatchObject([
      { kind: 'dispute.won', requires: ['paddle:dispute:txn_1'], settlement: { gross: 1000, net: 950 } },
    ]);
  });

  it('names the last failed attempt, and voids only what was billed', () => {
    expect(facts('transaction.payment_failed', transaction())).toMatchObject([
      { kind: 'payment.failed', payment: 'paddle:payment:pa_2', amount: 12_000 },
    ]);
    expect(facts('transaction.canceled', transaction())).toMatchObject([{ kind: 'invoice.voided' }]);
    expect(facts('transaction.canceled', transaction({ billed_at: null }))).toEqual([]);
  });

  it.each([
    ['amounts that do not add up', transaction({}, { totals: { ...transaction().details.totals, tax: '2001' } })],
    ['customer balance', transaction({}, { totals: { ...transaction().details.totals, credit: '1' } })],
    [
      'a payout that does not add up',
      transaction({}, { payout_totals: { ...transaction().details.payout_totals, fee: '601' } }),
    ],
    ['no customer', transaction({ customer_id: null })],
  ])('leaves to a person: %s', (_, data) => {
    expect(() => facts('transaction.completed', data)).toThrow(/unsupported_shape/);
  });

  it.each([
    ['a reversed adjustment', { status: 'reversed' }],
    [
      'a chargeback fee',
      { action: 'chargeback', payout_totals: { ...adjustment().payout_totals, chargeback_fee: { amount: '15' } } },
    ],
    ['credit to a balance', { action: 'credit', credit_applied_to_balance: true }],
  ])('leaves to a person: %s', (_, over) => {
    expect(() => facts('adjustment.updated', adjustment(over))).toThrow(/unsupported_shape/);
  });

  it('reads no amount that is not whole minor units as text', () => {
    for (const tax of ['20.00', '2e3', '', 2000, '99999999999999']) {
      const data = transaction({}, { totals: { ...transaction().details.totals, tax } });
      expect(() => facts('transaction.completed', data), String(tax)).toThrow(/schema_mismatch|unsupported_shape/);
    }
  });

  it('puts events in the lane of their customer, the catalogue, or the account', () => {
    const laneOf = (type: string, data: object) => {
      const parsed = source.parse(verifiedBody(bytes(JSON.stringify(event(type, data)))));
      return parsed.ok ? [parsed.value[0]?.customer, parsed.value[0]?.sharedLane] : null;
    };
    expect(laneOf('customer.created', { id: 'ctm_9' })).toEqual(['ctm_9', 'account']);
    expect(laneOf('product.created', { id: 'pro_9' })).toEqual([null, 'catalogue']);
    expect(laneOf('payout.paid', { id: 'pay_9' })).toEqual([null, 'account']);
    expect(laneOf('address.created', { id: 'add_9', customer_id: 'ctm_9' })).toEqual(['ctm_9', 'account']);
  });
});

it('answers 200', () => {
  expect(source.acknowledge({ status: 'accepted', events: [] }).status).toBe(200);
});
