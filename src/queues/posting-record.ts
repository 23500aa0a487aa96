/** What a pass writes down of each document, and what its outcomes say of the target. Pure. */
import { unreachable } from '../canonical/result.ts';
import { ABSENT, ADOPTED, type PostingRecord } from '../ledger/records.ts';
import type { PostingOutcome } from '../targets/connector.ts';
import type { Done, Work } from './posting-item.ts';

/** What was uncertain stays so until the target has been asked: being blocked or not sent answers nothing. */
export const leavesUncertain = (work: Work, { outcome }: Done['outcome']): boolean =>
  outcome === 'uncertain' || (work.uncertain && (outcome === 'blocked' || outcome === 'not_sent'));

/**
 * A document that could not be sent at its first try, because the target was busy or something before it was, is in the
 * lane's outbox and goes within seconds: a row for that would be two rows more for every document of a busy minute.
 */
export const worthRecording = ({ work, outcome }: Done): boolean =>
  work.item.tried || work.uncertain || (outcome.outcome !== 'not_sent' && outcome.outcome !== 'blocked');

/** What a call's outcomes say about the target itself. */
export function healthOf(outcomes: readonly PostingOutcome[]): {
  outcome: 'ok' | 'failed' | 'config';
  retryAfterMs: number | null;
} {
  for (const outcome of outcomes) {
    if (outcome.outcome === 'rejected' && outcome.class === 'config') return { outcome: 'config', retryAfterMs: null };
  }
  const troubled = outcomes.filter((outcome) => outcome.outcome === 'not_sent' || outcome.outcome === 'uncertain');
  if (outcomes.length === 0 || troubled.length < outcomes.length) return { outcome: 'ok', retryAfterMs: null };
  const hints = troubled.flatMap((outcome) =>
    'retryAfterMs' in outcome && outcome.retryAfterMs !== null ? [outcome.retryAfterMs] : [],
  );
  return { outcome: 'failed', retryAfterMs: hints.length === 0 ? null : Math.max(...hints) };
}

/** The document's row in the books. */
export function postingRecord(target: string, { work, outcome }: Done): PostingRecord {
  const { item, document } = work;
  const base = {
    tenant: item.tenant,
    target,
    key: document.key,
    kind: document.kind,
    lane: item.lane,
    position: item.position,
    source: item.source,
    eventId: item.eventId,
    remoteId: null,
    remoteName: null,
    remoteDate: null,
    differences: [],
    attempts: work.attempts + 1,
  };
  switch (outcome.outcome) {
    case 'applied': {
      const { remoteId, remoteName, remoteDate, differences } = outcome.receipt;
      const message = outcome.receipt.adopted === true ? ADOPTED : null;
      return { ...base, outcome: 'applied', remoteId, remoteName, remoteDate, differences, message };
    }
    case 'absent':
      return { ...base, outcome: 'skipped', message: ABSENT };
    case 'rejected':
      return { ...base, outcome: 'rejected', message: `${outcome.code}: ${outcome.message}` };
    case 'uncertain':
      return { ...base, outcome: 'uncertain', message: outcome.message };
    case 'not_sent':
      return { ...base, outcome: work.uncertain ? 'uncertain' : 'pending', message: outcome.message };
    case 'blocked':
      return {
        ...base,
        outcome: work.uncertain ? 'uncertain' : 'blocked',
        message: `waits for ${outcome.by}`,
        attempts: work.attempts,
      };
    default:
      return unreachable(outcome);
  }
}
