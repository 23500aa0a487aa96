import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { LineOptions, Shape } from '../../../sandbox/stripe/events.ts';
import { factsOf, read, verdict } from '../../conformance/interpreting.ts';
import { AT, charge, invoice, line, MONTH, source, wrap } from './samples.ts';

type InvoiceOverride = Parameters<typeof invoice>[0];

function issued(over: InvoiceOverride = {}, shape: Shape = 'basil', enrichment = new Map<string, unknown>()) {
  const [fact, ...rest] = factsOf(
    source,
    wrap('invoice.finalized', invoice({ ...over, shape }), { shape }),
    enrichment,
  );
  if (fact?.kind !== 'invoice.issued' || rest.length > 0) throw new Error('expected one invoice');
  return fact;
}

const withLines = z.object({ lines: z.object({ data: z.array(z.record(z.string(), z.unknown())) }) });
const jsonLines = (object: object) => withLines.parse(object).lines.data;

const quarantine = (object: object, type = 'invoice.finalized') => {
  const [reading] = read(source, new Uint8Array(new TextEncoder().encode(JSON.stringify(wrap(type, { ...object })))));
  if (reading === undefined || reading.event === null || reading.interpretation.kind !== 'quarantine') {
    throw new Error('expected a quarantine');
  }
  return reading.interpretation.reason;
};

describe('a finalized Stripe invoice', () => {
  it.each(['basil', 'classic'] as const)('is issued with its lines and taxes (%s)', (shape) => {
    expect(issued({ customerName: 'Ada', customerEmail: 'ada@example.com', dueAt: AT + 60 }, shape)).toMatchObject({
      kind: 'invoice.issued',
      occurredAt: AT * 1000,
      requires: [],
      invoice: 'stripe:invoice:in_1',
      customer: 'stripe:customer:cus_1',
      number: 'A-0001',
      currency: 'EUR',
      total: 12_000,
      creditApplied: 0,
      dueAt: (AT + 60) * 1000,
      billedTo: { name: 'Ada', email: 'ada@example.com' },
      lines: [
        {
          id: 'il_1',
          product: 'stripe:product:prod_pro',
          quantity: '1',
          net: 10_000,
          discount: 0,
          taxes: [{ code: 'txr_20', amount: 2000, inclusive: false }],
          period: { start: MONTH.start * 1000, end: MONTH.end * 1000 },
          proration: false,
        },
      ],
    });
  });

  it.each(['basil', 'classic'] as const)('keeps the code of reverse charge with a tax of zero (%s)', (shape) => {
    const reason = { amount: 0, inclusive: false, reason: 'reverse_charge' };
    const reversed = [
      line({ id: 'il_1', tax: { ...reason, rate: 'txr_rc' } }),
      line({ id: 'il_2', tax: { ...reason, rate: null } }),
    ];
    const exempt = line({ id: 'il_3', tax: { amount: 0, inclusive: false, rate: 'txr_0', reason: 'product_exempt' } });
    expect(issued({ lines: [...reversed, exempt] }, shape).lines.map(({ taxes }) => taxes)).toEqual([
      [{ code: 'txr_rc', amount: 0, inclusive: false, percent: null }],
      [{ code: 'reverse_charge', amount: 0, inclusive: false, percent: null }],
      [],
    ]);
  });

  it.each(['basil', 'classic'] as const)(
    'takes inclusive tax out of the net, and the discount’s tax out of the discount (%s)',
    (shape) => {
      const lines = [line({ amount: 12_000, discount: 1200, tax: { amount: 1800, inclusive: true, rate: 'txr_20' } })];
      const fact = issued({ lines }, shape);
      expect(fact.total).toBe(10_800);
      expect(fact.lines[0]).toMatchObject({ net: 9000, discount: 1000, taxes: [{ amount: 1800, inclusive: true }] });
    },
  );

  it.each(['basil', 'classic'] as const)('keeps prorations signed, each with its own period (%s)', (shape) => {
    const lines = [
      line({ id: 'il_minus', amount: -4000, proration: true }),
      line({ id: 'il_plus', amount: 9000, proration: true, quantity: 3 }),
    ];
    expect(issued({ lines }, shape).lines).toMatchObject([
      { id: 'il_minus', net: -4000, proration: true },
      { id: 'il_plus', net: 9000, proration: true, quantity: '3' },
    ]);
  });

  it('applies credit, grants credit for a negative invoice, and claims an old debt with the new one', () => {
    expect(issued({ startingBalance: -1100 }).creditApplied).toBe(1100);
    expect(issued({ startingBalance: -50_000 }).creditApplied).toBe(12_000);
    expect(issued({ lines: [line({ amount: -700 })] })).toMatchObject({ total: -700, creditApplied: -700 });
    expect(issued({ startingBalance: 500 }).creditApplied).toBe(-500);
  });

  it('reads credit from what is left to pay where no ending balance is stated', () => {
    const [fact] = factsOf(
      source,
      wrap('invoice.finalized', { ...invoice({ startingBalance: -1100 }), ending_balance: null }),
    );
    expect(fact).toMatchObject({ creditApplied: 1100 });
  });

  it('books shipping as a line with its own tax', () => {
    const object = {
      ...invoice({ lines: [line()] }),
      shipping_cost: { amount_subtotal: 500, amount_tax: 100, amount_total: 600, shipping_rate: 'shr_1' },
      total: 10_600,
      amount_due: 10_600,
    };
    const [fact] = factsOf(source, wrap('invoice.finalized', object));
    expect(fact).toMatchObject({
      total: 10_600,
      lines: [{ net: 10_000 }, { id: 'shipping', net: 500, taxes: [{ amount: 100 }] }],
    });
  });

  it('spreads the invoice-wide discount and tax of old versions over the lines without losing a cent', () => {
    const lines = ['a', 'b', 'c'].map((id) => ({ id: 'sub_1', description: id, amount: 333 }));
    const object = {
      id: 'in_old',
      currency: 'usd',
      customer: 'cus_1',
      lines: { data: lines },
      subtotal: 999,
      tax: 80,
      tax_percent: 8.9,
      total: 979,
      amount_due: 979,
      starting_balance: 0,
      ending_balance: 0,
    };
    const [fact] = factsOf(source, wrap('invoice.finalized', object, { shape: 'classic' }));
    if (fact?.kind !== 'invoice.issued') throw new Error('expected an invoice');
    expect(fact.lines.map((each) => each.id)).toEqual(['sub_1', 'sub_1~2', 'sub_1~3']);
    expect(fact.lines.reduce((sum, each) => sum + each.net, 0)).toBe(899);
    expect(fact.lines.flatMap((each) => each.taxes).reduce((sum, tax) => sum + tax.amount, 0)).toBe(80);
    expect(fact.lines[0]?.taxes[0]).toMatchObject({ code: 'unspecified', percent: '8.9' });
  });

  it('always sums to its total, whatever the lines', () => {
    const anyLine = fc.record({
      amount: fc.integer({ min: -100_000, max: 1_000_000 }),
      discountShare: fc.integer({ min: 0, max: 100 }),
      tax: fc.option(fc.record({ share: fc.integer({ min: 0, max: 30 }), inclusive: fc.boolean() }), { nil: null }),
    });
    fc.assert(
      fc.property(
        fc.array(anyLine, { minLength: 1, maxLength: 10 }),
        fc.constantFrom<Shape>('basil', 'classic'),
        fc.integer({ min: -1_000_000, max: 0 }),
        (drawn, shape, startingBalance) => {
          const lines = drawn.map(({ amount, discountShare, tax }, index): LineOptions => {
            const discount = amount > 0 ? Math.trunc((amount * discountShare) / 100) : 0;
            const taxAmount = tax === null ? 0 : Math.trunc(((amount - discount) * tax.share) / 100);
            const base = line({ id: `il_${index}`, amount, discount });
            return tax === null
              ? base
              : { ...base, tax: { amount: taxAmount, inclusive: tax.inclusive, rate: 'txr_1' } };
          });
          const fact = issued({ lines, startingBalance }, shape);
          const parts = fact.lines.flatMap((each) => [each.net, ...each.taxes.map((tax) => tax.amount)]);
          expect(parts.reduce<number>((sum, part) => sum + part, 0)).toBe(fact.total);
        },
      ),
    );
  });

  it('is quarantined, with the path, when it does not add up', () => {
    const { total: _, ...rest } = invoice();
    expect(quarantine({ ...rest, total: 12_001 })).toMatchObject({ code: 'unsupported_shape' });
    expect(quarantine({ ...rest, total: 12_001 }).detail).toContain('lines: ');
    expect(quarantine({ ...invoice(), amount_due: 1 }).detail).toContain('amount_due: ');
    expect(quarantine({ ...invoice(), customer: null }).detail).toContain('customer: ');
    expect(quarantine({ ...invoice(), amount_due: 'many' })).toMatchObject({
      code: 'schema_mismatch',
      detail: expect.stringContaining('amount_due'),
    });
  });

  it('is quarantined when billing credits paid for it, because what they were is not said', () => {
    const credit = [{ amount: 100, type: 'credit_balance_transaction' }];
    const [basilLine] = jsonLines(invoice({ lines: [line()] }));
    const lines = { data: [{ ...basilLine, pretax_credit_amounts: credit }] };
    expect(quarantine({ ...invoice({ lines: [line()] }), lines }).detail).toContain('pretax_credit_amounts');
  });

  it('needs its other lines when it has more than ten, and waits in quarantine without them', () => {
    const short = { ...invoice(), lines: { data: [], has_more: true } };
    expect(quarantine(short).detail).toContain('could not be fetched');
    const full = jsonLines(invoice());
    const enrichment = new Map([['invoice_lines:in_1', { data: full, has_more: false }]]);
    expect(factsOf(source, wrap('invoice.finalized', short), enrichment)).toMatchObject([{ total: 12_000 }]);
  });

  it('converts Stripe’s two decimals of ISK to ISO’s none, exactly or not at all', () => {
    expect(issued({ currency: 'isk', lines: [line({ amount: 150_000 })] })).toMatchObject({
      currency: 'ISK',
      total: 1500,
    });
    expect(quarantine(invoice({ currency: 'isk', lines: [line({ amount: 150_050 })] })).detail).toContain('whole ISO');
    expect(issued({ currency: 'jpy', lines: [line({ amount: 1500 })] })).toMatchObject({ total: 1500 });
    expect(issued({ currency: 'mga', lines: [line({ amount: 15 })] })).toMatchObject({ total: 1500 });
  });
});

describe('what becomes of an invoice', () => {
  const verdictOf = (type: string, object: object, shape: Shape = 'basil') => {
    const text = JSON.stringify(wrap(type, { ...object }, { shape }));
    return read(source, new Uint8Array(new TextEncoder().encode(text))).map(verdict);
  };

  it('books no cash from invoice.paid when Stripe collected it or credit covered it', () => {
    expect(verdictOf('invoice.paid', invoice({ status: 'paid' }))).toEqual(['no effect']);
    expect(verdictOf('invoice.paid', invoice({ status: 'paid', startingBalance: -99_999 }))).toEqual(['no effect']);
    expect(verdictOf('invoice.payment_succeeded', invoice({ status: 'paid' }))).toEqual(['no effect']);
    expect(verdictOf('invoice.payment_failed', invoice())).toEqual(['no effect']);
    expect(verdictOf('invoice.created', invoice())).toEqual(['no effect']);
  });

  it('tells which payments settled it, once its charges do not', () => {
    const paid = { id: 'inpay_1', invoice: 'in_1', amount_paid: 12_000, currency: 'eur', status: 'paid' };
    const payments = {
      data: [
        { ...paid, payment: { type: 'payment_intent', payment_intent: 'pi_1' } },
        { ...paid, status: 'open', payment: { type: 'payment_intent', payment_intent: 'pi_2' } },
      ],
    };
    const event = wrap('invoice.paid', invoice({ status: 'paid' }));
    expect(factsOf(source, event, new Map([['invoice_payments:in_1', payments]]))).toMatchObject([
      {
        kind: 'payment.applied',
        requires: ['stripe:payment:pi_1', 'stripe:invoice:in_1'],
        customer: 'stripe:customer:cus_1',
        amount: 12_000,
      },
    ]);
  });

  it.each(['basil', 'classic'] as const)('books money from outside Stripe from invoice.paid alone (%s)', (shape) => {
    const object = invoice({ shape, status: 'paid', paidOutOfBand: true });
    expect(factsOf(source, wrap('invoice.paid', object, { shape }))).toMatchObject([
      {
        kind: 'payment.external',
        requires: ['stripe:invoice:in_1'],
        payment: 'stripe:payment:in_1~external',
        amount: 12_000,
      },
    ]);
    expect(verdictOf('invoice.payment_succeeded', object, shape)).toEqual(['no effect']);
  });

  it('is voided and written off only after it was issued', () => {
    expect(factsOf(source, wrap('invoice.voided', invoice({ status: 'void' })))).toMatchObject([
      { kind: 'invoice.voided', requires: ['stripe:invoice:in_1'] },
    ]);
    expect(factsOf(source, wrap('invoice.marked_uncollectible', invoice({ amountPaid: 2000 })))).toMatchObject([
      { kind: 'invoice.written_off', requires: ['stripe:invoice:in_1'], remaining: 10_000 },
    ]);
  });

  it('knows a charge’s customer when only a v2 account stands for one', () => {
    const object = { ...charge(), customer: null, customer_account: 'acct_cust' };
    expect(factsOf(source, wrap('charge.succeeded', object))).toMatchObject([
      { customer: 'stripe:customer:acct_cust' },
    ]);
  });
});
