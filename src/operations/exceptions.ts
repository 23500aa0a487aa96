/** What a person can do about an exception, and which exceptions are about an event. */
import type { ExceptionCause } from '../canonical/decision.ts';
import type { EpochMs } from '../canonical/ids.ts';
import { exceptionId } from '../ledger/records.ts';

/** Every cause. The type makes sure that none is missing: an event's exceptions are found by trying each. */
const causes: Readonly<Record<ExceptionCause, true>> = {
  customer_inactive: true,
  product_unknown: true,
  entity_unclear: true,
  currency_not_allowed: true,
  tax_not_mapped: true,
  account_not_mapped: true,
  rate_missing: true,
  prerequisite_missing: true,
  period_closed: true,
  does_not_add_up: true,
  conflicting_facts: true,
  duplicate_customer: true,
  unsupported: true,
  event_conflict: true,
  untrusted_money: true,
  source_disconnected: true,
  posting_rejected: true,
  posting_uncertain: true,
  posted_with_warnings: true,
  approval_rejected: true,
  approval_expired: true,
  approval_unfinished: true,
  set_aside: true,
  internal_error: true,
};
export const exceptionCauses: readonly string[] = Object.keys(causes);

const postingCauses = ['posting_rejected', 'posting_uncertain', 'posted_with_warnings'] as const;

/** Ids that exceptions about this event and its postings have or begin with (src/ledger/records.ts `exceptionId`). */
export function idsAbout(
  source: string,
  eventId: string,
  postings: readonly (readonly [target: string, key: string])[],
): string[] {
  return [
    ...exceptionCauses.map((cause) => exceptionId(cause, source, eventId)),
    ...postings.flatMap(([target, key]) => postingCauses.map((cause) => exceptionId(cause, target, key))),
  ];
}

/** Closes open exceptions about ids; nothing happens to those closed already. */
export const resolveStatement = (
  db: D1Database,
  tenant: string,
  ids: readonly string[],
  resolution: string,
  now: EpochMs,
): D1PreparedStatement =>
  db
    .prepare(
      `UPDATE exceptions SET status = 'resolved', resolved_at = ?3, resolution = ?4
       WHERE tenant = ?1 AND id IN (SELECT value FROM json_each(?2)) AND status = 'open'`,
    )
    .bind(tenant, JSON.stringify(ids), now, resolution);
