import { describe, expect, it } from 'vitest';
import { defaultBudget, noCache } from '../../../src/sources/enrichment/port.ts';
import { fetchRecurlyEnrichment } from '../../../src/sources/enrichment/recurly.ts';
import { recurly, recurlyScheme } from '../../../src/sources/recurly/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { verifyHmac } from '../../../src/verification/hmac-scheme.ts';
import { configured, factsOf, read, stored, verifiedBody } from '../../conformance/interpreting.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { believesNoAlteration } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { hmac } from '../../verification/signing.ts';
import { vectorsOf } from '../../verification/vectors.ts';
import {
  account,
  invoice,
  notification,
  subscription,
  transaction,
  xml,
  xmlInvoice,
  xmlTransaction,
} from './samples.ts';

const NOW = Date.UTC(2026, 10, 22, 12, 0, 0, 4);
const json = configured(registerSource(recurly));
const old = configured(registerSource(recurly), { format: 'xml', currency: 'USD' });

const fetched = new Map<string, unknown>([
  ['account:obj1', account],
  ['invoice:obj1', invoice()],
  ['transaction:obj1', transaction()],
  ['subscription:obj1', subscription],
]);

const signed = (body: string | Uint8Array, at: number, secret = 'secret') => ({
  'recurly-signature': `${at},${hmac('retired', [`${at}.`, body])},${hmac(secret, [`${at}.`, body])}`,
});

sourceContract('Recurly in JSON', registerSource(recurly), {
  config: {},
  secrets: ['old', 'secret'],
  wrongSecrets: ['other'],
  contentType: 'application/json',
  headers: async (body, at) => signed(body, at),
  proof: ['recurly-signature'],
  bindsBody: true,
  bindsTime: true,
  enrichment: fetched,
  bodies: [
    notification('account', 'created'),
    notification('charge_invoice', 'created'),
    notification('charge_invoice', 'paid'),
    notification('payment', 'succeeded'),
    notification('subscription', 'renewed'),
    notification('plan', 'updated'),
  ].map((one) => bytes(JSON.stringify(one))),
});

sourceContract('Recurly in XML', registerSource(recurly), {
  config: { format: 'xml', currency: 'USD' },
  secrets: ['recurly:s3cret'],
  wrongSecrets: ['recurly:other'],
  contentType: 'application/xml',
  headers: async () => ({ authorization: `Basic ${btoa('recurly:s3cret')}` }),
  proof: ['authorization'],
  bindsBody: false,
  bindsTime: false,
  bodies: [
    xml('new_account'),
    xml('new_charge_invoice', xmlInvoice()),
    xml('successful_payment', xmlTransaction()),
    xml('failed_payment', xmlTransaction({ status: 'Declined' })),
    xml('scheduled_payment', xmlTransaction({ status: 'scheduled' })),
  ].map(bytes),
});

describe("Recurly's signature", () => {
  const vectors = vectorsOf('recurly') ?? [];
  it.skipIf(vectors.length === 0)('judges every published vector as expected (skipped without ../shared)', async () => {
    for (const vector of vectors) {
      if (vector.kind !== undefined) throw new Error(`unexpected vector ${vector.name}`);
      const delivered = delivery(vector.payload, vector.headers, Math.round(vector.now_unix * 1000));
      const verdict = await verifyHmac(delivered, always(vector.secret), recurlyScheme(vector.tolerance_s));
      expect(verdict.ok, vector.name).toBe(vector.expect === 'ok');
    }
  });

  it.skipIf(vectors.length === 0)(
    'takes the published delivery while it is fresh (skipped without ../shared)',
    async () => {
      const published = vectors.find((vector) => vector.name === 'old');
      if (published === undefined || published.kind !== undefined) throw new Error('no such vector');
      const delivered = delivery(published.payload, published.headers, 1_663_103_925_004 + 299_000);
      expect((await verifyHmac(delivered, always(published.secret), recurlyScheme(300))).ok).toBe(true);
    },
  );

  const body = '{"id":"1"}';
  believesNoAlteration('recurly', {
    valid: delivery(body, { 'recurly-signature': `${NOW},${hmac('secret', `${NOW}.${body}`)}` }, NOW),
    verify: (one) => verifyHmac(one, always('old', 'secret'), recurlyScheme(300)),
    headers: ['recurly-signature'],
    toleranceSeconds: 300,
  });
});

describe("Recurly's JSON notifications as facts", () => {
  const facts = (objectType: string, eventType: string, object?: object) =>
    factsOf(
      json,
      notification(objectType, eventType),
      object === undefined ? fetched : new Map([[`${kindOf(objectType)}:obj1`, object]]),
    );
  const kindOf = (objectType: string) =>
    ({ charge_invoice: 'invoice', payment: 'transaction' })[objectType] ?? objectType;

  it('ask for the object they name, once', () => {
    const parsed = json.parse(verifiedBody(bytes(JSON.stringify(notification('payment', 'succeeded')))));
    if (!parsed.ok || parsed.value[0] === undefined) throw new Error('not addressable');
    expect(parsed.value[0]).toMatchObject({ customer: 'acme', type: 'payment.succeeded' });
    expect(json.enrichment(stored(parsed.value[0]))).toEqual([{ kind: 'transaction', id: 'obj1', account: null }]);
  });

  it('book an invoice from its decimal numbers to the cent, inclusive tax taken out', () => {
    expect(facts('charge_invoice', 'created')).toMatchObject([
      {
        kind: 'invoice.issued',
        invoice: 'recurly:invoice:inv1',
        customer: 'recurly:customer:acme',
        total: 13_080,
        lines: [
          { net: 9990, discount: 10, taxes: [{ code: 'vat-FR', amount: 1998, inclusive: false }] },
          { net: 910, taxes: [{ code: 'tax', amount: 182, inclusive: true }] },
        ],
      },
    ]);
  });

  it('book what the transaction is, whatever the notification calls it', () => {
    expect(facts('payment', 'whatever')).toMatchObject([
      { kind: 'payment.captured', payment: 'recurly:payment:tx1', invoice: 'recurly:invoice:inv1', amount: 13_080 },
    ]);
    expect(facts('payment', 'whatever', transaction({ status: 'declined' }))).toMatchObject([
      { kind: 'payment.failed' },
    ]);
    expect(facts('payment', 'x', transaction({ type: 'verify' }))).toEqual([]);
    expect(facts('payment', 'x', transaction({ status: 'pending' }))).toEqual([]);
    const refund = transaction({ id: 'rf1', type: 'refund', original_transaction_id: 'tx1', amount: 30.8 });
    expect(facts('payment', 'refunded', refund)).toMatchObject([
      { kind: 'refund.paid', refund: 'recurly:refund:rf1', payment: 'recurly:payment:tx1', amount: 3080 },
    ]);
  });

  it('leave to a person what could not be read, credit, and what does not add up', () => {
    expect(() => factsOf(json, notification('account', 'created'))).toThrow(/could not be read/);
    expect(() => facts('credit_invoice', 'created')).toThrow(/unsupported_shape/);
    expect(() => facts('charge_invoice', 'created', invoice({ total: 130.81 }))).toThrow(/do not make total/);
    expect(() => facts('charge_invoice', 'created', invoice({ total: 130.805 }))).toThrow(/too_precise/);
    expect(() => facts('charge_invoice', 'created', invoice({ credit_payments: [{ id: 'cp' }] }))).toThrow(/credit/);
    expect(() => facts('payment', 'x', transaction({ status: 'void' }))).toThrow(/unsupported_shape/);
    expect(() => facts('something_new', 'created')).toThrow(/unknown_type/);
  });

  it('name no number but a plain decimal', () => {
    for (const total of [1e-7, Number.MAX_SAFE_INTEGER, '130.80', null]) {
      expect(() => facts('charge_invoice', 'created', invoice({ total }))).toThrow(/schema_mismatch/);
    }
  });
});

describe("Recurly's XML notifications as facts", () => {
  const reading = (text: string, source = old) => {
    const [one] = read(source, bytes(text), 'application/xml');
    if (one === undefined || one.event === null) return one?.reason ?? 'nothing';
    const { interpretation } = one;
    return interpretation.kind === 'facts' ? interpretation.facts : interpretation.reason.code;
  };

  it('book an invoice as one line, and payments by card and by hand', () => {
    expect(reading(xml('new_charge_invoice', xmlInvoice()))).toMatchObject([
      {
        kind: 'invoice.issued',
        total: 12_000,
        number: '7',
        lines: [{ net: 10_000, discount: 500, taxes: [{ amount: 2000 }] }],
      },
    ]);
    expect(reading(xml('successful_payment', xmlTransaction()))).toMatchObject([
      { kind: 'payment.captured', invoice: 'recurly:invoice:u1', currency: 'USD', amount: 12_000 },
    ]);
    expect(reading(xml('successful_payment', xmlTransaction({ payment_method: 'check' })))).toMatchObject([
      { kind: 'payment.external' },
    ]);
    expect(reading(xml('failed_payment', xmlTransaction({ status: 'Declined' })))).toMatchObject([
      { kind: 'payment.failed' },
    ]);
  });

  it('leave to a person test money, refunds, credit, and what does not add up', () => {
    expect(reading(xml('successful_payment', xmlTransaction({ test: 'true' })))).toBe('wrong_mode');
    expect(reading(xml('successful_refund', xmlTransaction()))).toBe('unsupported_shape');
    expect(reading(xml('new_credit_invoice', xmlInvoice()))).toBe('unsupported_shape');
    expect(reading(xml('new_charge_invoice', xmlInvoice('12001')))).toBe('unsupported_shape');
    expect(
      reading(xml('successful_payment', xmlTransaction()), configured(registerSource(recurly), { format: 'xml' })),
    ).toBe('unsupported_shape');
    expect(reading(xml('something_new'))).toBe('unknown_type');
  });

  it('take no document type and no other root', () => {
    expect(reading('<!DOCTYPE a [<!ENTITY b "c">]><new_account_notification/>')).toBe('not_xml');
    expect(reading('<html/>')).toBe('unsupported_shape');
  });

  it('tell two notifications apart by their bytes, and know the same one again', () => {
    const idOf = (text: string) => {
      const parsed = old.parse(verifiedBody(bytes(text), 'application/xml'));
      return parsed.ok ? parsed.value[0]?.eventId : null;
    };
    expect(idOf(xml('updated_account'))).toBe(idOf(xml('updated_account')));
    expect(idOf(xml('updated_account'))).not.toBe(idOf(xml('updated_account', ' ')));
  });
});

describe("Recurly's API", () => {
  const asked: { url: string; headers: Readonly<Record<string, string>> }[] = [];
  const access = (status: number, body: string) => ({
    apiUrl: null,
    apiKey: 'key',
    cache: noCache,
    budget: defaultBudget,
    http: {
      send: async (request: { url: string; headers: Readonly<Record<string, string>> }) => {
        asked.push(request);
        return { kind: 'answer' as const, status, body, retryAfterMs: null };
      },
    },
  });
  const needs = [{ kind: 'account', id: 'a/b', account: null }];

  it('is asked for one object, in one version, with the key as user', async () => {
    const outcome = await fetchRecurlyEnrichment(needs, access(200, '{"code":"acme"}'));
    expect(outcome).toMatchObject({ outcome: 'fetched' });
    expect(outcome.enrichment.get('account:a/b')).toEqual({ code: 'acme' });
    expect(asked[0]?.url).toBe('https://v3.recurly.com/accounts/a%2Fb');
    expect(asked[0]?.headers).toMatchObject({ authorization: `Basic ${btoa('key:')}` });
  });

  it('says that there is none, or that it must be asked again', async () => {
    expect((await fetchRecurlyEnrichment(needs, access(404, ''))).enrichment.get('account:a/b')).toBeNull();
    for (const [status, body] of [
      [500, ''],
      [401, ''],
      [200, 'no json'],
    ] as const) {
      expect((await fetchRecurlyEnrichment(needs, access(status, body))).outcome).toBe('retry');
    }
  });
});
