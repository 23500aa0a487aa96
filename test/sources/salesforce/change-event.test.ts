import { describe, expect, it } from 'vitest';
import { err } from '../../../src/canonical/result.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { salesforceSource } from '../../../src/sources/salesforce/index.ts';
import { enrichmentKey } from '../../../src/sources/source.ts';
import { KeySets } from '../../../src/verification/jwks.ts';
import { configured, RECEIVED_AT, read, stored, verdict } from '../../conformance/interpreting.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';

const source = registerSource(salesforceSource(new KeySets(async () => err('unavailable'))));
const sourceOf = (config: object = {}) =>
  configured(source, { channel: 'callout', auth: 'standard-webhooks', ...config });
const json = (value: unknown) => bytes(JSON.stringify(value));

const ACCOUNT = '0015g00000AccouAAB';
const DEAL = '0065g0000000001AAA';
const ORG = '00D5g000000AbCdEAK';
const COMMITTED = 1_778_192_987_000;

const payload = (entityName: string, fields: object, header: object = {}) => ({
  ChangeEventHeader: {
    entityName,
    recordIds: [entityName === 'Account' ? ACCOUNT : DEAL],
    changeType: 'UPDATE',
    transactionKey: '00007e6d-1720-70a0-4379-f4dc745d2b31',
    sequenceNumber: 1,
    commitTimestamp: COMMITTED,
    ...header,
  },
  ...fields,
});
/** As the relay posts it; `digits` replaces `commitNumber`, which JSON.stringify cannot write whole. */
const relayed = (entityName: string, fields: object, header: object = {}) => ({
  topic: `/data/${entityName}ChangeEvent`,
  organizationId: ORG,
  replayId: 'AAAAAAAAAAE=',
  event: { id: 'f2c3' },
  payload: payload(entityName, fields, header),
});
const needsOf = (value: unknown, config: object = {}): readonly string[] => {
  const setUp = sourceOf(config);
  return read(setUp, json(value)).flatMap(({ event }) =>
    event === null ? [] : setUp.enrichment(stored(event)).map(enrichmentKey),
  );
};
const record = (fields: object) => new Map<string, unknown>(Object.entries(fields));
const factOf = (value: unknown, fetched: ReadonlyMap<string, unknown> = new Map(), config: object = {}) => {
  const [reading] = read(sourceOf(config), json(value), undefined, fetched);
  return reading?.event === null || reading?.interpretation.kind !== 'facts' ? null : reading.interpretation.facts[0];
};

describe('a change event from Pub/Sub, where unchanged fields are null', () => {
  const won = {
    StageName: 'Closed Won',
    AccountId: null,
    Name: null,
    Amount: null,
    CurrencyIsoCode: null,
    Description: null,
  };
  const header = { changedFields: ['StageName'], nulledFields: [], diffFields: [] };

  it('asks for the record of a won deal rather than take null for empty', () => {
    expect(needsOf(relayed('Opportunity', won, header))).toEqual([`record:Opportunity/${DEAL}`]);
    const fetched = record({
      [`record:Opportunity/${DEAL}`]: {
        Id: DEAL,
        AccountId: ACCOUNT,
        Name: 'Renewal',
        Amount: '12500.5',
        CurrencyIsoCode: 'EUR',
        StageName: 'Negotiation',
      },
    });
    expect(factOf(relayed('Opportunity', won, header), fetched)).toMatchObject({
      kind: 'deal.won',
      customer: `salesforce:customer:${ACCOUNT}`,
      name: 'Renewal',
      amount: 1_250_050,
    });
  });

  it('takes a field for empty when nulledFields says so, whatever the record says now', () => {
    const cleared = relayed('Opportunity', won, { ...header, nulledFields: ['Amount'] });
    const fetched = record({
      [`record:Opportunity/${DEAL}`]: { AccountId: ACCOUNT, Name: 'Renewal', Amount: '99', CurrencyIsoCode: 'EUR' },
    });
    expect(factOf(cleared, fetched)).toMatchObject({ kind: 'deal.won', amount: null });
  });

  it('asks for nothing when all that is booked came along, or nothing that is booked happened', () => {
    const whole = { ...won, AccountId: ACCOUNT, Name: 'D', Amount: 1, CurrencyIsoCode: 'EUR' };
    expect(needsOf(relayed('Opportunity', whole, header))).toEqual([]);
    expect(needsOf(relayed('Opportunity', { ...won, StageName: 'Prospecting' }, header))).toEqual([]);
    expect(needsOf(relayed('Opportunity', { ...whole, CurrencyIsoCode: null }, header), { currency: 'EUR' })).toEqual(
      [],
    );
  });

  it('does not take a diff of a text for the text', () => {
    const diffed = {
      ...won,
      AccountId: ACCOUNT,
      Name: '--- \n+++ \n@@ -1,1 +1,1 @@',
      Amount: 1,
      CurrencyIsoCode: 'EUR',
    };
    expect(needsOf(relayed('Opportunity', diffed, { ...header, diffFields: ['Name'] }))).toEqual([
      `record:Opportunity/${DEAL}`,
    ]);
  });

  it('says which organization it is from', () => {
    const other = { organizationId: '00D5g000000XyZwEAK' };
    expect(read(sourceOf(other), json(relayed('Opportunity', won, header))).map(verdict)).toEqual([
      'quarantined:wrong_account',
    ]);
  });
});

describe('gap events', () => {
  it.each(['GAP_CREATE', 'GAP_UPDATE', 'GAP_UNDELETE'])('%s is read again from the API', (changeType) => {
    const gap = relayed('Account', {}, { changeType });
    expect(needsOf(gap)).toEqual([`record:Account/${ACCOUNT}`]);
    const fetched = record({ [`record:Account/${ACCOUNT}`]: { Id: ACCOUNT, Name: 'ACME' } });
    expect(factOf(gap, fetched)).toMatchObject({ kind: 'customer.upserted', name: 'ACME', deleted: false });
    expect(read(sourceOf(), json(gap)).map(verdict)).toEqual(['quarantined:unsupported_shape']);
  });

  it('books a deal from its record alone', () => {
    const gap = relayed('Opportunity', {}, { changeType: 'GAP_UPDATE' });
    expect(needsOf(gap)).toEqual([`record:Opportunity/${DEAL}`]);
    const deal = { AccountId: ACCOUNT, Name: 'D', StageName: 'Closed Won', Amount: '1', CurrencyIsoCode: 'EUR' };
    const fetched = record({ [`record:Opportunity/${DEAL}`]: deal });
    expect(factOf(gap, fetched)).toMatchObject({ kind: 'deal.won', amount: 100 });
  });

  it('GAP_DELETE needs no record', () => {
    const gap = relayed('Account', {}, { changeType: 'GAP_DELETE' });
    expect(needsOf(gap)).toEqual([]);
    expect(factOf(gap)).toMatchObject({ deleted: true });
  });

  it('an overflow and a wildcard name no record: a person reads again what changed', () => {
    const overflow = relayed('Account', {}, { changeType: 'GAP_OVERFLOW', recordIds: ['000000000000000AAA'] });
    const wildcard = relayed('Account', {}, { recordIds: ['001*'] });
    for (const value of [overflow, wildcard]) {
      const [reading] = read(sourceOf(), json(value));
      expect(reading?.event?.quarantine?.detail).toMatch(/have to be read again$/);
      expect(needsOf(value)).toEqual([]);
    }
  });
});

it('a header that cannot be read costs the other events of a delivery nothing', () => {
  const odd = { ...relayed('Account', {}, { transactionKey: 'not a key' }), event: { id: 'odd-1' } };
  const fine = relayed('Account', {}, { changeType: 'DELETE' });
  const readings = read(sourceOf(), json({ events: [odd, fine] }));
  expect(readings.map(verdict)).toEqual(['quarantined:unsupported_shape', 'facts:customer.upserted']);
  expect(readings[0]?.event?.eventId).toBe('odd-1');
});

describe('the order of changes', () => {
  const versionOf = (digits: string, header: object = {}): unknown => {
    const text = JSON.stringify(
      relayed('Account', { Name: 'x' }, { changeType: 'CREATE', commitNumber: 0, ...header }),
    ).replace('"commitNumber":0', `"commitNumber":${digits}`);
    const [reading] = read(sourceOf(), bytes(text));
    if (reading?.event === null || reading?.interpretation.kind !== 'facts') return null;
    const [fact] = reading.interpretation.facts;
    return fact?.kind === 'customer.upserted' ? fact.version : null;
  };

  it('within a second is told by a commit number beyond 2^53, to the millisecond', () => {
    expect(versionOf('1778192987716501506')).toBe(1_778_192_987_716);
    expect(versionOf('1778192987717501507')).toBe(1_778_192_987_717);
  });

  it('is the place in the transaction where the commit number is a counter', () => {
    expect(versionOf('389896250651')).toBe(COMMITTED);
    expect(versionOf('389896250651', { sequenceNumber: 3 })).toBe(COMMITTED + 2);
  });

  it('ends with a deletion, and stays within the second', () => {
    expect(versionOf('389896250651', { changeType: 'DELETE' })).toBe(COMMITTED + 999);
    expect(versionOf('1778192987999999999', { sequenceNumber: 4000 })).toBe(COMMITTED + 998);
  });

  it('is not lost to the coarser stamp of a fetched record', () => {
    const change = relayed('Account', { Name: 'x' }, { changedFields: ['Name'], sequenceNumber: 5 });
    const stamp = new Date(COMMITTED).toISOString().replace('Z', '+0000');
    const same = record({ [`record:Account/${ACCOUNT}`]: { Id: ACCOUNT, Name: 'x', SystemModstamp: stamp } });
    expect(factOf(change, same)).toMatchObject({ version: COMMITTED + 4 });
    const later = record({
      [`record:Account/${ACCOUNT}`]: { Name: 'x', SystemModstamp: '2026-05-08T00:00:00.000+0000' },
    });
    expect(factOf(change, later)).toMatchObject({ version: Date.UTC(2026, 4, 8) });
  });

  it('in one delivery is that of the commits, compared as whole numbers', () => {
    const commit = (commitNumber: number, sequenceNumber: number) =>
      relayed('Account', {}, { commitNumber, sequenceNumber, transactionKey: `t${commitNumber}` });
    const text = JSON.stringify([commit(2, 1), commit(1, 2), commit(1, 1)])
      .replaceAll('"commitNumber":1', '"commitNumber":9223372036854775806')
      .replaceAll('"commitNumber":2', '"commitNumber":9223372036854775807');
    expect(read(sourceOf(), bytes(text)).map(({ event }) => event?.eventId)).toEqual([
      `t1/1/${ACCOUNT}`,
      `t1/2/${ACCOUNT}`,
      `t2/1/${ACCOUNT}`,
    ]);
  });
});

describe('platform events', () => {
  const events = {
    Deal_Won__e: {
      object: 'Opportunity',
      fields: { Id: 'Deal_Id__c', AccountId: 'Account_Id__c', StageName: 'Stage__c', Name: 'Title__c' },
    },
  };
  const fields = { Deal_Id__c: DEAL, Account_Id__c: ACCOUNT, Stage__c: 'Closed Won', Title__c: 'Renewal' };
  const uuid = 'e981b488-81f3-4fcc-bd6f-f7033c9d7ac3';
  const forms: readonly (readonly [string, object])[] = [
    ['CometD', { channel: '/event/Deal_Won__e', data: { payload: fields, event: { replayId: 7, EventUuid: uuid } } }],
    [
      'EventBridge',
      {
        id: 'b1',
        'detail-type': 'Deal_Won__e',
        source: `aws.partner/salesforce.com/${ORG}/0YLxx`,
        detail: { payload: { ...fields, EventUuid: uuid }, schemaId: 's' },
      },
    ],
    ['the relay', { topic: '/event/Deal_Won__e', replayId: 'AAE=', event: { id: uuid }, payload: fields }],
  ];

  it.each(forms)('become a record change where they are mapped: %s', (_, value) => {
    const [reading] = read(sourceOf({ events }), json(value));
    expect(reading?.event).toMatchObject({ eventId: uuid, type: 'Deal_Won__e', customer: ACCOUNT });
    expect(reading === undefined ? '' : verdict(reading)).toBe('facts:deal.won');
  });

  it.each(forms)('are quarantined where they are not: %s', (_, value) => {
    expect(read(sourceOf(), json(value)).map(verdict)).toEqual(['quarantined:unknown_type']);
  });

  it('that name no record are quarantined', () => {
    const value = { topic: '/event/Deal_Won__e', event: { id: uuid }, payload: { ...fields, Deal_Id__c: 'none' } };
    expect(read(sourceOf({ events }), json(value)).map(verdict)).toEqual(['quarantined:schema_mismatch']);
  });

  it('that the relay could not decode are kept and shown', () => {
    const value = { topic: '/event/Deal_Won__e', event: { id: uuid }, undecoded: { schemaId: 's', avro: 'AA==' } };
    expect(read(sourceOf({ events }), json(value)).map(verdict)).toEqual(['quarantined:schema_mismatch']);
  });

  it('are mapped by settings that name the record', () => {
    const { Id: _, ...without } = events.Deal_Won__e.fields;
    const config = {
      channel: 'callout',
      auth: 'basic',
      events: { Deal_Won__e: { object: 'Opportunity', fields: without } },
    };
    expect(source.configure(config).ok).toBe(false);
  });
});

describe('a relay that can only set a header', () => {
  const body = json(relayed('Account', {}, { changeType: 'DELETE' }));
  const key = 'an-api-destination-key';
  const basic = `Basic ${btoa(`bridge:${key}`)}`;

  it.each([
    [{ auth: 'api-key' }, { 'x-api-key': key }, { 'x-api-key': `${key}x` }, key],
    [{ auth: 'api-key', apiKeyHeader: 'x-relay' }, { 'x-relay': key }, { 'x-api-key': key }, key],
    [{ auth: 'basic' }, { authorization: basic }, { authorization: `${basic}x` }, `bridge:${key}`],
  ])('is authenticated, not signed: %o', async (config, right, wrong, secret) => {
    const setUp = sourceOf(config);
    const verified = await setUp.verify(delivery(body, right, RECEIVED_AT), always(secret));
    expect(verified.ok && verified.value.trust).toBe('authenticated');
    expect((await setUp.verify(delivery(body, wrong, RECEIVED_AT), always(secret))).ok).toBe(false);
  });
});
