import { describe, expect, it } from 'vitest';
import { customSource } from '../../../src/sources/custom/index.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { KeySets } from '../../../src/verification/jwks.ts';
import { configured, factsOf, read, verdict } from '../../conformance/interpreting.ts';
import { acmeBilling, bytesOf, clientSaved, invoiceSent, paymentReceived } from './samples.ts';

const source = registerSource(customSource(new KeySets(() => Promise.reject(new Error('unused')))));
const billing = configured(source, acmeBilling);
const inBatch = (...events: readonly unknown[]) => bytesOf({ events });
const one = (event: object) => factsOf(billing, { events: [event] });

/** Faults of the settings with one of them changed. */
function faultsOf(changed: object): readonly string[] {
  const answer = source.configure({ ...acmeBilling, ...changed });
  return answer.ok ? [] : answer.error;
}
const withType = (settings: object) => faultsOf({ types: { 'a.b': settings } });
const withAuth = (changed: object) => faultsOf({ auth: { ...acmeBilling.auth, ...changed } });

describe('a custom source', () => {
  it('makes facts with keys of its own system, amounts in minor units and the prerequisites they have', () => {
    const [invoice] = one(invoiceSent);
    expect(invoice).toMatchObject({
      kind: 'invoice.issued',
      invoice: 'x-acmebill:invoice:INV-9007199254740993',
      customer: 'x-acmebill:customer:C1',
      currency: 'EUR',
      total: 16001,
      occurredAt: Date.UTC(2026, 10, 20, 9),
      dueAt: Date.UTC(2026, 11, 20),
      requires: [],
      creditApplied: 0,
      billedTo: { name: null, email: null },
    });
    const [payment] = one(paymentReceived);
    expect(payment).toMatchObject({
      kind: 'payment.captured',
      requires: ['x-acmebill:invoice:INV-9007199254740993'],
      settlement: null,
    });
    expect(one(clientSaved)[0]).toMatchObject({ version: Date.UTC(2026, 10, 19, 8), email: null, deleted: false });
  });

  it('cuts a batch without changing a digit, each event for its own customer', () => {
    const digits = '123456789012345678901234567890.10';
    const body = bytesOf(
      `{"events": [${JSON.stringify(clientSaved)}, {"id": 7, "topic": "ping", "at": "2026-11-19T08:00:00Z", "n": ${digits}}]}`,
    );
    const readings = read(billing, body);
    expect(readings.map((each) => each.event?.customer)).toEqual(['C1', null]);
    expect(readings.map((each) => each.event?.eventId)).toEqual(['e-0', '7']);
    expect(new TextDecoder().decode(readings[1]?.event?.body)).toContain(digits);
    expect(readings.map(verdict)).toEqual(['facts:customer.upserted', 'no effect']);
  });

  it('quarantines what it was not told about, and says why without values', () => {
    const bad = { ...invoiceSent, invoice: { ...invoiceSent.invoice, no: 'hunter2', rows: [] } };
    const [unknown, mismatch, untimed, unread] = read(
      billing,
      inBatch(
        { ...clientSaved, topic: 'else' },
        bad,
        { ...clientSaved, at: 'yesterday' },
        { ...clientSaved, client: { id: 'C1' } },
      ),
    );
    expect(unknown && verdict(unknown)).toBe('quarantined:unknown_type');
    expect(mismatch?.event?.quarantine?.detail).toMatch(/#\/invoice\/(no: pattern|rows: minItems)/);
    expect(mismatch?.event?.quarantine?.detail).not.toContain('hunter2');
    expect(untimed && verdict(untimed)).toBe('quarantined:unsupported_shape');
    expect(unread?.event && unread.interpretation).toEqual({
      kind: 'quarantine',
      reason: { code: 'schema_mismatch', detail: expect.stringMatching(/^facts: no such key at character \d+: name/) },
    });
  });

  it('keeps a delivery whole when an event of it has no id', () => {
    expect(read(billing, inBatch(clientSaved, { topic: 'ping' })).map(verdict)).toEqual([
      'unreadable:unsupported_shape',
    ]);
    expect(read(billing, bytesOf('{"events": []}')).map(verdict)).toEqual(['unreadable:unsupported_shape']);
    expect(read(billing, bytesOf('nonsense')).map(verdict)).toEqual(['unreadable:not_json']);
  });

  it('refuses a customer that would name a lane of the source’s own', () => {
    const [reading] = read(billing, inBatch({ ...clientSaved, client: { id: '~account', name: 'x' } }));
    expect(reading && verdict(reading)).toBe('quarantined:unsupported_shape');
  });

  it('books no amount that is text, a fraction or too large', () => {
    for (const cents of ['16001', 160.01, 2 ** 60]) {
      const [reading] = read(billing, inBatch({ ...paymentReceived, payment: { ...paymentReceived.payment, cents } }));
      expect(reading && verdict(reading), String(cents)).toBe('quarantined:schema_mismatch');
    }
  });
});

describe('the settings of a custom source', () => {
  it('are wrong at a path, all of them at once', () => {
    expect(
      faultsOf({
        event: { id: 'id', time: { path: '$..at' }, customer: ['$.a[*]'] },
        types: { 'a.b': { facts: 'nope' }, 'c.d': { facts: '1 +' } },
      }).map((fault) => fault.split(': ')[0]),
    ).toEqual(['event.id', 'event.time.path', 'event.customer', 'types.a.b.facts', 'types.c.d.facts']);
  });

  it('know no setting by another name', () => {
    expect(faultsOf({ evnt: {} })).toContain('evnt: is not a known setting');
    expect(withAuth({ algo: 'sha1' })).toContain('auth.algo: is not a known setting');
  });

  it('cannot leave the body, or a time that is used, out of what is signed', () => {
    expect(withAuth({ content: '{timestamp}' })[0]).toMatch(/^auth\.content: must hold \{body\} once/);
    expect(withAuth({ content: '{body}' })[0]).toMatch(/^auth\.content: must hold \{timestamp\}/);
    expect(withAuth({ timestamp: undefined })[0]).toMatch(/^auth\.timestamp: is missing/);
    expect(withAuth({ value: '{signature}' })[0]).toMatch(/^auth\.timestamp: must be in one place/);
    expect(withAuth({ content: '{timestamp}.{body}.{nonsense}' })[0]).toMatch(/^auth\.content: may hold/);
  });

  it('cannot take the event id from a header that is not signed', () => {
    const event = { ...acmeBilling.event, batch: undefined, id: 'header:x-event-id' };
    expect(faultsOf({ event })[0]).toMatch(/^event\.id: must be signed/);
    const auth = { ...acmeBilling.auth, content: '{header:x-event-id}.{timestamp}.{body}' };
    expect(faultsOf({ event, auth })).toEqual([]);
  });

  it('refuse schemas that reach outside, refer to nothing or hold patterns that can take for ever', () => {
    const withSchema = (schema: object) => withType({ schema, facts: null })[0];
    expect(withSchema({ $ref: 'https://example.com/schema.json' })).toMatch(/^types\.a\.b\.schema: can refer/);
    expect(withSchema({ $ref: '#/$defs/none' })).toMatch(/\$ref to nothing/);
    expect(withSchema({ $ref: '#' })).toMatch(/references end/);
    expect(withSchema({ properties: { a: { pattern: '^(a+)+$' } } })).toMatch(/repeated group/);
    expect(withSchema({ properties: { a: { pattern: '^(a|ab)*$' } } })).toMatch(/repeated group/);
    expect(withSchema({ properties: { a: { pattern: '(' } } })).toMatch(/no regular expression/);
    expect(withSchema({ properties: { a: { pattern: '^INV-[0-9]+$' } } })).toBeUndefined();
  });

  it('need a secret for proofs that compare one, and none for a key set or a certificate', () => {
    expect(faultsOf({ secrets: [] })).toEqual(['secrets: at least one, for this proof']);
    const certificate = { fingerprintSha256: 'ab'.repeat(32) };
    expect(faultsOf({ secrets: [], auth: { scheme: 'mtls', certificate } })).toEqual([]);
  });
});
