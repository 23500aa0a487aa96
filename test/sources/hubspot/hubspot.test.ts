import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { hubspot } from '../../../src/sources/hubspot/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { signedAddress, verifyHubspotLegacy, verifyHubspotV3 } from '../../../src/verification/hubspot-signature.ts';
import { configured, factsOf, read, verdict } from '../../conformance/interpreting.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { believesNoAlteration } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { hmac } from '../../verification/signing.ts';
import { vectorFileOf } from '../../verification/vectors.ts';

const source = registerSource(hubspot);
const URL_ = 'https://gateway.test/in/acme/source';
const SECRET = 'client-secret-1';
const NOW = Date.UTC(2026, 10, 22, 12);
const config = { portalId: 62515, currency: 'EUR', referenceProperties: { salesforce: 'sf_id' } };

const thin = (subscriptionType: string, objectId: number, rest: object = {}) => ({
  eventId: 1,
  subscriptionId: 12345,
  portalId: 62515,
  occurredAt: NOW,
  subscriptionType,
  attemptNumber: 0,
  objectId,
  ...rest,
});
const record = (objectTypeId: string, objectType: string, properties: Record<string, string>, rest: object = {}) => ({
  portalId: 62515,
  objectType,
  objectTypeId,
  objectId: 7,
  properties: Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, { value }])),
  version: 4,
  isDeleted: false,
  ...rest,
});
const company = record('0-2', 'COMPANY', {
  name: 'ACME',
  city: 'Paris',
  sf_id: '001A',
  hs_lastmodifieddate: '1680448390378',
});
const wonDeal = record('0-3', 'DEAL', {
  dealname: 'Renewal',
  amount: '1250.50',
  hs_is_closed_won: 'true',
  hs_primary_associated_company: '9',
});

const asked = {
  company: 'name,phone,address,address2,city,zip,state,country,hs_lastmodifieddate,lastmodifieddate,sf_id',
  contact: 'firstname,lastname,email,phone,address,city,zip,state,country,hs_lastmodifieddate,lastmodifieddate,sf_id',
  deal: 'dealstage,hs_is_closed_won,dealname,amount,deal_currency_code',
} as const;
const recordId = (type: keyof typeof asked, id: number) => `${type}/${id}?${asked[type]}`;
const recordKey = (type: keyof typeof asked, id: number) => `record:${recordId(type, id)}`;

const signV3 = (body: Uint8Array, at: number, url = URL_, secret = SECRET) => ({
  'x-hubspot-signature-v3': hmac(secret, [`POST${url}`, body, String(at)], 'base64'),
  'x-hubspot-request-timestamp': String(at),
});

sourceContract('HubSpot', source, {
  config,
  secrets: [SECRET],
  wrongSecrets: ['another-secret'],
  contentType: 'application/json',
  headers: async (body, at) => signV3(body, at),
  proof: ['x-hubspot-signature-v3', 'x-hubspot-request-timestamp'],
  bindsBody: true,
  bindsTime: true,
  enrichment: new Map([[recordKey('company', 7), { id: '7', properties: { name: 'ACME' } }]]),
  bodies: [
    [
      thin('company.creation', 7),
      thin('deal.propertyChange', 8, { propertyName: 'dealstage', propertyValue: 'closedwon' }),
    ],
    company,
    wonDeal,
  ].map((body) => bytes(JSON.stringify(body))),
});

const vector = z.object({
  name: z.string(),
  expect: z.enum(['ok', 'fail']),
  payload: z.string(),
  headers: z.record(z.string(), z.string()),
  secret: z.string(),
  now_unix: z.number().nullable(),
  method: z.string().default('POST'),
  url: z.string().default(URL_),
});

describe('HubSpot signatures', () => {
  const vectors = vectorFileOf('hubspot', vector);
  describe.skipIf(vectors === null)('published vectors (skipped when ../shared/vectors is absent)', () => {
    it.each(vectors ?? [])('$name', async ({ payload, headers, now_unix: now, secret, method, url, ...each }) => {
      const sent = { ...delivery(payload, headers, (now ?? 1_700_000_000) * 1000), method, url: new URL(url) };
      const legacy = each.name.startsWith('v1') || each.name.startsWith('v2');
      const asked = configured(source, { ...config, legacySignatures: true });
      expect((await asked.verify(sent, always(secret))).ok).toBe(each.expect === 'ok');
      // Off by default, and never more than `authenticated`: a plain hash of secret and body can be extended.
      const usual = await configured(source, config).verify(sent, always(secret));
      expect(usual.ok).toBe(each.expect === 'ok' && !legacy);
      const answer = await asked.verify(sent, always(secret));
      if (answer.ok) expect(answer.value.trust).toBe(legacy ? 'authenticated' : 'signed');
    });
  });

  it('judges by v3 where there is one, even if a legacy signature would pass', async () => {
    const body = bytes('[]');
    const headers = {
      ...signV3(body, NOW, URL_, 'wrong'),
      'x-hubspot-signature': '0'.repeat(64),
      'x-hubspot-signature-version': 'v1',
    };
    const asked = configured(source, { ...config, legacySignatures: true });
    expect(await asked.verify(delivery(body, headers, NOW), always(SECRET))).toEqual({
      ok: false,
      error: 'signature_mismatch',
    });
  });

  it('signs the address decoded as HubSpot has it, and as HubSpot knows it', async () => {
    expect(signedAddress('https://a.test/x%3Ay%2Fz%20?q=%40%2c')).toBe('https://a.test/x:y/z%20?q=@,');
    const body = bytes('[]');
    const behindProxy = configured(source, { ...config, publicUrl: 'https://public.test/hooks?a=1' });
    const sent = delivery(body, signV3(body, NOW, 'https://public.test/hooks?a=1'), NOW);
    expect((await behindProxy.verify(sent, always('old', SECRET))).ok).toBe(true);
    expect((await configured(source, config).verify(sent, always(SECRET))).ok).toBe(false);
  });

  const body = bytes('[{"eventId":1}]');
  believesNoAlteration('HubSpot v3', {
    valid: delivery(body, signV3(body, NOW), NOW),
    verify: (sent) => verifyHubspotV3(sent, always(SECRET)),
    headers: ['x-hubspot-signature-v3', 'x-hubspot-request-timestamp'],
    toleranceSeconds: 300,
  });

  const legacy = createHash('sha256')
    .update(`${SECRET}POSThttps://gateway.test/in/acme/source`)
    .update(body)
    .digest('hex');
  believesNoAlteration('HubSpot v2', {
    valid: delivery(body, { 'x-hubspot-signature': legacy, 'x-hubspot-signature-version': 'v2' }, NOW),
    verify: (sent) => verifyHubspotLegacy(sent, always(SECRET)),
    headers: ['x-hubspot-signature', 'x-hubspot-signature-version'],
    toleranceSeconds: null,
    // Hexadecimal has no case.
    spelling: (value) => value.toLowerCase(),
  });
});

describe('HubSpot events', () => {
  const setUp = configured(source, config);
  const verdicts = (body: unknown, enrichment?: ReadonlyMap<string, unknown>) =>
    read(setUp, bytes(JSON.stringify(body)), undefined, enrichment).map(verdict);

  it('splits a batch, each event to its own lane, and stores a retry as the same bytes', () => {
    const batch = (attemptNumber: number) =>
      bytes(
        JSON.stringify([
          { ...thin('company.creation', 7), attemptNumber },
          { ...thin('contact.creation', 8), attemptNumber },
        ]),
      );
    const [first, retry] = [read(setUp, batch(0)), read(setUp, batch(3))];
    expect(first.map(({ event }) => event?.customer)).toEqual(['company-7', 'contact-8']);
    expect(retry.map(({ event }) => event)).toEqual(first.map(({ event }) => event));
  });

  it("keeps the digits of ids beyond 2^53 and tells two objects of one event's id apart", () => {
    const body =
      '[{"eventId":1,"subscriptionId":2,"portalId":62515,"occurredAt":3,"subscriptionType":"company.creation","objectId":9007199254740993},{"eventId":1,"subscriptionId":2,"portalId":62515,"occurredAt":3,"subscriptionType":"company.creation","objectId":9007199254740992}]';
    const events = read(setUp, bytes(body)).map(({ event }) => event);
    expect(events.map((event) => event?.customer)).toEqual(['company-9007199254740993', 'company-9007199254740992']);
    expect(new Set(events.map((event) => event?.eventId)).size).toBe(2);
  });

  it('makes a customer of a whole record, and of a thin event with its record', () => {
    expect(factsOf(setUp, company)).toMatchObject([
      {
        kind: 'customer.upserted',
        customer: 'hubspot:customer:company-7',
        name: 'ACME',
        version: 1680448390378,
        references: { salesforce: '001A' },
        deleted: false,
      },
    ]);
    const fetched = new Map([
      [
        recordKey('contact', 8),
        {
          id: '8',
          properties: { firstname: 'Ada', lastname: 'L', email: 'a@b.test', lastmodifieddate: '2026-11-20T10:00:00Z' },
        },
      ],
    ]);
    expect(factsOf(setUp, [thin('contact.creation', 8)], fetched)).toMatchObject([
      { customer: 'hubspot:customer:contact-8', name: 'Ada L', email: 'a@b.test', version: Date.UTC(2026, 10, 20, 10) },
    ]);
    const [reading] = read(setUp, bytes(JSON.stringify([thin('contact.creation', 8)])));
    if (reading?.event === null || reading === undefined) throw new Error('unreadable');
    expect(setUp.enrichment({ ...reading.event, receivedAt: NOW })).toEqual([
      { kind: 'record', id: recordId('contact', 8), account: '62515' },
    ]);
    expect(verdict(reading)).toBe('quarantined:unsupported_shape');
  });

  it('remembers a won deal with its exact amount, and without an amount when none came', () => {
    expect(factsOf(setUp, wonDeal)).toMatchObject([
      {
        kind: 'deal.won',
        deal: 'hubspot:deal:7',
        customer: 'hubspot:customer:company-9',
        name: 'Renewal',
        currency: 'EUR',
        amount: 125050,
      },
    ]);
    const change = thin('deal.propertyChange', 8, { propertyName: 'dealstage', propertyValue: 'closedwon' });
    expect(factsOf(setUp, [change])).toMatchObject([{ kind: 'deal.won', name: '8', amount: null }]);
    const fetched = new Map([
      [
        recordKey('deal', 8),
        { id: '8', properties: { dealstage: 'closedwon', dealname: 'Big', amount: '10', deal_currency_code: 'USD' } },
      ],
    ]);
    expect(factsOf(setUp, [change], fetched)).toMatchObject([{ name: 'Big', amount: 1000, currency: 'USD' }]);
  });

  it('guesses no currency and rounds no amount', () => {
    const without = configured(source, { portalId: 62515 });
    const [reading] = read(without, bytes(JSON.stringify(wonDeal)));
    expect(reading === undefined ? null : verdict(reading)).toBe('quarantined:schema_mismatch');
    expect(verdicts(record('0-3', 'DEAL', { dealstage: 'closedwon', amount: '10.005' }))).toEqual([
      'quarantined:schema_mismatch',
    ]);
  });

  it('gives everything else a reason', () => {
    expect(
      verdicts([thin('deal.propertyChange', 8, { propertyName: 'dealstage', propertyValue: 'qualified' })]),
    ).toEqual(['no effect']);
    expect(verdicts([thin('company.propertyChange', 7, { propertyName: 'hubspot_owner_id' })])).toEqual(['no effect']);
    expect(verdicts([thin('company.deletion', 7)])).toEqual(['facts:customer.upserted']);
    expect(
      verdicts(
        [thin('object.creation', 7, { objectTypeId: '0-2' })],
        new Map([[recordKey('company', 7), { id: '7', properties: {} }]]),
      ),
    ).toEqual(['facts:customer.upserted']);
    expect(verdicts([thin('contact.merge', 8)])).toEqual(['quarantined:unsupported_shape']);
    expect(verdicts([thin('contact.privacyDeletion', 8)])).toEqual(['quarantined:unsupported_shape']);
    expect(verdicts([thin('p_own.creation', 8)])).toEqual(['quarantined:unknown_type']);
    expect(verdicts([{ ...thin('company.creation', 7), portalId: 1 }])).toEqual(['quarantined:wrong_account']);
    expect(verdicts({ ...company, portalId: 1 })).toEqual(['quarantined:wrong_account']);
    expect(verdicts(Array.from({ length: 251 }, (_, n) => thin('company.creation', n)))).toEqual([
      'unreadable:unsupported_shape',
    ]);
  });
});
