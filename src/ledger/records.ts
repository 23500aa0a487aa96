/** What the ledger stage writes: rows of src/ledger/schema.ts in the words of the code. */

import type { ExceptionDraft } from '../canonical/decision.ts';
import type { TargetDocument } from '../canonical/documents.ts';
import type { DraftEntry } from '../canonical/entry.ts';
import type { CanonicalEvent } from '../canonical/events.ts';
import type { EpochMs, LaneKey, ProviderEventId, SourceId, TenantId } from '../canonical/ids.ts';
import type { Currency, MinorUnits } from '../canonical/money.ts';
import type { ObjectState } from '../canonical/objects.ts';
import type { LaneHead } from '../durable-objects/customer-lane/protocol.ts';
import type { TrustTier } from '../verification/verification.ts';
import type { MarkRecord } from './customer-marks.ts';

export interface EntryRecord extends DraftEntry {
  readonly position: number;
  readonly part: number;
  readonly source: SourceId;
  readonly eventId: ProviderEventId;
  readonly bodyHash: string;
  readonly configVersion: number;
  readonly previousHash: string;
  readonly hash: string;
}

/** What an event asks of targets; kept with the event so that a posting can be made again years later. */
export interface PostingPlan {
  readonly targets: readonly {
    readonly target: string;
    readonly notBefore: EpochMs;
    /** History: the target has it from elsewhere. It is looked for there and compared, never written. */
    readonly adopt?: true;
    /** Posted only once a second person has approved: the request's id, without its number (`ApprovalRecord`). */
    readonly approval?: string;
  }[];
  readonly documents: readonly TargetDocument[];
  /** Targets that take the event's entries with the summary of their window instead of its documents. */
  readonly summaries?: readonly string[];
  /** Of an event that is held: whose books it would be in. Documents and entries say it of one that is booked. */
  readonly entity?: string;
}

/** A posting that waits for a second person, asked for by what caused it. */
export interface ApprovalRecord {
  /** `posting/<target>/<source>/<event id>`; its requests count up from `/1`. */
  readonly subject: string;
  readonly entity: string;
  readonly rule: string;
  /** One sentence. */
  readonly about: string;
  readonly amount: MinorUnits;
  readonly currency: Currency;
  /** `gateway`, or who had the event told or tried again: they may not approve it. */
  readonly requestedBy: string;
  readonly expiresAfterMs: number;
  readonly target: string;
  readonly source: SourceId;
  readonly eventId: ProviderEventId;
  readonly seq: number;
}

export type EventOutcome = 'booked' | 'nothing' | 'waiting' | 'parked' | 'quarantined';

export interface EventRecord {
  readonly source: SourceId;
  readonly eventId: ProviderEventId;
  readonly seq: number;
  readonly position: number | null;
  readonly type: string;
  readonly occurredAt: EpochMs;
  readonly receivedAt: EpochMs;
  readonly trust: TrustTier;
  readonly bodyHash: string;
  readonly outcome: EventOutcome;
  readonly note: string | null;
  readonly facts: readonly CanonicalEvent[];
  readonly plan: PostingPlan;
  readonly configVersion: number;
  /** The lane's chain before and after it; null while it has no place. */
  readonly previousHash: string | null;
  readonly hash: string | null;
}

/** A sub-ledger state with the hash of its row (`objectHash`). */
export interface ObjectRecord {
  readonly state: ObjectState;
  readonly hash: string;
}

export interface ExceptionRecord extends ExceptionDraft {
  /** Made from what it is about (`exceptionId`), so that raising it twice is raising it once. */
  readonly id: string;
  readonly seq: number | null;
  readonly source: SourceId | null;
  readonly eventId: ProviderEventId | null;
  readonly target: string | null;
  readonly postingKey: string | null;
}

/** One lane's part of a commit. */
export interface LaneCommit {
  readonly tenant: TenantId;
  readonly lane: LaneKey;
  readonly from: LaneHead;
  readonly to: LaneHead;
  readonly events: readonly EventRecord[];
  readonly entries: readonly EntryRecord[];
  readonly objects: readonly ObjectRecord[];
  readonly exceptions: readonly ExceptionRecord[];
  /** Ids of exceptions whose cause is gone. */
  readonly resolved: readonly string[];
  /** Asked for in the same transaction. */
  readonly approvals?: readonly ApprovalRecord[];
  /** The lane turned out to be the same customer's as another: what is accepted from now on goes on there. */
  readonly link?: LaneLinkRecord | null;
  /** Customers that are new or changed, by what they may share with others. */
  readonly marks?: readonly MarkRecord[];
  /**
   * Events leave the lane: the epoch is written to its head though that does not move, so that an earlier pass, still
   * on its way, cannot apply them here after that.
   */
  readonly fences?: boolean;
  /** Epoch of the lease it was decided under. */
  readonly epoch?: number;
}

export interface LaneLinkRecord {
  readonly primary: LaneKey;
  /** `<source>/<event id>`, or `operator/<name>`. */
  readonly learntFrom: string;
}

export interface PostingRecord {
  readonly tenant: TenantId;
  readonly target: string;
  readonly key: string;
  readonly kind: TargetDocument['kind'];
  readonly lane: LaneKey;
  readonly position: number;
  readonly source: SourceId;
  readonly eventId: ProviderEventId;
  readonly outcome: 'applied' | 'rejected' | 'uncertain' | 'blocked' | 'pending' | 'skipped';
  readonly remoteId: string | null;
  readonly remoteName: string | null;
  readonly remoteDate: string | null;
  readonly differences: readonly { readonly field: string; readonly sent: string; readonly found: string }[];
  readonly message: string | null;
  readonly attempts: number;
}

/** Messages of the rows of what was looked for and not posted: the difference report goes by them. */
export const ADOPTED = 'found at the target, posted by somebody else';
export const ABSENT = 'not found at the target, and not posted';

/** `<cause>/<what>`: the same trouble with the same thing is one exception. */
export const exceptionId = (cause: string, ...about: readonly string[]): string => [cause, ...about].join('/');
