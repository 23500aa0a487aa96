/**
 * Books of a generated history in several currencies: invoices with taxes and service periods, payments that are settled at
 * once, later or in another currency, refunds, credit notes, disputes, payouts. The same seed, the same books.
 */
import type { CanonicalEvent, PayoutSent, Settlement } from '../../src/canonical/events.ts';
import { type ObjectKey, objectKey } from '../../src/canonical/ids.ts';
import { type Currency, currency } from '../../src/canonical/money.ts';
import type { BookedEntry } from '../../src/ledger/entry-pages.ts';
import type { AnnouncedPayout } from '../../src/ledger/statements/clearing.ts';
import type { Statement } from '../../src/ledger/statements/statement.ts';
import {
  capture,
  credit,
  Desk,
  inv,
  issue,
  key,
  line,
  m,
  pay,
  quoted,
  refund,
  settled,
  vat,
} from '../canonical/rules/books.ts';
import { Random } from '../simulation/random.ts';

const DAY = 86_400_000;
const START = Date.parse('2026-01-01');
export const dateOf = (day: number): string => new Date(START + day * DAY).toISOString().slice(0, 10);

/** Units of the entity's currency per unit, by entity currency; each moves a little from week to week. */
const rates: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  EUR: { USD: '0.92', JPY: '0.0061', KWD: '2.98' },
  JPY: { USD: '151.3', EUR: '163.7', KWD: '489.1' },
};
const ratesOf = (base: string) =>
  Object.entries(rates[base] ?? {}).flatMap(([from, rate]) =>
    Array.from({ length: 40 }, (_, at) => quoted(from, base, dateOf(at * 5), `${rate}${at % 9}`)),
  );

type Listed = NonNullable<PayoutSent['transactions']>[number];

class History {
  readonly facts: CanonicalEvent[] = [];
  /** By settlement currency: what no payout has listed yet. */
  readonly unpaid = new Map<string, Listed[]>();
  readonly #random: Random;
  readonly #base: string;

  constructor(random: Random, base: string) {
    this.#random = random;
    this.#base = base;
  }

  customer(number: number): ObjectKey {
    return objectKey('stripe', 'customer', `cus_${number}`);
  }

  list(payment: ObjectKey, settlement: Settlement): void {
    const list = this.unpaid.get(settlement.currency) ?? [];
    list.push({ payment, settlement });
    this.unpaid.set(settlement.currency, list);
  }

  invoice(n: number): void {
    const random = this.#random;
    const code = currency(random.pick(['EUR', 'USD', 'JPY', 'KWD']));
    const customer = this.customer(random.between(1, 4));
    const day = random.between(0, 60);
    const at = Date.parse(`${dateOf(day)}T00:00:00Z`);
    const codes = ['FR-20', 'DE-19'];
    const lines = Array.from({ length: random.between(1, 3) }, (_, index) => {
      const net = random.between(100, 90_000);
      const period = random.chance(0.4) ? { start: at, end: at + random.between(20, 200) * DAY } : null;
      const taxes = random.chance(0.6) ? [vat(Math.floor(net / 5), random.pick(codes))] : [];
      return line(`l${index}`, net, { period, taxes });
    });
    const dueAt = random.chance(0.6) ? at + random.between(5, 60) * DAY : null;
    const issued = issue(`i${n}`, dateOf(day), lines, { currency: code, customer, dueAt });
    this.facts.push(issued);
    if (random.chance(0.2)) this.creditNote(n, day, lines[0]?.net ?? 0, customer, code);
    if (random.chance(0.75)) this.payment(n, day + random.between(0, 20), issued.total, customer, code);
  }

  private creditNote(n: number, day: number, net: number, customer: ObjectKey, code: Currency): void {
    const part = Math.max(1, Math.floor(net / 4));
    const how = this.#random.pick(['reducesReceivable', 'refunded', 'creditedToBalance', 'paidOutOfBand']);
    const note = credit(`c${n}`, dateOf(day + 2), `i${n}`, [line('l0', part)], { [how]: m(part) });
    this.facts.push({ ...note, currency: code, customer, requires: [inv(`i${n}`)] });
  }

  private payment(n: number, day: number, total: number, customer: ObjectKey, code: Currency): void {
    const random = this.#random;
    const amount = Math.max(1, Math.floor((total * random.between(40, 110)) / 100));
    const converted = code !== this.#base && random.chance(0.4);
    const settledIn = currency(converted ? this.#base : code);
    const gross = converted ? Math.max(50, Math.floor(amount / 3)) : amount;
    const fee = Math.min(random.between(0, 30), gross - 1);
    const settlement = settled(gross, fee, {
      currency: settledIn,
      feeTax: m(random.between(0, 1)),
      reference: `t${n}`,
    });
    const payment = pay(`p${n}`);
    const named = random.chance(0.85) ? { invoice: inv(`i${n}`), requires: [inv(`i${n}`)] } : {};
    const known = random.chance(0.7) ? settlement : null;
    const captured = capture(`p${n}`, dateOf(day), amount, { currency: code, customer, settlement: known, ...named });
    this.facts.push(captured);
    this.list(payment, settlement);
    if (random.chance(0.25)) this.refund(n, day, amount, gross, settlement, customer, code);
    else if (random.chance(0.15)) this.dispute(n, day, amount, gross, settlement, customer, code);
  }

  private back(part: number, amount: number, gross: number, at: Settlement): Settlement {
    const out =
      at.currency === this.#base && gross !== amount ? Math.max(1, Math.floor((gross * part) / amount)) : part;
    return settled(-out, 0, { currency: at.currency, feeTax: m(0), reference: `${at.reference}-back` });
  }

  private refund(
    ...[n, day, amount, gross, at, customer, code]: [number, number, number, number, Settlement, ObjectKey, Currency]
  ): void {
    const part = Math.max(1, Math.floor(amount / 3));
    const settlement = this.back(part, amount, gross, at);
    const whose = { customer, currency: code, amount: m(part), settlement, requires: [pay(`p${n}`)] };
    this.facts.push(refund(`r${n}`, dateOf(day + 4), `p${n}`, part, whose));
    if (this.#random.chance(0.7)) this.list(pay(`p${n}`), settlement);
  }

  private dispute(
    ...[n, day, amount, gross, at, customer, code]: [number, number, number, number, Settlement, ObjectKey, Currency]
  ): void {
    const settlement = this.back(amount, amount, gross, at);
    const about = {
      dispute: key('dispute', `d${n}`),
      payment: pay(`p${n}`),
      customer,
      currency: code,
      amount: m(amount),
    };
    const occurredAt = Date.parse(`${dateOf(day + 6)}T12:00:00Z`);
    this.facts.push({ kind: 'dispute.withdrawn', occurredAt, requires: [pay(`p${n}`)], ...about, settlement });
    this.list(about.payment, settlement);
    if (this.#random.chance(0.5))
      this.facts.push({ kind: 'dispute.lost', occurredAt: occurredAt + DAY, requires: [], ...about });
  }

  /** Pays out most of what has gathered, in order; sometimes the list is not to be had. */
  payouts(): void {
    let n = 0;
    for (const [code, all] of this.unpaid) {
      const list = all.slice(0, Math.ceil(all.length * 0.8));
      for (let start = 0; start < list.length; start += 4) {
        const transactions = list.slice(start, start + 4);
        const amount = m(transactions.reduce((sum, { settlement }) => sum + settlement.net, 0));
        const occurredAt = Date.parse(`${dateOf(110 + n)}T12:00:00Z`);
        const about = { payout: key('payout', `po${n++}`), currency: currency(code), amount, arrivesAt: null };
        const told = this.#random.chance(0.9) ? transactions : null;
        this.facts.push({ kind: 'payout.sent', occurredAt, requires: [], ...about, transactions: told });
      }
    }
  }
}

export interface GeneratedBooks {
  readonly desk: Desk;
  readonly entries: readonly BookedEntry[];
  readonly payouts: readonly AnnouncedPayout[];
}

/** @param base the entity's currency. */
export function generatedBooks(seed: number, base: 'EUR' | 'JPY' = 'EUR', invoices = 25): GeneratedBooks {
  const history = new History(new Random(seed), base);
  for (let n = 1; n <= invoices; n++) history.invoice(n);
  history.payouts();
  const desk = new Desk({ currency: currency(base), rates: ratesOf(base), policy: { latePeriod: 'next-open' } });
  const facts = [...history.facts].sort((a, b) => a.occurredAt - b.occurredAt);
  for (const fact of facts) {
    const decision = desk.book(fact);
    if (decision.outcome !== 'booked') throw new Error(`${fact.kind} was not booked: ${JSON.stringify(decision)}`);
  }
  const announced = facts.filter((fact) => fact.kind === 'payout.sent');
  return { desk, entries: bookedEntries(desk), payouts: announced.map((fact) => announcedOf(desk, fact)) };
}

/** What a payout's event said, with what the books made of it. */
export const announcedOf = (desk: Desk, fact: PayoutSent): AnnouncedPayout => ({
  payout: fact.payout,
  currency: fact.currency,
  amount: fact.amount,
  transactions:
    fact.transactions?.map(({ payment, settlement: { currency: code, gross, net } }) => {
      return { item: payment, currency: code, gross, net };
    }) ?? null,
  feesOf: desk.state(fact.payout, 'payout').feesOf,
});

/** A desk's entries as the ledger would hold them, all in one lane. */
export const bookedEntries = (desk: Desk): BookedEntry[] => desk.entries.map(bookedEntry);

function bookedEntry(draft: Desk['entries'][number], index: number): BookedEntry {
  const { deferrals: _, ...entry } = draft;
  const position = index + 1;
  return {
    ...entry,
    ...{ id: `stripe:cus_1#${position}.0`, lane: 'stripe:cus_1', position, part: 0, source: 'stripe' },
    ...{ eventId: `evt_${position}`, bodyHash: 'b'.repeat(64), configVersion: 1, hash: 'c'.repeat(64) },
    bookedAt: new Date(Date.parse(`${draft.date}T10:00:00Z`) + index).toISOString(),
  };
}

/** The statement of these entries. @throws when it is refused. */
export function made<T>(entries: readonly BookedEntry[], statement: Statement<T>): T {
  for (const entry of entries) statement.add(entry);
  if (statement.refusal !== null) throw new Error(statement.refusal);
  return statement.result();
}
