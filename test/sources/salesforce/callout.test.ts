import { describe, expect, it } from 'vitest';
import { signedCallout } from '../../../sandbox/salesforce/messages.ts';
import { err } from '../../../src/canonical/result.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { longId, sameId } from '../../../src/sources/salesforce/ids.ts';
import { salesforceSource } from '../../../src/sources/salesforce/index.ts';
import { KeySets } from '../../../src/verification/jwks.ts';
import { configured, RECEIVED_AT, read, verdict } from '../../conformance/interpreting.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';

const source = registerSource(salesforceSource(new KeySets(async () => err('unavailable'))));
const sourceOf = (config: object = {}) =>
  configured(source, { channel: 'callout', auth: 'standard-webhooks', ...config });
const json = (value: unknown) => bytes(JSON.stringify(value));
const ACCOUNT = '0015g00000AccouAAB';
const SECRET = `whsec_${btoa('0123456789abcdef0123456789abcdef')}`;

const callout = (object: object, overrides: object = {}) => ({
  id: 'evt-1',
  type: 'Opportunity',
  occurredAt: '2026-11-20T10:00:00Z',
  object: { Id: '0065g0000000001AAA', AccountId: ACCOUNT, Name: 'Deal', StageName: 'Closed Won', ...object },
  ...overrides,
});
const change = (entityName: string, fields: object, header: object = {}) => ({
  payload: {
    ChangeEventHeader: {
      entityName,
      recordIds: [ACCOUNT],
      changeType: 'UPDATE',
      transactionKey: '0000be70-a756-e601-9202-32967602a6be',
      sequenceNumber: 1,
      commitTimestamp: 1_745_500_706_000,
      commitNumber: 1_745_500_706,
      ...header,
    },
    ...fields,
  },
});

describe('record ids', () => {
  it('have one 18-character form', () => {
    expect(longId('0015g00000AbCdE')).toBe(longId(longId('0015g00000AbCdE')));
    expect(longId('001D000000IqhSL')).toBe('001D000000IqhSLIAZ');
    expect(sameId('001D000000IqhSL', '001D000000IqhSLIAZ')).toBe(true);
    expect(sameId('001D000000IqhSL', '001D000000IqhSl')).toBe(false);
  });
});

describe('the callout', () => {
  it('is verified as a Standard Webhook, and refused when a byte differs', async () => {
    const signed = await signedCallout(callout({}), SECRET, RECEIVED_AT / 1000);
    const verified = await sourceOf().verify(delivery(signed.body, signed.headers, RECEIVED_AT), always(SECRET));
    expect(verified.ok && verified.value.trust).toBe('signed');
    const tampered = delivery(signed.body.replace('Deal', 'Dea1'), signed.headers, RECEIVED_AT);
    expect(await sourceOf().verify(tampered, always(SECRET))).toEqual({ ok: false, error: 'signature_mismatch' });
  });

  it('reads amounts by their digits, up to the last one the books can hold', () => {
    const reading = (digits: string) =>
      read(
        sourceOf(),
        bytes(
          JSON.stringify(callout({ CurrencyIsoCode: 'EUR', Amount: 0 })).replace('"Amount":0', `"Amount":${digits}`),
        ),
      )[0];
    const largest = reading('90071992547409.91');
    expect(largest?.event !== null && largest?.interpretation).toMatchObject({
      facts: [{ kind: 'deal.won', amount: Number.MAX_SAFE_INTEGER }],
    });
    for (const digits of ['90071992547409.92', '0.1000000000000000055', '1e999']) {
      const refused = reading(digits);
      expect(refused === undefined ? '' : verdict(refused)).toBe('quarantined:schema_mismatch');
    }
  });

  it('books account, product, contract and order', () => {
    const events = [
      callout(
        { Id: ACCOUNT, Name: 'ACME', SystemModstamp: '2026-11-20T09:00:00.000+0000' },
        { id: 'a', type: 'Account' },
      ),
      callout({ Id: '01t5g0000000001AAA', Name: 'Pro', IsActive: true }, { id: 'b', type: 'Product2' }),
      callout({ Id: '8005g0000000001AAA', Status: 'Activated' }, { id: 'c', type: 'Contract' }),
      callout({ Id: '8015g0000000001AAA', Status: 'Draft' }, { id: 'd', type: 'Order' }),
    ];
    const readings = read(sourceOf(), json({ events }));
    expect(readings.map(verdict)).toEqual([
      'facts:customer.upserted',
      'facts:product.upserted',
      'facts:contract.activated',
      'no effect',
    ]);
    expect(readings.map((reading) => reading.event?.customer)).toEqual([ACCOUNT, null, ACCOUNT, ACCOUNT]);
    expect(readings[1]?.event?.sharedLane).toBe('catalogue');
    expect(readings[0]?.event !== null && readings[0]?.interpretation).toMatchObject({
      facts: [{ version: Date.UTC(2026, 10, 20, 9) }],
    });
  });

  it("maps tax number and references by the tenant's field names, never inherited ones", () => {
    const config = { taxIdField: 'VAT__c', referenceFields: { stripe: 'Stripe__c', odd: 'constructor' } };
    const account = callout(
      { Id: ACCOUNT, VAT__c: 'FR1', Stripe__c: 'cus_1', BillingStreet: '1 rue A\nBât. B' },
      { type: 'Account' },
    );
    const [reading] = read(sourceOf(config), json(account));
    expect(reading?.event !== null && reading?.interpretation).toMatchObject({
      facts: [{ taxId: 'FR1', references: { stripe: 'cus_1' }, address: { line1: '1 rue A', line2: 'Bât. B' } }],
    });
  });

  it.each([
    ['no record id', callout({ Id: undefined }), 'quarantined:schema_mismatch'],
    ['a time without zone', callout({}, { occurredAt: '2026-11-20T10:00:00' }), 'quarantined:schema_mismatch'],
    ['another organization', callout({}, { organizationId: '00D5g000000XyZwEAK' }), 'quarantined:wrong_account'],
    ['no event id', callout({}, { id: undefined }), 'unreadable:unsupported_shape'],
    [
      'a list too long',
      Array.from({ length: 251 }, (_, n) => callout({}, { id: `e${n}` })),
      'unreadable:unsupported_shape',
    ],
    ['a number', 1, 'unreadable:unsupported_shape'],
  ])('is set aside with a reason: %s', (_, value, expected) => {
    expect(read(sourceOf({ organizationId: '00D5g000000AbCdEAK' }), json(value)).map(verdict)).toEqual([expected]);
  });

  it('survives a depth bomb and broken JSON', () => {
    for (const text of ['['.repeat(200_000), '{"a":'.repeat(100_000), '{', '', '\ufeff{}x', '{"id":1,"id":2}']) {
      expect(read(sourceOf(), bytes(text)).map(verdict)[0]).toMatch(/^unreadable:/);
    }
  });

  it('is acknowledged in JSON', async () => {
    const summary = { status: 'accepted', events: [{ id: 'a', lane: 'l', seq: 1 }] } as const;
    expect(await sourceOf().acknowledge(summary).json()).toEqual(summary);
  });
});

describe('change data capture', () => {
  const record = { Id: ACCOUNT, Name: 'ACME', Phone: '1' };

  it('needs the record when a kept field of an account changed, and reads it as fetched', () => {
    const value = change('Account', { Name: 'ACME' }, { changedFields: ['Name'] });
    expect(read(sourceOf(), json(value)).map(verdict)).toEqual(['quarantined:unsupported_shape']);
    const fetched = new Map<string, unknown>([[`record:Account/${ACCOUNT}`, record]]);
    expect(read(sourceOf(), json(value), undefined, fetched).map(verdict)).toEqual(['facts:customer.upserted']);
  });

  it('takes a change of other fields for nothing', () => {
    const value = change('Account', { Description: 'x' }, { changedFields: ['Description', 'LastModifiedDate'] });
    expect(read(sourceOf(), json(value)).map(verdict)).toEqual(['no effect']);
  });

  it('deletes a customer without asking for the record', () => {
    const [reading] = read(sourceOf(), json(change('Account', {}, { changeType: 'DELETE' })));
    expect(reading?.event !== null && reading?.interpretation).toMatchObject({ facts: [{ deleted: true }] });
  });

  it('splits an event over several records into one each', () => {
    const value = change(
      'Account',
      { Name: 'x' },
      { recordIds: [ACCOUNT, '0015g00000AccouAAD'], changeType: 'CREATE' },
    );
    const readings = read(sourceOf(), json(value));
    expect(readings.map(verdict)).toEqual(['facts:customer.upserted', 'facts:customer.upserted']);
    expect(new Set(readings.map((reading) => reading.event?.eventId)).size).toBe(2);
  });

  it.each([
    ['a gap', { changeType: 'GAP_UPDATE' }],
    ['an overflow', { changeType: 'GAP_OVERFLOW', recordIds: ['000000000000000AAA'] }],
    ['a wildcard', { recordIds: ['001*'] }],
  ])('sets %s aside', (_, header) => {
    expect(read(sourceOf(), json(change('Account', {}, header))).map(verdict)).toEqual([
      'quarantined:unsupported_shape',
    ]);
  });

  it('books a won deal only where the change carries its account', () => {
    const fields = { StageName: 'Closed Won', Name: 'D', Amount: 10.5, CurrencyIsoCode: 'EUR' };
    const header = { recordIds: ['0065g0000000001AAA'], changedFields: ['StageName'] };
    expect(read(sourceOf(), json(change('Opportunity', fields, header))).map(verdict)).toEqual([
      'quarantined:unsupported_shape',
    ]);
    const enriched = change('Opportunity', { ...fields, AccountId: ACCOUNT }, header);
    expect(read(sourceOf(), json(enriched)).map(verdict)).toEqual(['facts:deal.won']);
  });

  it('is understood through EventBridge and AppFlow', () => {
    const { payload } = change('Account', { Name: 'x' }, { changeType: 'CREATE' });
    const bridge = {
      id: 'x-1',
      'detail-type': 'AccountChangeEvent',
      source: 'aws.partner/salesforce.com/00D5g000000AbCdEAK/c',
      detail: { payload },
    };
    expect(read(sourceOf(), json(bridge)).map(verdict)).toEqual(['facts:customer.upserted']);
    expect(read(sourceOf(), json({ ...bridge, detail: payload })).map(verdict)).toEqual(['facts:customer.upserted']);
    const other = sourceOf({ organizationId: '00D5g000000XyZwEAK' });
    expect(read(other, json(bridge)).map(verdict)).toEqual(['quarantined:wrong_account']);
  });
});
