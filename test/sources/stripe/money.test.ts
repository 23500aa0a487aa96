import { describe, expect, it } from 'vitest';
import * as make from '../../../sandbox/stripe/events.ts';
import type { EnrichmentNeed, StoredEvent } from '../../../src/sources/source.ts';
import { factsOf, read, stored, verifiedBody } from '../../conformance/interpreting.ts';
import { AT, charge, creditNote, dispute, payout, refund, source, transaction, wrap } from './samples.ts';

const bodyOf = (event: object) => new Uint8Array(new TextEncoder().encode(JSON.stringify(event)));

function storedOf(event: object): StoredEvent {
  const parsed = source.parse(verifiedBody(bodyOf(event)));
  const [first] = parsed.ok ? parsed.value : [];
  if (first === undefined) throw new Error('not addressable');
  return stored(first);
}

const needsOf = (event: object): readonly string[] =>
  source.enrichment(storedOf(event)).map((need: EnrichmentNeed) => `${need.kind}:${need.id}`);

const noteOf = (event: object): string | null => {
  const [reading] = read(source, bodyOf(event));
  if (reading === undefined || reading.event === null || reading.interpretation.kind !== 'facts') return 'quarantined';
  return reading.interpretation.facts.length === 0 ? reading.interpretation.note : 'facts';
};

const inpay = make.invoicePayment({
  id: 'inpay_1',
  invoice: 'in_1',
  paymentIntent: 'pi_1',
  amount: 12_000,
  currency: 'eur',
  created: AT,
});

describe('a Stripe charge', () => {
  it('is captured with its settlement, tax on the fee apart, after the invoice it names', () => {
    const event = wrap('charge.succeeded', charge({ shape: 'classic', invoice: 'in_1' }), { shape: 'classic' });
    expect(needsOf(event)).toEqual([]);
    expect(factsOf(source, event)).toEqual([
      {
        kind: 'payment.captured',
        occurredAt: AT * 1000,
        requires: ['stripe:invoice:in_1'],
        payment: 'stripe:payment:pi_1',
        customer: 'stripe:customer:cus_1',
        invoice: 'stripe:invoice:in_1',
        currency: 'EUR',
        amount: 12_000,
        settlement: {
          currency: 'EUR',
          gross: 12_000,
          fee: 325,
          feeTax: 65,
          net: 11_610,
          exchangeRate: null,
          reference: 'txn_1',
        },
      },
    ]);
  });

  it('asks for its balance transaction and, since basil, for its invoice; without them it guesses neither', () => {
    const event = wrap('charge.succeeded', charge({ balanceTransaction: 'txn_1' }));
    expect(needsOf(event)).toEqual(['balance_transaction:txn_1', 'payment_invoices:pi_1']);
    expect(factsOf(source, event)).toMatchObject([{ invoice: null, requires: [], settlement: null }]);
    const enrichment = new Map<string, unknown>([
      ['balance_transaction:txn_1', transaction()],
      ['payment_invoices:pi_1', { data: [inpay] }],
    ]);
    expect(factsOf(source, event, enrichment)).toMatchObject([
      { invoice: 'stripe:invoice:in_1', requires: ['stripe:invoice:in_1'], settlement: { net: 11_610 } },
    ]);
  });

  it('is unapplied when its payment intent paid several invoices', () => {
    const two = { data: [inpay, { ...inpay, id: 'inpay_2', invoice: 'in_2' }] };
    const event = wrap('charge.succeeded', charge());
    expect(factsOf(source, event, new Map([['payment_invoices:pi_1', two]]))).toMatchObject([{ invoice: null }]);
  });

  it('is booked when captured, for what was captured', () => {
    const authorised = charge({ captured: false, balanceTransaction: null });
    expect(noteOf(wrap('charge.succeeded', authorised))).toContain('authorised only');
    expect(factsOf(source, wrap('charge.captured', charge({ amountCaptured: 9000 })))).toMatchObject([
      { amount: 9000 },
    ]);
  });

  it('belongs to the payment intent, or to itself where there is none', () => {
    expect(factsOf(source, wrap('charge.succeeded', charge({ paymentIntent: null })))).toMatchObject([
      { payment: 'stripe:payment:ch_1' },
    ]);
  });

  it('fails under its own key, so that the payment that later succeeds is another', () => {
    const failed = charge({ failureCode: 'card_declined', balanceTransaction: null });
    expect(factsOf(source, wrap('charge.failed', failed))).toMatchObject([
      { kind: 'payment.failed', payment: 'stripe:payment:ch_1', reason: 'card_declined' },
    ]);
  });

  it('states the rate in whole units when it settled in a currency of other decimals', () => {
    const settled = transaction({ amount: 6700, currency: 'usd', fee: 0, feeTax: 0, exchangeRate: 0.67 });
    const [fact] = factsOf(
      source,
      wrap('charge.succeeded', charge({ currency: 'jpy', amount: 10_000, balanceTransaction: settled })),
    );
    expect(fact).toMatchObject({
      amount: 10_000,
      settlement: { currency: 'USD', gross: 6700, exchangeRate: '0.0067' },
    });
  });

  it('is quarantined when its balance transaction does not add up', () => {
    const broken = { ...transaction(), net: 1 };
    expect(() => factsOf(source, wrap('charge.succeeded', charge({ balanceTransaction: broken })))).toThrow(
      'unsupported_shape: balance_transaction',
    );
  });
});

describe('a Stripe invoice payment', () => {
  it('applies a payment once both it and the invoice are in the books', () => {
    expect(factsOf(source, wrap('invoice_payment.paid', inpay))).toMatchObject([
      {
        kind: 'payment.applied',
        requires: ['stripe:payment:pi_1', 'stripe:invoice:in_1'],
        customer: null,
        amount: 12_000,
      },
    ]);
  });

  it('leaves the word to invoice.paid, in the customer’s lane, where the API can be asked', () => {
    const event = wrap('invoice_payment.paid', inpay);
    expect(needsOf(event)).toEqual(['invoice_payments:in_1']);
    const [reading] = read(source, bodyOf(event), undefined, new Map([['invoice_payments:in_1', { data: [inpay] }]]));
    expect(reading).toMatchObject({ event: { customer: null }, interpretation: { kind: 'facts', facts: [] } });
    const expanded = wrap('invoice_payment.paid', { ...inpay, invoice: { id: 'in_1', customer: 'cus_1' } });
    expect(needsOf(expanded)).toEqual([]);
    expect(factsOf(source, expanded)).toMatchObject([
      { invoice: 'stripe:invoice:in_1', customer: 'stripe:customer:cus_1' },
    ]);
  });

  it('says nothing new to endpoints whose charges name the invoice', () => {
    expect(noteOf(wrap('invoice_payment.paid', inpay, { shape: 'classic' }))).toContain('covered by the charge');
  });
});

describe('a Stripe refund', () => {
  const partly = (amountRefunded: number, before: number, more: Partial<make.ChargeOptions> = {}) =>
    wrap('charge.refunded', charge({ amountRefunded, ...more }), { previous: { amount_refunded: before } });

  it('is booked cumulatively, found in the list by what the event added', () => {
    const event = partly(4000, 3000);
    expect(needsOf(event)).toEqual(['charge_refunds:ch_1', 'customer_credit_notes:cus_1']);
    const enrichment = new Map([
      [
        'charge_refunds:ch_1',
        {
          data: [
            refund({ id: 're_later', amount: 1000, created: AT + 9 }),
            refund({ id: 're_2', amount: 1000 }),
            refund(),
          ],
        },
      ],
    ]);
    expect(factsOf(source, event, enrichment)).toMatchObject([
      {
        kind: 'refund.paid',
        requires: ['stripe:payment:pi_1'],
        refund: 'stripe:refund:re_2',
        cumulative: 4000,
        amount: 1000,
        creditNote: null,
        settlement: { gross: -3000 },
      },
    ]);
  });

  it('takes the refund the classic shapes list, and names the credit note that made it', () => {
    const event = partly(3000, 0, { shape: 'classic', refunds: [refund()], invoice: 'in_1' });
    expect(needsOf(event)).toEqual(['customer_credit_notes:cus_1']);
    const enrichment = new Map([['customer_credit_notes:cus_1', { data: [creditNote()] }]]);
    expect(factsOf(source, event, enrichment)).toMatchObject([
      {
        refund: 'stripe:refund:re_1',
        creditNote: 'stripe:credit_note:cn_1',
        requires: ['stripe:payment:pi_1', 'stripe:credit_note:cn_1'],
        settlement: { gross: -3000, net: -3000 },
      },
    ]);
  });

  it('has a key of its own and no settlement when no single refund fits', () => {
    expect(factsOf(source, partly(3000, 0))).toMatchObject([
      { refund: 'stripe:refund:ch_1@3000', settlement: null, cumulative: 3000, amount: null },
    ]);
  });

  it('does not count what a partial capture never collected', () => {
    expect(noteOf(partly(2000, 0, { amountCaptured: 10_000 }))).toContain('uncaptured rest');
    expect(factsOf(source, partly(5000, 2000, { amountCaptured: 10_000 }))).toMatchObject([{ cumulative: 3000 }]);
    expect(noteOf(partly(12_000, 0, { captured: false, balanceTransaction: null }))).toContain('released');
  });

  it('is reversed when it bounces, and only then told from its own events', () => {
    expect(noteOf(wrap('refund.created', refund()))).toBe('covered by charge.refunded');
    expect(noteOf(wrap('charge.refund.updated', refund()))).toBe('covered by charge.refunded');
    for (const type of ['refund.failed', 'refund.updated', 'charge.refund.updated']) {
      expect(factsOf(source, wrap(type, refund({ status: 'failed' })))).toMatchObject([
        { kind: 'refund.reversed', requires: ['stripe:payment:pi_1', 'stripe:refund:re_1'], amount: 3000 },
      ]);
    }
  });
});

describe('a Stripe credit note', () => {
  const noted = (over: Parameters<typeof creditNote>[0], shape: make.Shape = 'basil') =>
    factsOf(source, wrap('credit_note.created', creditNote({ ...over, shape }), { shape }));

  it.each(['basil', 'classic'] as const)('takes back the invoice’s lines and says how it was settled (%s)', (shape) => {
    expect(noted({}, shape)).toMatchObject([
      {
        kind: 'credit_note.issued',
        requires: ['stripe:invoice:in_1'],
        total: 3000,
        reducesReceivable: 0,
        refunded: 3000,
        creditedToBalance: 0,
        paidOutOfBand: 0,
        lines: [{ id: 'il_1', net: 2500, taxes: [{ code: 'txr_20', amount: 500 }] }],
      },
    ]);
  });

  it('splits one that was partly open, partly refunded, credited and paid elsewhere', () => {
    const refunds = [{ refund: 're_1', amount: 1000 }];
    expect(noted({ prePayment: 500, refunds, creditedToBalance: 800, outOfBand: 700 })).toMatchObject([
      { reducesReceivable: 500, refunded: 1000, creditedToBalance: 800, paidOutOfBand: 700 },
    ]);
  });

  it('is quarantined when the split is not stated', () => {
    expect(() => noted({ creditedToBalance: 800 }, 'classic')).toThrow('refund: ');
    expect(() => noted({ refunds: [] })).toThrow('customer_balance_transaction: ');
    expect(() => noted({ refunds: [{ refund: 're_1', amount: 9999 }] })).toThrow('total: ');
  });

  it('fetches its lines when the event has not all of them', () => {
    const short = { ...creditNote(), lines: { data: [], has_more: true } };
    expect(needsOf(wrap('credit_note.created', short))).toEqual(['credit_note_lines:cn_1']);
    expect(() => factsOf(source, wrap('credit_note.created', short))).toThrow('could not be fetched');
  });

  it('is voided after it and its invoice are in the books', () => {
    expect(factsOf(source, wrap('credit_note.voided', creditNote()))).toMatchObject([
      { kind: 'credit_note.voided', requires: ['stripe:invoice:in_1', 'stripe:credit_note:cn_1'] },
    ]);
  });
});

describe('a Stripe dispute', () => {
  const out = transaction({ id: 'txn_d', amount: -12_000, fee: 1500, feeTax: 0, type: 'adjustment' });
  const back = transaction({ id: 'txn_w', amount: 12_000, fee: 0, feeTax: 0, type: 'adjustment', created: AT + 9 });

  it('moves money only when Stripe moved it', () => {
    expect(factsOf(source, wrap('charge.dispute.created', dispute()))).toMatchObject([
      { kind: 'dispute.opened', payment: 'stripe:payment:pi_1', amount: 12_000 },
    ]);
    const withdrawn = wrap('charge.dispute.funds_withdrawn', dispute({ balanceTransactions: [out] }));
    expect(factsOf(source, withdrawn)).toMatchObject([
      { kind: 'dispute.withdrawn', settlement: { gross: -12_000, fee: 1500, net: -13_500 } },
    ]);
    const reinstated = dispute({ status: 'won', balanceTransactions: [out, back] });
    expect(factsOf(source, wrap('charge.dispute.funds_reinstated', reinstated))).toMatchObject([
      { kind: 'dispute.won', requires: ['stripe:payment:pi_1', 'stripe:dispute:dp_1'], settlement: { net: 12_000 } },
    ]);
  });

  it('is lost when closed as lost; won and mere inquiries bring nothing new', () => {
    const closed = (status: 'lost' | 'won' | 'warning_closed') => wrap('charge.dispute.closed', dispute({ status }));
    expect(factsOf(source, closed('lost'))).toMatchObject([{ kind: 'dispute.lost' }]);
    expect(noteOf(closed('won'))).toContain('funds_reinstated');
    expect(noteOf(closed('warning_closed'))).toContain('no money moved');
    const odd = { ...dispute(), status: 'something_new' };
    expect(() => factsOf(source, wrap('charge.dispute.closed', odd))).toThrow('status: ');
  });

  it('is its customer’s only where the charge is expanded', () => {
    const expanded = wrap('charge.dispute.created', dispute({ charge: charge() }));
    expect(factsOf(source, expanded)).toMatchObject([{ customer: 'stripe:customer:cus_1' }]);
    expect(factsOf(source, wrap('charge.dispute.created', dispute()))).toMatchObject([{ customer: null }]);
  });
});

describe('a Stripe payout', () => {
  const fee = transaction({
    id: 'txn_fee',
    source: 'x',
    amount: -200,
    fee: 0,
    feeTax: 0,
    type: 'stripe_fee',
    reportingCategory: 'fee',
  });
  const odd = transaction({
    id: 'txn_odd',
    source: 'x',
    amount: -50,
    fee: 0,
    feeTax: 0,
    type: 'reserve_transaction',
    reportingCategory: 'risk_reserved_funds',
  });
  const own = transaction({
    id: 'txn_po',
    source: 'po_1',
    amount: -11_360,
    fee: 0,
    feeTax: 0,
    type: 'payout',
    reportingCategory: 'payout',
  });

  it('is sent with the fees of its payments, and brings Stripe’s own fees and unknown changes with it', () => {
    const taken = transaction({ id: 'txn_re', source: refund(), amount: -3000, fee: 0, feeTax: 0, type: 'refund' });
    const all = [transaction({ source: charge() }), taken, fee, odd, own];
    const enrichment = new Map([['payout_transactions:po_1', { data: all, has_more: false }]]);
    const event = wrap('payout.paid', payout({ amount: make.payoutAmount([transaction(), taken, fee, odd]) }));
    expect(needsOf(event)).toEqual(['payout_transactions:po_1']);
    expect(factsOf(source, event, enrichment)).toMatchObject([
      { kind: 'processor.fee', fee: 'stripe:fee:txn_fee', amount: 200 },
      {
        kind: 'balance.adjusted',
        adjustment: 'stripe:adjustment:txn_odd',
        amount: -50,
        category: 'risk_reserved_funds',
      },
      {
        kind: 'payout.sent',
        amount: 8360,
        arrivesAt: (AT + 86_400) * 1000,
        transactions: [
          { payment: 'stripe:payment:pi_1', settlement: { fee: 325, feeTax: 65, net: 11_610 } },
          { payment: 'stripe:payment:pi_1', settlement: { net: -3000 } },
          { payment: 'stripe:fee:txn_fee', settlement: { net: -200 } },
          { payment: 'stripe:adjustment:txn_odd', settlement: { net: -50 } },
        ],
      },
    ]);
  });

  it('has no list to ask for when it was made by hand', () => {
    expect(needsOf(wrap('payout.paid', { ...payout(), automatic: false }))).toEqual([]);
  });

  it('is sent without a list where none can be had', () => {
    expect(factsOf(source, wrap('payout.paid', payout()))).toMatchObject([{ kind: 'payout.sent', transactions: null }]);
  });

  it('comes back only when it had been booked', () => {
    const failed = (status: string) => wrap('payout.failed', payout({ status: 'failed' }), { previous: { status } });
    expect(factsOf(source, failed('paid'))).toMatchObject([
      { kind: 'payout.returned', requires: ['stripe:payout:po_1'], amount: 11_610 },
    ]);
    expect(noteOf(failed('in_transit'))).toContain('nothing was booked');
  });
});

describe('a Stripe transfer of an API version before 2017-04-06', () => {
  const old = {
    ...{ id: 'tr_1', object: 'transfer', amount: 5000, currency: 'eur', balance_transaction: 'txn_tr' },
    ...{ status: 'pending', date: AT + 86_400, recipient: null },
  };
  const ways: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ['by its type', { ...old, type: 'bank_account', destination: 'ba_1' }],
    ['by its type, to a card', { ...old, type: 'card', destination: 'card_1' }],
    ['by its bank account', { ...old, bank_account: { object: 'bank_account', last4: '6789' } }],
    ['by its bank account, as it was called first', { ...old, account: { object: 'bank_account', last4: '6789' } }],
    ['by the summary that automatic transfers had', { ...old, account: null, summary: { charge_count: 1, net: 5000 } }],
  ];

  it.each(ways)('is a payout to one’s own bank, told %s', (_, transfer) => {
    expect(noteOf(wrap('transfer.created', transfer))).toContain('booked when paid');
    expect(needsOf(wrap('transfer.paid', transfer))).toEqual([]);
    expect(factsOf(source, wrap('transfer.paid', { ...transfer, status: 'paid' }))).toMatchObject([
      { kind: 'payout.sent', payout: 'stripe:payout:tr_1', amount: 5000, arrivesAt: (AT + 86_400) * 1000 },
    ]);
    expect(factsOf(source, wrap('transfer.failed', { ...transfer, status: 'failed' }))).toMatchObject([
      { kind: 'payout.returned', requires: ['stripe:payout:tr_1'], amount: 5000 },
    ]);
  });

  it('that failed before it was paid takes nothing back', () => {
    const transfer = { ...old, type: 'bank_account', status: 'failed' };
    expect(noteOf(wrap('transfer.failed', transfer, { previous: { status: 'pending' } }))).toContain(
      'nothing was booked',
    );
    expect(noteOf(wrap('transfer.canceled', { ...transfer, status: 'canceled' }))).toContain('nothing was booked');
  });

  it.each([
    ['somebody else’s bank', { ...old, type: 'bank_account', recipient: 'rp_1' }],
    ['nowhere that it says', { ...old, account: null }],
    [
      'a bank, by its destination alone, in a version that has no status',
      { ...old, destination: 'ba_1', status: undefined },
    ],
  ])('goes to a person when it goes to %s', (_, transfer) => {
    for (const type of ['transfer.created', 'transfer.paid', 'transfer.failed']) {
      expect(() => factsOf(source, wrap(type, transfer))).toThrow('destination: ');
    }
  });

  it('is booked once when it goes to a connected account', () => {
    const transfer = { ...old, type: 'stripe_account', destination: 'acct_1' };
    expect(factsOf(source, wrap('transfer.created', transfer))).toMatchObject([
      { kind: 'balance.adjusted', amount: -5000 },
    ]);
    expect(noteOf(wrap('transfer.paid', transfer))).toContain('booked when created');
    expect(() => factsOf(source, wrap('transfer.failed', transfer))).toThrow('destination: ');
  });
});

describe('other changes of the Stripe balance', () => {
  it('go to a person under the key of their balance transaction', () => {
    const topup = { id: 'tu_1', object: 'topup', amount: 5000, currency: 'eur', balance_transaction: 'txn_tu' };
    expect(factsOf(source, wrap('topup.succeeded', topup))).toMatchObject([
      { kind: 'balance.adjusted', adjustment: 'stripe:adjustment:txn_tu', amount: 5000, category: 'topup' },
    ]);
    const transfer = { ...topup, id: 'tr_1', object: 'transfer', destination: 'acct_x' };
    expect(factsOf(source, wrap('transfer.created', transfer))).toMatchObject([
      { amount: -5000, category: 'transfer' },
    ]);
    expect(() => factsOf(source, wrap('transfer.created', { ...transfer, destination: 'ba_1' }))).toThrow(
      'destination: ',
    );
  });
});
