/** Which posting outcomes a person must see, in words a finance person acts on. */
import type { ExceptionCause } from '../canonical/decision.ts';
import { amountAtStake, type TargetDocument } from '../canonical/documents.ts';
import { type ExceptionRecord, exceptionId } from '../ledger/records.ts';
import type { PostingOutcome } from '../targets/connector.ts';
import type { PostingItem } from './posting-item.ts';

/** An uncertain posting is looked up by itself; a person is told when that has not helped this often. */
const UNCERTAIN_TRIES = 3;

type Outcome = PostingOutcome | { readonly outcome: 'blocked' | 'absent' };

export function postingExceptions(
  target: string,
  document: TargetDocument,
  outcome: Outcome,
  tries: number,
  item: Pick<PostingItem, 'seq' | 'source' | 'eventId' | 'adopt'>,
): ExceptionRecord[] {
  // What somebody else posted is for the difference report.
  if (item.adopt === 'only' || (outcome.outcome === 'applied' && outcome.receipt.adopted === true)) return [];
  const raise = (cause: ExceptionCause, message: string, remedy: string): ExceptionRecord[] => {
    const stake = amountAtStake(document);
    return [
      {
        id: exceptionId(cause, target, document.key),
        cause,
        message,
        remedy,
        amount: stake?.amount ?? null,
        currency: stake?.currency ?? null,
        object: document.object,
        seq: item.seq,
        source: item.source,
        eventId: item.eventId,
        target,
        postingKey: document.key,
      },
    ];
  };
  const what = `The ${document.kind.replace('_', ' ')} for ${document.object}`;
  if (outcome.outcome === 'rejected') {
    return raise(
      'posting_rejected',
      `${what} was refused by ${target} (${outcome.code}): ${outcome.message}`,
      remedies[outcome.class],
    );
  }
  if (outcome.outcome === 'uncertain' && tries >= UNCERTAIN_TRIES) {
    return raise(
      'posting_uncertain',
      `${what} may or may not be in ${target} after ${tries} tries: ${outcome.message}`,
      `Look in ${target} for reference ${document.key}. It is looked up again before any retry, so it cannot be posted twice.`,
    );
  }
  if (outcome.outcome === 'applied' && outcome.receipt.differences.length > 0) {
    const list = outcome.receipt.differences.map((d) => `${d.field} sent ${d.sent}, found ${d.found}`).join('; ');
    return raise(
      'posted_with_warnings',
      `${what} is in ${target} as ${outcome.receipt.remoteName ?? outcome.receipt.remoteId}, but differs: ${list}`,
      `Check it in ${target}, then resolve this exception.`,
    );
  }
  return [];
}

const remedies = {
  business:
    'Correct the cause at the target (period, mapping, master data). It is retried by itself, or at once with “retry”.',
  config: 'Correct the target’s address, credentials or rights, then resume the target.',
  contract: 'The target’s interface does not match: tell the engineers who run the gateway.',
} as const;

/** Exceptions that end when the document is applied. */
export const resolvedBy = (target: string, document: TargetDocument): string[] =>
  (['posting_rejected', 'posting_uncertain'] as const).map((cause) => exceptionId(cause, target, document.key));
