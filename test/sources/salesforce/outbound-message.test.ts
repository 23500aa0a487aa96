import { describe, expect, it } from 'vitest';
import {
  accountNotification,
  contractNotification,
  type OutboundNotification,
  opportunityNotification,
  outboundMessage,
} from '../../../sandbox/salesforce/messages.ts';
import { err } from '../../../src/canonical/result.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import { salesforceSource } from '../../../src/sources/salesforce/index.ts';
import { KeySets } from '../../../src/verification/jwks.ts';
import type { Delivery } from '../../../src/verification/verification.ts';
import { configured, RECEIVED_AT, read, stored, verdict } from '../../conformance/interpreting.ts';
import { always, bytes, delivery } from '../../verification/deliveries.ts';

const ORG = '00D5g000000AbCdEAK';
const SECRET = 'sf-secret-path-0001';
const SESSION = '00D5g000000AbCdEAK!AQ8AQFakeTokenFakeTokenFakeToken.0123456789';
const source = registerSource(salesforceSource(new KeySets(async () => err('unavailable'))));
const sourceOf = (config: object = {}) =>
  configured(source, { channel: 'outbound-message', organizationId: ORG, currency: 'EUR', ...config });

const envelope = (notifications: readonly OutboundNotification[], organizationId = ORG, sessionId?: string) =>
  outboundMessage({
    organizationId,
    actionId: '04k5g0000000001AAA',
    notifications,
    ...(sessionId === undefined ? {} : { sessionId }),
  });

const stamp = (n: number) => ({
  notificationId: `04l5g00000000${String(n).padStart(2, '0')}AAA`,
  recordId: `0065g00000000${String(n).padStart(2, '0')}AAA`,
  modifiedAt: '2026-11-20T10:00:00.000Z',
});
const ACCOUNT = '0015g00000AccouAAB';
const won = (n: number, overrides: object = {}) =>
  opportunityNotification(stamp(n), {
    accountId: ACCOUNT,
    name: 'Renewal & more <2026>',
    stage: 'Closed Won',
    amount: '12500.5',
    ...overrides,
  });

const sent = (xml: string, path = `/in/acme/salesforce/${SECRET}`): Delivery => ({
  ...delivery(bytes(xml), { 'content-type': 'text/xml; charset=UTF-8' }, RECEIVED_AT),
  url: new URL(`https://gateway.test${path}`),
});
const verify = (given: Delivery, config: object = {}) =>
  sourceOf(config).verify(given, always(SECRET, 'user:password-01'));

describe('an outbound message proves itself', () => {
  it('by its secret address and its organization, on 15 characters', async () => {
    const verified = await verify(sent(envelope([won(1)], ORG.slice(0, 15))));
    expect(verified.ok && verified.value.trust).toBe('addressed');
  });

  it('not with the right address from another organization', async () => {
    expect(await verify(sent(envelope([won(1)], '00D5g000000XyZwEAK')))).toEqual({ ok: false, error: 'sender_wrong' });
  });

  it('not from the right organization without the address', async () => {
    expect((await verify(sent(envelope([won(1)]), '/in/acme/salesforce'))).ok).toBe(false);
    expect((await verify(sent(envelope([won(1)]), '/in/acme/salesforce/guess-guess-guess-1'))).ok).toBe(false);
  });

  it('by a pinned client certificate more strongly', async () => {
    const config = { clientCertificate: { fingerprintSha256: 'ab'.repeat(32) } };
    const certificate = {
      verified: true,
      subjectDN: 'CN=x',
      issuerDN: 'CN=y',
      fingerprintSha256: 'AB'.repeat(32),
      notAfter: '2027-01-01T00:00:00Z',
    };
    const without = await verify(sent(envelope([won(1)])), config);
    expect(without).toEqual({ ok: false, error: 'header_missing' });
    const verified = await verify({ ...sent(envelope([won(1)])), clientCertificate: certificate }, config);
    expect(verified.ok && verified.value.trust).toBe('authenticated');
  });

  it('by Basic where something in front adds it', async () => {
    const given = sent(envelope([won(1)]), '/in/acme/salesforce');
    given.headers.set('authorization', `Basic ${btoa('user:password-01')}`);
    const verified = await verify(given, { proof: 'basic' });
    expect(verified.ok && verified.value.trust).toBe('authenticated');
  });

  it('not when it is not UTF-8, since what cannot be read cannot be redacted', async () => {
    const utf16 = new Uint8Array(Buffer.from(`\ufeff${envelope([won(1)])}`, 'utf16le'));
    expect((await verify({ ...sent(''), body: utf16 })).ok).toBe(false);
  });
});

describe('the session id', () => {
  it.each([
    ['in its element', envelope([won(1)], ORG, SESSION)],
    ['in character data', envelope([won(1)], ORG, 'X').replace('>X<', `><![CDATA[${SESSION}]]><`)],
    [
      'under another prefix',
      envelope([won(1)], ORG, 'X').replace(/<SessionId>X<\/SessionId>/, `<o:SessionId a="b">${SESSION}</o:SessionId>`),
    ],
    ['copied into a field', envelope([won(1, { name: `token ${SESSION}` })])],
    ['in a document that is cut short', envelope([won(1)], ORG, SESSION).slice(0, 900)],
  ])('is gone from the verified delivery: %s', async (_, xml) => {
    expect(xml).toContain('!AQ8AQFakeToken');
    const verified = await verify(sent(xml));
    expect(verified.ok).toBe(true);
    if (!verified.ok) return;
    expect(new TextDecoder().decode(verified.value.body)).not.toContain('FakeToken');
    const parsed = sourceOf().parse(verified.value);
    if (!parsed.ok) return;
    for (const event of parsed.value) expect(new TextDecoder().decode(event.body)).not.toContain('FakeToken');
  });

  it('redacts hostile repetitions in linear time', async () => {
    const started = performance.now();
    await verify(sent(`<OrganizationId>${ORG}</OrganizationId>${'<SessionId'.repeat(120_000)}`));
    await verify(sent(`<OrganizationId>${ORG}</OrganizationId>${'<SessionId><![CDATA['.repeat(60_000)}`));
    await verify(sent(`<OrganizationId>${ORG}</OrganizationId>${'00D5g000000AbCd!'.repeat(80_000)}`));
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});

describe('an envelope of notifications', () => {
  it('becomes one event each, in order, addressed to the account', () => {
    const account = accountNotification({ ...stamp(3), recordId: ACCOUNT }, { name: 'ACME', country: 'FR' });
    const contract = contractNotification(stamp(2), { accountId: ACCOUNT, number: '00000101', status: 'Activated' });
    const readings = read(sourceOf(), bytes(envelope([won(1), contract, account])));
    expect(readings.map(verdict)).toEqual(['facts:deal.won', 'facts:contract.activated', 'facts:customer.upserted']);
    const events = readings.map((reading) => reading.event);
    expect(events.map((event) => event?.customer)).toEqual([ACCOUNT, ACCOUNT, ACCOUNT]);
    expect(events.map((event) => event?.eventId)).toEqual([1, 2, 3].map((n) => stamp(n).notificationId));
    expect(events[0]?.occurredAt).toBe(Date.UTC(2026, 10, 20, 10));
  });

  it('keeps values as they were written, and the same bytes for the same notification', () => {
    const [first] = read(sourceOf(), bytes(envelope([won(1)], ORG, SESSION)));
    const [again] = read(sourceOf(), bytes(envelope([won(1)]).replaceAll('sf:', 'anything:')));
    expect(first?.event?.body).toEqual(again?.event?.body);
    const kept = JSON.parse(new TextDecoder().decode(first?.event?.body));
    expect(kept).toMatchObject({ organizationId: ORG, actionId: '04k5g0000000001AAA', type: 'Opportunity' });
    expect(kept.fields).toMatchObject({ Amount: '12500.5', Name: 'Renewal & more <2026>' });
  });

  it('books a won deal with its exact amount', () => {
    const [reading] = read(sourceOf(), bytes(envelope([won(1)])));
    expect(reading?.event !== null && reading?.interpretation).toMatchObject({
      kind: 'facts',
      facts: [{ kind: 'deal.won', amount: 1_250_050, currency: 'EUR', customer: `salesforce:customer:${ACCOUNT}` }],
    });
  });

  it.each([
    ['1.25E7', 1_250_000_000],
    ['1.2345678912E10', 1_234_567_891_200],
    ['0.0', 0],
    ['419.0', 41_900],
  ])('reads the double %s exactly', (amount, expected) => {
    const [reading] = read(sourceOf(), bytes(envelope([won(1, { amount })])));
    expect(reading?.event !== null && reading?.interpretation).toMatchObject({ facts: [{ amount: expected }] });
  });

  it.each([['1.005'], ['NaN'], ['INF'], ['1e400'], ['12,5'], ['--1']])('quarantines the amount %s', (amount) => {
    expect(read(sourceOf(), bytes(envelope([won(1, { amount })]))).map(verdict)).toEqual([
      'quarantined:schema_mismatch',
    ]);
  });

  it('quarantines an amount without a currency, and remembers a deal without an amount', () => {
    const noCurrency = configured(source, { channel: 'outbound-message', organizationId: ORG });
    expect(read(noCurrency, bytes(envelope([won(1)]))).map(verdict)).toEqual(['quarantined:schema_mismatch']);
    expect(read(noCurrency, bytes(envelope([won(1, { amount: null })]))).map(verdict)).toEqual(['facts:deal.won']);
  });

  it("leaves open deals alone and follows the tenant's own stages", () => {
    const xml = bytes(envelope([won(1, { stage: 'Signed' })]));
    expect(read(sourceOf(), xml).map(verdict)).toEqual(['no effect']);
    expect(read(sourceOf({ wonStages: ['Signed'] }), xml).map(verdict)).toEqual(['facts:deal.won']);
  });

  it('quarantines objects it does not know, beside those it does', () => {
    const custom = { id: stamp(2).notificationId, type: 'Discount__c', fields: { Id: stamp(2).recordId } };
    const contact = {
      id: stamp(3).notificationId,
      type: 'Contact',
      fields: { Id: stamp(3).recordId, AccountId: ACCOUNT },
    };
    expect(read(sourceOf(), bytes(envelope([won(1), custom, contact]))).map(verdict)).toEqual([
      'facts:deal.won',
      'quarantined:unknown_type',
      'no effect',
    ]);
  });

  it('without notifications is nothing, and still acknowledged', async () => {
    const empty = '<e:Envelope xmlns:e="x"><e:Body><notifications></notifications></e:Body></e:Envelope>';
    expect((await verify(sent(empty))).ok).toBe(true);
    expect(read(sourceOf(), bytes(empty))).toEqual([]);
  });

  it.each([
    ['101 notifications', envelope(Array.from({ length: 101 }, (_, n) => won(n))), 'unsupported_shape'],
    ['another organization', envelope([won(1)], '00D5g000000XyZwEAK'), 'wrong_account'],
    ['a notification without an id', envelope([won(1)]).replace(/<Id>04l[^<]*<\/Id>/, ''), 'unsupported_shape'],
    ['a record without a type', envelope([won(1)]).replace('xsi:type="sf:Opportunity"', ''), 'unsupported_shape'],
    [
      'a field given twice',
      envelope([won(1)]).replace('</sObject>', '<sf:Amount>1</sf:Amount></sObject>'),
      'unsupported_shape',
    ],
    ['a document type', `<!DOCTYPE x>${envelope([won(1)]).replace(/^<\?xml.*?\?>/, '')}`, 'not_xml'],
    ['a fault', '<e:Envelope xmlns:e="x"><e:Body><e:Fault/></e:Body></e:Envelope>', 'unsupported_shape'],
  ])('is kept whole for a person: %s', (_, xml, code) => {
    expect(read(sourceOf(), bytes(xml)).map(verdict)).toEqual([`unreadable:${code}`]);
  });

  it('takes a hundred notifications', () => {
    expect(read(sourceOf(), bytes(envelope(Array.from({ length: 100 }, (_, n) => won(n)))))).toHaveLength(100);
  });

  it('is acknowledged as the WSDL says, to the byte', async () => {
    const answer = sourceOf().acknowledge({ status: 'accepted', events: [] });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/xml; charset=UTF-8');
    expect(await answer.text()).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>',
    );
  });

  it('gives the same facts whenever it is interpreted', () => {
    const [reading] = read(sourceOf(), bytes(envelope([won(1)])));
    if (reading?.event === null || reading === undefined) throw new Error('not read');
    const later = sourceOf().interpret(stored(reading.event, RECEIVED_AT + 1), new Map());
    expect(later).toEqual(reading.interpretation);
  });
});
