/** Generated customer lives: what must hold whatever happened, in whatever order it arrived, under any policies. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CanonicalEvent, RevenueRecognized, Settlement } from '../../src/canonical/events.ts';
import { isoDate, type ObjectKey } from '../../src/canonical/ids.ts';
import type { ObjectState } from '../../src/canonical/objects.ts';
import { nextMonth } from '../../src/canonical/periods.ts';
import { deskFor, type Life, lifeAndOrder } from './lives.ts';
import { type Desk, key } from './rules/books.ts';

/** Books in the order given; what has to wait is tried again after the others, as its lane would. */
function bookAll(desk: Desk, facts: readonly CanonicalEvent[], after: () => void = () => {}): void {
  let waiting = [...facts];
  for (let pass = 0; pass <= facts.length && waiting.length > 0; pass += 1) {
    waiting = waiting.filter((fact) => {
      const decision = desk.book(fact);
      if (decision.outcome === 'exception') throw new Error(`${fact.kind}: ${decision.exception.message}`);
      if (decision.outcome === 'booked') after();
      return decision.outcome === 'wait';
    });
  }
  if (waiting.length > 0) throw new Error(`still waiting: ${waiting.map((fact) => fact.kind).join(', ')}`);
}

const states = <K extends ObjectState['kind']>(desk: Desk, kind: K) =>
  [...desk.states.values()].filter((state): state is Extract<ObjectState, { kind: K }> => state.kind === kind);
const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0);

/**
 * The processor's balance, kept beside the books by what it did: what it collected less what it has said it kept, what
 * went back, what a bank withdrew, what was paid out. A fee it has not told of, or that waits for a payout that lists it,
 * is not off yet.
 */
function processorBalance(facts: readonly CanonicalEvent[], of: Life): Record<string, number> {
  const balance: Record<string, number> = {};
  const add = (code: string, amount: number) => {
    balance[code] = (balance[code] ?? 0) + amount;
  };
  const listed = new Map<ObjectKey, Settlement>();
  for (const fact of facts) {
    if (fact.kind === 'payout.sent') for (const it of fact.transactions ?? []) listed.set(it.payment, it.settlement);
  }
  for (const fact of facts) {
    switch (fact.kind) {
      case 'payment.captured': {
        const told = listed.get(fact.payment);
        const settlement = told ?? fact.settlement;
        if (settlement === null) add(fact.currency, fact.amount);
        else if (told === undefined && of.policy.feeAt === 'payout') add(settlement.currency, settlement.gross);
        else add(settlement.currency, settlement.net);
        break;
      }
      case 'refund.paid':
        add(fact.currency, -(fact.amount ?? 0));
        break;
      case 'refund.reversed':
      case 'payout.returned':
        add(fact.currency, fact.amount);
        break;
      case 'dispute.withdrawn':
      case 'dispute.won':
        add(fact.currency, fact.settlement?.net ?? 0);
        break;
      case 'payout.sent':
        add(fact.currency, -fact.amount);
        break;
      default:
        break;
    }
  }
  return balance;
}

/** The run for a month, over what is open for it by then. */
const runFor = (desk: Desk, period: ReturnType<typeof isoDate>, run: number): RevenueRecognized => ({
  ...{ kind: 'revenue.recognized', occurredAt: Date.parse(nextMonth(period)), requires: [], period },
  ...{ recognition: key('recognition', `${period}/${run}`), open: desk.openFor(period) },
});

/** Months a generated life may have deferred revenue for. */
const months = Array.from({ length: 20 }, (_, index) =>
  isoDate(`${2026 + Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, '0')}-01`),
);

function expectDeferredIsScheduled(desk: Desk, code: string): void {
  const slices = desk.entries.flatMap((entry) => entry.deferrals);
  expect(0 - (desk.balances(code).deferredRevenue ?? 0)).toBe(sum(slices.map((slice) => slice.amount)));
  expect(0 - (desk.base().deferredRevenue ?? 0)).toBe(sum(slices.map((slice) => slice.base)));
}

const everyPolicy = (['net', 'gross'] as const).flatMap((discounts) =>
  (['reclaim', 'expense'] as const).flatMap((feeTax) =>
    (['receivable', 'expense', 'contra-revenue'] as const).flatMap((bookDisputesAs) =>
      (['charge', 'payout'] as const).flatMap((feeAt) =>
        (['expense', 'relief'] as const).map((badDebtTax) => ({
          ...{ discounts, feeTax, bookDisputesAs, feeAt, badDebtTax },
        })),
      ),
    ),
  ),
);

describe('any customer’s life', () => {
  it('balances every entry, and the sub-ledger agrees with the accounts', () => {
    fc.assert(
      fc.property(lifeAndOrder, ({ of, facts }) => {
        const desk = deskFor(of);
        bookAll(desk, facts);
        const on = desk.balances(of.currency);
        const invoices = states(desk, 'invoice');
        const payments = states(desk, 'payment');
        expect(on.receivable ?? 0).toBe(sum(invoices.map((it) => it.open)));
        expect(0 - (on.unapplied ?? 0)).toBe(
          sum(payments.map((it) => it.unapplied)) + sum(invoices.map((it) => it.overpaid)),
        );
        const open = invoices.flatMap((it) => it.deferrals);
        expect(0 - (on.deferredRevenue ?? 0)).toBe(sum(open.map((slice) => slice.amount)));
        expect(0 - (desk.base().deferredRevenue ?? 0)).toBe(sum(open.map((slice) => slice.base)));
        expect(desk.base().receivable ?? 0).toBe(sum(invoices.map((it) => it.openBase)));
        expect(sum(Object.values(desk.schedule()))).toBe(sum(open.map((slice) => slice.amount)));
      }),
      { numRuns: 150 },
    );
  });

  it('keeps clearing at the processor’s balance', () => {
    fc.assert(
      fc.property(lifeAndOrder, ({ of, facts, order }) => {
        const desk = deskFor(of);
        bookAll(desk, order);
        for (const [code, balance] of Object.entries(processorBalance(facts, of))) {
          expect(desk.balances(code).clearing ?? 0).toBe(balance);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('ends at the same balances in any order of arrival', () => {
    const until = isoDate('2026-05-01');
    fc.assert(
      fc.property(lifeAndOrder, ({ of, facts, order }) => {
        const [straight, shuffled] = [deskFor(of), deskFor(of)];
        bookAll(straight, facts);
        bookAll(shuffled, order);
        expect(shuffled.recognised(until)).toEqual(straight.recognised(until));
        if (of.currency === 'EUR') expect(shuffled.base().receivable).toEqual(straight.base().receivable);
      }),
      { numRuns: 250 },
    );
  });

  it('holds deferred what the schedules hold, through recognition at any moment', () => {
    const end = isoDate('2027-12-01');
    fc.assert(
      fc.property(lifeAndOrder, fc.array(fc.nat({ max: 40 }), { maxLength: 4 }), ({ of, facts, order }, moments) => {
        const [straight, desk] = [deskFor(of), deskFor(of)];
        bookAll(straight, facts);
        let run = 0;
        const recognise = () => {
          for (const month of months) desk.book(runFor(desk, month, run));
          run += 1;
          expectDeferredIsScheduled(desk, of.currency);
        };
        let booked = 0;
        bookAll(desk, order, () => {
          expectDeferredIsScheduled(desk, of.currency);
          if (moments.includes(booked)) recognise();
          booked += 1;
        });
        recognise();
        expect(desk.balances(of.currency).deferredRevenue ?? 0).toBe(0);
        expect(desk.recognised(end)).toEqual(straight.recognised(end));
      }),
      { numRuns: 100 },
    );
  });

  it('books nothing on replay', () => {
    fc.assert(
      fc.property(lifeAndOrder, ({ of, order }) => {
        const desk = deskFor(of);
        bookAll(desk, order);
        const entries = desk.entries.length;
        for (const fact of order) expect(desk.book(fact)).toMatchObject({ outcome: 'nothing' });
        expect(desk.entries).toHaveLength(entries);
      }),
      { numRuns: 100 },
    );
  });

  it('asks a target for balanced documents only, each key once', () => {
    fc.assert(
      fc.property(lifeAndOrder, ({ of, order }) => {
        const desk = deskFor(of);
        bookAll(desk, order);
        const keys = desk.documents.map((document) => document.key);
        expect(new Set(keys).size).toBe(keys.length);
        for (const document of desk.documents) {
          for (const needed of document.dependsOn) expect(keys).toContain(needed);
          if (document.kind !== 'entry') continue;
          const kept = document.lines.filter((it) => !it.exchangeDifference);
          expect(sum(kept.map((it) => it.base))).toBe(0);
          expect(sum(document.lines.map((it) => it.base))).toBe(0);
        }
      }),
      { numRuns: 100 },
    );
  });

  it.each(everyPolicy.map((policy) => [Object.values(policy).join(', '), policy] as const))(
    'holds all of it under %s',
    (_, policy) => {
      fc.assert(
        fc.property(lifeAndOrder, ({ of: drawn, facts, order }) => {
          const of = { ...drawn, policy };
          const [straight, shuffled] = [deskFor(of), deskFor(of)];
          bookAll(straight, facts);
          bookAll(shuffled, order);
          expect(shuffled.recognised(isoDate('2027-12-01'))).toEqual(straight.recognised(isoDate('2027-12-01')));
          const on = shuffled.balances(of.currency);
          expect(on.receivable ?? 0).toBe(sum(states(shuffled, 'invoice').map((it) => it.open)));
          for (const [code, balance] of Object.entries(processorBalance(facts, of))) {
            expect(shuffled.balances(code).clearing ?? 0).toBe(balance);
          }
          expectDeferredIsScheduled(shuffled, of.currency);
          for (const fact of facts) expect(shuffled.book(fact)).toMatchObject({ outcome: 'nothing' });
        }),
        { numRuns: 12 },
      );
    },
  );
});
