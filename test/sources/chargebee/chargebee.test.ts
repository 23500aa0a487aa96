import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CustomerDetails,
  creditNoteCreated,
  customerEvent,
  documentTotal,
  event,
  invoiceEvent,
  itemPriceCreated,
  type LineDetails,
  paymentEvent,
  paymentRefunded,
  subscriptionCreated,
} from '../../../sandbox/chargebee/events.ts';
import { chargebee } from '../../../src/sources/chargebee/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { configured, factsOf, RECEIVED_AT, read, verdict } from '../../conformance/interpreting.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';

const source = configured(registerSource(chargebee), { referenceFields: { salesforce: 'cf_salesforce_account_id' } });
const AT = 1_763_800_000;
const meta = { id: 'ev_1', occurredAt: AT };
const acme: CustomerDetails = {
  id: 'cb-acme',
  company: 'ACME',
  email: 'ap@acme.example',
  salesforceAccountId: '0015g00000AccouAAB',
};
const line = (overrides: Partial<LineDetails> = {}): LineDetails => ({
  id: 'li_1',
  itemPrice: 'pro-EUR-monthly',
  description: 'Pro',
  amount: 10_000,
  discount: 1_000,
  taxName: 'VAT',
  taxPercent: 20,
  from: AT,
  to: AT + 30 * 86_400,
  ...overrides,
});
const invoice = { id: 'INV-1', customer: acme, currency: 'EUR', date: AT - 3600, lines: [line()] };
const payment = {
  id: 'txn_1',
  customer: acme,
  currency: 'EUR',
  amount: 10_800,
  date: AT,
  applied: [{ invoiceId: 'INV-1', amount: 10_800 }],
};
const readOne = (value: object) => read(source, bytes(JSON.stringify(value)))[0];
const verdictOf = (value: object) => {
  const reading = readOne(value);
  return reading === undefined ? 'nothing' : verdict(reading);
};
/** A deep copy with one member of the content changed. */
const altered = (value: { content: object }, member: string, change: object) => {
  const copy = structuredClone(value);
  return {
    ...copy,
    content: { ...copy.content, [member]: { ...Object(Reflect.get(copy.content, member)), ...change } },
  };
};

describe('a Chargebee delivery proves itself', () => {
  const SECRET = 'cb-secret-path-0001';
  const secrets = always('chargebee:s3cret', SECRET);
  const sent = (path: string, authorization: string | null) => ({
    ...delivery('{}', authorization === null ? {} : { authorization }, RECEIVED_AT),
    url: new URL(`https://gateway.test${path}`),
  });
  const right = `Basic ${btoa('chargebee:s3cret')}`;
  const proof = (name: string) => configured(registerSource(chargebee), { proof: name });

  it('by Basic', async () => {
    const verified = await source.verify(sent('/in/acme/chargebee', right), secrets);
    expect(verified.ok && verified.value.trust).toBe('authenticated');
    expect((await source.verify(sent('/in/acme/chargebee', null), secrets)).ok).toBe(false);
  });

  it('by a secret address, more weakly', async () => {
    const verified = await proof('secret-path').verify(sent(`/in/acme/chargebee/${SECRET}`, null), secrets);
    expect(verified.ok && verified.value.trust).toBe('addressed');
  });

  it('by both, and then by neither alone', async () => {
    const both = proof('basic-and-secret-path');
    expect((await both.verify(sent(`/in/acme/chargebee/${SECRET}`, right), secrets)).ok).toBe(true);
    expect((await both.verify(sent('/in/acme/chargebee', right), secrets)).ok).toBe(false);
    expect((await both.verify(sent(`/in/acme/chargebee/${SECRET}`, null), secrets)).ok).toBe(false);
  });
});

describe('customers, subscriptions and the catalogue', () => {
  it('keeps a customer by its resource version, with its other ids', () => {
    expect(factsOf(source, customerEvent(meta, 'customer_created', acme))).toMatchObject([
      {
        kind: 'customer.upserted',
        customer: 'chargebee:customer:cb-acme',
        version: AT * 1000,
        name: 'ACME',
        references: { salesforce: '0015g00000AccouAAB' },
        deleted: false,
      },
    ]);
    expect(factsOf(source, customerEvent(meta, 'customer_deleted', acme))).toMatchObject([{ deleted: true }]);
  });

  it('names a person where there is no company', () => {
    const person = { id: 'p', firstName: 'Ada', lastName: 'Byron' };
    expect(factsOf(source, customerEvent(meta, 'customer_changed', person))).toMatchObject([{ name: 'Ada Byron' }]);
  });

  it('follows subscriptions and item prices', () => {
    const details = { id: 'sub_1', customer: acme, itemPrice: 'pro-EUR-monthly', quantity: 3 };
    expect(factsOf(source, subscriptionCreated(meta, details))).toMatchObject([
      {
        kind: 'subscription.changed',
        status: 'active',
        items: [{ product: 'chargebee:product:pro-EUR-monthly', quantity: '3' }],
      },
    ]);
    const price = itemPriceCreated(meta, { id: 'pro-EUR-monthly', itemId: 'pro', name: 'Pro' });
    expect(factsOf(source, price)).toMatchObject([
      { kind: 'product.upserted', product: 'chargebee:product:pro-EUR-monthly' },
    ]);
    expect(readOne(price)?.event).toMatchObject({ customer: null, sharedLane: 'catalogue' });
  });
});

describe('invoices', () => {
  it('are issued with lines, discounts, taxes and periods that make the total, on their own date', () => {
    expect(factsOf(source, invoiceEvent(meta, 'invoice_generated', invoice))).toMatchObject([
      {
        kind: 'invoice.issued',
        occurredAt: (AT - 3600) * 1000,
        invoice: 'chargebee:invoice:INV-1',
        number: 'INV-1',
        currency: 'EUR',
        total: 10_800,
        creditApplied: 0,
        lines: [
          {
            net: 9_000,
            discount: 1_000,
            taxes: [{ code: 'VAT-20', amount: 1_800, inclusive: false, percent: '20' }],
            period: { start: AT * 1000, end: (AT + 30 * 86_400) * 1000 },
          },
        ],
      },
    ]);
    expect(readOne(invoiceEvent(meta, 'invoice_generated', invoice))?.event).toMatchObject({ customer: 'cb-acme' });
  });

  it('take inclusive tax out of the line', () => {
    const given = altered(
      invoiceEvent(meta, 'invoice_generated', { ...invoice, lines: [line({ taxPercent: 0 })] }),
      'invoice',
      {
        price_type: 'tax_inclusive',
        line_item_taxes: [{ line_item_id: 'li_1', tax_name: 'TVA', tax_rate: 20, tax_amount: 1_500 }],
      },
    );
    const content = JSON.parse(JSON.stringify(given).replace('"tax_amount":0', '"tax_amount":1500'));
    expect(factsOf(source, content)).toMatchObject([
      { total: 9_000, lines: [{ net: 7_500, taxes: [{ amount: 1_500, inclusive: true }] }] },
    ]);
  });

  it('apply credit notes as credit and keep round-off on a line of its own', () => {
    const given = invoiceEvent(meta, 'invoice_generated', { ...invoice, creditsApplied: 500 });
    const rounded = altered(given, 'invoice', { round_off_amount: -3, total: 10_797 });
    expect(factsOf(source, rounded)).toMatchObject([
      { total: 10_797, creditApplied: 500, lines: [{ net: 9_000 }, { net: -3, taxes: [] }] },
    ]);
  });

  it('apply payments that are older than they are, and leave newer ones to their own event', () => {
    const linked = (date: number) => ({
      linked_payments: [
        { txn_id: 'txn_0', applied_amount: 700, applied_at: AT, txn_date: date, txn_status: 'success' },
      ],
    });
    const given = invoiceEvent(meta, 'invoice_generated', invoice);
    expect(factsOf(source, altered(given, 'invoice', linked(AT - 90_000)))).toMatchObject([
      { kind: 'invoice.issued' },
      { kind: 'payment.applied', payment: 'chargebee:payment:txn_0', amount: 700 },
    ]);
    expect(factsOf(source, altered(given, 'invoice', linked(AT)))).toHaveLength(1);
  });

  it.each([
    ['a total that is not its lines', { total: 10_801 }],
    [
      'a tax that is not its line taxes',
      { line_item_taxes: [{ line_item_id: 'li_1', tax_name: 'VAT', tax_rate: 20, tax_amount: 1_799 }] },
    ],
    ["discounts that are not the line's", { line_item_discounts: [{ line_item_id: 'li_1', discount_amount: 999 }] }],
    ['lines that were left out', { line_items_next_offset: '["1"]' }],
  ])('with %s go to a person', (_, change) => {
    const reading = readOne(altered(invoiceEvent(meta, 'invoice_generated', invoice), 'invoice', change));
    expect(reading === undefined ? '' : verdict(reading)).toBe('quarantined:unsupported_shape');
    const detail =
      reading?.event !== null && reading?.interpretation.kind === 'quarantine'
        ? reading.interpretation.reason.detail
        : '';
    expect(detail).toMatch(/^invoice\.line_items/);
  });

  it.each([[1.5], ['100'], [1e14], [null]])('with the amount %s go to a person', (total) => {
    expect(verdictOf(altered(invoiceEvent(meta, 'invoice_generated', invoice), 'invoice', { total }))).toBe(
      'quarantined:schema_mismatch',
    );
  });

  it('that are pending are no claim', () => {
    expect(verdictOf(invoiceEvent(meta, 'invoice_generated', { ...invoice, status: 'pending' }))).toBe('no effect');
  });

  it('are voided, written off, or left alone by an update', () => {
    const updated = (change: object) => verdictOf(invoiceEvent(meta, 'invoice_updated', { ...invoice, ...change }));
    expect(updated({ status: 'voided' })).toBe('facts:invoice.voided');
    expect(updated({ writeOff: 10_800 })).toBe('facts:invoice.written_off');
    expect(updated({ status: 'paid' })).toBe('no effect');
  });

  it('that got credit after they were issued go to a person', () => {
    const given = invoiceEvent(meta, 'invoice_updated', invoice);
    const credits = { applied_credits: [{ cn_id: 'CN-0', applied_amount: 100, applied_at: AT + 86_400 }] };
    expect(verdictOf(altered(given, 'invoice', credits))).toBe('quarantined:unsupported_shape');
  });

  it('always sum to their total, whatever the lines', () => {
    const lines = fc.array(
      fc.record({
        amount: fc.integer({ min: -1_000_000, max: 1_000_000 }),
        discount: fc.integer({ min: 0, max: 5_000 }),
        taxPercent: fc.integer({ min: 0, max: 30 }),
      }),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(lines, (drawn) => {
        const all = drawn.map((one, index) => line({ ...one, id: `li_${index}` }));
        const [issued] = factsOf(source, invoiceEvent(meta, 'invoice_generated', { ...invoice, lines: all }));
        if (issued?.kind !== 'invoice.issued') throw new Error('not issued');
        const sum = issued.lines.reduce(
          (total, one) => total + one.net + one.taxes.reduce((t, tax) => t + tax.amount, 0),
          0,
        );
        expect([sum, issued.total]).toEqual([documentTotal(all), documentTotal(all)]);
      }),
      { numRuns: 100 },
    );
  });
});

describe('payments', () => {
  it('of one invoice are booked at once', () => {
    expect(factsOf(source, paymentEvent(meta, 'payment_succeeded', payment))).toMatchObject([
      {
        kind: 'payment.captured',
        amount: 10_800,
        invoice: 'chargebee:invoice:INV-1',
        requires: ['chargebee:invoice:INV-1'],
        settlement: null,
      },
    ]);
  });

  it('of several invoices, or with money left over, are booked unapplied and then applied', () => {
    const applied = [
      { invoiceId: 'INV-1', amount: 6_000 },
      { invoiceId: 'INV-2', amount: 4_000 },
    ];
    expect(factsOf(source, paymentEvent(meta, 'payment_succeeded', { ...payment, applied }))).toMatchObject([
      { kind: 'payment.captured', amount: 10_800, invoice: null, requires: [] },
      { kind: 'payment.applied', invoice: 'chargebee:invoice:INV-1', amount: 6_000 },
      { kind: 'payment.applied', invoice: 'chargebee:invoice:INV-2', amount: 4_000 },
    ]);
    const advance = factsOf(source, paymentEvent(meta, 'payment_succeeded', { ...payment, applied: [] }));
    expect(advance).toMatchObject([{ kind: 'payment.captured', invoice: null }]);
  });

  it.each([['cash'], ['check'], ['bank_transfer']] as const)('in %s never touch the clearing account', (method) => {
    expect(factsOf(source, paymentEvent(meta, 'payment_succeeded', { ...payment, method }))).toMatchObject([
      { kind: 'payment.external', amount: 10_800, payment: 'chargebee:payment:txn_1' },
    ]);
  });

  it('by one cheque for two invoices settle each under a key of its own', () => {
    const applied = [
      { invoiceId: 'INV-1', amount: 10_000 },
      { invoiceId: 'INV-2', amount: 800 },
    ];
    const facts = factsOf(source, paymentEvent(meta, 'payment_succeeded', { ...payment, method: 'check', applied }));
    expect(new Set(facts.map((fact) => (fact.kind === 'payment.external' ? fact.payment : ''))).size).toBe(2);
  });

  it('that failed book nothing but the failure', () => {
    expect(factsOf(source, paymentEvent(meta, 'payment_failed', payment))).toMatchObject([
      { kind: 'payment.failed', reason: 'card_declined' },
    ]);
  });

  it.each([
    ['applied beyond their amount', { applied: [{ invoiceId: 'INV-1', amount: 10_801 }] }],
    ['offline and not wholly applied', { method: 'cash', applied: [{ invoiceId: 'INV-1', amount: 1 }] }],
  ] as const)('%s go to a person', (_, change) => {
    expect(verdictOf(paymentEvent(meta, 'payment_succeeded', { ...payment, ...change }))).toBe(
      'quarantined:unsupported_shape',
    );
  });

  it('are not booked twice from transaction events, but a reversal is shown', () => {
    const { content } = paymentEvent(meta, 'payment_succeeded', payment);
    const created = event(meta, 'transaction_created', content);
    expect(verdictOf(created)).toBe('no effect');
    expect(verdictOf(altered(created, 'transaction', { type: 'payment_reversal' }))).toBe(
      'quarantined:unsupported_shape',
    );
  });
});

describe('refunds', () => {
  const refund = (amount: number, creditNoteId?: string) =>
    paymentRefunded(meta, {
      id: 'txn_r',
      payment,
      amount,
      date: AT,
      ...(creditNoteId === undefined ? {} : { creditNoteId }),
    });

  it('of a whole payment need nothing else', () => {
    expect(factsOf(source, refund(10_800, 'CN-1'))).toMatchObject([
      {
        kind: 'refund.paid',
        cumulative: 10_800,
        payment: 'chargebee:payment:txn_1',
        creditNote: 'chargebee:credit_note:CN-1',
        requires: ['chargebee:payment:txn_1', 'chargebee:credit_note:CN-1'],
      },
    ]);
  });

  it('in part are cumulative by the payment as fetched, and shown to a person without it', () => {
    expect(verdictOf(refund(800))).toBe('quarantined:unsupported_shape');
    const fetched = (ids: readonly string[]) =>
      new Map<string, unknown>([
        [
          'transaction:txn_1',
          {
            transaction: {
              ...Object(paymentEvent(meta, 'payment_succeeded', payment).content.transaction),
              linked_refunds: ids.map((id) => ({ txn_id: id, txn_status: 'success', txn_date: AT, txn_amount: 800 })),
            },
          },
        ],
      ]);
    expect(factsOf(source, refund(800), fetched(['txn_q', 'txn_r']))).toMatchObject([{ cumulative: 1_600 }]);
    expect(() => factsOf(source, refund(800), fetched(['txn_q']))).toThrow(/partial refund/);
    expect(() => factsOf(source, refund(800), new Map([['transaction:txn_1', null]]))).toThrow(/could not be read/);
  });

  it('ask for the payment they refund a part of, and wait for nothing when they refund it whole', () => {
    const needsOf = (amount: number) => {
      const reading = readOne(refund(amount));
      if (reading === undefined || reading.event === null) throw new Error('not read');
      return source.enrichment({ ...reading.event, receivedAt: RECEIVED_AT });
    };
    expect(needsOf(800)).toEqual([{ kind: 'transaction', id: 'txn_1', account: null }]);
    expect(needsOf(10_800)).toEqual([]);
  });
});

describe('credit notes', () => {
  const note = { id: 'CN-1', invoiceId: 'INV-1', customer: acme, currency: 'EUR', date: AT, lines: [line()] };

  it('that adjust lower what is owed', () => {
    expect(factsOf(source, creditNoteCreated(meta, { ...note, type: 'adjustment' }))).toMatchObject([
      {
        kind: 'credit_note.issued',
        total: 10_800,
        reducesReceivable: 10_800,
        refunded: 0,
        creditedToBalance: 0,
        paidOutOfBand: 0,
      },
    ]);
  });

  it('that are refundable are split into what is paid back and what is kept as credit', () => {
    expect(factsOf(source, creditNoteCreated(meta, { ...note, type: 'refundable', refunded: 800 }))).toMatchObject([
      { reducesReceivable: 0, refunded: 800, creditedToBalance: 10_000 },
    ]);
  });

  it('of a write-off are booked from the invoice only', () => {
    expect(verdictOf(creditNoteCreated(meta, { ...note, type: 'adjustment', reasonCode: 'write_off' }))).toBe(
      'no effect',
    );
  });

  it('are reversed when voided', () => {
    const { content } = creditNoteCreated(meta, { ...note, type: 'adjustment' });
    const updated = altered(event(meta, 'credit_note_updated', content), 'credit_note', { status: 'voided' });
    expect(verdictOf(updated)).toBe('facts:credit_note.voided');
  });

  it.each([
    ['that refund more than they are', { amount_refunded: 20_000 }],
    ['of no invoice', { reference_invoice_id: undefined }],
  ])('%s go to a person', (_, change) => {
    const given = creditNoteCreated(meta, { ...note, type: 'refundable' });
    expect(verdictOf(altered(given, 'credit_note', change))).toBe('quarantined:unsupported_shape');
  });
});

describe('everything else', () => {
  it.each([
    ['subscription_renewal_reminder', 'no effect'],
    ['payment_source_added', 'no effect'],
    ['refund_initiated', 'no effect'],
    ['tax_withheld_recorded', 'quarantined:unknown_type'],
    ['something_new', 'quarantined:unknown_type'],
    ['invoice_deleted', 'quarantined:schema_mismatch'],
  ])('%s is %s', (type, expected) => {
    expect(verdictOf(event(meta, type, { customer: { id: 'cb-acme' } }))).toBe(expected);
  });

  it('without an event id, or without being JSON, is kept whole', () => {
    for (const text of ['{}', '[]', 'null', '{"id":"ev_1"}', 'x', '', '\u0000', `${'['.repeat(200_000)}`]) {
      expect(read(source, bytes(text)).map(verdict)[0]).toMatch(/^unreadable:/);
    }
  });

  it('never throws, whatever a member is replaced by', () => {
    const samples = [
      invoiceEvent(meta, 'invoice_generated', invoice),
      paymentEvent(meta, 'payment_succeeded', payment),
      paymentRefunded(meta, { id: 'txn_r', payment, amount: 1, date: AT }),
      creditNoteCreated(meta, {
        id: 'C',
        invoiceId: 'I',
        customer: acme,
        currency: 'EUR',
        date: AT,
        type: 'store',
        lines: [line()],
      }),
    ];
    const scalars = samples.flatMap((sample, index) =>
      [...JSON.stringify(sample).matchAll(/:("[^"]*"|-?\d+|true|false)/g)].map((match) => ({
        index,
        at: match.index,
        length: match[0].length,
      })),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...scalars),
        fc.oneof(fc.jsonValue(), fc.maxSafeInteger()),
        ({ index, at, length }, value) => {
          const text = JSON.stringify(samples[index]);
          const mutated = `${text.slice(0, at)}:${JSON.stringify(value)}${text.slice(at + length)}`;
          expect(read(source, bytes(mutated)).map(verdict)).toHaveLength(1);
        },
      ),
      { numRuns: 500 },
    );
  });
});
