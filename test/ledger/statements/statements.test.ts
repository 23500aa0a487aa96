/** Statements on generated books: each says the same as every other, whatever happened. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isoDate } from '../../../src/canonical/ids.ts';
import { bookkeepingOf } from '../../../src/ledger/accounts-by-code.ts';
import type { BookedEntry } from '../../../src/ledger/entry-pages.ts';
import {
  ageBand,
  aged,
  ageTotals,
  type InvoiceTerms,
  receivablesStatement,
} from '../../../src/ledger/statements/ageing.ts';
import { generalLedgerStatement, MAX_LINES } from '../../../src/ledger/statements/general-ledger.ts';
import { incomeStatement } from '../../../src/ledger/statements/income.ts';
import { journalStatement, MAX_JOURNAL } from '../../../src/ledger/statements/journal.ts';
import { readStatement } from '../../../src/ledger/statements/statement.ts';
import { taxStatement } from '../../../src/ledger/statements/tax.ts';
import { turnoverStatement } from '../../../src/ledger/statements/turnover.ts';
import { trialBalance } from '../../../src/ledger/trial-balance.ts';
import { plainChart } from '../../canonical/rules/books.ts';
import { EUR, line } from '../exported-books.ts';
import { dateOf, generatedBooks, made } from '../generated-books.ts';

const upTo = (entries: readonly BookedEntry[], day: string) => entries.filter(({ date }) => date <= day);
const sum = <T>(list: readonly T[], pick: (it: T) => number) => list.reduce((total, it) => total + pick(it), 0);

const seeds = fc.integer({ min: 1, max: 1_000_000 });
const day = fc.integer({ min: 0, max: 140 }).map(dateOf);
const onBooks = (check: (books: ReturnType<typeof generatedBooks>, day: string) => void) =>
  fc.assert(
    fc.property(seeds, day, (seed, asOf) => check(generatedBooks(seed), asOf)),
    { numRuns: 15 },
  );

/** Closings by account and currency, straight from the lines. */
function closings(entries: readonly BookedEntry[]): Record<string, readonly [number, number]> {
  const found: Record<string, readonly [number, number]> = {};
  for (const it of entries.flatMap((entry) => entry.lines)) {
    const [amount, base] = found[`${it.account} ${it.currency}`] ?? [0, 0];
    found[`${it.account} ${it.currency}`] = [amount + it.amount, base + it.base];
  }
  return found;
}

describe('the trial balance of any day', () => {
  it('balances, and closes at the sum of all lines up to then, wherever the span begins', () => {
    onBooks(({ entries }, asOf) => {
      const until = upTo(entries, asOf);
      const from = isoDate(dateOf(40));
      const balance = trialBalance(
        'e',
        { from, asOf },
        made(until, turnoverStatement(from)),
        bookkeepingOf(plainChart),
      );
      expect(balance.balanced).toBe(true);
      const stated = balance.accounts.map((it) => [
        `${it.account} ${it.currency}`,
        [it.closing.amount, it.baseClosing.amount],
      ]);
      expect(Object.fromEntries(stated)).toEqual(closings(until));
    });
  });
});

describe('the general ledger', () => {
  it('closes every account where the trial balance does, each line adding to the one before', () => {
    onBooks(({ entries }, asOf) => {
      const until = upTo(entries, asOf);
      const ledgers = made(until, generalLedgerStatement(isoDate(dateOf(30)), null));
      const stated = ledgers.map((it) => [`${it.account} ${it.currency}`, [it.closing, it.baseClosing]]);
      expect(Object.fromEntries(stated)).toEqual(closings(until));
      for (const ledger of ledgers) {
        let running = ledger.opening;
        for (const it of ledger.lines) {
          running += it.amount;
          expect(it.balance).toBe(running);
        }
        expect([...ledger.lines].map((it) => it.date)).toEqual(ledger.lines.map((it) => it.date).sort());
      }
    });
  });

  it('names the accounts that stand against a line', () => {
    const [ledger] = made(generatedBooks(7).entries, generalLedgerStatement(null, 'receivable'));
    expect(ledger?.lines[0]?.counter.length).toBeGreaterThan(0);
    expect(ledger?.lines.every((it) => !it.counter.includes('receivable'))).toBe(true);
  });

  it('is refused rather than cut', () => {
    const statement = generalLedgerStatement(null, null);
    const [entry] = generatedBooks(1).entries;
    if (entry === undefined) throw new Error('no entry');
    const lines = Array.from({ length: MAX_LINES + 1 }, () => line('receivable', '1', 'EUR', 1, 1));
    statement.add({ ...entry, lines });
    expect(statement.refusal).toContain('more than');
  });
});

describe('the ageing of receivables', () => {
  it('comes to the receivable account, by currency and in base, and to the open invoices of the sub-ledger', () => {
    onBooks(({ entries, desk }, asOf) => {
      const until = upTo(entries, asOf);
      const list = aged(made(until, receivablesStatement()), new Map(), isoDate(asOf));
      const accounts = closings(until);
      for (const { currency, total } of ageTotals(list, ({ currency, amount }) => ({ currency, amount })))
        expect(total).toBe(accounts[`receivable ${currency}`]?.[0]);
      const base = Object.entries(accounts).filter(([name]) => name.startsWith('receivable '));
      expect(sum(list, (it) => it.base)).toBe(sum(base, ([, [, amount]]) => amount));
      const all = made(entries, receivablesStatement()).filter((it) => it.amount !== 0);
      const open = [...desk.states.values()].flatMap((it) => (it.kind === 'invoice' && it.open !== 0 ? [it] : []));
      expect(all.map((it) => [it.item, it.amount]).sort()).toEqual(open.map((it) => [it.key, it.open]).sort());
    });
  });

  it('counts from the due date of the invoice, else from its first day', () => {
    const [first] = made(generatedBooks(3).entries, receivablesStatement());
    if (first === undefined) throw new Error('nothing is open');
    const terms = new Map<string, InvoiceTerms>([[first.item, { number: 'N-1', due: isoDate('2026-03-31') }]]);
    expect(aged([first], terms, isoDate('2026-05-01'))[0]).toMatchObject({
      number: 'N-1',
      daysLate: 31,
      band: 'days31to60',
    });
    expect(aged([first], new Map(), first.since)[0]).toMatchObject({ due: first.since, daysLate: 0, band: 'notDue' });
  });

  it('has five bands with exact edges', () => {
    const due = isoDate('2026-01-31');
    const edges = {
      '2026-01-31': 'notDue',
      '2026-02-01': 'days1to30',
      '2026-03-02': 'days1to30',
      '2026-03-03': 'days31to60',
    };
    for (const [on, band] of Object.entries(edges)) expect([on, ageBand(due, isoDate(on))]).toEqual([on, band]);
    expect(ageBand(due, isoDate('2026-04-01'))).toBe('days31to60');
    expect(ageBand(due, isoDate('2026-05-01'))).toBe('days61to90');
    expect(ageBand(due, isoDate('2026-05-02'))).toBe('over90');
  });
});

describe('the tax summary', () => {
  it('comes to the balance of the tax accounts', () => {
    onBooks(({ entries }, asOf) => {
      const until = upTo(entries, asOf);
      const rows = made(until, taxStatement(null));
      const accounts = closings(until);
      for (const name of ['tax', 'feesInputTax']) {
        for (const code of ['EUR', 'USD', 'JPY', 'KWD']) {
          const mine = rows.filter((it) => it.account === name && it.currency === code);
          const [amount, base] = accounts[`${name} ${code}`] ?? [0, 0];
          expect([sum(mine, (it) => it.tax), sum(mine, (it) => it.taxBase)]).toEqual([0 - amount, 0 - base]);
        }
      }
    });
  });

  it('states the net only where one code stands alone', () => {
    const rows = made(generatedBooks(5).entries, taxStatement(null)).filter((it) => it.direction === 'output');
    expect(rows.some((it) => it.net > 0)).toBe(true);
    expect(rows.some((it) => it.taxWithNet !== it.tax)).toBe(true);
  });
});

describe('income', () => {
  it('comes to the balance of the accounts it is made from', () => {
    onBooks(({ entries }) => {
      const rows = made(entries, incomeStatement(null));
      const accounts = Object.entries(closings(entries));
      const names = /^(revenue|discount|refunds|fees|disputeLoss|badDebt|fxGainLoss|rounding) /;
      expect(sum(rows, (it) => it.base)).toBe(
        0 -
          sum(
            accounts.filter(([name]) => names.test(name)),
            ([, [, base]]) => base,
          ),
      );
    });
  });
});

describe('the journal', () => {
  it('has every entry of the span by date, and is refused rather than cut', async () => {
    const { entries } = generatedBooks(11);
    const list = made(entries, journalStatement(isoDate(dateOf(20))));
    expect(list).toHaveLength(entries.filter(({ date }) => date >= dateOf(20)).length);
    expect(list.map((it) => it.date)).toEqual(list.map((it) => it.date).sort());
    async function* endless() {
      for (;;) yield entries;
    }
    const read = await readStatement(endless(), journalStatement(null));
    expect(read).toEqual({ ok: false, error: `more than ${MAX_JOURNAL} entries` });
  });
});

it('speaks of the entity’s currency throughout', () => {
  expect(generatedBooks(2).entries.every((entry) => entry.baseCurrency === EUR)).toBe(true);
});
