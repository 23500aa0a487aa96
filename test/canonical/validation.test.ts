import { describe, expect, it } from 'vitest';
import { isoDate, objectKey } from '../../src/canonical/ids.ts';
import { currency } from '../../src/canonical/money.ts';
import { alice, capture, Desk, issue, key, line, m, plainChart, vat } from './rules/books.ts';

const closed = { closedUntil: isoDate('2026-01-31') };
const product = key('product', 'prod_x');
const announced = (id: string) => ({
  kind: 'product.upserted' as const,
  occurredAt: 1,
  requires: [],
  product: key('product', id),
  version: 1,
  name: id,
  description: null,
  active: true,
});
const removed = {
  kind: 'customer.upserted' as const,
  occurredAt: 1,
  requires: [],
  customer: alice,
  version: 2,
  name: 'Alice',
  email: null,
  phone: null,
  taxId: null,
  address: null,
  references: {},
  deleted: true,
};
const asked = { discounts: 'net', validation: { customers: 'active', products: 'known' } } as const;
const { tax: _, ...withoutTax } = plainChart;

/** Everything is wrong with it: customer, product, currency, rate, tax code, period. */
const hopeless = (currencyCode: string) =>
  issue('1', '2026-01-15', [line('l1', 100, { product, taxes: [vat(20)] })], { currency: currency(currencyCode) });
const deskOf = (over: ConstructorParameters<typeof Desk>[0] = {}) =>
  new Desk({ ...closed, accounts: withoutTax, currencies: [currency('EUR')], policy: asked, ...over });

const causeOf = (decision: ReturnType<Desk['decide']>) =>
  decision.outcome === 'exception' ? decision.exception.cause : decision.outcome;

describe('what is asked of a fact', () => {
  it('is asked in order, and the first failure names the others', () => {
    const desk = deskOf();
    desk.book(removed);
    const decision = desk.decide(hopeless('JPY'));
    expect(decision).toMatchObject({
      outcome: 'exception',
      exception: { cause: 'customer_inactive', amount: 120, currency: 'JPY', object: 'stripe:invoice:1' },
    });
    const message = decision.outcome === 'exception' ? decision.exception.message : '';
    const places = [
      'was removed',
      'nobody has announced',
      'It is in JPY',
      'no rate to EUR',
      'tax (FR-20)',
      'And 1 more',
    ].map((words) => message.indexOf(words));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places[0]).toBeGreaterThanOrEqual(0);
  });

  it('moves on to the next question when one is answered, until it is booked', () => {
    const causes: string[] = [];
    const desks = [
      deskOf(),
      deskOf({ policy: { ...asked, validation: { customers: 'active', products: 'any' } } }),
      deskOf({ policy: { ...asked, validation: { customers: 'active', products: 'any' } }, currencies: [] }),
    ];
    for (const desk of desks) causes.push(causeOf(desk.decide(hopeless('EUR'))));
    const products = { validation: { customers: 'any', products: 'any' } } as const;
    causes.push(causeOf(deskOf({ policy: products, accounts: plainChart }).decide(hopeless('EUR'))));
    causes.push(causeOf(deskOf({ policy: products, accounts: plainChart, closedUntil: null }).decide(hopeless('EUR'))));
    expect(causes).toEqual(['product_unknown', 'tax_not_mapped', 'currency_not_allowed', 'period_closed', 'booked']);
  });

  it('takes a product that was announced, or that has an account of its own', () => {
    const fact = issue('1', '2026-02-15', [line('l1', 100, { product })]);
    const desk = deskOf();
    expect(causeOf(desk.decide(fact))).toBe('product_unknown');
    desk.book(announced('prod_x'));
    expect(causeOf(desk.decide(fact))).toBe('booked');
    const mapped = deskOf({ accounts: { ...plainChart, revenue: { default: 'revenue', prod_x: 'own' } } });
    expect(causeOf(mapped.decide(fact))).toBe('booked');
  });

  it('refuses a payment that comes for another entity than its invoice', () => {
    const desk = new Desk();
    desk.book(issue('1', '2026-01-15', [line('l1', 100)]));
    const other = new Desk({ entity: 'acme-us' });
    for (const [object, state] of desk.states) other.states.set(object, state);
    const decision = other.decide(capture('p1', '2026-01-16', 100, { invoice: objectKey('stripe', 'invoice', '1') }));
    expect(decision).toMatchObject({ outcome: 'exception', exception: { cause: 'entity_unclear', amount: 100 } });
  });

  it('refuses a negative payment, whatever else it says', () => {
    expect(causeOf(new Desk().decide(capture('p1', '2026-01-16', -100)))).toBe('does_not_add_up');
  });

  it('is asked of what waits too, before its prerequisite', () => {
    const waiting = capture('p1', '2026-01-16', 100, {
      invoice: key('invoice', 'none'),
      requires: [key('invoice', 'none')],
    });
    expect(causeOf(new Desk().decide(waiting))).toBe('wait');
    expect(causeOf(new Desk(closed).decide(waiting))).toBe('period_closed');
  });

  it('is never asked of what is booked already', () => {
    const fact = issue('1', '2026-01-15', [line('l1', 100)], { total: m(100) });
    const desk = new Desk();
    desk.book(fact);
    const later = new Desk({ ...closed, currencies: [currency('USD')] });
    for (const [object, state] of desk.states) later.states.set(object, state);
    expect(causeOf(later.decide(fact))).toBe('nothing');
  });
});
