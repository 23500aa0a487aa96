/** Every provider the gateway knows. A new one is its folder and one line here. */
import { digicertRoots } from '../verification/digicert-roots.ts';
import { fetchKeySetWith, KeySets } from '../verification/jwks.ts';
import { fetchCertificateWith, PaypalCertificates } from '../verification/paypal-signature.ts';
import { adyen } from './adyen/index.ts';
import { brex } from './brex/index.ts';
import { chargebee } from './chargebee/index.ts';
import { checkoutCom } from './checkout-com/index.ts';
import { coupa } from './coupa/index.ts';
import { customSource } from './custom/index.ts';
import { docusign } from './docusign/index.ts';
import { gocardless } from './gocardless/index.ts';
import { gusto } from './gusto/index.ts';
import { hubspot } from './hubspot/index.ts';
import { ironclad } from './ironclad/index.ts';
import { lago } from './lago/index.ts';
import { lemonSqueezy } from './lemon-squeezy/index.ts';
import { maxio } from './maxio/index.ts';
import { mercury } from './mercury/index.ts';
import { modernTreasury } from './modern-treasury/index.ts';
import { odoo } from './odoo/index.ts';
import { orb } from './orb/index.ts';
import { paddle } from './paddle/index.ts';
import { paddleClassic } from './paddle-classic/index.ts';
import { paypalSource } from './paypal/index.ts';
import { plaidSource } from './plaid/index.ts';
import { fetchPlaidKeyWith, PlaidKeys } from './plaid/keys.ts';
import { quickbooks } from './quickbooks/index.ts';
import { ramp } from './ramp/index.ts';
import { recurly } from './recurly/index.ts';
import { type RegisteredSource, registerSource } from './registered.ts';
import { salesforceSource } from './salesforce/index.ts';
import { shopify } from './shopify/index.ts';
import { square } from './square/index.ts';
import { standardWebhooks } from './standard-webhooks/index.ts';
import { stripe } from './stripe/index.ts';
import { woocommerce } from './woocommerce/index.ts';
import { xero } from './xero/index.ts';
import { zuora } from './zuora/index.ts';

/** Called late, so that the runtime's own `fetch` is the one that is used. */
const keySets = new KeySets(fetchKeySetWith((input, init) => fetch(input, init)));
const plaidKeys = new PlaidKeys(fetchPlaidKeyWith((input, init) => fetch(input, init)));
const paypalCertificates = new PaypalCertificates(
  fetchCertificateWith((input, init) => fetch(input, init)),
  digicertRoots,
);

const registered: readonly RegisteredSource[] = [
  registerSource(stripe),
  registerSource(salesforceSource(keySets)),
  registerSource(chargebee),
  registerSource(lago),
  registerSource(paddle),
  registerSource(zuora),
  registerSource(recurly),
  registerSource(orb),
  registerSource(maxio),
  registerSource(standardWebhooks),
  registerSource(customSource(keySets)),
  registerSource(adyen),
  registerSource(gocardless),
  registerSource(paypalSource(paypalCertificates)),
  registerSource(shopify),
  registerSource(square),
  registerSource(hubspot),
  registerSource(xero),
  registerSource(quickbooks),
  registerSource(plaidSource(plaidKeys)),
  registerSource(mercury),
  registerSource(modernTreasury),
  registerSource(docusign),
  registerSource(ironclad),
  registerSource(coupa),
  registerSource(gusto),
  registerSource(ramp),
  registerSource(brex),
  registerSource(odoo),
  registerSource(woocommerce),
  registerSource(lemonSqueezy),
  registerSource(checkoutCom),
  registerSource(paddleClassic),
];

/** By provider, as a source's config names it. */
export const sources: ReadonlyMap<string, RegisteredSource> = new Map(
  registered.map((source) => [source.provider, source]),
);
