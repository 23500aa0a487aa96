/** What the actions share: the audit row, the doorbell, and how a lane's answer is told. */
import type { OperateAnswer } from '../../durable-objects/customer-lane/protocol.ts';
import { ring } from '../../operations/accept.ts';
import { auditId, auditStatement } from '../../operations/audit.ts';
import { doorbellOf } from '../../operations/lanes.ts';
import { problem } from '../problem.ts';
import type { Caller, TenantScope } from './route.ts';

/** The audit row of what the caller does; to run alone or in the batch of what it did. */
export function audited(
  call: Caller & Pick<TenantScope, 'tenant' | 'db'>,
  action: string,
  subject: string,
  detail: Readonly<Record<string, unknown>>,
): D1PreparedStatement {
  const { tenant, now, actor } = call;
  return auditStatement(call.db, {
    tenant,
    id: auditId(now, call.newId()),
    at: now,
    actor: actor.name,
    action,
    subject,
    detail,
  });
}

/** A refusal as a problem, or null when the command took effect. */
export function refused(answer: OperateAnswer): Response | null {
  switch (answer.code) {
    case 'done':
      return null;
    case 'busy':
      return problem('conflict', {
        detail: 'the event is being worked on right now; nothing was changed, try again in a moment',
        retryAfterSeconds: 5,
      });
    case 'in_doubt':
      return problem('conflict', { detail: 'the books may hold this event already; nothing was changed' });
    case 'not_found':
      return problem('not_found', { detail: 'no such lane or event' });
    case 'not_applicable':
      return problem('conflict', { detail: 'the event is applied or skipped already, or is not in a state for this' });
  }
}

/** Rings the lanes that asked for it. A lost doorbell costs time only: the lane's alarm rings again. */
export async function ringFor(call: Caller & Pick<TenantScope, 'tenant'>, lanes: readonly string[]): Promise<void> {
  if (lanes.length > 0)
    await ring(
      call.env,
      lanes.map((lane) => doorbellOf(call.tenant, lane)),
    );
}
