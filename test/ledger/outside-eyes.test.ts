/** Every export is accepted strictly by hledger and beancount, and both come to our trial balance to the minor unit. */
import { describe, expect, it } from 'vitest';
import { isoDate } from '../../src/canonical/ids.ts';
import { currency } from '../../src/canonical/money.ts';
import { bookkeepingOf } from '../../src/ledger/accounts-by-code.ts';
import type { BookedEntry } from '../../src/ledger/entry-pages.ts';
import { type ExportWriterMaker, exportText } from '../../src/ledger/export.ts';
import { beancountWriter } from '../../src/ledger/export-beancount.ts';
import { hledgerWriter } from '../../src/ledger/export-hledger.ts';
import { turnoverStatement } from '../../src/ledger/statements/turnover.ts';
import { plainChart } from '../canonical/rules/books.ts';
import { dateOf, generatedBooks, made } from './generated-books.ts';
import { type Balances, beancountBalances, hledgerBalances, installed, tool } from './outside-eyes.ts';

const bookkeeping = bookkeepingOf(plainChart);
type Base = 'EUR' | 'JPY';

/** Our own figures under the export's account names: in the entity's currency, and in every other as it is. */
function ours(entries: readonly BookedEntry[], base: Base): { readonly atCost: Balances; readonly foreign: Balances } {
  const atCost: Record<string, number> = {};
  const foreign: Record<string, number> = {};
  for (const row of made(entries, turnoverStatement(null))) {
    const role = bookkeeping.roleOf(row.account);
    if (role === null) throw new Error(`no role for ${row.account}`);
    const name = bookkeeping.nameOf(row.account, role);
    const closing = row.opening + row.debit - row.credit;
    if (row.currency !== base && closing !== 0) foreign[`${name} ${row.currency}`] = closing;
    const total = (atCost[`${name} ${base}`] ?? 0) + row.baseOpening + row.baseDebit - row.baseCredit;
    atCost[`${name} ${base}`] = total;
  }
  const kept = Object.entries(atCost).filter(([, amount]) => amount !== 0);
  return { atCost: Object.fromEntries(kept), foreign };
}

const without = (balances: Balances, base: Base): Balances =>
  Object.fromEntries(Object.entries(balances).filter(([name]) => !name.endsWith(` ${base}`)));

/** Exports of the whole, of a span with opening balances, and of the books as of a day. */
const spans = { 'the whole': [null, 400], 'a span': [45, 400], 'the books as of a day': [null, 70] } as const;
const cases = (['EUR', 'JPY'] as const).flatMap((base) =>
  Object.entries(spans).flatMap(([what, [from, to]]) => [1, 2].map((seed) => ({ base, what, from, to, seed }))),
);

function exported({ base, from, to, seed }: (typeof cases)[number], writer: ExportWriterMaker) {
  const entries = generatedBooks(seed, base, 40).entries.filter(({ date }) => date <= dateOf(to));
  const day = from === null ? null : isoDate(dateOf(from));
  const about = { tenant: 'acme', entity: 'acme', baseCurrency: currency(base), from: day };
  return { entries, text: exportText(about, entries, writer(bookkeeping)) };
}

describe.skipIf(!installed('hledger'))('hledger (skipped: hledger is not installed)', () => {
  it.each(cases)('accepts $what in $base, strictly, and agrees to the minor unit (seed $seed)', (one) => {
    const { entries, text } = exported(one, hledgerWriter);
    expect(tool('hledger', ['-f', 'FILE', 'check', '-s'], 'books.journal', text)).toEqual({
      code: 0,
      out: '',
      err: '',
    });
    const { atCost, foreign } = ours(entries, one.base);
    expect(hledgerBalances(text, true)).toEqual(atCost);
    expect(without(hledgerBalances(text, false), one.base)).toEqual(foreign);
    expect(Object.keys(foreign).length).toBeGreaterThan(5);
  });
});

describe.skipIf(!installed('bean-query'))('beancount (skipped: beancount is not installed)', () => {
  it.each(cases)('accepts $what in $base, strictly, and agrees to the minor unit (seed $seed)', (one) => {
    const { entries, text } = exported(one, beancountWriter);
    expect(tool('bean-check', ['FILE'], 'books.beancount', text)).toEqual({ code: 0, out: '', err: '' });
    const { atCost, foreign } = ours(entries, one.base);
    expect(beancountBalances(text, true)).toEqual(atCost);
    expect(without(beancountBalances(text, false), one.base)).toEqual(foreign);
  });

  it('would refuse it if one line were off by one minor unit', () => {
    const { text } = exported({ base: 'JPY', what: '', from: null, to: 400, seed: 1 }, beancountWriter);
    const broken = text.replace(/ (\d+) JPY\n/, (_, amount: string) => ` ${Number(amount) + 1} JPY\n`);
    expect(broken).not.toBe(text);
    expect(tool('bean-check', ['FILE'], 'books.beancount', broken).code).not.toBe(0);
  });
});
