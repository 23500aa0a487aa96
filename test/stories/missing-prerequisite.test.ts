import { afterEach, describe, expect, it, vi } from 'vitest';
import { DAY, Gateway, HOUR } from '../support/gateway.ts';
import { charged, expectSquare, expectStory, INVOICE, invoice, move } from './billing.ts';

afterEach(() => void vi.useRealTimers());

describe('a prerequisite that does not come', () => {
  it('is an exception after the tenant’s patience, which ends when it comes after all', async () => {
    const gateway = await Gateway.open({ policies: { prerequisiteHours: 48 } });
    await gateway.stripe('charge.succeeded', charged(gateway), { id: 'evt_paid' });
    await gateway.pass(47 * HOUR);
    expect(await gateway.exceptions()).toEqual([]);
    await gateway.pass(2 * HOUR);
    expect(await gateway.exceptions()).toMatchObject([
      { cause: 'prerequisite_missing', atStake: { text: '120.00 EUR' }, eventId: 'evt_paid' },
    ]);
    await gateway.pass(DAY);
    expect(await gateway.exceptions()).toHaveLength(1);

    await gateway.stripe('invoice.finalized', invoice());
    await gateway.run();
    expect(move(gateway, INVOICE)).toMatchObject({ paymentState: 'paid', residual: 0 });
    await expectSquare(gateway, { '101510': 11_795, '251020': -2_000, '400000': -10_000, '627000': 205 });
    await expectStory(gateway, 'evt_paid', [
      /A person must decide \(120\.00 EUR at stake\): charge\.succeeded waits for stripe:invoice:in_1/,
      /Exception prerequisite_missing was resolved/,
    ]);
  });
});
