/** What travels through the ledger stage: a leased lane, planned, then committed, with what is left to do for it. */
import type { ExchangeRate } from '../canonical/decision.ts';
import type { LaneStanding } from '../canonical/identity.ts';
import type { IsoDate, LaneKey, ProviderEventId, SourceId } from '../canonical/ids.ts';
import type { LaneHead, LeaseAnswer, LeasedEvent, Settlement } from '../durable-objects/customer-lane/protocol.ts';
import type { LaneLink, OwnedObject } from '../ledger/books.ts';
import type { LaneCommit, PostingPlan } from '../ledger/records.ts';
import type { LanePlan } from './lane-plan.ts';

export type LeasedLane = Extract<LeaseAnswer, { code: 'leased' }>;

/** An applied event whose documents are to be posted, in applied order. */
export interface ItemToPost {
  readonly position: number;
  readonly seq: number;
  readonly source: SourceId;
  readonly eventId: ProviderEventId;
  readonly plan: PostingPlan;
  /** Its documents may already be at the target: look up before writing. */
  readonly uncertain: boolean;
}

export interface LedgerOutcome {
  readonly lease: LeasedLane;
  readonly settlement: Pick<Settlement, 'applied' | 'head' | 'held' | 'archivedTo' | 'reported'>;
  readonly toPost: readonly ItemToPost[];
  /** The lane moved less than it could have: ring again. */
  readonly unfinished: boolean;
}

export interface PlannedLane {
  readonly lease: LeasedLane;
  readonly commit: LaneCommit;
  readonly plan: LanePlan;
  /** Events were kept back for later: the lane rings again by itself. */
  readonly unfinished: boolean;
  /** Not null: it goes on in another lane, and is only drained. */
  readonly link: LaneLink | null;
  /** The same lane planned from elsewhere: for finding the event that the books refuse. */
  readonly replan: (request: PlanRequest) => Promise<PlannedLane>;
  /** What it was planned on, as it is by now. */
  readonly booksNow: () => Promise<PlanningBooks>;
}

export interface PlanRequest {
  readonly head: LaneHead;
  readonly events: readonly LeasedEvent[];
  /** Books as they have become since. */
  readonly books: PlanningBooks;
  /** Refused by the books, with its words: to be parked. */
  readonly refused: { readonly event: LeasedEvent; readonly words: string } | null;
}

export interface PlanningBooks {
  readonly objects: ReadonlyMap<string, OwnedObject>;
  readonly links: ReadonlyMap<LaneKey, LaneLink>;
  readonly kin: ReadonlyMap<LaneKey, readonly LaneKey[]>;
  readonly standings: ReadonlyMap<LaneKey, LaneStanding>;
  /** Of the feed, for the currencies and days of the facts. */
  readonly rates: readonly ExchangeRate[];
  /** Last closed day of each entity the facts are of, where its books were ever closed. */
  readonly closings: ReadonlyMap<string, IsoDate>;
}

/** A lane's outcome in the books, and what is still to be handed to other lanes before it is settled. */
export interface Committed {
  readonly outcome: LedgerOutcome;
  readonly toForward: LanePlan['forwarded'];
}

/** The lease as it was: everything stays due. */
export const nothingDone = (lease: LeasedLane): LedgerOutcome => ({
  lease,
  settlement: { applied: [], head: lease.head, held: [], archivedTo: null },
  toPost: [],
  unfinished: false,
});

/** Settles what other lanes have now as done with here. */
export function withForwarded(
  outcome: LedgerOutcome,
  gone: readonly { readonly event: LeasedEvent; readonly to: LaneKey }[],
): LedgerOutcome {
  if (gone.length === 0) return outcome;
  const applied = new Set(outcome.settlement.applied.map(({ seq }) => seq));
  const held = gone
    .filter(({ event }) => !applied.has(event.seq))
    .map(({ event, to }) => ({ seq: event.seq, reason: { kind: 'forwarded' as const, to } }));
  return { ...outcome, settlement: { ...outcome.settlement, held: [...outcome.settlement.held, ...held] } };
}
