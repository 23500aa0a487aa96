/**
 * A whole gateway in one process: real lanes on SQLite, the real ledger SQL, the real stages, and everything between
 * them in the hands of a seeded scheduler. Every call of a pass waits for its turn, so passes interleave, stall past their
 * leases and die between any two calls.
 */
import { createHash } from 'node:crypto';
import type { TargetDocument } from '../../src/canonical/documents.ts';
import { type EpochMs, type LaneKey, laneKey, providerEventId, sourceId, tenantId } from '../../src/canonical/ids.ts';
import { Lane } from '../../src/durable-objects/customer-lane/lane.ts';
import type { AcceptEvent } from '../../src/durable-objects/customer-lane/protocol.ts';
import { LINK_BY_HAND } from '../../src/ledger/commit.ts';
import { booksLane } from '../../src/operations/own-events.ts';
import { answerOwn } from '../../src/queues/enrich-own.ts';
import type { LaneName, LanePort, StagePorts, StageReport } from '../../src/queues/ports.ts';
import { runLanes } from '../../src/queues/run-lanes.ts';
import { OWN_SOURCE } from '../../src/sources/ledgergate/index.ts';
import { tenantConfig } from '../../src/tenants/config.ts';
import { type TenantRuntime, tenantRuntime } from '../../src/tenants/runtime.ts';
import { MemoryGate } from '../support/memory-gate.ts';
import { NodeLaneStorage } from '../support/node-lane-storage.ts';
import { simulationConfig } from './config.ts';
import type { ProviderEvent } from './histories.ts';
import { MemoryTarget, type TargetFate } from './memory-target.ts';
import { type LedgerFault, NodeLedger } from './node-ledger.ts';
import { encodeFacts, simulatedProvider } from './provider.ts';
import type { Random } from './random.ts';

export const TENANT = tenantId('sim');
export const ENTITY = 'sim-eu';

interface Turn {
  readonly pass: number;
  readonly resume: () => void;
}

export interface SimulatedLane {
  readonly storage: NodeLaneStorage;
  lane: Lane;
}

/** Which defects to plant, to prove that the simulator finds them. */
export type Defect = 'none' | 'no_dedupe' | 'settle_before_commit' | 'blind_retry' | 'no_take_back' | 'recognise_twice';

export class World {
  now: EpochMs = Date.UTC(2026, 0, 5);
  readonly lanes = new Map<LaneKey, SimulatedLane>();
  readonly ledger = new NodeLedger();
  readonly target = new MemoryTarget();
  readonly archive = new Map<string, string>();
  readonly doorbells: LaneKey[] = [];
  /** Events answered 2xx: event id → lane and the hash that stands. */
  readonly accepted = new Map<string, { readonly lane: LaneKey; readonly hash: string }>();
  readonly reports: StageReport[] = [];
  readonly trace: string[] = [];
  /** Writes that the planted defect `settle_before_commit` holds back until after a settlement. */
  private readonly deferred: (() => void)[] = [];
  private readonly turns: Turn[] = [];
  private readonly dead = new Set<number>();
  private readonly running = new Set<number>();
  private passes = 0;
  private suffix = 0;
  private readonly gate = new MemoryGate(() => this.now, { concurrency: 8, perSecond: 1000 });
  runtime: TenantRuntime | null = null;
  readonly random: Random;
  readonly defect: Defect;
  /** Fates of outside calls while faults are on. */
  ledgerFault: () => LedgerFault = () => 'none';
  targetFate: (document: TargetDocument) => TargetFate = () => 'ok';
  archiveFails: () => boolean = () => false;

  constructor(random: Random, defect: Defect = 'none') {
    this.random = random;
    this.defect = defect;
    this.target.fate = (document) => this.targetFate(document);
  }

  /** A new config version goes live. */
  async deploy(version: number): Promise<void> {
    const config = tenantConfig.parse(simulationConfig);
    const runtime = await tenantRuntime(
      config,
      version,
      new Map([['simulated', simulatedProvider]]),
      async () => 'secret',
    );
    if (!runtime.ok) throw new Error(runtime.error.map((fault) => `${fault.path}: ${fault.message}`).join('\n'));
    this.runtime = runtime.value;
  }

  laneOf(key: LaneKey): SimulatedLane {
    let known = this.lanes.get(key);
    if (known === undefined) {
      const storage = new NodeLaneStorage();
      known = { storage, lane: new Lane(storage) };
      this.lanes.set(key, known);
    }
    return known;
  }

  /** What ingress does after verification. False: the sender got no 2xx and will send again. */
  deliver(event: ProviderEvent, salt: number, crash: boolean): boolean {
    const key = laneKey(event.unnamed ? `${event.provider}:~account` : `${event.provider}:${event.customer}`);
    const repeat = this.accepted.has(event.id);
    const eventId = this.defect === 'no_dedupe' && repeat ? `${event.id}-again-${this.suffix++}` : event.id;
    const { provider, type, occurredAt } = event;
    const told = { id: event.id, eventId, source: provider, type, occurredAt, trust: 'signed' as const };
    return this.accept(key, told, encodeFacts(event.facts, salt), crash);
  }

  /** What the clock does when a month is over; here the scheduler says that it is. */
  tellRecognition(period: string, run: string, crash: boolean): boolean {
    const id = `recognition/${ENTITY}/${period.slice(0, 7)}/${run}`;
    const body = new Uint8Array(
      new TextEncoder().encode(JSON.stringify({ kind: 'recognition', entity: ENTITY, period, run })),
    );
    const told = {
      id,
      eventId: id,
      source: OWN_SOURCE,
      type: 'recognition',
      occurredAt: this.now,
      trust: 'authenticated' as const,
    };
    return this.accept(booksLane(ENTITY), told, body, crash);
  }

  private accept(
    key: LaneKey,
    told: Pick<AcceptEvent, 'type' | 'occurredAt' | 'trust'> & {
      readonly id: string;
      readonly eventId: string;
      readonly source: string;
    },
    body: Uint8Array<ArrayBuffer>,
    crash: boolean,
  ): boolean {
    const simulated = this.laneOf(key);
    const bodyHash = createHash('sha256').update(body).digest('hex');
    const { id, eventId, source, ...event } = told;
    if (crash) simulated.storage.failAfter = this.random.between(1, 4);
    try {
      const answer = simulated.lane.accept(
        { tenant: TENANT, lane: key },
        [
          {
            source: sourceId(source),
            eventId: providerEventId(eventId),
            ...event,
            receivedAt: this.now,
            bodyHash,
            body,
            evidence: {},
            quarantine: null,
          },
        ],
        this.now,
      );
      if ('code' in answer) throw new Error(`refused: ${answer.reason}`);
      if (!this.accepted.has(id)) this.accepted.set(id, { lane: key, hash: bodyHash });
      if (answer.ring) this.doorbells.push(key);
      return true;
    } catch (error) {
      if (!crash) throw error;
      this.evict(key);
      return false;
    } finally {
      simulated.storage.failAfter = null;
    }
  }

  /** First days of the months that have something left to recognise. */
  openMonths(): string[] {
    return this.ledger
      .rows<{ period: string }>('SELECT DISTINCT period FROM schedules WHERE amount <> 0 OR base <> 0 ORDER BY period')
      .map(({ period }) => period);
  }

  /** A person says that two lanes are one customer. False: the books refuse it. */
  async link(lane: LaneKey, primary: LaneKey): Promise<boolean> {
    try {
      await this.ledger.prepare(LINK_BY_HAND).bind(TENANT, lane, primary, 'operator/ada', this.now).run();
    } catch (error) {
      if (!/link_chain|constraint/i.test(String(error))) throw error;
      return false;
    }
    this.doorbells.push(...[lane, primary].filter((key) => this.lanes.has(key)));
    return true;
  }

  /** The Durable Object is thrown out of memory; what it stored stays. */
  evict(key: LaneKey): void {
    const simulated = this.laneOf(key);
    simulated.lane = new Lane(simulated.storage);
  }

  /** Starts a pass over these lanes; it runs as far as its first outside call. */
  async startPass(keys: readonly LaneKey[]): Promise<void> {
    const pass = ++this.passes;
    this.running.add(pass);
    const ports = this.portsOf(pass);
    void runLanes(
      keys.map((lane): LaneName => ({ tenant: TENANT, lane })),
      ports,
    ).then(
      () => this.running.delete(pass),
      (error: unknown) => {
        this.running.delete(pass);
        throw error;
      },
    );
    await settleMicrotasks();
  }

  get waitingTurns(): number {
    return this.turns.length;
  }

  get livePasses(): readonly number[] {
    return [...this.running].filter((pass) => !this.dead.has(pass));
  }

  /** Lets one of the waiting calls happen. */
  async resume(index: number): Promise<void> {
    const [turn] = this.turns.splice(index, 1);
    if (turn === undefined) return;
    turn.resume();
    await settleMicrotasks();
  }

  /** The consumer's isolate dies: whatever it was about to do never happens. */
  crash(pass: number): void {
    this.dead.add(pass);
    this.running.delete(pass);
    for (let index = this.turns.length - 1; index >= 0; index--) {
      if (this.turns[index]?.pass === pass) this.turns.splice(index, 1);
    }
  }

  /** Fires alarms that are due. */
  fireAlarms(): void {
    for (const [key, simulated] of this.lanes) {
      const at = simulated.storage.armedAt();
      if (at === null || at > this.now) continue;
      simulated.storage.disarm();
      if (simulated.lane.onAlarm(this.now).ring) this.doorbells.push(key);
    }
  }

  nextAlarm(): EpochMs | null {
    const armed = [...this.lanes.values()].flatMap(({ storage }) => storage.armedAt() ?? []);
    return armed.length === 0 ? null : Math.min(...armed);
  }

  private turn(pass: number): Promise<void> {
    if (this.dead.has(pass)) return new Promise(() => {});
    return new Promise((resolve) => this.turns.push({ pass, resume: resolve }));
  }

  private portsOf(pass: number): StagePorts {
    const turn = () => this.turn(pass);
    const runtime = this.runtime;
    if (runtime === null) throw new Error('deploy first');
    const ledger = this.ledger.seenBy(
      turn,
      () => this.ledgerFault(),
      this.defect === 'settle_before_commit' ? this.deferred : null,
    );
    return {
      lane: ({ lane }) => this.lanePort(lane, turn),
      tenant: async () => runtime,
      ledger: async () => ledger,
      forward: async (_tenant, from, to, { seq: _seq, held: _held, ...event }) => {
        await turn();
        const answer = this.laneOf(to).lane.accept(
          { tenant: TENANT, lane: to },
          [{ ...event, quarantine: null, ...(this.defect === 'no_take_back' ? {} : { forwardedFrom: from }) }],
          this.now,
        );
        if ('code' in answer) throw new Error(answer.reason);
        if (answer.ring) this.doorbells.push(to);
      },
      archive: {
        put: async (key, body) => {
          await turn();
          if (this.archiveFails()) throw new Error('R2 did not answer');
          this.archive.set(key, body);
        },
      },
      enrich: async (_tenant, source, needs) => {
        if (source.source.provider !== OWN_SOURCE) return new Map();
        const together = this.defect === 'recognise_twice' ? needs.map((need) => [need]) : [needs];
        const answers = new Map<string, unknown>();
        for (const some of together) {
          for (const [key, value] of await answerOwn(ledger, TENANT, some, () => {})) answers.set(key, value);
        }
        return answers;
      },
      connector: async () => this.target.seenBy(turn, () => this.now, this.defect === 'blind_retry'),
      gate: () => this.gate,
      ring: async (lanes) => {
        for (const { lane } of lanes) this.doorbells.push(lane);
      },
      now: () => this.now,
      sleep: async () => {
        await turn();
        this.now += 1000;
      },
      newSuffix: () => String(++this.suffix).padStart(8, '0'),
      report: (report) => this.reports.push(report),
    };
  }

  private lanePort(key: LaneKey, turn: () => Promise<void>): LanePort {
    return {
      lease: async () => {
        await turn();
        return structuredClone(this.laneOf(key).lane.lease(this.now));
      },
      settle: async (epoch, settlement) => {
        await turn();
        const answer = this.laneOf(key).lane.settle(epoch, structuredClone(settlement), this.now);
        if (this.deferred.length > 0) {
          await turn();
          for (const write of this.deferred.splice(0)) write();
        }
        return answer;
      },
      unarchived: async (from) => {
        await turn();
        return this.laneOf(key).lane.unarchived(from);
      },
    };
  }
}

/** Until nothing but outside calls is left to wait for: everything in between is microtasks. */
const settleMicrotasks = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
