import { createHmac } from 'node:crypto';
import { gocardless } from '../../../src/sources/gocardless/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { bytes } from '../../verification/deliveries.ts';
import { api, event, webhook } from './samples.ts';

sourceContract('GoCardless', registerSource(gocardless), {
  config: { customerMetadataKey: 'crm' },
  secrets: ['ED7D658C'],
  wrongSecrets: ['x', ''],
  contentType: 'application/json',
  headers: async (body) => ({ 'webhook-signature': createHmac('sha256', 'ED7D658C').update(body).digest('hex') }),
  proof: ['webhook-signature'],
  bindsBody: true,
  bindsTime: false,
  enrichment: api,
  bodies: [
    webhook(event('payments.confirmed', { payment: 'PM1' }), event('mandates.created', { mandate: 'MD1' })),
    webhook(event('payments.charged_back', { payment: 'PM1' }), event('payments.failed', { payment: 'PM1' })),
    webhook(event('refunds.paid', { refund: 'RF1' }), event('refunds.funds_returned', { refund: 'RF1' })),
    webhook(event('payouts.paid', { payout: 'PO1' }), event('customers.updated', { customer: 'CU1' })),
  ].map((each) => bytes(JSON.stringify(each))),
});
