/** A lane while its events are applied to it one by one: each books, waits, parks or goes to another lane. */
import { decide, objectsOf } from '../canonical/decide.ts';
import type { Decision, EntityBooks, ExceptionDraft } from '../canonical/decision.ts';
import { markChange } from '../canonical/duplicates.ts';
import { entityOfObjects } from '../canonical/entities.ts';
import type { CanonicalEvent } from '../canonical/events.ts';
import {
  customerOfLane,
  judgeIdentity,
  type NamedElsewhere,
  namedElsewhere,
  twoPartners,
} from '../canonical/identity.ts';
import type { LaneKey, ObjectKey } from '../canonical/ids.ts';
import type { ObjectState } from '../canonical/objects.ts';
import { unreachable } from '../canonical/result.ts';
import { entitiesOf } from '../canonical/rules/partners.ts';
import { stakeOf } from '../canonical/stake.ts';
import { type HeldReason, IMPORTED_BY, type LeasedEvent } from '../durable-objects/customer-lane/protocol.ts';
import type { MarkedEvent } from '../ledger/customer-marks.ts';
import {
  type ApprovalRecord,
  type EventRecord,
  type ExceptionRecord,
  exceptionId,
  type LaneLinkRecord,
  type PostingPlan,
} from '../ledger/records.ts';
import { errorWords } from '../operations/log.ts';
import type { RoutedTarget } from '../tenants/runtime.ts';
import { causesOf, exceptionFor, internalError, ofNoEntity } from './held-events.ts';
import type { LanePlanInput, PlannedEntry, Reading } from './lane-plan.ts';
import { approvalFor } from './plan-approval.ts';

/** How soon an event that could not be enriched is looked at again, ms; and one for which a person must do something first. */
const LATER_MS = 30_000;
const PERSON_MS = 300_000;

/** What a held event is about. */
type Said = Pick<Held, 'facts' | 'entity'>;

export interface Held {
  readonly kind: 'held';
  readonly reason: HeldReason;
  readonly outcome: 'waiting' | 'parked' | 'quarantined';
  readonly note: string;
  readonly facts: readonly CanonicalEvent[];
  /** Whose books it would be in, as far as is known. */
  readonly entity: string | null;
  readonly exception: ExceptionRecord | null;
}

type Verdict =
  | { readonly kind: 'applied'; readonly changed: boolean }
  | { readonly kind: 'forward'; readonly to: LaneKey }
  /** It made the link, and stays due: it goes to the primary as the first of those that do. */
  | { readonly kind: 'left' }
  | Held;

/** The lane as it becomes while events are applied to it; discarded when the commit does not land. */
export class PlanningLane {
  position: number;
  readonly applied: { event: LeasedEvent; position: number; plan: PostingPlan }[] = [];
  readonly events: EventRecord[] = [];
  readonly entries: PlannedEntry[] = [];
  readonly changed = new Map<string, ObjectState>();
  readonly notices: ExceptionRecord[] = [];
  readonly resolved: string[] = [];
  /** The last event that changed each customer. */
  private readonly customers = new Map<ObjectKey, LeasedEvent>();
  readonly approvals: ApprovalRecord[] = [];
  link: LaneLinkRecord | null = null;
  readonly input: LanePlanInput;

  constructor(input: LanePlanInput) {
    this.input = input;
    this.position = input.head.position;
  }

  private readonly lookup = (key: ObjectKey): ObjectState | null =>
    this.changed.get(key) ?? this.input.objects.get(key)?.state ?? null;

  /** A bug in one event's rules parks that event, with its amount, and never the customer. */
  tryToApply(event: LeasedEvent): Verdict {
    const reading = this.input.reading(event);
    try {
      return this.applyReading(event, reading);
    } catch (error) {
      const [facts, entity] = reading.kind === 'facts' ? [reading.facts, reading.books.entity] : [[], null];
      return this.park(event, internalError(event, facts, errorWords(error)), { facts, entity });
    }
  }

  private applyReading(event: LeasedEvent, reading: Reading): Verdict {
    switch (reading.kind) {
      case 'quarantine':
        return {
          kind: 'held',
          reason: { kind: 'quarantined', reason: reading.reason },
          outcome: 'quarantined',
          note: reading.reason,
          facts: [],
          entity: null,
          exception: null,
        };
      case 'later':
        return this.wait(event, [], reading.reason, { facts: [], entity: null }, reading.exception ?? null);
      case 'exception':
        return this.park(event, reading.exception, { facts: reading.facts, entity: reading.entity ?? null });
      case 'facts':
        return this.applyFacts(event, reading.facts, reading.books, reading.note);
      default:
        return unreachable(reading);
    }
  }

  private applyFacts(
    event: LeasedEvent,
    facts: readonly CanonicalEvent[],
    announced: EntityBooks,
    note: string | null,
  ): Verdict {
    if (facts.length === 0) {
      this.apply(event, 'nothing', note, facts, { targets: [], documents: [] });
      return { kind: 'applied', changed: false };
    }
    if (this.linksFirst(event, facts)) return { kind: 'left' };
    const entity = entityOfObjects(objectsOf(facts), this.lookup, announced.entity);
    if (!entity.ok) return this.park(event, { ...entity.error, ...stakeOf(facts) }, { facts, entity: null });
    const books = entity.value === announced.entity ? announced : this.input.booksOf(entity.value);
    if (books === null) return this.park(event, ofNoEntity(event, entity.value, facts), { facts, entity: null });
    const said = { facts, entity: entity.value };
    const decision = decide(facts, { books, objects: this.lookup, kinship: this.input.kinship });
    switch (decision.outcome) {
      case 'nothing':
        this.apply(event, 'nothing', `${decision.reason}: ${decision.note}`, facts, { targets: [], documents: [] });
        if (decision.reason !== 'stale') this.learnIdentity(event, facts);
        return { kind: 'applied', changed: false };
      case 'wait':
        return this.wait(event, decision.requires, `waits for ${decision.requires.join(', ')}`, said);
      case 'exception':
        return this.park(event, decision.exception, said);
      case 'booked': {
        const owner = foreignOwner(this.input, decision.objects);
        if (owner !== null) return this.forward(event, owner);
        const plan = this.planPosting(event, facts, decision, books);
        const notes = [note, decision.note].filter((words) => typeof words === 'string').join('; ') || null;
        const position = this.apply(event, 'booked', notes, facts, plan);
        decision.entries.forEach((entry, part) => {
          this.entries.push({ ...entry, position, part, event });
        });
        for (const state of decision.objects) {
          this.changed.set(state.key, state);
          if (state.kind === 'customer' && state.version > 0) this.customers.set(state.key, event);
        }
        for (const notice of decision.notices) this.notices.push(exceptionFor(event, notice));
        this.learnIdentity(event, facts);
        return { kind: 'applied', changed: decision.objects.length > 0 };
      }
      default:
        return unreachable(decision);
    }
  }

  /** What the customers of the plan are known by from now on, against what the books held before it. */
  marks(): MarkedEvent[] {
    return [...this.customers].flatMap(([key, { seq, source, eventId }]) => {
      const after = this.changed.get(key);
      if (after?.kind !== 'customer') return [];
      const before = this.input.objects.get(key)?.state;
      const change = markChange(before?.kind === 'customer' ? before : null, after, this.input.duplicates);
      return change.noted.length + change.dropped.length === 0 ? [] : [{ change, seq, source, eventId }];
    });
  }

  /** Where its documents go, which of them wait for a second person, and whose windows take its entries instead. */
  private planPosting(
    event: LeasedEvent,
    facts: readonly CanonicalEvent[],
    { entries, documents, objects }: Extract<Decision, { outcome: 'booked' }>,
    { entity, currency: baseCurrency }: EntityBooks,
  ): PostingPlan {
    if (documents.length === 0 && entries.length === 0) return { targets: [], documents };
    const routed = this.routed(facts, objects, entity);
    const taking = documents.length === 0 ? [] : routed.filter(({ summarised }) => summarised !== true);
    if (event.evidence[IMPORTED_BY] !== undefined) return { targets: taking.map(adopted), documents };
    const summaries = routed.filter(({ summarised }) => summarised === true).map(({ target }) => target);
    const targets = taking.map(({ compared, ...one }) => {
      const question = { facts, entity, baseCurrency, target: one.target, entries, documents };
      const need = this.input.approval(question);
      if (need === null) return one;
      // Nobody is asked about what is not posted; and what nobody was asked about is not posted later either.
      if (compared === true) return adopted(one);
      const asked = approvalFor(event, question, need);
      this.approvals.push(asked);
      return { ...one, approval: asked.subject };
    });
    return { targets, documents, ...(summaries.length === 0 || entries.length === 0 ? {} : { summaries }) };
  }

  /** A customer's own snapshot goes to the targets of every entity that has billed it. */
  private routed(
    facts: readonly CanonicalEvent[],
    changed: readonly ObjectState[],
    entity: string,
  ): readonly RoutedTarget[] {
    const shared = facts.some((fact) => fact.kind === 'customer.upserted');
    const customers = shared ? changed.flatMap((state) => (state.kind === 'customer' ? entitiesOf(state) : [])) : [];
    const targets = [...new Set([entity, ...customers])].flatMap((each) => this.input.route(facts, each));
    // A target that sums up one entity and takes another's documents one by one takes the customer's.
    const itemisedLast = targets.toSorted((a, b) => Number(b.summarised === true) - Number(a.summarised === true));
    return [...new Map(itemisedLast.map((target) => [target.target, target])).values()];
  }

  /** The first link that is learnt ends the plan. */
  private learnIdentity(event: LeasedEvent, facts: readonly CanonicalEvent[]): void {
    for (const said of namedElsewhere(facts, this.input.identity.rules)) this.judge(event, said);
  }

  private judge(event: LeasedEvent, said: NamedElsewhere): void {
    const verdict = judgeIdentity(said, this.input.lane, this.input.identity.standing);
    if (verdict.kind === 'notice') this.notices.push(exceptionFor(event, verdict.notice));
    if (verdict.kind !== 'link' || this.link !== null) return;
    this.notices.push(...verdict.notices.map((notice) => exceptionFor(event, notice)));
    this.link = { primary: verdict.primary, learntFrom: `${event.source}/${event.eventId}` };
    const [mine, theirs] = [said.customer, customerOfLane(verdict.primary)];
    if (!this.hasPartner(mine) || !this.hasPartner(theirs)) return;
    const id = exceptionId('duplicate_customer', 'partners', said.own, verdict.primary);
    this.notices.push({ ...exceptionFor(event, twoPartners(mine, theirs)), id });
  }

  /** In the books, and posted to targets as a partner of its own. */
  private hasPartner(customer: ObjectKey): boolean {
    const state = this.lookup(customer);
    return state?.kind === 'customer' && state.partner === undefined;
  }

  /**
   * A customer whose very first event names its primary is linked before anything is booked of it: then it shares the
   * primary's partner, and needs none of its own.
   */
  private linksFirst(event: LeasedEvent, facts: readonly CanonicalEvent[]): boolean {
    const [said] = namedElsewhere(facts, this.input.identity.rules);
    if (facts.length !== 1 || said === undefined || this.lookup(said.customer) !== null) return false;
    if (judgeIdentity(said, this.input.lane, this.input.identity.standing).kind !== 'link') return false;
    this.judge(event, said);
    return true;
  }

  private apply(
    event: LeasedEvent,
    outcome: 'booked' | 'nothing',
    note: string | null,
    facts: readonly CanonicalEvent[],
    plan: PostingPlan,
  ): number {
    this.position += 1;
    this.applied.push({ event, position: this.position, plan });
    this.events.push(record(event, this.position, outcome, note, facts, plan, this.input.configVersion));
    if (event.held !== null) for (const cause of causesOf(event)) this.resolved.push(cause);
    return this.position;
  }

  private wait(
    event: LeasedEvent,
    requires: readonly ObjectKey[],
    note: string,
    said: Said,
    trouble: ExceptionDraft | null = null,
  ): Verdict {
    this.noLonger(event, null);
    const since = event.receivedAt;
    const overdue = this.input.now >= since + this.input.patienceMs;
    const until =
      requires.length === 0
        ? this.input.now + (trouble === null ? LATER_MS : PERSON_MS)
        : overdue
          ? this.input.now + this.input.patienceMs
          : since + this.input.patienceMs;
    const cause = trouble === null ? null : exceptionFor(event, trouble);
    const exception =
      cause === null && overdue
        ? exceptionFor(event, {
            cause: 'prerequisite_missing',
            message: `${event.type} ${note} and has waited ${Math.round((this.input.now - since) / 3_600_000)} hours.`,
            remedy: 'Send the missing event again from the provider, or skip this one with a reason.',
            ...stakeOf(said.facts),
            object: requires[0] ?? null,
          })
        : cause;
    return { kind: 'held', reason: { kind: 'waiting', requires, until }, outcome: 'waiting', note, ...said, exception };
  }

  /** The event is about what another lane keeps: it goes there, and that lane's order is its order. */
  private forward(event: LeasedEvent, to: LaneKey): Verdict {
    this.resolved.push(...causesOf(event));
    return { kind: 'forward', to };
  }

  /** What it was parked for is gone where it is held for something else now. */
  private noLonger(event: LeasedEvent, now: string | null): void {
    if (event.held?.kind === 'parked' && event.held.exceptionId !== now) this.resolved.push(event.held.exceptionId);
  }

  private park(event: LeasedEvent, draft: ExceptionDraft, said: Said): Verdict {
    const exception = exceptionFor(event, draft);
    this.noLonger(event, exception.id);
    return {
      kind: 'held',
      reason: { kind: 'parked', exceptionId: exception.id, cause: draft.cause, version: this.input.configVersion },
      outcome: 'parked',
      note: draft.message,
      ...said,
      exception,
    };
  }
}

/** History was posted by whoever was there before: it is looked for, and never posted a second time. */
const adopted = ({ target }: RoutedTarget): PostingPlan['targets'][number] => ({ target, notBefore: 0, adopt: true });

/**
 * The lane that owns the objects a decision would write, when it is another than this one: a provider's event that does
 * not name its customer (a refund, an invoice payment) is accepted into a lane of the source's own, and only the books
 * know whose it is.
 *
 * @throws when the objects have several owners, this lane included: no lane could write them all, and each would hand
 * the event to the other for ever.
 */
function foreignOwner({ lane, objects }: LanePlanInput, changed: readonly ObjectState[]): LaneKey | null {
  const owners = new Set(changed.flatMap((state) => objects.get(state.key)?.lane ?? []));
  const [owner, ...others] = owners;
  if (others.length > 0) throw new Error(`it concerns objects of ${owners.size} lanes`);
  return owner === undefined || owner === lane ? null : owner;
}

export function record(
  event: LeasedEvent,
  position: number | null,
  outcome: EventRecord['outcome'],
  note: string | null,
  facts: readonly CanonicalEvent[],
  plan: PostingPlan,
  configVersion: number,
): EventRecord {
  const { source, eventId, seq, type, occurredAt, receivedAt, trust, bodyHash } = event;
  return {
    source,
    eventId,
    seq,
    position,
    type,
    occurredAt,
    receivedAt,
    trust,
    bodyHash,
    outcome,
    note,
    facts,
    plan,
    configVersion,
    previousHash: null,
    hash: null,
  };
}
