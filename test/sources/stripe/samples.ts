/** A small business on Stripe: the events of one customer's month, made with the sandbox's builders. */
import * as make from '../../../sandbox/stripe/events.ts';
import { sources } from '../../../src/sources/registry.ts';
import { configured } from '../../conformance/interpreting.ts';

export const AT = Math.floor(Date.UTC(2026, 10, 22, 11, 59) / 1000);
export const MONTH = { start: AT, end: AT + 30 * 86_400 };

const registered = sources.get('stripe');
if (registered === undefined) throw new Error('stripe is not registered');
export const stripeSource = registered;
export const source = configured(stripeSource);

let serial = 0;
/** Each event its own id, so that samples can stand side by side. */
export const wrap = (type: string, object: make.StripeObject, more: Partial<make.EventOptions> = {}) => {
  serial += 1;
  return make.event(type, object, { id: `evt_${serial}`, created: AT, ...more });
};

export const line = (over: Partial<make.LineOptions> = {}): make.LineOptions => ({
  id: 'il_1',
  product: 'prod_pro',
  description: 'Pro, one month',
  amount: 10_000,
  period: MONTH,
  ...over,
});

export const invoice = (over: Partial<make.InvoiceOptions> = {}) =>
  make.invoice({
    id: 'in_1',
    number: 'A-0001',
    customer: 'cus_1',
    currency: 'eur',
    lines: [line({ tax: { amount: 2000, inclusive: false, rate: 'txr_20' } })],
    finalizedAt: AT,
    ...over,
  });

export const transaction = (over: Partial<make.BalanceTransactionOptions> = {}) =>
  make.balanceTransaction({
    id: 'txn_1',
    source: 'ch_1',
    amount: 12_000,
    currency: 'eur',
    fee: 390,
    feeTax: 65,
    created: AT,
    ...over,
  });

export const charge = (over: Partial<make.ChargeOptions> = {}) =>
  make.charge({
    id: 'ch_1',
    amount: 12_000,
    currency: 'eur',
    customer: 'cus_1',
    paymentIntent: 'pi_1',
    balanceTransaction: transaction(),
    created: AT,
    ...over,
  });

export const refund = (over: Partial<make.RefundOptions> = {}) =>
  make.refund({
    id: 're_1',
    amount: 3000,
    currency: 'eur',
    charge: 'ch_1',
    paymentIntent: 'pi_1',
    balanceTransaction: transaction({ id: 'txn_re', source: 're_1', amount: -3000, fee: 0, feeTax: 0, type: 'refund' }),
    created: AT - 1,
    ...over,
  });

export const creditNote = (over: Partial<make.CreditNoteOptions> = {}) =>
  make.creditNote({
    id: 'cn_1',
    number: 'A-0001-CN-01',
    invoice: 'in_1',
    customer: 'cus_1',
    currency: 'eur',
    lines: [line({ amount: 2500, tax: { amount: 500, inclusive: false, rate: 'txr_20' } })],
    created: AT,
    prePayment: 0,
    refunds: [{ refund: 're_1', amount: 3000 }],
    ...over,
  });

export const dispute = (over: Partial<make.DisputeOptions> = {}) =>
  make.dispute({
    id: 'dp_1',
    charge: 'ch_1',
    paymentIntent: 'pi_1',
    amount: 12_000,
    currency: 'eur',
    created: AT,
    status: 'needs_response',
    ...over,
  });

export const payout = (over: Partial<make.PayoutOptions> = {}) =>
  make.payout({
    id: 'po_1',
    amount: 11_610,
    currency: 'eur',
    created: AT,
    arrivesAt: AT + 86_400,
    balanceTransaction: 'txn_po',
    ...over,
  });
