import {
  accountNotification,
  contractNotification,
  opportunityNotification,
  outboundMessage,
  signedCallout,
} from '../../../sandbox/salesforce/messages.ts';
import { err } from '../../../src/canonical/result.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { salesforceSource } from '../../../src/sources/salesforce/index.ts';
import { KeySets } from '../../../src/verification/jwks.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { bytes } from '../../verification/deliveries.ts';

const source = registerSource(salesforceSource(new KeySets(async () => err('unavailable'))));
const ORG = '00D5g000000AbCdEAK';
const PATH_SECRET = 'sf-secret-path-0001';
const SIGNING_SECRET = `whsec_${btoa('0123456789abcdef0123456789abcdef')}`;
const accountId = '0015g00000AccouAAB';
const stamp = (n: number, recordId: string) => ({
  notificationId: `04l5g0000000000${n}AAA`.slice(0, 18),
  recordId,
  modifiedAt: '2026-11-20T10:00:00.000Z',
});
const account = accountNotification(stamp(1, accountId), { name: 'ACME', phone: '+33 1', country: 'FR' });
const deal = opportunityNotification(stamp(2, '0065g0000000001AAA'), {
  accountId,
  name: 'Renewal',
  stage: 'Closed Won',
  amount: '12500.0',
  currency: 'EUR',
});
const contract = contractNotification(stamp(3, '8005g0000000001AAA'), {
  accountId,
  number: '101',
  status: 'Activated',
});
const envelope = (notifications: readonly (typeof account)[]) =>
  bytes(outboundMessage({ organizationId: ORG, actionId: '04k5g0000000001AAA', notifications }));

sourceContract('Salesforce by outbound message', source, {
  config: { channel: 'outbound-message', organizationId: ORG },
  secrets: [PATH_SECRET],
  wrongSecrets: ['another-secret-0002', 'user:password'],
  url: `https://gateway.test/in/acme/salesforce/${PATH_SECRET}`,
  contentType: 'text/xml',
  headers: async () => ({ soapaction: '""' }),
  proof: [],
  bindsBody: false,
  bindsTime: false,
  bodies: [envelope([account, deal, contract]), envelope([deal])],
});

const callout = {
  id: 'evt-1',
  type: 'Opportunity',
  occurredAt: '2026-11-20T10:00:00Z',
  object: deal.fields,
};
sourceContract('Salesforce by callout', source, {
  config: { channel: 'callout', auth: 'standard-webhooks', organizationId: ORG },
  secrets: [SIGNING_SECRET],
  wrongSecrets: [`whsec_${btoa('another-secret-of-32-bytes------')}`],
  contentType: 'application/json',
  headers: async (body, at) => {
    const signed = await signedCallout(
      JSON.parse(new TextDecoder().decode(body)),
      SIGNING_SECRET,
      Math.floor(at / 1000),
    );
    return signed.headers;
  },
  proof: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
  bindsBody: true,
  bindsTime: true,
  bodies: [
    callout,
    { ...callout, id: 'evt-2', type: 'Account', object: account.fields },
    { ...callout, id: 'evt-3', type: 'Contract', object: contract.fields },
  ].map((event) => bytes(JSON.stringify(event))),
});
