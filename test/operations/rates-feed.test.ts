import { afterEach, describe, expect, it, vi } from 'vitest';
import { tenantId } from '../../src/canonical/ids.ts';
import { recordRates } from '../../src/ledger/rates.ts';
import { type FeedPorts, isFeedTime, pullRates } from '../../src/operations/rates-feed.ts';
import { sources } from '../../src/sources/registry.ts';
import type { HttpAnswer } from '../../src/targets/connector.ts';
import { tenantConfig } from '../../src/tenants/config.ts';
import { type TenantRuntime, tenantRuntime } from '../../src/tenants/runtime.ts';
import { simulationConfig } from '../simulation/config.ts';
import { NodeLedger } from '../simulation/node-ledger.ts';

const NOW = Date.UTC(2026, 10, 27, 15, 7);
const daily = (rate: string) =>
  `<Envelope><Cube><Cube time="2026-11-27"><Cube currency="USD" rate="${rate}"/></Cube></Cube></Envelope>`;
const answered = (status: number, body: string): HttpAnswer => ({
  kind: 'answer',
  status,
  contentType: 'text/xml',
  body,
  retryAfterMs: null,
});

async function ports(answer: HttpAnswer, feeds: readonly (string | null)[] = ['https://feed.test/daily.xml']) {
  const ledger = new NodeLedger();
  const asked: string[] = [];
  const runtimes = new Map(
    await Promise.all(
      feeds.map(async (url, index): Promise<[string, TenantRuntime]> => {
        const { sim: _sim, crm: _crm, ...none } = simulationConfig.sources;
        const config = tenantConfig.parse({
          ...simulationConfig,
          tenant: `t${index}`,
          sources: none,
          identity: {},
          rates: url === null ? null : { feed: 'ecb', url },
        });
        const runtime = await tenantRuntime(config, 1, sources, async () => null);
        if (!runtime.ok) throw new Error('the config is wrong');
        return [`t${index}`, runtime.value];
      }),
    ),
  );
  const resumed: string[] = [];
  const given: FeedPorts = {
    tenants: async () => [...runtimes.keys()],
    find: async (tenant) => runtimes.get(tenant) ?? null,
    ledger: () => ledger,
    http: {
      send: async (request) => {
        asked.push(request.url);
        return answer;
      },
    },
    resume: async (tenant) => void resumed.push(tenant),
  };
  const rates = async () =>
    (await ledger.prepare('SELECT tenant, date, rate FROM rates ORDER BY tenant').all<object>()).results;
  return { given, asked, rates, ledger, resumed };
}

afterEach(() => vi.restoreAllMocks());

describe('the feed of exchange rates', () => {
  it('is asked twice an hour', () => {
    const minutes = Array.from({ length: 60 }, (_, minute) => Date.UTC(2026, 10, 27, 9, minute));
    expect(minutes.filter(isFeedTime)).toHaveLength(2);
  });

  it('is asked once for all tenants of one address, and not for those without a feed', async () => {
    const url = 'https://feed.test/daily.xml';
    const { given, asked, rates, resumed } = await ports(answered(200, daily('1.05')), [url, null, url]);
    await pullRates(given, NOW);
    expect(asked).toEqual([url]);
    expect(resumed).toEqual(['t0', 't2']);
    expect(await rates()).toEqual([
      { tenant: 't0', date: '2026-11-27', rate: '1.05' },
      { tenant: 't2', date: '2026-11-27', rate: '1.05' },
    ]);
  });

  it.each([
    ['an error', answered(503, '')],
    ['another page', answered(200, '<html></html>')],
    ['nothing', { kind: 'broken', message: 'timed out' } satisfies HttpAnswer],
  ])('records nothing and says so when it answers %s', async (_what, answer) => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { given, rates } = await ports(answer);
    await pullRates(given, NOW);
    expect(await rates()).toEqual([]);
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('rates_feed_failed'));
  });

  it('never changes a rate that entries may have been booked with', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { given, rates, ledger } = await ports(answered(200, daily('1.07')));
    const first = { from: 'EUR', to: 'USD', date: '2026-11-27', rate: '1.05', source: 'file' };
    expect(await recordRates(ledger, tenantId('t0'), [first], NOW)).toEqual({ offered: 1, differing: [] });
    await pullRates(given, NOW);
    expect(await rates()).toEqual([{ tenant: 't0', date: '2026-11-27', rate: '1.05' }]);
    expect(await recordRates(ledger, tenantId('t0'), [{ ...first, rate: '1.07' }], NOW)).toEqual({
      offered: 1,
      differing: [first],
    });
  });
});
