import { describe, expect, it } from 'vitest';
import { alice, at, capture, credit, Desk, inv, issue, key, line, m, span, vat } from './books.ts';

const midMonth = { period: span('2026-01-15', '2026-02-15') };
const issued = (net = 10000) => issue('1', '2026-01-10', [line('l1', net)]);
const paying = { invoice: inv('1'), requires: [inv('1')] };

describe('a credit note', () => {
  const deferred = () => {
    const desk = new Desk();
    desk.book(issue('1', '2026-01-15', [line('l1', 3100, { ...midMonth, taxes: [vat(620)] })]));
    return desk;
  };

  it('names the products that the bill named, whatever has been posted since', () => {
    const [pro, add] = [key('product', 'prod_pro'), key('product', 'prod_add')];
    const upserted = (product: typeof pro) =>
      ({
        kind: 'product.upserted',
        ...{ occurredAt: at('2026-01-01'), requires: [], product, version: 1, name: 'P' },
        ...{ description: null, active: true },
      }) as const;
    const desk = new Desk();
    desk.book(upserted(pro));
    desk.book(issue('1', '2026-01-10', [line('l1', 100, { product: pro }), line('l2', 100, { product: add })]));
    desk.book(upserted(add));
    desk.book(credit('1', '2026-01-12', '1', [line('l1', 50), line('l2', 50)]));
    const products = (document: { lines: readonly { product: string | null }[] }) =>
      document.lines.map(({ product }) => product);
    expect(products(desk.document('invoice/stripe:invoice:1', 'invoice'))).toEqual([
      'product/stripe:product:prod_pro',
      null,
    ]);
    expect(products(desk.document('credit_note/stripe:credit_note:1', 'credit_note'))).toEqual([
      'product/stripe:product:prod_pro',
      null,
    ]);
  });

  it('takes unearned months first, and its tax, and reduces the receivable', () => {
    const desk = deferred();
    desk.book(credit('1', '2026-01-20', '1', [line('l1', 2000, { taxes: [vat(400)] })]));
    expect(desk.balances('EUR')).toEqual({ receivable: 1320, revenue: -1100, tax: -220 });
    expect(desk.schedule()).toEqual({});
    const note = desk.document('credit_note/stripe:credit_note:1', 'credit_note');
    expect(note).toMatchObject({ untaxed: 2000, tax: 400, total: 2400, reverses: 'invoice/stripe:invoice:1' });
  });

  it('takes earned revenue once its months have passed', () => {
    const desk = deferred();
    desk.book(credit('1', '2026-02-20', '1', [line('l1', 2000, { taxes: [vat(400)] })]));
    expect(desk.balances('EUR')).toMatchObject({ revenue: 300, deferredRevenue: -1400 });
    expect(desk.schedule()).toEqual({ '2026-02-01': 1400 });
  });

  it.each([
    ['refunded', 'refundClearing'],
    ['creditedToBalance', 'customerCredit'],
    ['paidOutOfBand', 'payable'],
  ])('settled as %s stands on %s, and the target moves it on from the receivable', (how, role) => {
    const desk = new Desk();
    desk.book(issued(), capture('p1', '2026-01-11', 10000, paying));
    desk.book(credit('1', '2026-01-20', '1', [line('l1', 4000)], { [how]: m(4000) }));
    expect(desk.balances('EUR')).toEqual({ clearing: 10000, revenue: -6000, [role]: -4000 });
    const moved = desk.document('entry/stripe:credit_note:1/settlement', 'entry');
    expect(moved.lines.map(({ account, amount, settles }) => [account, amount, settles])).toEqual([
      [role, -4000, null],
      ['receivable', 4000, 'credit_note/stripe:credit_note:1'],
    ]);
  });

  it('voided is taken out again exactly', () => {
    const desk = deferred();
    const before = desk.balances('EUR');
    desk.book(credit('1', '2026-01-20', '1', [line('l1', 2000, { taxes: [vat(400)] })]));
    const creditNote = key('credit_note', '1');
    desk.book({
      ...{ kind: 'credit_note.voided', occurredAt: at('2026-01-21'), requires: [], creditNote },
      ...{ invoice: inv('1'), customer: alice },
    });
    expect(desk.balances('EUR')).toEqual(before);
    expect(desk.schedule()).toEqual({ '2026-02-01': 1400 });
  });

  it('takes gross revenue and its discount back alike, where the policy is gross', () => {
    const desk = new Desk({ policy: { discounts: 'gross' } });
    desk.book(issue('1', '2026-01-10', [line('l1', 9000, { discount: m(1000) })]));
    desk.book(credit('1', '2026-01-20', '1', [line('l1', 4500)]));
    expect(desk.balances('EUR')).toEqual({ receivable: 4500, revenue: -5000, discount: 500 });
  });

  it('that names no line takes from all, in proportion', () => {
    const desk = new Desk();
    desk.book(issue('1', '2026-01-10', [line('l1', 3000, { taxes: [vat(600)] }), line('l2', 1000)]));
    desk.book(credit('1', '2026-01-20', '1', [line('goodwill', 400, { taxes: [vat(80)] })]));
    const note = desk.document('credit_note/stripe:credit_note:1', 'credit_note');
    expect(note.lines.map((it) => [it.id, it.net])).toEqual([
      ['l1', 300],
      ['l2', 100],
    ]);
    expect(note.total).toBe(480);
  });

  it('is refused when its settlement does not come to its total', () => {
    const fact = credit('1', '2026-01-20', '1', [line('l1', 2000)], { refunded: m(1900) });
    expect(deferred().book(fact)).toMatchObject({ outcome: 'exception', exception: { cause: 'does_not_add_up' } });
  });
});
