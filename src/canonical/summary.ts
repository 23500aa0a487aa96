/**
 * Entries of a posting window → summary journals: by day (or month), account and currency. Pure.
 *
 * Every part is made of whole entries, each of which balances, so every part balances: per currency and in base. A day
 * never shares a journal with another, so a month end never falls inside one.
 */
import type { IsoDate } from './ids.ts';
import { type Currency, type MinorUnits, minorUnits } from './money.ts';
import { monthOf } from './periods.ts';

export interface SummaryLine {
  readonly account: string;
  readonly currency: Currency;
  readonly amount: MinorUnits;
  readonly base: MinorUnits;
}

export interface SummaryEntry {
  readonly date: IsoDate;
  readonly lines: readonly SummaryLine[];
}

export interface Sides {
  readonly debit: number;
  readonly credit: number;
}

/** What a window took, before anything is netted: compared again when its journals are made. Minor units. */
export interface ControlTotals {
  readonly entries: number;
  readonly base: Sides;
  readonly currencies: Readonly<Record<string, Sides>>;
}

export interface SummaryJournal {
  /** The day; for a month the last day that anything happened on. */
  readonly date: IsoDate;
  /** 1, 2 …; null where one journal holds the whole day. */
  readonly part: number | null;
  /** Ordered by account and currency; what nets to zero is left out. */
  readonly lines: readonly SummaryLine[];
}

export interface SummaryShape {
  readonly per: 'day' | 'month';
  /** The most lines the target takes in one journal; an entry with more is a part by itself. */
  readonly linesPerJournal: number;
}

type Sums = Map<string, { account: string; currency: Currency; amount: number; base: number }>;

interface Span {
  date: IsoDate;
  readonly parts: Sums[];
}

const lineKey = (line: SummaryLine): string => `${line.account}\n${line.currency}`;

/** Takes a window's entries one by one, in the order booked. Keeps sums only, so its size does not grow with the entries. */
export class WindowTally {
  private readonly shape: SummaryShape;
  private readonly spans = new Map<string, Span>();
  private readonly currencies = new Map<string, { debit: number; credit: number }>();
  private readonly base = { debit: 0, credit: 0 };
  private count = 0;

  constructor(shape: SummaryShape) {
    this.shape = shape;
  }

  get entries(): number {
    return this.count;
  }

  /** Lines of all parts so far, those that may still net to zero included. */
  get lines(): number {
    return [...this.spans.values()].reduce((sum, { parts }) => sum + parts.reduce((of, part) => of + part.size, 0), 0);
  }

  add({ date, lines }: SummaryEntry): void {
    this.count += 1;
    const key = this.shape.per === 'month' ? monthOf(date) : date;
    const span = this.spans.get(key) ?? { date, parts: [] };
    this.spans.set(key, span);
    if (date > span.date) span.date = date;
    const part = this.partFor(span, lines);
    for (const line of lines) {
      const sum = part.get(lineKey(line)) ?? { account: line.account, currency: line.currency, amount: 0, base: 0 };
      part.set(lineKey(line), { ...sum, amount: sum.amount + line.amount, base: sum.base + line.base });
      const sides = this.currencies.get(line.currency) ?? { debit: 0, credit: 0 };
      this.currencies.set(line.currency, sides);
      count(sides, line.amount);
      count(this.base, line.base);
    }
  }

  private partFor(span: Span, lines: readonly SummaryLine[]): Sums {
    const last = span.parts.at(-1);
    const fresh = new Set(lines.map(lineKey).filter((key) => last?.has(key) !== true)).size;
    if (last !== undefined && last.size + fresh <= this.shape.linesPerJournal) return last;
    const next: Sums = new Map();
    span.parts.push(next);
    return next;
  }

  totals(): ControlTotals {
    return {
      entries: this.count,
      base: { ...this.base },
      currencies: Object.fromEntries(
        [...this.currencies].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([code, sides]) => [code, { ...sides }]),
      ),
    };
  }

  /** By day. A journal in which everything nets to zero is left out. */
  journals(): SummaryJournal[] {
    return [...this.spans.entries()]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([, { date, parts }]) =>
        parts.map((sums, index) => ({ date, part: parts.length === 1 ? null : index + 1, lines: linesOf(sums) })),
      )
      .filter(({ lines }) => lines.length > 0);
  }
}

function count(sides: { debit: number; credit: number }, amount: number): void {
  if (amount > 0) sides.debit = minorUnits(sides.debit + amount);
  else sides.credit = minorUnits(sides.credit - amount);
}

const linesOf = (sums: Sums): SummaryLine[] =>
  [...sums.entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { account, currency, amount, base }]) => ({
      account,
      currency,
      amount: minorUnits(amount),
      base: minorUnits(base),
    }))
    .filter(({ amount, base }) => amount !== 0 || base !== 0);

/** What differs, in words; null when they agree. */
export function differing(closed: ControlTotals, now: ControlTotals): string | null {
  if (closed.entries !== now.entries) return `${closed.entries} entries were counted, and there are ${now.entries}`;
  const codes = new Set([...Object.keys(closed.currencies), ...Object.keys(now.currencies)]);
  const same = (a: Sides | undefined, b: Sides | undefined) => a?.debit === b?.debit && a?.credit === b?.credit;
  const off = [...codes].find((code) => !same(closed.currencies[code], now.currencies[code]));
  if (off !== undefined) return `debits and credits in ${off} are not what they were`;
  return same(closed.base, now.base) ? null : 'debits and credits in the entity’s currency are not what they were';
}
