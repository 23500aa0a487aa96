/** What a second person is asked about a posting that was just decided. */
import type { ApprovalNeed, PostingInQuestion } from '../canonical/approval.ts';
import type { LeasedEvent } from '../durable-objects/customer-lane/protocol.ts';
import type { ApprovalRecord } from '../ledger/records.ts';
import { OWN_SOURCE } from '../sources/ledgergate/index.ts';

/** Who asks for what nobody but a provider or the clock has caused. */
const GATEWAY = 'gateway';

/** Who had the event told, or tried again after it was held: the maker, who may not be the checker. */
function makerOf(event: LeasedEvent): string {
  if (event.held !== null && 'releasedBy' in event.held && event.held.releasedBy !== undefined) {
    return event.held.releasedBy;
  }
  const told = event.source === OWN_SOURCE ? event.evidence['ledgergate-told-by'] : undefined;
  return told === undefined || told === 'clock' ? GATEWAY : told;
}

export function approvalFor(
  event: LeasedEvent,
  { target, entity, documents }: PostingInQuestion,
  { rule, stake }: ApprovalNeed,
): ApprovalRecord {
  const { source, eventId, seq } = event;
  const kinds = documents.filter(({ kind }) => kind !== 'partner' && kind !== 'product');
  const first = kinds[0] ?? documents[0];
  const more = kinds.length > 1 ? ` and ${kinds.length - 1} more` : '';
  const what = first === undefined ? event.type : `The ${first.kind.replace('_', ' ')} for ${first.object}${more}`;
  return {
    subject: `posting/${target}/${source}/${eventId}`,
    ...{ entity, target, source, eventId, seq },
    rule: rule.words,
    about: `${what}, to ${target}`,
    amount: stake.amount,
    currency: stake.currency,
    requestedBy: makerOf(event),
    expiresAfterMs: rule.expiresAfterMs,
  };
}
