import {
  creditNoteCreated,
  customerEvent,
  invoiceEvent,
  paymentEvent,
  paymentRefunded,
  subscriptionCreated,
} from '../../../sandbox/chargebee/events.ts';
import { chargebee } from '../../../src/sources/chargebee/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { bytes } from '../../verification/deliveries.ts';

const AT = 1_763_800_000;
const meta = { id: 'ev_1', occurredAt: AT };
const customer = { id: 'cb-acme', company: 'ACME', email: 'ap@acme.example', country: 'FR' };
const lines = [
  {
    id: 'li_1',
    itemPrice: 'pro-EUR',
    description: 'Pro',
    amount: 10_000,
    discount: 500,
    taxPercent: 20,
    from: AT,
    to: AT + 86_400,
  },
];
const document = { customer, currency: 'EUR', date: AT, lines };
const payment = {
  id: 'txn_1',
  customer,
  currency: 'EUR',
  amount: 11_400,
  date: AT,
  applied: [{ invoiceId: 'INV-1', amount: 11_400 }],
};

sourceContract('Chargebee', registerSource(chargebee), {
  config: {},
  secrets: ['chargebee:s3cret'],
  wrongSecrets: ['chargebee:other', 'a-path-secret-0001'],
  contentType: 'application/json',
  headers: async () => ({ authorization: `Basic ${btoa('chargebee:s3cret')}` }),
  proof: ['authorization'],
  bindsBody: false,
  bindsTime: false,
  bodies: [
    customerEvent(meta, 'customer_created', customer),
    subscriptionCreated(meta, { id: 'sub_1', customer, itemPrice: 'pro-EUR', quantity: 1 }),
    invoiceEvent(meta, 'invoice_generated', { ...document, id: 'INV-1' }),
    paymentEvent(meta, 'payment_succeeded', payment),
    paymentEvent(meta, 'payment_failed', payment),
    paymentRefunded(meta, { id: 'txn_2', payment, amount: 11_400, date: AT }),
    creditNoteCreated(meta, { ...document, id: 'CN-1', invoiceId: 'INV-1', type: 'refundable' }),
  ].map((event) => bytes(JSON.stringify(event))),
});
