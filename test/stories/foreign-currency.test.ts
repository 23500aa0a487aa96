import { afterEach, describe, expect, it, vi } from 'vitest';
import { DAY, Gateway } from '../support/gateway.ts';
import { charged, closings, expectSquare, expectStory, INVOICE, invoice, move } from './billing.ts';

afterEach(() => void vi.useRealTimers());

describe('an invoice in dollars of a company in euro', () => {
  // Issued at 0.92 by the configured rate: 120.00 USD are 110.40 EUR.
  it.each([
    { what: 'at a better rate', rate: 0.95, settled: 11_400, difference: -360 },
    { what: 'at a worse rate', rate: 0.9, settled: 10_800, difference: 240 },
  ])('settled $what realises the difference once', async ({ rate, settled, difference }) => {
    const gateway = await Gateway.open();
    await gateway.stripe('invoice.finalized', invoice({ currency: 'usd' }));
    await gateway.pass(DAY);
    const payment = charged(gateway, { currency: 'usd', rate, fee: 200 });
    await gateway.stripe('charge.succeeded', payment, { id: 'evt_paid' });
    await gateway.run();
    expect(move(gateway, INVOICE)).toMatchObject({ paymentState: 'paid', residual: 0, total: 12_000 });
    const books = { '101510': settled - 200, '251020': -1_840, '400000': -9_200, '627000': 200 };
    // Odoo books the difference itself when it matches: a gain on its gain account, a loss on its loss account.
    const odoo = { ...books, [difference > 0 ? '641000' : '441000']: difference };
    await expectSquare(gateway, { ...books, '441000': difference }, { odoo });
    await expectStory(gateway, 'evt_paid', [
      /Payment pi_1 of invoice ADA-0001\. Booked on 2026-01-06: .*441000 fxGainLoss/,
    ]);
  });
});

const rate = (from: string, to: string, date: string, value: string) => ({
  rates: [{ from, to, date, rate: value, source: 'bank' }],
});

describe('an invoice whose rate is not known', () => {
  it('waits for a person, and is booked when the rate is recorded, whoever has to do with it', async () => {
    const gateway = await Gateway.open();
    await gateway.stripe('invoice.finalized', invoice({ currency: 'gbp' }));
    await gateway.pass(DAY);
    expect(await gateway.exceptions()).toMatchObject([{ cause: 'rate_missing', atStake: { text: '120.00 GBP' } }]);
    await gateway.call('POST', '/rates', rate('GBP', 'EUR', '2026-01-05', '1.15'));
    await gateway.run();
    expect(await gateway.exceptions()).toEqual([]);
    expect(move(gateway, INVOICE)).toMatchObject({ state: 'posted', total: 12_000 });
    expect(await closings(gateway, 'demo-eu')).toMatchObject({ '400000': -11_500 });
  });

  it('is booked at the rate of the day it is moved to, when its month was closed by a person', async () => {
    const gateway = await Gateway.open({ policies: { latePeriod: 'next-open' } });
    gateway.ledger.rows(
      `INSERT INTO entity_books (tenant, entity, closed_until) VALUES ('demo', 'demo-eu', '2026-02-28')`,
    );
    await gateway.call('POST', '/rates', rate('GBP', 'EUR', '2026-02-27', '1.20'));
    await gateway.stripe('invoice.finalized', invoice({ currency: 'gbp' }));
    await gateway.pass(DAY);
    expect(await gateway.exceptions()).toEqual([]);
    expect(await closings(gateway, 'demo-eu')).toMatchObject({ '400000': -12_000 });
  });
});
