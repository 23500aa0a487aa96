import { afterEach, describe, expect, it, vi } from 'vitest';
import { tenantId } from '../../src/canonical/ids.ts';
import { recordRates } from '../../src/ledger/rates.ts';
import { type FeedPorts, isFeedTime, pullRates } from '../../src/operations/rates-feed.ts';
import type { HttpAnswer } from '../../src/targets/connector.ts';
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

function ports(answer: HttpAnswer, feeds: readonly (string | null)[] = ['https://feed.test/daily.xml']) {
  const ledger = new NodeLedger();
  const asked: string[] = [];
  const all = feeds.map((url, index) => ({ tenant: `t${String(index).padStart(4, '0')}`, shard: 'LEDGER_0', url }));
  const given: FeedPorts = {
    tenants: async (after, limit) => all.filter(({ tenant }) => tenant > after).slice(0, limit),
    ledger: () => ledger,
    http: {
      send: async (request) => {
        asked.push(request.url);
        return answer;
      },
    },
  };
  const rates = async () =>
    (await ledger.prepare('SELECT tenant, date, rate FROM rates ORDER BY tenant').all<object>()).results;
  return { given, asked, rates, ledger };
}

afterEach(() => vi.restoreAllMocks());

describe('the feed of exchange rates', () => {
  it('is asked twice an hour', () => {
    const minutes = Array.from({ length: 60 }, (_, minute) => Date.UTC(2026, 10, 27, 9, minute));
    expect(minutes.filter(isFeedTime)).toHaveLength(2);
  });

  it('is asked once for all tenants of one address', async () => {
    const url = 'https://feed.test/daily.xml';
    const { given, asked, rates } = ports(answered(200, daily('1.05')), [url, url]);
    await pullRates(given, '', NOW);
    expect(asked).toEqual([url]);
    expect(await rates()).toEqual([
      { tenant: 't0000', date: '2026-11-27', rate: '1.05' },
      { tenant: 't0001', date: '2026-11-27', rate: '1.05' },
    ]);
  });

  it.each([
    ['an error', answered(503, '')],
    ['another page', answered(200, '<html></html>')],
    ['nothing', { kind: 'broken', message: 'timed out' } satisfies HttpAnswer],
  ])('records nothing and says so when it answers %s', async (_what, answer) => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { given, rates } = ports(answer);
    await pullRates(given, '', NOW);
    expect(await rates()).toEqual([]);
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('rates_feed_failed'));
  });

  it('reaches every tenant, in rounds of bounded minutes', async () => {
    const given = ports(
      answered(200, daily('1.05')),
      Array.from({ length: 1_100 }, () => null),
    );
    let minutes = 0;
    for (let place: string | null = ''; place !== null && minutes < 10; minutes += 1)
      place = await pullRates(given.given, place, NOW);
    expect(minutes).toBe(3);
    expect(await given.rates()).toHaveLength(1_100);
    expect(given.asked).toHaveLength(3);
  });

  it('of many addresses is asked at so many a minute, and none is left out', async () => {
    const { given, asked } = ports(
      answered(503, ''),
      Array.from({ length: 50 }, (_, at) => `https://f${at}.test/`),
    );
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    let minutes = 0;
    for (let place: string | null = ''; place !== null && minutes < 10; minutes += 1)
      place = await pullRates(given, place, NOW);
    expect(minutes).toBe(3);
    expect(new Set(asked).size).toBe(50);
  });

  it('is recorded for the others when the books of one do not answer', async () => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { given, rates, ledger } = ports(answered(200, daily('1.05')), [null, null]);
    let calls = 0;
    const apart: FeedPorts = {
      ...given,
      ledger: () => {
        calls += 1;
        if (calls === 1) throw new Error('D1_ERROR: overloaded');
        return ledger;
      },
    };
    expect(await pullRates(apart, '', NOW)).toBeNull();
    expect(await rates()).toEqual([{ tenant: 't0001', date: '2026-11-27', rate: '1.05' }]);
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('rates_not_recorded'));
  });

  it('never changes a rate that entries may have been booked with', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { given, rates, ledger } = ports(answered(200, daily('1.07')));
    const first = { from: 'EUR', to: 'USD', date: '2026-11-27', rate: '1.05', source: 'file' };
    expect(await recordRates(ledger, tenantId('t0000'), [first], NOW)).toEqual({ offered: 1, differing: [] });
    await pullRates(given, '', NOW);
    expect(await rates()).toEqual([{ tenant: 't0000', date: '2026-11-27', rate: '1.05' }]);
    expect(await recordRates(ledger, tenantId('t0000'), [{ ...first, rate: '1.07' }], NOW)).toEqual({
      offered: 1,
      differing: [first],
    });
  });
});
