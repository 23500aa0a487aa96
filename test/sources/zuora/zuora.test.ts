import { describe, expect, it } from 'vitest';
import { registerSource } from '../../../src/sources/registered.ts';
import { zuora } from '../../../src/sources/zuora/index.ts';
import { configured, read, verifiedBody } from '../../conformance/interpreting.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { believesNoAlteration } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { hmac } from '../../verification/signing.ts';

const money = { currency: 'Currency', customer: 'AccountId' };
const config = {
  eventId: ['Id', 'UpdatedOn'],
  occurredAt: 'UpdatedOn',
  events: {
    AccountUpdated: {
      fact: 'customer',
      customer: 'AccountId',
      name: 'Account.Name',
      references: { salesforce: 'Account.CrmId' },
    },
    InvoicePosted: {
      fact: 'invoice',
      invoice: 'Id',
      number: 'Number',
      total: 'Amount',
      tax: 'Tax',
      issuedOn: 'Date',
      ...money,
    },
    PaymentProcessed: {
      fact: 'payment',
      payment: 'Id',
      invoice: 'Invoice.Id',
      amount: 'Amount',
      paidAt: 'Date',
      ...money,
    },
    CheckReceived: {
      fact: 'payment',
      kind: 'external',
      payment: 'Id',
      invoice: 'Invoice.Id',
      amount: 'Amount',
      paidAt: 'Date',
      ...money,
    },
    PaymentDeclined: { fact: 'failed-payment', payment: 'Id', amount: 'Amount', reason: 'Reason', ...money },
    RefundProcessed: {
      fact: 'refund',
      refund: 'Id',
      payment: 'PaymentId',
      amount: 'Amount',
      refundedAt: 'Date',
      ...money,
    },
    SubscriptionCreated: { fact: 'subscription', subscription: 'Id', customer: 'AccountId', status: 'Status' },
    InvoiceVoided: { fact: 'voided-invoice', invoice: 'Id', customer: 'AccountId' },
    Reminder: { fact: 'nothing' },
  },
};

const callout = (type: string, over: object = {}) => ({
  EventType: type,
  Id: '8ad0',
  AccountId: 'acc-1',
  UpdatedOn: '2026-11-20T10:00:00Z',
  Account: { Name: 'ACME', CrmId: '001A' },
  Number: 'INV-1',
  Amount: '120.00',
  Tax: 20,
  Currency: 'EUR',
  Date: '2026-11-20',
  Invoice: { Id: '8ad0' },
  PaymentId: 'p1',
  Status: 'Active',
  Reason: 'declined',
  ...over,
});

const source = configured(registerSource(zuora), config);
const text = (type: string, over: object = {}) => JSON.stringify(callout(type, over));

sourceContract('Zuora', registerSource(zuora), {
  config,
  secrets: ['zuora:s3cret', 'zuora:next'],
  wrongSecrets: ['zuora:other'],
  contentType: 'application/json',
  headers: async () => ({ authorization: `Basic ${btoa('zuora:next')}` }),
  proof: ['authorization'],
  bindsBody: false,
  bindsTime: false,
  bodies: Object.keys(config.events).map((type) => bytes(text(type))),
});

describe("Zuora's proof", () => {
  it('is asked for by a challenge that says nothing of what was wrong', async () => {
    const refusal = source.refuse();
    expect(refusal?.status).toBe(401);
    expect(refusal?.headers.get('www-authenticate')).toMatch(/^Basic realm="/);
    expect(await refusal?.text()).toBe('');
    expect((await source.verify(delivery('{}', {}, 0), always('zuora:s3cret'))).ok).toBe(false);
  });

  const signing = configured(registerSource(zuora), { proof: { scheme: 'hmac', header: 'x-zuora-signature' } });
  const body = '{"EventType":"x"}';

  it('is not asked for where the template signs', () => {
    expect(signing.refuse()?.headers.get('www-authenticate')).toBeNull();
  });

  believesNoAlteration('zuora hmac', {
    valid: delivery(body, { 'x-zuora-signature': hmac('k', body, 'base64') }, 1_763_800_000_000),
    verify: (one) => signing.verify(one, always('old', 'k')),
    headers: ['x-zuora-signature'],
    toleranceSeconds: null,
  });

  it('is answered 200 exactly', () => {
    expect(source.acknowledge({ status: 'duplicate', events: [] }).status).toBe(200);
  });
});

describe("Zuora's callouts as facts", () => {
  const reading = (type: string, over: object = {}) => {
    const [one] = read(source, bytes(text(type, over)));
    if (one === undefined || one.event === null) return one?.reason;
    const { interpretation } = one;
    return interpretation.kind === 'facts' ? interpretation.facts : interpretation.reason.code;
  };

  it('are what the tenant maps them to', () => {
    expect(reading('InvoicePosted')).toMatchObject([
      {
        kind: 'invoice.issued',
        invoice: 'zuora:invoice:8ad0',
        customer: 'zuora:customer:acc-1',
        total: 12_000,
        occurredAt: Date.UTC(2026, 10, 20, 12),
        lines: [{ net: 10_000, taxes: [{ code: 'tax', amount: 2000 }] }],
      },
    ]);
    expect(reading('PaymentProcessed')).toMatchObject([
      { kind: 'payment.captured', invoice: 'zuora:invoice:8ad0', amount: 12_000, requires: ['zuora:invoice:8ad0'] },
    ]);
    expect(reading('CheckReceived')).toMatchObject([{ kind: 'payment.external', invoice: 'zuora:invoice:8ad0' }]);
    expect(reading('PaymentDeclined')).toMatchObject([{ kind: 'payment.failed', reason: 'declined' }]);
    expect(reading('RefundProcessed')).toMatchObject([
      { kind: 'refund.paid', payment: 'zuora:payment:p1', amount: 12_000 },
    ]);
    expect(reading('AccountUpdated')).toMatchObject([
      { kind: 'customer.upserted', name: 'ACME', references: { salesforce: '001A' } },
    ]);
    expect(reading('SubscriptionCreated')).toMatchObject([{ kind: 'subscription.changed', status: 'Active' }]);
    expect(reading('InvoiceVoided')).toMatchObject([{ kind: 'invoice.voided' }]);
    expect(reading('Reminder')).toEqual([]);
  });

  it('keep ids and amounts that no double holds', () => {
    const body = text('PaymentProcessed').replace('"8ad0"', '9007199254740993');
    const [one] = read(source, bytes(body));
    expect(one?.event?.eventId).toContain('9007199254740993');
  });

  it.each([
    ['an event that is not mapped', 'Unmapped', {}],
    ['an amount that groups its digits', 'InvoicePosted', { Amount: '1,234.50' }],
    ['an amount finer than its currency', 'InvoicePosted', { Amount: '120.005' }],
    ['a member that is missing', 'InvoicePosted', { Date: undefined }],
    ['a currency that is none', 'PaymentProcessed', { Currency: 'Euro' }],
    ['a check for no invoice', 'CheckReceived', { Invoice: {} }],
    ['a payment of nothing', 'PaymentProcessed', { Amount: '0.00' }],
  ])('go to a person: %s', (_, type, over) => {
    expect(reading(type, over)).toMatch(/^(?:unknown_type|schema_mismatch)$/);
  });

  it('are known again by the id the tenant declares, else by their bytes', () => {
    const idOf = (from: typeof source, body: string) => {
      const parsed = from.parse(verifiedBody(bytes(body)));
      return parsed.ok ? parsed.value[0]?.eventId : null;
    };
    expect(idOf(source, text('Reminder'))).toBe('Reminder/8ad0/2026-11-20T10:00:00Z');
    expect(idOf(source, text('Reminder', { Status: 'x' }))).toBe('Reminder/8ad0/2026-11-20T10:00:00Z');
    const bare = configured(registerSource(zuora));
    expect(idOf(bare, text('Reminder'))).toBe(idOf(bare, text('Reminder')));
    expect(idOf(bare, text('Reminder'))).not.toBe(idOf(bare, text('Reminder', { Status: 'x' })));
  });

  it('are refused settings that name no path', () => {
    const wrong = { events: { X: { fact: 'invoice', invoice: '$.Id' } } };
    expect(registerSource(zuora).configure(wrong).ok).toBe(false);
  });
});
