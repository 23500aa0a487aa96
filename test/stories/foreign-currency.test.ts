import { afterEach, describe, expect, it, vi } from 'vitest';
import { tenantId } from '../../src/canonical/ids.ts';
import { recordRates } from '../../src/ledger/rates.ts';
import { DAY, Gateway, HOUR } from '../support/gateway.ts';
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

describe('an invoice in a currency without a rate', () => {
  const offer = (date: string) => ({ from: 'EUR', to: 'GBP', date, rate: '0.8', source: 'file' });

  it('waits for a person, and is booked once somebody records the rate, with who it was', async () => {
    const gateway = await Gateway.open();
    await gateway.stripe('invoice.finalized', invoice({ currency: 'gbp' }), { id: 'evt_issued' });
    await gateway.run();
    expect(await gateway.exceptions()).toMatchObject([{ cause: 'rate_missing' }]);
    const ann = await gateway.person('Ann');
    await gateway.pass(DAY);
    await gateway.ask('POST', '/rates', { rates: [offer('2026-01-05')] }, ann);
    await gateway.run();
    expect(await gateway.exceptions()).toEqual([]);
    await expectSquare(gateway, { '251020': -2_500, '400000': -12_500, '121000': 15_000 }, { receivable: 15_000 });
    const told = gateway.ledger.rows("SELECT actor, detail FROM audit WHERE action = 'rates.record'");
    expect(told).toMatchObject([{ actor: 'key:Ann', detail: expect.stringContaining('"pairs":["EUR/GBP"]') }]);
  });

  it('is found by the clock when a feed brought the rate, and offered no more when it was another day’s', async () => {
    const gateway = await Gateway.open();
    await gateway.stripe('invoice.finalized', invoice({ currency: 'gbp' }), { id: 'evt_issued' });
    await gateway.run();
    await gateway.pass(HOUR);
    await recordRates(gateway.ledger, tenantId('demo'), [offer('2025-12-01')], gateway.now);
    await gateway.clock();
    expect([...gateway.doorbells]).toEqual([]);
    await recordRates(gateway.ledger, tenantId('demo'), [offer('2026-01-05')], gateway.now);
    await gateway.clock();
    await gateway.run();
    expect(await gateway.exceptions()).toEqual([]);
  });

  it('takes no rate of a day that is yet to come', async () => {
    const gateway = await Gateway.open();
    const answer = await gateway.ask('POST', '/rates', { rates: [offer('2026-01-05'), offer('2026-03-01')] });
    expect(answer).toMatchObject({ status: 400, json: { errors: [{ path: 'body.rates.1.date' }] } });
    expect(gateway.ledger.rows('SELECT * FROM rates')).toEqual([]);
  });

  it('is booked at the rate of the day it is moved to, when its month was closed by a person', async () => {
    const gateway = await Gateway.open({ policies: { latePeriod: 'next-open' } });
    gateway.ledger.rows(
      `INSERT INTO entity_books (tenant, entity, closed_until) VALUES ('demo', 'demo-eu', '2026-02-28')`,
    );
    const bank = { from: 'GBP', to: 'EUR', date: '2026-02-27', rate: '1.20', source: 'bank' };
    await recordRates(gateway.ledger, tenantId('demo'), [bank], gateway.now);
    await gateway.stripe('invoice.finalized', invoice({ currency: 'gbp' }));
    await gateway.pass(DAY);
    expect(await gateway.exceptions()).toEqual([]);
    expect(await closings(gateway, 'demo-eu')).toMatchObject({ '400000': -12_000 });
  });
});
