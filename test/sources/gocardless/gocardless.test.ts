import { createHmac } from 'node:crypto';
import { parse as theirs } from 'gocardless-nodejs/webhooks';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { gocardless } from '../../../src/sources/gocardless/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { configured, factsOf, read, verdict } from '../../conformance/interpreting.ts';
import { believesNoAlteration } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { vectorFileOf } from '../../verification/vectors.ts';
import { api, event, payment, payout, webhook } from './samples.ts';

const registered = registerSource(gocardless);
const source = configured(registered);
const SECRET = 'ED7D658C-D8EB-4941-948B-3973214F2D49';
const BODY = JSON.stringify(webhook(event('payments.confirmed', { payment: 'PM1' }, { note: 'é 漢 🙂' })));
const sign = (body: string, secret = SECRET) => createHmac('sha256', secret).update(body).digest('hex');
const signed = (signature: string, body = BODY) => delivery(body, { 'Webhook-Signature': signature }, 0);

const vector = z.object({
  name: z.string(),
  expect: z.enum(['ok', 'fail']),
  payload: z.string(),
  headers: z.record(z.string(), z.string()),
  secret: z.string(),
});

describe('GoCardless signatures', () => {
  const vectors = vectorFileOf('gocardless', vector);
  it.skipIf(vectors === null).each(vectors ?? [])('$name (skipped when ../shared/vectors is absent)', async (each) => {
    const answer = await source.verify(delivery(each.payload, each.headers, 0), always(each.secret));
    expect(answer.ok).toBe(each.expect === 'ok');
  });

  it('are those of GoCardless’ own library', async () => {
    expect(theirs(BODY, SECRET, sign(BODY))).toHaveLength(1);
    expect((await source.verify(signed(sign(BODY)), always(SECRET))).ok).toBe(true);
    expect(() => theirs(BODY, SECRET, sign(BODY, 'x'))).toThrow();
    expect((await source.verify(signed(sign(BODY, 'x')), always(SECRET))).ok).toBe(false);
  });

  it('may be of either of two live secrets', async () => {
    expect((await source.verify(signed(sign(BODY)), always('old', SECRET))).ok).toBe(true);
  });

  it('are refused with 498 and not a word more', async () => {
    const answer = source.refuse();
    expect([answer?.status, await answer?.text()]).toEqual([498, '']);
  });

  believesNoAlteration('GoCardless', {
    valid: signed(sign(BODY)),
    verify: (each) => source.verify(each, always(SECRET)),
    headers: ['webhook-signature'],
    toleranceSeconds: null,
  });
});

describe('GoCardless events', () => {
  const facts = (type: string, links: Readonly<Record<string, string>>, known = api, config: object = {}) =>
    factsOf(configured(registered, { ...config }), webhook(event(type, links)), known);

  it('are taken apart, each with its id, its lane and its own bytes', () => {
    const two = webhook(event('payments.confirmed', { payment: 'PM1' }), event('payouts.paid', { payout: 'PO1' }));
    const readings = read(source, bytes(JSON.stringify(two)), undefined, api);
    expect(readings.map(({ event: each }) => [each?.type, each?.customer])).toEqual([
      ['payments.confirmed', 'PM1'],
      ['payouts.paid', null],
    ]);
    expect(new Set(readings.map(({ event: each }) => each?.eventId)).size).toBe(2);
    expect(readings.map(verdict)).toEqual(['facts:payment.captured', 'facts:processor.fee+payout.sent']);
  });

  it('are shown to a person when the resource cannot be read, or another answered', () => {
    expect(() => facts('payments.confirmed', { payment: 'PM1' }, new Map())).toThrow('could not be read');
    const other = new Map([['payment:PM1', { payments: { ...payment, id: 'PM2' } }]]);
    expect(() => facts('payments.confirmed', { payment: 'PM1' }, other)).toThrow('could not be read');
  });

  it('are money once confirmed, by the customer its metadata names', () => {
    expect(facts('payments.submitted', { payment: 'PM1' })).toEqual([]);
    expect(facts('payments.paid_out', { payment: 'PM1' })).toEqual([]);
    expect(facts('payments.confirmed', { payment: 'PM1' }, api, { customerMetadataKey: 'crm' })).toMatchObject([
      { payment: 'gocardless:payment:PM1', customer: 'gocardless:customer:CU-7', amount: 2500, currency: 'GBP' },
    ]);
  });

  it('park a chargeback until it is settled or cancelled', () => {
    const kinds = (type: string) => facts(type, { payment: 'PM1' }).map((fact) => fact.kind);
    expect(kinds('payments.charged_back')).toEqual(['dispute.opened', 'dispute.withdrawn']);
    expect(kinds('payments.chargeback_settled')).toEqual(['dispute.lost']);
    expect(kinds('payments.chargeback_cancelled')).toEqual(['dispute.won']);
    expect(facts('payments.late_failure_settled', { payment: 'PM1' })).toMatchObject([
      { kind: 'balance.adjusted', amount: -2500 },
    ]);
    expect(facts('payments.failed', { payment: 'PM1' })).toMatchObject([
      { kind: 'payment.failed', reason: 'insufficient_funds' },
    ]);
  });

  it('refund a payment, and take it back when it bounces', () => {
    expect(facts('refunds.paid', { refund: 'RF1' })).toMatchObject([
      { kind: 'refund.paid', payment: 'gocardless:payment:PM1', amount: 500 },
    ]);
    expect(facts('refunds.funds_returned', { refund: 'RF1' })).toMatchObject([{ kind: 'refund.reversed' }]);
  });

  it('book what was kept of a payout as its fee', () => {
    expect(facts('payouts.paid', { payout: 'PO1' })).toMatchObject([
      { kind: 'processor.fee', amount: 50 },
      { kind: 'payout.sent', amount: 2450, arrivesAt: Date.UTC(2026, 10, 23) },
    ]);
    const partner = new Map([['payout:PO1', { ...payout, payout_type: 'partner' }]]);
    expect(() => facts('payouts.paid', { payout: 'PO1' }, partner)).toThrow('payout_type');
  });

  it('tell of a removed customer, who cannot be read any more', () => {
    expect(facts('customers.removed', { customer: 'CU1' }, new Map())).toMatchObject([
      { kind: 'customer.upserted', customer: 'gocardless:customer:CU1', name: null, deleted: true },
    ]);
    expect(() => facts('customers.removed', {}, new Map())).toThrow('links.customer');
  });

  it('are set aside when unknown or of another organisation', () => {
    const words = (type: string, config: object) =>
      read(configured(registered, { ...config }), bytes(JSON.stringify(webhook(event(type, {}))))).map(verdict);
    expect(words('outbound_payments.executed', {})).toEqual(['quarantined:unknown_type']);
    expect(words('payouts.paid', { organisation: 'OR999999' })).toEqual(['quarantined:wrong_account']);
  });
});
