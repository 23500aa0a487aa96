import { describe, expect, it } from 'vitest';
import { currency } from '../../../src/canonical/money.ts';
import { alice, capture, Desk, inv, issue, key, line, m, quoted, span, vat } from './books.ts';

const monthFromMid = { period: span('2026-01-15', '2026-02-15') };

describe('an issued invoice', () => {
  it('earns its own month and defers the next, day by day: 31.00 is 17.00 and 14.00', () => {
    const desk = new Desk();
    desk.book(issue('1', '2026-01-15', [line('l1', 3100, monthFromMid)], { creditApplied: m(1100) }));
    expect(desk.balances('EUR')).toEqual({
      receivable: 2000,
      customerCredit: 1100,
      revenue: -1700,
      deferredRevenue: -1400,
    });
    expect(desk.schedule()).toEqual({ '2026-02-01': 1400 });
  });

  it('counts days where the entity is, not in UTC', () => {
    const desk = new Desk({ timeZone: 'America/Los_Angeles' });
    const period = { start: Date.parse('2026-01-15T07:30:00Z'), end: Date.parse('2026-02-15T07:30:00Z') };
    desk.book(issue('1', '2026-01-15', [line('l1', 3100, { period })]));
    expect(desk.schedule()).toEqual({ '2026-02-01': 1300 });
  });

  it('books service of earlier months at once', () => {
    const desk = new Desk();
    desk.book(issue('1', '2026-02-01', [line('usage', 3100, { period: span('2026-01-01', '2026-02-01') })]));
    expect(desk.balances('EUR')).toEqual({ receivable: 3100, revenue: -3100 });
  });

  it('defers nothing where the policy says never', () => {
    const desk = new Desk({ policy: { deferAt: 'never' } });
    desk.book(issue('1', '2026-01-15', [line('l1', 3100, monthFromMid)]));
    expect(desk.balances('EUR')).toEqual({ receivable: 3100, revenue: -3100 });
  });

  it('books tax by code and revenue by product, and keeps tax out of deferral', () => {
    const accounts = {
      ...new Desk().books.accounts,
      revenue: { default: '4000', prod_pro: '4001' },
      tax: { 'FR-20': '4457', default: '4458' },
    };
    const desk = new Desk({ accounts });
    const pro = line('l1', 3100, { ...monthFromMid, product: key('product', 'prod_pro'), taxes: [vat(620)] });
    desk.book(issue('1', '2026-01-15', [pro, line('l2', 1000, { taxes: [vat(50, 'FR-5')] })]));
    expect(desk.balances('EUR')).toEqual({
      receivable: 4770,
      '4001': -1700,
      deferredRevenue: -1400,
      '4457': -620,
      '4000': -1000,
      '4458': -50,
    });
  });

  it('reverses the old plan and defers the new one on an upgrade', () => {
    const desk = new Desk();
    const unused = line('old', -1400, { period: span('2026-02-01', '2026-02-15'), proration: true });
    const remaining = line('new', 2800, { period: span('2026-02-01', '2026-02-15'), proration: true });
    desk.book(issue('1', '2026-01-31', [unused, remaining]));
    expect(desk.balances('EUR')).toEqual({ receivable: 1400, deferredRevenue: -1400 });
    const [entry] = desk.entries;
    expect(entry?.deferrals.map((slice) => [slice.line, slice.amount])).toEqual([
      ['old', -1400],
      ['new', 2800],
    ]);
  });

  it('shows discounts apart where the policy is gross, and defers the net of them', () => {
    const desk = new Desk({ policy: { discounts: 'gross' } });
    desk.book(issue('1', '2026-01-15', [line('l1', 3100, { ...monthFromMid, discount: m(310) })]));
    expect(desk.balances('EUR')).toEqual({
      receivable: 3100,
      revenue: -1870,
      discount: 170,
      deferredRevenue: -1400,
    });
  });

  it('grants credit when it is negative, and posts no bill the target would refuse', () => {
    const desk = new Desk();
    desk.book(issue('1', '2026-01-15', [line('l1', -2000, { taxes: [vat(-400)] })], { creditApplied: m(-2400) }));
    expect(desk.balances('EUR')).toEqual({ customerCredit: -2400, revenue: 2000, tax: 400 });
    expect(desk.documents.map((document) => document.key)).toEqual([
      'partner/stripe:customer:cus_a',
      'entry/stripe:invoice:1',
    ]);
  });

  it('is a memo when it is over nothing', () => {
    const desk = new Desk();
    desk.book(issue('1', '2026-01-15', [line('l1', 0)]));
    expect(desk.entries).toHaveLength(1);
    expect(desk.entries[0]?.lines).toEqual([]);
    expect(desk.documents.map((document) => document.kind)).toEqual(['partner']);
  });

  it('books nothing the second time, and asks a person when the second says another total', () => {
    const desk = new Desk();
    const fact = issue('1', '2026-01-15', [line('l1', 3100)]);
    desk.book(fact);
    expect(desk.book(fact)).toMatchObject({ outcome: 'nothing', reason: 'already_booked' });
    expect(desk.book(issue('1', '2026-01-15', [line('l1', 3200)]))).toMatchObject({
      outcome: 'exception',
      exception: { cause: 'conflicting_facts', amount: 3200 },
    });
  });

  it('refuses lines that do not add up to its total', () => {
    const decision = new Desk().book(issue('1', '2026-01-15', [line('l1', 3100)], { total: m(3000) }));
    expect(decision).toMatchObject({ outcome: 'exception', exception: { cause: 'does_not_add_up', amount: 3000 } });
  });

  it('never guesses an account', () => {
    const { tax: _, ...accounts } = new Desk().books.accounts;
    const decision = new Desk({ accounts }).book(issue('1', '2026-01-15', [line('l1', 100, { taxes: [vat(20)] })]));
    expect(decision).toMatchObject({
      outcome: 'exception',
      exception: { cause: 'tax_not_mapped', amount: 120, message: 'No account is mapped for tax (FR-20).' },
    });
  });

  it('makes a provisional customer from the bill, and its document depends on the partner', () => {
    const desk = new Desk();
    desk.book(issue('1', '2026-01-15', [line('l1', 3100)]));
    expect(desk.state(alice, 'customer')).toMatchObject({ version: 0, name: 'Alice' });
    expect(desk.document('invoice/stripe:invoice:1', 'invoice').dependsOn).toEqual(['partner/stripe:customer:cus_a']);
  });

  it('bills earned and deferred parts as lines of their own, with the tax spread over them', () => {
    const desk = new Desk();
    desk.book(
      issue('1', '2026-01-15', [line('l1', 3100, { ...monthFromMid, taxes: [vat(620)] })], { creditApplied: m(700) }),
    );
    const bill = desk.document('invoice/stripe:invoice:1', 'invoice');
    expect(bill.lines.map(({ id, account, net, taxes }) => [id, account, net, taxes.map((tax) => tax.amount)])).toEqual(
      [
        ['l1', 'revenue', 1700, [340]],
        ['l1:deferred', 'deferredRevenue', 1400, [280]],
      ],
    );
    expect(bill).toMatchObject({ untaxed: 3100, tax: 620, total: 3720, baseTotal: 3720 });
    const credited = desk.document('entry/stripe:invoice:1/credit', 'entry');
    expect(credited.lines.map(({ account, amount, settles }) => [account, amount, settles])).toEqual([
      ['customerCredit', 700, null],
      ['receivable', -700, 'invoice/stripe:invoice:1'],
    ]);
  });

  it('keeps yen and dinars in their own units', () => {
    const desk = new Desk({
      rates: [quoted('JPY', 'EUR', '2026-01-14', '0.006'), quoted('EUR', 'KWD', '2026-01-10', '0.33')],
    });
    desk.book(issue('jp', '2026-01-15', [line('l1', 3100, monthFromMid)], { currency: currency('JPY') }));
    desk.book(issue('kw', '2026-01-15', [line('l1', 31001, monthFromMid)], { currency: currency('KWD') }));
    expect(desk.balances('JPY')).toEqual({ receivable: 3100, revenue: -1700, deferredRevenue: -1400 });
    expect(desk.balances('KWD')).toEqual({ receivable: 31001, revenue: -17001, deferredRevenue: -14000 });
    // 3,100 JPY at 0.006 is 18.60 EUR; 31.001 KWD at 0.33 KWD per EUR is 93.94 EUR.
    expect(desk.state(inv('jp'), 'invoice').openBase).toBe(1860);
    expect(desk.state(inv('kw'), 'invoice').openBase).toBe(9394);
  });

  it('refuses a rate older than a week', () => {
    const fact = issue('1', '2026-01-15', [line('l1', 3100)], { currency: currency('JPY') });
    const old = new Desk({ rates: [quoted('JPY', 'EUR', '2026-01-07', '0.006')] });
    expect(old.book(fact)).toMatchObject({ outcome: 'exception', exception: { cause: 'rate_missing', amount: 3100 } });
    expect(new Desk({ rates: [quoted('JPY', 'EUR', '2026-01-08', '0.006')] }).book(fact).outcome).toBe('booked');
  });

  it('obeys the closed period: an exception, or the first open day and marked', () => {
    const fact = issue('1', '2026-01-15', [line('l1', 3100, monthFromMid)]);
    const closedUntil = capture('x', '2026-01-31', 1).occurredAt;
    const day = new Date(closedUntil).toISOString().slice(0, 10);
    const closed = { closedUntil: quoted('EUR', 'USD', day, '1').date };
    expect(new Desk(closed).book(fact)).toMatchObject({ outcome: 'exception', exception: { cause: 'period_closed' } });
    const open = new Desk({ ...closed, policy: { latePeriod: 'next-open' } });
    open.book(fact);
    expect(open.entries[0]).toMatchObject({
      date: '2026-02-01',
      description: 'Invoice N-1 (moved from 2026-01-15, period closed)',
    });
    expect(open.balances('EUR')).toEqual({ receivable: 3100, revenue: -3100 });
  });
});
