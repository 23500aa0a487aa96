import { lago } from '../../../src/sources/lago/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { bytes } from '../../verification/deliveries.ts';
import { hmac } from '../../verification/signing.ts';
import { creditNote, customer, event, invoice, payment, subscription } from './samples.ts';
import { keyPair, signed } from './tokens.ts';

const bodies = [
  event('invoice.created', 'invoice', invoice()),
  event('invoice.voided', 'invoice', invoice({ status: 'voided' })),
  event('invoice.payment_status_updated', 'invoice', invoice({ payment_status: 'succeeded' })),
  event('credit_note.created', 'credit_note', creditNote()),
  event('payment.succeeded', 'payment', payment()),
  event('customer.created', 'customer', customer),
  event('plan.updated', 'plan', { code: 'pro', name: 'Pro', created_at: '2026-11-01T00:00:00Z' }),
  event('subscription.started', 'subscription', subscription),
].map((one) => bytes(JSON.stringify(one)));

sourceContract('Lago by HMAC', registerSource(lago), {
  config: { signature: 'hmac' },
  secrets: ['old-key', 'hmac-key'],
  wrongSecrets: ['other'],
  contentType: 'application/json',
  headers: async (body) => ({
    'x-lago-signature': hmac('hmac-key', [body], 'base64'),
    'x-lago-signature-algorithm': 'hmac',
    'x-lago-unique-key': '0b9ee7f5-1c23-4f5c-9b8f-b8f9f8f8f8f8',
  }),
  proof: ['x-lago-signature'],
  bindsBody: true,
  bindsTime: false,
  bodies,
});

const [own, other] = [keyPair(), keyPair()];

sourceContract('Lago by JWT', registerSource(lago), {
  config: { signature: 'jwt', issuer: 'https://api.lago.example', paymentsFrom: 'invoice-status' },
  secrets: [other.publicPem, btoa(own.publicPem)],
  wrongSecrets: [other.publicPem, 'not a key'],
  contentType: 'application/json',
  headers: async (body) => ({
    'x-lago-signature': await signed(own, new TextDecoder().decode(body), 'https://api.lago.example'),
  }),
  proof: ['x-lago-signature'],
  bindsBody: true,
  bindsTime: false,
  bodies,
});
