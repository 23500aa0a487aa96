import { afterEach, describe, expect, it, vi } from 'vitest';
import { Gateway, HOUR } from '../support/gateway.ts';
import { expectSquare, expectStory, INVOICE, invoice, move, movesOf } from './billing.ts';

afterEach(() => void vi.useRealTimers());

const owed = { '121000': 12_000, '251020': -2_000, '400000': -10_000 };

describe('a lost answer after Odoo committed', () => {
  for (const method of ['load', 'action_post'] as const) {
    it(`posts the invoice once when it was the answer to ${method}`, async () => {
      const gateway = await Gateway.open();
      gateway.odoo.faults.add({
        match: { model: 'account.move', method },
        fault: 'drop_answer_after_commit',
        times: 1,
      });
      await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
      await gateway.run();
      await expectStory(gateway, 'evt_issued', [
        'Invoice ADA-0001. Booked on 2026-01-05',
        /It is not known whether invoice\/.* reached odoo; it is looked up before anything is sent again\./,
      ]);
      expect(movesOf(gateway, INVOICE)).toHaveLength(method === 'load' ? 0 : 1);

      await gateway.pass(HOUR);
      expect(move(gateway, INVOICE)).toMatchObject({ total: 12_000, residual: 12_000 });
      await expectSquare(gateway, owed, { receivable: 12_000 });
      await expectStory(gateway, 'evt_issued', [
        'Invoice ADA-0001. Booked on 2026-01-05',
        /Target odoo holds invoice\/.* after 2 attempts\. Read back as sent\.$/,
      ]);
    });
  }

  it('books the event once when it was the answer of the books', async () => {
    const gateway = await Gateway.open();
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    let lost = 0;
    gateway.ledgerFault = (kind) => (kind === 'write' && lost++ === 0 ? 'after' : 'none');
    await gateway.pass(HOUR);
    expect(lost).toBeGreaterThan(0);
    await expectSquare(gateway, owed, { receivable: 12_000 });
  });
});
