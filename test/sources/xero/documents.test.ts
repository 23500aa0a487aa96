import { describe, expect, it } from 'vitest';
import { registerSource } from '../../../src/sources/registered.ts';
import { xero } from '../../../src/sources/xero/index.ts';
import { configured, factsOf, read } from '../../conformance/interpreting.ts';
import { bytes } from '../../verification/deliveries.ts';

const TENANT = 'aef86862-2015-4b6b-88bc-d89032cecc50';
const ID = 'a03ffcd2-5d91-4c7e-b483-318584e9e439';
const OTHER = '046d8a6d-1ae1-4b4d-9340-5601bdf41b87';
const CONTACT = 'BD2270C3-8706-4C11-9CFB-000B551C3F51';
const PAYMENT = '38928000-e9a0-420c-8884-f624bab2a351';
const DAY = '/Date(1551916800000+0000)/';
const NOON = Date.UTC(2019, 2, 7, 12);

const setUp = configured(registerSource(xero), { tenantId: TENANT, facts: true });
const delivery = (eventCategory: string) => ({
  events: [
    {
      resourceId: ID,
      tenantId: TENANT,
      tenantType: 'ORGANISATION',
      eventCategory,
      eventType: 'UPDATE',
      eventDateUtc: '2026-11-20T10:00:00.123',
    },
  ],
});
/** Amounts are text, as enrichment reads them. */
const common = {
  Contact: { ContactID: CONTACT, Name: 'Ada Ltd', EmailAddress: 'ada@example.com' },
  Status: 'AUTHORISED',
  Date: DAY,
  CurrencyCode: 'NZD',
  LineAmountTypes: 'Exclusive',
  LineItems: [
    {
      LineItemID: 'l1',
      Description: 'Pro plan',
      ItemCode: 'PRO',
      LineAmount: '40.00',
      TaxType: 'OUTPUT2',
      TaxAmount: '6.00',
    },
  ],
  Total: '46.00',
};
const invoice = {
  ...common,
  InvoiceID: ID,
  Type: 'ACCREC',
  InvoiceNumber: 'INV-1',
  DueDate: '/Date(1552435200000+0000)/',
};
const note = { ...common, CreditNoteID: ID, Type: 'ACCRECCREDIT', CreditNoteNumber: 'CN-1', RemainingCredit: '0' };
const allocated = (Amount: string, InvoiceID = OTHER) => ({ Amount, Invoice: { InvoiceID } });

const facts = (category: 'INVOICE' | 'CREDITNOTE', record: object | null) =>
  factsOf(
    setUp,
    delivery(category),
    new Map([[`record:${category === 'INVOICE' ? 'Invoices' : 'CreditNotes'}/${ID}`, record]]),
  );
/** `nothing`, or which member a person is told of. */
function said(category: 'INVOICE' | 'CREDITNOTE', record: object | null): string {
  const resource = category === 'INVOICE' ? 'Invoices' : 'CreditNotes';
  const fetched = new Map([[`record:${resource}/${ID}`, record]]);
  const [first] = read(setUp, bytes(JSON.stringify(delivery(category))), undefined, fetched);
  if (first?.event === null || first === undefined) throw new Error('unreadable');
  const { interpretation } = first;
  if (interpretation.kind === 'quarantine') return interpretation.reason.detail.split(':')[0] ?? '';
  return interpretation.facts.length === 0 ? 'nothing' : 'facts';
}

describe('an invoice of Xero, where customers are billed there', () => {
  it('is a claim with its lines, their taxes, and the payments on it', () => {
    const Payments = [{ PaymentID: PAYMENT, Date: '/Date(1552953600000+0000)/', Amount: '46.00' }];
    expect(facts('INVOICE', { ...invoice, Status: 'PAID', Payments })).toMatchObject([
      {
        kind: 'invoice.issued',
        occurredAt: NOON,
        invoice: `xero:invoice:${ID}`,
        customer: `xero:customer:${CONTACT.toLowerCase()}`,
        number: 'INV-1',
        currency: 'NZD',
        total: 4_600,
        dueAt: Date.UTC(2019, 2, 13, 12),
        lines: [
          {
            id: 'l1',
            product: 'xero:item:PRO',
            net: 4_000,
            taxes: [{ code: 'OUTPUT2', amount: 600, inclusive: false }],
          },
        ],
      },
      {
        kind: 'payment.external',
        occurredAt: Date.UTC(2019, 2, 19, 12),
        requires: [`xero:invoice:${ID}`],
        payment: `xero:payment:${PAYMENT}`,
        amount: 4_600,
      },
    ]);
  });

  it('with prices that include the tax has it taken out of the line', () => {
    const LineItems = [{ ...common.LineItems[0], LineAmount: '46.00' }];
    expect(facts('INVOICE', { ...invoice, LineAmountTypes: 'Inclusive', LineItems })).toMatchObject([
      { total: 4_600, lines: [{ net: 4_000, taxes: [{ amount: 600, inclusive: true }] }] },
    ]);
  });

  it('is taken back when it is void', () => {
    expect(facts('INVOICE', { ...invoice, Status: 'VOIDED' })).toMatchObject([
      { kind: 'invoice.voided', requires: [`xero:invoice:${ID}`] },
    ]);
  });

  it.each([
    ['a supplier’s', { ...invoice, Type: 'ACCPAY' }, 'nothing'],
    ['not approved', { ...invoice, Status: 'DRAFT' }, 'nothing'],
    ['our own', { ...invoice, Reference: 'invoice/stripe:invoice:in_1' }, 'nothing'],
    ['not to be read', null, 'the record could not be read'],
    ['another one', { ...invoice, InvoiceID: OTHER }, 'another record than the event names'],
    ['not adding up', { ...invoice, Total: '46.01' }, 'LineItems'],
    ['finer than its currency', { ...invoice, CurrencyCode: 'JPY', Total: '46.50' }, 'Total'],
    ['paid in advance', { ...invoice, Prepayments: [{}] }, 'Prepayments, Overpayments'],
    ['with tax withheld', { ...invoice, CISDeduction: '5.00' }, 'CISDeduction'],
  ])('that is %s is nothing, or what a person is told of', (_what, record, expected) => {
    expect(said('INVOICE', record)).toBe(expected);
  });

  it('is not asked for where customers are billed elsewhere', () => {
    const elsewhere = configured(registerSource(xero), { tenantId: TENANT });
    const [first] = read(elsewhere, bytes(JSON.stringify(delivery('INVOICE'))));
    if (first?.event === null || first === undefined) throw new Error('unreadable');
    expect(elsewhere.enrichment({ ...first.event, receivedAt: NOON })).toEqual([]);
  });
});

describe('a credit note of Xero', () => {
  it('that is used up on one invoice takes from it, and what was paid back is owed no more', () => {
    const Payments = [{ PaymentID: PAYMENT, Date: DAY, Amount: '6.00' }];
    expect(facts('CREDITNOTE', { ...note, Allocations: [allocated('40.00')], Payments })).toMatchObject([
      {
        kind: 'credit_note.issued',
        requires: [`xero:invoice:${OTHER}`],
        creditNote: `xero:credit_note:${ID}`,
        invoice: `xero:invoice:${OTHER}`,
        total: 4_600,
        reducesReceivable: 4_000,
        paidOutOfBand: 600,
      },
    ]);
  });

  it.each([
    ['not allocated', note, 'Allocations'],
    ['allocated in part', { ...note, RemainingCredit: '6.00', Allocations: [allocated('40.00')] }, 'RemainingCredit'],
    ['allocated to two', { ...note, Allocations: [allocated('40.00'), allocated('6.00', ID)] }, 'Allocations'],
    ['void', { ...note, Status: 'VOIDED' }, 'Status'],
    ['of a supplier', { ...note, Type: 'ACCPAYCREDIT' }, 'nothing'],
  ])('that is %s is nothing, or what a person is told of', (_what, record, expected) => {
    expect(said('CREDITNOTE', record)).toBe(expected);
  });
});
