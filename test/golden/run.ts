/** Runs a case through sources and rules, as the ledger stage would: what waits is tried again once something was booked. */
import type { AccountRole, ChartOfAccounts } from '../../src/canonical/accounts.ts';
import { accountRoles } from '../../src/canonical/accounts.ts';
import type { Decision } from '../../src/canonical/decision.ts';
import type { DraftEntry, JournalLine } from '../../src/canonical/entry.ts';
import type { CanonicalEvent } from '../../src/canonical/events.ts';
import { isoDate } from '../../src/canonical/ids.ts';
import { currency, formatMinor, minorUnits } from '../../src/canonical/money.ts';
import { Desk, type EntityOverrides } from '../canonical/rules/books.ts';
import type { Account, GoldenCase, Told } from './case.ts';

/** A chart an accountant can read: the code, and what it is called. */
export const accountNames: Readonly<Record<AccountRole, readonly [code: string, name: string]>> = {
  receivable: ['1100', 'Accounts receivable'],
  unapplied: ['2100', 'Unapplied cash'],
  customerCredit: ['2110', 'Customer credit'],
  clearing: ['1010', 'Processor clearing'],
  bankInTransit: ['1020', 'Money in transit to the bank'],
  bank: ['1000', 'Bank'],
  revenue: ['4000', 'Revenue'],
  discount: ['4010', 'Discounts'],
  refunds: ['4020', 'Refunds'],
  refundClearing: ['2120', 'Refund clearing'],
  deferredRevenue: ['2400', 'Deferred revenue'],
  tax: ['2200', 'Tax payable'],
  fees: ['6100', 'Processor fees'],
  feesInputTax: ['1200', 'Input tax on fees'],
  disputesReceivable: ['1110', 'Disputes receivable'],
  disputeLoss: ['6200', 'Dispute losses'],
  disputedRevenue: ['4030', 'Disputes'],
  badDebt: ['6300', 'Bad debt'],
  fxGainLoss: ['7000', 'Exchange differences'],
  fxConversion: ['1090', 'Currency conversion'],
  rounding: ['6900', 'Rounding'],
  payable: ['2000', 'Accounts payable'],
  suspense: ['1990', 'Suspense'],
};

const chart: ChartOfAccounts = Object.fromEntries(accountRoles.map((role) => [role, accountNames[role][0]]));

export interface Step {
  readonly told: Told;
  readonly facts: readonly CanonicalEvent[];
  /** `booked`, `nothing: …`, `waits for …`, `asks: …`, `quarantined: …` */
  readonly outcome: string;
  readonly entries: readonly DraftEntry[];
  readonly asks: readonly string[];
  readonly messages: readonly string[];
}

export interface Played {
  readonly desk: Desk;
  /** In the order applied: an event that had to wait stands where it was booked, after its first `waits`. */
  readonly steps: readonly Step[];
}

export const deskOf = (it: GoldenCase): Desk => {
  const over: EntityOverrides = {
    accounts: chart,
    currency: currency(it.base ?? 'EUR'),
    timeZone: it.timeZone ?? 'Europe/Paris',
    rates: it.rates ?? [],
    closedUntil: it.closedUntil === undefined ? null : isoDate(it.closedUntil),
    policy: it.policy ?? {},
  };
  return new Desk(over);
};

function stepOf(desk: Desk, told: Told): Step {
  const reading = told.reading(desk);
  const silent = { told, entries: [], asks: [], messages: [] };
  if (reading.kind === 'quarantine') {
    const { code, detail } = reading.reason;
    return { ...silent, facts: [], outcome: `quarantined: ${code}`, asks: [code], messages: [detail] };
  }
  if (reading.facts.length === 0) return { ...silent, facts: [], outcome: `nothing: ${reading.note ?? 'no effect'}` };
  return { told, facts: reading.facts, ...outcomeOf(desk.book(...reading.facts)) };
}

function outcomeOf(decision: Decision): Pick<Step, 'outcome' | 'entries' | 'asks' | 'messages'> {
  const silent = { entries: [], asks: [], messages: [] };
  switch (decision.outcome) {
    case 'booked': {
      const { entries, notices } = decision;
      const moved = entries.some((entry) => entry.lines.length > 0);
      const outcome = moved ? 'booked' : entries.length > 0 ? 'noted: an entry without lines' : 'noted';
      return { outcome, entries, asks: notices.map((it) => it.cause), messages: notices.map((it) => it.message) };
    }
    case 'nothing':
      return { ...silent, outcome: `nothing: ${decision.note}` };
    case 'wait':
      return { ...silent, outcome: `waits for ${decision.requires.join(', ')}` };
    case 'exception':
      return {
        entries: [],
        outcome: 'asks a person; nothing is booked',
        asks: [decision.exception.cause],
        messages: [decision.exception.message],
      };
  }
}

export function play(it: GoldenCase): Played {
  const desk = deskOf(it);
  const steps: Step[] = [];
  let waiting: Told[] = [];
  for (const told of it.events) {
    const step = stepOf(desk, told);
    steps.push(step);
    if (step.outcome.startsWith('waits')) waiting.push(told);
    let progressed = step.entries.length > 0;
    while (progressed && waiting.length > 0) {
      const again = waiting.map((each) => stepOf(desk, each));
      const done = again.filter((each) => !each.outcome.startsWith('waits'));
      steps.push(...done);
      waiting = again.filter((each) => each.outcome.startsWith('waits')).map((each) => each.told);
      progressed = done.length > 0;
    }
  }
  return { desk, steps };
}

export const accountOfLine = (line: Pick<JournalLine, 'role' | 'tax'>): Account =>
  line.role === 'tax' ? `tax ${line.tax ?? ''}` : line.role;

type Sums = Record<string, Record<string, number>>;

function addTo(sums: Sums, code: string, account: string, amount: number): void {
  const own = sums[code] ?? {};
  own[account] = (own[account] ?? 0) + amount;
  sums[code] = own;
}

const withoutZeros = (sums: Record<string, number>, code: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(sums)
      .filter(([, amount]) => amount !== 0)
      .map(([account, amount]) => [account, formatMinor(minorUnits(amount), currency(code))]),
  );

/** By currency, as decimals; a currency in which everything is at zero stands there empty. */
export function balancesOf(desk: Desk): Record<string, Record<string, string>> {
  const sums: Sums = {};
  for (const line of desk.entries.flatMap((entry) => entry.lines)) {
    addTo(sums, line.currency, accountOfLine(line), line.amount);
  }
  return Object.fromEntries(Object.entries(sums).map(([code, own]) => [code, withoutZeros(own, code)]));
}

export function baseBalancesOf(desk: Desk): Record<string, string> {
  const sums: Sums = {};
  const code = desk.books.currency;
  for (const line of desk.entries.flatMap((entry) => entry.lines)) addTo(sums, code, accountOfLine(line), line.base);
  return withoutZeros(sums[code] ?? {}, code);
}

/** Open slices by month, in their currency: `2026-02` → `14.00`. */
export function deferredOf(desk: Desk): Record<string, string> {
  const sums: Record<string, number> = {};
  let code: string = desk.books.currency;
  for (const slice of desk.entries.flatMap((entry) => entry.deferrals)) {
    const month = slice.period.slice(0, 7);
    code = slice.currency;
    sums[month] = (sums[month] ?? 0) + slice.amount;
  }
  const sorted = Object.fromEntries(Object.entries(sums).sort(([a], [b]) => (a < b ? -1 : 1)));
  return withoutZeros(sorted, code);
}
