import { createHmac } from 'node:crypto';
import HmacValidator from '@adyen/api-library/lib/src/utils/hmacValidator.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { adyen } from '../../../src/sources/adyen/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { hmacMatches } from '../../../src/verification/hmac-scheme.ts';
import { configured, factsOf, read, verdict } from '../../conformance/interpreting.ts';
import { believesNoAlteration } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { vectorFileOf } from '../../verification/vectors.ts';
import { batch, HMAC_KEY, item, platform, standard, transfer } from './samples.ts';

const registered = registerSource(adyen);
const source = configured(registered, standard);
const body = (value: object) => bytes(JSON.stringify(value));
const verify = (value: object, secrets = always(HMAC_KEY)) => source.verify(delivery(body(value), {}, 0), secrets);
const validator = new HmacValidator();
const original = { originalReference: 'PSP00001', pspReference: 'MOD00001' };

const vector = z.object({
  name: z.string(),
  expect: z.enum(['ok', 'fail']),
  kind: z.literal('primitive').optional(),
  payload: z.string(),
  secret: z.string(),
  digest: z.string().optional(),
});

describe('Adyen item signatures', () => {
  const vectors = vectorFileOf('adyen', vector);
  it.skipIf(vectors === null).each(vectors ?? [])('$name (skipped when ../shared/vectors is absent)', async (each) => {
    if (each.kind === 'primitive') {
      const form = { hash: 'SHA-256', key: 'hex', signature: 'base64' } as const;
      expect(await hmacMatches(form, [each.secret], bytes(each.payload), [each.digest ?? ''])).toBe('match');
      return;
    }
    const answer = await source.verify(delivery(each.payload, {}, 0), always(each.secret));
    expect(answer.ok).toBe(each.expect === 'ok');
  });

  it('are those of Adyen’s own library, both ways', async () => {
    const ours = item({ eventCode: 'CAPTURE', ...original });
    const { hmacSignature, ...rest } = ours.additionalData;
    const theirs = { ...ours, additionalData: rest };
    // The library's type asks for more than its code reads.
    const asTheirs = theirs as unknown as Parameters<typeof validator.calculateHmac>[0];
    expect(validator.calculateHmac(asTheirs, HMAC_KEY)).toBe(hmacSignature);
    expect((await verify(batch(ours))).ok).toBe(true);
  });

  it('must all be right: one bad item refuses its batch', async () => {
    const good = item({ eventCode: 'CAPTURE', ...original });
    const bad = item({ eventCode: 'REFUND', ...original }, HMAC_KEY.replace(/^../, '00'));
    expect((await verify(batch(good, good))).ok).toBe(true);
    expect(await verify(batch(good, bad))).toEqual({ ok: false, error: 'signature_mismatch' });
    expect(await verify({ ...batch(good), notificationItems: [] })).toEqual({ ok: false, error: 'header_malformed' });
  });

  it('may be of either of two live keys, so that one can be replaced', async () => {
    const old = HMAC_KEY.replace(/^../, '00');
    const good = batch(item({ eventCode: 'CAPTURE', ...original }));
    expect((await verify(good, always(old, HMAC_KEY))).ok).toBe(true);
    expect(await verify(good, always(old))).toEqual({ ok: false, error: 'signature_mismatch' });
    expect(await verify(good, always('user:password'))).toEqual({ ok: false, error: 'no_live_secret' });
  });

  it('bind each of the eight fields, and no other text proves anything', async () => {
    const good = item({ eventCode: 'CAPTURE', ...original });
    const signedFields = [
      'pspReference',
      'originalReference',
      'merchantAccountCode',
      'merchantReference',
      'eventCode',
      'success',
      'value',
      'currency',
      'signature',
    ] as const;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...signedFields), fc.string({ maxLength: 40 }), async (field, text) => {
        const altered =
          field === 'value' || field === 'currency'
            ? { ...good, amount: { ...good.amount, [field]: text } }
            : field === 'signature'
              ? { ...good, additionalData: { hmacSignature: text } }
              : { ...good, [field]: text };
        const before = { ...good, ...good.amount, signature: good.additionalData.hmacSignature };
        fc.pre(String(before[field]) !== text);
        expect((await verify(batch(altered))).ok).toBe(false);
      }),
      { numRuns: 10_000 },
    );
  });

  it('are not enough where Basic is asked for too', async () => {
    const both = configured(registered, { ...standard, proof: 'hmac-and-basic' });
    const good = body(batch(item({ eventCode: 'CAPTURE', ...original })));
    const secrets = always(HMAC_KEY, 'adyen:s3cret');
    const authorization = `Basic ${btoa('adyen:s3cret')}`;
    expect((await both.verify(delivery(good, { authorization }, 0), secrets)).ok).toBe(true);
    expect((await both.verify(delivery(good, {}, 0), secrets)).ok).toBe(false);
    expect((await both.verify(delivery(body(batch({})), { authorization }, 0), secrets)).ok).toBe(false);
  });
});

describe('Adyen platform signatures', () => {
  const verifier = configured(registered, platform);
  const event = JSON.stringify(transfer('booked', [{ currency: 'EUR', balance: -5000 }]));
  const signature = createHmac('sha256', Buffer.from(HMAC_KEY, 'hex')).update(event).digest('base64');

  it('are those of Adyen’s own library', async () => {
    expect(validator.validateHMACSignature(HMAC_KEY, signature, event)).toBe(true);
    expect(validator.calculateHmac(event, HMAC_KEY)).toBe(signature);
  });

  believesNoAlteration('Adyen platform', {
    valid: delivery(event, { hmacsignature: signature }, 0),
    verify: (each) => verifier.verify(each, always(HMAC_KEY)),
    headers: ['hmacsignature'],
    toleranceSeconds: null,
  });
});

/** Steps beside the money: contracts, reviews, notices, what was not done after all. */
const moneyless =
  /^(AUTHENTICATION|AUTHORISATION_ADJUSTMENT|.*AUTORESCUE.*|EXPIRE|MANUAL_REVIEW_.*|OFFER_CLOSED|ORDER_.*|RECURRING_CONTRACT|DIRECT_DEBIT_.*|REPORT_AVAILABLE|PAYOUT_(DECLINE|EXPIRE)|POSTPONED_REFUND|VOID_PENDING_REFUND|REQUEST_FOR_INFORMATION|INFORMATION_SUPPLIED|ISSUER_.*|NOTIFICATION_OF_FRAUD|PREARBITRATION_WON)$/;

describe('Adyen standard events', () => {
  const facts = (fields: Parameters<typeof item>[0], config: object = standard) =>
    factsOf(configured(registered, { ...config }), batch(item(fields)));
  const automatic = { ...standard, capture: 'automatic' };

  it('are money at capture, or at authorisation where captures are automatic', () => {
    expect(facts({ eventCode: 'AUTHORISATION' })).toEqual([]);
    expect(facts({ eventCode: 'CAPTURE', ...original })).toMatchObject([
      { kind: 'payment.captured', payment: 'adyen:payment:PSP00001', amount: 1000, settlement: null },
    ]);
    expect(facts({ eventCode: 'AUTHORISATION' }, automatic)).toMatchObject([
      { kind: 'payment.captured', payment: 'adyen:payment:PSP00001' },
    ]);
    expect(() => facts({ eventCode: 'CAPTURE', ...original }, automatic)).toThrow('eventCode');
  });

  it('keep several captures of one payment apart, and leave their refunds to a person', () => {
    const multiple = { ...standard, capture: 'multiple' };
    expect(facts({ eventCode: 'CAPTURE', ...original }, multiple)).toMatchObject([
      { payment: 'adyen:payment:MOD00001' },
    ]);
    expect(() => facts({ eventCode: 'REFUND', ...original }, multiple)).toThrow('originalReference');
  });

  it('say what failed', () => {
    expect(facts({ eventCode: 'AUTHORISATION', success: 'false', reason: 'Refused' })).toMatchObject([
      { kind: 'payment.failed', reason: 'Refused' },
    ]);
    expect(facts({ eventCode: 'CAPTURE', success: 'false', ...original })).toMatchObject([{ kind: 'payment.failed' }]);
    expect(facts({ eventCode: 'REFUND', success: 'false', ...original })).toEqual([]);
  });

  it('know the customer by the shopper reference', () => {
    expect(facts({ eventCode: 'CAPTURE', ...original, additionalData: { shopperReference: 'cust-1' } })).toMatchObject([
      { customer: 'adyen:customer:cust-1' },
    ]);
  });

  it('refund a payment once each, and take a refund back that bounced', () => {
    expect(facts({ eventCode: 'REFUND', ...original })).toMatchObject([
      { kind: 'refund.paid', refund: 'adyen:refund:MOD00001', payment: 'adyen:payment:PSP00001', amount: 1000 },
    ]);
    expect(facts({ eventCode: 'REFUND_FAILED', ...original })).toMatchObject([
      { kind: 'refund.reversed', refund: 'adyen:refund:MOD00001' },
    ]);
    const action = (word: string) => ({ additionalData: { 'modification.action': word } });
    expect(facts({ eventCode: 'CANCEL_OR_REFUND', ...original, ...action('refund') })).toMatchObject([
      { kind: 'refund.paid' },
    ]);
    expect(facts({ eventCode: 'CANCEL_OR_REFUND', ...original, ...action('cancel') })).toEqual([]);
    expect(() => facts({ eventCode: 'CANCEL_OR_REFUND', ...original })).toThrow('modification.action');
  });

  it('park what is charged back and return what is won', () => {
    expect(facts({ eventCode: 'CHARGEBACK', ...original }).map((fact) => fact.kind)).toEqual([
      'dispute.opened',
      'dispute.withdrawn',
    ]);
    expect(facts({ eventCode: 'CHARGEBACK_REVERSED', ...original })).toMatchObject([{ kind: 'dispute.won' }]);
    const lost = { additionalData: { disputeStatus: 'Lost' } };
    expect(facts({ eventCode: 'DISPUTE_DEFENSE_PERIOD_ENDED', ...original, ...lost })).toMatchObject([
      { kind: 'dispute.lost' },
    ]);
  });

  it.each([
    ['SECOND_CHARGEBACK', -1000],
    ['PREARBITRATION_LOST', -1000],
    ['CAPTURE_FAILED', -1000],
    ['PAYOUT_THIRDPARTY', -1000],
    ['REFUND_WITH_DATA', -1000],
    ['PAIDOUT_REVERSED', 1000],
  ])('bring %s to a person, with its amount', (eventCode, amount) => {
    expect(facts({ eventCode, ...original })).toMatchObject([{ kind: 'balance.adjusted', amount }]);
  });

  it('are in Adyen’s minor units, which are not ISO’s everywhere', () => {
    const of = (value: number | string, currency: string) =>
      facts({ eventCode: 'CAPTURE', ...original, amount: { value, currency } });
    expect(of('27900', 'ISK')).toMatchObject([{ amount: 279 }]);
    expect(of(100, 'CVE')).toMatchObject([{ amount: 10_000 }]);
    expect(of(1000, 'JPY')).toMatchObject([{ amount: 1000 }]);
    expect(() => of(1050, 'CLP')).toThrow('not a whole ISO minor unit');
  });

  const withoutAmount = (eventCode: string) => {
    const { amount: _, ...rest } = item({ eventCode, ...original });
    return batch(rest);
  };
  const types = adyen.understands.filter((type) => /^[A-Z_]+$/.test(type));

  it.each(types.filter((type) => !moneyless.test(type)))('of type %s never book zero for want of an amount', (type) => {
    expect(() => factsOf(source, withoutAmount(type))).toThrow(/^unsupported_shape: amount: /);
  });

  it.each(types.filter((type) => moneyless.test(type)))('of type %s need no amount', (type) => {
    expect(factsOf(source, withoutAmount(type))).toEqual([]);
  });

  it('keep a payment and what modifies it in one lane, each event under its own id', () => {
    const readings = read(
      source,
      body(batch(item({ eventCode: 'AUTHORISATION' }), item({ eventCode: 'CAPTURE', ...original }))),
    );
    expect(readings.map(({ event }) => [event?.customer, event?.eventId])).toEqual([
      ['PSP00001', 'PSP00001:AUTHORISATION:true'],
      ['PSP00001', 'MOD00001:CAPTURE:true'],
    ]);
  });

  it('are set aside when unknown, in test, of another account or of the other kind', () => {
    const words = (config: object, value: object) =>
      read(configured(registered, { ...config }), body(value)).map(verdict);
    const capture = batch(item({ eventCode: 'CAPTURE', ...original }));
    expect(words(standard, batch(item({ eventCode: 'MONEY_MOVED' })))).toEqual(['quarantined:unknown_type']);
    expect(words({ ...standard, live: false }, capture)).toEqual(['quarantined:wrong_mode']);
    expect(words({ ...standard, merchantAccount: 'Other' }, capture)).toEqual(['quarantined:wrong_account']);
    expect(words(platform, capture)).toEqual(['quarantined:unsupported_shape']);
  });

  it('are acknowledged by the word Adyen looks for', async () => {
    const answer = source.acknowledge({ status: 'accepted', events: [] });
    expect([answer.status, await answer.text()]).toEqual([200, '[accepted]']);
  });
});

describe('Adyen transfers', () => {
  const facts = (value: object) => factsOf(configured(registered, platform), value);

  it('are payouts when they go to a bank, and come back when they are returned', () => {
    expect(facts(transfer('authorised', [{ currency: 'EUR', reserved: -5000 }]))).toEqual([]);
    expect(facts(transfer('booked', [{ currency: 'EUR', balance: -5000 }]))).toMatchObject([
      { kind: 'payout.sent', payout: 'adyen:payout:TR1', amount: 5000 },
    ]);
    const back = [
      { currency: 'EUR', balance: -5000 },
      { currency: 'EUR', balance: 5000 },
    ];
    expect(facts(transfer('returned', back))).toMatchObject([{ kind: 'payout.returned', amount: 5000 }]);
  });

  it('go to suspense otherwise, and nowhere when the account is not the tenant’s', () => {
    const booked = [{ currency: 'EUR', balance: 700 }];
    expect(facts(transfer('booked', booked, { category: 'internal', direction: 'incoming' }))).toMatchObject([
      { kind: 'balance.adjusted', amount: 700, category: 'internal' },
    ]);
    expect(facts(transfer('booked', booked, { balanceAccount: { id: 'BA2' } }))).toEqual([]);
  });
});
