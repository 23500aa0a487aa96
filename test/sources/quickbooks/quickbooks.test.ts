import { describe, expect, it } from 'vitest';
import { quickbooks } from '../../../src/sources/quickbooks/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { configured, factsOf, read, verdict } from '../../conformance/interpreting.ts';
import { payloadsOf } from '../../conformance/payloads.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { believesNoAlteration } from '../../verification/attacks.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';
import { hmac } from '../../verification/signing.ts';

const source = registerSource(quickbooks);
const SECRET = 'verifier-token';
const NOW = Date.UTC(2026, 10, 22, 12);
const REALM = '913035829570099';
const config = { realmId: REALM };
const event = (id: string, type: string, rest: object = {}) => ({
  specversion: '1.0',
  id,
  source: 'intuit.x',
  type,
  datacontenttype: 'application/json',
  time: '2026-11-20T10:00:00.000Z',
  intuitentityid: '67',
  intuitaccountid: REALM,
  data: {},
  ...rest,
});
const entity = (name: string, operation: string, id = '67') => ({
  name,
  id,
  operation,
  lastUpdated: '2026-11-20T10:00:00.000Z',
});
const json = (value: unknown) => bytes(JSON.stringify(value));
const old = (...realms: readonly (readonly [string, readonly object[]])[]) =>
  json({ eventNotifications: realms.map(([realmId, entities]) => ({ realmId, dataChangeEvent: { entities } })) });
const sign = (body: Uint8Array) => ({ 'intuit-signature': hmac(SECRET, [body], 'base64') });

sourceContract('QuickBooks', source, {
  config,
  secrets: [SECRET],
  wrongSecrets: ['another'],
  contentType: 'application/json',
  headers: async (body) => sign(body),
  proof: ['intuit-signature'],
  bindsBody: true,
  bindsTime: false,
  enrichment: new Map([['record:customer/67', { Id: '67', DisplayName: 'ACME' }]]),
  bodies: [
    json([event('e1', 'qbo.invoice.created.v1'), event('e2', 'qbo.customer.updated.v1')]),
    old([REALM, [entity('Customer', 'Create'), entity('Invoice', 'Void')]]),
  ],
});

describe('QuickBooks', () => {
  const setUp = configured(source, config);
  const rows = (body: Uint8Array<ArrayBuffer>) =>
    read(setUp, body).map((reading) => [reading.event?.type, reading.event?.customer ?? null, verdict(reading)]);

  it('never lets one company of a delivery into the books of another', () => {
    const body = json([
      event('e1', 'qbo.customer.created.v1'),
      event('e2', 'qbo.customer.created.v1', { intuitaccountid: '1' }),
      event('e3', 'qbo.payment.updated.v1', { intuitaccountid: '2' }),
    ]);
    expect(rows(body)).toEqual([
      ['customer.created', `${REALM}-67`, 'no effect'],
      ['customer.created', null, 'quarantined:wrong_account'],
      ['payment.updated', null, 'quarantined:wrong_account'],
    ]);
    const slice = new TextDecoder().decode(read(setUp, body)[1]?.event?.body);
    expect(slice).not.toContain(REALM);
    expect(rows(old([REALM, [entity('Customer', 'Create')]], ['1', [entity('Customer', 'Delete')]]))).toEqual([
      ['customer.created', `${REALM}-67`, 'no effect'],
      ['customer.deleted', null, 'quarantined:wrong_account'],
    ]);
  });

  it('asks for nothing of a company it does not serve', () => {
    const [, other] = read(
      setUp,
      json([event('e1', 'qbo.customer.created.v1'), event('e2', 'qbo.customer.created.v1', { intuitaccountid: '1' })]),
    );
    if (other?.event === null || other === undefined) throw new Error('unreadable');
    expect(setUp.enrichment({ ...other.event, receivedAt: NOW })).toEqual([]);
  });

  it('gives the rest a reason', () => {
    expect(rows(json([event('e1', 'qbo.spaceship.created.v1')])).map(([, , word]) => word)).toEqual([
      'quarantined:unknown_type',
    ]);
    expect(rows(json({ eventNotifications: [{ realmId: REALM }] })).map(([, , word]) => word)).toEqual([
      'unreadable:unsupported_shape',
    ]);
  });

  const sample = payloadsOf('quickbooks')?.find(({ file }) => file.endsWith('api_create-customer__connectors.json'));
  it.skipIf(sample === undefined)(
    'makes a customer of the record as the API has it (skipped without ../shared)',
    () => {
      const answer: { Customer: unknown } = JSON.parse(new TextDecoder().decode(sample?.body));
      const fetched = new Map([['record:customer/67', answer.Customer]]);
      expect(factsOf(setUp, [event('e1', 'qbo.customer.updated.v1')], fetched)).toMatchObject([
        {
          kind: 'customer.upserted',
          customer: `quickbooks:customer:${REALM}-67`,
          name: "King's Groceries",
          email: 'jdrew@myemail.com',
          deleted: false,
        },
      ]);
    },
  );

  const body = bytes('[]');
  believesNoAlteration('QuickBooks', {
    valid: delivery(body, sign(body), NOW),
    verify: (sent) => setUp.verify(sent, always('old', SECRET)),
    headers: ['intuit-signature'],
    toleranceSeconds: null,
  });
});
