/** What travels through the posting stage: an event's documents for one target, and what became of each. */
import type { TargetDocument } from '../canonical/documents.ts';
import type { EpochMs, LaneKey, PostingKey, ProviderEventId, SourceId, TenantId } from '../canonical/ids.ts';
import type { PostingOutcome } from '../targets/connector.ts';
import { retryAt } from './posting-backoff.ts';

/** One event's documents for one target. */
export interface PostingItem {
  readonly tenant: TenantId;
  readonly lane: LaneKey;
  readonly target: string;
  readonly position: number;
  readonly seq: number;
  readonly source: SourceId;
  readonly eventId: ProviderEventId;
  readonly documents: readonly TargetDocument[];
  /**
   * Whether somebody else may have posted it. `only`: it is looked for and compared, never written (history, a parallel
   * run). `first`: it is written when it is not found (the days of a take-over).
   */
  readonly adopt: 'no' | 'only' | 'first';
  /** What a second person is asked about it, `ApprovalRecord.subject`; null: nobody is. */
  readonly approval: string | null;
  readonly uncertain: boolean;
  /** From the outbox: an earlier pass may have posted part of it. */
  readonly tried: boolean;
  /** Tries before this pass. */
  readonly attempts: number;
  /** When the lane's lease ends: after that somebody else may be posting the same. */
  readonly leaseUntil: EpochMs;
}

export type ItemOutcome =
  | { readonly item: PostingItem; readonly done: true }
  | {
      readonly item: PostingItem;
      readonly done: false;
      readonly uncertain: boolean;
      /** False when it only waits its turn or its window. */
      readonly tried: boolean;
      readonly notBefore: EpochMs;
    };

/** A document on its way, with the item it belongs to. */
export interface Work {
  readonly item: PostingItem;
  readonly document: TargetDocument;
  readonly uncertain: boolean;
  readonly attempts: number;
}

/**
 * `blocked`: a document it depends on is not at the target, so it was not tried. `absent`: it was to be found there
 * and is not; nobody posts it.
 */
export interface Done {
  readonly work: Work;
  readonly outcome:
    | PostingOutcome
    | { readonly outcome: 'blocked'; readonly by: PostingKey }
    | { readonly outcome: 'absent' };
}

/** The item comes again as a whole. */
export const again = (item: PostingItem, uncertain: boolean, now: EpochMs): ItemOutcome => ({
  item,
  done: false,
  uncertain,
  tried: true,
  notBefore: retryAt('not_sent', item.attempts, null, now),
});
