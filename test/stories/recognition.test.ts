import { afterEach, describe, expect, it, vi } from 'vitest';
import { Lane } from '../../src/durable-objects/customer-lane/lane.ts';
import { waterfallView } from '../../src/ledger/deferred-waterfall.ts';
import { at, DAY, Gateway, HOUR, MINUTE } from '../support/gateway.ts';
import { balancesOf, credited, expectSquare, expectStory, invoice, line, movesOf } from './billing.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** 100.00 net and 20.00 tax for 5 January to 5 April: 30.00, 31.11, 34.45 and 4.44 by days, of 90. */
const quarter = () => invoice({ lines: [line({ period: { start: at(0), end: at(24 * 90) } })] });
const [JANUARY, FEBRUARY, MARCH, APRIL] = [3000, 3111, 3445, 444];
const DEFERRED = '212000';

/** The quarter is invoiced; it is 1 March, 10:00, and no run has been told. */
async function inMarch(): Promise<Gateway> {
  const gateway = await Gateway.open();
  await gateway.stripe('invoice.finalized', quarter(), { id: 'evt_issued' });
  await gateway.pass(55 * DAY);
  return gateway;
}

const runs = (gateway: Gateway) =>
  gateway.ledger.rows<{ event_id: string; date: string; deferrals: string }>(
    "SELECT event_id, date, deferrals FROM entries WHERE kind = 'revenue.recognized' ORDER BY position",
  );
const scheduled = (gateway: Gateway) =>
  gateway.ledger.rows<{ period: string; amount: number }>('SELECT period, amount FROM schedules ORDER BY period');
const deferred = async (gateway: Gateway, query = '') =>
  waterfallView.parse(await gateway.call('GET', `/ledger/deferred${query}`));

/** Whatever happened: the account is what the schedules hold, and the months are recognised once. */
async function expectRecognisedOnce(gateway: Gateway): Promise<void> {
  expect(scheduled(gateway).map(({ amount }) => amount)).toEqual([MARCH, APRIL]);
  expect((await deferred(gateway)).accounts).toMatchObject([{ agrees: true, balance: { amount: MARCH + APRIL } }]);
  const earned = JANUARY + FEBRUARY;
  await expectSquare(
    gateway,
    { '121000': 12_000, [DEFERRED]: earned - 10_000, '251020': -2_000, '400000': -earned },
    { receivable: 12_000 },
  );
}

describe('a month that is over', () => {
  it('is recognised by the clock, here and in Odoo, on its last day', async () => {
    const gateway = await inMarch();
    expect(scheduled(gateway).map(({ amount }) => amount)).toEqual([FEBRUARY, MARCH, APRIL]);
    await gateway.tick();
    await gateway.run();
    expect(runs(gateway)).toMatchObject([{ event_id: 'recognition/demo-eu/2026-02/2026-03-01', date: '2026-02-28' }]);
    await expectRecognisedOnce(gateway);
    const key = 'entry/ledgergate:recognition:demo-eu/2026-02/2026-03-01';
    expect(movesOf(gateway, key)).toMatchObject([{ date: '2026-02-28' }]);
    await expectStory(gateway, 'recognition/demo-eu/2026-02/2026-03-01', [
      'The gateway itself told recognition',
      'Revenue recognised for 2026-02. Booked on 2026-02-28',
    ]);
  });

  it('is told again every minute until it is booked, and booked once', async () => {
    const gateway = await inMarch();
    gateway.doorbellsLost = true;
    for (let minute = 0; minute < 5; minute += 1) {
      await gateway.tick();
      await gateway.pass(MINUTE);
    }
    gateway.doorbellsLost = false;
    await gateway.pass(HOUR);
    await gateway.tick();
    await gateway.run();
    expect(runs(gateway)).toHaveLength(1);
    await gateway.pass(DAY);
    await gateway.tick();
    expect(gateway.doorbells.size).toBe(0);
    await expectRecognisedOnce(gateway);
  });

  it('begins at midnight in the entity’s time zone, not in UTC', async () => {
    const gateway = await Gateway.open();
    await gateway.stripe('invoice.finalized', quarter());
    await gateway.run();
    vi.setSystemTime(Date.UTC(2026, 1, 28, 22, 59));
    await gateway.tick();
    await gateway.run();
    expect(runs(gateway)).toEqual([]);
    vi.setSystemTime(Date.UTC(2026, 1, 28, 23, 0));
    await gateway.tick();
    await gateway.run();
    expect(runs(gateway)).toHaveLength(1);
  });

  it('is recognised once when the consumer dies between commit and settle', async () => {
    const gateway = await inMarch();
    await gateway.tick();
    vi.spyOn(Lane.prototype, 'settle').mockImplementationOnce(() => {
      throw new Error('the consumer is gone');
    });
    await gateway.run();
    expect(runs(gateway)).toHaveLength(1);
    gateway.evict();
    await gateway.pass(HOUR);
    expect(gateway.reports.map(({ what }) => what)).toContain('lane_recovered');
    expect(runs(gateway)).toHaveLength(1);
    await expectRecognisedOnce(gateway);
  });

  it('is recognised once when the answer to the commit is lost', async () => {
    const gateway = await inMarch();
    await gateway.tick();
    let lost = 0;
    gateway.ledgerFault = (kind) => (kind === 'write' && lost++ === 0 ? 'after' : 'none');
    await gateway.run();
    await gateway.pass(HOUR);
    expect(lost).toBeGreaterThan(0);
    expect(runs(gateway)).toHaveLength(1);
    await expectRecognisedOnce(gateway);
  });

  it('waits when the books cannot be read, and is not taken for empty', async () => {
    const gateway = await inMarch();
    await gateway.tick();
    let asked = 0;
    gateway.ledgerFault = (kind) => (kind === 'read' && asked++ < 2 ? 'before' : 'none');
    await gateway.run();
    await gateway.pass(HOUR);
    expect(asked).toBeGreaterThan(2);
    await expectRecognisedOnce(gateway);
  });

  it('is recognised once when the clock and a person tell it in the same minute', async () => {
    const gateway = await inMarch();
    await gateway.tick();
    const told = await gateway.call('POST', '/recognition', { period: '2026-02' });
    expect(told).toMatchObject({ status: 'told', lane: 'ledgergate:~demo-eu' });
    vi.setSystemTime(gateway.now + 1000);
    expect(await gateway.call('POST', '/recognition', { period: '2026-02' })).toMatchObject({ status: 'repeated' });
    await gateway.run();
    await gateway.pass(HOUR);
    expect(runs(gateway)).toHaveLength(1);
    await expectRecognisedOnce(gateway);
    expect(await gateway.call('POST', '/recognition', { period: '2026-02' })).toMatchObject({ status: 'nothing_open' });
    expect(await gateway.call('GET', '/audit?limit=2')).toMatchObject({
      items: [
        { action: 'recognition.run', subject: 'demo-eu/2026-02', detail: { status: 'repeated' } },
        { action: 'recognition.run', subject: 'demo-eu/2026-02', detail: { status: 'told' } },
      ],
    });
  });

  it('cannot be recognised by hand before it is over', async () => {
    const gateway = await inMarch();
    await expect(gateway.call('POST', '/recognition', { period: '2026-03' })).rejects.toThrow(/409.*is not over/);
  });
});

describe('what comes after the run', () => {
  it('is put right by the next day’s run when it concerns the month', async () => {
    const gateway = await inMarch();
    await gateway.tick();
    await gateway.run();
    // Dated 6 January: it takes a tenth of the service from all months after January, February included.
    await gateway.stripe('credit_note.created', credited(gateway, { prePayment: 1_200 }), { id: 'evt_credited' });
    await gateway.run();
    const february = scheduled(gateway)[0];
    expect(february).toMatchObject({ period: '2026-02-01' });
    expect(february?.amount).toBeLessThan(0);
    expect((await deferred(gateway)).accounts).toMatchObject([{ agrees: true }]);
    await gateway.tick();
    await gateway.run();
    expect(runs(gateway)).toHaveLength(1);
    await gateway.pass(DAY);
    await gateway.tick();
    await gateway.run();
    expect(runs(gateway).map(({ date }) => date)).toEqual(['2026-02-28', '2026-02-28']);
    expect(scheduled(gateway).map(({ period }) => period)).toEqual(['2026-03-01', '2026-04-01']);
    expect((await deferred(gateway)).accounts).toMatchObject([{ agrees: true }]);
    const { '400000': revenue = 0, [DEFERRED]: left = 0 } = await balancesOf(gateway);
    expect(revenue + left).toBe(-9_000);
  });

  it('in a closed month is one exception that stays one, and is booked when the month is open again', async () => {
    const gateway = await inMarch();
    await gateway.publish({ closedUntil: '2026-02-28', policies: { latePeriod: 'exception' } });
    for (let day = 0; day < 4; day += 1) {
      await gateway.tick();
      await gateway.pass(DAY);
    }
    const [only, ...others] = await gateway.exceptions();
    expect(others).toEqual([]);
    expect(only).toMatchObject({ cause: 'period_closed', atStake: { amount: FEBRUARY } });
    await expect(gateway.call('POST', '/recognition', { period: '2026-02' })).rejects.toThrow(
      /409.*settle its exception/,
    );
    await gateway.publish({ closedUntil: '2026-01-31' });
    await gateway.call('POST', `/exceptions/${encodeURIComponent(only?.id ?? '')}/retry`);
    await gateway.run();
    await expectRecognisedOnce(gateway);
  });

  it('in a closed month goes to the next open day where the policy says so', async () => {
    const gateway = await inMarch();
    await gateway.publish({ closedUntil: '2026-02-28', policies: { latePeriod: 'next-open' } });
    await gateway.tick();
    await gateway.run();
    expect(runs(gateway)).toMatchObject([{ date: '2026-03-01' }]);
    await expectRecognisedOnce(gateway);
  });
});

describe('the deferred revenue waterfall', () => {
  it('tells what is still to come, as the books stand', async () => {
    const gateway = await inMarch();
    expect(await deferred(gateway)).toMatchObject({
      entity: 'demo-eu',
      baseCurrency: 'EUR',
      asOf: null,
      rows: [
        {
          ...{ currency: 'EUR', deferredAccount: DEFERRED, revenueAccount: '400000', opening: null, recognised: null },
          closing: { text: '70.00 EUR' },
          toCome: [
            { period: '2026-02', amount: { text: '31.11 EUR' } },
            { period: '2026-03', amount: { text: '34.45 EUR' } },
            { period: '2026-04', amount: { text: '4.44 EUR' } },
          ],
        },
      ],
      accounts: [{ account: DEFERRED, balance: { text: '70.00 EUR' }, scheduled: { text: '70.00 EUR' }, agrees: true }],
    });
  });

  it('tells opening, added, recognised and closing of a span, by booking and by effective day', async () => {
    const gateway = await inMarch();
    await gateway.tick();
    await gateway.run();
    const march = await deferred(gateway, '?from=2026-03-01');
    expect(march).toMatchObject({ asOf: '2026-03-01', by: 'booked', accounts: [{ agrees: true }] });
    expect(march.rows).toMatchObject([
      {
        opening: { text: '70.00 EUR' },
        added: { text: '0.00 EUR' },
        recognised: { text: '31.11 EUR' },
        closing: { text: '38.89 EUR' },
        toCome: [{ period: '2026-03' }, { period: '2026-04' }],
      },
    ]);
    const february = await deferred(gateway, '?from=2026-02-01&asOf=2026-02-28&by=effective');
    expect(february.rows).toMatchObject([
      { opening: { text: '70.00 EUR' }, recognised: { text: '31.11 EUR' }, closing: { text: '38.89 EUR' } },
    ]);
    const asBooked = await deferred(gateway, '?asOf=2026-02-28');
    expect(asBooked.rows).toMatchObject([
      { opening: { text: '0.00 EUR' }, added: { text: '70.00 EUR' }, recognised: { text: '0.00 EUR' } },
    ]);
    expect((await deferred(gateway, '?asOf=2026-01-04')).rows).toEqual([]);
  });

  it('is had as CSV', async () => {
    const gateway = await inMarch();
    const text = await gateway.text('/ledger/deferred?format=csv&asOf=2026-03-01');
    expect(text.split('\r\n')).toEqual([
      'entity,as_of,by,currency,deferred_account,revenue_account,item,period,amount,base_currency,base_amount',
      `demo-eu,2026-03-01,booked,EUR,${DEFERRED},400000,opening,,0.00,EUR,0.00`,
      `demo-eu,2026-03-01,booked,EUR,${DEFERRED},400000,added,,70.00,EUR,70.00`,
      `demo-eu,2026-03-01,booked,EUR,${DEFERRED},400000,recognised,,0.00,EUR,0.00`,
      `demo-eu,2026-03-01,booked,EUR,${DEFERRED},400000,closing,,70.00,EUR,70.00`,
      `demo-eu,2026-03-01,booked,EUR,${DEFERRED},400000,to come,2026-02,31.11,EUR,31.11`,
      `demo-eu,2026-03-01,booked,EUR,${DEFERRED},400000,to come,2026-03,34.45,EUR,34.45`,
      `demo-eu,2026-03-01,booked,EUR,${DEFERRED},400000,to come,2026-04,4.44,EUR,4.44`,
      '',
    ]);
  });
});
