/**
 * `npm run bench`: how much the gateway takes and books on this machine, against a floor that does the least. Two
 * questions: accepted webhooks a second while posting is paused, in rounds interleaved with the floor's; and events a
 * second from accepted to posted in the sandbox Odoo, until everything is drained. `--quick` for a minute's run,
 * `--no-fail` to print only. Ratios of one run mean something; absolute figures are the machine's.
 */
import { parseArgs } from 'node:util';
import { Operator } from '../scripts/demo/operator.ts';
import { customer } from '../scripts/demo/people.ts';
import { uploadWorld } from '../scripts/demo/rounds.ts';
import { heading } from '../scripts/runtime/terminal.ts';
import { type Bound, boundLine, columns, fixed, holds } from './support/columns.ts';
import { cpuMs } from './support/cpu.ts';
import { LoadGenerator, type LoadReport, signAll } from './support/load.ts';
import { progressOf, untilDecided } from './support/progress.ts';
import { median, percentile, sum } from './support/statistics.ts';
import { StoryTeller } from './support/story.ts';
import { type Measured, type MeasuredGateway, startFloor, startLedgergate, stopAll } from './support/systems.ts';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, 'no-fail': { type: 'boolean', default: false } },
});
const CUSTOMERS = 200;
const CONNECTIONS = 32;
/** A cycle of 200 customers is about 800 events. */
const ROUNDS = values.quick ? 2 : 5;
const CYCLES_A_ROUND = values.quick ? 1 : 2;
const CYCLES_TO_POST = values.quick ? 1 : 5;
const PATIENCE_MS = values.quick ? 60_000 : 180_000;
const FLOOR_SECRET = 'whsec_floor';

const generator = new LoadGenerator();

interface Round {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Of its workerd, per event, the ledger stage's work behind it included. */
  readonly cpuPerEvent: number;
  readonly generatorCpuPerEvent: number;
}

async function load(target: Measured, bodies: readonly string[]): Promise<LoadReport> {
  const requests = await signAll(bodies, target.secret);
  const report = await generator.run({ url: target.url, connections: CONNECTIONS, requests });
  const refused = Object.entries(report.statuses).filter(([status]) => status !== '200');
  if (refused.length > 0) throw new Error(`${target.url} answered ${JSON.stringify(report.statuses)}`);
  return report;
}

const perSecond = (count: number, elapsedMs: number): number => (count / elapsedMs) * 1000;

/** One of those that take rounds in turn. */
class Contestant {
  readonly rounds: Round[] = [];
  readonly #teller = new StoryTeller(CUSTOMERS);
  #sent = 0;
  readonly label: string;
  readonly target: Measured;
  /** Books what it accepts: to be waited for, so that it does not work on in another's round. */
  readonly books: MeasuredGateway | null;

  constructor(label: string, target: Measured, books: MeasuredGateway | null) {
    this.label = label;
    this.target = target;
    this.books = books;
  }

  async warmUp(): Promise<void> {
    await this.#send(this.#teller.opening());
    const { bodies } = await this.#next(1);
    await this.#send(bodies);
  }

  async round(): Promise<void> {
    const { bodies } = await this.#next(CYCLES_A_ROUND);
    const before = cpuMs(this.target.pids);
    const report = await this.#send(bodies);
    this.rounds.push({
      perSecond: perSecond(bodies.length, report.elapsedMs),
      p50: percentile(report.latencies, 0.5),
      p99: percentile(report.latencies, 0.99),
      cpuPerEvent: (cpuMs(this.target.pids) - before) / bodies.length,
      generatorCpuPerEvent: report.cpuMs / bodies.length,
    });
  }

  async #next(cycles: number): Promise<{ bodies: readonly string[] }> {
    const { waves, world } = this.#teller.cycles(cycles);
    if (this.books !== null) await uploadWorld(world, this.books.demo);
    return { bodies: waves.flat() };
  }

  async #send(bodies: readonly string[]): Promise<LoadReport> {
    const report = await load(this.target, bodies);
    this.#sent += bodies.length;
    if (this.books !== null) await untilDecided(this.books.demo, this.#sent, PATIENCE_MS);
    return report;
  }

  of(field: keyof Round): number {
    return median(this.rounds.map((round) => round[field]));
  }
}

async function measureAcceptance(): Promise<{ bounds: readonly Bound[]; floorPerSecond: number }> {
  const floor = await startFloor(FLOOR_SECRET);
  const gateway = await startLedgergate({ name: 'gateway', posting: false, ledger: true });
  const held = await startLedgergate({ name: 'held', posting: false, ledger: false });
  const contestants = {
    floor: new Contestant('floor', floor, null),
    gateway: new Contestant('gateway, posting paused', gateway, gateway),
    held: new Contestant('gateway, ledger held too', held, null),
  };
  const all = Object.values(contestants);
  for (const contestant of all) await contestant.warmUp();
  const ceiling = await measureCeiling(floor);
  for (let round = 0; round < ROUNDS; round += 1) {
    // Each goes first in turn: whatever the machine does meanwhile falls on all alike.
    for (let at = 0; at < all.length; at += 1) await all[(round + at) % all.length]?.round();
  }
  const base = contestants.floor;
  console.log(
    heading(`Accepted: medians of ${ROUNDS} interleaved rounds, ${CONNECTIONS} connections, ${CUSTOMERS} customers`),
  );
  console.log(
    columns(
      ['', 'accepted/s', 'p50 ms', 'p99 ms', 'workerd µs/event', 'accepted/s : floor', 'p99 : floor'],
      all.map((one) => [
        one.label,
        fixed(one.of('perSecond')),
        fixed(one.of('p50'), 1),
        fixed(one.of('p99'), 1),
        fixed(one.of('cpuPerEvent') * 1000),
        fixed(one.of('perSecond') / base.of('perSecond'), 2),
        fixed(one.of('p99') / base.of('p99'), 2),
      ]),
    ),
  );
  console.log(
    `  The generator: ${fixed(ceiling.perSecond)}/s against a Worker that does nothing, ` +
      `${fixed(base.of('generatorCpuPerEvent') * 1000)} µs CPU per event in a thread of its own.`,
  );
  return {
    floorPerSecond: base.of('perSecond'),
    bounds: [
      {
        what: 'accepted/s of the gateway : floor',
        measured: contestants.gateway.of('perSecond') / base.of('perSecond'),
        bound: 0.8,
        sense: 'at least',
      },
      {
        what: 'p99 of the gateway : floor',
        measured: contestants.gateway.of('p99') / base.of('p99'),
        bound: 1.5,
        sense: 'at most',
      },
    ],
  };
}

async function measureCeiling(floor: Measured): Promise<{ perSecond: number }> {
  const bodies = new StoryTeller(CUSTOMERS).cycles(1).waves.flat();
  const report = await load({ ...floor, url: `${floor.url}nothing` }, bodies);
  return { perSecond: perSecond(bodies.length, report.elapsedMs) };
}

/** Everything on this machine: accepted at full speed, booked, and in the sandbox Odoo. */
async function measureDelivery(floorPerSecond: number): Promise<Bound> {
  const gateway = await startLedgergate({ name: 'posting', posting: true, ledger: true });
  const teller = new StoryTeller(CUSTOMERS);
  const opening = teller.opening();
  await load(gateway, opening);
  await untilPosted(gateway);
  const { waves, world } = teller.cycles(CYCLES_TO_POST);
  await uploadWorld(world, gateway.demo);
  const bodies = waves.flat();

  const before = { gateway: cpuMs(gateway.pids), sandbox: cpuMs(gateway.sandboxPids) };
  const startedAt = performance.now();
  const report = await load(gateway, bodies);
  const booked = await untilDecided(gateway.demo, opening.length + bodies.length, PATIENCE_MS);
  const posted = await untilPosted(gateway);
  const elapsedMs = posted - startedAt;
  const used = {
    gateway: cpuMs(gateway.pids) - before.gateway,
    sandbox: cpuMs(gateway.sandboxPids) - before.sandbox,
    generator: report.cpuMs,
  };
  const { exceptions, postingsOpen } = await progressOf(gateway.demo);
  console.log(heading(`Accepted → ledger → sandbox Odoo: ${bodies.length} events at full speed until drained`));
  console.log(
    columns(
      ['', 'after s', 'events/s'],
      [
        ['all accepted', report.elapsedMs],
        ['all in the ledger', booked - startedAt],
        ['all in the sandbox Odoo', elapsedMs],
      ].map(([label, ms]) => [String(label), fixed(Number(ms) / 1000, 1), fixed(perSecond(bodies.length, Number(ms)))]),
    ),
  );
  const each = (ms: number): readonly string[] => [fixed((ms / bodies.length) * 1000), fixed((ms / elapsedMs) * 100)];
  console.log('\n  Where the time goes:');
  console.log(
    columns(
      ['process', 'CPU µs/event', '% of one core'],
      [
        ['gateway’s workerd (Worker, lanes, D1, queues)', ...each(used.gateway)],
        ['sandboxes’ workerd (Odoo, Stripe)', ...each(used.sandbox)],
        ['load generator', ...each(used.generator)],
        ['together', ...each(sum(Object.values(used)))],
      ],
    ),
  );
  console.log(`  open exceptions: ${exceptions}, documents still to be posted: ${postingsOpen}`);
  return {
    what: 'events/s from accepted to posted : floor',
    measured: perSecond(bodies.length, elapsedMs) / floorPerSecond,
    bound: 0.3,
    sense: 'at least',
  };
}

/** When every lane says that nothing of it is on its way. */
async function untilPosted(gateway: MeasuredGateway): Promise<number> {
  const operator = new Operator(gateway.demo);
  const lanes = Array.from({ length: CUSTOMERS }, (_, number) => `stripe:${customer(number).stripeId}`);
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    // Asking two hundred lanes is work: only once the books say that nothing is left open.
    if ((await progressOf(gateway.demo)).postingsOpen === 0 || performance.now() > giveUpAt) {
      const { drained, totals } = await operator.lanes(lanes);
      if (drained) return performance.now();
      if (performance.now() > giveUpAt) throw new Error(`not drained in time: ${JSON.stringify(totals)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

let failed = false;
let broken = false;
try {
  const { bounds, floorPerSecond } = await measureAcceptance();
  await stopAll();
  const delivery = await measureDelivery(floorPerSecond);
  console.log(heading('Bounds'));
  for (const bound of [...bounds, delivery]) console.log(boundLine(bound));
  failed = ![...bounds, delivery].every(holds);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  broken = true;
} finally {
  await generator.stop();
  await stopAll();
}
// A measurement that broke is no measurement, whatever was asked for.
process.exit(broken || (failed && !values['no-fail']) ? 1 : 0);
