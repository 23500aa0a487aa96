/** Generated customer lives: invoices, payments, refunds, credit notes, disputes and payouts, under any policies. */
import fc from 'fast-check';
import type { Policies } from '../../src/canonical/decision.ts';
import type { CanonicalEvent, Settlement } from '../../src/canonical/events.ts';
import type { ObjectKey } from '../../src/canonical/ids.ts';
import { currency } from '../../src/canonical/money.ts';
import {
  alice,
  at,
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
  voided,
  writtenOff,
} from './rules/books.ts';

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
const disputeShape = fc.record({
  day,
  part: fc.integer({ min: 1, max: 100 }),
  fee: fc.integer({ min: 0, max: 1500 }),
  end: fc.constantFrom('open', 'won', 'lost'),
});
const paymentShape = fc.record({
  day,
  part: fc.integer({ min: 1, max: 130 }),
  fee: fc.integer({ min: 0, max: 300 }),
  settledIn: fc.constantFrom('same', 'unknown', 'EUR'),
  assigned: fc.constantFrom('captured', 'applied'),
  refunds: fc.array(refundShape, { maxLength: 2 }),
  dispute: fc.option(disputeShape, { freq: 3 }),
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
/** A payout takes all that was collected in one currency; it may list it, or come back. */
const payoutShape = fc.record({ day, lists: fc.boolean(), returned: fc.option(day, { freq: 4 }) });
const policyShape: fc.Arbitrary<Partial<Policies>> = fc.record({
  discounts: fc.constantFrom<Policies['discounts'][]>('net', 'gross'),
  feeTax: fc.constantFrom<Policies['feeTax'][]>('reclaim', 'expense'),
  bookDisputesAs: fc.constantFrom<Policies['bookDisputesAs'][]>('receivable', 'expense', 'contra-revenue'),
  feeAt: fc.constantFrom<Policies['feeAt'][]>('charge', 'payout'),
  badDebtTax: fc.constantFrom<Policies['badDebtTax'][]>('expense', 'relief'),
});
const life = fc.record({
  currency: fc.constantFrom('EUR', 'EUR', 'JPY', 'KWD'),
  policy: policyShape,
  invoices: fc.array(invoiceShape, { minLength: 1, maxLength: 2 }),
  payout: fc.option(payoutShape, { freq: 2 }),
});
export type Life = typeof life extends fc.Arbitrary<infer T> ? T : never;
type InvoiceShape = Life['invoices'][number];

const weekly = Array.from({ length: 30 }, (_, week) => week * 5).flatMap((at) => [
  quoted('JPY', 'EUR', dateOf(at), `0.00${60 + (at % 7)}`),
  quoted('EUR', 'KWD', dateOf(at), `0.3${30 + (at % 11)}`),
]);

type PaymentShape = InvoiceShape['payments'][number];

/** What the processor did, whether or not it has said so yet. */
const settlementOf = (shape: PaymentShape, code: string, amount: number): Settlement =>
  shape.settledIn === 'EUR' && code !== 'EUR'
    ? settled(amount * 2 + 1, shape.fee)
    : settled(amount, shape.fee, { currency: currency(code) });

function disputeFacts(shape: PaymentShape, id: string, of: Life, paid: number): CanonicalEvent[] {
  if (shape.dispute === null) return [];
  const { part, fee, end } = shape.dispute;
  const amount = m(Math.max(1, percent(part, paid)));
  const code = currency(of.currency);
  const own = { dispute: key('dispute', `${id}d`), payment: pay(id), customer: alice, currency: code, amount };
  const occurredAt = at(dateOf(shape.dispute.day));
  const later = { occurredAt: occurredAt + 5 * dayMs, requires: [pay(id), own.dispute], ...own };
  const out: CanonicalEvent = {
    ...{ kind: 'dispute.withdrawn', occurredAt, requires: [pay(id)], ...own },
    settlement: settled(-amount, fee, { currency: code }),
  };
  const back = settled(amount, 0, { currency: code });
  if (end === 'won') return [out, { kind: 'dispute.won', ...later, settlement: back }];
  return end === 'lost' ? [out, { kind: 'dispute.lost', ...later }] : [out];
}

function paymentFacts(shape: PaymentShape, id: string, invoice: string, of: Life, total: number) {
  const facts: CanonicalEvent[] = [];
  const code = { currency: currency(of.currency) };
  const amount = Math.max(1, percent(shape.part, total));
  const settlement = shape.settledIn === 'unknown' ? null : settlementOf(shape, of.currency, amount);
  const captured = { ...code, settlement };
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
  facts.push(...disputeFacts(shape, id, of, amount));
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

/** What a payout lists of the payments, by their settlement's currency. */
function payoutFacts(of: Life, facts: readonly CanonicalEvent[]): CanonicalEvent[] {
  if (of.payout === null) return [];
  const { day: on, lists, returned } = of.payout;
  const shapes = new Map(
    of.invoices.flatMap((shape, index) =>
      shape.payments.map((payment, part) => [pay(`i${index}p${part}`), payment] as const),
    ),
  );
  const byCurrency = new Map<string, { payment: ObjectKey; settlement: Settlement }[]>();
  for (const fact of facts) {
    const shape = fact.kind === 'payment.captured' ? shapes.get(fact.payment) : undefined;
    if (fact.kind !== 'payment.captured' || shape === undefined) continue;
    const settlement = settlementOf(shape, fact.currency, fact.amount);
    const own = byCurrency.get(settlement.currency) ?? [];
    byCurrency.set(settlement.currency, [...own, { payment: fact.payment, settlement }]);
  }
  return [...byCurrency].flatMap(([code, transactions]): CanonicalEvent[] => {
    const amount = m(transactions.reduce((sum, { settlement }) => sum + settlement.net, 0));
    const common = { payout: key('payout', code), currency: currency(code), amount };
    const sent: CanonicalEvent = {
      ...{ kind: 'payout.sent', occurredAt: at(dateOf(on)), requires: [], ...common, arrivesAt: null },
      transactions: lists ? transactions : null,
    };
    if (returned === null) return [sent];
    const occurredAt = at(dateOf(Math.max(returned, on)));
    return [sent, { kind: 'payout.returned', occurredAt, requires: [common.payout], ...common }];
  });
}

export function factsOf(of: Life): CanonicalEvent[] {
  const facts = of.invoices.flatMap((shape, index) => invoiceFacts(shape, `i${index}`, of));
  return [...facts, ...payoutFacts(of, facts)];
}

export const deskFor = (of: Life) => new Desk({ rates: weekly, policy: of.policy });

export const lifeAndOrder = life.chain((of) => {
  const facts = factsOf(of);
  return fc.record({
    of: fc.constant(of),
    facts: fc.constant(facts),
    order: fc.shuffledSubarray(facts, { minLength: facts.length }),
  });
});
