import { describe, expect, it } from 'vitest';
import { docusign } from '../../../src/sources/docusign/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { configured, factsOf, read, verdict } from '../../conformance/interpreting.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { believesNoAlteration } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { hmac } from '../../verification/signing.ts';

const source = registerSource(docusign);
const SECRET = 'connect-key';
const NOW = Date.UTC(2026, 10, 22, 12);
const ACCOUNT = '4b4e4c1a-0000-4000-8000-000000000001';
const config = { accountId: ACCOUNT, customerField: 'Customer' };
const event = (name: string, rest: object = {}) => ({
  event: name,
  retryCount: 0,
  configurationId: 12345,
  apiVersion: 'v2.1',
  generatedDateTime: '2026-11-20T10:00:05.1234567Z',
  data: {
    accountId: ACCOUNT,
    envelopeId: 'env-1',
    envelopeSummary: {
      emailSubject: 'Master agreement',
      completedDateTime: '2026-11-20T10:00:00.0000000Z',
      customFields: { textCustomFields: [{ name: 'Customer', value: 'cus_1' }] },
    },
  },
  ...rest,
});
const json = (value: unknown) => bytes(JSON.stringify(value));
const sign = (body: Uint8Array, secret = SECRET) => hmac(secret, [body], 'base64');

sourceContract('DocuSign', source, {
  config,
  secrets: [SECRET],
  wrongSecrets: ['another'],
  contentType: 'application/json',
  headers: async (body) => ({ 'x-docusign-signature-1': sign(body) }),
  proof: ['x-docusign-signature-1'],
  bindsBody: true,
  bindsTime: false,
  bodies: [json(event('envelope-completed')), json(event('recipient-sent'))],
});

describe('DocuSign', () => {
  const setUp = configured(source, config);

  it('looks at all hundred signatures for one that matches', async () => {
    const body = json(event('envelope-completed'));
    for (const place of [1, 2, 17, 100]) {
      const headers = Object.fromEntries(
        Array.from({ length: 100 }, (_, index) => [
          `x-docusign-signature-${index + 1}`,
          sign(body, index + 1 === place ? SECRET : `other-${index}`),
        ]),
      );
      expect((await setUp.verify(delivery(body, headers, NOW), always('old', SECRET))).ok, String(place)).toBe(true);
    }
    expect(
      (await setUp.verify(delivery(body, { 'x-docusign-signature-101': sign(body) }, NOW), always(SECRET))).ok,
    ).toBe(false);
    expect(
      (await setUp.verify(delivery(body, { 'x-docusign-signature-40': sign(body) }, NOW), always(SECRET))).ok,
    ).toBe(true);
  });

  it('makes a contract of a completed envelope, for the customer its field names', () => {
    expect(factsOf(setUp, event('envelope-completed'))).toEqual([
      {
        kind: 'contract.activated',
        occurredAt: Date.UTC(2026, 10, 20, 10),
        requires: [],
        contract: 'docusign:contract:env-1',
        customer: 'docusign:customer:cus_1',
        name: 'Master agreement',
      },
    ]);
    expect(read(setUp, json(event('envelope-completed')))[0]?.event?.customer).toBe('cus_1');
  });

  it('stores a retry as the same event with the same bytes', () => {
    const tries = [0, 1].map((retryCount) => read(setUp, json(event('envelope-completed', { retryCount })))[0]?.event);
    expect(tries[1]).toEqual(tries[0]);
  });

  it('gives everything else a reason', () => {
    const verdicts = (value: unknown) => read(setUp, json(value)).map(verdict);
    expect(verdicts(event('envelope-voided'))).toEqual(['no effect']);
    expect(verdicts(event('click-agreed'))).toEqual(['quarantined:unknown_type']);
    expect(verdicts(event('envelope-completed', { data: { accountId: 'x', envelopeId: 'e' } }))).toEqual([
      'quarantined:wrong_account',
    ]);
  });

  const body = bytes('{}');
  believesNoAlteration('DocuSign', {
    valid: delivery(body, { 'x-docusign-signature-1': sign(body) }, NOW),
    verify: (sent) => setUp.verify(sent, always(SECRET)),
    headers: ['x-docusign-signature-1'],
    toleranceSeconds: null,
  });
});
