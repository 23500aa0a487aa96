import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { lago } from '../../../src/sources/lago/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { verifyLagoJwt } from '../../../src/verification/lago-jwt.ts';
import { configured, factsOf, verifiedBody } from '../../conformance/interpreting.ts';
import { believesNoAlteration } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { hmac } from '../../verification/signing.ts';
import { creditNote, customer, event, invoice, payment } from './samples.ts';
import { keyPair, signed } from './tokens.ts';

const NOW = 1_763_800_000_000;
const BODY = '{"webhook_type":"customer.created","name":"É"}';
const ISSUER = 'https://api.lago.example';
const source = configured(registerSource(lago), { signature: 'hmac' });
const facts = (type: string, objectType: string, object: object) => factsOf(source, event(type, objectType, object));

const keys = keyPair();
const body = '{"webhook_type":"x"}';
const tokenOfBody = await signed(keys, body, ISSUER);

describe("Lago's signatures", () => {
  const judge = async (token: string, secret = keys.publicPem, body = BODY) => {
    const verdict = await verifyLagoJwt(delivery(body, { 'x-lago-signature': token }, NOW), always(secret), ISSUER);
    return verdict.ok ? 'ok' : verdict.error;
  };

  it('takes a token of this body, this issuer and this key, and no other', async () => {
    const token = await signed(keys, BODY, ISSUER);
    expect(await judge(token)).toBe('ok');
    expect(await judge(token, btoa(keys.publicPem))).toBe('ok');
    expect(await judge(token, keys.publicPem, `${BODY} `)).toBe('signature_mismatch');
    expect(await judge(token, keyPair().publicPem)).toBe('token_invalid');
    expect(await judge(token, 'no key')).toBe('no_live_secret');
    expect(await judge(await signed(keys, BODY, 'https://elsewhere.example'))).toBe('sender_wrong');
    expect(await judge(await signed(keys, { body: BODY }, ISSUER))).toBe('signature_mismatch');
  });

  it('takes no other algorithm, least of all the public key as an HMAC secret or none', async () => {
    expect(await judge(await signed(keys, BODY, ISSUER, 'PS256'))).toBe('token_invalid');
    const confused = await new SignJWT({ data: BODY, iss: ISSUER })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(bytes(keys.publicPem));
    expect(await judge(confused)).toBe('token_invalid');
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    expect(await judge(`${part({ alg: 'none' })}.${part({ data: BODY, iss: ISSUER })}.`)).toBe('header_malformed');
  });

  believesNoAlteration('lago hmac', {
    valid: delivery(body, { 'x-lago-signature': hmac('k', body, 'base64') }, NOW),
    verify: (one) => source.verify(one, always('k')),
    headers: ['x-lago-signature'],
    toleranceSeconds: null,
  });

  believesNoAlteration('lago jwt', {
    valid: delivery(body, { 'x-lago-signature': tokenOfBody }, NOW),
    verify: (one) => verifyLagoJwt(one, always(keys.publicPem), ISSUER),
    headers: ['x-lago-signature'],
    toleranceSeconds: null,
  });
});

describe("Lago's events as facts", () => {
  it('books a finalized invoice with coupons spread, taxes as Lago computed them, and credit apart', () => {
    expect(facts('invoice.created', 'invoice', invoice())).toMatchObject([
      {
        kind: 'invoice.issued',
        occurredAt: Date.UTC(2026, 10, 20, 12),
        invoice: 'lago:invoice:inv-1',
        customer: 'lago:customer:cus-1',
        total: 10_800,
        creditApplied: 800,
        dueAt: Date.UTC(2026, 11, 20, 12),
        lines: [
          {
            net: 6300,
            discount: 700,
            product: 'lago:plan:pro',
            taxes: [{ code: 'fr_20', amount: 1260, percent: '20' }],
            period: { start: Date.UTC(2026, 10, 1), end: Date.UTC(2026, 11, 1) },
          },
          { net: 2700, discount: 300, product: 'lago:charge:seats', quantity: '12.6', taxes: [{ amount: 540 }] },
        ],
      },
    ]);
  });

  it('takes what was billed before off the invoice', () => {
    const progressive = invoice({
      progressive_billing_credit_amount_cents: 2000,
      sub_total_including_taxes_amount_cents: 8800,
      total_amount_cents: 8000,
    });
    const [issued] = facts('invoice.created', 'invoice', progressive);
    expect(issued).toMatchObject({ total: 8800, lines: [{}, {}, { net: -2000 }] });
  });

  it('books no draft, and nothing twice', () => {
    expect(facts('invoice.created', 'invoice', invoice({ status: 'draft' }))).toEqual([]);
    for (const type of ['invoice.drafted', 'invoice.generated', 'invoice.resynced', 'invoice.payment_status_updated']) {
      expect(facts(type, 'invoice', invoice({ payment_status: 'succeeded' })), type).toEqual([]);
    }
  });

  it('splits a credit note into credit, refund and offset, its taxes over its lines', () => {
    expect(facts('credit_note.created', 'credit_note', creditNote())).toMatchObject([
      {
        kind: 'credit_note.issued',
        requires: ['lago:invoice:inv-1'],
        total: 1080,
        creditedToBalance: 500,
        refunded: 400,
        reducesReceivable: 180,
        lines: [
          { net: 630, taxes: [{ amount: 126 }] },
          { net: 270, taxes: [{ amount: 54 }] },
        ],
      },
    ]);
  });

  it('books money at a processor as captured, money by hand as external, of several invoices as unapplied', () => {
    expect(facts('payment.succeeded', 'payment', payment())).toMatchObject([
      { kind: 'payment.captured', invoice: 'lago:invoice:inv-1', amount: 10_000, settlement: null },
    ]);
    expect(facts('payment.succeeded', 'payment', payment({ type: 'manual' }))).toMatchObject([
      { kind: 'payment.external', invoice: 'lago:invoice:inv-1', customer: 'lago:customer:cus-1' },
    ]);
    expect(facts('payment.succeeded', 'payment', payment({ invoice_ids: ['a', 'b'] }))).toMatchObject([
      { kind: 'payment.captured', invoice: null, requires: [] },
    ]);
  });

  it('books invoices marked as paid where the tenant says that is how money is told', () => {
    const marked = configured(registerSource(lago), { signature: 'hmac', paymentsFrom: 'invoice-status' });
    const paid = event('invoice.payment_status_updated', 'invoice', invoice({ payment_status: 'succeeded' }));
    expect(factsOf(marked, paid)).toMatchObject([
      { kind: 'payment.external', amount: 10_000, invoice: 'lago:invoice:inv-1' },
    ]);
  });

  it('knows the customer elsewhere', () => {
    expect(facts('customer.created', 'customer', customer)).toMatchObject([
      { kind: 'customer.upserted', name: 'ACME SAS', references: { salesforce: '001A', stripe: 'cus_9' } },
    ]);
  });

  it.each([
    ['prepaid credit that is bought', invoice({ invoice_type: 'credit' })],
    ['credit that was given away', invoice({ prepaid_granted_credit_amount_cents: 1 })],
    ['lines that do not make the subtotal', invoice({ sub_total_including_taxes_amount_cents: 10_801 })],
    ['a total that is not what is left', invoice({ total_amount_cents: 9999 })],
  ])('leaves to a person: %s', (_, object) => {
    expect(() => facts('invoice.created', 'invoice', object)).toThrow(/unsupported_shape/);
  });

  it('leaves to a person: a credit note whose parts do not make it, a lost dispute, a refund that failed', () => {
    const wrong = creditNote({ refund_amount_cents: 401 });
    expect(() => facts('credit_note.created', 'credit_note', wrong)).toThrow(/unsupported_shape/);
    const lost = { invoice: { lago_id: 'inv-1', customer: { external_id: 'cus-1' } } };
    expect(() => facts('invoice.payment_dispute_lost', 'payment_dispute_lost', lost)).toThrow(/unsupported_shape/);
    expect(() => facts('credit_note.refund_failure', 'credit_note_payment_provider_refund_error', {})).toThrow(
      /unsupported_shape/,
    );
  });

  it('names an event by its unique key, else by what it is about', () => {
    const body = bytes(JSON.stringify(event('payment.succeeded', 'payment', payment())));
    const bare = verifiedBody(body);
    const keyed = { ...bare, headers: new Headers({ 'x-lago-unique-key': '0b9ee7f5-1c23-4f5c' }) };
    const idOf = (one: typeof bare) => {
      const parsed = source.parse(one);
      return parsed.ok ? parsed.value[0]?.eventId : null;
    };
    expect(idOf(keyed)).toBe('0b9ee7f5-1c23-4f5c');
    expect(idOf(bare)).toBe(`payment.succeeded/pay-1/${Date.UTC(2026, 10, 20, 11)}`);
  });
});
