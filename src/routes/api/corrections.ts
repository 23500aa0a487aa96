/** Corrections: an entry is reversed, and perhaps booked otherwise; asked for by one person, approved by another. */
import { z } from 'zod';
import { findEntryRow } from '../../ledger/entry-reads.ts';
import { approvalView, viewApproval } from '../../operations/approvals.ts';
import { type CorrectLines, correctLines, requestCorrection } from '../../operations/corrections.ts';
import { problem } from '../problem.ts';
import { approvalScope } from './approvals.ts';
import { type Caller, reasonBody, type TenantScope, tenantRoute } from './route.ts';

const entryParams = z.object({ id: z.string().max(600).describe('<lane>#<position>.<part>, percent-encoded') });

async function request(
  call: Caller & TenantScope & { readonly params: z.infer<typeof entryParams> },
  reason: string,
  lines: CorrectLines | null,
) {
  const entry = await findEntryRow(call.books, call.tenant, call.params.id);
  if (entry === null) return problem('not_found', { detail: 'no such entry' });
  const asked = await requestCorrection(approvalScope(call), { entry, reason, lines });
  return asked.ok ? viewApproval(asked.value, call.now) : problem('conflict', { detail: asked.error });
}

export const correctionRoutes = [
  tenantRoute(
    {
      method: 'post',
      path: '/ledger/entries/{id}/reverse',
      tag: 'ledger',
      summary: 'Ask for an entry to be reversed exactly; booked once a second person approves',
      role: 'operate',
      params: entryParams,
      body: reasonBody,
      answer: approvalView,
    },
    (call) => request(call, call.body.reason, null),
  ),
  tenantRoute(
    {
      method: 'post',
      path: '/ledger/entries/{id}/correct',
      tag: 'ledger',
      summary: 'Ask for an entry to be reversed and for these lines to be booked in its place',
      role: 'operate',
      params: entryParams,
      body: reasonBody.extend({ lines: correctLines }),
      answer: approvalView,
    },
    (call) => request(call, call.body.reason, call.body.lines),
  ),
];
