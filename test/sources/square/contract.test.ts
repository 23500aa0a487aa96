import { createHmac } from 'node:crypto';
import { registerSource } from '../../../src/sources/registered.ts';
import { square } from '../../../src/sources/square/index.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import * as samples from './samples.ts';

const url = 'https://gateway.test/in/acme/source';

sourceContract('Square', registerSource(square), {
  config: {},
  secrets: ['signature-key'],
  wrongSecrets: ['another-key', ''],
  url,
  contentType: 'application/json',
  headers: async (body) => ({
    'x-square-hmacsha256-signature': createHmac('sha256', 'signature-key').update(url).update(body).digest('base64'),
  }),
  proof: ['x-square-hmacsha256-signature'],
  bindsBody: true,
  bindsTime: false,
  enrichment: new Map([['order:ORD1', { order: samples.order }]]),
  bodies: [
    samples.squareEvent('payment.updated', 'payment', samples.payment),
    samples.squareEvent('refund.updated', 'refund', samples.refund),
    samples.squareEvent('dispute.created', 'dispute', samples.dispute('EVIDENCE_REQUIRED')),
    samples.squareEvent('dispute.state.updated', 'dispute', samples.dispute('LOST')),
    samples.squareEvent('payout.paid', 'payout', samples.payout('PAID')),
    samples.squareEvent('customer.updated', 'customer', samples.customer),
    samples.squareEvent('invoice.published', 'invoice', samples.invoice),
    samples.squareEvent('invoice.payment_made', 'invoice', samples.invoice),
    samples.squareEvent('invoice.canceled', 'invoice', samples.invoice),
  ].map(samples.body),
});
