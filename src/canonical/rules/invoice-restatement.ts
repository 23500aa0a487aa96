/** Books the difference between what an invoice has on its accounts and what its facts now come to. */
import type { AccountRole } from '../accounts.ts';
import type { DeferralSlice } from '../entry.ts';
import type { PostingKey } from '../ids.ts';
import { type MinorUnits, minorUnits } from '../money.ts';
import type { InvoiceState } from '../objects.ts';
import { ok } from '../result.ts';
import { documentKey } from './document-keys.ts';
import { share } from './fx.ts';
import { type InvoicePositions, type Position, positionsOf } from './invoice-positions.ts';
import { absorbRounding, type Line, type LineDraft, plus, resolve } from './lines.ts';
import type { OrException, RuleContext } from './rule.ts';

export interface Movement {
  readonly lines: readonly Line[];
  readonly deferrals: readonly DeferralSlice[];
}

export interface Restatement extends Movement {
  readonly state: InvoiceState;
  /** What of a write-off is taken back first, because money or a credit came after all; balanced by itself. */
  readonly recovery: Movement | null;
  /** The difference by issued line, for documents. */
  readonly changes: readonly Position[];
}

/** At the rate the invoice was issued at, whatever the day: a receivable keeps its historic base until it is settled. */
export const atIssue = (invoice: Pick<InvoiceState, 'issuedRate'>, amount: number): MinorUnits =>
  share(invoice.issuedRate.base, amount, invoice.issuedRate.amount);

const customerRoles: ReadonlySet<AccountRole> = new Set([
  'receivable',
  'unapplied',
  'customerCredit',
  'refundClearing',
  'payable',
]);

export const invoiceDocument = (invoice: Pick<InvoiceState, 'key'>): PostingKey => documentKey('invoice', invoice.key);

/** Whether the invoice was posted as a bill: targets take no bill over nothing or less. */
export const isBilled = (invoice: Pick<InvoiceState, 'total'>): boolean => invoice.total > 0;

/** The bill a receivable line settles; null where there is none at the target. */
const billOf = (invoice: InvoiceState): PostingKey | null => (isBilled(invoice) ? invoiceDocument(invoice) : null);

function scheduleOf(invoice: InvoiceState, positions: InvoicePositions): DeferralSlice[] {
  return positions.slices.flatMap((slice): DeferralSlice[] => {
    const line = invoice.lines.find((candidate) => candidate.id === slice.line);
    if (line === undefined || line.deferredAccount === null)
      throw new Error(`slice of an unknown line of ${invoice.key}`);
    const accounts = { revenueAccount: line.revenueAccount, deferredAccount: line.deferredAccount };
    return [{ ...slice, currency: invoice.currency, base: atIssue(invoice, slice.amount), ...accounts }];
  });
}

/** Receivables and overpayments are the invoice's own open items, whatever fact moves them. */
const itemOf = (invoice: InvoiceState, role: AccountRole) =>
  role === 'receivable' || role === 'unapplied' ? { item: invoice.key } : {};

/** What the schedule changes by: new less old, slice by slice. */
function scheduleChange(before: readonly DeferralSlice[], after: readonly DeferralSlice[]): DeferralSlice[] {
  const changes = new Map<string, DeferralSlice>();
  const key = (slice: DeferralSlice) => `${slice.line}\n${slice.period}`;
  for (const slice of after) changes.set(key(slice), slice);
  for (const slice of before) {
    const now = changes.get(key(slice));
    const [amount, base] = [(now?.amount ?? 0) - slice.amount, (now?.base ?? 0) - slice.base];
    changes.set(key(slice), { ...slice, amount: minorUnits(amount), base: minorUnits(base) });
  }
  return [...changes.values()].filter((slice) => slice.amount !== 0 || slice.base !== 0);
}

/** Where a role of this invoice stands already, it stays, even if the tenant maps the role elsewhere by now. */
const accountInUse = (invoice: InvoiceState, position: Position): string | null =>
  position.account ?? invoice.booked.find((line) => line.role === position.role)?.account ?? null;

function targetOf(invoice: InvoiceState, positions: InvoicePositions, schedule: readonly DeferralSlice[]): LineDraft[] {
  return positions.positions.map((position): LineDraft => {
    const deferred = schedule.filter((slice) => position.role === 'deferredRevenue' && slice.line === position.line);
    const base =
      position.role === 'deferredRevenue'
        ? -deferred.reduce((sum, slice) => sum + slice.base, 0)
        : atIssue(invoice, position.amount);
    return {
      role: position.role,
      qualifier: position.tax ?? invoice.currency,
      account: accountInUse(invoice, position),
      currency: invoice.currency,
      amount: position.amount,
      base,
      customer: customerRoles.has(position.role) ? invoice.customer : null,
      tax: position.tax,
      ...itemOf(invoice, position.role),
      settles: position.role === 'receivable' ? billOf(invoice) : null,
    };
  });
}

interface Step extends Movement {
  readonly invoice: InvoiceState;
}

/** Moves the invoice to `positions`. `balanced`: nothing but the invoice moves, so rounding of base is settled here. */
function moveTo(context: RuleContext, invoice: InvoiceState, positions: InvoicePositions, balanced: boolean) {
  const schedule = scheduleOf(invoice, positions);
  const before = invoice.booked.map((line): LineDraft => {
    const settles = line.role === 'receivable' ? billOf(invoice) : null;
    const own = { ...line, ...itemOf(invoice, line.role), settles };
    return { ...own, qualifier: line.tax ?? invoice.currency, amount: -line.amount, base: -line.base };
  });
  const resolved = resolve(context.books.accounts, [...targetOf(invoice, positions, schedule), ...before], invoice.key);
  if (!resolved.ok) return resolved;
  const rounded = balanced ? absorbRounding(context, resolved.value, invoice.key) : resolved;
  if (!rounded.ok) return rounded;
  const lines = rounded.value;
  const moved: Step = {
    lines,
    deferrals: scheduleChange(invoice.deferrals, schedule),
    invoice: { ...invoice, deferrals: schedule, booked: addTo(invoice.booked, lines) },
  };
  return ok(moved);
}

function addTo(booked: InvoiceState['booked'], lines: readonly Line[]): InvoiceState['booked'] {
  const total = [...booked];
  for (const { settles: _, ...line } of lines) {
    // A realised difference is final: it is no position that a later fact could take back.
    if (line.role === 'fxGainLoss') continue;
    const at = total.findIndex(
      (known) => known.role === line.role && known.account === line.account && known.tax === line.tax,
    );
    const known = total[at];
    if (known === undefined) total.push(line);
    else total[at] = plus(known, line.amount, line.base);
  }
  return total.filter((line) => line.amount !== 0 || line.base !== 0);
}

function differences(before: InvoicePositions, after: InvoicePositions): Position[] {
  const key = (position: Position) => `${position.role}\n${position.line}\n${position.tax}`;
  const was = new Map(before.positions.map((position) => [key(position), position.amount]));
  return after.positions
    .map((position) => ({ ...position, amount: position.amount - (was.get(key(position)) ?? 0) }))
    .filter((position) => position.amount !== 0);
}

function standing(invoice: InvoiceState, positions: InvoicePositions): InvoiceState {
  const at = (role: AccountRole) => positions.positions.find((position) => position.role === role)?.amount ?? 0;
  const receivable = invoice.booked.filter((line) => line.role === 'receivable');
  const status = invoice.voidedOn !== null ? 'void' : at('receivable') > 0 ? 'open' : 'paid';
  return {
    ...invoice,
    version: invoice.version + 1,
    open: minorUnits(at('receivable')),
    openBase: minorUnits(receivable.reduce((sum, line) => sum + line.base, 0)),
    overpaid: minorUnits(-at('unapplied')),
    status: status === 'paid' && invoice.writtenOffOn !== null && positions.owed > 0 ? 'written_off' : status,
  };
}

/**
 * From `before`, as the books hold it, to `after`, the same invoice with one more fact.
 * @param balanced false when cash moves too: the other side is the caller's.
 */
export function restate(
  context: RuleContext,
  before: InvoiceState,
  after: InvoiceState,
  balanced: boolean,
): OrException<Restatement> {
  const [was, is] = [positionsOf(before), positionsOf(after)];
  const settled = was.owed - Math.max(is.owed, 0);
  let recovered: Step | null = null;
  if (before.writtenOffOn !== null && was.owed > 0 && settled > 0) {
    const recovery = moveTo(context, before, positionsOf(before, settled), true);
    if (!recovery.ok) return recovery;
    recovered = recovery.value;
  }
  const from = recovered?.invoice ?? before;
  const moved = moveTo(context, { ...after, booked: from.booked, deferrals: from.deferrals }, is, balanced);
  if (!moved.ok) return moved;
  const { invoice, lines, deferrals } = moved.value;
  return ok({
    state: standing(invoice, is),
    lines,
    deferrals,
    recovery: recovered === null ? null : { lines: recovered.lines, deferrals: recovered.deferrals },
    changes: differences(recovered === null ? was : positionsOf(before, settled), is),
  });
}
