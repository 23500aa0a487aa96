import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CanonicalEvent } from '../../../src/canonical/events.ts';
import { currency } from '../../../src/canonical/money.ts';
import type { BookedEntry } from '../../../src/ledger/entry-pages.ts';
import { type AnnouncedPayout, ClearingStatement, checkPayout } from '../../../src/ledger/statements/clearing.ts';
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
} from '../../canonical/rules/books.ts';
import { announcedOf, bookedEntries, generatedBooks } from '../generated-books.ts';

function proof(entries: readonly BookedEntry[], payouts: readonly AnnouncedPayout[]) {
  const statement = new ClearingStatement();
  for (const entry of entries) statement.add(entry);
  for (const payout of payouts) statement.listed(payout);
  expect(statement.refusal).toBeNull();
  return { ...statement.result(), payouts: statement.payouts };
}

const usd = currency('USD');
const rates = [quoted('USD', 'EUR', '2026-01-01', '0.9'), quoted('USD', 'EUR', '2026-01-05', '0.95')];
type Listed = NonNullable<Extract<CanonicalEvent, { kind: 'payout.sent' }>['transactions']>;

const paidOut = (id: string, date: string, amount: number, transactions: Listed | null) => ({
  kind: 'payout.sent' as const,
  occurredAt: Date.parse(`${date}T12:00:00Z`),
  requires: [],
  payout: key('payout', id),
  currency: currency('EUR'),
  amount: m(amount),
  arrivesAt: null,
  transactions,
});

/** The proof of these facts, payouts included. */
function proven(...facts: readonly CanonicalEvent[]) {
  const desk = new Desk({ rates });
  for (const fact of facts) expect(desk.book(fact).outcome).toBe('booked');
  const payouts = facts.flatMap((fact) => (fact.kind === 'payout.sent' ? [announcedOf(desk, fact)] : []));
  return proof(bookedEntries(desk), payouts);
}

/** What is open on the accounts of one role, in words. */
const open = ({ accounts }: ReturnType<typeof proven>, role = 'clearing') =>
  accounts.flatMap(({ currency: code, items }) =>
    items.filter((it) => it.role === role).map((it) => `${it.item} ${it.amount} ${code} since ${it.since}`),
  );

describe('a clearing account', () => {
  it('is explained by its open items on any books, before and after payouts are looked into', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seed) => {
        const { entries, payouts } = generatedBooks(seed);
        for (const { accounts } of [proof(entries, []), proof(entries, payouts)]) {
          for (const it of accounts) {
            const items = it.items.reduce((sum, { amount }) => sum + amount, 0);
            const base = it.items.reduce((sum, item) => sum + item.base, it.closedBase);
            expect([it.balance, it.baseBalance, it.unexplained, it.baseUnexplained]).toEqual([items, base, 0, 0]);
          }
        }
      }),
      { numRuns: 15 },
    );
  });

  it('has no open payout whose list adds up', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { entries, payouts } = generatedBooks(seed);
      const found = proof(entries, payouts);
      const told = new Set(payouts.filter(({ transactions }) => transactions !== null).map(({ payout }) => payout));
      expect(open(found).filter((text) => told.has(text.split(' ')[0] ?? ''))).toEqual([]);
      for (const booked of found.payouts) {
        const announced = payouts.find(({ payout }) => payout === booked.payout);
        if (announced === undefined) throw new Error(`${booked.payout} was never announced`);
        const { listed, amount } = checkPayout(booked, announced);
        expect(listed ?? amount).toBe(amount);
      }
    }
  });

  it('holds a payment until a payout lists it', () => {
    const one = capture('p1', '2026-01-02', 1000, { settlement: settled(1000, 30) });
    const two = capture('p2', '2026-01-03', 500, { settlement: settled(500, 20) });
    expect(open(proven(one, two))).toEqual([
      'stripe:payment:p1 970 EUR since 2026-01-02',
      'stripe:payment:p2 480 EUR since 2026-01-03',
    ]);
    const payout = paidOut('po', '2026-01-05', 970, [{ payment: pay('p1'), settlement: settled(1000, 30) }]);
    expect(open(proven(one, two, payout))).toEqual(['stripe:payment:p2 480 EUR since 2026-01-03']);
  });

  it('closes a payment that was booked gross with the payout that booked its fee', () => {
    const gross = capture('p1', '2026-01-02', 1000, { settlement: null });
    const payout = paidOut('po', '2026-01-05', 970, [{ payment: pay('p1'), settlement: settled(1000, 30) }]);
    expect(open(proven(gross, payout))).toEqual([]);
  });

  it('closes it in both currencies where the payout tells of a conversion', () => {
    const gross = capture('p1', '2026-01-02', 1000, { currency: usd, settlement: null });
    const payout = paidOut('po', '2026-01-05', 880, [{ payment: pay('p1'), settlement: settled(900, 20) }]);
    const found = proven(gross, payout);
    expect(open(found)).toEqual([]);
    expect(found.accounts.every(({ unexplained, baseUnexplained }) => unexplained === 0 && baseUnexplained === 0)).toBe(
      true,
    );
  });

  it('keeps a refund under its payment until a later payout lists it', () => {
    const one = capture('p1', '2026-01-02', 1000);
    const back = refund('r1', '2026-01-06', 'p1', 400, { amount: m(400), settlement: settled(-400) });
    const first = paidOut('po1', '2026-01-05', 1000, [{ payment: pay('p1'), settlement: settled(1000) }]);
    expect(open(proven(one, first, back))).toEqual(['stripe:payment:p1 -400 EUR since 2026-01-02']);
    const second = paidOut('po2', '2026-01-07', -400, [{ payment: pay('p1'), settlement: settled(-400) }]);
    expect(open(proven(one, first, back, second))).toEqual([]);
  });

  it('names what a payout lists and the books do not have, and a payout without a list', () => {
    const lost = paidOut('po1', '2026-01-05', 970, [{ payment: pay('p9'), settlement: settled(1000, 30) }]);
    expect(open(proven(lost))).toEqual(['stripe:payment:p9 -970 EUR since 2026-01-05']);
    expect(open(proven(paidOut('po2', '2026-01-05', 970, null)))).toEqual([
      'stripe:payout:po2 -970 EUR since 2026-01-05',
    ]);
  });

  it('leaves an exchange difference in base beside the open items, not among them', () => {
    const one = capture('p1', '2026-01-02', 1000, { currency: usd, settlement: settled(1000, 0, { currency: usd }) });
    const payout = {
      ...paidOut('po', '2026-01-05', 1000, [{ payment: pay('p1'), settlement: settled(1000, 0, { currency: usd }) }]),
      currency: usd,
    };
    const [account] = proven(one, payout).accounts.filter((it) => it.account === 'clearing');
    expect(account).toMatchObject({ balance: 0, items: [], baseBalance: -50, closedBase: -50, baseUnexplained: 0 });
  });

  it('says what is on it that was booked as something else', () => {
    const [entry] = bookedEntries(deskWith(capture('p1', '2026-01-02', 1000)));
    if (entry === undefined) throw new Error('nothing was booked');
    const stray = entry.lines.map((it) => ({ ...it, role: 'fees' as const, account: 'clearing' }));
    const [account] = proof([entry, { ...entry, lines: stray.slice(0, 1) }], []).accounts;
    expect(account).toMatchObject({ balance: 2000, unexplained: 1000 });
  });
});

const deskWith = (fact: CanonicalEvent): Desk => {
  const desk = new Desk();
  desk.book(fact);
  return desk;
};

describe('the other accounts that come to nothing', () => {
  const invoice = issue('i1', '2026-01-01', [line('l', 1000)]);
  const paid = capture('p1', '2026-01-02', 1000, { invoice: inv('i1') });

  it('clear a refund under its credit note', () => {
    const note = credit('c1', '2026-01-03', 'i1', [line('l', 300)], { refunded: m(300) });
    expect(open(proven(invoice, paid, note), 'refundClearing')).toEqual([
      'stripe:credit_note:c1 -300 EUR since 2026-01-03',
    ]);
    const back = refund('r1', '2026-01-04', 'p1', 300, { creditNote: key('credit_note', 'c1') });
    expect(open(proven(invoice, paid, note, back), 'refundClearing')).toEqual([]);
  });

  it('hold credit under its customer, an overpayment under its invoice, a payout on its way under itself', () => {
    const note = credit('c1', '2026-01-03', 'i1', [line('l', 300)], { creditedToBalance: m(300) });
    expect(open(proven(invoice, paid, note), 'customerCredit')).toEqual([
      'stripe:customer:cus_a -300 EUR since 2026-01-03',
    ]);
    const twice = capture('p2', '2026-01-04', 200, { invoice: inv('i1') });
    expect(open(proven(invoice, paid, twice), 'unapplied')).toEqual(['stripe:invoice:i1 -200 EUR since 2026-01-04']);
    expect(open(proven(paidOut('po', '2026-01-05', 970, null)), 'bankInTransit')).toEqual([
      'stripe:payout:po 970 EUR since 2026-01-05',
    ]);
  });

  it('close unapplied money under its payment when it is assigned', () => {
    const free = capture('p3', '2026-01-02', 400);
    expect(open(proven(free), 'unapplied')).toEqual(['stripe:payment:p3 -400 EUR since 2026-01-02']);
    const back = refund('r3', '2026-01-04', 'p3', 400, { amount: m(400) });
    expect(open(proven(free, back), 'unapplied')).toEqual([]);
  });
});

describe('the processor’s balance', () => {
  it('is told by source and currency', () => {
    expect(proven(capture('p1', '2026-01-02', 1000, { settlement: settled(1000, 30) })).sources).toEqual([
      { source: 'stripe', currency: 'EUR', balance: 970 },
    ]);
  });
});
