/** What a lane's plan is made from and what it comes to (plan-lane.ts makes it). */
import type { ApprovalNeed, PostingInQuestion } from '../canonical/approval.ts';
import type { EntityBooks, ExceptionDraft } from '../canonical/decision.ts';
import type { DuplicatePolicy } from '../canonical/duplicates.ts';
import type { DraftEntry } from '../canonical/entry.ts';
import type { CanonicalEvent } from '../canonical/events.ts';
import type { IdentityRules, Kinship, StandingLookup } from '../canonical/identity.ts';
import type { EpochMs, LaneKey } from '../canonical/ids.ts';
import type { ObjectState } from '../canonical/objects.ts';
import type { HeldReason, LaneHead, LeasedEvent } from '../durable-objects/customer-lane/protocol.ts';
import type { OwnedObject } from '../ledger/books.ts';
import type { MarkedEvent } from '../ledger/customer-marks.ts';
import type { ApprovalRecord, EventRecord, ExceptionRecord, LaneLinkRecord, PostingPlan } from '../ledger/records.ts';
import type { RoutedTarget } from '../tenants/runtime.ts';

/** How an event reads before the books are asked: made by the source's `interpret` and the tenant's config. */
export type Reading =
  | {
      readonly kind: 'facts';
      readonly facts: readonly CanonicalEvent[];
      readonly note: string | null;
      readonly books: EntityBooks;
    }
  | { readonly kind: 'quarantine'; readonly reason: string }
  /** Something it needs from outside could not be had just now; another look later. */
  | { readonly kind: 'later'; readonly reason: string; readonly exception?: ExceptionDraft }
  | {
      readonly kind: 'exception';
      readonly facts: readonly CanonicalEvent[];
      readonly exception: ExceptionDraft;
      /** Whose books it is of; absent where that is what nobody knows. */
      readonly entity?: string;
    };

export interface LanePlanInput {
  readonly lane: LaneKey;
  readonly head: LaneHead;
  /** In the order to be tried: `seq` order. */
  readonly events: readonly LeasedEvent[];
  readonly reading: (event: LeasedEvent) => Reading;
  /** Books as loaded before; the plan sees its own changes on top. */
  readonly objects: ReadonlyMap<string, OwnedObject>;
  /** An entity's books, null where the config has it no more; asked where the books know the event's object as another entity's than its reading says. */
  readonly booksOf: (entity: string) => EntityBooks | null;
  /** Which targets the facts are routed to, and from when. */
  readonly route: (facts: readonly CanonicalEvent[], entity: string) => readonly RoutedTarget[];
  /** Whether a second person has to approve of a posting first. */
  readonly approval: (question: PostingInQuestion) => ApprovalNeed | null;
  /** Which customers name themselves elsewhere, and how the lanes concerned stand. */
  readonly identity: { readonly rules: IdentityRules; readonly standing: StandingLookup };
  /** Whose customers are one in this lane. */
  readonly kinship: Kinship;
  /** What customers may share without being shown to a person. */
  readonly duplicates: DuplicatePolicy;
  readonly configVersion: number;
  /** How long an event may wait for its prerequisites, ms. */
  readonly patienceMs: number;
  readonly now: EpochMs;
}

export interface PlannedEntry extends DraftEntry {
  readonly position: number;
  readonly part: number;
  readonly event: LeasedEvent;
}

export interface LanePlan {
  readonly position: number;
  readonly applied: readonly { readonly event: LeasedEvent; readonly position: number; readonly plan: PostingPlan }[];
  readonly events: readonly EventRecord[];
  readonly entries: readonly PlannedEntry[];
  readonly objects: readonly ObjectState[];
  readonly held: readonly { readonly seq: number; readonly reason: HeldReason }[];
  /** To be accepted into another lane before they are settled as forwarded. */
  readonly forwarded: readonly { readonly event: LeasedEvent; readonly to: LaneKey }[];
  readonly exceptions: readonly ExceptionRecord[];
  readonly resolved: readonly string[];
  readonly approvals: readonly ApprovalRecord[];
  /** The lane's last act: what follows the event that taught it stays due, and goes to the primary. */
  readonly link: LaneLinkRecord | null;
  /** Customers whose snapshots were applied, once each. */
  readonly marks: readonly MarkedEvent[];
}
