/**
 * Where an invoice stands on each account, as a function of the *set* of facts about it. A rule adds its fact to the
 * set and books the difference; so whatever order the facts arrive in, the balances end the same.
 *
 * The facts are folded in the order of their own dates: issue, then credit notes, refunds and lost disputes, then
 * write-off or void. Each takes unearned months first (deferred revenue), then earned revenue.
 */
import type { AccountRole } from '../accounts.ts';
import type { LostTax } from '../decision.ts';
import type { IsoDate, ObjectKey } from '../ids.ts';
import { minorUnits } from '../money.ts';
import type { InvoiceCredit, InvoiceState, IssuedLine } from '../objects.ts';
import { type OpenSlice, takeUnearned } from './deferral.ts';
import { share } from './fx.ts';

export type InvoiceFacts = Pick<
  InvoiceState,
  'total' | 'creditApplied' | 'lines' | 'credits' | 'payments' | 'voidedOn' | 'writtenOffOn' | 'writtenOffTax'
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
  readonly account: string | null;
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
  disputed: number;
  refundClearing: number;
  customerCredit: number;
  payable: number;
  /** Gone back so far with tax in it, for taxes pro rata of the running total. */
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
  const none = { refunds: 0, disputed: 0, refundClearing: 0, payable: 0, refunded: 0 };
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

/** Tax pro rata of all that has gone back so far, so that the parts sum to the whole. Returns what of `amount` it was. */
function takeTax(work: Work, facts: InvoiceFacts, amount: number): number {
  const [before, after] = [work.refunded, work.refunded + amount].map((refunded) => Math.min(refunded, facts.total));
  let taken = 0;
  for (const line of work.lines) {
    line.issued.taxes.forEach((tax, index) => {
      const part = share(tax.amount, after ?? 0, facts.total) - share(tax.amount, before ?? 0, facts.total);
      const open = line.taxes[index];
      if (open !== undefined) open.amount += part;
      taken += part;
    });
  }
  work.refunded += amount;
  return taken;
}

/** Takes up to `want` out of all lines' months after `date`'s. Returns what they gave. */
function takeDeferred(work: Work, date: IsoDate, want: number): number {
  const { slices, taken } = takeUnearned(
    work.lines.flatMap((line) => line.slices),
    date,
    want,
  );
  for (const line of work.lines) line.slices = slices.filter((slice) => slice.line === line.issued.id);
  return taken;
}

/** Money gone for good: its tax where that goes back with it, then unearned months, the rest as contra-revenue. */
function takeReturn(work: Work, facts: InvoiceFacts, gone: Return): void {
  const net = gone.tax === 'relief' ? gone.amount - takeTax(work, facts, gone.amount) : gone.amount;
  work[gone.as] += net - takeDeferred(work, gone.date, net);
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
  work.disputed = 0;
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
    { role: 'disputedRevenue', ...whole, amount: work.disputed },
    { role: 'refundClearing', ...whole, amount: work.refundClearing },
    { role: 'payable', ...whole, amount: work.payable },
  ];
}

/** Money of a payment that went back without a credit note: refunded, or lost to a dispute. */
interface Return {
  readonly key: ObjectKey;
  readonly date: IsoDate;
  readonly amount: number;
  /** The contra-revenue it goes to. */
  readonly as: 'refunds' | 'disputed';
  readonly tax: LostTax;
}

const returnsOf = (facts: InvoiceFacts): Return[] =>
  facts.payments.flatMap((payment) => [
    ...payment.refunds.map(({ object, date, amount }): Return => {
      return { key: object, date, amount, as: 'refunds', tax: 'relief' };
    }),
    ...(payment.disputes ?? []).map(({ object, date, amount, tax }): Return => {
      return { key: object, date, amount, as: 'disputed', tax };
    }),
  ]);

/** What went back beyond what had been overpaid: only that takes revenue back. The earliest return the overpayment. */
function returnsOfRevenue(facts: InvoiceFacts, overpaid: number): Return[] {
  let left = overpaid;
  return returnsOf(facts)
    .sort(byDateThenKey)
    .map((gone) => {
      const free = Math.min(left, gone.amount);
      left -= free;
      return { ...gone, amount: gone.amount - free };
    });
}

function fold(facts: InvoiceFacts, overpaid: number): Work {
  const work = issued(facts);
  const steps = [
    ...facts.credits.map((credit) => ({ key: credit.creditNote, date: credit.date, credit, gone: null })),
    ...returnsOfRevenue(facts, overpaid).map((gone) => ({ key: gone.key, date: gone.date, credit: null, gone })),
  ].sort(byDateThenKey);
  for (const step of steps) {
    if (step.credit !== null) takeCredit(work, step.credit);
    if (step.gone !== null && step.gone.amount > 0) takeReturn(work, facts, step.gone);
  }
  if (facts.voidedOn !== null) takeVoid(work, facts, facts.voidedOn);
  return work;
}

/** What was received beyond what the invoice came to after credit notes, before any of it was returned. */
function overpayment(facts: InvoiceFacts): number {
  const payments = facts.payments.map((payment) => ({ ...payment, refunds: [], disputes: [] }));
  return Math.max(sum(toPositions(fold({ ...facts, voidedOn: null, payments }, 0))) + sum(facts.payments), 0);
}

/** The tax in `amount` of what the invoice still comes to, taken off tax payable line by line. */
function takeTaxRelief(work: Work, amount: number): number {
  const net = sum(work.lines.map((line) => ({ amount: sum(line.slices) - line.revenue })));
  const gross = net - work.refunds - work.disputed - sum(work.lines.flatMap((line) => line.taxes));
  let taken = 0;
  for (const tax of work.lines.flatMap((line) => line.taxes)) {
    const part = share(minorUnits(-tax.amount), amount, Math.max(gross, amount));
    tax.amount += part;
    taken += part;
  }
  return taken;
}

/** Writes `amount` off: its tax where the policy reclaims it, months not yet earned, and the rest as bad debt. */
function takeWriteOff(work: Work, facts: InvoiceFacts, on: IsoDate, amount: number): number {
  const net = facts.writtenOffTax === 'relief' ? amount - takeTaxRelief(work, amount) : amount;
  return net - takeDeferred(work, on, net);
}

/**
 * @param held what of a written-off receivable stands open again, because money or a credit for it has come: the moment
 * between the recovery and its settlement.
 */
export function positionsOf(facts: InvoiceFacts, held = 0): InvoicePositions {
  const work = fold(facts, overpayment(facts));
  const cash = sum(facts.payments) - sum(returnsOf(facts));
  const owed = -sum(toPositions(work)) - cash;
  const whole = { account: null, tax: null, line: null };
  const open = Math.max(owed, 0);
  const receivable = facts.writtenOffOn === null ? open : Math.min(held, open);
  const written = open - receivable;
  const badDebt =
    facts.writtenOffOn !== null && written > 0 ? takeWriteOff(work, facts, facts.writtenOffOn, written) : 0;
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
