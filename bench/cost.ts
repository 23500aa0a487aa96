/**
 * `npm run cost`: what a million events cost from accept to ledger and Odoo, counted on the real bindings
 * (bench/counting-worker.ts) and multiplied by the list prices. What costs depends on how events arrive: many customers'
 * stories at once share batches, an event that comes alone pays for everything by itself. `--quick` counts fewer,
 * `--no-fail` only prints.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { uploadWorld } from '../scripts/demo/rounds.ts';
import { heading } from '../scripts/runtime/terminal.ts';
import { type Bound, boundLine, columns, fixed, holds } from './support/columns.ts';
import { cpuMs } from './support/cpu.ts';
import { signAll } from './support/load.ts';
import { progressOf } from './support/progress.ts';
import { sum } from './support/statistics.ts';
import { inTurn, StoryTeller } from './support/story.ts';
import { type MeasuredGateway, startLedgergate, stopAll } from './support/systems.ts';
import { blend, costOf, dollarsPerMillion, meters, type PerEvent, perEvent, unitsOf } from './support/usage.ts';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, 'no-fail': { type: 'boolean', default: false } },
});
const CROWD = values.quick ? 24 : 80;
const ALONE_IN_BURSTS = values.quick ? 4 : 16;
/** Each sends one event by itself, of the first four steps of a cycle in turn. */
const LONELY = values.quick ? 24 : 96;
const STEPS = 4;
/** The lane's backstop alarm (30 s) has gone off: the next event arms it anew, as in a lane that was idle. */
const ALARM_GONE_MS = 33_000;
const PATIENCE_MS = 120_000;
const BOUND = 8;

/**
 * The mix that the bound is for. A billing run sends many customers' events at once, a purchase sends one customer's
 * within seconds; refunds, disputes, updates and payouts come by themselves.
 */
const MIX = { crowd: 0.4, bursts: 0.4, lonely: 0.2, eventsPerNewCustomer: 50 } as const;

const counters = z.object({ usage: z.record(z.string(), z.number()), underWay: z.int() });

/** A gateway whose bindings are counted, and what was sent to it. */
class Counted {
  readonly #system: MeasuredGateway;
  #sent = 0;
  #looks = 0;
  #cpuOfLook = 0;

  constructor(system: MeasuredGateway) {
    this.#system = system;
  }

  /** What one look at the progress takes of CPU: to be taken off, since nobody looks in earnest. */
  async calibrate(): Promise<void> {
    for (let look = 0; look < 5; look += 1) await this.#look();
    const before = cpuMs(this.#system.pids);
    for (let look = 0; look < 40; look += 1) await this.#look();
    this.#cpuOfLook = (cpuMs(this.#system.pids) - before) / 40;
  }

  get demo() {
    return this.#system.demo;
  }

  /** All of them at once. */
  async deliver(bodies: readonly string[]): Promise<void> {
    const requests = await signAll(bodies, this.#system.secret);
    const answers = await Promise.all(
      requests.map(({ headers, body }) => fetch(this.#system.url, { method: 'POST', headers, body })),
    );
    const refused = answers.find((answer) => answer.status !== 200);
    if (refused !== undefined) throw new Error(`a webhook was answered ${refused.status}`);
    this.#sent += bodies.length;
  }

  async counted(events: number, work: () => Promise<void>): Promise<PerEvent> {
    const before = await this.#usage();
    const cpuBefore = cpuMs(this.#system.pids);
    const looksBefore = this.#looks;
    await work();
    const looking = (this.#looks - looksBefore) * this.#cpuOfLook;
    const cpu = Math.max(0, cpuMs(this.#system.pids) - cpuBefore - looking) / events;
    const usage = perEvent(before, await this.#usage(), events);
    return new Map([...usage, ['Worker CPU ms: whole runtime', Number.isNaN(cpu) ? 0 : cpu]]);
  }

  async #counters(): Promise<z.infer<typeof counters>> {
    const answer = await fetch(`${this.demo.gateway}/bench/counters`);
    return counters.parse(await answer.json());
  }

  async #usage(): Promise<Readonly<Record<string, number>>> {
    return (await this.#counters()).usage;
  }

  /** All decided, nothing left to post, and no binding used since the last look. */
  async settled(): Promise<void> {
    const giveUpAt = Date.now() + PATIENCE_MS;
    let last = '';
    for (;;) {
      const { decided, postingsOpen, busy, now } = await this.#look();
      if (decided >= this.#sent && postingsOpen === 0 && !busy && now === last) return;
      if (Date.now() > giveUpAt)
        throw new Error(`${decided} of ${this.#sent} events decided, ${postingsOpen} postings open`);
      last = now;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** Busy: a consumer batch is being worked on, or a doorbell is on its way to one. */
  async #look(): Promise<{ decided: number; postingsOpen: number; busy: boolean; now: string }> {
    this.#looks += 1;
    const { decided, postingsOpen } = await progressOf(this.demo);
    const { usage, underWay } = await this.#counters();
    const rung = (usage['queue operations: write'] ?? 0) > (usage['queue operations: read'] ?? 0);
    return { decided, postingsOpen, busy: underWay > 0 || rung, now: JSON.stringify(usage) };
  }
}

const idle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, ALARM_GONE_MS));

interface Shape {
  readonly name: string;
  readonly events: number;
  readonly usage: PerEvent;
}

/** Doorbells with their delay, batches with their timeout, as deployed. */
async function countBursts(system: MeasuredGateway): Promise<{ newCustomers: Shape; crowd: Shape; bursts: Shape }> {
  const counted = new Counted(system);
  await counted.calibrate();
  const customers = CROWD + ALONE_IN_BURSTS;
  const teller = new StoryTeller(customers);
  const newCustomers = await counted.counted(customers, async () => {
    for (const some of inParts(teller.opening())) await counted.deliver(some);
    await counted.settled();
  });
  await idle();
  const { streams, world } = teller.streams(1);
  await uploadWorld(world, counted.demo);
  const together = streams.slice(0, CROWD);
  const crowdEvents = sum(together.map((stream) => stream.length));
  const crowd = await counted.counted(crowdEvents, async () => {
    for (const wave of inTurn(together)) for (const some of inParts(wave)) await counted.deliver(some);
    await counted.settled();
  });
  const single = streams.slice(CROWD);
  const burstEvents = sum(single.map((stream) => stream.length));
  const bursts = await counted.counted(burstEvents, async () => {
    for (const stream of single) {
      for (const body of stream) await counted.deliver([body]);
      await counted.settled();
    }
  });
  return {
    newCustomers: { name: 'a new customer', events: customers, usage: newCustomers },
    crowd: { name: 'bursts of many', events: crowdEvents, usage: crowd },
    bursts: { name: 'a burst at a time', events: burstEvents, usage: bursts },
  };
}

/** No more than a provider has under way at once. */
const inParts = (bodies: readonly string[]): readonly (readonly string[])[] =>
  Array.from({ length: Math.ceil(bodies.length / 32) }, (_, at) => bodies.slice(at * 32, at * 32 + 32));

/** Each customer's next event, all else of its story long done; without the delays, which are not billed. */
async function countLonely(system: MeasuredGateway): Promise<Shape> {
  const counted = new Counted(system);
  await counted.calibrate();
  const teller = new StoryTeller(LONELY);
  const { streams, world } = teller.streams(1);
  await uploadWorld(world, counted.demo);
  for (const some of inParts(teller.opening())) await counted.deliver(some);
  const steps = streams.map((stream, customer) => Math.min(customer % STEPS, stream.length - 1));
  const before = streams.map((stream, customer) => stream.slice(0, steps[customer]));
  for (const wave of inTurn(before)) for (const some of inParts(wave)) await counted.deliver(some);
  await counted.settled();
  await idle();
  const alone = streams.flatMap((stream, customer) => stream[steps[customer] ?? 0] ?? []);
  const usage = await counted.counted(alone.length, async () => {
    for (const body of alone) {
      await counted.deliver([body]);
      await counted.settled();
    }
  });
  return { name: 'alone', events: alone.length, usage };
}

function printMeters(shapes: readonly Shape[], mix: PerEvent): void {
  const all = [...shapes.map(({ usage }) => usage), mix];
  const rows = meters
    .filter((meter) => unitsOf(mix, meter) > 0)
    .map((meter) => [
      meter,
      ...all.map((usage) => fixed(unitsOf(usage, meter), 2)),
      fixed(dollarsPerMillion(`${meter}: `, unitsOf(mix, meter)), 2),
    ]);
  console.log(heading('Units per event, and what a million events of the mix cost'));
  console.log(
    columns(
      ['', ...shapes.map(({ name, events }) => `${name} (${events})`), 'mix', '$ of the mix'],
      [...rows, ['$ per million events', ...all.map((usage) => fixed(costOf(usage), 2)), fixed(costOf(mix), 2)]],
    ),
  );
}

/** What the next dollar would take: the dearest first. */
function printRanking(mix: PerEvent): void {
  const ranked = [...mix]
    .map(([key, units]) => ({ key, units, dollars: dollarsPerMillion(key, units) }))
    .toSorted((a, b) => b.dollars - a.dollars)
    .filter(({ dollars }) => dollars >= 0.05);
  console.log(heading('What the next dollar would take: the mix by use, dearest first'));
  console.log(
    columns(
      ['', 'units per event', '$ per million events'],
      ranked.map(({ key, units, dollars }) => [key, fixed(units, 3), fixed(dollars, 2)]),
    ),
  );
}

let failed = false;
let broken = false;
try {
  const counting = { posting: true, ledger: true, entry: 'bench/counting-worker.ts' } as const;
  const asDeployed = await startLedgergate({ ...counting, name: 'cost' });
  const atOnce = await startLedgergate({
    ...counting,
    name: 'lonely',
    batchTimeout: 0,
    vars: { BENCH_AT_ONCE: '1' },
  });
  const [{ newCustomers, crowd, bursts }, lonely] = await Promise.all([countBursts(asDeployed), countLonely(atOnce)]);
  const mix = blend([
    [crowd.usage, MIX.crowd],
    [bursts.usage, MIX.bursts],
    [lonely.usage, MIX.lonely],
    [newCustomers.usage, 1 / MIX.eventsPerNewCustomer],
  ]);
  printMeters([crowd, bursts, lonely], mix);
  console.log(
    `  The mix: ${MIX.crowd * 100} % in bursts of many customers at once, ${MIX.bursts * 100} % in bursts of one, ` +
      `${MIX.lonely * 100} % alone, and every ${MIX.eventsPerNewCustomer} events a new customer ` +
      `($${fixed(costOf(newCustomers.usage), 2)} a million, once, with its first two events).`,
  );
  printRanking(mix);
  const bounds: Bound[] = [crowd, { name: 'the mix', usage: mix }].map(({ name, usage }) => ({
    what: `$ per million events, ${name}`,
    measured: costOf(usage),
    bound: BOUND,
    sense: 'at most',
  }));
  console.log(heading('Bounds'));
  for (const bound of bounds) console.log(boundLine(bound));
  failed = !bounds.every(holds);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  broken = true;
} finally {
  await stopAll();
}
// A measurement that broke is no measurement, whatever was asked for.
process.exit(broken || (failed && !values['no-fail']) ? 1 : 0);
