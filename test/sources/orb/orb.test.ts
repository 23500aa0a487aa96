import Orb from 'orb-billing';
import { describe, expect, it, vi } from 'vitest';
import { orb, orbScheme } from '../../../src/sources/orb/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { verifyHmac } from '../../../src/verification/hmac-scheme.ts';
import { configured, factsOf } from '../../conformance/interpreting.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { believesNoAlteration } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { hmac } from '../../verification/signing.ts';
import { vectorsOf } from '../../verification/vectors.ts';

const event = (type: string, resource: object, id = 'o4mmewpfNNTnjfZc') => ({
  id,
  created_at: '2026-11-20T10:00:00+00:00',
  type,
  properties: {},
  ...resource,
});

const tax = (amount: string) => ({ amount, tax_rate_description: 'VAT', tax_rate_percentage: '20' });

const invoice = (over: object = {}) => ({
  id: 'inv_1',
  invoice_number: 'ACME-00001',
  status: 'issued',
  currency: 'USD',
  customer: { id: 'cus_1', external_customer_id: 'crm-1' },
  invoice_date: '2026-11-20T00:00:00+00:00',
  issued_at: '2026-11-20T08:00:00+00:00',
  due_date: '2026-12-20T00:00:00+00:00',
  total: '120.00',
  amount_due: '100.00',
  line_items: [
    {
      id: 'li_1',
      name: 'Platform',
      quantity: 1,
      subtotal: '90.00',
      adjusted_subtotal: '80.00',
      amount: '80.00',
      start_date: '2026-11-01T00:00:00+00:00',
      end_date: '2026-12-01T00:00:00+00:00',
      price: { item: { id: 'item_1' } },
      tax_amounts: [tax('16.00')],
    },
    { id: 'li_2', name: 'Usage', quantity: 12.5, subtotal: '20.00', amount: '20.00', tax_amounts: [tax('4.00')] },
  ],
  payment_attempts: [
    {
      id: 'pa_1',
      amount: '100.00',
      created_at: '2026-11-20T09:00:00+00:00',
      payment_provider_id: 'pi_1',
      succeeded: false,
    },
    {
      id: 'pa_2',
      amount: '100.00',
      created_at: '2026-11-20T09:30:00+00:00',
      payment_provider_id: 'pi_2',
      succeeded: true,
    },
  ],
  ...over,
});

const creditNote = (over: object = {}) => ({
  id: 'cn_1',
  credit_note_number: 'CN-1',
  invoice_id: 'inv_1',
  customer: { id: 'cus_1' },
  created_at: '2026-11-21T00:00:00+00:00',
  type: 'adjustment',
  total: '12.00',
  line_items: [{ id: 'li_1', name: 'Platform', amount: '10.00', item_id: 'item_1', tax_amounts: [tax('2.00')] }],
  ...over,
});

const customer = {
  id: 'cus_1',
  external_customer_id: '001A',
  name: 'ACME',
  email: 'ap@acme.example',
  payment_provider: 'stripe_charge',
  payment_provider_id: 'cus_9',
};

const source = configured(registerSource(orb), { currency: 'USD', externalCustomerId: 'salesforce' });
const facts = (type: string, resource: object, from = source) => factsOf(from, event(type, resource));

const NOW = Date.UTC(2026, 10, 22, 12);
const stamp = (at: number) => new Date(at).toISOString().replace('Z', '');
const signed = (body: Uint8Array | string, at: number, secret = 'secret') => ({
  'x-orb-timestamp': stamp(at),
  'x-orb-signature': `v1=${'0'.repeat(64)} v1=${hmac(secret, [`v1:${stamp(at)}:`, body])}`,
});

sourceContract('Orb', registerSource(orb), {
  config: { currency: 'USD', refundNotes: 'refund' },
  secrets: ['old', 'secret'],
  wrongSecrets: ['other'],
  contentType: 'application/json',
  headers: async (body, at) => signed(body, at),
  proof: ['x-orb-signature', 'x-orb-timestamp'],
  bindsBody: true,
  bindsTime: true,
  bodies: [
    event('invoice.issued', { invoice: invoice() }),
    event('invoice.payment_succeeded', { invoice: invoice() }),
    event('invoice.payment_failed', { invoice: invoice() }),
    event('invoice.manually_marked_as_paid', { invoice: invoice() }),
    event('invoice.manually_marked_as_void', { invoice: invoice() }),
    event('credit_note.issued', { credit_note: creditNote({ type: 'refund' }) }),
    event('credit_note.marked_as_void', { credit_note: creditNote() }),
    event('customer.created', { customer }),
    event('subscription.started', {
      subscription: { id: 'sub_1', status: 'active', customer: { id: 'cus_1' }, plan: { id: 'plan_1' } },
    }),
    event('resource_event.test', {}),
  ].map((one) => bytes(JSON.stringify(one))),
});

describe("Orb's signature", () => {
  const vectors = vectorsOf('orb') ?? [];
  it.skipIf(vectors.length === 0)('judges every published vector as expected (skipped without ../shared)', async () => {
    for (const vector of vectors) {
      if (vector.kind !== undefined) throw new Error(`unexpected vector ${vector.name}`);
      const delivered = delivery(vector.payload, vector.headers, vector.now_unix * 1000);
      const verdict = await verifyHmac(delivered, always(vector.secret), orbScheme(vector.tolerance_s));
      expect(verdict.ok, vector.name).toBe(vector.expect === 'ok');
    }
  });

  it("agrees with Orb's own library", async () => {
    vi.useFakeTimers({ now: NOW });
    try {
      const theirs = new Orb({ apiKey: 'none', webhookSecret: 'secret' }).webhooks;
      const body = '{"id":"é"}';
      for (const headers of [
        signed(body, NOW),
        signed(body, NOW - 299_000),
        signed(body, NOW - 302_000),
        signed(body, NOW + 302_000),
        signed(body, NOW, 'other'),
        { ...signed(body, NOW), 'x-orb-signature': 'v2=00' },
      ]) {
        let accepted = true;
        try {
          theirs.verifySignature(body, headers, 'secret');
        } catch {
          accepted = false;
        }
        const ours = await verifyHmac(delivery(body, headers, NOW), always('secret'), orbScheme(300));
        expect(ours.ok, JSON.stringify(headers)).toBe(accepted);
      }
    } finally {
      vi.useRealTimers();
    }
  });

  const body = '{"id":"1"}';
  believesNoAlteration('orb', {
    valid: delivery(
      body,
      { ...signed(body, NOW), 'x-orb-signature': `v1=${hmac('secret', `v1:${stamp(NOW)}:${body}`)}` },
      NOW,
    ),
    verify: (one) => verifyHmac(one, always('old', 'secret'), orbScheme(300)),
    headers: ['x-orb-signature', 'x-orb-timestamp'],
    toleranceSeconds: 300,
  });
});

describe("Orb's events as facts", () => {
  it('books an invoice from its decimals, the balance it used apart', () => {
    expect(facts('invoice.issued', { invoice: invoice() })).toMatchObject([
      {
        kind: 'invoice.issued',
        occurredAt: Date.UTC(2026, 10, 20, 8),
        invoice: 'orb:invoice:inv_1',
        customer: 'orb:customer:cus_1',
        total: 12_000,
        creditApplied: 2000,
        lines: [
          {
            net: 8000,
            taxes: [{ code: 'VAT', amount: 1600, percent: '20' }],
            period: { start: Date.UTC(2026, 10, 1), end: Date.UTC(2026, 11, 1) },
            product: 'orb:item:item_1',
          },
          { net: 2000, quantity: '12.5', period: null },
        ],
      },
    ]);
  });

  it('books the attempt that succeeded, by its own id', () => {
    expect(facts('invoice.payment_succeeded', { invoice: invoice() })).toMatchObject([
      { kind: 'payment.captured', payment: 'orb:payment:pa_2', amount: 10_000, requires: ['orb:invoice:inv_1'] },
    ]);
    expect(facts('invoice.payment_failed', { invoice: invoice() })).toMatchObject([
      { kind: 'payment.failed', payment: 'orb:payment:pa_1' },
    ]);
  });

  it('takes the attempt the event names where several succeeded, and none where it names none', () => {
    const attempts = invoice().payment_attempts.map((attempt) => ({ ...attempt, succeeded: true }));
    const named = {
      invoice: invoice({ payment_attempts: attempts }),
      properties: { payment_provider_transaction_id: 'pi_1' },
    };
    expect(facts('invoice.payment_succeeded', named)).toMatchObject([{ payment: 'orb:payment:pa_1' }]);
    expect(() => facts('invoice.payment_succeeded', { ...named, properties: {} })).toThrow(/unsupported_shape/);
  });

  it('books what was marked as paid on the day the money came', () => {
    const marked = { invoice: invoice(), properties: { payment_received_date: '2026-11-18' } };
    expect(facts('invoice.manually_marked_as_paid', marked)).toMatchObject([
      { kind: 'payment.external', amount: 10_000, occurredAt: Date.UTC(2026, 10, 18, 12) },
    ]);
  });

  it('lowers what is owed by an adjustment, its tax inside or beside the amounts', () => {
    for (const amount of ['10.00', '12.00']) {
      const [line] = creditNote().line_items;
      const note = creditNote({ line_items: [{ ...line, amount }] });
      expect(facts('credit_note.issued', { credit_note: note })).toMatchObject([
        {
          kind: 'credit_note.issued',
          total: 1200,
          reducesReceivable: 1200,
          lines: [{ net: 1000, taxes: [{ amount: 200 }] }],
        },
      ]);
    }
  });

  it('asks a person, or the settings, where a refund goes', () => {
    const refund = { credit_note: creditNote({ type: 'refund' }) };
    expect(() => facts('credit_note.issued', refund)).toThrow(/do not say where/);
    for (const [refundNotes, part] of [
      ['balance', { creditedToBalance: 1200, refunded: 0 }],
      ['refund', { creditedToBalance: 0, refunded: 1200 }],
    ] as const) {
      const said = configured(registerSource(orb), { currency: 'USD', refundNotes });
      expect(facts('credit_note.issued', refund, said)).toMatchObject([part]);
    }
  });

  it('knows the customer elsewhere', () => {
    expect(facts('customer.created', { customer })).toMatchObject([
      { kind: 'customer.upserted', references: { salesforce: '001A', stripe: 'cus_9' } },
    ]);
  });

  it.each([
    ['lines that do not make the total', { total: '120.01' }],
    ['an amount finer than its currency', { total: '120.005' }],
    ['a carried-over balance', { amount_due: '130.00' }],
  ])('leaves to a person: %s', (_, over) => {
    expect(() => facts('invoice.issued', { invoice: invoice(over) })).toThrow(/unsupported_shape/);
  });

  it('leaves to a person: an invoice that is no longer paid, and unknown types', () => {
    expect(() => facts('invoice.undo_mark_as_paid', { invoice: invoice() })).toThrow(/unknown_type/);
    expect(() => facts('customer.balance_transaction_created', { customer })).toThrow(/unknown_type/);
  });
});
