import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { entryView } from '../../src/ledger/views.ts';
import { openWindowView, windowView } from '../../src/operations/window-story.ts';
import { DAY, Gateway, HOUR, type StoryConfig } from '../support/gateway.ts';
import { balancesOf, charged, invoice, line, move, movesOf, odooBalancesOf } from './billing.ts';

afterEach(() => void vi.useRealTimers());

/** All that is booked goes to Odoo as one journal a day, at two in the morning in Paris. */
const summary = { to: 'odoo', mode: 'summary', window: '0 2 * * *' };
const summarised: StoryConfig = {
  routes: [
    { when: { event: '*' }, ...summary },
    { when: { event: '*' }, to: 'gl' },
  ],
};

const windowPage = z.object({ items: z.array(windowView), next: z.string().nullable(), open: z.array(openWindowView) });
const windows = async (gateway: Gateway) => windowPage.parse(await gateway.call('GET', '/windows'));
const entryPage = z.object({ items: z.array(entryView), next: z.string().nullable() });

/** All pages of a window's entries, a few at a time. */
async function entriesIn(gateway: Gateway, number: number, limit: number) {
  const items: z.infer<typeof entryView>[] = [];
  for (let cursor = ''; ; ) {
    const page = entryPage.parse(
      await gateway.call('GET', `/windows/odoo/demo-eu/${number}/entries?limit=${limit}${cursor}`),
    );
    items.push(...page.items);
    if (page.next === null) return items;
    cursor = `&cursor=${page.next}`;
  }
}

const key = (number: number, date: string, part = '') =>
  `entry/ledgergate:summary:odoo/demo-eu/${number}/${date}${part}`;

/** Time goes by, the cron's minute comes round each hour. */
async function hours(gateway: Gateway, count: number): Promise<void> {
  for (let hour = 0; hour < count; hour += 1) {
    await gateway.pass(HOUR);
    await gateway.clock();
    await gateway.run();
  }
}

async function bill(gateway: Gateway, number: number, customer = `cus_${number}`): Promise<void> {
  const issued = invoice({
    ...{ id: `in_${number}`, number: `N-${number}`, customer, finalizedAt: Math.floor(gateway.now / 1000) },
    lines: [line({ id: `il_${number}`, period: { start: gateway.now / 1000, end: gateway.now / 1000 } })],
  });
  await gateway.stripe('invoice.finalized', issued, { id: `evt_${number}_issued` });
  await gateway.run();
}

describe('a posting window that is posted as a summary', () => {
  it('takes two days over a month end in one journal each, with control totals and every entry in it', async () => {
    const gateway = await Gateway.open(summarised);
    await gateway.pass(26 * DAY + 12 * HOUR);
    await bill(gateway, 1);
    await bill(gateway, 2);
    const open = (await windows(gateway)).open[0];
    expect(open).toMatchObject({
      state: 'collecting',
      closesAt: '2026-02-01T01:00:00.000Z',
      collected: { entries: 2 },
    });
    await gateway.pass(3 * HOUR);
    await bill(gateway, 3);
    expect(movesOf(gateway, 'invoice/stripe:invoice:in_1')).toEqual([]);
    await hours(gateway, 6);

    const { items } = await windows(gateway);
    expect(items).toMatchObject([
      {
        number: 1,
        state: 'posted',
        totals: { entries: 3, base: { debit: { amount: 36_000 }, credit: { amount: 36_000 } } },
        journals: [
          { key: key(1, '2026-01-31'), outcome: 'applied' },
          { key: key(1, '2026-02-01'), outcome: 'applied' },
        ],
      },
    ]);
    expect(move(gateway, key(1, '2026-01-31'))).toMatchObject({ date: '2026-01-31' });
    expect(move(gateway, key(1, '2026-02-01'))).toMatchObject({ date: '2026-02-01' });
    const entries = await entriesIn(gateway, 1, 2);
    expect(entries.map(({ object }) => object)).toEqual([1, 2, 3].map((number) => `stripe:invoice:in_${number}`));
    expect(odooBalancesOf(gateway)).toEqual(await balancesOf(gateway));
    expect(await gateway.exceptions()).toEqual([]);
    expect(await gateway.story('evt_1_issued')).toContain('Goes to odoo with the summary of its window.');
  });

  it('nets what cancels itself, and takes cash, fees and corrections alike', async () => {
    const gateway = await Gateway.open(summarised);
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    await gateway.stripe('charge.succeeded', charged(gateway), { id: 'evt_paid' });
    await gateway.run();
    await hours(gateway, 24);
    const posted = move(gateway, key(1, '2026-01-05'));
    const lines = [...gateway.odoo.books().lines.all()].filter((row) => row.moveId === posted.id);
    // The receivable was opened and settled on one day: it nets to nothing and is left out.
    expect(lines).toHaveLength(4);
    expect(odooBalancesOf(gateway)).toEqual(await balancesOf(gateway));
  });

  it('does not end before its time has come once', async () => {
    const gateway = await Gateway.open(summarised);
    await bill(gateway, 1);
    await gateway.clock();
    await gateway.run();
    expect(await windows(gateway)).toMatchObject({ items: [], open: [{ collected: { entries: 1 } }] });
  });

  it('with nothing in it tells nothing, and the next one begins where the last one ended', async () => {
    const gateway = await Gateway.open(summarised);
    await hours(gateway, 48);
    expect((await windows(gateway)).items).toEqual([]);
    await bill(gateway, 1);
    await hours(gateway, 24);
    await hours(gateway, 24);
    await bill(gateway, 2);
    await hours(gateway, 24);
    const { items } = await windows(gateway);
    expect(items.map(({ number, state }) => [number, state])).toEqual([
      [1, 'posted'],
      [2, 'posted'],
    ]);
    expect(items[1]?.commits.afterCommit).toBe(items[0]?.commits.toCommit);
    expect(odooBalancesOf(gateway)).toEqual(await balancesOf(gateway));
  });

  it('longer than the target takes goes in parts that balance each', async () => {
    const gateway = await Gateway.open({
      ...summarised,
      limits: { linesPerJournal: 3 },
      accounts: { revenue: { default: '400000', prod_1: '400000', prod_2: '402000' } },
    });
    for (const number of [1, 2]) {
      const start = gateway.now / 1000;
      const issued = invoice({
        ...{ id: `in_${number}`, number: `N-${number}`, customer: 'cus_ada' },
        lines: [line({ id: `il_${number}`, product: `prod_${number}`, period: { start, end: start } })],
      });
      await gateway.stripe('invoice.finalized', issued, { id: `evt_${number}` });
      await gateway.run();
    }
    await hours(gateway, 24);
    for (const part of ['/1', '/2'])
      expect(move(gateway, key(1, '2026-01-05', part))).toMatchObject({ state: 'posted' });
    expect(odooBalancesOf(gateway)).toEqual(await balancesOf(gateway));
  });

  it('over the route’s threshold waits for a second person, as the whole', async () => {
    const gateway = await Gateway.open({
      routes: [
        { when: { event: '*' }, ...summary, approval: 'over 200.00 EUR' },
        { when: { event: '*' }, to: 'gl' },
      ],
    });
    await bill(gateway, 1);
    await bill(gateway, 2);
    await hours(gateway, 24);
    const [waiting] = (await windows(gateway)).items;
    expect(waiting).toMatchObject({
      state: 'waiting_for_approval',
      approval: 'posting/odoo/ledgergate/summary/odoo/demo-eu/1/1',
    });
    const grace = await gateway.person('Grace');
    await gateway.call(
      'POST',
      `/approvals/${encodeURIComponent(waiting?.approval ?? '')}/approve`,
      { reason: 'checked' },
      grace,
    );
    await gateway.run();
    expect((await windows(gateway)).items).toMatchObject([{ state: 'posted' }]);
  });

  it('is told again when whoever closed it was cut off before telling', async () => {
    const gateway = await Gateway.open(summarised);
    await bill(gateway, 1);
    await gateway.pass(17 * HOUR);
    // Cut off: the window is closed in the books and its lane does not know.
    gateway.doorbellsLost = true;
    const lane = 'demo/ledgergate:~demo-eu';
    await gateway.clock();
    gateway.lanes.delete(lane);
    gateway.doorbells.clear();
    gateway.doorbellsLost = false;
    expect((await windows(gateway)).items).toMatchObject([{ number: 1, state: 'closed' }]);
    await hours(gateway, 25);
    expect((await windows(gateway)).items).toMatchObject([{ number: 1, state: 'posted' }]);
    expect(odooBalancesOf(gateway)).toEqual(await balancesOf(gateway));
  });

  it('whose entries are not what was counted is not posted, and says so', async () => {
    const gateway = await Gateway.open(summarised);
    await bill(gateway, 1);
    await gateway.pass(17 * HOUR);
    await gateway.clock();
    gateway.ledger.rows('SELECT 1 AS one FROM windows WHERE number = 1');
    gateway.ledger.rows('DROP TRIGGER windows_stay_update');
    gateway.ledger.rows("UPDATE windows SET totals = json_set(totals, '$.entries', 2)");
    await gateway.run();
    expect((await windows(gateway)).items).toMatchObject([{ state: 'held', journals: [] }]);
    expect((await gateway.timeline('summary/odoo/demo-eu/1')).event.note).toContain(
      "the window's control totals do not agree: 2 entries were counted, and there are 1",
    );
    expect(movesOf(gateway, key(1, '2026-01-05'))).toEqual([]);
  });

  it('is closed by a person before its time', async () => {
    const gateway = await Gateway.open(summarised);
    const close = () => gateway.call('POST', '/windows/odoo/demo-eu/close', { reason: 'the month is to be closed' });
    expect(await close()).toMatchObject({ outcome: 'empty' });
    await bill(gateway, 1);
    expect(await close()).toMatchObject({ outcome: 'closed', number: 1, totals: { entries: 1 } });
    await gateway.run();
    expect((await windows(gateway)).items).toMatchObject([{ number: 1, state: 'posted', closedBy: 'root' }]);
  });
});

describe('a window that a person closes while its lane is full', () => {
  it('is closed in the books with the audit row of who closed it, and told to its lane by the clock', async () => {
    const gateway = await Gateway.open(summarised);
    await bill(gateway, 1);
    vi.spyOn(console, 'error').mockImplementation(() => {});
    gateway.lanesDown = true;
    const answer = await gateway.ask('POST', '/windows/odoo/demo-eu/close', { reason: 'the month is to be closed' });
    expect(answer.status).toBe(503);
    gateway.lanesDown = false;
    const audit = "SELECT actor, subject, detail FROM audit WHERE action = 'window.close'";
    expect(gateway.ledger.rows(audit)).toEqual([
      { actor: 'root', subject: 'odoo/demo-eu/1', detail: '{"reason":"the month is to be closed"}' },
    ]);
    await gateway.clock();
    await gateway.run();
    expect((await windows(gateway)).items).toMatchObject([{ number: 1, state: 'posted' }]);
  });
});

describe('a summary over foreign currency', () => {
  it('carries the exchange difference, which no receivable at the target will bring forth', async () => {
    const gateway = await Gateway.open(summarised);
    await gateway.stripe('invoice.finalized', invoice({ currency: 'usd' }), { id: 'evt_issued' });
    await gateway.run();
    await gateway.pass(HOUR);
    await gateway.stripe('charge.succeeded', charged(gateway, { currency: 'usd', rate: 0.95, fee: 200 }), {
      id: 'evt_paid',
    });
    await gateway.run();
    await hours(gateway, 24);
    expect((await windows(gateway)).items).toMatchObject([{ state: 'posted', totals: { entries: 2 } }]);
    expect(await gateway.exceptions()).toEqual([]);
    const books = await balancesOf(gateway);
    expect(books['441000']).toBe(-360);
    expect(odooBalancesOf(gateway)).toEqual(books);
  });
});

const monthStory = z.looseObject({
  windows: z.array(z.looseObject({ target: z.string(), open: z.boolean() })),
  approvals: z.array(z.looseObject({ id: z.string() })),
});

describe('the story of a month', () => {
  it('names the window that has not taken all of it, and what waits for a second person', async () => {
    const gateway = await Gateway.open({
      routes: [
        { when: { event: '*' }, ...summary, approval: 'over 100.00 EUR' },
        { when: { event: '*' }, to: 'gl' },
      ],
    });
    const january = async () => monthStory.parse(await gateway.call('GET', '/periods/2026-01'));
    expect((await january()).windows).toMatchObject([{ target: 'odoo', open: false }]);
    await bill(gateway, 1);
    expect((await january()).windows).toMatchObject([{ target: 'odoo', open: true }]);
    await hours(gateway, 24);
    expect(await january()).toMatchObject({
      windows: [{ open: false, lastNumber: 1 }],
      approvals: [{ id: 'posting/odoo/ledgergate/summary/odoo/demo-eu/1/1' }],
    });
  });
});
