/** How requests for a second person stand: the newest of each subject counts. By primary-key ranges. */

import { and, eq, lte, sql } from 'drizzle-orm';
import type { EpochMs, TenantId } from '../canonical/ids.ts';
import type { LedgerDatabase } from './database.ts';
import type { ApprovalRow } from './period-reads.ts';
import type { LedgerReads } from './reads.ts';
import { approvals } from './schema.ts';

export interface ApprovalStanding {
  readonly id: string;
  readonly status: string;
  readonly expiresAt: EpochMs;
}

const readStandings = `SELECT k.value AS subject, a.id, a.status, a.expires_at AS expiresAt
FROM json_each(?2) k CROSS JOIN approvals a ON a.tenant = ?1 AND a.id >= k.value || '/' AND a.id < k.value || '0'`;

/** The number of a request of `subject`, `<subject>/<number>`; null: it is another subject's. */
export function requestNumber(subject: string, id: string): number | null {
  const rest = id.startsWith(`${subject}/`) ? id.slice(subject.length + 1) : '';
  return /^\d{1,6}$/.test(rest) ? Number(rest) : null;
}

export async function loadApprovals(
  db: LedgerDatabase,
  tenant: TenantId,
  subjects: readonly string[],
): Promise<Map<string, ApprovalStanding>> {
  const newest = new Map<string, ApprovalStanding & { readonly number: number }>();
  if (subjects.length === 0) return newest;
  const { results } = await db
    .prepare(readStandings)
    .bind(tenant, JSON.stringify([...new Set(subjects)]))
    .all<ApprovalStanding & { readonly subject: string }>();
  for (const { subject, ...row } of results) {
    const number = requestNumber(subject, row.id);
    if (number !== null && number > (newest.get(subject)?.number ?? 0)) newest.set(subject, { ...row, number });
  }
  return newest;
}

export type OverduePlace = Pick<ApprovalRow, 'tenant' | 'requestedAt'>;

/**
 * Requests of all tenants that nobody has answered in time, after a place; reads those nobody has answered at all. What was
 * asked for at the very moment of the place comes with the next round.
 */
export const overdueApprovals = (
  db: LedgerReads,
  now: EpochMs,
  after: OverduePlace | null,
  limit: number,
): Promise<ApprovalRow[]> =>
  db
    .select()
    .from(approvals)
    .where(
      and(
        sql`${approvals.status} = 'pending'`,
        lte(approvals.expiresAt, now),
        sql`(${approvals.tenant}, ${approvals.requestedAt}) > (${after?.tenant ?? ''}, ${after?.requestedAt ?? 0})`,
      ),
    )
    .orderBy(approvals.tenant, approvals.requestedAt)
    .limit(limit);

/** All requests of these subjects, oldest first. */
export async function approvalsAbout(
  db: LedgerReads,
  tenant: string,
  subjects: readonly string[],
): Promise<ApprovalRow[]> {
  if (subjects.length === 0) return [];
  const rows = await db
    .select()
    .from(approvals)
    .where(
      and(
        eq(approvals.tenant, tenant),
        sql`${approvals.id} IN (
          SELECT x.id FROM json_each(${JSON.stringify(subjects)}) k CROSS JOIN approvals x
          ON x.tenant = ${tenant} AND x.id >= k.value || '/' AND x.id < k.value || '0' LIMIT 200)`,
      ),
    );
  return rows
    .filter((row) => subjects.some((subject) => requestNumber(subject, row.id) !== null))
    .toSorted((a, b) => a.requestedAt - b.requestedAt);
}
