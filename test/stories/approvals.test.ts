import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { approvalView } from '../../src/operations/approvals.ts';
import { DAY, Gateway, HOUR } from '../support/gateway.ts';
import {
  balancesOf,
  charged,
  expectSquare,
  expectStory,
  INVOICE,
  invoice,
  move,
  movesOf,
  odooBalancesOf,
  PAYMENT,
  tenthOfLine,
} from './billing.ts';

afterEach(() => void vi.useRealTimers());

/** The invoice of 120.00 EUR is over it, a fee is not. */
const approvals = [{ when: { event: 'invoice.*', over: '100.00 EUR' }, target: 'odoo', expiresAfterHours: 24 }];
const ID = 'posting/odoo/stripe/evt_issued/1';
const paid = { '101510': 11_795, '251020': -2_000, '400000': -10_000, '627000': 205 };

const approvalPage = z.object({ items: z.array(approvalView) });
const asked = async (gateway: Gateway) =>
  approvalPage.parse(await gateway.call('GET', '/approvals?kind=posting')).items;

const decide = (gateway: Gateway, how: 'approve' | 'reject' | 'renew', token?: string, id = ID) =>
  gateway.ask('POST', `/approvals/${encodeURIComponent(id)}/${how}`, { reason: `to ${how} it` }, token);

/** An invoice over the threshold, and its payment, which is not. */
async function invoiceAndPayment(gateway: Gateway): Promise<void> {
  await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
  await gateway.run();
  await gateway.pass(HOUR);
  await gateway.stripe('charge.succeeded', charged(gateway), { id: 'evt_paid' });
  await gateway.run();
}

describe('a posting over the threshold', () => {
  it('is booked at once, waits for a second person, and goes out in its turn once approved', async () => {
    const gateway = await Gateway.open({ approvals });
    await invoiceAndPayment(gateway);
    expect(await asked(gateway)).toMatchObject([
      {
        id: ID,
        status: 'pending',
        requestedBy: 'gateway',
        atStake: { text: '120.00 EUR' },
        rule: 'invoice.* over 100.00 EUR',
      },
    ]);
    // The payment needs nobody, and stays behind its invoice all the same.
    expect([...movesOf(gateway, INVOICE), ...movesOf(gateway, PAYMENT)]).toEqual([]);
    await expectStory(gateway, 'evt_issued', [
      'Invoice ADA-0001. Booked on 2026-01-05',
      /A second person is asked for a posting of 120\.00 EUR/,
      /To be posted to odoo, once it is approved/,
    ]);

    expect((await decide(gateway, 'approve', await gateway.person('Grace'))).status).toBe(200);
    await gateway.run();
    expect(move(gateway, INVOICE)).toMatchObject({ date: '2026-01-05' });
    expect(move(gateway, PAYMENT)).toMatchObject({ state: 'posted' });
    await expectSquare(gateway, paid);
    await expectStory(gateway, 'evt_issued', [/Approved by key:Grace: to approve it\./, /Target odoo holds invoice/]);
  });

  it('does not hold up another customer', async () => {
    const gateway = await Gateway.open({ approvals });
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    const bobs = invoice({ id: 'in_2', number: 'BOB-0001', customer: 'cus_bob', lines: [tenthOfLine] });
    await gateway.stripe('invoice.finalized', bobs, { id: 'evt_bob' });
    await gateway.run();
    expect(await asked(gateway)).toHaveLength(1);
    expect(movesOf(gateway, INVOICE)).toEqual([]);
    expect(move(gateway, 'invoice/stripe:invoice:in_2')).toMatchObject({ state: 'posted' });
  });

  it('is not let out by a retry by hand, by time, or by a lost word of the decision', async () => {
    const gateway = await Gateway.open({ approvals });
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    await gateway.run();
    await gateway.pass(3 * HOUR);
    await gateway.call('POST', '/postings/retry', { reason: 'to see whether it goes', lane: 'stripe:cus_ada' });
    await gateway.run();
    expect(movesOf(gateway, INVOICE)).toEqual([]);

    const ada = [...gateway.lanes].find(([name]) => name.endsWith('cus_ada'))?.[1].lane;
    if (ada === undefined) throw new Error('no lane');
    vi.spyOn(ada, 'releaseDocuments').mockReturnValue({ code: 'not_applicable' });
    expect((await decide(gateway, 'approve', await gateway.person('Grace'))).status).toBe(200);
    await gateway.run();
    expect(movesOf(gateway, INVOICE)).toEqual([]);
    await gateway.pass(HOUR);
    expect(move(gateway, INVOICE)).toMatchObject({ state: 'posted' });
  });

  it('that was rejected never goes out, stands on the list with its amount, and holds up nothing', async () => {
    const gateway = await Gateway.open({ approvals });
    await invoiceAndPayment(gateway);
    expect((await decide(gateway, 'reject', await gateway.person('Grace'))).status).toBe(200);
    await gateway.pass(2 * DAY);
    expect(movesOf(gateway, INVOICE)).toEqual([]);
    const open = await gateway.exceptions();
    expect(open).toContainEqual(
      expect.objectContaining({
        cause: 'approval_rejected',
        atStake: expect.objectContaining({ text: '120.00 EUR' }),
        remedy: expect.stringContaining('reversing the entry'),
      }),
    );
    // The payment is not hanging: it reached Odoo, or Odoo said why it cannot.
    const [posting] = (await gateway.timeline('evt_paid')).postings.filter(({ kind }) => kind === 'entry');
    expect(['applied', 'rejected']).toContain(posting?.outcome);
    await expectStory(gateway, 'evt_issued', [/invoice\/.* is not posted to odoo: rejected by .*Grace/]);
    expect((await decide(gateway, 'approve', await gateway.person('Joan'))).status).toBe(409);
  });

  it('that was rejected is reversed in the books alone: the target has nothing to take back', async () => {
    const gateway = await Gateway.open({ approvals });
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    await gateway.run();
    const [grace, joan] = [await gateway.person('Grace'), await gateway.person('Joan')];
    const reverse = () =>
      gateway.ask(
        'POST',
        `/ledger/entries/${encodeURIComponent('stripe:cus_ada#1.0')}/reverse`,
        { reason: 'was rejected' },
        grace,
      );
    expect(await reverse()).toMatchObject({
      status: 409,
      json: { detail: `its posting to odoo waits for a second person: have ${ID} decided first` },
    });
    await decide(gateway, 'reject', grace);
    expect((await reverse()).status).toBe(200);
    await decide(gateway, 'approve', joan, 'correction/stripe:cus_ada#1.0/1');
    await gateway.run();
    expect(await balancesOf(gateway)).toEqual({});
    expect(odooBalancesOf(gateway)).toEqual({});
  });

  it('stays held when the answer of its commit was lost and it is recovered from the books', async () => {
    const gateway = await Gateway.open({ approvals });
    let faults = 1;
    gateway.ledgerFault = (kind) => (kind === 'write' && faults-- > 0 ? 'after' : 'none');
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    await gateway.pass(HOUR);
    expect(gateway.reports.map(({ what }) => what)).toContain('lane_recovered');
    expect(await asked(gateway)).toMatchObject([{ id: ID, status: 'pending' }]);
    await gateway.pass(2 * HOUR);
    expect(movesOf(gateway, INVOICE)).toEqual([]);
    await decide(gateway, 'approve', await gateway.person('Grace'));
    await gateway.run();
    expect(move(gateway, INVOICE)).toMatchObject({ state: 'posted' });
  });

  it('that nobody decided about in time stays held, is asked for again, and not approved by who asked', async () => {
    const gateway = await Gateway.open({ approvals });
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    await gateway.pass(25 * HOUR);
    await gateway.clock();
    expect(await gateway.exceptions()).toMatchObject([{ cause: 'approval_expired', atStake: { text: '120.00 EUR' } }]);
    const [grace, joan] = [await gateway.person('Grace'), await gateway.person('Joan')];
    expect((await decide(gateway, 'approve', grace)).status).toBe(409);
    expect((await decide(gateway, 'renew', grace)).status).toBe(200);
    expect(await gateway.exceptions()).toEqual([]);
    expect((await decide(gateway, 'renew', joan)).status).toBe(409);

    const again = 'posting/odoo/stripe/evt_issued/2';
    expect(await decide(gateway, 'approve', grace, again)).toMatchObject({
      status: 409,
      json: { detail: 'nobody approves what they asked for' },
    });
    expect(movesOf(gateway, INVOICE)).toEqual([]);
    expect((await decide(gateway, 'approve', joan, again)).status).toBe(200);
    await gateway.run();
    expect(move(gateway, INVOICE)).toMatchObject({ state: 'posted' });
  });

  it('is the work of whoever had a held event tried again, who may not approve it', async () => {
    const gateway = await Gateway.open({ approvals, closedUntil: '2026-01-31', policies: { latePeriod: 'exception' } });
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    await gateway.run();
    const [exception] = await gateway.exceptions();
    await gateway.publish({ closedUntil: '2025-12-31' });
    const grace = await gateway.person('Grace');
    await gateway.call('POST', `/exceptions/${encodeURIComponent(exception?.id ?? '')}/retry`, undefined, grace);
    await gateway.run();
    const [request] = await asked(gateway);
    expect(request?.requestedBy).toContain('Grace');
    expect((await decide(gateway, 'approve', grace)).status).toBe(409);
    // Nor after somebody else has asked again.
    await gateway.pass(25 * HOUR);
    expect((await decide(gateway, 'renew', await gateway.person('Ann'))).status).toBe(200);
    const again = 'posting/odoo/stripe/evt_issued/2';
    expect((await decide(gateway, 'approve', grace, again)).status).toBe(409);
    expect((await decide(gateway, 'approve', await gateway.person('Joan'), again)).status).toBe(200);
    await gateway.run();
    expect(move(gateway, INVOICE)).toMatchObject({ state: 'posted' });
  });

  it('by the route’s own threshold, and in a window, goes out once it is approved and the window has come', async () => {
    const gateway = await Gateway.open({
      routes: [
        { when: { event: '*' }, to: 'odoo', mode: 'window', window: '0 2 * * *', approval: 'over 119.99 EUR' },
        { when: { event: '*' }, to: 'gl' },
      ],
    });
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    await gateway.run();
    expect((await decide(gateway, 'approve', await gateway.person('Grace'))).status).toBe(200);
    await gateway.run();
    expect(movesOf(gateway, INVOICE)).toEqual([]);
    await gateway.pass(DAY);
    expect(move(gateway, INVOICE)).toMatchObject({ state: 'posted' });
  });
});
