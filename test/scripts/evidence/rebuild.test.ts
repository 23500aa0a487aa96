import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { backtest } from '../../../scripts/evidence/backtest.ts';
import { runtimeOf } from '../../../scripts/evidence/configs.ts';
import { NodeLedger } from '../../../scripts/evidence/node-ledger.ts';
import { rebuild } from '../../../scripts/evidence/rebuild.ts';
import { charged, invoice } from '../../stories/billing.ts';
import { BEGIN, DAY, Gateway, HOUR } from '../../support/gateway.ts';
import { checked, demoBooks, evidenceOf } from './books.ts';

afterEach(() => void vi.useRealTimers());

const config = z.looseObject({ accounts: z.looseObject({ revenue: z.unknown() }) });

/** The live document of tenant `demo`, with another account for revenue. */
async function otherRevenue(gateway: Gateway) {
  const live = config.parse(await evidenceOf(gateway).config(1));
  return runtimeOf({ ...live, accounts: { ...live.accounts, revenue: { default: '499999' } } }, 2);
}

describe('rebuild', () => {
  it('makes the demo’s ledger again from bytes, answers and config, hash for hash and row for row', async () => {
    const gateway = await demoBooks(200, 12);
    const made = await rebuild(evidenceOf(gateway), new NodeLedger());
    expect(made).toMatchObject({ differences: [], count: 0, borrowed: [], byContent: 0 });
    expect(made.sameHashes).toBe(made.events + made.entries);
    expect(made.entries).toBeGreaterThan(100);
  });

  it('reads an event that was held with the answers it was applied with, not those it was first asked with', async () => {
    const gateway = await Gateway.open();
    await gateway.stripe('charge.succeeded', charged(gateway), { id: 'evt_paid' });
    await gateway.run();
    // By the time its invoice is there the provider says that the fee was another one.
    charged(gateway, { fee: 305 });
    await gateway.stripe('invoice.finalized', invoice());
    await gateway.pass(2 * HOUR);
    const [paid] = gateway.ledger.rows<{ archive: string; position: number }>(
      "SELECT archive, position FROM events WHERE event_id = 'evt_paid'",
    );
    expect(paid?.position).not.toBeNull();
    expect(paid?.archive).toMatch(/^raw\/.+#\d+\+raw\/.+#\d+$/);
    const made = await rebuild(evidenceOf(gateway), new NodeLedger());
    expect(made).toMatchObject({ differences: [], count: 0, borrowed: [] });
    expect((await checked(gateway)).findings).toEqual([]);
  });

  it('follows config versions: what was decided with an older one is decided with it again', async () => {
    const gateway = await Gateway.open();
    await gateway.stripe('invoice.finalized', invoice());
    await gateway.run();
    await gateway.publish({ accounts: { revenue: { default: '400900' } } });
    await gateway.stripe('invoice.finalized', invoice({ id: 'in_2', number: 'ADA-0002' }), { id: 'evt_second' });
    await gateway.pass(HOUR);
    expect(await rebuild(evidenceOf(gateway), new NodeLedger())).toMatchObject({ differences: [], events: 2 });
  });

  it('knows which rates were known and which months were closed when an event was decided', async () => {
    const gateway = await Gateway.open({ policies: { latePeriod: 'next-open' }, closedUntil: '2025-11-30' });
    const rate = { from: 'CHF', to: 'EUR', date: '2026-01-05', rate: '1.07', source: 'story' };
    await gateway.stripe('invoice.finalized', invoice({ id: 'in_1', currency: 'chf' }), { id: 'evt_francs' });
    await gateway.run();
    await gateway.pass(HOUR);
    await gateway.call('POST', '/rates', { rates: [rate] });
    await gateway.call('POST', '/exceptions/rate_missing%2Fstripe%2Fevt_francs/retry');
    await gateway.pass(HOUR);
    await gateway.call('POST', '/periods/2025-12/begin-close', {});
    await gateway.call('POST', '/periods/2025-12/close', {});
    // Of Christmas: December is closed by now, so it is booked on New Year's Day.
    const late = invoice({ id: 'in_2', number: 'ADA-0002', finalizedAt: Date.UTC(2025, 11, 25) / 1000 });
    await gateway.stripe('invoice.finalized', late, { id: 'evt_late' });
    await gateway.pass(HOUR);
    const dates = gateway.ledger.rows<{ date: string }>('SELECT date FROM entries ORDER BY position');
    expect(dates).toEqual([{ date: '2026-01-05' }, { date: '2026-01-01' }]);
    expect(await rebuild(evidenceOf(gateway), new NodeLedger())).toMatchObject({
      differences: [],
      events: 2,
      entries: 2,
    });
  });

  it('names the first entry of a lane that bytes and config do not give', async () => {
    const gateway = await demoBooks(60, 4);
    gateway.ledger.exec("UPDATE config_versions SET document = replace(document, '400000', '400001')");
    const made = await rebuild(evidenceOf(gateway), new NodeLedger());
    expect(made.differences.find(({ table }) => table === 'entries')).toMatchObject({ what: 'lines' });
    expect(made.differences.some(({ table, key }) => table === 'balances' && key.includes('400001'))).toBe(true);
    expect(made.following).toBeGreaterThan(0);
  });

  it('says of which events the bytes are gone, and takes their recorded facts', async () => {
    const gateway = await Gateway.open();
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    await gateway.pass(HOUR);
    gateway.archive.clear();
    const made = await rebuild(evidenceOf(gateway), new NodeLedger());
    expect(made).toMatchObject({ count: 0, borrowed: ['stripe/evt_issued: its bytes are not archived'] });
  });
});

describe('backtest', () => {
  it('shows by account and amount what another config would have booked since a day, and leaves the time before alone', async () => {
    const gateway = await Gateway.open();
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_early' });
    await gateway.pass(2 * DAY);
    await gateway.stripe('invoice.finalized', invoice({ id: 'in_2', number: 'ADA-0002' }), { id: 'evt_late' });
    await gateway.pass(HOUR);
    const result = await backtest(evidenceOf(gateway), new NodeLedger(), await otherRevenue(gateway), BEGIN + DAY);
    expect(result).toMatchObject({ events: 1, changed: 1, borrowed: 0 });
    expect(result.list[0]?.event).toBe('stripe/evt_late');
    const net = result.totals.reduce((sum, { was, would }) => sum + would - was, 0);
    expect(net).toBe(0);
    expect(result.totals.find(({ account }) => account === '499999')).toMatchObject({
      was: 0,
      would: expect.any(Number),
    });
  });

  it('shows nothing for the config that decided', async () => {
    const gateway = await demoBooks(60, 4);
    const same = await runtimeOf(await evidenceOf(gateway).config(1), 2);
    const result = await backtest(evidenceOf(gateway), new NodeLedger(), same, 0);
    expect(result).toMatchObject({ changed: 0, totals: [] });
    expect(result.events).toBeGreaterThan(30);
  });
});
