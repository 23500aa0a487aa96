import { afterEach, describe, expect, it, vi } from 'vitest';
import { DAY, Gateway, HOUR } from '../support/gateway.ts';
import { charged, expectSquare, expectStory, INVOICE, invoice, move, movesOf, PAYMENT } from './billing.ts';

afterEach(() => void vi.useRealTimers());

describe('a document that Odoo rejects', () => {
  it('blocks what depends on it, and the exception resolves by itself after the repair', async () => {
    const gateway = await Gateway.open({ accounts: { revenue: '499999' } });
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    await gateway.stripe('charge.succeeded', charged(gateway), { id: 'evt_paid' });
    await gateway.pass(HOUR);
    expect(movesOf(gateway, INVOICE)).toEqual([]);
    expect(movesOf(gateway, PAYMENT)).toEqual([]);
    expect(await gateway.exceptions()).toMatchObject([
      { cause: 'posting_rejected', target: 'odoo', atStake: { text: '120.00 EUR' } },
    ]);
    await expectStory(gateway, 'evt_paid', [
      /entry\/stripe:payment:pi_1 is held back from odoo: something it depends on is not there\./,
    ]);

    gateway.odoo.books().addPlain('account.account', {
      ...{ code: '499999', name: 'Other sales', account_type: 'income', reconcile: false, active: true },
      company_ids: [1],
      tax_ids: [],
    });
    await gateway.pass(2 * DAY);
    expect(move(gateway, INVOICE)).toMatchObject({ paymentState: 'paid', residual: 0 });
    await expectSquare(gateway, { '101510': 11_795, '251020': -2_000, '499999': -10_000, '627000': 205 });
    await expectStory(gateway, 'evt_issued', ['Target odoo holds invoice/', 'Exception posting_rejected was resolved']);
  });
});
