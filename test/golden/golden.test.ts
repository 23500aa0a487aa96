import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { currency, parseDecimal } from '../../src/canonical/money.ts';
import type { GoldenCase } from './case.ts';
import { families } from './cases.ts';
import { balancesOf, baseBalancesOf, deferredOf, type Played, play } from './run.ts';

const docs = join(import.meta.dirname, '../../docs/accounting');
const all = families.flatMap((family) => family.cases);

/** A line of an entry as a page shows it: the date, the account's code, the amount, its currency, the base. */
type Row = readonly [date: string, account: string, amount: number, currency: string, base: number];

const minor = (text: string, code: string): number => {
  const amount = parseDecimal(text, currency(code));
  if (!amount.ok) throw new Error(`${text} is no amount of ${code}`);
  return amount.value;
};

/** The entry tables of a committed page. */
function rowsOf(page: string): Row[] {
  const rows: Row[] = [];
  let [date, base] = ['', ''];
  for (const text of page.split('\n')) {
    date = /^\*\*(\d{4}-\d{2}-\d{2})\*\*/.exec(text)?.[1] ?? date;
    const head = /^\| account \| debit \| credit \| currency \| in ([A-Z]{3}) \|$/.exec(text)?.[1];
    if (head !== undefined) base = head;
    else if (text === '') base = '';
    else if (base !== '' && !text.startsWith('|--')) {
      const [, account = '', debit = '', credit = '', code = '', worth = ''] = text
        .split('|')
        .map((part) => part.trim());
      const amount = debit === '' ? -minor(credit, code) : minor(debit, code);
      rows.push([date, account.split(' ')[0] ?? '', amount === 0 ? 0 : amount, code, minor(worth, base)]);
    }
  }
  return rows;
}

const linesOf = ({ desk }: Played): Row[] =>
  desk.entries.flatMap(({ date, lines }) =>
    lines.map((line): Row => [date, line.account, line.amount, line.currency, line.base]),
  );

function expectAsStated(it: GoldenCase, { desk, steps }: Played): void {
  expect(steps.flatMap((step) => step.asks)).toEqual(it.asks ?? []);
  expect(balancesOf(desk)).toEqual(it.balances);
  const foreign = Object.keys(it.balances).some((code) => code !== desk.books.currency);
  if (foreign || it.inBase !== undefined) expect(baseBalancesOf(desk)).toEqual(it.inBase);
  expect(deferredOf(desk)).toEqual(it.deferred ?? {});
  const outcomes = [...new Map(steps.map((step) => [step.told, step.outcome])).values()];
  expect(outcomes.filter((outcome) => outcome.startsWith('waits'))).toEqual([]);
  expect(outcomes.filter((outcome) => /^(nothing|noted$)/.test(outcome))).toHaveLength(it.silent ?? 0);
}

/** Deferred revenue is what the schedules still hold, in every currency and in base; an opening balance brings none. */
function expectScheduled({ desk }: Played): void {
  const opened = desk.entries.filter((entry) => entry.kind === 'journal.posted').flatMap((entry) => entry.lines);
  const deferred = (lines: readonly { role: string; base: number }[]) =>
    lines.reduce((sum, line) => sum + (line.role === 'deferredRevenue' ? line.base : 0), 0);
  const open = desk.entries.flatMap((entry) => entry.deferrals).reduce((sum, slice) => sum + slice.base, 0);
  const booked = desk.entries.flatMap((entry) => entry.lines);
  expect(open + deferred(booked) - deferred(opened)).toBe(0);
}

describe.each(families.map((family) => [family.topic, family] as const))('%s', (_, family) => {
  it.each(family.cases.map((it) => [it.slug, it] as const))('%s', (slug, it) => {
    const played = play(it);
    expectAsStated(it, played);
    expectScheduled(played);
    expect(linesOf(played)).toEqual(rowsOf(readFileSync(join(docs, `cases/${slug}.md`), 'utf8')));
  });
});

it('has a page for each case under a name of its own, and all of them in the index', () => {
  expect(new Set(all.map((it) => it.slug)).size).toBe(all.length);
  const index = readFileSync(join(docs, 'README.md'), 'utf8');
  for (const { slug } of all) expect(index).toContain(`(cases/${slug}.md)`);
});
