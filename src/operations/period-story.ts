/**
 * The whole story of a month: what it holds, what is unresolved, what stands between it and its close. Read in one go and
 * bounded: where a list is longer than it shows, it says so, and the checklist counts that as not done.
 */
import { dateIn, type EpochMs, type IsoDate } from '../canonical/ids.ts';
import { nextDay, previousDay } from '../canonical/periods.ts';
import { bookkeepingOf } from '../ledger/accounts-by-code.ts';
import {
  bookedAfter,
  commitIdAt,
  lastWindows,
  type MonthOfEntity,
  type PeriodRow,
  periodRow,
  type UndeliveredDocument,
  undeliveredDocuments,
  unrecognised,
} from '../ledger/period-reads.ts';
import type { LedgerReads } from '../ledger/reads.ts';
import { bookedSpan, MAX_ACCOUNTS, readTurnover, type TrialBalance, trialBalance } from '../ledger/trial-balance.ts';
import type { TenantConfig } from '../tenants/config.ts';
import { nextWindow } from '../tenants/runtime.ts';
import { pendingApprovals, statusOf } from './approvals.ts';
import { type ChecklistItem, checklist } from './period-checklist.ts';
import { type Closings, effectivelyClosed, finalDayOf, firstDayOf, type PeriodState, stateOf } from './periods.ts';
import { closingsNow } from './reopening.ts';
import { type UnresolvedList, unresolvedOf } from './unresolved.ts';

export interface StoryScope {
  readonly db: D1Database;
  readonly books: LedgerReads;
  readonly tenant: string;
  readonly config: TenantConfig;
  readonly now: EpochMs;
}

export interface OpenWindow {
  readonly target: string;
  /** When it opens next; null where no route of the config says. */
  readonly next: EpochMs | null;
  readonly lastClosedAt: EpochMs | null;
  readonly lastNumber: number | null;
  /** Documents of the month that it holds back. */
  readonly holding: number;
  /** Whether the month has entries that no window has taken. */
  readonly open: boolean;
}

export interface MonthStory {
  readonly entity: string;
  readonly period: string;
  readonly first: IsoDate;
  readonly last: IsoDate;
  readonly state: PeriodState;
  readonly closings: Closings;
  readonly row: PeriodRow | null;
  readonly checklist: readonly ChecklistItem[];
  readonly unresolved: UnresolvedList;
  readonly approvals: Awaited<ReturnType<typeof pendingApprovals>>;
  readonly documents: { readonly items: readonly UndeliveredDocument[]; readonly complete: boolean };
  readonly windows: readonly OpenWindow[];
  readonly trialBalance: TrialBalance;
  readonly clearing: readonly TrialBalance['accounts'][number][];
  readonly recognition: Awaited<ReturnType<typeof unrecognised>>;
}

const LIST = 500;
const DAY_MS = 86_400_000;
/** Commits that can hold entries of a day begin before it does in UTC: the earth's first time zone is 14 hours ahead. */
const ZONES_MS = 14 * 3_600_000;

/** What should age to zero: a balance at the month's end is a question with an answer. */
const clearingRoles: ReadonlySet<string> = new Set(['clearing', 'refundClearing', 'disputesReceivable', 'suspense']);

export async function monthStory(scope: StoryScope, entity: string, period: string): Promise<MonthStory> {
  const { db, books, tenant, config, now } = scope;
  const settings = config.entities[entity];
  if (settings === undefined) throw new Error(`no entity ${entity}`);
  const { timeZone } = settings;
  const [first, last] = [firstDayOf(period), finalDayOf(period)];
  const month: MonthOfEntity = { tenant, entity, first, last };
  const [closings, row, span] = await Promise.all([
    closingsNow(books, tenant, config, entity),
    periodRow(books, tenant, entity, period),
    bookedSpan(books, tenant, entity),
  ]);
  const state = stateOf(period, closings, row);
  const [unresolved, requests, documents, turnover, recognition] = await Promise.all([
    unresolvedOf(scope, { entity, first, last, timeZone }),
    pendingApprovals(books, tenant, LIST),
    undeliveredDocuments(db, month, commitsOf(first, state, row), LIST),
    readTurnover(books, tenant, entity, { from: period, asOf: period }),
    unrecognised(books, tenant, entity, period, LIST),
  ]);
  const windows = await windowsOf(scope, month, documents.documents);
  const approvals = requests.filter((each) => each.entity === entity && statusOf(each, now) === 'pending');
  const chart = bookkeepingOf({ ...config.accounts, ...settings.accounts });
  const balance = trialBalance(entity, { from: period, asOf: period }, turnover, chart);
  const clearing = balance.accounts.filter(
    (account) => clearingRoles.has(account.role ?? '') && account.closing.amount !== 0,
  );
  const ofMonth = unresolved.items.filter((item) => item.relation !== 'earlier');
  const counted = (kind: 'exception' | 'event') => ({
    count: ofMonth.filter((item) => item.kind === kind).length,
    more: unresolved.more,
  });
  return {
    ...{ entity, period, first, last, state, closings, row, unresolved, approvals, windows, clearing, recognition },
    documents: { items: documents.documents, complete: documents.complete },
    trialBalance: balance,
    checklist: checklist({
      today: dateIn(timeZone, now),
      last,
      earlierOpen: earlierOpen(period, effectivelyClosed(closings), span),
      balanced: balance.balanced && turnover.length <= MAX_ACCOUNTS,
      exceptions: counted('exception'),
      held: counted('event'),
      approvals: { count: approvals.length, more: requests.length === LIST },
      documents: { count: documents.documents.length, more: !documents.complete },
      windows: windows.filter(({ open }) => open).map(({ target }) => target),
      recognition: { count: recognition.length, more: recognition.length === LIST },
      clearing: clearing.map((account) => `${account.account} ${account.closing.text}`),
    }),
  };
}

/** The first month before this one that is open and not before all bookings; null: there is none. */
export function earlierOpen(
  period: string,
  closedUntil: IsoDate | null,
  span: { readonly first: string } | null,
): string | null {
  if (closedUntil !== null && closedUntil >= previousDay(firstDayOf(period))) return null;
  if (span === null || span.first >= period) return null;
  const open = closedUntil === null ? span.first : nextDay(closedUntil).slice(0, 7);
  return [open, span.first].toSorted().at(-1) ?? open;
}

/** Commits that can hold entries of the month: since it began, until it was closed. */
function commitsOf(first: IsoDate, state: PeriodState, row: PeriodRow | null): { from: string; to: string } {
  const from = commitIdAt(Date.parse(`${first}T00:00:00Z`) - ZONES_MS);
  const closed = state === 'closed' || state === 'locked' ? closedAt(row) : null;
  return { from, to: closed === null ? '9'.repeat(15) : commitIdAt(closed + DAY_MS) };
}

function closedAt(row: PeriodRow | null): EpochMs | null {
  const evidence: unknown = row === null ? null : JSON.parse(row.evidence);
  if (typeof evidence !== 'object' || evidence === null || !('closedAt' in evidence)) return null;
  return typeof evidence.closedAt === 'number' ? evidence.closedAt : null;
}

async function windowsOf(
  { db, books, tenant, config, now }: StoryScope,
  month: MonthOfEntity,
  documents: readonly UndeliveredDocument[],
): Promise<OpenWindow[]> {
  const { entity } = month;
  const timeZone = config.entities[entity]?.timeZone ?? 'UTC';
  const closed = new Map((await lastWindows(books, tenant, entity)).map((row) => [row.target, row]));
  const summarised = new Set(config.routes.filter(({ mode }) => mode === 'summary').map(({ to }) => to));
  const next = new Map<string, EpochMs>();
  for (const { window, to, when } of config.routes) {
    if (window === undefined || (when.entity !== undefined && when.entity !== entity)) continue;
    next.set(to, Math.min(next.get(to) ?? Number.POSITIVE_INFINITY, nextWindow(window, timeZone, now)));
  }
  return Promise.all(
    [...new Set([...next.keys(), ...closed.keys()])].toSorted().map(async (target): Promise<OpenWindow> => {
      const last = closed.get(target);
      const holding = documents.filter((one) => one.target === target && one.notBefore > now).length;
      // Before the first window: what is dated in the month was booked since it began.
      const after = last?.toCommit ?? commitIdAt(Date.parse(`${month.first}T00:00:00Z`) - DAY_MS);
      const untaken = (last !== undefined || summarised.has(target)) && (await bookedAfter(db, month, after, target));
      return {
        target,
        next: next.get(target) ?? null,
        lastClosedAt: last?.closedAt ?? null,
        lastNumber: last?.number ?? null,
        holding,
        open: holding > 0 || untaken,
      };
    }),
  );
}
