import { describe, expect, it } from 'vitest';
import { Slots } from '../../src/queues/slots.ts';

describe('slots', () => {
  it('let in as many at once as there are places, the others in the order they asked', async () => {
    const slots = new Slots(2);
    const entered: number[] = [];
    const enter = async (who: number) => {
      await slots.take();
      entered.push(who);
    };
    const all = [1, 2, 3, 4].map(enter);
    await Promise.all(all.slice(0, 2));
    expect(entered).toEqual([1, 2]);
    slots.give();
    await all[2];
    expect(entered).toEqual([1, 2, 3]);
    slots.give();
    slots.give();
    slots.give();
    await Promise.all([...all, enter(5), enter(6)]);
    expect(entered).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
