/** Reopening a closed month: asked for by one person, approved by another. */
import { z } from 'zod';
import { isoDate } from '../canonical/ids.ts';
import { err, ok, type Result } from '../canonical/result.ts';
import { type ApprovalRow, closingsOf } from '../ledger/period-reads.ts';
import type { LedgerReads } from '../ledger/reads.ts';
import type { TenantConfig } from '../tenants/config.ts';
import {
  type ApprovalKind,
  type ApprovalScope,
  approvalsUnder,
  askFor,
  DECIDE_WITHIN_MS,
  MAX_REQUESTS,
  statusOf,
} from './approvals.ts';
import { auditId, auditStatement } from './audit.ts';
import { type Closings, notReopenable, reopen } from './periods.ts';
import { resumeParked } from './resume-parked.ts';

const reopenAction = z.strictObject({ entity: z.string(), period: z.string() });

export async function closingsNow(
  books: LedgerReads,
  tenant: string,
  config: TenantConfig,
  entity: string,
): Promise<Closings> {
  const { closedUntil, lockedUntil } = await closingsOf(books, tenant, entity);
  const byConfig = config.entities[entity]?.closedUntil ?? null;
  const day = (text: string | null) => (text === null ? null : isoDate(text));
  return { byConfig: day(byConfig), closedUntil: day(closedUntil), lockedUntil: day(lockedUntil) };
}

/** Asks for it, or gives the request that is pending already. `closes`: how often the month was closed. */
export async function requestReopening(
  scope: ApprovalScope,
  about: { readonly entity: string; readonly period: string; readonly closes: number; readonly reason: string },
): Promise<Result<ApprovalRow, string>> {
  const { books, tenant, now, by } = scope;
  const { entity, period, closes, reason } = about;
  const refusal = notReopenable(period, await closingsNow(books, tenant, scope.live.document, entity));
  if (refusal !== null) return err(refusal);
  const under = `reopen/${entity}/${period}/${closes}`;
  const earlier = await approvalsUnder(books, tenant, under, MAX_REQUESTS);
  const pending = earlier.find((row) => statusOf(row, now) === 'pending');
  if (pending !== undefined) return ok(pending);
  if (earlier.length === MAX_REQUESTS) return err('it was asked for too often');
  const id = `${under}/${earlier.length + 1}`;
  return askFor(scope, {
    ...{ id, kind: 'reopen', entity, by, reason, stake: null, action: { entity, period } },
    rule: 'a closed month is reopened by two people',
    subject: `Reopen ${period} of ${entity}`,
    expiresAt: now + DECIDE_WITHIN_MS,
  });
}

export const reopening: ApprovalKind = {
  async carryOut(approval, { db, books, tenant, live, now, newId, by }) {
    const { entity, period } = reopenAction.parse(JSON.parse(approval.action));
    const closings = await closingsNow(books, tenant, live.document, entity);
    const refusal = notReopenable(period, closings);
    if (refusal !== null) return err(refusal);
    return ok([
      ...reopen({ db, tenant, entity, period, closings, by, now }),
      auditStatement(db, {
        ...{ tenant, id: auditId(now, newId()), at: now, actor: by },
        ...{ action: 'period.reopen', subject: `${entity}/${period}` },
        detail: { approval: approval.id, requestedBy: approval.requestedBy, reason: approval.reason },
      }),
    ]);
  },
  async afterwards(_approval, { env, db, tenant }) {
    await resumeParked(env, db, tenant);
  },
};
