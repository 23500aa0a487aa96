/**
 * Where an invoice stands on each account, as a function of the *set* of facts about it. A rule adds its fact to the
 * set and books the difference; so whatever order the facts arrive in, the balances end the same.
 *
 * The facts are folded in the order of their own dates: issue, then credit notes and refunds, then write-off or void.
 * Credit notes, refunds and write-offs take unearned months first (deferred revenue), then earned revenue.
 */
import type { AccountRole } from '../accounts.ts';
import type { IsoDate, ObjectKey } from '../ids.ts';
import { minorUnits } from '../money.ts';
import type { InvoiceCredit, InvoiceState, IssuedLine } from '../objects.ts';
import { type OpenSlice, takeUnearned } from './deferral.ts';
import { share } from './fx.ts';

export type InvoiceFacts = Pick<
  InvoiceState,
  'total' | 'creditApplied' | 'lines' | 'credits' | 'payments' | 'voidedOn' | 'writtenOffOn'
>;

/** An amount on an account; debit positive, in the invoice's currency. */
export interface Position {
  readonly role: AccountRole;
  /** The account it was issued on, where the invoice remembers one. */
  readonly account: string | null;
  /** Tax code on tax positions. */
  readonly tax: string | null;
  /** The issued line it belongs to; null for what belongs to the invoice as a whole. */
  readonly line: string | null;
  readonly amount: number;
}

export interface InvoicePositions {
  readonly positions: readonly Position[];
  readonly slices: readonly OpenSlice[];
  /** What the customer owes: negative when they paid too much. Before a write-off is taken off. */
  readonly owed: number;
}

interface TaxWork {
  readonly code: string;
  readonly account: string;
  amount: number;
}
interface LineWork {
  readonly issued: IssuedLine;
  revenue: number;
  slices: OpenSlice[];
  readonly taxes: TaxWork[];
}
interface Work {
  readonly lines: readonly LineWork[];
  refunds: number;
  refundClearing: number;
  customerCredit: number;
  payable: number;
  /** Refunded so far, for taxes pro rata of the running total. */
  refunded: number;
}

const sum = (amounts: readonly { readonly amount: number }[]) =>
  amounts.reduce((total, { amount }) => total + amount, 0);
const byDateThenKey = (a: { date: IsoDate; key: ObjectKey }, b: { date: IsoDate; key: ObjectKey }) =>
  a.date === b.date ? (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) : a.date < b.date ? -1 : 1;

function issued(facts: InvoiceFacts): Work {
  const lines = facts.lines.map((line): LineWork => {
    const slices = line.slices.map((slice) => ({ line: line.id, ...slice }));
    return {
      issued: line,
      revenue: -(line.net - sum(slices)),
      slices,
      taxes: line.taxes.map((tax) => ({ code: tax.code, account: tax.account, amount: -tax.amount })),
    };
  });
  const none = { refunds: 0, refundClearing: 0, payable: 0, refunded: 0 };
  return { lines, ...none, customerCredit: facts.creditApplied };
}

function takeCredit(work: Work, credit: InvoiceCredit): void {
  for (const part of credit.lines) {
    const line = work.lines.find((candidate) => candidate.issued.id === part.line);
    if (line === undefined) throw new Error(`credit note ${credit.creditNote} takes from a line that was never issued`);
    const { slices, taken } = takeUnearned(line.slices, credit.date, part.net);
    line.slices = slices;
    line.revenue += part.net - taken;
    for (const tax of part.taxes) {
      const known = line.taxes.find((candidate) => candidate.code === tax.code);
      if (known === undefined) line.taxes.push({ code: tax.code, account: tax.account, amount: tax.amount });
      else known.amount += tax.amount;
    }
  }
  work.refundClearing -= credit.refunded;
  work.customerCredit -= credit.creditedToBalance;
  work.payable -= credit.paidOutOfBand;
}

/** A refund without a credit note: tax pro rata of all refunded so far, then unearned months, the rest as contra-revenue. */
function takeRefund(work: Work, facts: InvoiceFacts, date: IsoDate, amount: number): void {
  const [before, after] = [work.refunded, work.refunded + amount].map((refunded) => Math.min(refunded, facts.total));
  let net = amount;
  for (const line of work.lines) {
    line.issued.taxes.forEach((tax, index) => {
      const part = share(tax.amount, after ?? 0, facts.total) - share(tax.amount, before ?? 0, facts.total);
      const open = line.taxes[index];
      if (open !== undefined) open.amount += part;
      net -= part;
    });
  }
  const { slices, taken } = takeUnearned(
    work.lines.flatMap((line) => line.slices),
    date,
    net,
  );
  for (const line of work.lines) line.slices = slices.filter((slice) => slice.line === line.issued.id);
  work.refunds += net - taken;
  work.refunded += amount;
}

/** Everything the invoice still holds is taken back; what was deferred to months gone by runs out through its schedule. */
function takeVoid(work: Work, facts: InvoiceFacts, on: IsoDate): void {
  for (const line of work.lines) {
    const left = sum(line.slices) - line.revenue;
    line.slices = takeUnearned(line.slices, on, left).slices;
    line.revenue = sum(line.slices);
    for (const tax of line.taxes) tax.amount = 0;
  }
  work.refunds = 0;
  work.customerCredit -= facts.creditApplied;
}

function toPositions(work: Work): Position[] {
  const whole = { account: null, tax: null, line: null };
  const ofLines = work.lines.flatMap((line): Position[] => {
    const { id, role, revenueAccount, deferredAccount } = line.issued;
    return [
      { role, account: revenueAccount, tax: null, line: id, amount: line.revenue },
      { role: 'deferredRevenue', account: deferredAccount, tax: null, line: id, amount: -sum(line.slices) },
      ...line.taxes.map(
        (tax): Position => ({ role: 'tax', account: tax.account, tax: tax.code, line: id, amount: tax.amount }),
      ),
    ];
  });
  return [
    { role: 'customerCredit', ...whole, amount: work.customerCredit },
    ...ofLines,
    { role: 'refunds', ...whole, amount: work.refunds },
    { role: 'refundClearing', ...whole, amount: work.refundClearing },
    { role: 'payable', ...whole, amount: work.payable },
  ];
}

/** What was refunded beyond what had been overpaid: only that takes revenue back. Earliest refunds return the overpayment. */
function refundsOfRevenue(facts: InvoiceFacts, overpaid: number) {
  let left = overpaid;
  const refunds = facts.payments.flatMap((payment) =>
    payment.refunds.map(({ object, date, amount }) => ({ key: object, date, amount: amount as number })),
  );
  return refunds.sort(byDateThenKey).map((refund) => {
    const returned = Math.min(left, refund.amount);
    left -= returned;
    return { ...refund, amount: refund.amount - returned };
  });
}

function fold(facts: InvoiceFacts, overpaid: number): Work {
  const work = issued(facts);
  const steps = [
    ...facts.credits.map((credit) => ({ key: credit.creditNote, date: credit.date, credit, amount: 0 })),
    ...refundsOfRevenue(facts, overpaid).map((refund) => ({ ...refund, credit: null })),
  ].sort(byDateThenKey);
  for (const step of steps) {
    if (step.credit !== null) takeCredit(work, step.credit);
    else if (step.amount > 0) takeRefund(work, facts, step.date, step.amount);
  }
  if (facts.voidedOn !== null) takeVoid(work, facts, facts.voidedOn);
  return work;
}

/** What was received beyond what the invoice came to after credit notes, before any of it was returned. */
function overpayment(facts: InvoiceFacts): number {
  const withoutRefunds = { ...facts, voidedOn: null, payments: facts.payments.map((p) => ({ ...p, refunds: [] })) };
  return Math.max(sum(toPositions(fold(withoutRefunds, 0))) + sum(facts.payments), 0);
}

/**
 * @param held what of a written-off receivable stands open again, because money or a credit for it has come: the moment
 * between the recovery and its settlement.
 */
export function positionsOf(facts: InvoiceFacts, held = 0): InvoicePositions {
  const work = fold(facts, overpayment(facts));
  const cash = sum(facts.payments) - sum(facts.payments.flatMap((payment) => payment.refunds));
  const owed = -sum(toPositions(work)) - cash;
  const whole = { account: null, tax: null, line: null };
  const open = Math.max(owed, 0);
  let receivable = open;
  let badDebt = 0;
  if (facts.writtenOffOn !== null && open > 0) {
    receivable = Math.min(held, open);
    const slices = work.lines.flatMap((line) => line.slices);
    const written = takeUnearned(slices, facts.writtenOffOn, open - receivable);
    for (const line of work.lines) line.slices = written.slices.filter((slice) => slice.line === line.issued.id);
    badDebt = open - receivable - written.taken;
  }
  return {
    positions: [
      { role: 'receivable', ...whole, amount: receivable },
      { role: 'unapplied', ...whole, amount: Math.min(owed, 0) },
      ...toPositions(work),
      { role: 'badDebt', ...whole, amount: badDebt },
    ],
    slices: work.lines.flatMap((line) => line.slices),
    owed,
  };
}

/** Sum of the tax of a set of issued lines. */
export const taxOf = (lines: readonly { readonly taxes: readonly { readonly amount: number }[] }[]) =>
  minorUnits(sum(lines.flatMap((line) => line.taxes)));
