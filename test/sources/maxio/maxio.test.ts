import { describe, expect, it } from 'vitest';
import { parseForm } from '../../../src/sources/maxio/form.ts';
import { maxio, maxioScheme } from '../../../src/sources/maxio/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { verifyHmac } from '../../../src/verification/hmac-scheme.ts';
import { configured, read } from '../../conformance/interpreting.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { believesNoAlteration } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { hmac } from '../../verification/signing.ts';
import { customer, form, invoice, statement, subscription, transaction } from './samples.ts';

const source = configured(registerSource(maxio), { currency: 'USD' });
const FORM = 'application/x-www-form-urlencoded';
const SIGNATURE = 'x-chargify-webhook-signature-hmac-sha-256';

function reading(event: string, payload: object, from = source) {
  const [one] = read(from, bytes(form(event, payload)), FORM);
  if (one === undefined || one.event === null) throw new Error('not addressable');
  return one;
}

function facts(event: string, payload: object) {
  const { interpretation } = reading(event, payload);
  if (interpretation.kind === 'quarantine')
    throw new Error(`${interpretation.reason.code}: ${interpretation.reason.detail}`);
  return interpretation.facts;
}

const refund = {
  refund_id: '77',
  payment_id: '161537369',
  amount_in_cents: '400',
  customer_id: '14585695',
  timestamp: '2026-11-10 10:00:00 -0500',
};

sourceContract('Maxio', registerSource(maxio), {
  config: { currency: 'USD' },
  secrets: ['old-shared-key', 'shared-key'],
  wrongSecrets: ['other'],
  contentType: FORM,
  headers: async (body) => ({ [SIGNATURE]: hmac('shared-key', [body]), 'x-chargify-webhook-id': '1' }),
  proof: [SIGNATURE],
  bindsBody: true,
  bindsTime: false,
  bodies: [
    form('payment_success', { transaction: transaction(), subscription }),
    form('payment_failure', { transaction: transaction({ success: 'false' }), subscription }),
    form('refund_success', refund),
    form('statement_settled', { statement: statement(), customer, subscription }),
    form('invoice_issued', { invoice: invoice() }),
    form('customer_update', { customer }),
    form('signup_success', { subscription }),
    form('test', { chargify: 'testing' }),
  ].map(bytes),
});

describe("Maxio's signature", () => {
  const body = 'id=1&event=test&payload[a]=x%20y+z';
  believesNoAlteration('maxio', {
    valid: delivery(body, { [SIGNATURE]: hmac('k', body) }, 1_763_800_000_000),
    verify: (one) => verifyHmac(one, always('old', 'k'), maxioScheme),
    headers: [SIGNATURE],
    toleranceSeconds: null,
  });
});

describe("Maxio's forms", () => {
  const parsed = (text: string) => parseForm(bytes(text));

  it('keep text as text, spaces either way, and lists by index', () => {
    expect(parsed('a[b][0][c]=00123456789012345678901&a[b][1][c]=x+y%20z&e=')).toEqual({
      ok: true,
      value: { a: { b: { 0: { c: '00123456789012345678901' }, 1: { c: 'x y z' } } }, e: '' },
    });
  });

  it('make a list of what comes twice, so that no amount is one of two', () => {
    expect(parsed('a=1&a=2')).toEqual({ ok: true, value: { a: ['1', '2'] } });
  });

  it('are refused when they are none', () => {
    for (const text of ['', 'a[b=1', 'a]=1', 'a=%zz', 'a=1&a[b]=2', 'a[b]=2&a=1', `${'a[b]'.padEnd(80, '[c]')}=1`]) {
      expect(parsed(text).ok, text).toBe(false);
    }
    expect(parseForm(new Uint8Array([0xff])).ok).toBe(false);
  });

  it('cannot reach a prototype', () => {
    const read = parsed('__proto__[polluted]=1&constructor[prototype][x]=1');
    expect(read.ok && Object.keys(read.value as object)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe("Maxio's events as facts", () => {
  it('books a payment on its statement, through a gateway or by hand', () => {
    expect(facts('payment_success', { transaction: transaction(), subscription })).toMatchObject([
      {
        kind: 'payment.captured',
        occurredAt: Date.UTC(2026, 10, 8, 21, 22, 20),
        payment: 'maxio:payment:161537369',
        invoice: 'maxio:invoice:statement/80168049',
        customer: 'maxio:customer:14585695',
        amount: 6400,
        currency: 'USD',
      },
    ]);
    expect(facts('payment_success', { transaction: transaction({ gateway_used: '' }), subscription })).toMatchObject([
      { kind: 'payment.external', invoice: 'maxio:invoice:statement/80168049' },
    ]);
    const invoiced = transaction({ statement_id: '', invoice_uids: { 0: 'inv_1' } });
    expect(facts('payment_success', { transaction: invoiced, subscription })).toMatchObject([
      { invoice: 'maxio:invoice:inv_1' },
    ]);
  });

  it('books a statement as the claim it is: charges, coupons, tax', () => {
    for (const event of ['statement_closed', 'statement_settled']) {
      expect(facts(event, { statement: statement(), customer })).toMatchObject([
        {
          kind: 'invoice.issued',
          invoice: 'maxio:invoice:statement/80168049',
          total: 6400,
          lines: [{ net: 6000 }, { net: -600 }, { net: 0, taxes: [{ code: 'tax', amount: 1000 }] }],
        },
      ]);
    }
  });

  it('books an issued invoice from its decimals, each tax shared over the lines', () => {
    expect(facts('invoice_issued', { invoice: invoice() })).toMatchObject([
      {
        kind: 'invoice.issued',
        invoice: 'maxio:invoice:inv_8htcd29wcq7q2',
        total: 10_850,
        occurredAt: Date.UTC(2026, 10, 9, 12),
        lines: [
          {
            net: 9000,
            discount: 1000,
            taxes: [
              { code: 'State', amount: 758, percent: '8' },
              { code: 'City', amount: 142, percent: '1.5' },
            ],
            period: { start: Date.UTC(2026, 10, 9, 12), end: Date.UTC(2026, 11, 9, 12) },
          },
          { net: 900, taxes: [{ amount: 42 }, { amount: 8 }] },
        ],
      },
    ]);
  });

  it('books a refund by its own id', () => {
    expect(facts('refund_success', refund)).toMatchObject([
      { kind: 'refund.paid', refund: 'maxio:refund:77', payment: 'maxio:payment:161537369', amount: 400 },
    ]);
  });

  it('names customers and their reference, and ends those that are deleted', () => {
    expect(facts('customer_update', { customer })).toMatchObject([
      { kind: 'customer.upserted', name: 'Ada L', references: { reference: 'crm-1' }, deleted: false },
    ]);
    expect(facts('customer_delete', { customer })).toMatchObject([{ deleted: true }]);
  });

  it('knows no currency but the one that is stated', () => {
    const bare = configured(registerSource(maxio));
    const { interpretation } = reading('payment_success', { transaction: transaction(), subscription }, bare);
    expect(interpretation.kind).toBe('quarantine');
  });

  it.each([
    [
      'a statement that does not add up',
      'statement_closed',
      { statement: statement({ total_in_cents: '1' }), customer },
    ],
    ['an invoice that does not add up', 'invoice_issued', { invoice: invoice({ total_amount: '108.51' }) }],
    ['an amount finer than its currency', 'invoice_issued', { invoice: invoice({ total_amount: '108.505' }) }],
    [
      'a payment by hand of nothing',
      'payment_success',
      { transaction: transaction({ gateway_used: '', statement_id: '' }) },
    ],
    [
      'an amount that is no whole number',
      'payment_success',
      { transaction: transaction({ amount_in_cents: '64.00' }) },
    ],
    ['a chargeback', 'chargeback_received', {}],
  ])('leaves to a person: %s', (_, event, payload) => {
    expect(() => facts(event, payload)).toThrow(/unsupported_shape|schema_mismatch|unknown_type/);
  });
});
