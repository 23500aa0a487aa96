import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { imbalances } from '../../src/canonical/entry.ts';
import { isoDate } from '../../src/canonical/ids.ts';
import { currency, minorUnits } from '../../src/canonical/money.ts';
import { differing, type SummaryEntry, type SummaryLine, WindowTally } from '../../src/canonical/summary.ts';

const line = (account: string, amount: number, code = 'EUR', base = amount): SummaryLine => ({
  ...{ account, currency: currency(code), amount: minorUnits(amount), base: minorUnits(base) },
});
const entry = (date: string, ...lines: SummaryLine[]): SummaryEntry => ({ date: isoDate(date), lines });

function tallied(entries: readonly SummaryEntry[], shape = { per: 'day' as 'day' | 'month', linesPerJournal: 500 }) {
  const tally = new WindowTally(shape);
  for (const one of entries) tally.add(one);
  return tally;
}

const sale = (date: string, amount: number) => entry(date, line('1', amount), line('4', -amount));

describe('summary journals', () => {
  it('add up a day by account and currency, and leave out what nets to zero', () => {
    const journals = tallied([
      sale('2026-01-31', 100),
      sale('2026-01-31', 20),
      entry('2026-01-31', line('2', 120), line('1', -120)),
      entry('2026-01-31', line('1', 50, 'USD', 46), line('4', -50, 'USD', -46)),
    ]).journals();
    expect(journals).toEqual([
      {
        ...{ date: '2026-01-31', part: null },
        lines: [line('1', 50, 'USD', 46), line('2', 120), line('4', -120), line('4', -50, 'USD', -46)],
      },
    ]);
  });

  it('never span two months, by day or by month', () => {
    const entries = [sale('2026-02-01', 3), sale('2026-01-31', 1), sale('2026-01-30', 2)];
    expect(
      tallied(entries)
        .journals()
        .map(({ date }) => date),
    ).toEqual(['2026-01-30', '2026-01-31', '2026-02-01']);
    const monthly = tallied(entries, { per: 'month', linesPerJournal: 500 }).journals();
    expect(monthly.map(({ date, lines }) => [date, lines[0]?.amount])).toEqual([
      ['2026-01-31', 3],
      ['2026-02-01', 3],
    ]);
  });

  it('of a day in which everything cancels are none', () => {
    expect(tallied([sale('2026-01-05', 7), sale('2026-01-05', -7)]).journals()).toEqual([]);
  });

  it('keep a difference that is in the entity’s currency only', () => {
    const exchanged = entry('2026-01-05', line('1', 0, 'USD', 5), line('7', 0, 'USD', -5));
    expect(tallied([exchanged]).journals()[0]?.lines).toEqual(exchanged.lines);
  });
});

const amounts = fc.integer({ min: -1_000_000, max: 1_000_000 });
const anyEntry = fc
  .record({
    day: fc.integer({ min: 25, max: 34 }),
    moves: fc.array(
      fc.record({
        ...{
          from: fc.integer({ min: 0, max: 12 }),
          to: fc.integer({ min: 0, max: 12 }),
          amount: amounts,
          base: amounts,
        },
        code: fc.constantFrom('EUR', 'USD', 'JPY'),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  })
  .map(({ day, moves }) => {
    const date = new Date(Date.UTC(2026, 0, day)).toISOString().slice(0, 10);
    const lines = moves.flatMap(({ from, to, amount, base, code }) => {
      const inBase = code === 'EUR' ? amount : base;
      return [line(`a${from}`, amount, code, inBase), line(`a${to}`, 0 - amount, code, 0 - inBase)];
    });
    return entry(date, ...lines);
  });

const asJournal = (lines: readonly SummaryLine[]) =>
  lines.map((one) => ({ ...one, role: 'suspense' as const, customer: null, tax: null, memo: null }));

describe('whatever entries a window takes', () => {
  it('its journals balance each, are no longer than allowed, and add up to the entries', () => {
    const shapes = fc.record({
      per: fc.constantFrom('day' as const, 'month' as const),
      linesPerJournal: fc.integer({ min: 2, max: 12 }),
    });
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 40 }), shapes, (entries, shape) => {
        const journals = tallied(entries, shape).journals();
        const longest = Math.max(2, ...entries.map(({ lines }) => lines.length));
        for (const { lines } of journals) {
          expect(imbalances(asJournal(lines))).toEqual([]);
          expect(lines.length).toBeLessThanOrEqual(Math.max(shape.linesPerJournal, longest));
        }
        expect(sums(journals)).toEqual(sums(entries));
      }),
    );
  });

  it('its control totals are the same in any order, and differ when an entry is left out or changed', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { minLength: 1, maxLength: 20 }), fc.nat(), (entries, pick) => {
        const totals = tallied(entries).totals();
        expect(differing(totals, tallied(entries.toReversed()).totals())).toBeNull();
        const index = pick % entries.length;
        expect(differing(totals, tallied(entries.toSpliced(index, 1)).totals())).toContain('entries were counted');
        const changed = entries.with(index, sale('2026-01-25', 12_345_678));
        expect(differing(totals, tallied(changed).totals())).not.toBeNull();
      }),
    );
  });
});

/** By account and currency, what is zero left out. */
function sums(all: readonly { readonly lines: readonly SummaryLine[] }[]): Record<string, readonly [number, number]> {
  const found: Record<string, readonly [number, number]> = {};
  for (const { account, currency: code, amount, base } of all.flatMap(({ lines }) => lines)) {
    const [before, beforeBase] = found[`${account} ${code}`] ?? [0, 0];
    found[`${account} ${code}`] = [before + amount, beforeBase + base];
  }
  return Object.fromEntries(Object.entries(found).filter(([, [amount, base]]) => amount !== 0 || base !== 0));
}
