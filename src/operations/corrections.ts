/**
 * Corrections: an entry is never changed. A reversal takes back exactly what it booked, and what should stand there is
 * booked beside it; both are asked for by one person and approved by another, and stay visible with their reason.
 */
import { z } from 'zod';
import type { ChartOfAccounts } from '../canonical/accounts.ts';
import { imbalances, type JournalLine } from '../canonical/entry.ts';
import { type ObjectKey, tenantId } from '../canonical/ids.ts';
import { currency, minorUnits } from '../canonical/money.ts';
import { err, ok, type Result } from '../canonical/result.ts';
import { bookkeepingOf } from '../ledger/accounts-by-code.ts';
import { loadApprovals, requestNumber } from '../ledger/approval-reads.ts';
import { readPosted } from '../ledger/books.ts';
import { correctionEvent, reversalEvent } from '../ledger/correction-reads.ts';
import { findEntryRow, unknownObjects } from '../ledger/entry-reads.ts';
import { eventsByIds } from '../ledger/event-reads.ts';
import type { ApprovalRow } from '../ledger/period-reads.ts';
import { type EntryRow, entryIdOf, linesOf, planOf } from '../ledger/views.ts';
import { slices } from '../sources/ledgergate/events.ts';
import {
  type ApprovalKind,
  type ApprovalScope,
  approvalsUnder,
  askFor,
  DECIDE_WITHIN_MS,
  MAX_REQUESTS,
  statusOf,
} from './approvals.ts';
import { isMoney } from './posting-approval.ts';
import { type Journal, tellJournals, untold } from './told-journals.ts';

/** Longer ids would not fit into what is made from them. */
const MAX_ENTRY_ID = 600;

/** What should have been booked, as a person states it. Amounts in minor units, debit positive. */
export const correctLines = z
  .array(
    z.strictObject({
      account: z.string().min(1).max(64),
      currency: z.string().regex(/^[A-Z]{3}$/),
      amount: z.int(),
      base: z.int().optional().describe("in the entity's currency; may be left out where that is the line's"),
      customer: z
        .string()
        .regex(/^[^:]+:customer:.+$/, 'a customer, such as stripe:customer:cus_1')
        .max(500)
        .nullable()
        .default(null),
      tax: z.string().max(200).nullable().default(null),
      memo: z.string().max(300).nullable().default(null),
    }),
  )
  .min(2)
  .max(1000);
export type CorrectLines = z.infer<typeof correctLines>;

const correctionAction = z.object({ entry: z.string(), number: z.int(), lines: correctLines.nullable() });

/** Lines in the words of the books, or what is wrong with them. Pure. */
export function statedLines(
  lines: CorrectLines,
  baseCurrency: string,
  chart: ChartOfAccounts,
): Result<readonly JournalLine[], string> {
  const { roleOf } = bookkeepingOf(chart);
  const stated: JournalLine[] = [];
  for (const [index, line] of lines.entries()) {
    const role = roleOf(line.account);
    if (role === null) return err(`line ${index + 1}: account ${line.account} is not in the chart of accounts`);
    const base = line.base ?? (line.currency === baseCurrency ? line.amount : null);
    if (base === null) return err(`line ${index + 1}: say its base in ${baseCurrency}`);
    if (line.currency === baseCurrency && base !== line.amount)
      return err(`line ${index + 1}: in ${baseCurrency} amount and base are the same`);
    stated.push({
      ...{ role, account: line.account, tax: line.tax, memo: line.memo },
      currency: currency(line.currency),
      amount: minorUnits(line.amount),
      base: minorUnits(base),
      customer: line.customer as ObjectKey | null,
    });
  }
  const [off] = imbalances(stated);
  return off === undefined
    ? ok(stated)
    : err(`the lines do not balance in ${off.currency}: ${off.sum} minor units over`);
}

export interface CorrectionRequest {
  readonly entry: EntryRow;
  readonly reason: string;
  /** Null: a reversal and nothing in its place. */
  readonly lines: CorrectLines | null;
}

export const chartFor = ({ live }: ApprovalScope, entity: string): ChartOfAccounts => ({
  ...live.document.accounts,
  ...live.document.entities[entity]?.accounts,
});

/** Asks for it. An entry is reversed once: a second request is refused while one is pending and after one was approved. */
export async function requestCorrection(
  scope: ApprovalScope,
  { entry, reason, lines }: CorrectionRequest,
): Promise<Result<ApprovalRow, string>> {
  const { books, tenant, now, by } = scope;
  const id = entryIdOf(entry);
  const booked = linesOf(entry);
  if (booked.length === 0) return err('the entry is a memo: it moves nothing that could be reversed');
  if (id.length > MAX_ENTRY_ID) return err('the id of the entry is too long for a correction');
  const standing = await standingAtTargets(scope, entry);
  if (!standing.ok) return standing;
  if (lines !== null) {
    const stated = statedLines(lines, entry.baseCurrency, chartFor(scope, entry.entity));
    if (!stated.ok) return stated;
    const others = stated.value
      .flatMap(({ customer }) => customer ?? [])
      .filter((customer) => !booked.some((line) => line.customer === customer));
    const [unknown] = await unknownObjects(books, tenant, others);
    // A target would be given a partner of that name.
    if (unknown !== undefined) return err(`the books know no customer ${unknown}`);
  }
  const subject = `correction/${id}`;
  const earlier = (await approvalsUnder(books, tenant, subject, MAX_REQUESTS)).filter(
    (row) => requestNumber(subject, row.id) !== null,
  );
  const open = earlier.find((row) => ['pending', 'approved'].includes(statusOf(row, now)));
  if (open !== undefined) {
    return err(
      open.status === 'approved' ? `it was reversed: see ${open.id}` : `it is asked for already: see ${open.id}`,
    );
  }
  if (earlier.length >= MAX_REQUESTS) return err('it was asked for too often');
  const number = earlier.length + 1;
  const moved = booked.reduce((sum, line) => sum + Math.max(line.base, 0), 0);
  const what = lines === null ? 'Reverse' : 'Reverse, and book otherwise,';
  return askFor(scope, {
    ...{ id: `${subject}/${number}`, kind: 'correction', entity: entry.entity, by, reason },
    rule: 'every correction needs a second person',
    subject: `${what} entry ${id} of ${entry.date} (${entry.kind})`,
    stake: { amount: moved, currency: entry.baseCurrency },
    expiresAt: now + DECIDE_WITHIN_MS,
    action: { entry: id, number, lines },
  });
}

/**
 * Targets that never got the entry's documents (rejected by a second person, or history that was not found there): they
 * have nothing that a reversal could take back.
 * While somebody is still to decide about them, it cannot be told what there will be to reverse.
 */
async function standingAtTargets(
  { db, books, tenant }: ApprovalScope,
  { source, eventId }: EntryRow,
): Promise<Result<readonly string[], string>> {
  const [event] = await eventsByIds(books, tenant, [[source, eventId]]);
  const targets = event === undefined ? [] : planOf(event).targets;
  const subjects = targets.flatMap(({ approval }) => approval ?? []);
  const approvals = await loadApprovals(db, tenantId(tenant), subjects);
  const documents =
    event === undefined
      ? []
      : planOf(event)
          .documents.filter(isMoney)
          .map(({ key }) => key);
  const pairs = targets.flatMap(({ target }) => documents.map((key): [string, string] => [target, key]));
  const posted = await readPosted(db, tenantId(tenant), pairs);
  const without: string[] = [];
  for (const { target, approval } of targets) {
    const asked = approval === undefined ? undefined : approvals.get(approval);
    if (asked !== undefined && !['approved', 'rejected'].includes(asked.status))
      return err(`its posting to ${target} waits for a second person: have ${asked.id} decided first`);
    const never = posted.filter((row) => row.target === target && row.outcome === 'skipped');
    if (never.length > 0 && never.length < documents.length)
      return err(
        `${target} has some of its documents, and not ${never[0]?.key}: void or credit it at the provider instead, and correct it there by hand`,
      );
    if (asked?.status === 'rejected' || never.length > 0) without.push(target);
  }
  return ok(without);
}

export const correction: ApprovalKind = {
  async carryOut(approval, scope) {
    const told = await journalsOf(approval, scope);
    return told.ok ? ok([untold(approval, told.value.lane, scope)]) : told;
  },
  async afterwards(approval, scope) {
    const told = await journalsOf(approval, scope);
    if (told.ok) await tellJournals(approval, told.value, scope);
  },
};

/** The reversal, and what is booked in its place: always the same for the same request and decision. */
async function journalsOf(
  approval: ApprovalRow,
  scope: ApprovalScope,
): Promise<Result<{ readonly lane: string; readonly journals: readonly Journal[] }, string>> {
  const action = correctionAction.parse(JSON.parse(approval.action));
  const entry = await findEntryRow(scope.books, scope.tenant, action.entry);
  if (entry === null) return err('the books have no such entry');
  const standing = await standingAtTargets(scope, entry);
  if (!standing.ok) return standing;
  const reason = (approval.reason ?? approval.subject).slice(0, 500);
  const common = {
    kind: 'journal' as const,
    ...{ entity: entry.entity, date: entry.date, about: action.entry, reason },
    requestedBy: approval.requestedBy,
    approvedBy: approval.decidedBy ?? scope.by,
  };
  const reversal: Journal = {
    ...common,
    id: reversalEvent(action.entry),
    purpose: 'reversal',
    ...(standing.value.length === 0 ? {} : { notFor: [...standing.value] }),
    description: `Reversal of: ${entry.description}`.slice(0, 300),
    lines: linesOf(entry).map(({ item, ...line }) => ({
      ...line,
      // What it takes back is the entry's own open item, not one of the journal's.
      item: item ?? entry.object,
      amount: 0 - line.amount,
      base: 0 - line.base,
    })),
    deferrals: slices
      .parse(JSON.parse(entry.deferrals))
      .map((slice) => ({ ...slice, amount: 0 - slice.amount, base: 0 - slice.base })),
  };
  if (action.lines === null) return ok({ lane: entry.lane, journals: [reversal] });
  const stated = statedLines(action.lines, entry.baseCurrency, chartFor(scope, entry.entity));
  if (!stated.ok) return stated;
  const instead: Journal = {
    ...common,
    id: correctionEvent(action.entry, action.number),
    purpose: 'correction',
    description: `In place of: ${entry.description}`.slice(0, 300),
    lines: stated.value.map((line) => ({ ...line })),
    deferrals: [],
  };
  return ok({ lane: entry.lane, journals: [reversal, instead] });
}
