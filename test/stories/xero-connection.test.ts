import { afterEach, describe, expect, it, vi } from 'vitest';
import { Gateway, HOUR, MINUTE } from '../support/gateway.ts';
import { MemoryOAuthApi } from '../support/memory-oauth-api.ts';
import { hmac } from '../verification/signing.ts';

afterEach(() => void vi.useRealTimers());

const ORGANISATION = 'aef86862-2015-4b6b-88bc-d89032cecc50';
const CONTACT = 'bd2270c3-8706-4c11-9cfb-000b551c3f51';
const INVOICE = 'a03ffcd2-5d91-4c7e-b483-318584e9e439';
const DAY = Date.UTC(2026, 0, 5);
const KEY = 'xero-webhook-key';

const contact = { ContactID: CONTACT, Name: 'Ada Ltd', EmailAddress: 'ada@example.com', IsCustomer: true };
const invoice = (changes: object = {}) => ({
  InvoiceID: INVOICE,
  Type: 'ACCREC',
  InvoiceNumber: 'INV-1',
  Contact: { ContactID: CONTACT, Name: 'Ada Ltd' },
  Status: 'AUTHORISED',
  Date: `/Date(${DAY}+0000)/`,
  CurrencyCode: 'EUR',
  LineAmountTypes: 'Exclusive',
  LineItems: [{ LineItemID: 'l1', Description: 'Pro plan', LineAmount: 100, TaxType: 'FR-20', TaxAmount: 20 }],
  Total: 120,
  Payments: [],
  ...changes,
});

/** A tenant with Xero as a source; its API answers with `records`. */
async function connected(settings: object = {}) {
  const gateway = await Gateway.open();
  const records = new Map<string, unknown>([[`Contacts/${CONTACT}`, contact]]);
  const api = new MemoryOAuthApi({
    tokenUrl: 'https://identity.xero.com/connect/token',
    now: () => gateway.now,
    graceMs: 30 * MINUTE,
    expiresIn: 1800,
    record(path) {
      const [, name = '', id = ''] = /^\/api\.xro\/2\.0\/(\w+)\/([\w-]+)$/.exec(path) ?? [];
      const found = records.get(`${name}/${id}`);
      return found === undefined ? null : JSON.stringify({ [name]: [found] });
    },
  });
  gateway.outside = api.http;
  const put = (name: string, value: string) => gateway.call('PUT', `/tenants/demo/secrets/${name}`, { value });
  await put('xero-key', KEY);
  await put('xero-api', api.credential);
  const source = { provider: 'xero', entity: 'demo-eu', secrets: ['secret://xero-key'], tenantId: ORGANISATION };
  await gateway.publish({ sources: { xero: { ...source, apiKey: 'secret://xero-api', ...settings } } });
  let sequence = 0;
  const announce = async (eventCategory: string, resourceId: string) => {
    sequence += 1;
    const eventDateUtc = new Date(gateway.now + sequence).toISOString().replace('Z', '');
    const event = {
      resourceId,
      tenantId: ORGANISATION,
      tenantType: 'ORGANISATION',
      eventCategory,
      eventType: 'UPDATE',
    };
    const body = JSON.stringify({ events: [{ ...event, eventDateUtc }], firstEventSequence: sequence });
    const headers = {
      'content-type': 'application/json',
      'x-xero-signature': hmac(KEY, [new TextEncoder().encode(body)], 'base64'),
    };
    expect((await gateway.deliver('xero', body, headers)).status).toBe(200);
    await gateway.run();
  };
  const outcomes = () =>
    gateway.ledger
      .rows<{ outcome: string }>("SELECT outcome FROM events WHERE source = 'xero' ORDER BY decided_at, event_id")
      .map(({ outcome }) => outcome);
  return { gateway, api, records, put, announce, outcomes };
}

describe('Xero’s thin events', () => {
  it('become a customer, read by a token that is refreshed and kept', async () => {
    const { gateway, api, announce, outcomes } = await connected();
    await announce('CONTACT', CONTACT);
    await gateway.pass(HOUR);
    await announce('CONTACT', CONTACT);
    expect(outcomes()).toEqual(['booked', 'booked']);
    expect(api.refreshes).toBe(2);
    expect(await gateway.exceptions()).toEqual([]);
  });

  it('wait in sight, under one exception, when the consent is over; and go on once it is given again', async () => {
    const { gateway, api, put, announce, outcomes } = await connected();
    api.fault('revoked');
    await announce('CONTACT', CONTACT);
    await announce('CONTACT', CONTACT);
    expect(outcomes()).toEqual(['waiting', 'waiting']);
    const [told, ...more] = await gateway.exceptions();
    expect(more).toEqual([]);
    expect(told).toMatchObject({ id: 'source_disconnected/xero', cause: 'source_disconnected' });
    expect(told?.message).toContain('invalid_grant');
    await put('xero-api', api.consentAgain());
    await gateway.pass(10 * MINUTE);
    expect(outcomes()).toEqual(['booked', 'booked']);
    expect(await gateway.exceptions()).toEqual([]);
  });

  it('wait and lose nothing while an answer with a new token is lost', async () => {
    const { gateway, api, announce, outcomes } = await connected();
    api.fault('lost_answer');
    await announce('CONTACT', CONTACT);
    expect(outcomes()).toEqual(['waiting']);
    await gateway.pass(2 * MINUTE);
    expect(outcomes()).toEqual(['booked']);
    expect(await gateway.exceptions()).toEqual([]);
  });

  it('wait as long as Xero asks for when it is throttled', async () => {
    const { gateway, api, announce, outcomes } = await connected();
    api.fault('throttled');
    await announce('CONTACT', CONTACT);
    expect(outcomes()).toEqual(['waiting']);
    const asked = api.asked.length;
    await gateway.pass(45_000);
    expect(api.asked.length).toBe(asked);
    await gateway.pass(2 * MINUTE);
    expect(outcomes()).toEqual(['booked']);
  });

  it('of invoices are no facts unless the tenant bills there', async () => {
    const { api, records, announce, outcomes } = await connected();
    records.set(`Invoices/${INVOICE}`, invoice());
    await announce('INVOICE', INVOICE);
    expect(outcomes()).toEqual(['nothing']);
    expect(api.asked).toEqual([]);
  });

  it('book an invoice once and each of its payments, where the tenant bills there', async () => {
    const { gateway, records, announce } = await connected({ facts: true });
    records.set(`Invoices/${INVOICE}`, invoice());
    await announce('CONTACT', CONTACT);
    await announce('INVOICE', INVOICE);
    await gateway.pass(HOUR);
    const paid = { PaymentID: '38928000-e9a0-420c-8884-f624bab2a351', Date: `/Date(${DAY}+0000)/`, Amount: 120 };
    records.set(`Invoices/${INVOICE}`, invoice({ Status: 'PAID', Payments: [paid] }));
    await announce('INVOICE', INVOICE);
    await announce('INVOICE', INVOICE);
    await gateway.pass(HOUR);
    expect(await gateway.exceptions()).toEqual([]);
    const entries = gateway.ledger.rows<{ kind: string }>('SELECT kind FROM entries ORDER BY lane, position');
    expect(entries.map(({ kind }) => kind)).toEqual(['invoice.issued', 'payment.external']);
  });

  it('of what the gateway posted there itself are of no effect', async () => {
    const { records, announce, outcomes } = await connected({ facts: true });
    records.set(`Invoices/${INVOICE}`, invoice({ Reference: 'invoice/stripe:invoice:in_1' }));
    await announce('INVOICE', INVOICE);
    expect(outcomes()).toEqual(['nothing']);
  });

  it('are shown to a person where the tenant bills there and the record cannot be read', async () => {
    const { announce, outcomes } = await connected({ facts: true });
    await announce('INVOICE', INVOICE);
    expect(outcomes()).toEqual(['quarantined']);
  });
});
