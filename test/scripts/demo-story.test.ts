import { describe, expect, it } from 'vitest';
import { demoStory } from '../../scripts/demo/story.ts';

const story = demoStory({ count: 300, customers: 20 });
const deliveries = story.phases.flat();

describe('the demo', () => {
  it('is the same bytes each time it is told', () => {
    expect(demoStory({ count: 300, customers: 20 })).toEqual(story);
  });

  it('has about as many deliveries as asked for, of all three providers', () => {
    expect(deliveries.length).toBeGreaterThanOrEqual(300);
    expect(deliveries.length).toBeLessThan(320);
    expect(new Set(deliveries.map((each) => each.source))).toEqual(new Set(['stripe', 'salesforce', 'chargebee']));
  });

  it('gives an event id to one body only, so that only repeats are duplicates', () => {
    const bodies = new Map<string, string>();
    for (const each of deliveries.filter((candidate) => !candidate.forged)) {
      for (const id of each.eventIds) {
        expect(bodies.get(`${each.source} ${id}`) ?? each.body).toBe(each.body);
        bodies.set(`${each.source} ${id}`, each.body);
      }
    }
  });

  it('expects every verdict at least once', () => {
    expect(new Set(deliveries.map((each) => each.expect))).toEqual(
      new Set(['accepted', 'duplicate', 'quarantined', 'rejected']),
    );
  });

  it('tells of a payment before its invoice, an amended invoice, a partial refund, a dispute and a payout', () => {
    const told = deliveries.map((each) => each.body).join('\n');
    for (const type of [
      'invoice.voided',
      'charge.refunded',
      'charge.dispute.funds_withdrawn',
      'payout.paid',
      'charge.failed',
    ]) {
      expect(told).toContain(`"type":"${type}"`);
    }
    const stream = deliveries.filter((each) => each.stream === 'chargebee-15').map((each) => each.body);
    const paid = stream.findIndex((body) => body.includes('"event_type":"payment_succeeded"'));
    const issued = stream.findIndex((body) => body.includes('"event_type":"invoice_generated"'));
    expect(paid).toBeGreaterThan(-1);
    expect(paid).toBeLessThan(issued);
  });

  it('pays out each transaction once', () => {
    const paidOut = Object.values(story.world.payouts).flat();
    expect(new Set(paidOut).size).toBe(paidOut.length);
    expect(paidOut.length).toBe(story.world.unpaid.length);
  });
});
