import { describe, expect, it } from 'vitest';
import { registerSource } from '../../../src/sources/registered.ts';
import { xero } from '../../../src/sources/xero/index.ts';
import { configured, factsOf, read, verdict } from '../../conformance/interpreting.ts';
import { payloadsOf } from '../../conformance/payloads.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { believesNoAlteration } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { hmac } from '../../verification/signing.ts';

const source = registerSource(xero);
const SECRET = 'webhook-key';
const NOW = Date.UTC(2026, 10, 22, 12);
const TENANT = 'aef86862-2015-4b6b-88bc-d89032cecc50';
const CONTACT = 'bd2270c3-8706-4c11-9cfb-000b551c3f51';
const config = { tenantId: TENANT };
const event = (eventCategory: string, rest: object = {}) => ({
  resourceUrl: `https://api.xero.com/api.xro/2.0/x/${CONTACT}`,
  resourceId: CONTACT,
  tenantId: TENANT,
  tenantType: 'ORGANISATION',
  eventCategory,
  eventType: 'UPDATE',
  eventDateUtc: '2026-11-20T10:00:00.123',
  ...rest,
});
const batch = (...events: readonly object[]) =>
  bytes(JSON.stringify({ events, firstEventSequence: 1, lastEventSequence: events.length, entropy: 'X' }));
const sign = (body: Uint8Array, secret = SECRET) => ({ 'x-xero-signature': hmac(secret, [body], 'base64') });

sourceContract('Xero', source, {
  config,
  secrets: [SECRET],
  wrongSecrets: ['another'],
  contentType: 'application/json',
  headers: async (body) => sign(body),
  proof: ['x-xero-signature'],
  bindsBody: true,
  bindsTime: false,
  bodies: [batch(event('INVOICE'), event('CREDITNOTE')), batch(event('CONTACT'))],
});

describe('Xero', () => {
  const setUp = configured(source, config);
  const verdicts = (body: Uint8Array<ArrayBuffer>) => read(setUp, body).map(verdict);

  it('passes the intent to receive: 200 and 401, nothing in the body, no cookie', async () => {
    const probe = batch();
    const right = await setUp.verify(delivery(probe, sign(probe), NOW), always(SECRET));
    const wrong = await setUp.verify(delivery(probe, sign(probe, 'guess'), NOW), always(SECRET));
    expect([right.ok, wrong.ok]).toEqual([true, false]);
    expect(read(setUp, probe)).toEqual([]);
    const answers = [setUp.acknowledge({ status: 'accepted', events: [] }), setUp.refuse()];
    expect(answers.map((answer) => answer?.status)).toEqual([200, 401]);
    for (const answer of answers) {
      expect(answer?.body).toBeNull();
      expect([...(answer?.headers.keys() ?? ['-'])]).toEqual([]);
    }
  });

  it('accepts any live secret of a rotation', async () => {
    const body = batch();
    expect((await setUp.verify(delivery(body, sign(body), NOW), always('old', SECRET))).ok).toBe(true);
  });

  it('splits a batch and keeps other organisations out of the books', () => {
    const body = batch(event('INVOICE'), event('INVOICE', { tenantId: CONTACT }), event('CONTACT'));
    expect(verdicts(body)).toEqual(['no effect', 'quarantined:wrong_account', 'no effect']);
    expect(read(setUp, body).map(({ event: each }) => each?.customer)).toEqual([null, null, CONTACT]);
    expect(new Set(read(setUp, body).map(({ event: each }) => each?.eventId)).size).toBe(2);
  });

  it('gives the rest a reason', () => {
    expect(verdicts(batch(event('SUBSCRIPTION', { tenantType: 'APPLICATION', tenantId: CONTACT })))).toEqual([
      'no effect',
    ]);
    expect(verdicts(batch(event('PAYRUN')))).toEqual(['quarantined:unknown_type']);
    expect(verdicts(bytes('{"events":[{}]}'))).toEqual(['unreadable:unsupported_shape']);
    expect(verdicts(bytes('{}'))).toEqual(['unreadable:unsupported_shape']);
  });

  const contacts = payloadsOf('xero')?.find(({ file }) => file.endsWith('api_contacts__connectors.json'));
  it.skipIf(contacts === undefined)(
    'makes a customer of a contact as the API has it (skipped without ../shared)',
    () => {
      const answer: { Contacts: unknown[] } = JSON.parse(new TextDecoder().decode(contacts?.body));
      const fetched = new Map([[`record:Contacts/${CONTACT}`, answer.Contacts[0]]]);
      expect(factsOf(setUp, JSON.parse(new TextDecoder().decode(batch(event('CONTACT')))), fetched)).toEqual([
        {
          kind: 'customer.upserted',
          occurredAt: Date.UTC(2026, 10, 20, 10, 0, 0, 123),
          requires: [],
          customer: `xero:customer:${CONTACT}`,
          version: 1488391422280,
          name: 'ABC Limited',
          email: 'a.dutchess@abclimited.com',
          phone: '64 04 1111111',
          taxId: '415465456454',
          address: {
            line1: 'P O Box 123',
            line2: null,
            city: 'Wellington',
            postalCode: '6011',
            state: null,
            country: null,
          },
          references: {},
          deleted: false,
        },
      ]);
    },
  );

  const probe = batch();
  believesNoAlteration('Xero', {
    valid: delivery(probe, sign(probe), NOW),
    verify: (sent) => setUp.verify(sent, always(SECRET)),
    headers: ['x-xero-signature'],
    toleranceSeconds: null,
  });
});
