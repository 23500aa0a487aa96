import * as make from '../../../sandbox/stripe/events.ts';
import { signStripe } from '../../../sandbox/stripe/sign.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import {
  AT,
  charge,
  creditNote,
  dispute,
  invoice,
  line,
  payout,
  refund,
  stripeSource,
  transaction,
  wrap,
} from './samples.ts';

const lost = transaction({
  id: 'txn_d',
  amount: -12_000,
  fee: 1500,
  feeTax: 0,
  type: 'adjustment',
  reportingCategory: 'dispute',
});

const events = [
  wrap('invoice.finalized', invoice()),
  wrap('invoice.finalized', invoice({ shape: 'classic', startingBalance: -500 }), { shape: 'classic' }),
  wrap('customer.created', make.customer({ id: 'cus_1', name: 'Ada', email: 'ada@example.com', created: AT })),
  wrap('product.updated', make.product({ id: 'prod_pro', name: 'Pro', created: AT })),
  wrap('charge.succeeded', charge({ shape: 'classic', invoice: 'in_1' }), { shape: 'classic' }),
  wrap('charge.failed', charge({ failureCode: 'card_declined', balanceTransaction: null })),
  wrap('charge.refunded', charge({ amountRefunded: 3000 }), { previous: { amount_refunded: 0 } }),
  wrap('refund.failed', refund({ status: 'failed' })),
  wrap('credit_note.created', creditNote()),
  wrap('charge.dispute.funds_withdrawn', dispute({ balanceTransactions: [lost] })),
  wrap('charge.dispute.closed', dispute({ status: 'lost', balanceTransactions: [lost] })),
  wrap('payout.paid', payout()),
  wrap('invoice.paid', invoice({ status: 'paid', paidOutOfBand: true })),
  wrap(
    'invoice_payment.paid',
    make.invoicePayment({
      id: 'inpay_1',
      invoice: 'in_1',
      paymentIntent: 'pi_1',
      amount: 12_000,
      currency: 'eur',
      created: AT,
    }),
  ),
  wrap(
    'customer.subscription.updated',
    make.subscription({
      id: 'sub_1',
      customer: 'cus_1',
      status: 'active',
      created: AT,
      items: [{ product: 'prod_pro', quantity: 2 }],
    }),
  ),
];

sourceContract('Stripe', stripeSource, {
  config: { livemode: false },
  secrets: ['whsec_right'],
  wrongSecrets: ['whsec_wrong'],
  contentType: 'application/json',
  bodies: events.map((event) => new Uint8Array(new TextEncoder().encode(JSON.stringify(event)))),
  headers: (body, at) => signStripe(body, 'whsec_right', Math.floor(at / 1000)),
  proof: ['stripe-signature'],
  bindsBody: true,
  bindsTime: true,
  enrichment: new Map<string, unknown>([
    ['payout_transactions:po_1', { data: [transaction({ source: charge() })], has_more: false }],
    [
      'payment_invoices:pi_1',
      {
        data: [
          make.invoicePayment({
            id: 'inpay_1',
            invoice: 'in_1',
            paymentIntent: 'pi_1',
            amount: 12_000,
            currency: 'eur',
            created: AT,
          }),
        ],
      },
    ],
    ['charge_refunds:ch_1', { data: [refund()] }],
    ['customer_credit_notes:cus_1', { data: [creditNote()] }],
    ['invoice_lines:in_1', { data: [line()], has_more: false }],
  ]),
});
