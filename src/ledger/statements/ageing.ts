/**
 * Receivables by customer and invoice, as of any day, from the receivable lines of entries: what is open, and for how
 * long it has been due. A line without an invoice (opening balances stated as one sum) stands under the entry it came in.
 */
import type { IsoDate } from '../../canonical/ids.ts';
import { daysBetween } from '../../canonical/periods.ts';
import { BoundedMap, type Statement } from './statement.ts';

/** Invoices open and closed that are held while the ledger is read. */
export const MAX_RECEIVABLES = 100_000;

/** An open receivable. Minor units; negative where more was credited than owed. */
export interface Receivable {
  readonly customer: string | null;
  /** `stripe:invoice:in_1`, or the object of the entry where no invoice is named. */
  readonly item: string;
  readonly currency: string;
  readonly baseCurrency: string;
  readonly amount: number;
  readonly base: number;
  /** Effective date of its first line. */
  readonly since: IsoDate;
}

type Counting = { -readonly [Field in keyof Receivable]: Receivable[Field] };

/** What is open; what was settled is left out. */
export function receivablesStatement(): Statement<Receivable[]> {
  const open = new BoundedMap<Counting>(MAX_RECEIVABLES);
  return {
    get refusal() {
      return open.overflown ? `more than ${MAX_RECEIVABLES} invoices` : null;
    },
    add(entry) {
      for (const line of entry.lines) {
        if (line.role !== 'receivable') continue;
        const item = line.item ?? entry.object;
        const { customer, currency } = line;
        const since = entry.date as IsoDate;
        const made = (): Counting => ({
          ...{ customer, item, currency, baseCurrency: entry.baseCurrency, amount: 0, base: 0, since },
        });
        const receivable = open.at([customer, item, currency], made);
        if (receivable === null) return;
        receivable.amount += line.amount;
        receivable.base += line.base;
        if (since < receivable.since) receivable.since = since;
      }
    },
    result: () => open.inOrder().filter(({ amount, base }) => amount !== 0 || base !== 0),
  };
}

export const ageBands = ['notDue', 'days1to30', 'days31to60', 'days61to90', 'over90'] as const;
export type AgeBand = (typeof ageBands)[number];

/** @param due the last day on which it is not late. */
export function ageBand(due: IsoDate, asOf: IsoDate): AgeBand {
  const late = daysBetween(due, asOf);
  if (late <= 0) return 'notDue';
  if (late <= 30) return 'days1to30';
  if (late <= 60) return 'days31to60';
  return late <= 90 ? 'days61to90' : 'over90';
}

export interface AgedReceivable extends Receivable {
  /** The invoice's number where the books know it. */
  readonly number: string | null;
  /** Where the invoice names no due date it is due at once. */
  readonly due: IsoDate;
  readonly daysLate: number;
  readonly band: AgeBand;
}

export interface InvoiceTerms {
  readonly number: string;
  readonly due: IsoDate | null;
}

/** With what the invoices themselves say: neither number nor due date ever changes, so they hold for any day. */
export function aged(
  receivables: readonly Receivable[],
  terms: ReadonlyMap<string, InvoiceTerms>,
  asOf: IsoDate,
): AgedReceivable[] {
  return receivables.map((receivable) => {
    const known = terms.get(receivable.item);
    const due = known?.due ?? receivable.since;
    const daysLate = Math.max(0, daysBetween(due, asOf));
    return { ...receivable, number: known?.number ?? null, due, daysLate, band: ageBand(due, asOf) };
  });
}

export type AgeTotals = { readonly currency: string; readonly total: number } & Readonly<Record<AgeBand, number>>;

/** Sums by band; `pick` says of what. */
export function ageTotals(
  receivables: readonly AgedReceivable[],
  pick: (receivable: AgedReceivable) => { readonly currency: string; readonly amount: number },
): AgeTotals[] {
  const totals = new Map<string, { currency: string; total: number } & Record<AgeBand, number>>();
  for (const receivable of receivables) {
    const { currency, amount } = pick(receivable);
    const none = { notDue: 0, days1to30: 0, days31to60: 0, days61to90: 0, over90: 0 };
    const sums = totals.get(currency) ?? { currency, total: 0, ...none };
    sums.total += amount;
    sums[receivable.band] += amount;
    totals.set(currency, sums);
  }
  return [...totals.values()];
}
