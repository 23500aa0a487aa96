/** Every kind of approval, and how it is carried out. A new kind is one line. */
import type { ApprovalKind } from './approvals.ts';
import { correction } from './corrections.ts';
import { opening } from './openings.ts';
import { postingApproval } from './posting-approval.ts';
import { reopening } from './reopening.ts';

export const approvalKinds: Readonly<Record<string, ApprovalKind>> = {
  reopen: reopening,
  posting: postingApproval,
  correction,
  opening,
};
