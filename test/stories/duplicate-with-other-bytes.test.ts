import { afterEach, describe, expect, it, vi } from 'vitest';
import { DAY, Gateway } from '../support/gateway.ts';
import { expectSquare, expectStory, INVOICE, invoice, line, move } from './billing.ts';

afterEach(() => void vi.useRealTimers());

describe('a duplicate with other bytes', () => {
  it('changes nothing, and a person is told with both versions kept', async () => {
    const gateway = await Gateway.open();
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    await gateway.run();
    const dearer = invoice({
      lines: [line({ amount: 50_000, tax: { amount: 10_000, inclusive: false, rate: 'FR-20' } })],
    });
    expect(await gateway.stripe('invoice.finalized', dearer, { id: 'evt_issued' })).toBe('duplicate');
    await gateway.run();

    expect(move(gateway, INVOICE)).toMatchObject({ total: 12_000 });
    await expectSquare(
      gateway,
      { '121000': 12_000, '251020': -2_000, '400000': -10_000 },
      { exceptions: ['event_conflict'], receivable: 12_000 },
    );
    await expectStory(gateway, 'evt_issued', [
      'Invoice ADA-0001. Booked on 2026-01-05',
      /A person must decide.*evt_issued/,
    ]);
  });

  it('is no conflict when the bytes are the same', async () => {
    const gateway = await Gateway.open();
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued', created: gateway.now / 1000 });
    expect(
      await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued', created: gateway.now / 1000 }),
    ).toBe('duplicate');
    await gateway.pass(DAY);
    await expectSquare(gateway, { '121000': 12_000, '251020': -2_000, '400000': -10_000 }, { receivable: 12_000 });
  });
});
