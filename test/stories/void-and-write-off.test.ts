import { afterEach, describe, expect, it, vi } from 'vitest';
import { DAY, Gateway } from '../support/gateway.ts';
import { charged, expectSquare, expectStory, INVOICE, invoice, move } from './billing.ts';

afterEach(() => void vi.useRealTimers());

describe('a voided invoice', () => {
  it('is reversed by a credit note and leaves nothing', async () => {
    const gateway = await Gateway.open();
    await gateway.stripe('invoice.finalized', invoice());
    await gateway.pass(DAY);
    await gateway.stripe('invoice.voided', invoice({ status: 'void' }), { id: 'evt_voided' });
    await gateway.run();
    expect(move(gateway, INVOICE)).toMatchObject({ paymentState: 'reversed', residual: 0 });
    await expectSquare(gateway, {});
    await expectStory(gateway, 'evt_voided', [
      'Invoice ADA-0001 voided. Booked on 2026-01-06',
      'Target odoo holds credit_note/',
    ]);
  });

  it('that was paid in part by customer credit gives the credit back', async () => {
    const gateway = await Gateway.open();
    const owing = { startingBalance: -2_000 };
    await gateway.stripe('invoice.finalized', invoice(owing));
    await gateway.run();
    await expectSquare(
      gateway,
      { '121000': 10_000, '251020': -2_000, '252100': 2_000, '400000': -10_000 },
      { receivable: 10_000 },
    );
    await gateway.stripe('invoice.voided', invoice({ ...owing, status: 'void' }), { id: 'evt_voided' });
    await gateway.run();
    expect(move(gateway, INVOICE)).toMatchObject({ residual: 0 });
    await expectSquare(gateway, {});
  });
});

describe('a written-off invoice', () => {
  const lost = { '251020': -2_000, '400000': -10_000, '655000': 12_000 };

  async function writtenOff(): Promise<Gateway> {
    const gateway = await Gateway.open();
    await gateway.stripe('invoice.finalized', invoice());
    await gateway.pass(10 * DAY);
    await gateway.stripe('invoice.marked_uncollectible', invoice({ status: 'uncollectible' }), {
      id: 'evt_written_off',
    });
    await gateway.run();
    return gateway;
  }

  it('is a bad debt and owes nothing', async () => {
    const gateway = await writtenOff();
    expect(move(gateway, INVOICE)).toMatchObject({ residual: 0 });
    await expectSquare(gateway, lost);
    await expectStory(gateway, 'evt_written_off', [
      'Invoice ADA-0001 written off. Booked on 2026-01-15: debit 655000 badDebt 120.00 EUR',
    ]);
  });

  it('that is paid late takes the write-off back', async () => {
    const gateway = await writtenOff();
    await gateway.pass(20 * DAY);
    await gateway.stripe('charge.succeeded', charged(gateway), { id: 'evt_late' });
    await gateway.run();
    await expectSquare(gateway, { '101510': 11_795, '251020': -2_000, '400000': -10_000, '627000': 205 });
    expect(move(gateway, INVOICE)).toMatchObject({ paymentState: 'paid', residual: 0 });
    await expectStory(gateway, 'evt_late', [
      'Write-off of invoice ADA-0001 taken back',
      'Payment pi_1 of invoice ADA-0001',
    ]);
  });
});
