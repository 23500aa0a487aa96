import { describe, expect, it } from 'vitest';
import { currency } from '../../../src/canonical/money.ts';
import {
  alice,
  at,
  capture,
  Desk,
  inv,
  issue,
  line,
  m,
  pay,
  quoted,
  settled,
  withoutExchangeDifference,
} from './books.ts';

const usd = currency('USD');
const issued = (net = 10000) => issue('1', '2026-01-10', [line('l1', net)]);
const paying = { invoice: inv('1'), requires: [inv('1')] };

describe('a captured payment', () => {
  it('books net to clearing, fee and its tax apart, and settles its invoice', () => {
    const desk = new Desk();
    desk.book(issued());
    desk.book(capture('p1', '2026-01-11', 10000, { ...paying, settlement: settled(10000, 250, { feeTax: m(50) }) }));
    expect(desk.balances('EUR')).toEqual({ clearing: 9700, fees: 250, feesInputTax: 50, revenue: -10000 });
    expect(desk.state(inv('1'), 'invoice')).toMatchObject({ status: 'paid', open: 0, openBase: 0 });
  });

  it('expenses the tax on fees where it is not reclaimable', () => {
    const desk = new Desk({ policy: { feeTax: 'expense' } });
    desk.book(capture('p1', '2026-01-11', 10000, { settlement: settled(10000, 250, { feeTax: m(50) }) }));
    expect(desk.balances('EUR')).toEqual({ clearing: 9700, fees: 300, unapplied: -10000 });
  });

  it('waits for its invoice', () => {
    expect(new Desk().book(capture('p1', '2026-01-11', 10000, paying))).toEqual({
      outcome: 'wait',
      requires: [inv('1')],
    });
  });

  it('leaves what is overpaid unapplied', () => {
    const desk = new Desk();
    desk.book(issued());
    desk.book(capture('p1', '2026-01-11', 13000, paying));
    expect(desk.balances('EUR')).toEqual({ clearing: 13000, revenue: -10000, unapplied: -3000 });
  });

  it('is unapplied cash without an invoice, until it is assigned to one', () => {
    const desk = new Desk();
    desk.book(issued(), capture('p1', '2026-01-11', 10000));
    const common = { requires: [], payment: pay('p1'), invoice: inv('1'), customer: alice, currency: currency('EUR') };
    const applied = { kind: 'payment.applied', occurredAt: at('2026-01-12'), ...common, amount: m(4000) } as const;
    desk.book(applied);
    expect(desk.balances('EUR')).toEqual({ clearing: 10000, revenue: -10000, receivable: 6000, unapplied: -6000 });
    expect(desk.book(applied)).toMatchObject({ outcome: 'nothing', reason: 'already_booked' });
  });

  it('takes an exchange difference to its own line when it settles at another rate', () => {
    const rates = [quoted('USD', 'EUR', '2026-01-10', '0.9'), quoted('USD', 'EUR', '2026-01-20', '0.8')];
    const desk = new Desk({ rates });
    desk.book(issue('1', '2026-01-10', [line('l1', 10000)], { currency: usd }));
    desk.book(
      capture('p1', '2026-01-20', 10000, {
        ...paying,
        currency: usd,
        settlement: settled(10000, 300, { currency: usd }),
      }),
    );
    expect(desk.balances('USD')).toEqual({ clearing: 9700, fees: 300, revenue: -10000 });
    expect(desk.base()).toEqual({ clearing: 7760, fees: 240, fxGainLoss: 1000, revenue: -9000 });
  });

  it('states the tenant’s rate that priced it, with its day and source, and no rate where the processor converted', () => {
    const desk = new Desk({ rates: [quoted('USD', 'EUR', '2026-01-10', '0.9')] });
    const note = (decision: ReturnType<Desk['book']>) => (decision.outcome === 'booked' ? decision.note : decision);
    expect(note(desk.book(issue('1', '2026-01-10', [line('l1', 10000)], { currency: usd })))).toBe(
      'by 1 USD = 0.9 EUR on 2026-01-10 (test), rounded half away from zero',
    );
    const converted = { ...paying, currency: usd, settlement: settled(8500, 200) };
    expect(note(desk.book(capture('p1', '2026-01-30', 10000, converted)))).toBe(null);
  });

  it('lets a target that reconciles leave the exchange difference out', () => {
    const rates = [quoted('USD', 'EUR', '2026-01-10', '0.9'), quoted('USD', 'EUR', '2026-01-20', '0.8')];
    const desk = new Desk({ rates });
    desk.book(issue('1', '2026-01-10', [line('l1', 10000)], { currency: usd }));
    desk.book(capture('p1', '2026-01-20', 10000, { ...paying, currency: usd, settlement: null }));
    const document = desk.document('entry/stripe:payment:p1', 'entry');
    const short = ({ account, amount, base, settles }: (typeof document.lines)[number]) => [
      account,
      amount,
      base,
      settles,
    ];
    expect(withoutExchangeDifference(document).map(short)).toEqual([
      ['clearing', 10000, 8000, null],
      ['receivable', -10000, -8000, 'invoice/stripe:invoice:1'],
    ]);
    expect(document.lines.filter((it) => it.exchangeDifference).map(short)).toEqual([
      ['receivable', 0, -1000, 'invoice/stripe:invoice:1'],
      ['fxGainLoss', 0, 1000, null],
    ]);
  });

  it('carries a conversion by the processor over the trading account, each currency balanced', () => {
    const desk = new Desk({ rates: [quoted('USD', 'EUR', '2026-01-10', '0.9')] });
    desk.book(issue('1', '2026-01-10', [line('l1', 10000)], { currency: usd }));
    desk.book(capture('p1', '2026-01-20', 10000, { ...paying, currency: usd, settlement: settled(8500, 200) }));
    expect(desk.balances('USD')).toEqual({ fxConversion: 10000, revenue: -10000 });
    expect(desk.balances('EUR')).toEqual({ clearing: 8300, fees: 200, fxConversion: -8500 });
    expect(desk.base()).toEqual({ clearing: 8300, fees: 200, fxGainLoss: 500, revenue: -9000 });
  });

  it('needs no rate when the processor converted the entity’s own currency', () => {
    const desk = new Desk();
    desk.book(issued());
    desk.book(capture('p1', '2026-01-20', 10000, { ...paying, settlement: settled(11000, 330, { currency: usd }) }));
    expect(desk.balances('USD')).toEqual({ clearing: 10670, fees: 330, fxConversion: -11000 });
    expect(desk.base()).toEqual({ clearing: 9700, fees: 300, revenue: -10000 });
  });

  it('refuses a settlement that does not add up', () => {
    const settlement = settled(10000, 250, { net: m(9800) });
    expect(new Desk().book(capture('p1', '2026-01-11', 10000, { settlement }))).toMatchObject({
      outcome: 'exception',
      exception: { cause: 'does_not_add_up', amount: 10000 },
    });
  });

  it('books its fee later, once, when the settlement comes with a repeat', () => {
    const desk = new Desk();
    desk.book(capture('p1', '2026-01-11', 10000, { settlement: null }));
    desk.book(capture('p1', '2026-01-12', 10000, { settlement: settled(10000, 250) }));
    expect(desk.balances('EUR')).toEqual({ clearing: 9750, fees: 250, unapplied: -10000 });
    expect(desk.book(capture('p1', '2026-01-12', 10000, { settlement: settled(10000, 250) }))).toMatchObject({
      outcome: 'nothing',
    });
  });
});
