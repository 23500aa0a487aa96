import { describe, expect, it } from 'vitest';
import { quickbooks } from '../../../src/sources/quickbooks/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { configured, factsOf, read } from '../../conformance/interpreting.ts';
import { bytes } from '../../verification/deliveries.ts';

const REALM = '913035829570099';
const setUp = configured(registerSource(quickbooks), { realmId: REALM, facts: true, currency: 'USD' });
const event = (entity: string, operation = 'created') => ({
  specversion: '1.0',
  id: 'e1',
  source: 'intuit.x',
  type: `qbo.${entity}.${operation}.v1`,
  time: '2026-11-20T10:00:00.000Z',
  intuitentityid: '130',
  intuitaccountid: REALM,
  data: {},
});
const NOON = Date.UTC(2026, 10, 20, 12);
/** Amounts are text, as enrichment reads them. */
const head = { Id: '130', TxnDate: '2026-11-20', CustomerRef: { value: '6', name: 'Ada Ltd' } };
const sale = (id: string, Amount: string, code = 'TAX') => ({
  Id: id,
  Amount,
  Description: `Line ${id}`,
  DetailType: 'SalesItemLineDetail',
  SalesItemLineDetail: { ItemRef: { value: '4', name: 'Design' }, Qty: '2', TaxCodeRef: { value: code } },
});
const subtotal = { Amount: '100.00', DetailType: 'SubTotalLineDetail' };
const tax = (Amount: string) => ({
  TotalTax: Amount,
  TaxLine: [{ Amount, TaxLineDetail: { TaxRateRef: { value: '3' }, TaxPercent: '8' } }],
});
const invoice = {
  ...head,
  DocNumber: '1037',
  DueDate: '2026-12-20',
  TotalAmt: '105.60',
  Line: [sale('1', '70.00'), sale('2', '30.00', 'NON'), subtotal],
  TxnTaxDetail: tax('5.60'),
};
const payment = {
  ...head,
  TotalAmt: '55.00',
  UnappliedAmt: '0',
  Line: [
    { Amount: '50.00', LinkedTxn: [{ TxnId: '147', TxnType: 'Invoice' }] },
    { Amount: '5.00', LinkedTxn: [{ TxnId: '148', TxnType: 'Invoice' }] },
  ],
};

const facts = (entity: string, record: object, operation?: string) =>
  factsOf(setUp, [event(entity, operation)], new Map([[`record:${entity}/130`, record]]));
/** `nothing`, or which member a person is told of. */
function said(entity: string, record: object | null, operation?: string): string {
  const fetched = new Map([[`record:${entity}/130`, record]]);
  const [first] = read(setUp, bytes(JSON.stringify([event(entity, operation)])), undefined, fetched);
  if (first?.event === null || first === undefined) throw new Error('unreadable');
  const { interpretation } = first;
  if (interpretation.kind === 'quarantine') return interpretation.reason.detail.split(':')[0] ?? '';
  return interpretation.facts.length === 0 ? 'nothing' : 'facts';
}

describe('an invoice of QuickBooks, where customers are billed there', () => {
  it('is a claim; its tax is spread over what is taxed', () => {
    expect(facts('invoice', invoice)).toMatchObject([
      {
        kind: 'invoice.issued',
        occurredAt: NOON,
        invoice: `quickbooks:invoice:${REALM}-130`,
        customer: `quickbooks:customer:${REALM}-6`,
        number: '1037',
        currency: 'USD',
        total: 10_560,
        lines: [
          {
            id: '1',
            product: `quickbooks:item:${REALM}-4`,
            net: 7_000,
            taxes: [{ code: '3', amount: 560, percent: '8' }],
          },
          { id: '2', net: 3_000, taxes: [] },
        ],
      },
    ]);
  });

  it('has its discount taken off the lines in proportion, in the currency it names', () => {
    const Line = [...invoice.Line, { Amount: '10.00', DetailType: 'DiscountLineDetail' }];
    const record = { ...invoice, Line, TotalAmt: '95.60', CurrencyRef: { value: 'CAD' } };
    expect(facts('invoice', record)).toMatchObject([
      {
        currency: 'CAD',
        total: 9_560,
        lines: [
          { net: 6_300, discount: 700 },
          { net: 2_700, discount: 300 },
        ],
      },
    ]);
  });

  it('is taken back when it is void', () => {
    const record = { ...invoice, TotalAmt: '0', PrivateNote: 'Voided - by mistake' };
    expect(facts('invoice', record, 'voided')).toMatchObject([{ kind: 'invoice.voided' }]);
  });

  it.each([
    ['our own', { ...invoice, PrivateNote: 'invoice/stripe:invoice:in_1' }, 'nothing'],
    ['gone', null, 'the record could not be read'],
    ['not adding up', { ...invoice, TotalAmt: '105.61' }, 'Line'],
    ['of a bundle', { ...invoice, Line: [{ DetailType: 'GroupLineDetail', Amount: '105.60' }] }, 'Line[0].DetailType'],
  ])('that is %s is nothing, or what a person is told of', (_what, record, expected) => {
    expect(said('invoice', record)).toBe(expected);
  });

  it('is not read again because it was e-mailed, nor asked for where customers are billed elsewhere', () => {
    expect(said('invoice', invoice, 'emailed')).toBe('nothing');
    const elsewhere = configured(registerSource(quickbooks), { realmId: REALM });
    const [first] = read(elsewhere, bytes(JSON.stringify([event('invoice')])));
    if (first?.event === null || first === undefined) throw new Error('unreadable');
    expect(elsewhere.enrichment({ ...first.event, receivedAt: NOON })).toEqual([]);
  });
});

describe('money in QuickBooks', () => {
  it('is a payment for each invoice it pays', () => {
    expect(facts('payment', payment)).toMatchObject([
      {
        kind: 'payment.external',
        payment: `quickbooks:payment:${REALM}-130-147`,
        invoice: `quickbooks:invoice:${REALM}-147`,
        amount: 5_000,
      },
      { kind: 'payment.external', payment: `quickbooks:payment:${REALM}-130-148`, amount: 500 },
    ]);
  });

  it.each([
    ['on no invoice', { ...payment, UnappliedAmt: '5.00' }, 'UnappliedAmt'],
    ['void', { ...payment, TotalAmt: '0', PrivateNote: 'Voided' }, 'TotalAmt'],
    [
      'with credit in it',
      { ...payment, Line: [{ Amount: '55.00', LinkedTxn: [{ TxnId: '9', TxnType: 'CreditMemo' }] }] },
      'Line[0].LinkedTxn',
    ],
    ['more than its lines', { ...payment, TotalAmt: '56.00' }, 'Line'],
    ['our own', { ...payment, PrivateNote: 'payment/stripe:payment:ch_1' }, 'nothing'],
  ])('that is %s is nothing, or what a person is told of', (_what, record, expected) => {
    expect(said('payment', record)).toBe(expected);
  });

  it('taken off an invoice by a credit memo that names it is a credit note; one that names none is shown', () => {
    expect(facts('creditmemo', { ...invoice, InvoiceRef: { value: '147' } })).toMatchObject([
      {
        kind: 'credit_note.issued',
        invoice: `quickbooks:invoice:${REALM}-147`,
        total: 10_560,
        reducesReceivable: 10_560,
      },
    ]);
    expect(said('creditmemo', invoice)).toBe('InvoiceRef');
  });

  it('given back by a receipt is shown, unless the gateway wrote it', () => {
    expect(said('refundreceipt', { ...head, TotalAmt: '5.00' })).toBe('RefundReceipt');
    expect(said('refundreceipt', { ...head, TotalAmt: '5.00', PrivateNote: 'entry/stripe:refund:re_1' })).toBe(
      'nothing',
    );
  });
});
