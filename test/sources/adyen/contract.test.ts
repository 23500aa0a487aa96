import { createHmac } from 'node:crypto';
import { adyen } from '../../../src/sources/adyen/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { bytes } from '../../verification/deliveries.ts';
import { batch, HMAC_KEY, item, platform, standard, transfer } from './samples.ts';

const another = HMAC_KEY.replace(/^../, '45');
const original = { originalReference: 'PSP00001', pspReference: 'MOD00001' };

// The eight signed fields are attacked in adyen.test.ts: the rest of an item is not bound, and books no amount.
sourceContract('Adyen (standard)', registerSource(adyen), {
  config: { ...standard, proof: 'hmac-and-basic' },
  secrets: ['adyen:s3cret', HMAC_KEY],
  wrongSecrets: ['adyen:s3cret', another],
  contentType: 'application/json',
  headers: async () => ({ authorization: `Basic ${btoa('adyen:s3cret')}` }),
  proof: ['authorization'],
  bindsBody: false,
  bindsTime: false,
  bodies: [
    batch(item({ eventCode: 'CAPTURE', ...original })),
    batch(item({ eventCode: 'AUTHORISATION' }), item({ eventCode: 'REFUND', ...original })),
    batch(item({ eventCode: 'CHARGEBACK', ...original })),
    batch(item({ eventCode: 'AUTHORISATION', success: 'false', reason: 'Refused' })),
    batch(item({ eventCode: 'PAYOUT_THIRDPARTY' })),
  ].map((each) => bytes(JSON.stringify(each))),
});

sourceContract('Adyen (platform)', registerSource(adyen), {
  config: platform,
  secrets: [HMAC_KEY],
  wrongSecrets: [another, 'not hex'],
  contentType: 'application/json',
  headers: async (body) => ({
    hmacsignature: createHmac('sha256', Buffer.from(HMAC_KEY, 'hex')).update(body).digest('base64'),
    protocol: 'HmacSHA256',
  }),
  proof: ['hmacsignature'],
  bindsBody: true,
  bindsTime: false,
  bodies: [
    transfer('booked', [
      { currency: 'EUR', received: -5000 },
      { currency: 'EUR', balance: -5000 },
    ]),
    transfer('booked', [{ currency: 'EUR', balance: 700 }], { category: 'internal', direction: 'incoming' }),
    { type: 'balancePlatform.report.created', timestamp: '2026-11-20T11:00:00Z', data: { id: 'report.csv' } },
  ].map((each) => bytes(JSON.stringify(each))),
});
