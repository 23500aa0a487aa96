/**
 * What a lane is told and what it answers. Plain data, because it crosses RPC; fields are only ever added, so that two
 * versions can talk during a deploy. Expected outcomes are values with a `code`.
 */
import type { EpochMs, LaneKey, ProviderEventId, SourceId, TenantId } from '../../canonical/ids.ts';
import type { TrustTier } from '../../verification/verification.ts';

/** What a queue message says: this lane has work. A hint, never the data: it may be lost, doubled, late or out of order. */
export interface Doorbell {
  readonly tenant: TenantId;
  readonly lane: LaneKey;
}

/** In the evidence of an event of the past that an operator brought, instead of its sender: who did. */
export const IMPORTED_BY = 'ledgergate-imported-by';

/** The name of a lane's Durable Object. */
export const laneName = ({ tenant, lane }: Doorbell): string => `${tenant}/${lane}`;

/** An event to be stored. `body` are the signed bytes (or the event's slice of them). */
export interface AcceptEvent {
  readonly source: SourceId;
  readonly eventId: ProviderEventId;
  readonly type: string;
  readonly occurredAt: EpochMs;
  readonly receivedAt: EpochMs;
  readonly trust: TrustTier;
  /** SHA-256 of `body`, lower hex. */
  readonly bodyHash: string;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Headers that carried the proof, credentials left out. */
  readonly evidence: Readonly<Record<string, string>>;
  /** Set when it is authentic but not understood: it is kept, counted and never handed out until re-driven. */
  readonly quarantine: string | null;
  /**
   * The lane that hands it over. Should this lane have handed it away before, or be doing so right now, it is taken back
   * under a new number: otherwise each lane would hold the other responsible. The same lane handing it over twice is a
   * duplicate like any other.
   */
  readonly forwardedFrom?: LaneKey;
}

export type AcceptResult =
  | { readonly code: 'accepted'; readonly seq: number }
  | { readonly code: 'duplicate'; readonly seq: number }
  /** Same id, other bytes: kept as a conflict for a person; the first stays. Answered like a duplicate. */
  | { readonly code: 'conflict'; readonly seq: number };

export interface AcceptAnswer {
  readonly results: readonly AcceptResult[];
  /** The caller should ring the doorbell: there is work and no ring is outstanding. */
  readonly ring: boolean;
  /** First contact: the caller registers the lane with the ledger so that the sweeper knows it. */
  readonly created: boolean;
}

/** Nothing was written: the whole call is outside the bounds (rules.ts), or the lane's database is nearly full. */
export interface AcceptRefusal {
  readonly code: 'refused';
  readonly reason: 'no_events' | 'too_many_events' | 'event_too_large' | 'call_too_large' | 'lane_full';
}

/** A delivery under a known event id with other bytes than the first: for a person. The first stays what it was. */
export interface Conflict {
  /** Its place among the lane's conflicts; `Settlement.reported.conflictsTo` refers to it. */
  readonly number: number;
  /** The event that stands. */
  readonly seq: number;
  readonly source: SourceId;
  readonly eventId: ProviderEventId;
  readonly receivedAt: EpochMs;
  readonly bodyHash: string;
  /** Null when it was larger than 64 KiB. */
  readonly body: Uint8Array<ArrayBuffer> | null;
}

/** An event accepted into quarantine that nobody has put on the list yet. */
export interface QuarantinedEvent {
  readonly seq: number;
  readonly source: SourceId;
  readonly eventId: ProviderEventId;
  readonly type: string;
  readonly occurredAt: EpochMs;
  readonly receivedAt: EpochMs;
  readonly trust: TrustTier;
  readonly bodyHash: string;
  readonly reason: string;
}

/** An event handed out for the ledger stage. */
export interface LeasedEvent {
  readonly seq: number;
  readonly source: SourceId;
  readonly eventId: ProviderEventId;
  readonly type: string;
  readonly occurredAt: EpochMs;
  readonly receivedAt: EpochMs;
  readonly trust: TrustTier;
  readonly bodyHash: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly evidence: Readonly<Record<string, string>>;
  /** Not null when it was handed out before and is waiting or parked. */
  readonly held: HeldReason | null;
}

/** `releasedBy`: the person who had it tried again. */
export type HeldReason =
  /** For prerequisites; becomes an exception at `until`, and is retried whenever something new is booked. */
  | {
      readonly kind: 'waiting';
      readonly requires: readonly string[];
      readonly until: EpochMs;
      readonly releasedBy?: string | undefined;
    }
  /** A person decides; retried when unparked, or when its cause may have gone. `version`: of the config it was decided by. */
  | {
      readonly kind: 'parked';
      readonly exceptionId: string;
      readonly cause: string;
      readonly version?: number | undefined;
      readonly releasedBy?: string | undefined;
    }
  | { readonly kind: 'quarantined'; readonly reason: string; readonly releasedBy?: string | undefined }
  /**
   * Only in a settlement: the event is in that lane now, which owns what it is about. Done with here. The lane itself:
   * it has the event under another number.
   */
  | { readonly kind: 'forwarded'; readonly to: LaneKey };

/** An event in the ledger whose documents are not at a target yet, in the lane's applied order. */
export interface OutboxItem {
  readonly target: string;
  readonly position: number;
  readonly seq: number;
  readonly source: SourceId;
  readonly eventId: ProviderEventId;
  /** An earlier attempt's outcome is unknown. */
  readonly uncertain: boolean;
  readonly attempts: number;
  readonly notBefore: EpochMs;
}

export interface LaneHead {
  /** Events applied so far: the last used position. */
  readonly position: number;
  /** Hash of the last link in the lane's chain (src/ledger/chain.ts); 64 zeros before the first. */
  readonly hash: string;
}

export type LeaseAnswer =
  | {
      readonly code: 'leased';
      readonly tenant: TenantId;
      readonly lane: LaneKey;
      readonly epoch: number;
      /** When the lease ends: nothing may be written to a target after that. Epoch ms, by the lane's clock. */
      readonly until: EpochMs;
      readonly head: LaneHead;
      /** New events in `seq` order, preceded by held ones that are due for another look. At most 100, at most 4 MiB. */
      readonly events: readonly LeasedEvent[];
      /** At most 100, in applied order per target. */
      readonly outbox: readonly OutboxItem[];
      /**
       * Targets with items that were not handed out (not due yet, or too many). A new document for one of these goes
       * to the outbox behind them, or it would overtake.
       */
      readonly blockedTargets: readonly string[];
      /** Not reported yet, at most 100: to become exceptions in the ledger's batch, then `Settlement.reported`. */
      readonly conflicts: readonly Conflict[];
      /** Conflicts that were not kept because 100 unreported ones were there already; a count over the lane's life. */
      readonly conflictsOmitted: number;
      /** Not reported yet, at most 100: to be put on the quarantine list, then `Settlement.reported`. */
      readonly quarantined: readonly QuarantinedEvent[];
      /**
       * Applied earlier and not in the archive: read them with `unarchived(from)` and archive them before a higher
       * `archivedTo` is settled.
       */
      readonly unarchived: { readonly from: number; readonly to: number } | null;
      /** There is more than was handed out. */
      readonly more: boolean;
    }
  | { readonly code: 'idle' }
  /** Somebody else holds it until then. */
  | { readonly code: 'busy'; readonly until: EpochMs };

/**
 * What became of each leased event. Those not named stay due and are handed out again, first and in the same order; a new
 * one that a named one overtook is held by the lane as waiting, due at once.
 */
export interface Settlement {
  /** Events applied, in order; their positions follow the head without a gap. */
  readonly applied: readonly {
    readonly seq: number;
    readonly position: number;
    /**
     * It waited within this pass: later events were applied before it, because it needed them. Without this a new event
     * applied after a later one is refused.
     */
    readonly waited?: boolean;
  }[];
  readonly head: LaneHead;
  readonly held: readonly { readonly seq: number; readonly reason: HeldReason }[];
  /** Documents not at their target yet: new ones, and changes to those handed out. */
  readonly outbox: readonly {
    readonly target: string;
    readonly position: number;
    readonly seq: number;
    readonly uncertain: boolean;
    /** A try was made, so its next time is a retry's, which a person may hasten; a window's first time is not. */
    readonly tried?: boolean;
    readonly notBefore: EpochMs;
  }[];
  /** Outbox items that are done with. */
  readonly posted: readonly { readonly target: string; readonly position: number }[];
  /**
   * The archive has the new events of this lease up to this seq, held ones included, and what `unarchived` gave up to
   * it; null when the archive could not be written. Events handed out as held need not be archived again: those whose
   * bytes the archive lacks (quarantined ones, or it failed then) come through `unarchived` once they are applied.
   */
  readonly archivedTo: number | null;
  /** What stands on a person's list now: conflicts up to this number, quarantined events up to this seq. */
  readonly reported?: { readonly conflictsTo?: number; readonly quarantinedTo?: number };
}

/** With `more` the caller goes on: it leases again, or rings the doorbell. The lane rings only when nobody did. */
export type SettleAnswer =
  | { readonly code: 'settled'; readonly more: boolean }
  /** Another lease was given since: nothing was changed. */
  | { readonly code: 'stale_epoch' }
  /** It contradicts the stored state (a position gap, an unknown seq): a bug, nothing was changed. */
  | { readonly code: 'refused'; readonly reason: string };

export interface LaneStatus {
  readonly tenant: TenantId;
  readonly lane: LaneKey;
  /** Highest seq accepted. */
  readonly accepted: number;
  readonly head: LaneHead;
  readonly settledTo: number;
  readonly archivedTo: number;
  readonly held: readonly {
    readonly seq: number;
    /** Absent in the answer of an older version. */
    readonly source?: SourceId;
    readonly eventId: ProviderEventId;
    readonly type: string;
    readonly reason: HeldReason;
  }[];
  readonly outbox: readonly OutboxItem[];
  readonly lease: { readonly epoch: number; readonly until: EpochMs } | null;
  readonly oldestUnsettledAt: EpochMs | null;
  readonly paused: boolean;
}

/** The answer to an operator's command on held or blocking events. */
export type OperateAnswer =
  | {
      readonly code: 'done';
      /** The seqs it took effect on. */
      readonly seqs: readonly number[];
      /** The caller should ring the doorbell. */
      readonly ring: boolean;
    }
  /** It is leased right now; nothing was changed. */
  | { readonly code: 'busy'; readonly until: EpochMs }
  /**
   * It was handed out by a lease that was never settled: the ledger may have it. Nothing was changed. Read the ledger's
   * head and pass its position: when it equals the lane's, the ledger does not have it.
   */
  | { readonly code: 'in_doubt' }
  | { readonly code: 'not_found' }
  /** It is applied, skipped, or not in a state the command is for. */
  | { readonly code: 'not_applicable' };

/** One line of the log, without its body. */
export interface LogLine {
  readonly seq: number;
  readonly source: SourceId;
  readonly eventId: ProviderEventId;
  readonly type: string;
  readonly occurredAt: EpochMs;
  readonly receivedAt: EpochMs;
  readonly trust: TrustTier;
  readonly bodyHash: string;
  /** Bytes of the body as accepted. */
  readonly size: number;
  /** `settled`: applied. `due`: not handed out yet, or handed out and not settled. */
  readonly state: 'due' | 'settled' | 'held' | 'skipped';
  readonly held: HeldReason | null;
  /** Only for an event that had waited: the place it was applied at. Others follow in `seq` order round it. */
  readonly latePosition: number | null;
}

export interface LogPage {
  readonly events: readonly LogLine[];
  /** The `fromSeq` of the next page; null at the end. */
  readonly next: number | null;
}

export type BodyAnswer =
  | {
      readonly code: 'found';
      readonly body: Uint8Array<ArrayBuffer>;
      readonly bodyHash: string;
      readonly evidence: Readonly<Record<string, string>>;
    }
  /** It is in the archive only. */
  | { readonly code: 'pruned'; readonly bodyHash: string }
  | { readonly code: 'not_found' };
