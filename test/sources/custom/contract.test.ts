import { customSource } from '../../../src/sources/custom/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { KeySets } from '../../../src/verification/jwks.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { acmeBilling, bytesOf, clientSaved, invoiceSent, paymentReceived, SECRET, signAcme } from './samples.ts';

const noKeys = new KeySets(() => Promise.reject(new Error('no key set is asked for')));
const source = registerSource(customSource(noKeys));

sourceContract('custom, HMAC in a batch', source, {
  config: acmeBilling,
  secrets: [SECRET],
  wrongSecrets: ['another secret'],
  contentType: 'application/json',
  bodies: [bytesOf({ events: [clientSaved, invoiceSent, paymentReceived] }), bytesOf({ events: [invoiceSent] })],
  headers: async (body, at) => signAcme(body, at),
  proof: ['x-acme-signature'],
  bindsBody: true,
  bindsTime: true,
});

sourceContract('custom, API key', source, {
  config: {
    ...acmeBilling,
    auth: { scheme: 'api-key', header: 'authorization', prefix: 'Bearer ' },
    event: { ...acmeBilling.event, batch: undefined },
  },
  secrets: ['a-key-of-enough-length'],
  wrongSecrets: ['another-key-of-enough-length'],
  contentType: 'application/json',
  bodies: [bytesOf(invoiceSent), bytesOf(paymentReceived)],
  headers: async () => ({ authorization: 'Bearer a-key-of-enough-length' }),
  proof: ['authorization'],
  bindsBody: false,
  bindsTime: false,
});
