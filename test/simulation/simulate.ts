/** One seeded history from first webhook to quiet, and its verdict. */
import { createHash } from 'node:crypto';
import { type LaneKey, laneKey } from '../../src/canonical/ids.ts';
import { customerLife, type ProviderEvent, recordLife } from './histories.ts';
import { violations } from './invariants.ts';
import { Random } from './random.ts';
import { type Defect, World } from './world.ts';

export interface Scenario {
  readonly seed: number;
  readonly customers: number;
  /** Probability scale of each kind of trouble; 0 switches it off. */
  readonly trouble: Readonly<Record<Trouble, number>>;
  readonly defect: Defect;
}

export const troubles = [
  'disorder',
  'doorbells',
  'crashes',
  'ledger',
  'evictions',
  'target',
  'archive',
  'deploys',
  'conflicts',
  'links',
  'recognition',
] as const;
export type Trouble = (typeof troubles)[number];

export const allTroubles = Object.fromEntries(troubles.map((name) => [name, 1])) as Record<Trouble, number>;

export interface Verdict {
  readonly violations: readonly string[];
  readonly trace: readonly string[];
  readonly accepted: number;
  readonly documents: number;
  /** What the stages reported, counted: for understanding a failure. */
  readonly reports: Readonly<Record<string, number>>;
}

const MINUTE = 60_000;
const MAX_STEPS = 6_000;
const MAX_QUIET_ROUNDS = 3_000;

/** @throws only for bugs of the simulator itself; what the gateway does wrong is in the verdict. */
export async function simulate(scenario: Scenario): Promise<Verdict> {
  const restore = digestWithoutThreads();
  try {
    const run = new Run(scenario);
    await run.live();
    await run.quiesce();
    return {
      violations: [...run.problems, ...(await violations(run.world))],
      trace: run.world.trace,
      accepted: run.world.accepted.size,
      documents: run.world.target.written.length,
      reports: countReports(run.world),
    };
  } finally {
    restore();
  }
}

function countReports(world: World): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const report of world.reports) {
    const words =
      'error' in report
        ? `${report.stage}: ${report.error}`
        : 'reason' in report
          ? `${report.what}: ${report.reason}`
          : report.what;
    counts[words] = (counts[words] ?? 0) + 1;
  }
  return counts;
}

/** WebCrypto hashes on a thread pool, whose timing no seed controls. The same digest, computed at once. */
function digestWithoutThreads(): () => void {
  const original = crypto.subtle.digest;
  crypto.subtle.digest = async (_algorithm, data) => {
    const bytes = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data);
    return new Uint8Array(createHash('sha256').update(bytes).digest()).buffer;
  };
  return () => {
    crypto.subtle.digest = original;
  };
}

class Run {
  readonly world: World;
  readonly problems: string[] = [];
  private readonly random: Random;
  private readonly scenario: Scenario;
  private readonly undelivered: { event: ProviderEvent; salt: number }[];
  private version = 1;
  private stopped = false;
  private told = false;

  constructor(scenario: Scenario) {
    this.scenario = scenario;
    this.random = new Random(scenario.seed);
    this.world = new World(this.random, scenario.defect);
    this.undelivered = this.schedule();
    this.world.ledgerFault = () => (this.trouble('ledger', 0.06) ? this.random.pick(['before', 'after']) : 'none');
    this.world.archiveFails = () => this.trouble('archive', 0.2);
    this.world.targetFate = () =>
      this.trouble('target', 0.12) ? this.random.pick(['refused', 'lost_before', 'lost_after', 'rejected']) : 'ok';
  }

  private trouble(kind: Trouble, probability: number): boolean {
    const scale = this.scenario.trouble[kind];
    return !this.stopped && scale > 0 && this.random.chance(probability * scale);
  }

  /** Half the customers are known to both systems; now and then two of them name the same record. */
  private lives(): ProviderEvent[][] {
    const { random, world } = this;
    const lives: ProviderEvent[][] = [];
    const records: string[] = [];
    for (let n = 1; n <= this.scenario.customers; n++) {
      const known = this.trouble('links', 0.5);
      const twin = known && records.length > 0 && random.chance(0.1);
      const record = known ? (twin ? random.pick(records) : `k${n}`) : null;
      lives.push(customerLife(random, `c${n}`, world.now, record));
      if (record === null || twin) continue;
      records.push(record);
      lives.push(recordLife(random, record, world.now));
    }
    return lives;
  }

  /** Every customer's events, mixed; each customer's own mostly in order, some late, some twice, some with other bytes. */
  private schedule(): { event: ProviderEvent; salt: number }[] {
    const lives = this.lives();
    const mixed: { event: ProviderEvent; salt: number }[] = [];
    while (lives.some((life) => life.length > 0)) {
      const life = this.random.pick(lives.filter((candidate) => candidate.length > 0));
      const late = this.trouble('disorder', 0.25) && life.length > 1 ? 1 : 0;
      const [event] = life.splice(late, 1);
      if (event === undefined) continue;
      mixed.push({ event, salt: 0 });
      if (this.trouble('disorder', 0.15)) mixed.push({ event, salt: 0 });
      if (this.trouble('conflicts', 0.05)) mixed.push({ event, salt: 1 });
    }
    return mixed;
  }

  /** Until everything is delivered and the scheduler has had its fun. */
  async live(): Promise<void> {
    await this.world.deploy(this.version);
    for (
      let step = 0;
      step < MAX_STEPS &&
      (this.undelivered.length > 0 || this.world.waitingTurns > 0 || this.world.doorbells.length > 0);
      step++
    ) {
      await this.step();
    }
  }

  private async step(): Promise<void> {
    const { world, random } = this;
    if (world.waitingTurns > 0 && random.chance(0.7)) {
      const live = world.livePasses;
      if (live.length > 0 && this.trouble('crashes', 0.015)) this.crash(random.pick(live));
      else await world.resume(random.between(0, world.waitingTurns - 1));
      return;
    }
    if (this.undelivered.length > 0 && random.chance(0.6)) return this.deliverNext();
    if (world.doorbells.length > 0 && random.chance(0.7)) return this.answerDoorbells();
    await this.passTime();
  }

  private deliverNext(): void {
    const next = this.undelivered.shift();
    if (next === undefined) return;
    const answered = this.world.deliver(next.event, next.salt, this.trouble('crashes', 0.03));
    this.note(`deliver ${next.event.id}${next.salt === 0 ? '' : ' with other bytes'}${answered ? '' : ' (no answer)'}`);
    if (!answered) this.undelivered.splice(Math.min(3, this.undelivered.length), 0, next);
  }

  private async answerDoorbells(): Promise<void> {
    const { world, random } = this;
    const rung: LaneKey[] = [];
    const count = random.between(1, 4);
    for (let n = 0; n < count && world.doorbells.length > 0; n++) {
      const [lane] = world.doorbells.splice(random.between(0, world.doorbells.length - 1), 1);
      if (lane === undefined || this.trouble('doorbells', 0.1)) continue;
      rung.push(lane);
      if (this.trouble('doorbells', 0.1)) world.doorbells.push(lane);
    }
    if (rung.length === 0) return;
    this.note(`pass over ${[...new Set(rung)].join(', ')}`);
    await world.startPass([...new Set(rung)]);
  }

  private async passTime(): Promise<void> {
    const { world, random } = this;
    world.now += random.chance(0.1) ? random.between(1, 4 * MINUTE) : random.between(1, 5_000);
    world.fireAlarms();
    if (this.trouble('evictions', 0.15) && world.lanes.size > 0) {
      const lane = random.pick([...world.lanes.keys()]);
      this.note(`evict ${lane}`);
      world.evict(lane);
    }
    if (this.trouble('links', 0.03)) await this.linkByHand();
    if (this.trouble('recognition', 0.15))
      this.tellRecognitions([`run-${random.between(1, 6)}`, `run-${random.between(1, 6)}`]);
    if (this.trouble('deploys', 0.01)) {
      this.version += 1;
      this.note(`deploy version ${this.version}`);
      for (const pass of world.livePasses) this.crash(pass);
      for (const lane of world.lanes.keys()) world.evict(lane);
      await world.deploy(this.version);
    }
  }

  /** One open month is told to be over, in one or several runs: some the same, some lost on their way. */
  private tellRecognitions(runs: readonly string[]): void {
    const { world, random } = this;
    const months = world.openMonths();
    if (months.length === 0) return;
    const month = random.pick(months);
    for (const run of runs) {
      const told = world.tellRecognition(month, run, this.trouble('crashes', 0.03));
      this.note(`recognise ${month.slice(0, 7)}, ${run}${told ? '' : ' (no answer)'}`);
    }
  }

  /** When all is quiet, every open month is over, and two runs of each say so. False: nothing is left to be told. */
  private tellLastRecognitions(): boolean {
    if (this.scenario.trouble.recognition === 0 || this.told) return false;
    this.told = true;
    const months = this.world.openMonths();
    for (const month of months) for (const run of ['last', 'very-last']) this.world.tellRecognition(month, run, false);
    return months.length > 0;
  }

  /** Mostly what is right, in either direction; now and then any two lanes. */
  private async linkByHand(): Promise<void> {
    const { world, random } = this;
    const n = random.between(1, this.scenario.customers);
    const pair = [laneKey(`sim:c${n}`), laneKey(`crm:k${random.chance(0.9) ? n : 1}`)];
    const [lane, primary] = random.chance(0.5) ? pair : pair.reverse();
    if (lane === undefined || primary === undefined) return;
    const linked = await world.link(lane, primary);
    this.note(`link ${lane} to ${primary}${linked ? '' : ' (refused)'}`);
  }

  private crash(pass: number): void {
    this.note(`crash of pass ${pass}`);
    this.world.crash(pass);
  }

  /** Trouble ends; the gateway must come to rest by itself: alarms, retries and time only. */
  async quiesce(): Promise<void> {
    const { world } = this;
    this.stopped = true;
    for (let round = 0; round < MAX_QUIET_ROUNDS; round++) {
      while (world.waitingTurns > 0) await world.resume(0);
      const rung = [...new Set(world.doorbells.splice(0))];
      if (rung.length > 0) {
        await world.startPass(rung.slice(0, 100));
        continue;
      }
      const next = world.nextAlarm();
      if (next === null) {
        if (this.tellLastRecognitions()) continue;
        return;
      }
      world.now = Math.max(world.now + 1, next);
      world.fireAlarms();
    }
    this.problems.push('it never came to rest');
  }

  private note(words: string): void {
    this.world.trace.push(`${new Date(this.world.now).toISOString().slice(5, 19)} ${words}`);
  }
}

/** Drops customers and kinds of trouble as long as the failure stays: what is left is the history to read. */
export async function minimise(failing: Scenario): Promise<{ scenario: Scenario; verdict: Verdict }> {
  let scenario = failing;
  let verdict = await simulate(scenario);
  for (let customers = 1; customers < scenario.customers; customers++) {
    const smaller = { ...scenario, customers };
    const outcome = await simulate(smaller);
    if (outcome.violations.length > 0) {
      scenario = smaller;
      verdict = outcome;
    }
  }
  for (const trouble of troubles) {
    const calmer = { ...scenario, trouble: { ...scenario.trouble, [trouble]: 0 } };
    const outcome = await simulate(calmer);
    if (outcome.violations.length > 0) {
      scenario = calmer;
      verdict = outcome;
    }
  }
  return { scenario, verdict };
}
