import { describe, expect, it } from 'vitest';
import { currency } from '../../../src/canonical/money.ts';
import type { FactOf } from '../../../src/canonical/rules/rule.ts';
import { alice, at, capture, Desk, inv, issue, key, line, m } from './books.ts';

const customer = (version: number, name: string): FactOf<'customer.upserted'> => ({
  kind: 'customer.upserted',
  occurredAt: at('2026-01-01'),
  requires: [],
  customer: alice,
  version,
  name,
  email: null,
  phone: null,
  taxId: null,
  address: null,
  references: {},
  deleted: false,
});

describe('snapshots', () => {
  it('replace a provisional customer, whose partner is posted once and then updated', () => {
    const desk = new Desk();
    desk.book(issue('1', '2026-01-10', [line('l1', 100)], { billedTo: { name: null, email: 'a@example.com' } }));
    desk.book(customer(5, 'Alice Ltd'));
    expect(desk.state(alice, 'customer')).toMatchObject({ name: 'Alice Ltd', version: 5 });
    expect(desk.documents.filter((it) => it.kind === 'partner').map((it) => [it.key, it.dependsOn])).toEqual([
      ['partner/stripe:customer:cus_a', []],
      ['partner/stripe:customer:cus_a/5', ['partner/stripe:customer:cus_a']],
    ]);
  });

  it('older than the books change nothing; the same again is known', () => {
    const desk = new Desk();
    desk.book(customer(5, 'Alice Ltd'));
    expect(desk.book(customer(4, 'Alice'))).toMatchObject({ outcome: 'nothing', reason: 'stale' });
    expect(desk.book(customer(5, 'Alice Ltd'))).toMatchObject({ outcome: 'nothing', reason: 'already_booked' });
  });

  it('of products name the bill’s lines once the product was posted', () => {
    const desk = new Desk();
    const product = key('product', 'pro');
    const common = { occurredAt: at('2026-01-01'), requires: [], description: null, active: true };
    desk.book({ kind: 'product.upserted', ...common, product, version: 1, name: 'Pro' });
    const other = key('product', 'other');
    desk.book(issue('1', '2026-01-10', [line('l1', 100, { product }), line('l2', 100, { product: other })]));
    const bill = desk.document('invoice/stripe:invoice:1', 'invoice');
    expect(bill.lines.map((it) => it.product)).toEqual(['product/stripe:product:pro', null]);
    expect(bill.dependsOn).toContain('product/stripe:product:pro');
  });

  it('of subscriptions are remembered without books', () => {
    const desk = new Desk();
    const subscription = key('subscription', 's');
    const common = { occurredAt: at('2026-01-01'), requires: [], subscription, customer: alice, items: [] };
    desk.book({ kind: 'subscription.changed', ...common, version: 2, status: 'active' });
    const older = { kind: 'subscription.changed', ...common, version: 1, status: 'trialing' } as const;
    expect(desk.book(older)).toMatchObject({ outcome: 'nothing', reason: 'stale' });
    expect(desk.entries).toEqual([]);
  });

  it('of a deal stand in the books without moving them', () => {
    const desk = new Desk();
    const deal = { deal: key('deal', 'd'), customer: alice, name: 'Big', currency: currency('EUR'), amount: m(100000) };
    desk.book({ kind: 'deal.won', occurredAt: at('2026-01-01'), requires: [], ...deal });
    expect(desk.entries).toMatchObject([
      { kind: 'deal.won', lines: [], description: 'Deal won: Big over 1000.00 EUR' },
    ]);
  });
});

describe('the facts of one event', () => {
  it('are decided together: a later fact sees the earlier one', () => {
    const desk = new Desk();
    const paid = capture('p1', '2026-01-10', 100, { invoice: inv('1'), requires: [inv('1')] });
    desk.book(issue('1', '2026-01-10', [line('l1', 100)]), paid);
    expect(desk.balances('EUR')).toEqual({ clearing: 100, revenue: -100 });
  });

  it('are booked all or not at all', () => {
    const desk = new Desk();
    const orphan = capture('p2', '2026-01-10', 100, { invoice: inv('9') });
    expect(desk.book(issue('1', '2026-01-10', [line('l1', 100)]), orphan)).toEqual({
      outcome: 'wait',
      requires: [inv('9')],
    });
    expect(desk.entries).toEqual([]);
  });
});
