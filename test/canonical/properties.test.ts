/** Generated customer lives: what must hold whatever happened, in whatever order it arrived. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeferralSlice } from '../../src/canonical/entry.ts';
import type { CanonicalEvent, Settlement } from '../../src/canonical/events.ts';
import { isoDate } from '../../src/canonical/ids.ts';
import { currency } from '../../src/canonical/money.ts';
import type { ObjectState } from '../../src/canonical/objects.ts';
import {
  alice,
  capture,
  credit,
  Desk,
  dispute,
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
  voided,
  writtenOff,
} from './rules/books.ts';
import { expectDeferredIsScheduled, recogniseAll, schedules } from './rules/recognising.ts';

const dayMs = 86_400_000;
const dateOf = (day: number) => new Date(Date.parse('2026-01-01') + day * dayMs).toISOString().slice(0, 10);
const percent = (value: number, of: number) => Math.floor((of * value) / 100);

const day = fc.integer({ min: 0, max: 119 });
const lineShape = fc.record({
  net: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 1, max: 100_000 }) }, fc.integer({ min: -2000, max: 0 })),
  taxed: fc.boolean(),
  days: fc.constantFrom(0, 0, 10, 31, 90, 365),
  discount: fc.constantFrom(0, 0, 50),
});
const refundShape = fc.record({ day, part: fc.integer({ min: 1, max: 50 }), returned: fc.option(day, { freq: 4 }) });
const paymentShape = fc.record({
  day,
  part: fc.integer({ min: 1, max: 130 }),
  fee: fc.integer({ min: 0, max: 300 }),
  settledIn: fc.constantFrom('same', 'unknown', 'EUR'),
  assigned: fc.constantFrom('captured', 'applied'),
  refunds: fc.array(refundShape, { maxLength: 2 }),
});
const creditShape = fc.record({
  day,
  part: fc.integer({ min: 1, max: 60 }),
  line: fc.nat({ max: 3 }),
  how: fc.constantFrom('reducesReceivable', 'refunded', 'creditedToBalance', 'paidOutOfBand'),
  voided: fc.option(day, { freq: 4 }),
});
const invoiceShape = fc.record({
  day,
  lines: fc.array(lineShape, { minLength: 1, maxLength: 3 }),
  payments: fc.array(paymentShape, { maxLength: 2 }),
  credits: fc.array(creditShape, { maxLength: 2 }),
  voided: fc.option(day, { freq: 4 }),
  writtenOff: fc.option(day, { freq: 4 }),
});
const disputeShape = fc.record({ day, amount: fc.integer({ min: 1, max: 5000 }), won: fc.boolean() });
const life = fc.record({
  currency: fc.constantFrom('EUR', 'EUR', 'JPY', 'KWD'),
  discounts: fc.constantFrom<'net' | 'gross'>('net', 'gross'),
  invoices: fc.array(invoiceShape, { minLength: 1, maxLength: 2 }),
  dispute: fc.option(disputeShape),
});
type Life = typeof life extends fc.Arbitrary<infer T> ? T : never;
type InvoiceShape = Life['invoices'][number];

const weekly = Array.from({ length: 30 }, (_, week) => week * 5).flatMap((at) => [
  quoted('JPY', 'EUR', dateOf(at), `0.00${60 + (at % 7)}`),
  quoted('EUR', 'KWD', dateOf(at), `0.3${30 + (at % 11)}`),
]);

const settlementOf = (shape: InvoiceShape['payments'][number], code: string, amount: number): Settlement | null => {
  if (shape.settledIn === 'unknown') return null;
  if (shape.settledIn === 'same' || code === 'EUR') return settled(amount, shape.fee, { currency: currency(code) });
  return settled(amount * 2 + 1, shape.fee);
};

function paymentFacts(shape: InvoiceShape['payments'][number], id: string, invoice: string, of: Life, total: number) {
  const facts: CanonicalEvent[] = [];
  const code = { currency: currency(of.currency) };
  const amount = Math.max(1, percent(shape.part, total));
  const captured = { ...code, settlement: settlementOf(shape, of.currency, amount) };
  if (shape.assigned === 'captured') {
    const fact = capture(id, dateOf(shape.day), amount, {
      ...captured,
      invoice: inv(invoice),
      requires: [inv(invoice)],
    });
    facts.push(fact);
  } else {
    const occurredAt = Date.parse(`${dateOf(shape.day)}T13:00:00Z`);
    const requires = [pay(id), inv(invoice)];
    facts.push(capture(id, dateOf(shape.day), amount, captured));
    facts.push({
      ...{ kind: 'payment.applied', occurredAt, requires, payment: pay(id), invoice: inv(invoice), customer: alice },
      ...{ ...code, amount: m(amount) },
    });
  }
  let cumulative = 0;
  shape.refunds.forEach((part, index) => {
    const own = percent(part.part, amount);
    if (own === 0) return;
    cumulative += own;
    const fact = { ...code, amount: m(own), requires: [pay(id)] };
    facts.push(refund(`${id}r${index}`, dateOf(part.day), id, cumulative, fact));
    if (part.returned === null) return;
    const bounced = { refund: key('refund', `${id}r${index}`), payment: pay(id), customer: alice, amount: m(own) };
    const occurredAt = Date.parse(`${dateOf(part.returned)}T12:00:00Z`);
    facts.push({ kind: 'refund.reversed', occurredAt, requires: [bounced.refund], ...bounced, ...code });
  });
  return facts;
}

function creditFacts(
  shape: InvoiceShape['credits'][number],
  id: string,
  index: number,
  invoice: InvoiceShape,
  of: Life,
) {
  const at = shape.line % (invoice.lines.length + 1);
  const source = invoice.lines[at] ?? invoice.lines[0];
  const net = percent(shape.part, Math.max(source?.net ?? 0, 0));
  if (net === 0) return [];
  const taxes = source?.taxed === true ? [vat(percent(20, net))] : [];
  const total = net + (taxes[0]?.amount ?? 0);
  // A line id the invoice does not know is spread over all its lines.
  const lines = [line(`l${at}`, net, { taxes, discount: m(source?.discount ?? 0) })];
  const cn = credit(`${id}c${index}`, dateOf(shape.day), id, lines, { [shape.how]: m(total) });
  const facts: CanonicalEvent[] = [{ ...cn, currency: currency(of.currency), requires: [inv(id)] }];
  if (shape.voided !== null) {
    const occurredAt = Date.parse(`${dateOf(shape.voided)}T12:00:00Z`);
    const { creditNote } = cn;
    facts.push({
      ...{
        kind: 'credit_note.voided',
        occurredAt,
        requires: [creditNote],
        creditNote,
        invoice: inv(id),
        customer: alice,
      },
    });
  }
  return facts;
}

function invoiceFacts(shape: InvoiceShape, id: string, of: Life): CanonicalEvent[] {
  const lines = shape.lines.map((it, index) => {
    const start = Date.parse(`${dateOf(shape.day)}T00:00:00Z`);
    const period = it.days === 0 ? null : { start, end: start + it.days * dayMs };
    const taxes = it.taxed ? [vat(percent(20, it.net))] : [];
    return line(`l${index}`, it.net, { period, taxes, discount: m(it.net > 0 ? it.discount : 0) });
  });
  const fact = issue(id, dateOf(shape.day), lines, { currency: currency(of.currency) });
  const facts: CanonicalEvent[] = [fact];
  if (fact.total > 0) {
    shape.payments.forEach((it, index) => {
      facts.push(...paymentFacts(it, `${id}p${index}`, id, of, fact.total));
    });
  }
  shape.credits.forEach((it, index) => {
    facts.push(...creditFacts(it, id, index, shape, of));
  });
  const requires = [inv(id)];
  if (shape.voided !== null) facts.push({ ...voided(id, dateOf(shape.voided)), requires });
  if (shape.writtenOff !== null) {
    facts.push({ ...writtenOff(id, dateOf(shape.writtenOff)), requires, currency: currency(of.currency) });
  }
  return facts;
}

function factsOf(of: Life): CanonicalEvent[] {
  const facts = of.invoices.flatMap((shape, index) => invoiceFacts(shape, `i${index}`, of));
  if (of.dispute === null) return facts;
  const { amount } = of.dispute;
  const code = { currency: currency(of.currency) };
  const out = settled(-amount, 15, code);
  facts.push({ ...dispute('dispute.withdrawn', dateOf(of.dispute.day), amount, out), ...code });
  const closing = dispute('dispute.won', dateOf(of.dispute.day + 5), amount, settled(amount, 0, code));
  const { settlement: _, ...lost } = { ...closing, ...code };
  facts.push(of.dispute.won ? { ...closing, ...code } : { ...lost, kind: 'dispute.lost' });
  return facts;
}

const recognition = fc.constantFrom<'daily' | 'monthly'>('daily', 'monthly');
const deskFor = (of: Life, recognised: 'daily' | 'monthly' = 'daily') =>
  new Desk({ rates: weekly, policy: { discounts: of.discounts, recognition: recognised } });

/** Books in the order given; what has to wait is tried again after the others, as its lane would. */
function bookAll(desk: Desk, facts: readonly CanonicalEvent[], afterEach: () => void = () => {}): void {
  let waiting = [...facts];
  for (let pass = 0; pass <= facts.length && waiting.length > 0; pass += 1) {
    waiting = waiting.filter((fact) => {
      const decision = desk.book(fact);
      if (decision.outcome === 'exception') throw new Error(`${fact.kind}: ${decision.exception.message}`);
      if (decision.outcome !== 'wait') afterEach();
      return decision.outcome === 'wait';
    });
  }
  if (waiting.length > 0) throw new Error(`still waiting: ${waiting.map((fact) => fact.kind).join(', ')}`);
}

const states = <K extends ObjectState['kind']>(desk: Desk, kind: K) =>
  [...desk.states.values()].filter((state): state is Extract<ObjectState, { kind: K }> => state.kind === kind);
const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0);

/** The first day of the months since January 2026, which is 1. */
const monthNumber = (number: number) => isoDate(new Date(Date.UTC(2026, number - 1, 1)).toISOString().slice(0, 10));
const sumAfter = (slices: readonly DeferralSlice[], last: string, pick: (slice: DeferralSlice) => number) =>
  sum(slices.filter(({ period }) => period > last).map(pick));

/** What the facts say the processor's balance changed by, by currency. */
function processorMovements(facts: readonly CanonicalEvent[]): Record<string, number> {
  const moved: Record<string, number> = {};
  const add = (code: string, amount: number) => {
    moved[code] = (moved[code] ?? 0) + amount;
  };
  for (const fact of facts) {
    if (fact.kind === 'refund.paid') add(fact.currency, -(fact.amount ?? 0));
    if (fact.kind === 'refund.reversed') add(fact.currency, fact.amount);
    if (fact.kind !== 'payment.captured' && fact.kind !== 'dispute.withdrawn' && fact.kind !== 'dispute.won') continue;
    if (fact.settlement === null) add(fact.currency, fact.kind === 'dispute.withdrawn' ? -fact.amount : fact.amount);
    else add(fact.settlement.currency, fact.settlement.net);
  }
  return moved;
}

const lifeAndOrder = life.chain((of) => {
  const facts = factsOf(of);
  return fc.record({
    of: fc.constant(of),
    facts: fc.constant(facts),
    order: fc.shuffledSubarray(facts, { minLength: facts.length }),
  });
});

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

  it('moves clearing by exactly what the processor moved', () => {
    fc.assert(
      fc.property(lifeAndOrder, ({ of, facts }) => {
        const desk = deskFor(of);
        bookAll(desk, facts);
        for (const [code, moved] of Object.entries(processorMovements(facts))) {
          expect(desk.balances(code).clearing ?? 0).toBe(moved);
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

  it('holds deferred revenue at exactly what its schedules hold, whatever is recognised in between', () => {
    const run = fc.record({ after: fc.nat({ max: 40 }), until: fc.integer({ min: 1, max: 6 }) });
    const arbitrary = fc.record({ life: lifeAndOrder, runs: fc.array(run, { maxLength: 4 }), recognition });
    fc.assert(
      fc.property(arbitrary, ({ life: { of, facts, order }, runs, recognition }) => {
        const [straight, interleaved] = [deskFor(of, recognition), deskFor(of, recognition)];
        bookAll(straight, facts);
        let booked = 0;
        bookAll(interleaved, order, () => {
          expectDeferredIsScheduled(interleaved);
          for (const { until } of runs.filter(({ after }) => after === booked)) {
            recogniseAll(interleaved, monthNumber(until), `run-${booked}`);
            expectDeferredIsScheduled(interleaved);
          }
          booked += 1;
        });
        const last = monthNumber(6);
        recogniseAll(interleaved, last, 'last');
        expectDeferredIsScheduled(interleaved);
        expect(interleaved.recognised(last)).toEqual(straight.recognised(last));
        const planned = states(interleaved, 'invoice').flatMap((it) => it.deferrals);
        const left = schedules(interleaved);
        expect(left.filter(({ period }) => period <= last)).toEqual([]);
        expect(sum(left.map(({ amount }) => amount))).toBe(sumAfter(planned, last, (slice) => slice.amount));
        expect(sum(left.map(({ base }) => base))).toBe(sumAfter(planned, last, (slice) => slice.base));
        const entries = interleaved.entries.length;
        recogniseAll(interleaved, last, 'last');
        recogniseAll(interleaved, last, 'once-more');
        expect(interleaved.entries).toHaveLength(entries);
      }),
      { numRuns: 200 },
    );
  });
});
