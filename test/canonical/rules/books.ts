/** A bookkeeping desk for tests: facts in, balances out, as the ledger stage would do it with its database. */
import { accountRoles, type ChartOfAccounts } from '../../../src/canonical/accounts.ts';
import { decide, objectsOf } from '../../../src/canonical/decide.ts';
import type { Decision, EntityBooks, ExchangeRate, Policies } from '../../../src/canonical/decision.ts';
import type { EntryDocument, TargetDocument } from '../../../src/canonical/documents.ts';
import { type DeferralSlice, type DraftEntry, imbalances } from '../../../src/canonical/entry.ts';
import type { CanonicalEvent, InvoiceLine, Settlement } from '../../../src/canonical/events.ts';
import { type IsoDate, isoDate, type ObjectKey, objectKey } from '../../../src/canonical/ids.ts';
import { currency, minorUnits, rate } from '../../../src/canonical/money.ts';
import type { ObjectState } from '../../../src/canonical/objects.ts';
import type { FactOf } from '../../../src/canonical/rules/rule.ts';

/** Every role on an account of its own name, so that balances read by role. */
export const plainChart: ChartOfAccounts = Object.fromEntries(accountRoles.map((role) => [role, role]));

const policies: Policies = {
  ...{ discounts: 'net', deferAt: 'issue', recognition: 'daily', latePeriod: 'exception', feeTax: 'reclaim' },
  ...{ bookDisputesAs: 'receivable', feeAt: 'charge', badDebtTax: 'expense' },
};

export type EntityOverrides = Partial<EntityBooks> & { policy?: Partial<Policies> };

export function entityBooks(over: EntityOverrides = {}): EntityBooks {
  const { policy, ...rest } = over;
  return {
    entity: 'acme-eu',
    currency: currency('EUR'),
    timeZone: 'Europe/Paris',
    accounts: plainChart,
    rates: [],
    closedUntil: null,
    ...rest,
    policies: { ...policies, ...policy },
  };
}

export class Desk {
  readonly states = new Map<ObjectKey, ObjectState>();
  readonly entries: DraftEntry[] = [];
  readonly documents: TargetDocument[] = [];
  readonly books: EntityBooks;

  constructor(over: EntityOverrides = {}) {
    this.books = entityBooks(over);
  }

  /** Looks up only what the stage would have loaded: `objectsOf` and one level of `related`. */
  decide(...facts: CanonicalEvent[]): Decision {
    const loaded = new Set(objectsOf(facts));
    for (const key of [...loaded]) for (const related of this.states.get(key)?.related ?? []) loaded.add(related);
    const objects = (key: ObjectKey) => {
      if (!loaded.has(key)) throw new Error(`${key} was not loaded`);
      return this.states.get(key) ?? null;
    };
    return decide(facts, { books: this.books, objects });
  }

  book(...facts: CanonicalEvent[]): Decision {
    const decision = this.decide(...facts);
    if (decision.outcome !== 'booked') return decision;
    for (const state of decision.objects) this.states.set(state.key, state);
    for (const entry of decision.entries) {
      const off = imbalances(entry.lines);
      if (off.length > 0) throw new Error(`off balance: ${JSON.stringify(off)}`);
    }
    this.entries.push(...decision.entries);
    this.documents.push(...decision.documents);
    return decision;
  }

  /** Balances of accounts in one currency, zero ones left out. */
  balances(code: string): Record<string, number> {
    return this.#sum(
      (line) => (line.currency === code ? line.amount : 0),
      (line) => line.account,
    );
  }

  /** Balances in the entity's currency. */
  base(): Record<string, number> {
    return this.#sum(
      (line) => line.base,
      (line) => line.account,
    );
  }

  /** By account and currency, as the month's end sees it: everything scheduled up to `until` is recognised. */
  recognised(until: IsoDate): Record<string, number> {
    const totals = this.#sum(
      (line) => line.amount,
      (line) => `${line.account} ${line.currency}`,
    );
    for (const entry of this.entries) {
      for (const slice of entry.deferrals) {
        if (slice.period > until) continue;
        const code = slice.currency;
        const move = (key: string, amount: number) => {
          totals[key] = (totals[key] ?? 0) + amount;
        };
        move(`${slice.deferredAccount} ${code}`, slice.amount);
        move(`${slice.revenueAccount} ${code}`, -slice.amount);
      }
    }
    return Object.fromEntries(Object.entries(totals).filter(([, amount]) => amount !== 0));
  }

  /** What is open for a month, by currency and accounts: what a recognition run is given. */
  openFor(period: IsoDate): DeferralSlice[] {
    const open = new Map<string, DeferralSlice>();
    for (const slice of this.entries.flatMap((entry) => entry.deferrals)) {
      if (slice.period !== period) continue;
      const own = [slice.currency, slice.revenueAccount, slice.deferredAccount].join(' ');
      const known = open.get(own);
      const [amount, base] = [slice.amount + (known?.amount ?? 0), slice.base + (known?.base ?? 0)];
      open.set(own, { ...slice, line: '', amount: minorUnits(amount), base: minorUnits(base) });
    }
    return [...open.values()];
  }

  /** Scheduled revenue by period over all entries. */
  schedule(): Record<string, number> {
    const totals: Record<string, number> = {};
    for (const slice of this.entries.flatMap((entry) => entry.deferrals)) {
      totals[slice.period] = (totals[slice.period] ?? 0) + slice.amount;
    }
    return Object.fromEntries(Object.entries(totals).filter(([, amount]) => amount !== 0));
  }

  state<K extends ObjectState['kind']>(key: ObjectKey, kind: K): Extract<ObjectState, { kind: K }> {
    const state = this.states.get(key);
    const isKind = (it: ObjectState | undefined): it is Extract<ObjectState, { kind: K }> => it?.kind === kind;
    if (!isKind(state)) throw new Error(`${key} is no ${kind}`);
    return state;
  }

  document<K extends TargetDocument['kind']>(key: string, kind: K): Extract<TargetDocument, { kind: K }> {
    const document = this.documents.find((candidate) => candidate.key === key);
    const isKind = (it: TargetDocument | undefined): it is Extract<TargetDocument, { kind: K }> => it?.kind === kind;
    if (!isKind(document)) {
      throw new Error(`no ${kind} ${key} among ${this.documents.map((it) => it.key).join(', ')}`);
    }
    return document;
  }

  #sum(of: (line: DraftEntry['lines'][number]) => number, by: (line: DraftEntry['lines'][number]) => string) {
    const totals: Record<string, number> = {};
    for (const line of this.entries.flatMap((entry) => entry.lines)) {
      totals[by(line)] = (totals[by(line)] ?? 0) + of(line);
    }
    return Object.fromEntries(Object.entries(totals).filter(([, amount]) => amount !== 0));
  }
}

/** The lines a target that reconciles exchange differences itself is sent. */
export const withoutExchangeDifference = (document: EntryDocument) =>
  document.lines.filter((line) => !line.exchangeDifference);

export const at = (text: string): number => Date.parse(`${text}T12:00:00Z`);
export const key = (kind: string, id: string): ObjectKey => objectKey('stripe', kind, id);
export const m = minorUnits;
export const alice = key('customer', 'cus_a');
export const inv = (id: string) => key('invoice', id);
export const pay = (id: string) => key('payment', id);

export const quoted = (from: string, to: string, date: string, value: string): ExchangeRate => ({
  from: currency(from),
  to: currency(to),
  date: isoDate(date),
  rate: rate(value),
  source: 'test',
});

export function line(id: string, net: number, over: Partial<InvoiceLine> = {}): InvoiceLine {
  return {
    id,
    description: `Line ${id}`,
    product: null,
    quantity: '1',
    net: m(net),
    discount: m(0),
    taxes: [],
    period: null,
    proration: false,
    ...over,
  };
}

export const vat = (amount: number, code = 'FR-20') => ({ code, amount: m(amount), inclusive: false, percent: '20' });
export const span = (start: string, end: string) => ({
  start: Date.parse(`${start}T00:00:00+01:00`),
  end: Date.parse(`${end}T00:00:00+01:00`),
});

const totalOf = (lines: readonly InvoiceLine[]) =>
  m(lines.reduce((sum, it) => sum + it.taxes.reduce((part, tax) => part + tax.amount, it.net as number), 0));

export function issue(
  id: string,
  date: string,
  lines: readonly InvoiceLine[],
  over: Partial<FactOf<'invoice.issued'>> = {},
): FactOf<'invoice.issued'> {
  return {
    kind: 'invoice.issued',
    occurredAt: at(date),
    requires: [],
    invoice: inv(id),
    customer: alice,
    number: `N-${id}`,
    currency: currency('EUR'),
    lines,
    total: totalOf(lines),
    creditApplied: m(0),
    dueAt: null,
    billedTo: { name: 'Alice', email: null },
    ...over,
  };
}

export function settled(gross: number, fee = 0, over: Partial<Settlement> = {}): Settlement {
  const feeTax = over.feeTax ?? m(0);
  return {
    currency: currency('EUR'),
    gross: m(gross),
    fee: m(fee),
    feeTax,
    net: m(gross - fee - feeTax),
    exchangeRate: null,
    reference: 'txn_1',
    ...over,
  };
}

export function capture(
  id: string,
  date: string,
  amount: number,
  over: Partial<FactOf<'payment.captured'>> = {},
): FactOf<'payment.captured'> {
  return {
    kind: 'payment.captured',
    occurredAt: at(date),
    requires: [],
    payment: pay(id),
    customer: alice,
    invoice: null,
    currency: currency('EUR'),
    amount: m(amount),
    settlement: settled(amount),
    ...over,
  };
}

export function refund(
  id: string,
  date: string,
  payment: string,
  cumulative: number,
  over: Partial<FactOf<'refund.paid'>> = {},
): FactOf<'refund.paid'> {
  return {
    kind: 'refund.paid',
    occurredAt: at(date),
    requires: [],
    refund: key('refund', id),
    payment: pay(payment),
    invoice: null,
    customer: alice,
    currency: currency('EUR'),
    cumulative: m(cumulative),
    creditNote: null,
    settlement: null,
    ...over,
  };
}

type Settling = Partial<
  Pick<FactOf<'credit_note.issued'>, 'reducesReceivable' | 'refunded' | 'creditedToBalance' | 'paidOutOfBand'>
>;

export function credit(
  id: string,
  date: string,
  invoice: string,
  lines: readonly InvoiceLine[],
  settling: Settling = {},
): FactOf<'credit_note.issued'> {
  const total = totalOf(lines);
  const named = Object.keys(settling).length > 0;
  return {
    kind: 'credit_note.issued',
    occurredAt: at(date),
    requires: [],
    creditNote: key('credit_note', id),
    invoice: inv(invoice),
    customer: alice,
    number: `CN-${id}`,
    currency: currency('EUR'),
    lines,
    total,
    reducesReceivable: named ? m(0) : total,
    refunded: m(0),
    creditedToBalance: m(0),
    paidOutOfBand: m(0),
    ...settling,
  };
}

export const voided = (id: string, date: string): FactOf<'invoice.voided'> => ({
  kind: 'invoice.voided',
  occurredAt: at(date),
  requires: [],
  invoice: inv(id),
  customer: alice,
});

export const writtenOff = (
  id: string,
  date: string,
  remaining: number | null = null,
): FactOf<'invoice.written_off'> => ({
  kind: 'invoice.written_off',
  occurredAt: at(date),
  requires: [],
  invoice: inv(id),
  customer: alice,
  remaining: remaining === null ? null : m(remaining),
  currency: currency('EUR'),
});

export function dispute<K extends 'dispute.withdrawn' | 'dispute.won'>(
  kind: K,
  date: string,
  amount: number,
  settlement: Settlement | null,
) {
  return {
    kind,
    occurredAt: at(date),
    requires: [],
    dispute: key('dispute', 'dp_1'),
    payment: pay('p1'),
    customer: alice,
    currency: currency('EUR'),
    amount: m(amount),
    settlement,
  };
}
