import { describe, expect, it } from 'vitest';
import { providerEventId, sourceId } from '../../src/canonical/ids.ts';
import type { LeasedEvent } from '../../src/durable-objects/customer-lane/protocol.ts';
import { readEvents } from '../../src/queues/read-events.ts';
import { sources } from '../../src/sources/registry.ts';
import { tenantConfig } from '../../src/tenants/config.ts';
import { tenantRuntime } from '../../src/tenants/runtime.ts';
import { simulationConfig } from '../simulation/config.ts';

const told = (entity: string): LeasedEvent => ({
  seq: 1,
  source: sourceId('ledgergate'),
  eventId: providerEventId(`journal-${entity}`),
  type: 'journal',
  occurredAt: 1,
  receivedAt: 1,
  trust: 'authenticated',
  bodyHash: 'b'.repeat(64),
  body: new Uint8Array(
    new TextEncoder().encode(
      JSON.stringify({
        kind: 'journal',
        entity,
        id: entity,
        purpose: 'opening',
        date: '2026-01-01',
        description: 'Opening balances',
        lines: [],
        deferrals: [],
        about: null,
        reason: 'cut-over',
        requestedBy: 'ann',
        approvedBy: null,
      }),
    ),
  ),
  evidence: {},
  held: null,
});

describe('an event of an entity that the config does not have any more', () => {
  it('is an exception of its own, and the others of the pass are read', async () => {
    const config = tenantConfig.parse({ ...simulationConfig, sources: {} });
    const made = await tenantRuntime(config, 1, sources, async () => null);
    if (!made.ok) throw new Error(JSON.stringify(made.error));
    const [gone, here] = [told('gone'), told('sim-eu')];
    const readings = await readEvents(made.value, [gone, here], async () => new Map(), 1);
    expect(readings.get(gone)).toMatchObject({
      kind: 'exception',
      exception: { cause: 'entity_unclear', message: expect.stringContaining('entity gone') },
    });
    expect(readings.get(here)).toMatchObject({ kind: 'facts', books: { entity: 'sim-eu' } });
  });
});
