import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { correctionsView } from '../../src/ledger/correction-reads.ts';
import { entryView } from '../../src/ledger/views.ts';
import { approvalView } from '../../src/operations/approvals.ts';
import { at, Gateway } from '../support/gateway.ts';
import { balancesOf, expectStory, invoice, line, move, odooBalancesOf } from './billing.ts';

afterEach(() => void vi.useRealTimers());

const ENTRY = 'stripe:cus_ada#1.0';
const REVERSAL = 'stripe:cus_ada#2.0';
const INSTEAD = 'stripe:cus_ada#3.0';
const path = (id: string) => `/ledger/entries/${encodeURIComponent(id)}`;

const correctedEntry = entryView.extend({ corrections: correctionsView });
const entry = async (gateway: Gateway, id: string) => correctedEntry.parse(await gateway.call('GET', path(id)));

/** An invoice of 120.00 EUR over three months, two thirds of its revenue deferred. */
async function booked(gateway: Gateway): Promise<void> {
  const quarter = line({ period: { start: at(0), end: at(24 * 85) } });
  await gateway.stripe('invoice.finalized', invoice({ lines: [quarter] }), { id: 'evt_issued' });
  await gateway.run();
}

async function ask(gateway: Gateway, how: 'reverse' | 'correct', token: string, more: object = {}) {
  const answer = await gateway.ask(
    'POST',
    `${path(ENTRY)}/${how}`,
    { reason: 'billed to the wrong product', ...more },
    token,
  );
  return { status: answer.status, request: approvalView.safeParse(answer.json).data, json: answer.json };
}

const approve = (gateway: Gateway, id: string, token: string) =>
  gateway.ask('POST', `/approvals/${encodeURIComponent(id)}/approve`, { reason: 'seen the contract' }, token);

const openDeferrals = (gateway: Gateway) =>
  gateway.ledger.rows('SELECT period FROM schedules WHERE amount <> 0 OR base <> 0');

const notes = z.object({ detail: z.string() });

describe('a reversal', () => {
  it('asked for by two at once is asked for once', async () => {
    const gateway = await Gateway.open();
    await booked(gateway);
    const [grace, joan] = [await gateway.person('Grace'), await gateway.person('Joan')];
    const answers = await Promise.all([ask(gateway, 'reverse', grace), ask(gateway, 'reverse', joan)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(gateway.ledger.rows('SELECT id FROM approvals')).toEqual([{ id: `correction/${ENTRY}/1` }]);
  });

  it('is not approved by who asked for it under another name, or by who made the key it was asked with', async () => {
    const gateway = await Gateway.open();
    await booked(gateway);
    const made = await gateway.call('POST', '/api-keys', { label: 'Boss', tenant: 'demo', role: 'admin' });
    const boss = z.object({ key: z.string() }).parse(made).key;
    const hers = await gateway.ask('POST', '/api-keys', { label: 'Puppet', tenant: 'demo', role: 'operate' }, boss);
    const puppet = z.object({ key: z.string() }).parse(hers.json).key;
    const { request } = await ask(gateway, 'reverse', puppet);
    const detail = 'nobody approves what they asked for, under another name or by a key they made either';
    const again = await gateway.person('puppet');
    expect(await approve(gateway, request?.id ?? '', again)).toMatchObject({ status: 409, json: { detail } });
    expect(await approve(gateway, request?.id ?? '', boss)).toMatchObject({ status: 409, json: { detail } });
    // Root made the key that made the key.
    const root = await gateway.ask('POST', `/approvals/${encodeURIComponent(request?.id ?? '')}/approve`, {
      reason: 'seen the contract',
    });
    expect(root).toMatchObject({ status: 409, json: { detail } });
    expect((await approve(gateway, request?.id ?? '', await gateway.person('Grace'))).status).toBe(200);
  });

  it('is approved with no key that who asked for it made for themselves', async () => {
    const gateway = await Gateway.open();
    await booked(gateway);
    const made = await gateway.call('POST', '/api-keys', { label: 'Boss', tenant: 'demo', role: 'admin' });
    const boss = z.object({ key: z.string() }).parse(made).key;
    const { request } = await ask(gateway, 'reverse', boss);
    const hers = await gateway.ask('POST', '/api-keys', { label: 'Other', tenant: 'demo', role: 'operate' }, boss);
    const other = z.object({ key: z.string() }).parse(hers.json).key;
    expect((await approve(gateway, request?.id ?? '', other)).status).toBe(409);
  });

  it('takes back all that an entry booked, once a second person approves, and leaves both to be seen', async () => {
    const gateway = await Gateway.open();
    await booked(gateway);
    expect(openDeferrals(gateway).length).toBeGreaterThan(0);
    const [grace, joan] = [await gateway.person('Grace'), await gateway.person('Joan')];
    const { request } = await ask(gateway, 'reverse', grace);
    expect(request).toMatchObject({
      id: `correction/${ENTRY}/1`,
      atStake: { text: '120.00 EUR' },
      requestedBy: 'key:Grace',
    });
    expect((await approve(gateway, request?.id ?? '', grace)).status).toBe(409);
    await gateway.run();
    expect((await entry(gateway, ENTRY)).corrections.reversedBy).toBeNull();

    expect((await approve(gateway, request?.id ?? '', joan)).status).toBe(200);
    await gateway.run();
    expect(await balancesOf(gateway)).toEqual({});
    expect(odooBalancesOf(gateway)).toEqual({});
    expect(openDeferrals(gateway)).toEqual([]);
    const [original, reversal] = [await entry(gateway, ENTRY), await entry(gateway, REVERSAL)];
    expect(original.corrections).toMatchObject({
      reversedBy: { entry: REVERSAL, bookedAt: reversal.bookedAt },
      replacedBy: null,
    });
    expect(reversal).toMatchObject({ date: original.date, corrections: { reverses: ENTRY } });
    expect(reversal.lines.map(({ account, amount }) => [account, -amount.amount])).toEqual(
      original.lines.map(({ account, amount }) => [account, amount.amount]),
    );
    // The invoice's open item is closed, not one of the journal's opened beside it.
    expect(new Set(reversal.lines.map(({ item }) => item))).toEqual(new Set([original.object]));
    expect(move(gateway, `entry/ledgergate:journal:reversal/${ENTRY}`)).toMatchObject({ state: 'posted' });
    await expectStory(gateway, 'evt_issued', [`Entry ${ENTRY} was reversed by entry ${REVERSAL}.`]);
    await expectStory(gateway, `reversal/${ENTRY}`, [`Entry ${REVERSAL} reverses entry ${ENTRY}.`]);
    expect(await gateway.exceptions()).toEqual([]);
  });

  it('is asked for and booked once', async () => {
    const gateway = await Gateway.open();
    await booked(gateway);
    const [grace, joan] = [await gateway.person('Grace'), await gateway.person('Joan')];
    const { request } = await ask(gateway, 'reverse', grace);
    const again = await ask(gateway, 'reverse', joan);
    expect(again.status).toBe(409);
    expect(notes.parse(again.json).detail).toBe(`it is asked for already: see correction/${ENTRY}/1`);
    await approve(gateway, request?.id ?? '', joan);
    expect((await approve(gateway, request?.id ?? '', joan)).status).toBe(200);
    await gateway.run();
    expect((await ask(gateway, 'reverse', grace)).status).toBe(409);
    expect(await balancesOf(gateway)).toEqual({});
  });

  it('that was rejected changes nothing and may be asked for again', async () => {
    const gateway = await Gateway.open();
    await booked(gateway);
    const [grace, joan] = [await gateway.person('Grace'), await gateway.person('Joan')];
    const { request } = await ask(gateway, 'reverse', grace);
    const reject = `/approvals/${encodeURIComponent(request?.id ?? '')}/reject`;
    await gateway.call('POST', reject, { reason: 'the invoice is right' }, joan);
    await gateway.run();
    expect((await balancesOf(gateway))['121000']).toBe(12_000);
    expect((await ask(gateway, 'reverse', joan)).request?.id).toBe(`correction/${ENTRY}/2`);
  });

  it('that was approved and not told stands on the list until it is approved again', async () => {
    const gateway = await Gateway.open();
    await booked(gateway);
    const [grace, joan] = [await gateway.person('Grace'), await gateway.person('Joan')];
    const { request } = await ask(gateway, 'reverse', grace);
    const lane = gateway.lanes.get('demo/stripe:cus_ada')?.lane;
    if (lane === undefined) throw new Error('no lane');
    vi.spyOn(lane, 'accept').mockReturnValueOnce({ code: 'refused', reason: 'lane_full' });
    await approve(gateway, request?.id ?? '', joan);
    await gateway.run();
    expect(await gateway.exceptions()).toMatchObject([
      { cause: 'approval_unfinished', atStake: { text: '120.00 EUR' } },
    ]);
    await approve(gateway, request?.id ?? '', joan);
    await gateway.run();
    expect(await gateway.exceptions()).toEqual([]);
    expect(await balancesOf(gateway)).toEqual({});
  });
});

describe('a correction', () => {
  const lines = [
    { account: '121000', currency: 'EUR', amount: 12_000, customer: 'stripe:customer:cus_ada' },
    { account: '251020', currency: 'EUR', amount: -2_000 },
    { account: '402000', currency: 'EUR', amount: -10_000, memo: 'Other product' },
  ];

  it('reverses the entry and books what should stand there beside it', async () => {
    const gateway = await Gateway.open();
    await booked(gateway);
    const [grace, joan] = [await gateway.person('Grace'), await gateway.person('Joan')];
    const { request } = await ask(gateway, 'correct', grace, { lines });
    await approve(gateway, request?.id ?? '', joan);
    await gateway.run();
    const balances = { '121000': 12_000, '251020': -2_000, '402000': -10_000 };
    expect(await balancesOf(gateway)).toEqual(balances);
    expect(odooBalancesOf(gateway)).toEqual(balances);
    expect(openDeferrals(gateway)).toEqual([]);
    expect((await entry(gateway, ENTRY)).corrections).toMatchObject({
      reversedBy: { entry: REVERSAL },
      replacedBy: { entry: INSTEAD, eventId: `correction/${ENTRY}/1` },
    });
    expect((await entry(gateway, INSTEAD)).corrections.standsInFor).toBe(ENTRY);
    await expectStory(gateway, 'evt_issued', [`In its place stands entry ${INSTEAD}.`]);
  });

  it('that does not balance, or names an account or a customer that nobody knows, is refused at once', async () => {
    const gateway = await Gateway.open();
    await booked(gateway);
    const grace = await gateway.person('Grace');
    const [first, ...rest] = lines;
    const unbalanced = await ask(gateway, 'correct', grace, { lines: [{ ...first, amount: 12_001 }, ...rest] });
    expect(notes.parse(unbalanced.json).detail).toBe('the lines do not balance in EUR: 1 minor units over');
    const unknown = await ask(gateway, 'correct', grace, { lines: [{ ...first, account: '999999' }, ...rest] });
    expect(notes.parse(unknown.json).detail).toBe('line 1: account 999999 is not in the chart of accounts');
    const stranger = await ask(gateway, 'correct', grace, {
      lines: [{ ...first, customer: 'stripe:customer:cus_typo' }, ...rest],
    });
    expect(notes.parse(stranger.json).detail).toBe('the books know no customer stripe:customer:cus_typo');
    const noBase = await ask(gateway, 'correct', grace, {
      lines: [
        { ...first, currency: 'USD' },
        { account: '400000', currency: 'USD', amount: -12_000, base: -11_040 },
      ],
    });
    expect(notes.parse(noBase.json).detail).toBe('line 1: say its base in EUR');
  });
});
