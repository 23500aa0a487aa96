import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { err } from '../../../src/canonical/result.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { salesforceSource } from '../../../src/sources/salesforce/index.ts';
import { KeySets } from '../../../src/verification/jwks.ts';
import { configured, RECEIVED_AT, read, verdict } from '../../conformance/interpreting.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';

const source = registerSource(salesforceSource(new KeySets(async () => err('unavailable'))));
const KEY = 'a-generated-signing-key';
const ACCOUNT = '0015g00000AccouAAB';
const config = {
  channel: 'data-action',
  events: {
    Account_Changed: { object: 'Account', fields: { Id: 'ssot__Id__c', Name: 'ssot__Name__c', Phone: 'phone__c' } },
  },
};
const dataAction = (payload: unknown, overrides: object = {}) => ({
  ActionDeveloperName: 'Account_Changed',
  EventCreationDateTime: '2026-11-20T10:00:00.000Z',
  EventPublishDateTime: '2026-11-20T10:00:01.000Z',
  EventPrompt: 'UPDATE',
  EventUuid: '5b1c62b0-62e5-4d1c-9d6b-5f64ac3bb1b5',
  Offset: '17',
  PayloadCurrentValue: payload,
  SourceObjectDeveloperName: 'ssot__Account__dlm',
  ...overrides,
});
const envelope = (...events: readonly object[]) =>
  JSON.stringify({ creationDateTime: '2026-11-20T10:00:01Z', count: events.length, schemas: [], events });
const account = { ssot__Id__c: ACCOUNT, ssot__Name__c: 'ACME "North" /1' };
const sign = (text: string, encoding: 'base64' | 'hex' = 'base64', key = KEY) =>
  createHmac('sha256', key).update(text).digest(encoding);

sourceContract('Salesforce by data action', source, {
  config,
  secrets: [KEY],
  wrongSecrets: ['another-key'],
  contentType: 'application/json',
  headers: async (body) => ({ 'x-signature': sign(new TextDecoder().decode(body)) }),
  proof: ['x-signature'],
  bindsBody: true,
  bindsTime: false,
  bodies: [bytes(envelope(dataAction(JSON.stringify(account))))],
});

describe('a data action target', () => {
  const body = envelope(dataAction(account));
  const verify = (settings: object, headers: Record<string, string>, ...keys: string[]) =>
    configured(source, { ...config, ...settings }).verify(delivery(body, headers, RECEIVED_AT), always(...keys));

  it('accepts the old and the new key while a new one takes effect', async () => {
    for (const key of ['old-key', 'new-key']) {
      const verified = await verify({}, { 'x-signature': sign(body, 'base64', key) }, 'old-key', 'new-key');
      expect(verified.ok && verified.value.trust).toBe('signed');
    }
    expect(await verify({}, { 'x-signature': sign(body, 'base64', 'old-key') }, 'new-key')).toEqual(
      err('signature_mismatch'),
    );
  });

  it('is signed as its settings say: the header, the digest, what is signed', async () => {
    const escaped = JSON.stringify(body).slice(1, -1);
    const signature = { header: 'x-dc-signature', encoding: 'hex', content: 'json-escaped-body' };
    expect((await verify({ signature }, { 'x-dc-signature': sign(escaped, 'hex') }, KEY)).ok).toBe(true);
    expect((await verify({ signature }, { 'x-dc-signature': sign(body, 'hex') }, KEY)).ok).toBe(false);
  });

  it('becomes a record change, its payload an object or JSON text', () => {
    for (const payload of [account, JSON.stringify(account)]) {
      const [reading] = read(configured(source, config), bytes(envelope(dataAction(payload))));
      expect(reading?.event).toMatchObject({
        eventId: '5b1c62b0-62e5-4d1c-9d6b-5f64ac3bb1b5',
        customer: ACCOUNT,
        occurredAt: Date.UTC(2026, 10, 20, 10),
      });
      expect(reading?.event !== null && reading?.interpretation).toMatchObject({
        facts: [{ kind: 'customer.upserted', name: 'ACME "North" /1', deleted: false }],
      });
    }
  });

  it('deletes by what was there before', () => {
    const gone = dataAction(null, { EventPrompt: 'DELETE', PayloadPrevValue: account });
    const [reading] = read(configured(source, config), bytes(envelope(gone)));
    expect(reading?.event !== null && reading?.interpretation).toMatchObject({ facts: [{ deleted: true }] });
  });

  it('is known by its place where it has no id, and refused whole where it has neither', () => {
    const placed = dataAction(account, { EventUuid: undefined });
    const [reading] = read(configured(source, config), bytes(envelope(placed)));
    expect(reading?.event?.eventId).toBe('Account_Changed/2026-11-20T10:00:01.000Z/17');
    const nowhere = dataAction(account, { EventUuid: undefined, Offset: '' });
    expect(read(configured(source, config), bytes(envelope(nowhere))).map(verdict)).toEqual([
      'unreadable:unsupported_shape',
    ]);
  });

  it('is quarantined, each event with its reason, where it is not mapped or empty', () => {
    const unmapped = dataAction(account, { ActionDeveloperName: 'Churn_Risk', EventUuid: 'b' });
    const empty = dataAction('', { EventUuid: 'c' });
    expect(read(configured(source, config), bytes(envelope(unmapped, empty))).map(verdict)).toEqual([
      'quarantined:unknown_type',
      'quarantined:schema_mismatch',
    ]);
  });
});
