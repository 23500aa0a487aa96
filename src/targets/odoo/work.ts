/** What is known about each document while one `post` works on it. */
import type { TargetDocument } from '../../canonical/documents.ts';
import type { Posting, PostingOutcome, Receipt } from '../connector.ts';
import { type Failure, outcomeOf } from './errors.ts';

export type Difference = Receipt['differences'][number];

export interface Work<Document extends TargetDocument = TargetDocument> {
  readonly document: Document;
  /** Its outcome is unknown from an earlier attempt. */
  readonly uncertain: boolean;
  readonly receipts: Posting['receipts'];
  /** Null while it is still to be decided. */
  outcome: PostingOutcome | null;
  /** The record at the target, once known. */
  remoteId: number | null;
  /** The journal entry it made: itself for `account.move`, null for what makes none. */
  moveId: number | null;
}

export const isOpen = (work: Work): boolean => work.outcome === null;

export function fail(works: readonly Work[], failure: Failure, mayHaveWritten: boolean): void {
  for (const work of works) work.outcome ??= outcomeOf(failure, mayHaveWritten || work.uncertain);
}

export const difference = (field: string, sent: string, found: string): Difference => ({ field, sent, found });

/** Adds to what was found different on a document that is at the target. */
export function warn(work: Work, added: Difference): void {
  if (work.outcome?.outcome !== 'applied') return;
  const { receipt } = work.outcome;
  work.outcome = { outcome: 'applied', receipt: { ...receipt, differences: [...receipt.differences, added] } };
}
