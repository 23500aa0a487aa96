import { ok } from '../../../src/canonical/result.ts';
import { paypalSource } from '../../../src/sources/paypal/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { PaypalCertificates } from '../../../src/verification/paypal-signature.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { bytes } from '../../verification/deliveries.ts';
import { paypalSigner, WEBHOOK_ID } from '../../verification/paypal-signer.ts';
import * as samples from './samples.ts';

const signer = await paypalSigner();

sourceContract(
  'PayPal',
  registerSource(paypalSource(new PaypalCertificates(async () => ok(signer.chain), [signer.root]))),
  {
    config: {},
    secrets: [WEBHOOK_ID],
    wrongSecrets: ['ANOTHERWEBHOOK1', 'WEBHOOK_ID'],
    contentType: 'application/json',
    headers: (body, at) => signer.headers(body, at),
    proof: ['paypal-transmission-sig', 'paypal-cert-url', 'paypal-auth-algo', 'paypal-transmission-id'],
    bindsBody: true,
    // Retries keep their time for three days; paypal-signature.test.ts has the bounds.
    bindsTime: false,
    bodies: [
      samples.event('PAYMENT.CAPTURE.COMPLETED', samples.capture),
      samples.event('PAYMENT.CAPTURE.REFUNDED', samples.refund),
      samples.event('PAYMENT.SALE.COMPLETED', samples.sale),
      samples.event('CUSTOMER.DISPUTE.CREATED', samples.dispute),
      samples.event('BILLING.SUBSCRIPTION.ACTIVATED', samples.subscription),
      samples.event('PAYMENT.PAYOUTS-ITEM.SUCCEEDED', samples.payoutItem),
    ].map((each) => bytes(JSON.stringify(each))),
  },
);
