/**
 * The seam every target is written against. One folder per kind, listed in registry.ts.
 * test/conformance/connector-contract.ts attacks each of them with the same faults.
 */
import type { TargetDocument } from '../canonical/documents.ts';
import type { EpochMs, IsoDate, PostingKey } from '../canonical/ids.ts';

/** Proof that a document is at the target: kept for ever, shown on the event's timeline. */
export interface Receipt {
  /** The target's own id, `account.move/4711`. */
  readonly remoteId: string;
  /** The target's human number, `INV/2026/00012`. */
  readonly remoteName: string | null;
  /** The date the target booked it on. */
  readonly remoteDate: string | null;
  /** Read back and found different from what was sent: field, sent, found. Empty when all is as sent. */
  readonly differences: readonly { readonly field: string; readonly sent: string; readonly found: string }[];
}

/** How the gateway treats a failure. `config` pauses the whole target; `contract` is our bug or a changed API. */
export type RejectionClass = 'business' | 'config' | 'contract';

/**
 * Three-valued, and a fourth for what certainly did not reach the target:
 * `applied` (differences → posted with warnings), `rejected` (the target said no; nothing was written),
 * `uncertain` (it may or may not be there: look up before anything else), `not_sent` (breaker open, rate limit, refused
 * connection: try again later, safely).
 */
export type PostingOutcome =
  | { readonly outcome: 'applied'; readonly receipt: Receipt }
  | { readonly outcome: 'rejected'; readonly class: RejectionClass; readonly code: string; readonly message: string }
  | { readonly outcome: 'uncertain'; readonly message: string; readonly retryAfterMs: number | null }
  | { readonly outcome: 'not_sent'; readonly message: string; readonly retryAfterMs: number | null };

export type LookupOutcome =
  | { readonly found: 'yes'; readonly receipt: Receipt }
  | { readonly found: 'no' }
  | { readonly found: 'unknown'; readonly message: string };

export interface Posting {
  readonly document: TargetDocument;
  /** Receipts of the documents it depends on, as far as they are known here. */
  readonly receipts: ReadonlyMap<PostingKey, Receipt>;
  /** True when an earlier attempt's outcome is not known: the connector must look up before it writes. */
  readonly uncertain: boolean;
}

/** Last days the target has locked, null where none: for everything, for sales documents, for what bears on taxes. */
export interface TargetLocks {
  readonly all: IsoDate | null;
  readonly sales: IsoDate | null;
  readonly taxes: IsoDate | null;
}

export type LocksAnswer =
  | { readonly ok: true; readonly locks: TargetLocks }
  | { readonly ok: false; readonly message: string };

export interface TargetConnector {
  readonly kind: string;
  /**
   * `native`: the target itself refuses a second write with the same key. `natural-key`: a unique key of ours makes the
   * write an upsert. `lookup`: only a look-up before each write prevents doubles.
   */
  readonly idempotency: 'native' | 'natural-key' | 'lookup';
  /** Documents it takes; others are settled as `not for this target`. */
  accepts(document: TargetDocument): boolean;
  /**
   * Posts documents that do not depend on each other (the poster makes waves of them), in bulk where the target can.
   * Answers one outcome per posting, in order. Never throws for what the target or the network did.
   *
   * @param deadline epoch ms: nothing is sent after it and no request outlasts it, because somebody else may hold the
   * documents' lane by then.
   */
  post(postings: readonly Posting[], now: EpochMs, deadline: EpochMs): Promise<readonly PostingOutcome[]>;
  /** Is it there? Answers by the document's key, and compares content. */
  lookup(document: TargetDocument, now: EpochMs): Promise<LookupOutcome>;
  /** Until when the target takes nothing any more; absent: it has no such thing. */
  locks?(now: EpochMs): Promise<LocksAnswer>;
  /** Cheap check of address, credentials and version, for readiness and `config apply --check`. */
  probe(): Promise<{ readonly ok: true; readonly version: string } | { readonly ok: false; readonly message: string }>;
}

/** The one HTTP client connectors use: timeout, size cap, no redirects, no inward addresses (src/targets/http.ts). */
export interface TargetHttp {
  send(request: {
    readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | null;
    readonly timeoutMs: number;
  }): Promise<HttpAnswer>;
}

/**
 * `refused`: the connection was never made, so nothing was sent. `broken`: it broke or timed out after sending began,
 * so the target may have acted.
 */
export type HttpAnswer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly contentType: string;
      readonly body: string;
      readonly retryAfterMs: number | null;
    }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'broken'; readonly message: string };
