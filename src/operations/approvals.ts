/**
 * What needs a second person: asked for by one, decided by another, within its time, and carried out in the transaction
 * of the decision. How is the business of each kind (approval-kinds.ts). The books hold the rule too: a trigger refuses a
 * second decision and an approval by who asked.
 */
import { and, eq, gt, gte, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Bindings } from '../bindings.ts';
import type { EpochMs } from '../canonical/ids.ts';
import { err, ok, type Result } from '../canonical/result.ts';
import { cursorOf, filteredPage, type PageRequest, SCAN } from '../ledger/pages.ts';
import type { ApprovalRow } from '../ledger/period-reads.ts';
import type { LedgerReads } from '../ledger/reads.ts';
import { approvals } from '../ledger/schema.ts';
import { iso, moneyOf, moneyView } from '../ledger/views.ts';
import type { StoredVersion } from '../tenants/publication.ts';
import { mayBeOne } from './access.ts';
import { auditId, auditStatement } from './audit.ts';

/** Where something is decided, by whom and when. */
export interface ApprovalScope {
  readonly env: Bindings;
  readonly db: D1Database;
  readonly books: LedgerReads;
  readonly tenant: string;
  readonly live: StoredVersion;
  readonly now: EpochMs;
  readonly newId: () => string;
  /** Who decides. */
  readonly by: string;
}

/** How one kind of approval is carried out. */
export interface ApprovalKind {
  /** Statements that join the decision's transaction; or why it cannot be carried out any more. */
  carryOut(approval: ApprovalRow, scope: ApprovalScope): Promise<Result<readonly D1PreparedStatement[], string>>;
  /** What follows outside the books. Approving what is approved repeats it, so a second time changes nothing. */
  afterwards?(approval: ApprovalRow, scope: ApprovalScope): Promise<void>;
  /** What a refusal means for what was asked about; absent: nothing, it is just not done. */
  readonly turnDown?: {
    /** Statements that join the transaction in which it is rejected or expires. */
    statements(
      approval: ApprovalRow,
      how: 'rejected' | 'expired',
      scope: ApprovalScope,
    ): Promise<readonly D1PreparedStatement[]>;
    /** What follows a rejection outside the books; rejecting what is rejected repeats it. */
    afterwards(approval: ApprovalRow, scope: ApprovalScope): Promise<void>;
  };
}

/** What a person asks for is decided within a week. */
export const DECIDE_WITHIN_MS = 7 * 86_400_000;
/** Requests about one thing. */
export const MAX_REQUESTS = 100;

interface ApprovalRequest {
  readonly id: string;
  readonly kind: string;
  readonly entity: string;
  readonly rule: string;
  readonly subject: string;
  readonly stake: { readonly amount: number; readonly currency: string } | null;
  readonly by: string;
  readonly reason: string;
  readonly expiresAt: EpochMs;
  readonly action: Readonly<Record<string, unknown>>;
}

/** The request with its audit row, for one batch. The same id again fails with a constraint. */
function requestStatements(
  { db, tenant, now, newId }: Pick<ApprovalScope, 'db' | 'tenant' | 'now' | 'newId'>,
  request: ApprovalRequest,
): D1PreparedStatement[] {
  const { id, kind, entity, rule, subject, stake, by, reason, expiresAt, action } = request;
  return [
    db
      .prepare(
        `INSERT INTO approvals (tenant, id, kind, entity, status, rule, subject, amount, currency, requested_by, requested_at, expires_at, reason, action)
         VALUES (?1, ?2, ?3, ?4, 'pending', ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)`,
      )
      .bind(
        ...[tenant, id, kind, entity, rule, subject, stake?.amount ?? null, stake?.currency ?? null],
        ...[by, now, expiresAt, reason, JSON.stringify(action)],
      ),
    auditStatement(db, {
      ...{ tenant, id: auditId(now, newId()), at: now, actor: by, action: 'approval.request', subject: id },
      detail: { reason, expiresAt: iso(expiresAt) },
    }),
  ];
}

/**
 * Writes the request down, in one transaction with what goes `beside` it. An error says that somebody else asked for the
 * same at the same moment: theirs stands.
 */
export async function askFor(
  scope: ApprovalScope,
  request: ApprovalRequest,
  beside: readonly D1PreparedStatement[] = [],
): Promise<Result<ApprovalRow, string>> {
  try {
    await scope.db.batch([...requestStatements(scope, request), ...beside]);
  } catch (error) {
    if (error instanceof Error && overtaken.test(error.message))
      return err('somebody else asked for the same just now: look again');
    throw error;
  }
  const row = await findApproval(scope.books, scope.tenant, request.id);
  if (row === null) throw new Error(`approval ${request.id} was written and is not there`);
  return ok(row);
}

export async function findApproval(db: LedgerReads, tenant: string, id: string): Promise<ApprovalRow | null> {
  const row = await db
    .select()
    .from(approvals)
    .where(and(eq(approvals.tenant, tenant), eq(approvals.id, id)))
    .get();
  return row ?? null;
}

/** Requests under an id and those that follow it after a slash, oldest first; at most `limit`. */
export const approvalsUnder = (db: LedgerReads, tenant: string, id: string, limit: number): Promise<ApprovalRow[]> =>
  db
    .select()
    .from(approvals)
    .where(and(eq(approvals.tenant, tenant), gte(approvals.id, `${id}/`), lt(approvals.id, `${id}0`)))
    .orderBy(approvals.requestedAt)
    .limit(limit);

/** Requests nobody has answered, oldest first; those whose time is over included. */
export const pendingApprovals = (db: LedgerReads, tenant: string, limit: number): Promise<ApprovalRow[]> =>
  db
    .select()
    .from(approvals)
    .where(and(eq(approvals.tenant, tenant), sql`${approvals.status} = 'pending'`))
    .orderBy(approvals.requestedAt, approvals.id)
    .limit(limit);

const idPlace = z.tuple([z.string()]);
export const approvalCursor = cursorOf('approvals', idPlace);

/** By id; pending ones, or all. */
export async function listApprovals(
  db: LedgerReads,
  tenant: string,
  now: EpochMs,
  filter: { readonly status?: string | undefined; readonly kind?: string | undefined },
  page: PageRequest<z.infer<typeof idPlace>>,
) {
  const rows = await db
    .select()
    .from(approvals)
    .where(
      and(
        eq(approvals.tenant, tenant),
        filter.status === 'pending' ? sql`${approvals.status} = 'pending'` : undefined,
        page.after === null ? undefined : gt(approvals.id, page.after[0]),
      ),
    )
    .orderBy(approvals.id)
    .limit(SCAN);
  return filteredPage(
    rows,
    page.limit,
    SCAN,
    (row) =>
      (filter.status === undefined || statusOf(row, now) === filter.status) &&
      (filter.kind === undefined || row.kind === filter.kind),
    (row) => viewApproval(row, now),
    (row) => approvalCursor.encode([row.id]),
  );
}

export const approvalStatuses = ['pending', 'approved', 'rejected', 'expired'] as const;

/** A request whose time is over is expired, whether or not anybody has written it down. */
export const statusOf = (row: Pick<ApprovalRow, 'status' | 'expiresAt'>, now: EpochMs): string =>
  row.status === 'pending' && row.expiresAt <= now ? 'expired' : row.status;

export const approvalView = z.object({
  id: z.string(),
  kind: z.string(),
  entity: z.string(),
  status: z.enum(approvalStatuses),
  rule: z.string().describe('what asks for a second person'),
  subject: z.string(),
  atStake: moneyView.nullable(),
  requestedBy: z.string(),
  requestedAt: z.string(),
  expiresAt: z.string(),
  decidedBy: z.string().nullable(),
  decidedAt: z.string().nullable(),
  reason: z.string().nullable().describe('of the request, then of the decision'),
});

export const viewApproval = (row: ApprovalRow, now: EpochMs): z.infer<typeof approvalView> => ({
  id: row.id,
  kind: row.kind,
  entity: row.entity,
  status: z.enum(approvalStatuses).parse(statusOf(row, now)),
  rule: row.rule,
  subject: row.subject,
  atStake: row.amount === null || row.currency === null ? null : moneyOf(row.amount, row.currency),
  requestedBy: row.requestedBy,
  requestedAt: iso(row.requestedAt),
  expiresAt: iso(row.expiresAt),
  decidedBy: row.decidedBy,
  decidedAt: row.decidedAt === null ? null : iso(row.decidedAt),
  reason: row.reason,
});

export type Decided =
  | { readonly code: 'decided'; readonly approval: ApprovalRow }
  /** It is decided otherwise, expired, one's own, or cannot be carried out any more. */
  | { readonly code: 'refused'; readonly why: string };

const refusal = (why: string): Decided => ({ code: 'refused', why });

/** Approves or rejects. Rejecting one's own request is taking it back. */
export async function decideApproval(
  approval: ApprovalRow,
  verdict: 'approved' | 'rejected',
  reason: string,
  kinds: Readonly<Record<string, ApprovalKind>>,
  scope: ApprovalScope,
): Promise<Decided> {
  const { by, now } = scope;
  const kind = kinds[approval.kind];
  if (approval.status === 'approved' && verdict === 'approved') {
    await kind?.afterwards?.(approval, scope);
    return { code: 'decided', approval };
  }
  if (approval.status === 'rejected' && verdict === 'rejected') {
    await kind?.turnDown?.afterwards(approval, scope);
    return { code: 'decided', approval };
  }
  if (approval.status !== 'pending') return refusal(`it is ${approval.status} already`);
  if (approval.expiresAt <= now) {
    await expire(approval, kinds, scope);
    return refusal(`it expired on ${iso(approval.expiresAt)}: ask again`);
  }
  if (verdict === 'rejected') {
    const follows = (await kind?.turnDown?.statements(approval, verdict, scope)) ?? [];
    const rejected = await write(approval, verdict, reason, follows, scope);
    if (rejected.code === 'decided') await kind?.turnDown?.afterwards(rejected.approval, scope);
    return rejected;
  }
  if (approval.requestedBy === by) return refusal('nobody approves what they asked for');
  if (await mayBeOne(scope.env.LEDGER_0, approval.requestedBy, by))
    return refusal('nobody approves what they asked for, under another name or by a key they made either');
  if (kind === undefined) return refusal(`nothing here carries out a ${approval.kind}`);
  const carried = await kind.carryOut(approval, scope);
  if (!carried.ok) return refusal(carried.error);
  const decided = await write(approval, verdict, reason, carried.value, scope);
  if (decided.code === 'decided') await kind.afterwards?.(decided.approval, scope);
  return decided;
}

/** Writes down that nobody decided in time. */
export async function expire(
  approval: ApprovalRow,
  kinds: Readonly<Record<string, ApprovalKind>>,
  scope: ApprovalScope,
): Promise<Decided> {
  const follows = (await kinds[approval.kind]?.turnDown?.statements(approval, 'expired', scope)) ?? [];
  return write(approval, 'expired', 'nobody decided in time', follows, { ...scope, by: 'clock' });
}

const overtaken = /immutable|constraint failed/;

async function write(
  approval: ApprovalRow,
  status: 'approved' | 'rejected' | 'expired',
  reason: string,
  carriedOut: readonly D1PreparedStatement[],
  { db, tenant, now, newId, by }: ApprovalScope,
): Promise<Decided> {
  const action = { approved: 'approve', rejected: 'reject', expired: 'expire' }[status];
  const words = [approval.reason, reason].filter((text) => text !== null).join(' → ');
  try {
    await db.batch([
      db
        .prepare(
          'UPDATE approvals SET status = ?3, decided_by = ?4, decided_at = ?5, reason = ?6 WHERE tenant = ?1 AND id = ?2',
        )
        .bind(tenant, approval.id, status, by, now, words),
      ...carriedOut,
      auditStatement(db, {
        ...{
          tenant,
          id: auditId(now, newId()),
          at: now,
          actor: by,
          action: `approval.${action}`,
          subject: approval.id,
        },
        detail: { reason, requestedBy: approval.requestedBy },
      }),
    ]);
  } catch (error) {
    if (error instanceof Error && overtaken.test(error.message))
      return refusal('somebody was faster, or the books have moved on: look again');
    throw error;
  }
  return { code: 'decided', approval: { ...approval, status, decidedBy: by, decidedAt: now, reason: words } };
}
