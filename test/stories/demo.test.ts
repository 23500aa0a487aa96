import { afterEach, describe, expect, it, vi } from 'vitest';
import { demoStory } from '../../scripts/demo/story.ts';
import { Gateway, HOUR } from '../support/gateway.ts';
import { balancesOf, expectSquare } from './billing.ts';

afterEach(() => void vi.useRealTimers());

describe('the demo', () => {
  it('ends with square books, in Odoo too, and an empty list', async () => {
    const gateway = await Gateway.open();
    const story = demoStory({ count: 300, customers: 20 });
    gateway.stripeApi.show(...story.world.objects);
    for (const [payout, transactions] of Object.entries(story.world.payouts)) {
      gateway.stripeApi.contains(payout, transactions);
    }
    for (const [number, each] of story.phases.flat().entries()) {
      if (!each.forged) await gateway.send(each.source, each.body);
      // Passes come now and then, as doorbells do.
      if (number % 7 === 0) await gateway.run();
    }
    await gateway.pass(2 * HOUR);
    await expectSquare(gateway, await balancesOf(gateway));
    expect(Object.keys(await balancesOf(gateway)).length).toBeGreaterThan(5);
  });
});
