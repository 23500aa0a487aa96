/**
 * Opening balances: what stood on the accounts when the gateway began, as one journal a day and entity. Asked for by one
 * person, approved by another. The targets have them from whoever kept the books before, so they are posted nowhere
 * unless that is asked for.
 */
import { z } from 'zod';
import { isoDate } from '../canonical/ids.ts';
import { err, ok, type Result } from '../canonical/result.ts';
import { requestNumber } from '../ledger/approval-reads.ts';
import type { ApprovalRow } from '../ledger/period-reads.ts';
import {
  type ApprovalKind,
  type ApprovalScope,
  approvalsUnder,
  askFor,
  DECIDE_WITHIN_MS,
  MAX_REQUESTS,
  statusOf,
} from './approvals.ts';
import { chartFor, correctLines, statedLines } from './corrections.ts';
import { booksLane } from './own-events.ts';
import { type Journal, tellJournals, untold } from './told-journals.ts';

export const openingBody = z.strictObject({
  entity: z.string().min(1).max(48),
  date: z.iso.date().describe('the last day before the gateway’s books'),
  lines: correctLines,
  post: z.boolean().default(false).describe('whether the targets are to get them too'),
});
type OpeningBalances = z.infer<typeof openingBody>;

const openingAction = openingBody.extend({ number: z.int().positive() });

/**
 * Asks for it. One journal stands for an entity and a day: another is refused while one is pending or approved; to change
 * it, reverse its entry.
 */
export async function requestOpening(
  scope: ApprovalScope,
  asked: OpeningBalances & { readonly reason: string },
): Promise<Result<ApprovalRow, string>> {
  const { books, tenant, live, now, by } = scope;
  const { reason, ...opening } = asked;
  const { entity, date } = opening;
  const settings = live.document.entities[entity];
  if (settings === undefined) return err(`no entity named ${entity}`);
  const stated = statedLines(opening.lines, settings.currency, chartFor(scope, entity));
  if (!stated.ok) return stated;
  const subject = `opening/${entity}/${date}`;
  const earlier = (await approvalsUnder(books, tenant, subject, MAX_REQUESTS)).filter(
    (row) => requestNumber(subject, row.id) !== null,
  );
  const open = earlier.find((row) => ['pending', 'approved'].includes(statusOf(row, now)));
  if (open !== undefined) return err(`the opening balances of that day are ${open.status} already: see ${open.id}`);
  if (earlier.length >= MAX_REQUESTS) return err('they were asked for too often');
  const number = earlier.length + 1;
  return askFor(scope, {
    ...{ id: `${subject}/${number}`, kind: 'opening', entity, by, reason },
    rule: 'opening balances need a second person',
    subject: `Opening balances of ${entity} on ${date}, ${opening.lines.length} lines`,
    stake: {
      amount: stated.value.reduce((sum, line) => sum + Math.max(line.base, 0), 0),
      currency: settings.currency,
    },
    expiresAt: now + DECIDE_WITHIN_MS,
    action: { ...opening, number },
  });
}

export const opening: ApprovalKind = {
  async carryOut(approval, scope) {
    const told = journalOf(approval, scope);
    return told.ok ? ok([untold(approval, told.value.lane, scope)]) : told;
  },
  async afterwards(approval, scope) {
    const told = journalOf(approval, scope);
    if (told.ok) await tellJournals(approval, told.value, scope);
  },
};

function journalOf(
  approval: ApprovalRow,
  scope: ApprovalScope,
): Result<{ readonly lane: string; readonly journals: readonly Journal[] }, string> {
  const { entity, date, lines, post, number } = openingAction.parse(JSON.parse(approval.action));
  const { document } = scope.live;
  const settings = document.entities[entity];
  if (settings === undefined) return err(`the config has no entity ${entity} any more`);
  const stated = statedLines(lines, settings.currency, chartFor(scope, entity));
  if (!stated.ok) return stated;
  const journal: Journal = {
    kind: 'journal',
    id: `opening/${entity}/${date}/${number}`,
    purpose: 'opening',
    ...{ entity, date: isoDate(date), about: null },
    ...(post ? {} : { notFor: Object.keys(document.targets) }),
    description: 'Opening balances',
    lines: stated.value.map((line) => ({ ...line })),
    deferrals: [],
    reason: (approval.reason ?? approval.subject).slice(0, 500),
    requestedBy: approval.requestedBy,
    approvedBy: approval.decidedBy ?? scope.by,
  };
  return ok({ lane: booksLane(entity), journals: [journal] });
}
