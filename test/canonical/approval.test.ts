import { describe, expect, it } from 'vitest';
import { type ApprovalRule, approvalNeeded, type PostingInQuestion } from '../../src/canonical/approval.ts';
import type { DraftEntry, JournalLine } from '../../src/canonical/entry.ts';
import { isoDate, objectKey } from '../../src/canonical/ids.ts';
import { currency, minorUnits, money } from '../../src/canonical/money.ts';
import { readAmount, tenantConfig } from '../../src/tenants/config.ts';
import { simulationConfig } from '../simulation/config.ts';

const rule = (changes: Partial<ApprovalRule> = {}): ApprovalRule => ({
  ...{ concerns: () => true, entity: null, account: null, target: null, expiresAfterMs: 1, words: 'all' },
  over: money(10_000, 'EUR'),
  ...changes,
});

const line = (role: JournalLine['role'], amount: number, code = 'EUR', base = amount): JournalLine => ({
  ...{ role, account: role === 'fees' ? '627000' : '101500', currency: currency(code), customer: null },
  ...{ amount: minorUnits(amount), base: minorUnits(base), tax: null, memo: null },
});

const entry = (id: string, ...lines: JournalLine[]): DraftEntry => ({
  ...{ kind: 'payment.captured', entity: 'acme-eu', baseCurrency: currency('EUR'), date: isoDate('2026-01-05') },
  ...{ object: objectKey('stripe', 'payment', id), description: 'x', deferrals: [], lines },
});

const question = (...entries: DraftEntry[]): PostingInQuestion => ({
  ...{ facts: [], entity: 'acme-eu', baseCurrency: currency('EUR'), target: 'odoo', entries, documents: [] },
  facts: [
    {
      ...{ kind: 'payment.failed', occurredAt: 0, requires: [], invoice: null, customer: null },
      ...{ amount: minorUnits(1), currency: currency('EUR'), reason: null },
    } as unknown as PostingInQuestion['facts'][number],
  ],
});

const asks = (rules: readonly ApprovalRule[], asked: PostingInQuestion) => approvalNeeded(rules, asked)?.stake ?? null;

describe('whether a second person is asked', () => {
  it('is so above the threshold, and not at it', () => {
    const moved = (amount: number) => question(entry('p', line('clearing', amount), line('receivable', -amount)));
    expect(asks([rule()], moved(10_000))).toBeNull();
    expect(asks([rule()], moved(10_001))).toEqual(money(10_001, 'EUR'));
  });

  it('goes by what was booked in the entity’s currency, or by the amounts in another one', () => {
    const dollars = question(
      entry('p', line('clearing', 10_500, 'USD', 9_660), line('receivable', -10_500, 'USD', -9_660)),
    );
    expect(asks([rule()], dollars)).toBeNull();
    expect(asks([rule({ over: money(10_000, 'USD') })], dollars)).toEqual(money(10_500, 'USD'));
    expect(asks([rule({ over: money(1, 'GBP') })], dollars)).toBeNull();
  });

  it('goes by the larger side of an account where the rule names one, by role or by code', () => {
    const fee = question(entry('p', line('clearing', 19_000), line('fees', 1_000), line('receivable', -20_000)));
    const over = money(900, 'EUR');
    expect(asks([rule({ account: 'fees', over })], fee)).toEqual(money(1_000, 'EUR'));
    expect(asks([rule({ account: '627000', over })], fee)).toEqual(money(1_000, 'EUR'));
    expect(asks([rule({ account: 'badDebt', over })], fee)).toBeNull();
  });

  it('goes by one object at a time: two things below the threshold are not one above it', () => {
    const small = (id: string) => entry(id, line('clearing', 6_000), line('receivable', -6_000));
    expect(asks([rule()], question(small('p1'), small('p2')))).toBeNull();
    expect(asks([rule()], question(small('p1'), small('p1')))).toEqual(money(12_000, 'EUR'));
  });

  it('is decided by the first rule that fits entity, target and event', () => {
    const asked = question(entry('p', line('clearing', 20_000), line('receivable', -20_000)));
    const others = [rule({ entity: 'other' }), rule({ target: 'other' }), rule({ concerns: () => false })];
    expect(asks(others, asked)).toBeNull();
    expect(approvalNeeded([...others, rule({ words: 'this one' })], asked)?.rule.words).toBe('this one');
  });
});

describe('a threshold in the config', () => {
  const withRoute = (changes: object) =>
    tenantConfig.safeParse({ ...simulationConfig, routes: [{ when: { event: '*' }, to: 'books', ...changes }] });

  it('is read exactly, in the decimals of its currency', () => {
    expect(readAmount('10000.00 EUR')).toEqual(money(1_000_000, 'EUR'));
    expect(readAmount('10000 JPY')).toEqual(money(10_000, 'JPY'));
    expect([readAmount('10.005 EUR'), readAmount('1.5 JPY'), readAmount('1e3 EUR'), readAmount('-1 EUR')]).toEqual([
      null,
      null,
      null,
      null,
    ]);
    expect(withRoute({ approval: 'over 10000.00 EUR' }).success).toBe(true);
    expect(withRoute({ approval: '10000.00 EUR' }).success).toBe(false);
  });

  it('and a summary route need what belongs to them', () => {
    const summary = { mode: 'summary', window: '0 2 * * *' };
    expect(withRoute(summary).success).toBe(true);
    expect(withRoute({ mode: 'summary' }).success).toBe(false);
    expect(withRoute({ per: 'month' }).success).toBe(false);
    expect(withRoute({ ...summary, to: 'gl' }).success).toBe(false);
    const two = (window: string) =>
      tenantConfig.safeParse({
        ...simulationConfig,
        routes: [
          { when: { event: 'invoice.*' }, to: 'books', ...summary },
          { when: { event: 'payment.*' }, to: 'books', ...summary, window },
        ],
      }).success;
    expect([two('0 2 * * *'), two('0 3 * * *')]).toEqual([true, false]);
  });

  it('names entities and targets that exist', () => {
    const withRule = (approval: object) =>
      tenantConfig.safeParse({ ...simulationConfig, approvals: [approval] }).success;
    expect(withRule({ when: { over: { amount: 5, currency: 'EUR' }, account: 'fees' }, target: 'books' })).toBe(true);
    expect(withRule({ when: { over: '5.00 EUR' }, target: 'nowhere' })).toBe(false);
    expect(withRule({ when: { over: '5.00 EUR', entity: 'nobody' } })).toBe(false);
  });
});
