import { paddle } from '../../../src/sources/paddle/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { bytes } from '../../verification/deliveries.ts';
import { hmac } from '../../verification/signing.ts';
import { adjustment, event, transaction } from './samples.ts';

sourceContract('Paddle', registerSource(paddle), {
  config: {},
  secrets: ['pdl_ntfset_old', 'pdl_ntfset_new'],
  wrongSecrets: ['pdl_ntfset_other'],
  contentType: 'application/json',
  headers: async (body, at) => {
    const seconds = Math.floor(at / 1000);
    return { 'paddle-signature': `ts=${seconds};h1=${hmac('pdl_ntfset_new', [`${seconds}:`, body])}` };
  },
  proof: ['paddle-signature'],
  bindsBody: true,
  bindsTime: true,
  bodies: [
    event('transaction.completed', transaction()),
    event('transaction.billed', transaction()),
    event('transaction.payment_failed', transaction()),
    event('transaction.canceled', transaction()),
    event('adjustment.updated', adjustment()),
    event('adjustment.created', adjustment({ action: 'credit' })),
    event('adjustment.created', adjustment({ action: 'chargeback' })),
    event('customer.created', { id: 'ctm_1', name: 'Ada', email: 'ada@example.com', status: 'active' }),
    event('product.created', { id: 'pro_1', name: 'Pro', status: 'active' }),
    event('subscription.created', {
      id: 'sub_1',
      customer_id: 'ctm_1',
      status: 'active',
      items: [{ price: { product_id: 'pro_1' }, quantity: 3 }],
    }),
    event('payout.paid', { id: 'pay_1', amount: '940000', currency_code: 'EUR' }),
  ].map((one) => bytes(JSON.stringify(one))),
});
