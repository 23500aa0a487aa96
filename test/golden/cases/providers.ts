import * as make from '../../../sandbox/chargebee/events.ts';
import { adyen as adyenSource } from '../../../src/sources/adyen/index.ts';
import { chargebee as chargebeeSource } from '../../../src/sources/chargebee/index.ts';
import { paddle as paddleSource } from '../../../src/sources/paddle/index.ts';
import { recurly as recurlySource } from '../../../src/sources/recurly/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { configured } from '../../conformance/interpreting.ts';
import { batch, type ItemFields, item, standard } from '../../sources/adyen/samples.ts';
import { adjustment, event as paddleEvent, transaction as paddleTransaction } from '../../sources/paddle/samples.ts';
import {
  notification,
  invoice as recurlyInvoice,
  transaction as recurlyTransaction,
} from '../../sources/recurly/samples.ts';
import type { Family, Told } from '../case.ts';
import { through } from '../providers.ts';
import { midnight, noon } from '../stripe.ts';

const chargebee = through('Chargebee', configured(registerSource(chargebeeSource)));
const recurly = through('Recurly', configured(registerSource(recurlySource)));
const paddle = through('Paddle', configured(registerSource(paddleSource)));
const adyen = through('Adyen', configured(registerSource(adyenSource), standard));

const customer = { id: 'cb-acme', company: 'Acme Ltd' };
const month = { from: midnight('2026-01-15'), to: midnight('2026-02-15') };
const cbLine = (amount: number, more: Partial<make.LineDetails> = {}): make.LineDetails => ({
  ...{ id: 'li_1', itemPrice: 'pro-EUR-monthly', description: 'Pro', amount, taxName: 'VAT', taxPercent: 20, ...month },
  ...more,
});
const meta = (day: string, id: string) => ({ id: `ev_${id}`, occurredAt: noon(day) });
type CbInvoice = Partial<make.InvoiceDetails>;
const cbInvoice = (day: string, type: 'invoice_generated' | 'invoice_updated', more: CbInvoice = {}): Told =>
  chargebee({
    ...{ date: day, type, about: 'INV-1' },
    body: make.invoiceEvent(meta(day, `${type}_${day}`), type, {
      ...{ id: 'INV-1', customer, currency: 'EUR', date: noon('2026-01-15'), lines: [cbLine(3100)], ...more },
    }),
  });
const cbMoney = (amount: number, method: make.PaymentDetails['method'] = 'card'): make.PaymentDetails => ({
  ...{ id: 'txn_1', customer, currency: 'EUR', amount, date: noon('2026-01-16'), method },
  applied: [{ invoiceId: 'INV-1', amount }],
});
const cbPaid = (amount: number, method?: make.PaymentDetails['method']): Told =>
  chargebee({
    ...{ date: '2026-01-16', type: 'payment_succeeded', about: 'txn_1' },
    body: make.paymentEvent(meta('2026-01-16', 'paid'), 'payment_succeeded', cbMoney(amount, method)),
  });
const cbNote = (type: 'adjustment' | 'refundable', lines: readonly make.LineDetails[], refunded = 0): Told =>
  chargebee({
    ...{ date: '2026-01-20', type: 'credit_note_created', about: 'CN-1' },
    body: make.creditNoteCreated(meta('2026-01-20', 'noted'), {
      ...{ id: 'CN-1', invoiceId: 'INV-1', customer, currency: 'EUR', date: noon('2026-01-20'), type, lines, refunded },
    }),
  });

const recurlyTold = (date: string, object: string, type: string, kind: string, value: object): Told =>
  recurly({
    ...{ date, type: `${object}.${type}`, about: 'obj1' },
    ...{ body: notification(object, type, 'obj1'), shown: { [`${kind}:obj1`]: value } },
  });
const recurlySold = recurlyTold('2026-11-20', 'charge_invoice', 'created', 'invoice', recurlyInvoice());
const recurlyPaid = recurlyTold('2026-11-20', 'payment', 'succeeded', 'transaction', recurlyTransaction());

const paddleTold = (type: string, data: object, id: string): Told =>
  paddle({ date: '2026-11-20', type, about: id, body: paddleEvent(type, data, `evt_${type.replace(/\W/g, '')}`) });

const adyenTold = (fields: ItemFields): Told =>
  adyen({
    ...{ date: '2026-11-20', type: fields.eventCode, about: fields.pspReference ?? 'PSP00001' },
    body: batch(item(fields)),
  });
const shopper = { additionalData: { shopperReference: 'acme' } };
const original = { originalReference: 'PSP00001' };
const adyenPaid = [
  adyenTold({ eventCode: 'AUTHORISATION', amount: { value: 12_000, currency: 'EUR' }, ...shopper }),
  adyenTold({
    eventCode: 'CAPTURE',
    pspReference: 'MOD1',
    amount: { value: 12_000, currency: 'EUR' },
    ...original,
    ...shopper,
  }),
];

export const providers: Family = {
  topic: 'Other billing platforms and processors',
  about: 'The same facts, announced in other words. What a provider adds or leaves out shows in the entries.',
  cases: [
    {
      slug: 'chargebee-invoice-and-payment',
      title: 'Chargebee: an invoice and its payment',
      story:
        '31.00 and 6.20 tax for 15 January to 15 February, paid by card. Chargebee does not say what the gateway kept: the gross stands on clearing.',
      events: [cbInvoice('2026-01-15', 'invoice_generated'), cbPaid(3720)],
      balances: {
        EUR: { clearing: '37.20', revenue: '-17.00', deferredRevenue: '-14.00', 'tax VAT-20': '-6.20' },
      },
      deferred: { '2026-02': '14.00' },
    },
    {
      slug: 'chargebee-told-twice',
      title: 'Chargebee: one payment, told by three events',
      story:
        'The payment is told as payment_succeeded, transaction_created and invoice_updated. It is booked from the first.',
      events: [
        cbInvoice('2026-01-15', 'invoice_generated'),
        cbPaid(3720),
        chargebee({
          ...{ date: '2026-01-16', type: 'transaction_created', about: 'txn_1' },
          body: make.event(
            meta('2026-01-16', 'transaction'),
            'transaction_created',
            make.paymentEvent(meta('2026-01-16', 'x'), 'payment_succeeded', cbMoney(3720)).content,
          ),
        }),
        cbInvoice('2026-01-16', 'invoice_updated', { status: 'paid' }),
      ],
      balances: {
        EUR: { clearing: '37.20', revenue: '-17.00', deferredRevenue: '-14.00', 'tax VAT-20': '-6.20' },
      },
      deferred: { '2026-02': '14.00' },
      silent: 2,
    },
    {
      slug: 'chargebee-cheque',
      title: 'Chargebee: paid by cheque',
      story: 'A cheque recorded in Chargebee never touches a processor: the money is in transit to the bank.',
      events: [cbInvoice('2026-01-15', 'invoice_generated'), cbPaid(3720, 'check')],
      balances: {
        EUR: { bankInTransit: '37.20', revenue: '-17.00', deferredRevenue: '-14.00', 'tax VAT-20': '-6.20' },
      },
      deferred: { '2026-02': '14.00' },
    },
    {
      slug: 'chargebee-adjustment',
      title: 'Chargebee: an adjustment credit note',
      story: 'An unpaid invoice is lowered by 20.00 and 4.00 tax: February’s 14.00 first, then 6.00 of January.',
      events: [cbInvoice('2026-01-15', 'invoice_generated'), cbNote('adjustment', [cbLine(2000)])],
      balances: { EUR: { receivable: '13.20', revenue: '-11.00', 'tax VAT-20': '-2.20' } },
    },
    {
      slug: 'chargebee-refundable-note',
      title: 'Chargebee: a refundable credit note and its refund',
      story: 'A paid invoice is credited in full, and the money is paid back: the refund clears the credit note.',
      events: [
        cbInvoice('2026-01-15', 'invoice_generated'),
        cbPaid(3720),
        cbNote('refundable', [cbLine(3100)], 3720),
        chargebee({
          ...{ date: '2026-01-20', type: 'payment_refunded', about: 'txn_r' },
          body: make.paymentRefunded(meta('2026-01-20', 'refunded'), {
            ...{ id: 'txn_r', payment: cbMoney(3720), amount: 3720, date: noon('2026-01-20'), creditNoteId: 'CN-1' },
          }),
        }),
      ],
      balances: { EUR: {} },
    },
    {
      slug: 'chargebee-write-off',
      title: 'Chargebee: a write-off',
      story:
        'Chargebee tells of a write-off as a change of the invoice and, again, as a credit note. It is booked from the invoice.',
      events: [
        cbInvoice('2026-01-15', 'invoice_generated', { lines: [cbLine(10_000, { from: 0, to: 0 })] }),
        cbInvoice('2026-03-01', 'invoice_updated', { lines: [cbLine(10_000, { from: 0, to: 0 })], writeOff: 12_000 }),
        chargebee({
          ...{ date: '2026-03-01', type: 'credit_note_created', about: 'CN-W' },
          body: make.creditNoteCreated(meta('2026-03-01', 'writeoff'), {
            ...{ id: 'CN-W', invoiceId: 'INV-1', customer, currency: 'EUR', date: noon('2026-03-01') },
            ...{ type: 'adjustment', lines: [cbLine(10_000, { from: 0, to: 0 })], reasonCode: 'write_off' },
          }),
        }),
      ],
      balances: { EUR: { badDebt: '120.00', revenue: '-100.00', 'tax VAT-20': '-20.00' } },
      silent: 1,
    },
    {
      slug: 'recurly-invoice-and-payment',
      title: 'Recurly: an invoice and its payment',
      story:
        'A plan of 99.90 net for 20 November to 20 December with 19.98 tax, and a set-up of 10.92 that contains 1.82 tax; 130.80 are paid. 11 of the plan’s 30 days are in November: 36.63.',
      events: [recurlySold, recurlyPaid],
      balances: {
        EUR: {
          ...{ clearing: '130.80', revenue: '-45.73', deferredRevenue: '-63.27' },
          ...{ 'tax vat-FR': '-19.98', 'tax tax': '-1.82' },
        },
      },
      deferred: { '2026-12': '63.27' },
      remarks: ['36.63 of the plan and 9.10 of set-up are 45.73; 19 days of December are 63.27.'],
    },
    {
      slug: 'recurly-payment-first',
      title: 'Recurly: the payment is heard of first',
      story: 'The payment names an invoice that is not in the books, and waits for it. The balances are the same.',
      events: [recurlyPaid, recurlySold],
      balances: {
        EUR: {
          ...{ clearing: '130.80', revenue: '-45.73', deferredRevenue: '-63.27' },
          ...{ 'tax vat-FR': '-19.98', 'tax tax': '-1.82' },
        },
      },
      deferred: { '2026-12': '63.27' },
    },
    {
      slug: 'paddle-merchant-of-record',
      title: 'Paddle: a merchant of record',
      story:
        'Paddle sells in its own name: the 20.00 of tax are Paddle’s to pay. We earn 100.00, of which Paddle keeps 6.00. 90.00 are for 20 November to 20 December: 11 of 30 days in November.',
      events: [paddleTold('transaction.completed', paddleTransaction(), 'txn_1')],
      balances: { EUR: { clearing: '94.00', fees: '6.00', revenue: '-43.00', deferredRevenue: '-57.00' } },
      deferred: { '2026-12': '57.00' },
    },
    {
      slug: 'paddle-told-three-times',
      title: 'Paddle: billed, paid and completed are one sale',
      story:
        'Each of the three events tells the invoice. The payment is booked with the second; the third brings the fee.',
      events: [
        paddleTold('transaction.billed', { ...paddleTransaction(), payments: [] }, 'txn_1'),
        paddleTold('transaction.paid', paddleTransaction({}, { payout_totals: null }), 'txn_1'),
        paddleTold('transaction.completed', paddleTransaction(), 'txn_1'),
      ],
      balances: { EUR: { clearing: '94.00', fees: '6.00', revenue: '-43.00', deferredRevenue: '-57.00' } },
      deferred: { '2026-12': '57.00' },
    },
    {
      slug: 'paddle-refund',
      title: 'Paddle: a refund with part of the fee back',
      story:
        '10.00 of the set-up are refunded; Paddle returns 0.50 of its fee. The refund takes what is deferred first.',
      events: [
        paddleTold('transaction.completed', paddleTransaction(), 'txn_1'),
        paddleTold('adjustment.updated', adjustment(), 'adj_1'),
      ],
      balances: { EUR: { clearing: '84.50', fees: '5.50', revenue: '-43.00', deferredRevenue: '-47.00' } },
      deferred: { '2026-12': '47.00' },
      remarks: ['A refund without a credit note names no line: which part was concerned, the set-up, is not in it.'],
    },
    {
      slug: 'adyen-capture',
      title: 'Adyen: authorised, captured',
      story:
        'An authorisation is no money; the capture is. Adyen names no invoice: the cash is unapplied until the billing system says which it paid.',
      events: adyenPaid,
      balances: { EUR: { clearing: '120.00', unapplied: '-120.00' } },
      silent: 1,
    },
    {
      slug: 'adyen-refund',
      title: 'Adyen: a refund that bounces',
      story: '40.00 of 120.00 are refunded, and the bank returns them.',
      events: [
        ...adyenPaid,
        adyenTold({
          eventCode: 'REFUND',
          pspReference: 'REF1',
          amount: { value: 4000, currency: 'EUR' },
          ...original,
          ...shopper,
        }),
        adyenTold({
          eventCode: 'REFUND_FAILED',
          pspReference: 'REF1',
          amount: { value: 4000, currency: 'EUR' },
          ...original,
          ...shopper,
        }),
      ],
      balances: { EUR: { clearing: '120.00', unapplied: '-120.00' } },
      silent: 1,
    },
    {
      slug: 'adyen-chargeback',
      title: 'Adyen: a chargeback, announced twice, then lost',
      story:
        'NOTIFICATION_OF_CHARGEBACK and CHARGEBACK tell of one dispute; the money leaves once. When the defence ends it is lost.',
      events: [
        ...adyenPaid,
        adyenTold({
          eventCode: 'NOTIFICATION_OF_CHARGEBACK',
          pspReference: 'CB1',
          amount: { value: 12_000, currency: 'EUR' },
          ...original,
          ...shopper,
        }),
        adyenTold({
          eventCode: 'CHARGEBACK',
          pspReference: 'CB1',
          amount: { value: 12_000, currency: 'EUR' },
          ...original,
          ...shopper,
        }),
        adyenTold({
          ...{
            eventCode: 'DISPUTE_DEFENSE_PERIOD_ENDED',
            pspReference: 'CB1',
            amount: { value: 12_000, currency: 'EUR' },
          },
          ...original,
          additionalData: { shopperReference: 'acme', disputeStatus: 'Lost' },
        }),
      ],
      balances: { EUR: { unapplied: '-120.00', disputeLoss: '120.00' } },
      silent: 2,
    },
  ],
};
