import { describe, expect, it } from 'vitest';
import { isoDate } from '../../src/canonical/ids.ts';
import { accountSegment, bookkeepingOf } from '../../src/ledger/accounts-by-code.ts';
import { exportText } from '../../src/ledger/export.ts';
import { beancountWriter } from '../../src/ledger/export-beancount.ts';
import { csvWriter } from '../../src/ledger/export-csv.ts';
import { hledgerAmount, hledgerWriter } from '../../src/ledger/export-hledger.ts';
import { about, books, chart, EUR, line } from './exported-books.ts';
import { installed, tool } from './outside-eyes.ts';

const bookkeeping = bookkeepingOf(chart);

describe('account names', () => {
  it('gives each code one name, whatever roles share it', () => {
    const shared = bookkeepingOf({ receivable: '1', unapplied: '1' });
    expect(shared.nameOf('1', 'unapplied')).toBe(shared.nameOf('1', 'receivable'));
    expect(shared.roleOf('1')).toBe('receivable');
  });

  it('keeps the line’s role for a code that the chart has lost', () => {
    expect(bookkeepingOf({}).nameOf('999', 'badDebt')).toBe('Expenses:BadDebt:999');
  });

  it('makes valid and different segments of different codes', () => {
    const codes = ['4.1', '4-1', '4 1', '4:1', 'é', 'É', 'abc', 'Abc', '', '😀'];
    const segments = codes.map(accountSegment);
    for (const segment of segments) expect(segment).toMatch(/^[A-Z0-9][A-Za-z0-9-]*$/);
    expect(new Set(segments).size).toBe(codes.length);
  });
});

describe('the hledger journal', () => {
  const journal = exportText(about, books, hledgerWriter(bookkeeping));

  it('carries the total cost in the entity’s currency and never a computed rate', () => {
    expect(hledgerAmount(line('clearing', '1', 'USD', -10000, -9213), EUR)).toBe('-100.00 USD @@ 92.13 EUR');
    expect(hledgerAmount(line('clearing', '1', 'USD', 0, 37), EUR)).toBe('0.37 EUR');
    expect(hledgerAmount(line('clearing', '1', 'EUR', 5, 5), EUR)).toBe('0.05 EUR');
  });

  it('keeps descriptions on their line and memos as comments', () => {
    expect(journal).toContain('(stripe:cus_1#1.0) Invoice INV-1 issued, "quoted" / piped second line\n');
    expect(journal).toMatch(/^; 2026-11-05 memo .*A deal was won/m);
  });

  it.skipIf(!installed('hledger'))('is accepted by hledger, strict (skipped: hledger is not installed)', () => {
    expect(tool('hledger', ['-f', 'FILE', 'check', '-s'], 'books.journal', journal)).toEqual({
      code: 0,
      out: '',
      err: '',
    });
    const balance = tool(
      'hledger',
      ['-f', 'FILE', 'balance', '--cost', '-N', '-O', 'csv', 'Assets:Receivable'],
      'books.journal',
      journal,
    );
    expect(balance.out).toContain('"Assets:Receivable:121000","27.50 EUR"');
    const total = tool('hledger', ['-f', 'FILE', 'balance', '--cost', '-O', 'csv'], 'books.journal', journal);
    expect(total.out.trim().split('\n').at(-1)).toMatch(/^"[Tt]otal","0"$/);
  });

  it.skipIf(!installed('hledger'))('would be refused if it did not balance (skipped: hledger is not installed)', () => {
    const broken = journal.replace('-100.00 EUR', '-100.01 EUR');
    expect(tool('hledger', ['-f', 'FILE', 'check', '-s'], 'books.journal', broken).code).not.toBe(0);
  });

  it('of no entries is still a journal', () => {
    expect(exportText(about, [], hledgerWriter(bookkeeping))).toContain('commodity 1.00 EUR');
  });
});

describe('the beancount file', () => {
  const file = exportText(about, books, beancountWriter(bookkeeping));

  it('opens every account it uses, under valid names', () => {
    const used = new Set(
      [...file.matchAll(/^ {2}((?:Assets|Liabilities|Equity|Income|Expenses):\S+) {2}/gm)].map((match) => match[1]),
    );
    const opened = new Set([...file.matchAll(/^1900-01-01 open (\S+)$/gm)].map((match) => match[1]));
    expect(opened).toEqual(used);
    for (const name of used)
      expect(name).toMatch(/^(Assets|Liabilities|Equity|Income|Expenses)(:[A-Z0-9][A-Za-z0-9-]*)+$/);
  });

  it('escapes quotes', () => {
    expect(file).toContain('2026-11-01 * "Invoice INV-1 issued; \\"quoted\\" | piped second line"');
  });

  it.skipIf(!installed('bean-check'))('is accepted by bean-check (skipped: beancount is not installed)', () => {
    expect(tool('bean-check', ['FILE'], 'books.beancount', file)).toEqual({ code: 0, out: '', err: '' });
  });
});

describe('the CSV', () => {
  const rows = exportText(about, books, csvWriter(bookkeeping)).trimEnd().split('\r\n');

  it('has a row per line, amounts as decimals, a memo without account', () => {
    expect(rows).toHaveLength(1 + 3 + 5 + 3 + 2 + 1);
    expect(rows[0]?.split(',').slice(0, 3)).toEqual(['entry', 'date', 'kind']);
    expect(rows.find((row) => row.includes('517002'))).toContain(',517002,clearing,JPY,123456,,EUR,750.03,,');
    expect(rows.at(-1)).toContain('A deal was won,,,,,,EUR,,,');
  });

  it('disarms formulas that customers might put into their names', () => {
    const evil = exportText(
      about,
      [{ ...books[4], description: '=HYPERLINK("x")' } as (typeof books)[number]],
      csvWriter(bookkeeping),
    );
    expect(evil).toContain(`"'=HYPERLINK(""x"")"`);
  });
});

describe('an export of a span', () => {
  const since = { ...about, from: isoDate('2026-11-03') };

  it('begins with one entry of opening balances, the day before', () => {
    const journal = exportText(since, books, hledgerWriter(bookkeeping));
    expect(journal).toContain('2026-11-02 * (opening) Opening balances on 2026-11-03');
    expect(journal).not.toContain('INV-1');
    expect(journal).toMatch(/^ {4}Assets:Receivable:121000 {2}27\.13 EUR$/m);
    const rows = exportText(since, books, csvWriter(bookkeeping)).split('\r\n');
    expect(rows.filter((row) => row.startsWith('opening,2026-11-02,opening,'))).toHaveLength(7);
  });

  it('has none where nothing was before, and splits what has different signs in currency and base', () => {
    expect(exportText({ ...about, from: isoDate('2026-11-01') }, books, hledgerWriter(bookkeeping))).not.toContain(
      'opening',
    );
    const [first] = books;
    if (first === undefined) throw new Error('no books');
    const lines = [line('clearing', '1', 'USD', 100, -5), line('fees', '2', 'USD', -100, 5)];
    const text = exportText(since, [{ ...first, lines }], hledgerWriter(bookkeeping));
    expect(text).toMatch(/1\.00 USD @@ 0\.00 EUR\n.* -0\.05 EUR\n/);
  });
});
