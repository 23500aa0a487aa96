import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { storyView } from '../../src/routes/api/period-view.ts';
import { at, DAY, Gateway, MINUTE } from '../support/gateway.ts';
import { charged, INVOICE, invoice, line, move, movesOf } from './billing.ts';

afterEach(() => void vi.useRealTimers());

const JANUARY = '/periods/2026-01';
const odoo = (event: string, more: object = { mode: 'realtime' }) => ({ when: { event }, to: 'odoo', ...more });
const monthly = { mode: 'window', window: '0 6 10 2 *' };

const problem = z.object({
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
const audit = z.object({ items: z.array(z.object({ at: z.string(), action: z.string(), actor: z.string() })) });
const approval = z.object({ id: z.string(), status: z.string(), requestedBy: z.string() });

/** Who did what to months, moment by moment. */
async function audited(gateway: Gateway): Promise<string[][]> {
  const { items } = audit.parse(await gateway.call('GET', '/audit'));
  const steps = items.filter(({ action }) => /^(period|approval)\./.test(action)).reverse();
  const moments = Map.groupBy(steps, (step) => step.at);
  return [...moments.values()].map((group) => group.map(({ action, actor }) => `${action} ${actor}`).toSorted());
}

const story = async (gateway: Gateway) => storyView.parse(await gateway.call('GET', JANUARY));
const missing = ({ checklist }: z.infer<typeof storyView>) =>
  checklist.filter((item) => !item.done).map(({ code }) => code);
const januaryInOdoo = (gateway: Gateway) =>
  [...gateway.odoo.books().moves.all()].filter(({ date, state }) => state === 'posted' && date < '2026-02-01').length;
const accept = (items: readonly string[]) => ({ accept: items.map((item) => ({ item, reason: `known: ${item}` })) });

const other = (number: number, changes: Parameters<typeof invoice>[0] = {}) =>
  invoice({ id: `in_${number}`, number: `ADA-000${number}`, lines: [line({ id: `il_${number}` })], ...changes });

/** January with an invoice in Odoo, a payment held for a window, and three things that went wrong; told in February. */
async function january(): Promise<Gateway> {
  const gateway = await Gateway.open({
    policies: { latePeriod: 'exception' },
    accounts: { tax: { 'FR-20': '251020' } },
    routes: [odoo('customer.*'), odoo('invoice.*'), odoo('payment.*', monthly)],
  });
  await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_good' });
  await gateway.run();
  // The connector relies on lock dates for a minute.
  await gateway.pass(2 * MINUTE);
  gateway.odoo.setLockDates({ fiscalyear_lock_date: '2026-01-31' });
  await gateway.stripe('invoice.finalized', other(4), { id: 'evt_refused' });
  await gateway.run();
  await gateway.stripe('charge.succeeded', charged(gateway), { id: 'evt_paid' });
  const untaxed = line({ id: 'il_2', tax: { amount: 2_000, inclusive: false, rate: 'DE-19' } });
  await gateway.stripe('invoice.finalized', other(2, { lines: [untaxed] }), { id: 'evt_untaxed' });
  await gateway.stripe('invoice.finalized', other(3, { currency: 'chf' }), { id: 'evt_francs' });
  await gateway.pass(30 * DAY);
  return gateway;
}

/** December is closed and somebody has asked to reopen it; a summary window ended before the month did. */
async function withRequestAndWindow(gateway: Gateway, token: string): Promise<void> {
  await gateway.call('POST', '/periods/2025-12/begin-close', {});
  await gateway.call('POST', '/periods/2025-12/close', {});
  await gateway.call('POST', '/periods/2025-12/reopen', { reason: 'an invoice of Christmas' }, token);
  gateway.ledger.rows(
    `INSERT INTO windows VALUES ('demo', 'summary', 'demo-eu', 1, '000000000000000', '000000000000001', ${at(1) * 1000}, '{}')`,
  );
}

describe('closing a month with open questions', () => {
  it('tells the whole story, and closes only in spite of what a person has accepted', async () => {
    const gateway = await january();
    const ben = await gateway.person('ben');
    await withRequestAndWindow(gateway, ben);
    const told = await story(gateway);
    expect(told).toMatchObject({ state: 'open', closes: 0, closedUntil: '2025-12-31', entity: 'demo-eu' });
    expect(told.unresolved.items.map(({ cause, atStake, date }) => [cause, atStake?.text, date])).toEqual([
      ['posting_rejected', '120.00 EUR', '2026-01-05'],
      ['rate_missing', '120.00 CHF', '2026-01-05'],
      ['tax_not_mapped', '120.00 EUR', '2026-01-05'],
    ]);
    expect(told.unresolved.totals.map(({ text }) => text)).toEqual(['240.00 EUR', '120.00 CHF']);
    expect(told.approvals).toMatchObject([{ kind: 'reopen', requestedBy: 'key:ben', status: 'pending' }]);
    expect(told.documents.items.map(({ key, outcome }) => [key, outcome]).toSorted()).toEqual([
      ['entry/stripe:payment:pi_1', null],
      ['invoice/stripe:invoice:in_4', 'rejected'],
    ]);
    expect(told.windows).toMatchObject([
      { target: 'odoo', holding: 1, open: true, next: '2026-02-10T05:00:00.000Z' },
      // Nothing of the month was routed to it.
      { target: 'summary', lastNumber: 1, open: false },
    ]);
    expect(told.clearing).toMatchObject([{ role: 'clearing', closing: { text: '117.95 EUR' } }]);
    expect(told.targets).toMatchObject([
      { target: 'odoo', locks: { all: '2026-01-31' }, warning: expect.stringContaining('the month is open here') },
    ]);
    expect(told.trialBalance.balanced).toBe(true);

    expect(await gateway.ask('POST', `${JANUARY}/close`, {})).toMatchObject({ status: 409 });
    await gateway.call('POST', `${JANUARY}/begin-close`, {});
    const open = ['exceptions', 'approvals', 'documents', 'windows', 'clearing'];
    expect(missing(await story(gateway))).toEqual(open);
    const refused = await gateway.ask('POST', `${JANUARY}/close`, accept(open.slice(1)));
    expect(refused.status).toBe(409);
    expect(problem.parse(refused.json).errors).toMatchObject([
      { path: 'checklist.exceptions', message: expect.stringContaining('3 open exceptions') },
    ]);
    const closed = await gateway.call('POST', `${JANUARY}/close`, accept(open));
    expect(closed).toMatchObject({ state: 'closed', closes: 1, closedUntil: '2026-01-31' });
    const { evidence } = await story(gateway);
    expect(evidence).toMatchObject({ accepted: open.map((item) => ({ item, reason: `known: ${item}` })) });
    expect(evidence.trialBalance).toContainEqual({
      account: '101510',
      currency: 'EUR',
      closing: 11_795,
      baseClosing: 11_795,
    });
  });

  it('takes nothing more, here or in Odoo, until two people have reopened it; both closes are on record', async () => {
    const gateway = await january();
    const [ann, ben] = [await gateway.person('ann'), await gateway.person('ben')];
    gateway.odoo.setLockDates({ fiscalyear_lock_date: false });
    await gateway.pass(8 * DAY);
    expect(missing(await story(gateway))).toEqual(['exceptions', 'clearing']);
    await gateway.call('POST', `${JANUARY}/begin-close`, {});
    await gateway.pass(MINUTE);
    await gateway.call('POST', `${JANUARY}/close`, accept(['exceptions', 'clearing']));
    const [posted, entries] = [januaryInOdoo(gateway), gateway.ledger.rows('SELECT 1 FROM entries').length];

    await gateway.stripe('invoice.finalized', other(5), { id: 'evt_late' });
    // The config takes one cause away: what it parked belongs to the closed month too.
    await gateway.publish({ accounts: { tax: '251020' } });
    await gateway.pass(DAY);
    expect(januaryInOdoo(gateway)).toBe(posted);
    expect(gateway.ledger.rows('SELECT 1 FROM entries')).toHaveLength(entries);
    const late = await story(gateway);
    expect(late.unresolved.items.map(({ cause, eventId }) => [cause, eventId]).toSorted()).toEqual([
      ['period_closed', 'evt_late'],
      ['period_closed', 'evt_untaxed'],
      ['rate_missing', 'evt_francs'],
    ]);
    expect(late.targets).toMatchObject([{ warning: expect.stringContaining('lock it there up to 2026-01-31') }]);

    const asked = approval.parse(await gateway.call('POST', `${JANUARY}/reopen`, { reason: 'two invoices' }, ann));
    const again = approval.parse(await gateway.call('POST', `${JANUARY}/reopen`, { reason: 'two invoices' }, ann));
    expect(again.id).toBe(asked.id);
    const approve = `/approvals/${encodeURIComponent(asked.id)}/approve`;
    expect(await gateway.ask('POST', approve, { reason: 'my own' }, ann)).toMatchObject({ status: 409 });
    expect((await story(gateway)).state).toBe('closed');
    await gateway.pass(MINUTE);
    await gateway.call('POST', approve, { reason: 'agreed' }, ben);
    await gateway.pass(MINUTE);
    expect(await story(gateway)).toMatchObject({ state: 'pending', closes: 1, closedUntil: '2025-12-31' });
    expect(move(gateway, 'invoice/stripe:invoice:in_5')).toMatchObject({ date: '2026-01-05' });
    expect(move(gateway, 'invoice/stripe:invoice:in_2')).toMatchObject({ date: '2026-01-05' });
    expect((await gateway.exceptions()).map(({ cause }) => cause)).toEqual(['rate_missing']);

    await gateway.call('POST', `${JANUARY}/close`, accept(['exceptions', 'clearing']), ben);
    await gateway.pass(MINUTE);
    await gateway.call('POST', `${JANUARY}/lock`, { reason: 'audited' }, ben);
    expect(await story(gateway)).toMatchObject({ state: 'locked', closes: 2, lockedUntil: '2026-01-31' });
    expect(await gateway.ask('POST', `${JANUARY}/reopen`, { reason: 'too late' }, ann)).toMatchObject({ status: 409 });
    expect(await audited(gateway)).toEqual([
      ['period.begin_close root'],
      ['period.close root'],
      ['approval.request key:ann'],
      ['approval.approve key:ben', 'period.reopen key:ben'],
      ['period.close key:ben'],
      ['period.lock key:ben'],
    ]);
  });
});

describe('the months of an entity', () => {
  it('close in order, once they are over, and only from the last backwards are they reopened', async () => {
    const gateway = await Gateway.open();
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_good' });
    await gateway.run();
    expect(movesOf(gateway, INVOICE)).toHaveLength(1);
    await gateway.call('POST', `${JANUARY}/begin-close`, {});
    const early = await gateway.ask('POST', `${JANUARY}/close`, accept(['month_over']));
    expect(problem.parse(early.json).errors).toMatchObject([{ path: 'checklist.month_over' }]);
    await gateway.pass(60 * DAY);
    const skipping = await gateway.ask('POST', '/periods/2026-02/begin-close', {});
    expect(problem.parse(skipping.json).detail).toContain('2026-01 is open');
    await gateway.call('POST', `${JANUARY}/close`, {});
    await gateway.call('POST', '/periods/2026-02/begin-close', {});
    await gateway.call('POST', '/periods/2026-02/close', {});
    const first = await gateway.ask('POST', `${JANUARY}/reopen`, { reason: 'from the middle' });
    expect(problem.parse(first.json).detail).toContain('reopen from 2026-02 backwards');
    expect(await gateway.call('GET', '/periods')).toMatchObject({
      closedUntil: '2026-02-28',
      items: [
        { period: '2026-03', state: 'open' },
        { period: '2026-02', state: 'closed', closes: 1 },
        { period: '2026-01', state: 'closed', closes: 1 },
      ],
    });
  });

  it('are not reopened by a request that nobody decided in time, or that was rejected', async () => {
    const gateway = await Gateway.open();
    const [ann, ben] = [await gateway.person('ann'), await gateway.person('ben')];
    await gateway.call('POST', '/periods/2025-12/begin-close', {});
    await gateway.call('POST', '/periods/2025-12/close', {});
    const ask = async () =>
      approval.parse(await gateway.call('POST', '/periods/2025-12/reopen', { reason: 'a late bill' }, ann)).id;
    const decide = (id: string, verdict: string) =>
      gateway.ask('POST', `/approvals/${encodeURIComponent(id)}/${verdict}`, { reason: 'as discussed' }, ben);
    const first = await ask();
    await gateway.pass(7 * DAY);
    expect(await decide(first, 'approve')).toMatchObject({ status: 409, json: { detail: /expired/ } });
    const second = await ask();
    expect(second).not.toBe(first);
    expect(await decide(second, 'reject')).toMatchObject({ status: 200, json: { status: 'rejected' } });
    expect(await decide(second, 'approve')).toMatchObject({ status: 409 });
    expect(await gateway.call('GET', '/approvals')).toMatchObject({
      items: [{ status: 'expired' }, { status: 'rejected' }],
    });
    expect(await gateway.call('GET', '/periods/2025-12')).toMatchObject({ state: 'closed', closes: 1 });
  });
});
