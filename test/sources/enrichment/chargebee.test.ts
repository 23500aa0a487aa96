import { describe, expect, it } from 'vitest';
import { type ChargebeeApi, chargebeeApi } from '../../../sandbox/chargebee/api.ts';
import * as make from '../../../sandbox/chargebee/events.ts';
import { chargebee } from '../../../src/sources/chargebee/index.ts';
import { fetchChargebeeEnrichment } from '../../../src/sources/enrichment/chargebee.ts';
import {
  defaultBudget,
  type EnrichmentAccess,
  type EnrichmentHttp,
  noCache,
} from '../../../src/sources/enrichment/port.ts';
import { registerSource } from '../../../src/sources/registered.ts';
import type { EnrichmentNeed } from '../../../src/sources/source.ts';
import { configured, factsOf, read, stored } from '../../conformance/interpreting.ts';
import { bytes } from '../../verification/deliveries.ts';
import { httpOf } from './http-of.ts';

const need = (kind: string, id: string): EnrichmentNeed => ({ kind, id, account: null });
const accessTo = (api: ChargebeeApi, overrides: Partial<EnrichmentAccess> = {}): EnrichmentAccess => ({
  apiUrl: 'https://acme.chargebee.test',
  apiKey: api.apiKey,
  http: httpOf(api.app),
  cache: noCache,
  budget: defaultBudget,
  ...overrides,
});
const AT = 1_763_800_000;
const customer = { id: 'cb-acme', company: 'ACME', email: 'ap@acme.example', country: 'FR' };
const payment = { id: 'txn_1', customer, currency: 'EUR', amount: 11_400, date: AT, applied: [] };

describe('Chargebee’s API completes what its webhooks leave out', () => {
  it('says how much of a payment is refunded in all, for a partial refund', async () => {
    const api = chargebeeApi();
    const paid = make.paymentEvent({ id: 'ev_1', occurredAt: AT }, 'payment_succeeded', payment).content.transaction;
    const shown = {
      ...(typeof paid === 'object' ? paid : {}),
      id: payment.id,
      linked_refunds: [
        { txn_id: 'txn_2', txn_status: 'success', txn_amount: 3000, txn_date: AT },
        { txn_id: 'txn_3', txn_status: 'success', txn_amount: 1000, txn_date: AT },
      ],
    };
    api.showTransaction(shown);
    const refund = make.paymentRefunded(
      { id: 'ev_2', occurredAt: AT },
      { id: 'txn_3', payment, amount: 1000, date: AT },
    );
    const source = configured(registerSource(chargebee));
    const [reading] = read(source, bytes(JSON.stringify(refund)));
    if (reading?.event === null || reading === undefined) throw new Error('not addressed');
    const parsedNeeds = source.enrichment(stored(reading.event));
    expect(parsedNeeds).toEqual([need('transaction', 'txn_1')]);
    const outcome = await fetchChargebeeEnrichment(parsedNeeds, accessTo(api));
    expect(factsOf(source, refund, outcome.enrichment)).toMatchObject([
      { kind: 'refund.paid', refund: 'chargebee:refund:txn_3', cumulative: 4000 },
    ]);
  });

  it('shows an event as Chargebee keeps it, and asks for it once', async () => {
    const api = chargebeeApi();
    api.showEvent(make.customerEvent({ id: 'ev_9', occurredAt: AT }, 'customer_created', customer));
    const kept = new Map<string, unknown>();
    const sent: string[] = [];
    const access = accessTo(api, {
      http: httpOf(api.app, sent),
      cache: { get: async (key) => kept.get(key), put: async (key, value) => void kept.set(key, value) },
    });
    for (let time = 0; time < 2; time++) {
      const { enrichment } = await fetchChargebeeEnrichment([need('event', 'ev_9')], access);
      expect(enrichment.get('event:ev_9')).toMatchObject({ id: 'ev_9', event_type: 'customer_created' });
    }
    expect(sent).toEqual(['https://acme.chargebee.test/api/v2/events/ev_9']);
  });

  it('answers null for what is not there, may not be read, and for everything without an address or a key', async () => {
    const api = chargebeeApi();
    const ask = async (overrides: Partial<EnrichmentAccess> = {}) =>
      await fetchChargebeeEnrichment([need('event', 'ev_0')], accessTo(api, overrides));
    const nothing = { outcome: 'fetched', enrichment: new Map([['event:ev_0', null]]) };
    expect(await ask()).toEqual(nothing);
    api.failNext(403);
    expect(await ask()).toEqual(nothing);
    expect(await ask({ apiUrl: null })).toEqual(nothing);
    expect(await ask({ apiKey: null })).toEqual(nothing);
  });

  it('waits for what may pass, with the time it asked for, and never says the key', async () => {
    const api = chargebeeApi();
    const ask = (overrides: Partial<EnrichmentAccess> = {}) =>
      fetchChargebeeEnrichment([need('event', 'ev_0')], accessTo(api, overrides));
    api.failNext(429);
    expect(await ask()).toMatchObject({ outcome: 'retry', retryAfterMs: 7000 });
    const wrong = await ask({ apiKey: 'live_wrong' });
    expect(wrong).toMatchObject({ outcome: 'retry', message: 'Chargebee API: answered 401' });
    const another: EnrichmentHttp = {
      send: async () => ({ kind: 'answer', status: 200, body: '{"event":{"id":"ev_other"}}', retryAfterMs: null }),
    };
    expect(await ask({ http: another })).toMatchObject({ outcome: 'retry' });
  });

  it('lets no id lead to another address', async () => {
    const sent: string[] = [];
    const api = chargebeeApi();
    const id = '../transactions/txn_1?x=#y';
    await fetchChargebeeEnrichment([need('event', id)], accessTo(api, { http: httpOf(api.app, sent) }));
    expect(sent.map((url) => new URL(url).pathname)).toEqual([`/api/v2/events/${encodeURIComponent(id)}`]);
  });
});
