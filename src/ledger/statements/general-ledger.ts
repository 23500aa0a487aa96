/** The general ledger: per account and currency the opening, each line with what stands against it, and the closing. */
import type { BookedEntry } from '../entry-pages.ts';
import { MAX_ACCOUNTS } from '../trial-balance.ts';
import type { StoredLine } from '../views.ts';
import { byDate } from './journal.ts';
import { BoundedMap, type From, isWithin, type Statement } from './statement.ts';

export const MAX_LINES = 20_000;

/** One line on the account. Minor units, debit positive; `balance` is what stands there after it. */
export interface AccountLine {
  readonly date: string;
  readonly entry: string;
  readonly kind: string;
  readonly object: string;
  readonly description: string;
  /** Accounts of the entry's other lines, each once. */
  readonly counter: readonly string[];
  readonly customer: string | null;
  readonly amount: number;
  readonly base: number;
  readonly balance: number;
  readonly baseBalance: number;
}

export interface AccountLedger {
  readonly account: string;
  readonly currency: string;
  readonly baseCurrency: string;
  readonly opening: number;
  readonly baseOpening: number;
  readonly lines: readonly AccountLine[];
  readonly closing: number;
  readonly baseClosing: number;
}

interface Open {
  readonly account: string;
  readonly currency: string;
  readonly baseCurrency: string;
  opening: number;
  baseOpening: number;
  readonly lines: { readonly entry: BookedEntry; readonly line: StoredLine }[];
}

/** @param account only this one, or all. */
export function generalLedgerStatement(from: From, account: string | null): Statement<AccountLedger[]> {
  const ledgers = new BoundedMap<Open>(MAX_ACCOUNTS);
  let lines = 0;
  return {
    get refusal() {
      if (ledgers.overflown) return `more than ${MAX_ACCOUNTS} accounts`;
      return lines > MAX_LINES ? `more than ${MAX_LINES} lines` : null;
    },
    add(entry) {
      const within = isWithin(entry, from);
      for (const line of entry.lines) {
        if ((account !== null && line.account !== account) || lines > MAX_LINES) continue;
        const ledger = ledgers.at([line.account, line.currency], () => opened(line, entry));
        if (ledger === null) return;
        if (within) {
          lines += 1;
          ledger.lines.push({ entry, line });
        } else {
          ledger.opening += line.amount;
          ledger.baseOpening += line.base;
        }
      }
    },
    result: () => ledgers.inOrder().map(closed),
  };
}

const opened = ({ account, currency }: StoredLine, { baseCurrency }: BookedEntry): Open => ({
  ...{ account, currency, baseCurrency, opening: 0, baseOpening: 0, lines: [] },
});

function closed({ lines, ...ledger }: Open): AccountLedger {
  let [balance, baseBalance] = [ledger.opening, ledger.baseOpening];
  // The sort is stable: lines of one entry stay in their order.
  const shown = lines
    .sort((a, b) => byDate(a.entry, b.entry))
    .map(({ entry, line }): AccountLine => {
      balance += line.amount;
      baseBalance += line.base;
      const counter = new Set(entry.lines.map((other) => other.account).filter((other) => other !== line.account));
      const { date, id, kind, object, description } = entry;
      const { customer, amount, base } = line;
      return {
        ...{ date, entry: id, kind, object, description, counter: [...counter], customer },
        ...{ amount, base, balance, baseBalance },
      };
    });
  return { ...ledger, lines: shown, closing: balance, baseClosing: baseBalance };
}
