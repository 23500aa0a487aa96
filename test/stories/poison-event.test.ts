import { afterEach, describe, expect, it, vi } from 'vitest';
import { DAY, Gateway } from '../support/gateway.ts';
import { charged, expectSquare, expectStory, INVOICE, invoice, move } from './billing.ts';

afterEach(() => void vi.useRealTimers());

describe('an event that cannot be booked', () => {
  it('parks with its amount, and the customer’s later independent events go on', async () => {
    const gateway = await Gateway.open();
    const poison = invoice({ id: 'in_0', number: 'ADA-0000', currency: 'chf' });
    await gateway.stripe('invoice.finalized', poison, { id: 'evt_poison' });
    await gateway.stripe('invoice.voided', { ...poison, status: 'void' }, { id: 'evt_dependent' });
    await gateway.stripe('invoice.finalized', invoice(), { id: 'evt_issued' });
    await gateway.stripe('charge.succeeded', charged(gateway), { id: 'evt_paid' });
    await gateway.pass(DAY);

    expect(move(gateway, INVOICE)).toMatchObject({ paymentState: 'paid', residual: 0 });
    await expectSquare(
      gateway,
      { '101510': 11_795, '251020': -2_000, '400000': -10_000, '627000': 205 },
      { exceptions: ['rate_missing'] },
    );
    expect(await gateway.exceptions()).toMatchObject([{ eventId: 'evt_poison', atStake: { text: '120.00 CHF' } }]);
    await expectStory(gateway, 'evt_poison', [
      'Not booked; a person must decide.',
      'A person must decide (120.00 CHF at stake)',
    ]);
    await expectStory(gateway, 'evt_dependent', ['Not booked yet; it waits for stripe:invoice:in_0.']);
  });
});
