/** What no webhook tells: the month's end, journals a person asked for, and facts any source may state. */
import type { AccountRole } from '../../src/canonical/accounts.ts';
import type { JournalLine } from '../../src/canonical/entry.ts';
import type { CanonicalEvent, JournalPosted } from '../../src/canonical/events.ts';
import { isoDate, objectKey } from '../../src/canonical/ids.ts';
import { currency, parseDecimal } from '../../src/canonical/money.ts';
import { said, type Told } from './case.ts';
import { accountNames } from './run.ts';

/** A fact as it is, told by a source that adds nothing to it. */
export const fact = (date: string, about: string, it: CanonicalEvent, by = 'a source'): Told => ({
  ...{ date, by, type: it.kind, about },
  reading: () => said([it]),
});

/** The run for a month, `2026-02`; a second run of the same month has another number. */
export function recognised(month: string, run = 1): Told {
  const period = isoDate(`${month}-01`);
  const recognition = objectKey('ledgergate', 'recognition', `acme-eu/${month}/${run}`);
  const [year, number] = month.split('-').map(Number);
  const date = new Date(Date.UTC(year ?? 0, number ?? 0, 0)).toISOString().slice(0, 10);
  return {
    ...{ date, by: 'the clock', type: 'revenue.recognized', about: `${month}, run ${run}` },
    reading: (desk) =>
      said([
        {
          ...{ kind: 'revenue.recognized', occurredAt: Date.parse(`${date}T22:59:59Z`), requires: [] },
          ...{ recognition, period, open: desk.openFor(period) },
        },
      ]),
  };
}

/** The runs of several months, one after the other. */
export const recognisedAll = (...months: readonly string[]): Told[] => months.map((month) => recognised(month));

/** `['clearing', '100.00']`: debit positive, in EUR. */
export type JournalRow = readonly [role: AccountRole, amount: string];

const lineOf = ([role, text]: JournalRow): JournalLine => {
  const code = currency('EUR');
  const amount = parseDecimal(text, code);
  if (!amount.ok) throw new Error(`${text} is no amount`);
  const [account] = accountNames[role];
  return {
    role,
    account,
    currency: code,
    amount: amount.value,
    base: amount.value,
    customer: null,
    tax: null,
    memo: null,
  };
};

export const journal = (
  date: string,
  id: string,
  purpose: JournalPosted['purpose'],
  description: string,
  rows: readonly JournalRow[],
): Told => ({
  ...{ date, by: 'a person', type: 'journal.posted', about: id },
  reading: () =>
    said([
      {
        ...{ kind: 'journal.posted', occurredAt: Date.parse(`${date}T12:00:00Z`), requires: [] },
        ...{ journal: objectKey('ledgergate', 'journal', id), purpose, date: isoDate(date), description },
        ...{ lines: rows.map(lineOf), deferrals: [] },
      },
    ]),
});
