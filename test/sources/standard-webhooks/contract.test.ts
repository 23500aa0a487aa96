import { Webhook } from 'standardwebhooks';
import { registerSource } from '../../../src/sources/registered.ts';
import { standardWebhooks } from '../../../src/sources/standard-webhooks/index.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { bytesOf } from '../custom/samples.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const source = registerSource(standardWebhooks);
const event = {
  type: 'invoice.posted',
  timestamp: '2026-11-20T10:00:00.000Z',
  data: { id: 'evt_1', number: 'A-1', customer: 42, currency: 'USD', amount: 1250 },
};

sourceContract('standard-webhooks', source, {
  config: {
    secrets: ['secret://x'],
    system: 'netsuite',
    event: {
      id: '$.data.id',
      time: { path: '$.timestamp' },
      customer: '$.data.customer',
    },
    types: {
      'invoice.posted': {
        facts: `{'kind': 'invoice.issued', 'invoice': event.data.number, 'customer': event.data.customer,
          'currency': event.data.currency, 'total': event.data.amount,
          'lines': [{'id': '1', 'description': 'As posted', 'net': event.data.amount}]}`,
      },
    },
  },
  secrets: [secret],
  wrongSecrets: [`whsec_${Buffer.alloc(32, 8).toString('base64')}`],
  contentType: 'application/json',
  bodies: [bytesOf(event)],
  headers: async (body, at) => ({
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(at / 1000)),
    'webhook-signature': new Webhook(secret).sign('msg_1', new Date(at), new TextDecoder().decode(body)),
  }),
  proof: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
  bindsBody: true,
  bindsTime: true,
});
