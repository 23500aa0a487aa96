import { afterEach, describe, expect, it, vi } from 'vitest';
import { DAY, Gateway } from '../support/gateway.ts';
import { expectSquare, expectStory, INVOICE, invoice, move, movesOf } from './billing.ts';

afterEach(() => void vi.useRealTimers());

const owed = { '121000': 12_000, '251020': -2_000, '400000': -10_000 };

describe('an invoice in a period locked in Odoo', () => {
  it('is booked here, refused there with its amount, and posted when the lock is lifted', async () => {
    const gateway = await Gateway.open();
    gateway.odoo.setLockDates({ fiscalyear_lock_date: '2026-01-31' });
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    await gateway.run();
    expect(movesOf(gateway, INVOICE)).toEqual([]);
    expect(await gateway.exceptions()).toMatchObject([
      { cause: 'posting_rejected', target: 'odoo', atStake: { text: '120.00 EUR' } },
    ]);
    await expectStory(gateway, 'evt_issued', [
      'Invoice ADA-0001. Booked on 2026-01-05',
      /Target odoo refused invoice\/.* period_locked: 2026-01-05 is in a period locked in Odoo up to 2026-01-31\./,
      /A person must decide \(120\.00 EUR at stake\)/,
    ]);

    gateway.odoo.setLockDates({ fiscalyear_lock_date: false });
    await gateway.pass(DAY);
    expect(move(gateway, INVOICE)).toMatchObject({ date: '2026-01-05' });
    await expectSquare(gateway, owed, { receivable: 12_000 });
    await expectStory(gateway, 'evt_issued', [/Exception posting_rejected was resolved/]);
  });

  it('that Odoo silently posts on another day is told with both dates', async () => {
    const gateway = await Gateway.open();
    gateway.odoo.faults.add({
      match: { model: 'account.move', method: 'action_post' },
      fault: 'silent_date_shift',
      times: 1,
    });
    await gateway.pass(3 * DAY);
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    await gateway.run();
    expect(move(gateway, INVOICE)).toMatchObject({ date: '2026-01-08' });
    await expectSquare(gateway, owed, { exceptions: ['posted_with_warnings'], receivable: 12_000 });
    await expectStory(gateway, 'evt_issued', [
      /Target odoo holds invoice\/.*, dated 2026-01-08\. Read back with differences: date was sent as 2026-01-05 and is 2026-01-08\./,
      /A person must decide \(120\.00 EUR at stake\)/,
    ]);
  });
});

describe('an invoice in a period closed here', () => {
  it('stands on the list under the policy exception, and is booked when the period is reopened', async () => {
    const gateway = await Gateway.open({ closedUntil: '2026-01-31', policies: { latePeriod: 'exception' } });
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    await gateway.run();
    const [exception] = await gateway.exceptions();
    expect(exception).toMatchObject({ cause: 'period_closed', atStake: { text: '120.00 EUR' } });
    await expectStory(gateway, 'evt_issued', [
      'Not booked; a person must decide. It belongs to 2026-01-05, and the books are closed until 2026-01-31.',
      /A person must decide \(120\.00 EUR at stake\)/,
    ]);

    await gateway.publish({ closedUntil: '2025-12-31' });
    await gateway.call('POST', `/exceptions/${encodeURIComponent(exception?.id ?? '')}/retry`);
    await gateway.run();
    expect(move(gateway, INVOICE)).toMatchObject({ date: '2026-01-05' });
    await expectSquare(gateway, owed, { receivable: 12_000 });
    await expectStory(gateway, 'evt_issued', ['under config version 2', /Exception period_closed was resolved/]);
  });

  it('goes to the next open day under the policy next-open, and says from where', async () => {
    const gateway = await Gateway.open({ closedUntil: '2026-01-31', policies: { latePeriod: 'next-open' } });
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    await gateway.run();
    expect(move(gateway, INVOICE)).toMatchObject({ date: '2026-02-01' });
    await expectSquare(gateway, owed, { receivable: 12_000 });
    await expectStory(gateway, 'evt_issued', [
      'Invoice ADA-0001 (moved from 2026-01-05, period closed). Booked on 2026-02-01',
    ]);
  });
});
