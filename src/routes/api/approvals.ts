/** What waits for a second person. */
import { z } from 'zod';
import { approvalKinds } from '../../operations/approval-kinds.ts';
import {
  type ApprovalScope,
  approvalCursor,
  approvalStatuses,
  approvalView,
  decideApproval,
  findApproval,
  listApprovals,
  viewApproval,
} from '../../operations/approvals.ts';
import { renewPosting } from '../../operations/posting-approval.ts';
import { problem } from '../problem.ts';
import { type Caller, pageOf, pageQuery, pageRequest, reasonBody, type TenantScope, tenantRoute } from './route.ts';

const approvalParams = z.object({ id: z.string().min(1).max(1200).describe('percent-encoded') });

/** The caller as who asks or decides. */
export const approvalScope = (call: Caller & TenantScope): ApprovalScope => ({
  ...{ env: call.env, db: call.db, books: call.books, tenant: call.tenant, live: call.live },
  ...{ now: call.now, newId: call.newId, by: call.actor.name },
});

export const approvalRoutes = [
  tenantRoute(
    {
      method: 'get',
      path: '/approvals',
      tag: 'approvals',
      summary: 'Requests that need a second person; `status=pending`: those nobody has answered',
      role: 'read',
      query: pageQuery.extend({ status: z.enum(approvalStatuses).optional(), kind: z.string().max(48).optional() }),
      answer: pageOf(approvalView),
    },
    async ({ query: { status, kind, ...query }, books, tenant, now }) => {
      const page = pageRequest(query, approvalCursor);
      return page instanceof Response ? page : listApprovals(books, tenant, now, { status, kind }, page);
    },
  ),
  tenantRoute(
    {
      method: 'get',
      path: '/approvals/{id}',
      tag: 'approvals',
      summary: 'One request',
      role: 'read',
      params: approvalParams,
      answer: approvalView,
    },
    async ({ params, books, tenant, now }) => {
      const row = await findApproval(books, tenant, params.id);
      return row === null ? problem('not_found') : viewApproval(row, now);
    },
  ),
  ...(['approve', 'reject'] as const).map((action) =>
    tenantRoute(
      {
        method: 'post',
        path: `/approvals/{id}/${action}`,
        tag: 'approvals',
        summary:
          action === 'approve'
            ? 'Approve and carry out at once; never one’s own request'
            : 'Reject a request, or take one’s own back',
        role: 'operate',
        params: approvalParams,
        body: reasonBody,
        answer: approvalView,
      },
      async (call) => {
        const row = await findApproval(call.books, call.tenant, call.params.id);
        if (row === null) return problem('not_found');
        const verdict = action === 'approve' ? 'approved' : 'rejected';
        const decided = await decideApproval(row, verdict, call.body.reason, approvalKinds, approvalScope(call));
        return decided.code === 'refused'
          ? problem('conflict', { detail: decided.why })
          : viewApproval(decided.approval, call.now);
      },
    ),
  ),
  tenantRoute(
    {
      method: 'post',
      path: '/approvals/{id}/renew',
      tag: 'approvals',
      summary: 'Ask again for a posting that nobody decided about in time; whoever asks may not approve it',
      role: 'operate',
      params: approvalParams,
      body: reasonBody,
      answer: approvalView,
    },
    async (call) => {
      const row = await findApproval(call.books, call.tenant, call.params.id);
      if (row === null) return problem('not_found');
      const renewed = await renewPosting(row, call.body.reason, approvalScope(call));
      return renewed.ok ? viewApproval(renewed.value, call.now) : problem('conflict', { detail: renewed.error });
    },
  ),
];
