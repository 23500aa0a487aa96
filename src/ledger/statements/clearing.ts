/**
 * The clearing proof: every account that should come to nothing, explained by its open items. An item is an object (a
 * payment, a credit note, a dispute, a payout, a customer's credit) with all lines that belong to it; it is closed when
 * they come to zero. What a payout lists moves from the item it lists to the payout, so a payment closes with its payout and
 * the payout closes when it is the sum of its list. Moving changes no sum: the items always come to what was booked.
 */
import type { AccountRole } from '../../canonical/accounts.ts';
import { minorUnits } from '../../canonical/money.ts';
import { share } from '../../canonical/rules/fx.ts';
import type { BookedEntry } from '../entry-pages.ts';
import { MAX_ACCOUNTS } from '../trial-balance.ts';
import type { StoredLine } from '../views.ts';
import { BoundedMap, type Statement } from './statement.ts';

/** Items open and closed that are held while the ledger is read. */
export const MAX_ITEMS = 100_000;

const clearingRoles: ReadonlySet<AccountRole> = new Set([
  'clearing',
  'refundClearing',
  'disputesReceivable',
  'bankInTransit',
  'unapplied',
  'customerCredit',
  'payable',
  'suspense',
]);

/** What is open of one object on one account. Minor units, debit positive. */
export interface OpenItem {
  readonly item: string;
  readonly role: AccountRole;
  readonly amount: number;
  readonly base: number;
  /** Effective date of its first line. */
  readonly since: string;
  /** What its first line was booked for. */
  readonly description: string;
}

export interface ClearingAccount {
  readonly account: string;
  readonly currency: string;
  readonly baseCurrency: string;
  /** All lines of the account, whatever they were booked as. */
  readonly balance: number;
  readonly baseBalance: number;
  /** Oldest first. */
  readonly items: readonly OpenItem[];
  /** Exchange differences left on items that are closed in their currency. */
  readonly closedBase: number;
  /** Balance less items: lines that were booked on this account as something else. Zero where all is explained. */
  readonly unexplained: number;
  readonly baseUnexplained: number;
}

/** A payout as the provider announced it; read from its event. */
export interface AnnouncedPayout {
  readonly payout: string;
  readonly currency: string;
  readonly amount: number;
  /** What it lists, net of fees; null when the list could not be had. `item` is the payment, fee or adjustment. */
  readonly transactions:
    | readonly { readonly item: string; readonly currency: string; readonly gross: number; readonly net: number }[]
    | null;
  /** Payments that were booked gross and whose fee was booked with this payout. */
  readonly feesOf: readonly string[];
}

/** An entry by which a payout was booked: where to read what it lists. */
export interface BookedPayout {
  readonly payout: string;
  readonly source: string;
  readonly eventId: string;
  readonly date: string;
  /** Clearing account by currency. */
  readonly accounts: Map<string, string>;
}

interface Item {
  readonly item: string;
  readonly role: AccountRole;
  readonly account: string;
  readonly currency: string;
  amount: number;
  base: number;
  /** Part of `amount` that came with the payment itself, before refunds and disputes. */
  captured: number;
  since: string;
  description: string;
}

interface Account {
  readonly account: string;
  readonly currency: string;
  readonly baseCurrency: string;
  balance: number;
  baseBalance: number;
  clears: boolean;
}

export interface SourceBalance {
  readonly source: string;
  readonly currency: string;
  balance: number;
}

export interface Clearing {
  readonly accounts: readonly ClearingAccount[];
  /** The processor's balance as the books have it, by the source that told it. */
  readonly sources: readonly SourceBalance[];
}

export class ClearingStatement implements Statement<Clearing> {
  readonly #accounts = new BoundedMap<Account>(MAX_ACCOUNTS);
  readonly #items = new BoundedMap<Item>(MAX_ITEMS);
  readonly #sources = new BoundedMap<SourceBalance>(MAX_ACCOUNTS);
  readonly #payouts = new Map<string, BookedPayout>();

  get refusal(): string | null {
    if (this.#items.overflown) return `more than ${MAX_ITEMS} items on clearing accounts`;
    return this.#accounts.overflown || this.#sources.overflown ? `more than ${MAX_ACCOUNTS} accounts` : null;
  }

  /** What has to be read and told to `listed` before the result is asked for. */
  get payouts(): readonly BookedPayout[] {
    return [...this.#payouts.values()];
  }

  add(entry: BookedEntry): void {
    for (const line of entry.lines) {
      const { account, currency } = line;
      const { baseCurrency } = entry;
      const fresh = (): Account => ({ account, currency, baseCurrency, balance: 0, baseBalance: 0, clears: false });
      const on = this.#accounts.at([account, currency], fresh);
      if (on === null) return;
      on.balance += line.amount;
      on.baseBalance += line.base;
      if (!clearingRoles.has(line.role)) continue;
      on.clears = true;
      this.#addItem(entry, line);
      if (line.role === 'clearing') this.#addClearing(entry, line);
    }
  }

  #addItem(entry: BookedEntry, line: StoredLine): void {
    const { role, account, currency } = line;
    const item = this.#item(role, account, currency, itemOf(entry, line), entry.date, entry.description);
    if (item === null) return;
    item.amount += line.amount;
    item.base += line.base;
    if (entry.kind === 'payment.captured' && item.item === entry.object) item.captured += line.amount;
    if (entry.date < item.since) Object.assign(item, { since: entry.date, description: entry.description });
  }

  #addClearing({ source, eventId, kind, object, date }: BookedEntry, { account, currency, amount }: StoredLine): void {
    const balance = this.#sources.at([source, currency], () => ({ source, currency, balance: 0 }));
    if (balance !== null) balance.balance += amount;
    if (kind !== 'payout.sent') return;
    const known = this.#payouts.get(object);
    const payout = known ?? { payout: object, source, eventId, date, accounts: new Map() };
    payout.accounts.set(currency, account);
    this.#payouts.set(object, payout);
  }

  #item(role: AccountRole, account: string, currency: string, item: string, since: string, description: string) {
    const start = { amount: 0, base: 0, captured: 0 };
    return this.#items.at([role, account, currency, item], () => {
      return { item, role, account, currency, ...start, since, description };
    });
  }

  /** Moves what a payout lists to the payout. Once per payout. */
  listed(announced: AnnouncedPayout): void {
    const booked = this.#payouts.get(announced.payout);
    if (booked === undefined) return;
    const gross = new Set(announced.feesOf);
    for (const { item, currency, gross: collected, net } of announced.transactions ?? []) {
      // Booked gross: the payout's own fee entry turned it into net, so the payment gives up all it was booked with.
      if (collected > 0 && gross.delete(item)) this.#moveCaptured(item, booked);
      else this.#move(item, booked, currency, net);
    }
  }

  #moveCaptured(item: string, payout: BookedPayout): void {
    for (const [currency, account] of payout.accounts) {
      const held = this.#item('clearing', account, currency, item, payout.date, notBooked(payout));
      if (held !== null && held.captured !== 0) this.#move(item, payout, currency, held.captured);
    }
  }

  #move(item: string, payout: BookedPayout, currency: string, amount: number): void {
    const account = payout.accounts.get(currency);
    if (account === undefined || amount === 0) return;
    const from = this.#item('clearing', account, currency, item, payout.date, notBooked(payout));
    const to = this.#item('clearing', account, currency, payout.payout, payout.date, 'Payout');
    if (from === null || to === null || from === to) return;
    const base = amount === from.amount ? from.base : share(minorUnits(from.base), amount, from.amount);
    from.amount -= amount;
    from.base -= base;
    to.amount += amount;
    to.base += base;
  }

  result(): Clearing {
    const items = Map.groupBy(this.#items.inOrder(), ({ account, currency }) => JSON.stringify([account, currency]));
    const accounts = this.#accounts.inOrder().filter((account) => account.clears);
    return {
      accounts: accounts.map((account) => {
        return explained(account, items.get(JSON.stringify([account.account, account.currency])) ?? []);
      }),
      sources: this.#sources.inOrder(),
    };
  }
}

const notBooked = ({ payout }: BookedPayout): string => `Listed in ${payout} and not booked by itself`;

/** Credit is the customer's, whatever granted it; all else belongs to the object it is about. */
const itemOf = (entry: BookedEntry, line: StoredLine): string =>
  line.role === 'customerCredit' && line.customer !== null ? line.customer : (line.item ?? entry.object);

function explained({ clears: _, ...account }: Account, items: readonly Item[]): ClearingAccount {
  const open = items.filter(({ amount }) => amount !== 0);
  const sum = (list: readonly Item[], pick: (item: Item) => number) => list.reduce((total, it) => total + pick(it), 0);
  const closedBase = sum(items, (it) => (it.amount === 0 ? it.base : 0));
  return {
    ...account,
    items: open
      .sort((a, b) => (a.since === b.since ? (a.item < b.item ? -1 : 1) : a.since < b.since ? -1 : 1))
      .map(({ item, role, amount, base, since, description }) => ({ item, role, amount, base, since, description })),
    closedBase,
    unexplained: account.balance - sum(items, (it) => it.amount),
    baseUnexplained: account.baseBalance - sum(items, (it) => it.base),
  };
}

export interface PayoutCheck {
  readonly payout: string;
  readonly source: string;
  readonly date: string;
  readonly currency: string;
  readonly amount: number;
  /** Sum of the nets it lists; null when the list could not be had. */
  readonly listed: number | null;
  readonly transactions: number;
}

/** A payout is the sum of what it lists (docs.stripe.com/payouts/reconciliation). */
export function checkPayout(booked: BookedPayout, announced: AnnouncedPayout): PayoutCheck {
  const { payout, source, date } = booked;
  const { currency, amount, transactions } = announced;
  const listed = transactions === null ? null : transactions.reduce((sum, { net }) => sum + net, 0);
  return { payout, source, date, currency, amount, listed, transactions: transactions?.length ?? 0 };
}
