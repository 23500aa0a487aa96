import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ChargebeeApi, chargebeeApi } from '../../sandbox/chargebee/api.ts';
import { type ChargebeeEventBody, customerEvent, invoiceEvent } from '../../sandbox/chargebee/events.ts';
import { laneKey, providerEventId, sourceId, tenantId } from '../../src/canonical/ids.ts';
import { Lane } from '../../src/durable-objects/customer-lane/lane.ts';
import { enrichWith } from '../../src/queues/enrich.ts';
import { ledgerStage } from '../../src/queues/ledger-stage.ts';
import type { StagePorts } from '../../src/queues/ports.ts';
import { sources } from '../../src/sources/registry.ts';
import { tenantConfig } from '../../src/tenants/config.ts';
import { type TenantRuntime, tenantRuntime } from '../../src/tenants/runtime.ts';
import { simulationConfig } from '../simulation/config.ts';
import { NodeLedger } from '../simulation/node-ledger.ts';
import { httpOf } from '../sources/enrichment/http-of.ts';
import { NodeLaneStorage } from '../support/node-lane-storage.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const AT = NOW / 1000 - 60;
const LANE = { tenant: tenantId('sim'), lane: laneKey('chargebee:cb-acme') };
const customer = { id: 'cb-acme', company: 'ACME', email: 'ap@acme.example', country: 'FR' };
/** An event of its own for each test: what the provider answered about one is kept. */
let events = 0;
beforeEach(() => {
  events += 1;
});
const invoice = (amount: number, of = customer): ChargebeeEventBody =>
  invoiceEvent({ id: `ev_${events}`, occurredAt: AT }, 'invoice_generated', {
    id: 'INV-1',
    customer: of,
    currency: 'EUR',
    date: AT,
    lines: [{ id: 'li_1', itemPrice: 'pro-EUR', description: 'Pro', amount, taxPercent: 20, from: AT, to: AT }],
  });

async function tenant(source: object): Promise<TenantRuntime> {
  const config = tenantConfig.parse({
    ...simulationConfig,
    sources: {
      chargebee: {
        provider: 'chargebee',
        secrets: ['secret://path'],
        entity: 'sim-eu',
        proof: 'secret-path',
        apiUrl: 'https://acme.chargebee.test',
        ...source,
      },
    },
  });
  const made = await tenantRuntime(config, 1, sources, async () => chargebeeApi().apiKey);
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  return made.value;
}

/** The ledger stage over one lane that took `body` from a secret address, and what the books say of it afterwards. */
async function booked(body: ChargebeeEventBody, api: ChargebeeApi, source: object = { apiKey: 'secret://key' }) {
  const runtime = await tenant(source);
  const ledger = new NodeLedger();
  const lane = new Lane(new NodeLaneStorage());
  const bytes = new Uint8Array(new TextEncoder().encode(JSON.stringify(body)));
  lane.accept(
    LANE,
    [
      {
        source: sourceId('chargebee'),
        eventId: providerEventId(body.id),
        type: body.event_type,
        occurredAt: AT * 1000,
        receivedAt: NOW,
        trust: 'addressed',
        bodyHash: createHash('sha256').update(bytes).digest('hex'),
        body: bytes,
        evidence: { scheme: 'secret-path' },
        quarantine: null,
      },
    ],
    NOW,
  );
  const lease = lane.lease(NOW);
  if (lease.code !== 'leased') throw new Error(lease.code);
  const reports: unknown[] = [];
  const sent: string[] = [];
  const ports = {
    ledger: async () => ledger,
    enrich: enrichWith(httpOf(api.app, sent)),
    archive: { put: async () => {} },
    forward: async () => {},
    lane: () => ({ unarchived: async () => [] }),
    now: () => NOW,
    newSuffix: () => '00000001',
    report: (report: unknown) => reports.push(report),
  };
  // The ledger stage uses no others; what posts and leases is not part of it.
  const [outcome] = await ledgerStage(runtime, [lease], ports as unknown as StagePorts);
  expect(reports).toEqual([]);
  return {
    sent,
    outcome,
    amounts: ledger.prepared('SELECT account, debit - credit AS net FROM balances ORDER BY account').all(),
    events: ledger.prepared('SELECT outcome, note FROM events').all(),
    exceptions: ledger.prepared('SELECT cause FROM exceptions').all(),
  };
}

describe('money that came with too weak a proof', () => {
  it('is booked as the provider itself tells it, not as the webhook did', async () => {
    const api = chargebeeApi();
    api.showEvent(invoice(10_000));
    const books = await booked(invoice(99_999_00), api);
    expect(books.sent).toEqual(['https://acme.chargebee.test/api/v2/events/ev_1']);
    expect(books.exceptions).toEqual([]);
    expect(JSON.stringify(books.amounts)).toContain('12000');
    expect(JSON.stringify(books.amounts)).not.toContain('9999900');
    expect(books.events).toMatchObject([
      { outcome: 'booked', note: expect.stringContaining('read from the provider itself') },
    ]);
  });

  it('stands on the list when the provider knows no such event', async () => {
    const books = await booked(invoice(10_000), chargebeeApi());
    expect(books.exceptions).toEqual([{ cause: 'untrusted_money' }]);
    expect(books.amounts).toEqual([]);
  });

  it('stands on the list when there is no key to ask with', async () => {
    const api = chargebeeApi();
    api.showEvent(invoice(10_000));
    const books = await booked(invoice(10_000), api, {});
    expect(books.sent).toEqual([]);
    expect(books.exceptions).toEqual([{ cause: 'untrusted_money' }]);
  });

  it('is not booked to a customer whom the provider does not name', async () => {
    const api = chargebeeApi();
    api.showEvent(invoice(10_000, { ...customer, id: 'cb-other' }));
    const books = await booked(invoice(10_000), api);
    expect(books.exceptions).toEqual([{ cause: 'untrusted_money' }]);
    expect(books.amounts).toEqual([]);
  });

  it('waits while the provider does not answer', async () => {
    const api = chargebeeApi();
    api.failNext(500);
    const books = await booked(invoice(10_000), api);
    expect(books.exceptions).toEqual([]);
    expect(books.amounts).toEqual([]);
    expect(books.outcome?.settlement.held).toMatchObject([{ seq: 1, reason: { kind: 'waiting' } }]);
  });
});

it('asks nobody about an event that moves no money', async () => {
  const body = customerEvent({ id: `ev_${events}`, occurredAt: AT }, 'customer_created', customer);
  const books = await booked(body, chargebeeApi());
  expect(books.sent).toEqual([]);
  expect(books.exceptions).toEqual([]);
});
