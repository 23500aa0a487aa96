/**
 * One pass over one target. Documents of many lanes travel together in waves: a wave holds, from every lane, what does
 * not depend on anything else in it, so a hundred customers' invoices are one bulk call and each customer's payment
 * still follows its invoice. No call outlasts the shortest lease in the pass.
 */
import type { EpochMs, LaneKey, PostingKey } from '../canonical/ids.ts';
import { readPosted } from '../ledger/books.ts';
import { type LaneException, recordPostings } from '../ledger/commit.ts';
import { ADOPTED } from '../ledger/records.ts';
import { errorWords } from '../operations/log.ts';
import type { Posting, PostingOutcome, Receipt, TargetConnector } from '../targets/connector.ts';
import type { TenantRuntime } from '../tenants/runtime.ts';
import type { GatePort, StagePorts } from './ports.ts';
import { retryAt } from './posting-backoff.ts';
import { postingExceptions, resolvedBy } from './posting-exceptions.ts';
import { again, type Done, type ItemOutcome, type PostingItem, type Work } from './posting-item.ts';
import { healthOf, leavesUncertain, postingRecord, worthRecording } from './posting-record.ts';

/** Waiting for a target's rate limit within one pass is bounded by this, ms; the rest goes to the outbox. */
const PASS_PATIENCE_MS = 20_000;
/** For clocks that differ and answers on their way, ms. */
const LEASE_MARGIN_MS = 5_000;
/** A call that would have less time than this is not begun, ms. */
const LEAST_CALL_MS = 10_000;
/**
 * A document waits this often for one of another lane that nobody has posted yet (a product of the catalogue); then the
 * target says whether it can do without. With the backoff of blocked documents that is some hours.
 */
const PATIENT_TRIES = 8;
/** No pass makes more calls to one target than this. */
const MAX_CALLS = 500;

export class PostingPass {
  private readonly receipts = new Map<PostingKey, Receipt>();
  private readonly done: Done[] = [];
  /** Keys queued in this pass that have no outcome yet. */
  private readonly onTheirWay = new Set<PostingKey>();
  /** Keys that this pass could not bring to the target. */
  private readonly failed = new Set<PostingKey>();
  private readonly queues = new Map<LaneKey, Work[]>();
  /** Keys not at the target although they should be: whatever depends on them is blocked. */
  private readonly missing = new Map<LaneKey, Set<PostingKey>>();
  private readonly deadline: EpochMs;
  /** Nothing may be written to the target after that: the shortest lease in the pass has ended. */
  private mustEndBy: EpochMs;
  private readonly tenant: TenantRuntime;
  private readonly target: string;
  private readonly connector: TargetConnector;
  private readonly gate: GatePort;
  private readonly ports: StagePorts;

  constructor(tenant: TenantRuntime, target: string, connector: TargetConnector, gate: GatePort, ports: StagePorts) {
    this.tenant = tenant;
    this.target = target;
    this.connector = connector;
    this.gate = gate;
    this.ports = ports;
    this.deadline = ports.now() + PASS_PATIENCE_MS;
    this.mustEndBy = 0;
  }

  async run(items: readonly PostingItem[]): Promise<ItemOutcome[]> {
    await this.enqueue(items);
    this.mustEndBy = Math.min(...items.map((item) => item.leaseUntil)) - LEASE_MARGIN_MS;
    let calls = 0;
    let stopped: { notBefore: EpochMs } | null = null;
    while (stopped === null) {
      const wave = this.nextWave();
      if (wave.length === 0) break;
      calls += 1;
      stopped = calls > MAX_CALLS ? this.stop(wave, 'enough calls for one pass', 0) : await this.send(wave);
    }
    const settled = this.settleItems(items, stopped);
    return (await this.record(items)) ? settled : items.map((item) => again(item, true, this.ports.now()));
  }

  /** Leaves out what is known to be at the target already; learns which dependencies are not. */
  private async enqueue(items: readonly PostingItem[]): Promise<void> {
    const known = await this.readKnown(items);
    for (const item of items) {
      const queue = this.queues.get(item.lane) ?? [];
      for (const document of item.documents) {
        if (!this.connector.accepts(document)) continue;
        const row = known.get(document.key);
        if (row?.outcome === 'applied' || row?.outcome === 'skipped') continue;
        this.onTheirWay.add(document.key);
        queue.push({
          item,
          document,
          uncertain: item.uncertain || row?.outcome === 'uncertain',
          attempts: row?.attempts ?? 0,
        });
      }
      this.queues.set(item.lane, queue);
    }
  }

  /**
   * Posting rows of what was tried before and of dependencies outside this pass: nothing is read when all is fresh.
   */
  private async readKnown(items: readonly PostingItem[]): Promise<Map<string, { outcome: string; attempts: number }>> {
    const here = new Set<string>(items.flatMap((item) => item.documents.map((document) => document.key)));
    const wanted = new Set<string>();
    for (const item of items) {
      for (const document of item.documents) {
        // A customer may be there already, for another entity that shares the target, or posted by somebody else.
        if (item.uncertain || item.tried || document.kind === 'partner') wanted.add(document.key);
        for (const dependency of document.dependsOn) if (!here.has(dependency)) wanted.add(dependency);
      }
    }
    const db = await this.ports.ledger(this.tenant.tenant);
    const rows = await readPosted(
      db,
      this.tenant.tenant,
      [...wanted].map((key): [string, string] => [this.target, key]),
    );
    for (const row of rows) {
      if (row.outcome !== 'applied' || row.remoteId === null) continue;
      this.receipts.set(row.key as PostingKey, {
        remoteId: row.remoteId,
        remoteName: row.remoteName,
        remoteDate: row.remoteDate,
        differences: [],
        ...(row.message === ADOPTED ? { adopted: true } : {}),
      });
    }
    const byKey = new Map(rows.map((row) => [row.key, row]));
    const open = rows.filter((row) => row.outcome !== 'applied' && row.outcome !== 'skipped' && !here.has(row.key));
    for (const item of items) {
      const missing = this.missing.get(item.lane) ?? new Set();
      for (const row of open) missing.add(row.key as PostingKey);
      if (item.attempts < PATIENT_TRIES) for (const key of notYetThere(item, here, byKey)) missing.add(key);
      this.missing.set(item.lane, missing);
    }
    return byKey;
  }

  /** From every lane the longest run of documents that do not depend on one another, up to the target's batch size. */
  private nextWave(): Work[] {
    const limit = this.tenant.batchLimit(this.target);
    const wave: Work[] = [];
    const inWave = new Set<PostingKey>();
    for (const [lane, queue] of this.queues) {
      let next = queue[0];
      while (next !== undefined && wave.length < limit && !this.mustWait(next, inWave) && sameKind(wave, next)) {
        queue.shift();
        const blocker = this.blockerOf(lane, next);
        if (blocker === null) {
          inWave.add(next.document.key);
          wave.push(next);
        } else {
          this.finish({ work: next, outcome: { outcome: 'blocked', by: blocker } });
        }
        next = this.holdsAfterFailure(lane) ? undefined : queue[0];
      }
      if (wave.length >= limit) break;
    }
    return wave.length > 0 ? wave : this.firstOfAny();
  }

  /** What it depends on is still on its way in this pass, in whatever lane; or it is in this wave already. */
  private mustWait({ document }: Work, inWave: ReadonlySet<PostingKey>): boolean {
    return inWave.has(document.key) || document.dependsOn.some((key) => this.onTheirWay.has(key));
  }

  /** Lanes that wait for each other's documents in a circle: one goes first, and the target says whether it can. */
  private firstOfAny(): Work[] {
    for (const queue of this.queues.values()) {
      const first = queue.shift();
      if (first !== undefined) return [first];
    }
    return [];
  }

  private blockerOf(lane: LaneKey, work: Work): PostingKey | null {
    const missing = this.missing.get(lane);
    return work.document.dependsOn.find((key) => missing?.has(key) || this.failed.has(key)) ?? null;
  }

  /** Policy `hold`: after a failure the customer's later documents wait, dependent or not. */
  private holdsAfterFailure(lane: LaneKey): boolean {
    if (this.tenant.config.policies.onRejection !== 'hold' || (this.missing.get(lane)?.size ?? 0) === 0) return false;
    this.queues.set(lane, []);
    return true;
  }

  /** One call. Answers when the whole pass must stop: the gate says wait, or nothing got through. */
  private async send(wave: readonly Work[]): Promise<{ notBefore: EpochMs } | null> {
    const permitId = await this.permit();
    if (typeof permitId === 'string' && this.ports.now() > this.mustEndBy - LEAST_CALL_MS) {
      await this.gate.release(permitId, 'ok', null);
      return this.stop(wave, 'the lease ends too soon', 0);
    }
    if (typeof permitId !== 'string') {
      return this.stop(wave, 'the target is not taking calls', permitId.retryAfterMs);
    }
    const postings: Posting[] = wave.map((work) => ({
      document: work.document,
      receipts: this.receipts,
      uncertain: work.uncertain,
    }));
    const adopt = wave[0]?.item.adopt ?? 'no';
    const outcomes = await this.outcomesOf(adopt, postings);
    wave.forEach((work, index) => {
      const outcome = outcomes[index] ?? {
        outcome: adopt === 'only' ? 'not_sent' : 'uncertain',
        message: 'the connector did not answer for it',
        retryAfterMs: null,
      };
      this.finish({ work, outcome });
    });
    const health = healthOf(outcomes.filter((outcome) => outcome.outcome !== 'absent'));
    await this.gate.release(permitId, health.outcome, health.retryAfterMs);
    return health.outcome === 'ok' ? null : { notBefore: this.ports.now() + (health.retryAfterMs ?? 15_000) };
  }

  private stop(wave: readonly Work[], message: string, retryAfterMs: number): { notBefore: EpochMs } {
    for (const work of wave) this.finish({ work, outcome: { outcome: 'not_sent', message, retryAfterMs } });
    return { notBefore: this.ports.now() + retryAfterMs };
  }

  private async callConnector(postings: readonly Posting[]): Promise<readonly PostingOutcome[]> {
    try {
      return await this.connector.post(postings, this.ports.now(), this.mustEndBy);
    } catch (error) {
      // A connector's bug must not lose track of money that may have moved.
      this.ports.report({ what: 'stage_failed', lane: null, stage: 'post', error: errorWords(error) });
      return postings.map(() => ({ outcome: 'uncertain', message: 'the connector failed', retryAfterMs: null }));
    }
  }

  private async outcomesOf(adopt: PostingItem['adopt'], postings: readonly Posting[]): Promise<readonly CallOutcome[]> {
    if (adopt === 'no') return this.callConnector(postings);
    const found = await this.adopt(postings);
    const absent = postings.filter((_, index) => found[index]?.outcome === 'absent');
    if (adopt === 'only' || absent.length === 0) return found;
    const posted = (await this.callConnector(absent)).values();
    return found.map((outcome) => (outcome.outcome === 'absent' ? (posted.next().value ?? lost) : outcome));
  }

  /** Nothing is written, whatever comes of it: what could not be asked is asked again later. */
  private async adopt(postings: readonly Posting[]): Promise<readonly AdoptionOutcome[]> {
    const later = (message: string): AdoptionOutcome => ({ outcome: 'not_sent', message, retryAfterMs: null });
    try {
      const found = await this.connector.match(postings, this.ports.now());
      return found.map((answer) => {
        if (answer.found === 'unknown') return later(answer.message);
        return answer.found === 'yes'
          ? { outcome: 'applied', receipt: { ...answer.receipt, adopted: true } }
          : { outcome: 'absent' };
      });
    } catch (error) {
      this.ports.report({ what: 'stage_failed', lane: null, stage: 'post', error: errorWords(error) });
      return postings.map(() => later('the connector failed'));
    }
  }

  private async permit(): Promise<string | { readonly retryAfterMs: number }> {
    let told = false;
    for (;;) {
      const permit = await this.gate.acquire();
      if (permit.code === 'granted') return permit.permitId;
      if (permit.reason === 'paused' && !told) {
        told = true;
        if (!(await this.gate.holdBack([...this.queues.keys()]))) continue;
      }
      if (this.ports.now() + permit.retryAfterMs > this.deadline) return { retryAfterMs: permit.retryAfterMs };
      await this.ports.sleep(Math.max(permit.retryAfterMs, 10));
    }
  }

  private finish(done: Done): void {
    this.done.push(done);
    const { document, item } = done.work;
    this.onTheirWay.delete(document.key);
    if (done.outcome.outcome === 'applied') {
      this.receipts.set(document.key, done.outcome.receipt);
      return;
    }
    // Nobody will bring it: what depends on it goes on without.
    if (done.outcome.outcome === 'absent') return;
    this.failed.add(document.key);
    const missing = this.missing.get(item.lane) ?? new Set();
    missing.add(document.key);
    this.missing.set(item.lane, missing);
  }

  /** An item is done when all its documents are; otherwise it comes again when its most patient document may. */
  private settleItems(items: readonly PostingItem[], stopped: { notBefore: EpochMs } | null): ItemOutcome[] {
    const now = this.ports.now();
    const left = new Map<PostingItem, { uncertain: boolean; notBefore: EpochMs }>();
    const keep = (item: PostingItem, uncertain: boolean, notBefore: EpochMs): void => {
      const before = left.get(item);
      left.set(item, {
        uncertain: uncertain || (before?.uncertain ?? false),
        notBefore: Math.max(notBefore, before?.notBefore ?? 0),
      });
    };
    for (const { work, outcome } of this.done) {
      if (outcome.outcome === 'applied' || outcome.outcome === 'absent') continue;
      const retryAfterMs = 'retryAfterMs' in outcome ? outcome.retryAfterMs : null;
      keep(work.item, leavesUncertain(work, outcome), retryAt(outcome.outcome, work.attempts, retryAfterMs, now));
    }
    const waiting = new Set([...this.queues.values()].flat().map((work) => work.item));
    const handled = new Set(this.done.map(({ work }) => work.item));
    for (const item of items) {
      const dropped = !handled.has(item) && !waiting.has(item) && this.heldBack(item);
      if (waiting.has(item) || dropped)
        keep(item, item.uncertain, stopped?.notBefore ?? retryAt('not_sent', item.attempts, null, now));
    }
    return items.map((item) => {
      const rest = left.get(item);
      return rest === undefined ? { item, done: true } : { item, done: false, tried: true, ...rest };
    });
  }

  /** Cut off by policy `hold` before its turn. */
  private heldBack(item: PostingItem): boolean {
    return this.tenant.config.policies.onRejection === 'hold' && (this.missing.get(item.lane)?.size ?? 0) > 0;
  }

  /** Receipts and exceptions in one transaction. False: they could not be written, so all is to be looked up again. */
  private async record(items: readonly PostingItem[]): Promise<boolean> {
    const now = this.ports.now();
    const postings = this.done.filter(worthRecording).map((done) => postingRecord(this.target, done));
    const opened: LaneException[] = this.done.flatMap((done) =>
      postingExceptions(this.target, done.work.document, done.outcome, done.work.attempts + 1, done.work.item).map(
        (exception) => ({
          tenant: this.tenant.tenant,
          lane: done.work.item.lane,
          exception,
        }),
      ),
    );
    const resolved = this.done
      .filter(({ outcome, work }) => outcome.outcome === 'applied' && (work.attempts > 0 || work.uncertain))
      .flatMap(({ work }) => resolvedBy(this.target, work.document).map((id) => ({ tenant: this.tenant.tenant, id })));
    try {
      if (postings.length > 0)
        await recordPostings(await this.ports.ledger(this.tenant.tenant), postings, opened, resolved, now);
      return true;
    } catch (error) {
      this.ports.report({
        what: 'stage_failed',
        lane: null,
        stage: 'record',
        error: `${items.length} items: ${errorWords(error)}`,
      });
      return false;
    }
  }
}

type CallOutcome = Exclude<Done['outcome'], { readonly outcome: 'blocked' }>;
const lost: CallOutcome = { outcome: 'uncertain', message: 'the connector did not answer for it', retryAfterMs: null };
type AdoptionOutcome = Extract<Done['outcome'], { readonly outcome: 'applied' | 'absent' | 'not_sent' }>;

/** A wave is written or looked for, never both. */
const sameKind = (wave: readonly Work[], { item }: Work): boolean =>
  wave.every((work) => work.item.adopt === item.adopt);

/** What an item's documents depend on that is neither in this pass nor, by its posting row, at the target. */
function notYetThere(
  item: PostingItem,
  here: ReadonlySet<string>,
  rows: ReadonlyMap<string, { readonly outcome: string }>,
): PostingKey[] {
  return item.documents.flatMap((document) => document.dependsOn.filter((key) => !here.has(key) && !rows.has(key)));
}
