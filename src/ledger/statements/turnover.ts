/** The turnover of every account from entries: a trial balance as of any day, where `balances` knows months only. */
import { type AccountTurnover, MAX_ACCOUNTS } from '../trial-balance.ts';
import { BoundedMap, type From, isWithin, type Statement } from './statement.ts';

type Counting = { -readonly [Field in keyof AccountTurnover]: AccountTurnover[Field] };

/** By account and currency; openings are what was booked for days before `from`. */
export function turnoverStatement(from: From): Statement<AccountTurnover[]> {
  const accounts = new BoundedMap<Counting>(MAX_ACCOUNTS);
  return {
    get refusal() {
      return accounts.overflown ? `more than ${MAX_ACCOUNTS} accounts` : null;
    },
    add(entry) {
      const within = isWithin(entry, from);
      for (const { account, currency, amount, base } of entry.lines) {
        const row = accounts.at([account, currency], () => ({
          ...{ account, currency, baseCurrency: entry.baseCurrency },
          ...{ opening: 0, debit: 0, credit: 0, baseOpening: 0, baseDebit: 0, baseCredit: 0 },
        }));
        if (row === null) return;
        if (within) {
          row.debit += Math.max(amount, 0);
          row.credit += Math.max(-amount, 0);
          row.baseDebit += Math.max(base, 0);
          row.baseCredit += Math.max(-base, 0);
        } else {
          row.opening += amount;
          row.baseOpening += base;
        }
      }
    },
    result: () => accounts.inOrder(),
  };
}
