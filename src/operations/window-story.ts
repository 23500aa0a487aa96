/** How windows stand: what the open ones have collected, and what became of those that closed. */
import { z } from 'zod';
import type { Bindings } from '../bindings.ts';
import { type EpochMs, tenantId } from '../canonical/ids.ts';
import type { ControlTotals } from '../canonical/summary.ts';
import { loadApprovals } from '../ledger/approval-reads.ts';
import { iso, moneyOf, moneyView } from '../ledger/views.ts';
import { type SummaryFate, summaryFates, type WindowRow } from '../ledger/window-reads.ts';
import { nextWindow, type SummaryRoute } from '../tenants/runtime.ts';
import { closedTotals, collect, openSince, summaryEvent } from './windows.ts';

export const windowStates = [
  'collecting',
  'closed',
  'held',
  'waiting_for_approval',
  'rejected',
  'posting',
  'posted',
  'empty',
] as const;
type WindowState = (typeof windowStates)[number];

const sides = z.object({ currency: z.string(), debit: moneyView, credit: moneyView });
export const totalsView = z.object({
  entries: z.int(),
  currencies: z.array(sides).describe('before anything is netted'),
  base: sides,
});

const span = z.object({ afterCommit: z.string(), toCommit: z.string() });

export const openWindowView = z.object({
  target: z.string(),
  entity: z.string(),
  state: z.enum(windowStates),
  since: span.pick({ afterCommit: true }),
  closesAt: z.string(),
  collected: totalsView.describe('so far, at most what one window takes'),
  more: z.boolean().describe('there is more than one window takes'),
});

export const windowView = z.object({
  target: z.string(),
  entity: z.string(),
  number: z.int(),
  state: z.enum(windowStates).describe('held: its summary waits or is in quarantine, see its event'),
  commits: span,
  closedAt: z.string(),
  closedBy: z.string(),
  totals: totalsView,
  event: z.string().describe('the event that told it: its timeline has the journals'),
  approval: z.string().nullable().describe('the newest request for a second person'),
  journals: z.array(
    z.object({
      key: z.string(),
      outcome: z.string(),
      remoteId: z.string().nullable(),
      remoteName: z.string().nullable(),
      remoteDate: z.string().nullable(),
    }),
  ),
});

export function viewTotals(totals: ControlTotals, baseCurrency: string): z.infer<typeof totalsView> {
  const inCurrency = (code: string, { debit, credit }: { readonly debit: number; readonly credit: number }) => ({
    currency: code,
    debit: moneyOf(debit, code),
    credit: moneyOf(credit, code),
  });
  return {
    entries: totals.entries,
    currencies: Object.entries(totals.currencies).map(([code, both]) => inCurrency(code, both)),
    base: inCurrency(baseCurrency, totals.base),
  };
}

interface Scope {
  readonly env: Bindings;
  readonly db: D1Database;
  readonly tenant: string;
  readonly now: EpochMs;
  readonly baseOf: (entity: string) => string;
}

export async function openWindow(
  { env, db, tenant, now, baseOf }: Scope,
  route: SummaryRoute,
): Promise<z.infer<typeof openWindowView>> {
  const { target, entity } = route;
  const window = { tenant, target, entity };
  const after = await openSince(env, db, window);
  const collected = await collect(db, window, route, after);
  const nothing: ControlTotals = { entries: 0, base: { debit: 0, credit: 0 }, currencies: {} };
  return {
    ...{ target, entity, state: 'collecting' },
    since: { afterCommit: after },
    closesAt: iso(nextWindow(route.window, route.timeZone, now)),
    collected: viewTotals(collected?.totals ?? nothing, baseOf(entity)),
    more: collected?.more ?? false,
  };
}

/** Pure. */
export function windowState(entries: number, fate: SummaryFate | undefined, approval: string | null): WindowState {
  if (entries === 0) return 'empty';
  if (fate === undefined) return 'closed';
  if (fate.position === null) return 'held';
  // Everything in it netted to nothing.
  if (fate.documents === 0) return 'empty';
  const count = (outcome: string) => fate.postings.filter((posting) => posting.outcome === outcome).length;
  if (count('applied') === fate.documents) return 'posted';
  if (approval === 'pending' || approval === 'expired') return 'waiting_for_approval';
  return count('skipped') > 0 ? 'rejected' : 'posting';
}

export async function viewWindows(
  { db, tenant, baseOf }: Scope,
  rows: readonly WindowRow[],
): Promise<z.infer<typeof windowView>[]> {
  const pairs = rows.map((row): [string, string] => [row.target, summaryEvent(row)]);
  const fates = await summaryFates(db, tenant, pairs);
  const subjects = [...fates.values()].flatMap(({ approval }) => approval ?? []);
  const approvals = await loadApprovals(db, tenantId(tenant), subjects);
  return rows.map((row) => {
    const totals = closedTotals(row);
    const event = summaryEvent(row);
    const fate = fates.get(event);
    const approval = approvals.get(fate?.approval ?? '') ?? null;
    const { target, entity, number, afterCommit, toCommit } = row;
    return {
      ...{ target, entity, number, event },
      state: windowState(totals.entries, fate, approval?.status ?? null),
      commits: { afterCommit, toCommit },
      closedAt: iso(row.closedAt),
      closedBy: totals.by,
      totals: viewTotals(totals, baseOf(entity)),
      approval: approval?.id ?? null,
      journals: (fate?.postings ?? []).map((posting) => ({ ...posting })),
    };
  });
}
