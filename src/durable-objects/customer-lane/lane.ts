/**
 * A customer's lane: the log of what was accepted, and who works on it.
 *
 * Promises: an event answered `accepted` is stored, once per (source, event id), and is handed out until it is settled
 * as applied, held, or skipped by a person; applied positions have no gap; new events are applied in `seq` order; while
 * anything is open and the lane is not paused an alarm is armed. Does not promise that an event is handed out only once:
 * what a lease handed out and no settlement named is handed out again first, in the same order.
 *
 * Every command is one transaction without an await, so that it happens whole or not at all. What is kept in memory is a
 * copy or a hint: the object may be evicted between any two commands. Times are passed in.
 */
import type { EpochMs, LaneKey, TenantId } from '../../canonical/ids.ts';
import { storeEvents } from './accepting.ts';
import { hastenOutbox, refuseRemoval, release, releaseDocuments, writeParked } from './operating.ts';
import type {
  AcceptAnswer,
  AcceptEvent,
  AcceptRefusal,
  BodyAnswer,
  Doorbell,
  LaneStatus,
  LeaseAnswer,
  LeasedEvent,
  LogPage,
  OperateAnswer,
  SettleAnswer,
  Settlement,
} from './protocol.ts';
import * as reading from './reading.ts';
import * as rules from './rules.ts';
import { type Migration, migrate, storedVersion } from './schema.ts';
import { contradiction, dropBodies, fingerprint, heldFacts, writeDoneWith, writeSettlement } from './settling.ts';
import { createState, insertState, type LaneState, readState, updateState } from './state.ts';
import type { LaneStorage } from './storage.ts';

export interface LeaseRequest extends Partial<rules.LeaseLimits> {
  readonly durationMs?: number;
}

const MAX_PAGE = 500;
const MAX_LEASE_MS = 15 * 60_000;

export class Lane {
  readonly #storage: LaneStorage;
  readonly #steps: readonly Migration[] | undefined;
  /** A copy of the stored row; dropped when a command throws. `undefined` is "not read yet". */
  #state: LaneState | null | undefined;
  #lastSeq = 0;
  /** A ring, or a holder who saw `more`, is on its way. A hint: lost with the object, cleared by lease and alarm. */
  #rung = false;
  /** Alarms that rang since anything was settled; only lengthens the next wait. */
  #unansweredRings = 0;

  /** Wakes the lane: migrates its tables if it has any. A lane nobody wrote to stays empty. */
  constructor(storage: LaneStorage, steps?: readonly Migration[]) {
    this.#storage = storage;
    this.#steps = steps;
    if (storedVersion(storage) > 0) storage.transaction(() => migrate(storage, steps));
  }

  /**
   * Stores events, in order, all or none. The answer may be given to the sender once this has returned (and, in a
   * Durable Object, the output gate has let the answer out).
   * @throws when the lane belongs to another tenant or key, or a hash is malformed: a routing bug, nothing is stored.
   */
  accept(identity: Doorbell, events: readonly AcceptEvent[], now: EpochMs): AcceptAnswer | AcceptRefusal {
    const reason = rules.refuseAccept(events, this.#storage.size());
    if (reason !== null) return { code: 'refused', reason };
    return this.#command((known) => {
      const state = known ?? this.#create(identity.tenant, identity.lane);
      if (state.tenant !== identity.tenant || state.lane !== identity.lane) {
        throw new Error(`lane ${state.tenant}/${state.lane} was addressed as ${identity.tenant}/${identity.lane}`);
      }
      const stored = storeEvents(this.#storage, state, this.#lastSeq, events);
      this.#lastSeq = stored.lastSeq;
      if (stored.omitted > 0) this.#save({ ...state, conflictsOmitted: state.conflictsOmitted + stored.omitted });
      if (stored.work && !state.paused) this.#arm(now + rules.BACKSTOP_MS, now);
      const ring = stored.work && this.#ring(state, now);
      return { results: stored.results, ring, created: known === null };
    });
  }

  /** Hands out work for one holder until the lease ends. `idle` also when the lane is paused. */
  lease(now: EpochMs, request: LeaseRequest = {}): LeaseAnswer {
    return this.#command((state): LeaseAnswer => {
      if (state === null) return { code: 'idle' };
      if (state.leaseUntil > now) return { code: 'busy', until: state.leaseUntil };
      this.#rung = false;
      if (state.paused) return { code: 'idle' };
      // The last holder never settled: whatever it was given to post may be at its target.
      if (state.leased !== null) this.#storage.exec('UPDATE outbox SET uncertain = 1 WHERE uncertain = 0');
      const { seqs, more } = this.#choose(state, rules.boundedLimits(request), now);
      const outbox = reading.dueOutbox(this.#storage, now);
      const conflicts = reading.unreportedConflicts(this.#storage, state.conflictsTo);
      const quarantined = reading.unreportedQuarantine(this.#storage, state.quarantinedTo);
      const unarchived = reading.unarchivedSpan(this.#storage, state);
      if (seqs.length + outbox.items.length + conflicts.length + quarantined.length === 0 && unarchived === null) {
        this.#rearm(state, now);
        return { code: 'idle' };
      }
      const leased: LaneState = {
        ...state,
        epoch: state.epoch + 1,
        leaseUntil: now + Math.max(1000, Math.min(request.durationMs ?? rules.LEASE_MS, MAX_LEASE_MS)),
        leased: {
          seqs,
          conflictsTo: conflicts.at(-1)?.number ?? state.conflictsTo,
          quarantinedTo: quarantined.at(-1)?.seq ?? state.quarantinedTo,
        },
        doubt: seqs.length > state.doubt.length ? seqs : state.doubt,
      };
      this.#save(leased);
      this.#rearm(leased, now);
      return {
        code: 'leased',
        tenant: leased.tenant,
        lane: leased.lane,
        epoch: leased.epoch,
        until: leased.leaseUntil,
        head: { position: leased.position, hash: leased.hash },
        events: reading.loadEvents(this.#storage, seqs),
        outbox: outbox.items,
        blockedTargets: outbox.blockedTargets,
        conflicts,
        conflictsOmitted: leased.conflictsOmitted,
        quarantined,
        unarchived,
        more: more || outbox.more,
      };
    });
  }

  /**
   * Takes over what the holder of `epoch` did. The same settlement sent again is answered `settled` again. A lease that
   * ran out may still be settled as long as no other was given.
   */
  settle(epoch: number, settlement: Settlement, now: EpochMs): SettleAnswer {
    return this.#command((state): SettleAnswer => {
      if (state === null || epoch > state.epoch) return { code: 'refused', reason: 'no such lease' };
      if (epoch < state.epoch) return { code: 'stale_epoch' };
      if (state.settledEpoch === epoch) {
        return fingerprint(settlement) === state.settledPrint
          ? { code: 'settled', more: reading.moreAtOnce(this.#storage, state, state, now) }
          : { code: 'refused', reason: 'the lease was settled otherwise' };
      }
      const { leased } = state;
      if (leased === null) return { code: 'stale_epoch' };
      const facts = heldFacts(this.#storage, leased.seqs);
      const lane = { position: state.position, hash: state.hash, lastSeq: this.#lastSeq };
      const reason = contradiction(lane, leased, (seq) => facts.has(seq), settlement);
      if (reason !== null) return { code: 'refused', reason };
      const written = writeSettlement(this.#storage, state, leased, facts, settlement, now);
      const settled = this.#pruned(written);
      if (settled.position > state.position || settled.archivedTo > state.archivedTo) this.#unansweredRings = 0;
      const more = reading.moreAtOnce(this.#storage, settled, leased, now);
      this.#save(settled);
      this.#rearm(settled, now);
      this.#rung = more;
      return { code: 'settled', more };
    });
  }

  /** Puts an event aside for a person, so that the ones behind it go on. See `OperateAnswer` for `ledgerPosition`. */
  park(
    seq: number,
    reason: { readonly exceptionId: string; readonly cause: string },
    now: EpochMs,
    ledgerPosition: number | null = null,
  ): OperateAnswer {
    return this.#remove(seq, now, ledgerPosition, (state) => writeParked(this.#storage, state, seq, reason));
  }

  /** Decides that an event is never applied. It stays in the log, with the reason. */
  skip(seq: number, reason: string, now: EpochMs, ledgerPosition: number | null = null): OperateAnswer {
    return this.#remove(seq, now, ledgerPosition, () => writeDoneWith(this.#storage, seq, reason, now));
  }

  /** Makes parked and waiting events due at once; `by`: the person who asks. At most 500 a call. */
  unblock(seqs: readonly number[], now: EpochMs, by: string | null = null): OperateAnswer {
    return this.#release(['parked', 'waiting'], seqs, by, now);
  }

  /** Offers quarantined events to the ledger stage again, after a schema or mapping change. At most 500 a call. */
  redrive(seqs: readonly number[], now: EpochMs, by: string | null = null): OperateAnswer {
    return this.#release(['quarantined'], seqs, by, now);
  }

  /** Lets an event's documents for `target` go at `at`: what they waited for is decided. */
  releaseDocuments(target: string, seq: number, at: EpochMs, now: EpochMs): OperateAnswer {
    return this.#command((state): OperateAnswer => {
      if (state === null) return { code: 'not_found' };
      if (!releaseDocuments(this.#storage, target, seq, at)) return { code: 'not_applicable' };
      this.#rearm(state, now);
      return { code: 'done', seqs: [seq], ring: this.#ringable(state, now) && this.#ring(state, now) };
    });
  }

  /** Makes documents that failed to reach `target` (null: any target) due at once. A window's documents are not moved. */
  hasten(target: string | null, now: EpochMs): OperateAnswer {
    return this.#command((state): OperateAnswer => {
      if (state === null) return { code: 'not_found' };
      const seqs = hastenOutbox(this.#storage, target, now);
      if (seqs.length === 0) return { code: 'not_applicable' };
      this.#rearm(state, now);
      return { code: 'done', seqs, ring: this.#ringable(state, now) && this.#ring(state, now) };
    });
  }

  /** Stops handing out. Deliveries are still accepted, counted and shown; a running lease may be settled. */
  pause(): void {
    this.#command((state) => {
      if (state !== null && !state.paused) this.#save({ ...state, paused: true });
    });
  }

  /** Hands out again. `ring`: the caller should ring the doorbell. */
  resume(now: EpochMs): { readonly ring: boolean } {
    return this.#command((state) => {
      if (state === null) return { ring: false };
      const resumed = { ...state, paused: false };
      if (state.paused) this.#save(resumed);
      this.#rearm(resumed, now);
      return { ring: reading.moreAtOnce(this.#storage, resumed, resumed, now) && this.#ring(resumed, now) };
    });
  }

  /** Null for a lane that never accepted anything. Lists hold at most `limit` (500) items. */
  status(limit: number, now: EpochMs): LaneStatus | null {
    const state = this.#load();
    return state === null ? null : reading.laneStatus(this.#storage, state, this.#lastSeq, now, page(limit));
  }

  /** A page of the log, without bodies. */
  events(fromSeq: number, limit: number): LogPage {
    const state = this.#load();
    return state === null ? { events: [], next: null } : reading.logPage(this.#storage, state, fromSeq, page(limit));
  }

  body(seq: number): BodyAnswer {
    return this.#load() === null ? { code: 'not_found' } : reading.readBody(this.#storage, seq);
  }

  /** Applied events from `from` on that the archive lacks, within a lease's limits (100 events, 4 MiB). */
  unarchived(from: number): readonly LeasedEvent[] {
    const state = this.#load();
    if (state === null) return [];
    const limits = rules.boundedLimits({});
    const candidates = reading.unarchivedEvents(this.#storage, state, from, limits.maxEvents);
    return reading.loadEvents(this.#storage, rules.handOut([], [], candidates, limits).seqs);
  }

  /** When the alarm is needed; null when nothing is open, or the lane is paused. */
  nextAlarm(now: EpochMs): EpochMs | null {
    const state = this.#load();
    return state === null ? null : this.#nextAlarm(state, now);
  }

  /**
   * The alarm went off (and is no longer armed). Re-arms from what is stored while anything is open; `ring` asks the
   * caller to ring the doorbell after that.
   */
  onAlarm(now: EpochMs): { readonly ring: boolean } {
    return this.#command((known) => {
      this.#rung = false;
      if (known === null) return { ring: false };
      const state = this.#pruned(known);
      if (state !== known) this.#save(state);
      this.#rearm(state, now);
      const ring = this.#ringable(state, now);
      if (ring) {
        this.#rung = true;
        this.#unansweredRings += 1;
      }
      return { ring };
    });
  }

  /** A ring that was asked for could not be sent: the next one will be asked for again. The alarm stays armed. */
  ringFailed(): void {
    this.#rung = false;
  }

  #command<T>(work: (state: LaneState | null) => T): T {
    const rung = this.#rung;
    try {
      return this.#storage.transaction(() => work(this.#load()));
    } catch (error) {
      // The rows were rolled back; the copies of them must not outlive that.
      this.#state = undefined;
      this.#rung = rung;
      throw error;
    }
  }

  #load(): LaneState | null {
    if (this.#state === undefined) {
      const exists = storedVersion(this.#storage) > 0;
      this.#state = exists ? readState(this.#storage) : null;
      this.#lastSeq = exists ? reading.lastSeq(this.#storage) : 0;
    }
    return this.#state;
  }

  #create(tenant: TenantId, lane: LaneKey): LaneState {
    migrate(this.#storage, this.#steps);
    const state = createState(tenant, lane);
    insertState(this.#storage, state);
    this.#state = state;
    return state;
  }

  #save(state: LaneState): void {
    updateState(this.#storage, state);
    this.#state = state;
  }

  #choose(state: LaneState, limits: rules.LeaseLimits, now: EpochMs) {
    const wanted = limits.maxEvents + 1;
    const doubtful = new Set(state.doubt);
    const rest = (candidates: readonly rules.Candidate[]) => candidates.filter(({ seq }) => !doubtful.has(seq));
    return rules.handOut(
      reading.loadSizes(this.#storage, state.doubt),
      rest(reading.dueHeld(this.#storage, state.position, now, wanted + state.doubt.length)),
      rest(reading.freshEvents(this.#storage, state.settledTo, wanted + state.doubt.length)),
      limits,
    );
  }

  #remove(seq: number, now: EpochMs, ledgerPosition: number | null, write: (state: LaneState) => void): OperateAnswer {
    return this.#command((state): OperateAnswer => {
      if (state === null) return { code: 'not_found' };
      const refusal = refuseRemoval(this.#storage, state, seq, now, ledgerPosition);
      if (refusal !== null) return refusal;
      write(state);
      // A holder whose lease ran out must not settle what was taken from it.
      const after = state.doubt.includes(seq)
        ? { ...state, doubt: state.doubt.filter((one) => one !== seq), leased: null }
        : state;
      if (after !== state) this.#save(after);
      this.#rearm(after, now);
      return { code: 'done', seqs: [seq], ring: this.#ringable(after, now) && this.#ring(after, now) };
    });
  }

  #release(
    kinds: readonly ('parked' | 'waiting' | 'quarantined')[],
    seqs: readonly number[],
    by: string | null,
    now: EpochMs,
  ): OperateAnswer {
    if (seqs.length > MAX_PAGE) throw new RangeError(`at most ${MAX_PAGE} events a call`);
    return this.#command((state): OperateAnswer => {
      if (state === null) return { code: 'not_found' };
      const released = release(this.#storage, kinds, seqs, by, now);
      if (released.length === 0) return { code: 'not_applicable' };
      this.#rearm(state, now);
      return { code: 'done', seqs: released, ring: this.#ringable(state, now) && this.#ring(state, now) };
    });
  }

  #ringable(state: LaneState, now: EpochMs): boolean {
    return !state.paused && state.leaseUntil <= now && reading.openWork(this.#storage, state, now).ready;
  }

  /** Whether to ask for a ring: not when one is under way, nor while a holder works, who will be told `more`. */
  #ring(state: LaneState, now: EpochMs): boolean {
    if (this.#rung || state.paused || state.leaseUntil > now) return false;
    this.#rung = true;
    return true;
  }

  #nextAlarm(state: LaneState, now: EpochMs): EpochMs | null {
    const lane = { paused: state.paused, leaseUntil: state.leaseUntil, unansweredRings: this.#unansweredRings };
    return rules.nextAlarmAt(reading.openWork(this.#storage, state, now), lane, now);
  }

  #rearm(state: LaneState, now: EpochMs): void {
    const needed = this.#nextAlarm(state, now);
    if (needed !== null) this.#arm(needed, now);
  }

  #arm(needed: EpochMs, now: EpochMs): void {
    if (rules.mustArm(this.#storage.armedAt(), needed, now)) this.#storage.arm(needed);
  }

  #pruned(state: LaneState): LaneState {
    const range = rules.pruneRange(state, this.#storage.size());
    if (range === null) return state;
    dropBodies(this.#storage, range);
    return { ...state, prunedTo: range.to };
  }
}

const page = (limit: number) => Math.max(1, Math.min(Math.trunc(limit), MAX_PAGE));
