import { describe, expect, it } from 'vitest';
import type { EntryDocument, ProductDocument } from '../../src/canonical/documents.ts';
import {
  isoDate,
  laneKey,
  objectKey,
  postingKey,
  providerEventId,
  sourceId,
  tenantId,
} from '../../src/canonical/ids.ts';
import { currency } from '../../src/canonical/money.ts';
import type { GatePort, StagePorts } from '../../src/queues/ports.ts';
import type { PostingItem } from '../../src/queues/posting-item.ts';
import { postToTarget } from '../../src/queues/posting-stage.ts';
import { tenantConfig } from '../../src/tenants/config.ts';
import { type TenantRuntime, tenantRuntime } from '../../src/tenants/runtime.ts';
import { simulationConfig } from '../simulation/config.ts';
import { MemoryTarget } from '../simulation/memory-target.ts';
import { NodeLedger } from '../simulation/node-ledger.ts';
import { simulatedProvider } from '../simulation/provider.ts';

const NOW = Date.UTC(2026, 10, 22);
const TENANT = tenantId('sim');

const product: ProductDocument = {
  kind: 'product',
  key: postingKey('product/sim:product:pro'),
  object: objectKey('sim', 'product', 'pro'),
  entity: 'sim-eu',
  dependsOn: [],
  version: 1,
  name: 'Pro',
  description: null,
  active: true,
};

const needsProduct: EntryDocument = {
  kind: 'entry',
  key: postingKey('entry/sim:payment:p1'),
  object: objectKey('sim', 'payment', 'p1'),
  entity: 'sim-eu',
  dependsOn: [product.key],
  date: isoDate('2026-11-22'),
  reference: 'p1',
  baseCurrency: currency('EUR'),
  lines: [],
};

const item = (lane: string, document: PostingItem['documents'][number], attempts = 0): PostingItem => ({
  tenant: TENANT,
  lane: laneKey(lane),
  target: 'books',
  position: 1,
  seq: 1,
  source: sourceId('sim'),
  eventId: providerEventId(`evt_${lane}`),
  documents: [document],
  adopt: 'no',
  uncertain: false,
  tried: attempts > 0,
  attempts,
  approval: null,
  leaseUntil: NOW + 120_000,
});

async function passes(): Promise<{
  target: MemoryTarget;
  post: (items: PostingItem[]) => ReturnType<typeof postToTarget>;
}> {
  const made = await tenantRuntime(
    tenantConfig.parse(simulationConfig),
    1,
    new Map([['simulated', simulatedProvider]]),
    async () => 's',
  );
  if (!made.ok) throw new Error('the simulated config is not valid');
  const runtime: TenantRuntime = made.value;
  const target = new MemoryTarget();
  const ledger = new NodeLedger();
  const gate: GatePort = {
    acquire: async () => ({ code: 'granted', permitId: 'p' }),
    holdBack: async () => false,
    release: async () => {},
  };
  const unused = (): never => {
    throw new Error('a posting pass needs no such thing');
  };
  const ports: StagePorts = {
    lane: unused,
    tenant: unused,
    forward: unused,
    archive: { put: unused },
    enrich: unused,
    ring: unused,
    ledger: async () => ledger,
    connector: async () => target,
    gate: () => gate,
    now: () => NOW,
    sleep: async () => {},
    newSuffix: () => '1',
    report: (report) => {
      throw new Error(JSON.stringify(report));
    },
  };
  return { target, post: (items) => postToTarget(runtime, 'books', items, ports) };
}

describe('a document that depends on one of another lane', () => {
  it('waits until that one is at the target, instead of being refused there', async () => {
    const { target, post } = await passes();
    const [early] = await post([item('sim:c1', needsProduct)]);
    expect(early).toMatchObject({ done: false, uncertain: false, notBefore: NOW + 15_000 });
    expect(target.written).toEqual([]);

    await post([item('sim:~catalogue', product)]);
    const [late] = await post([item('sim:c1', needsProduct, 1)]);
    expect(late).toMatchObject({ done: true });
    expect(target.written.map(({ key }) => key)).toEqual([product.key, needsProduct.key]);
  });

  it('goes after it in one pass of both lanes', async () => {
    const { target, post } = await passes();
    const outcomes = await post([item('sim:c1', needsProduct), item('sim:~catalogue', product)]);
    expect(outcomes.some((outcome) => outcome.done)).toBe(true);
    expect(target.written[0]?.key).toBe(product.key);
  });

  it('is tried in the end, when that one never comes: the target says whether it can do without', async () => {
    const { target, post } = await passes();
    expect(await post([item('sim:c1', needsProduct, 8)])).toMatchObject([{ done: true }]);
    expect(target.written.map(({ key }) => key)).toEqual([needsProduct.key]);
  });
});
