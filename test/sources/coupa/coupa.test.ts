import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coupa } from '../../../src/sources/coupa/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { configured, factsOf, read, verdict } from '../../conformance/interpreting.ts';
import { sourceContract } from '../../conformance/source-contract.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';

const source = registerSource(coupa);
const NOW = Date.UTC(2026, 10, 22, 12);
const basic = { authorization: `Basic ${btoa('coupa:s3cret')}` };
const API_KEY = 'an-api-key-of-coupa-0001';
const contract = { id: 12, 'updated-at': '2026-11-20T10:00:00-05:00', status: 'published', name: 'Frame agreement' };
const json = (value: unknown) => bytes(JSON.stringify(value));

sourceContract('Coupa by Basic', source, {
  config: { object: 'contract' },
  secrets: ['coupa:s3cret'],
  wrongSecrets: ['coupa:other', API_KEY],
  contentType: 'application/json',
  headers: async () => basic,
  proof: ['authorization'],
  bindsBody: false,
  bindsTime: false,
  bodies: [json(contract), json({ ...contract, status: 'draft' })],
});

sourceContract('Coupa by API key', source, {
  config: { object: 'purchase-order', proof: 'api-key', apiKeyHeader: 'x-coupa-callout' },
  secrets: [API_KEY],
  wrongSecrets: ['another-key-of-coupa-0002'],
  contentType: 'application/json',
  headers: async () => ({ 'x-coupa-callout': API_KEY }),
  proof: ['x-coupa-callout'],
  bindsBody: false,
  bindsTime: false,
  bodies: [json(contract)],
});

describe('Coupa', () => {
  const verdictOf = (object: string, value: unknown = contract) =>
    read(configured(source, { object }), json(value)).map(verdict);

  it('makes a contract of a published one, for its own time zone', () => {
    expect(factsOf(configured(source, { object: 'contract' }), contract)).toEqual([
      {
        kind: 'contract.activated',
        occurredAt: Date.UTC(2026, 10, 20, 15),
        requires: [],
        contract: 'coupa:contract:12',
        customer: null,
        name: 'Frame agreement',
      },
    ]);
  });

  it('shows a person the money no rule covers, and takes the rest without effect', () => {
    for (const object of ['invoice', 'payment', 'expense-report'])
      expect(verdictOf(object)).toEqual(['quarantined:unsupported_shape']);
    for (const object of ['purchase-order', 'requisition', 'receipt', 'supplier'])
      expect(verdictOf(object)).toEqual(['no effect']);
    expect(verdictOf('contract', { ...contract, status: 'draft' })).toEqual(['no effect']);
  });

  it('keeps XML whole for a person, and tells two states of one object apart', () => {
    const setUp = configured(source, { object: 'contract' });
    expect(read(setUp, bytes('<contract/>'), 'application/xml').map(verdict)).toEqual(['unreadable:not_json']);
    const ids = ['draft', 'published'].map((status) => read(setUp, json({ ...contract, status }))[0]?.event?.eventId);
    expect(new Set(ids).size).toBe(2);
  });

  it('knows which objects there are', () => {
    expect(source.configure({ object: 'spaceship' }).ok).toBe(false);
  });

  it('believes none of 10000 other keys', async () => {
    const setUp = configured(source, { object: 'contract', proof: 'api-key' });
    const printable = fc.string({
      unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)),
      maxLength: 60,
    });
    const altered = fc
      .tuple(fc.nat(API_KEY.length - 1), fc.integer({ min: 33, max: 126 }))
      .map(([at, code]) => `${API_KEY.slice(0, at)}${String.fromCharCode(code)}${API_KEY.slice(at + 1)}`);
    await fc.assert(
      fc.asyncProperty(fc.oneof(printable, altered), async (key) => {
        fc.pre(key !== API_KEY);
        expect((await setUp.verify(delivery('{}', { 'x-api-key': key }, NOW), always(API_KEY))).ok).toBe(false);
      }),
      { numRuns: 10_000 },
    );
  });
});
