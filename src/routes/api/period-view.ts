/** A month's story as the API shows it. */
import { z } from 'zod';
import { trialBalanceView } from '../../ledger/trial-balance.ts';
import { iso, moneyOf, moneyView } from '../../ledger/views.ts';
import { approvalView, viewApproval } from '../../operations/approvals.ts';
import { checklistCodes } from '../../operations/period-checklist.ts';
import type { MonthStory } from '../../operations/period-story.ts';
import { effectivelyClosed, periodStates } from '../../operations/periods.ts';

const day = z.string().nullable();

const unresolvedView = z.object({
  kind: z.enum(['exception', 'event']),
  id: z.string().describe('of the exception; of a held event its provider’s'),
  cause: z.string().describe('cause of the exception; waiting, parked or quarantined of an event'),
  date: day.describe('the day it is for'),
  relation: z.enum(['month', 'earlier', 'unknown']).describe('`earlier` does not stand in the way of this month'),
  source: z.string().nullable(),
  eventId: z.string().nullable(),
  lane: z.string(),
  target: z.string().nullable(),
  message: z.string(),
  remedy: z.string().nullable(),
  atStake: moneyView.nullable(),
});

export const lockedTarget = z.object({
  target: z.string(),
  locks: z.object({ all: day, sales: day, taxes: day }).nullable().describe('last locked days; null: not to be had'),
  message: z.string().nullable(),
  warning: z.string().nullable().describe('locked for an open month, or not locked for a closed one'),
});
export type LockedTarget = z.infer<typeof lockedTarget>;

export const storyView = z.object({
  entity: z.string(),
  period: z.string(),
  state: z.enum(periodStates),
  closes: z.int().describe('how often it was closed'),
  changedAt: z.string().nullable(),
  changedBy: z.string().nullable(),
  closedUntil: day.describe('of the entity’s books, by its config or by closing'),
  lockedUntil: day,
  checklist: z.array(
    z.object({
      code: z.enum(checklistCodes),
      done: z.boolean(),
      acceptable: z.boolean().describe('may be accepted with a reason'),
      missing: z.string().nullable(),
      todo: z.string().nullable(),
    }),
  ),
  unresolved: z.object({
    items: z.array(unresolvedView),
    totals: z.array(moneyView).describe('by currency, of the month and of unknown days'),
    more: z.boolean(),
  }),
  approvals: z.array(approvalView),
  documents: z.object({
    items: z.array(
      z.object({
        target: z.string(),
        key: z.string(),
        kind: z.string(),
        date: z.string(),
        lane: z.string(),
        source: z.string(),
        eventId: z.string(),
        outcome: z.string().nullable().describe('null: not tried yet'),
        notBefore: z.string().nullable(),
      }),
    ),
    complete: z.boolean().describe('false: there may be more'),
  }),
  windows: z.array(
    z.object({
      target: z.string(),
      next: z.string().nullable(),
      lastClosedAt: z.string().nullable(),
      lastNumber: z.int().nullable(),
      holding: z.int().describe('documents of the month that wait for it'),
      open: z.boolean(),
    }),
  ),
  trialBalance: trialBalanceView,
  clearing: z.array(z.object({ account: z.string(), role: z.string().nullable(), closing: moneyView })),
  recognition: z.array(
    z.object({ period: z.string(), revenueAccount: z.string(), deferredAccount: z.string(), amount: moneyView }),
  ),
  targets: z.array(lockedTarget),
  evidence: z.record(z.string(), z.unknown()).describe('what was accepted and the trial balance at the last close'),
});

const instant = (at: number | null): string | null => (at === null ? null : iso(at));

export function viewStory(story: MonthStory, targets: LockedTarget[], now: number): z.input<typeof storyView> {
  const { entity, period, state, row, closings, checklist, unresolved, documents } = story;
  return {
    ...{ entity, period, state },
    closes: row?.closes ?? 0,
    changedAt: instant(row?.changedAt ?? null),
    changedBy: row?.changedBy ?? null,
    closedUntil: effectivelyClosed(closings),
    lockedUntil: closings.lockedUntil,
    checklist: [...checklist],
    unresolved: { items: [...unresolved.items], totals: [...unresolved.totals], more: unresolved.more },
    approvals: story.approvals.map((approval) => viewApproval(approval, now)),
    documents: {
      items: documents.items.map((one) => ({ ...one, notBefore: one.notBefore > 0 ? iso(one.notBefore) : null })),
      complete: documents.complete,
    },
    windows: story.windows.map((one) => ({
      ...one,
      next: instant(one.next),
      lastClosedAt: instant(one.lastClosedAt),
    })),
    trialBalance: story.trialBalance,
    clearing: story.clearing.map(({ account, role, closing }) => ({ account, role, closing })),
    recognition: story.recognition.map((open) => ({
      period: open.period.slice(0, 7),
      revenueAccount: open.revenueAccount,
      deferredAccount: open.deferredAccount,
      amount: moneyOf(open.amount, open.currency),
    })),
    targets,
    evidence: z.record(z.string(), z.unknown()).parse(row === null ? {} : JSON.parse(row.evidence)),
  };
}
