/**
 * `npm run crash-test`: the promise under `kill -9`. Starts a gateway of its own, sends 500 demo webhooks as providers
 * do (again until acknowledged), kills every process of the server ten times in the middle and starts it again, then
 * counts: acknowledged = in the books + on a person's list, and each document once in Odoo.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, styleText } from 'node:util';
import { z } from 'zod';
import { findings } from './demo/audit.ts';
import { Operator } from './demo/operator.ts';
import { uploadWorld, waitUntilDrained } from './demo/rounds.ts';
import { type Answer, sendAll } from './demo/send.ts';
import { demoStory } from './demo/story.ts';
import { readDemoFile } from './runtime/credentials.ts';
import { host } from './runtime/gateway.ts';
import { freePort } from './runtime/ports.ts';
import { heading, progressBar, table } from './runtime/terminal.ts';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '500' }, kills: { type: 'string', default: '10' } },
});
const count = z.coerce.number().int().min(30).max(20_000).parse(values.count);
const kills = z.coerce.number().int().min(0).max(100).parse(values.kills);
const root = join(import.meta.dirname, '..');
const stateDir = mkdtempSync(join(tmpdir(), 'ledgergate-crash-'));
const READY_WITHIN_MS = 60_000;

const instance = z.object({ pid: z.int(), dependants: z.array(z.int()) });

/** The server under test: the same script as `npm start`, in processes that can be killed one by one. */
class Server {
  readonly #port: number;
  #launcher: ChildProcess | null = null;

  constructor(port: number) {
    this.#port = port;
  }

  /** Resolves when it says that it is ready. */
  start(): Promise<void> {
    const launcher = spawn('node', [join(root, 'scripts/run.mjs'), 'scripts/start.ts'], {
      cwd: root,
      env: { ...process.env, STATE_DIR: stateDir, PORT: String(this.#port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#launcher = launcher;
    return new Promise((resolve, reject) => {
      let said = '';
      const timer = setTimeout(
        () => reject(new Error(`not ready within ${READY_WITHIN_MS} ms:\n${said}`)),
        READY_WITHIN_MS,
      );
      const listen = (chunk: Buffer): void => {
        said = (said + chunk.toString('utf8')).slice(-4000);
        if (!said.includes('is ready')) return;
        clearTimeout(timer);
        resolve();
      };
      launcher.stdout.on('data', listen);
      launcher.stderr.on('data', listen);
      launcher.once('exit', () => {
        clearTimeout(timer);
        reject(new Error(`the server ended before it was ready:\n${said}`));
      });
    });
  }

  /** SIGKILL to the script and its launcher; every other time workerd is left behind, as an orphan that serves on. */
  kill(leaveRuntime: boolean): void {
    const { pid, dependants } = instance.parse(JSON.parse(readFileSync(join(stateDir, 'instance.json'), 'utf8')));
    for (const target of [this.#launcher?.pid, pid, ...(leaveRuntime ? [] : dependants)]) {
      if (target === undefined) continue;
      try {
        process.kill(target, 'SIGKILL');
      } catch (error) {
        // Gone with the one before it: what was wanted.
        if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
      }
    }
  }

  async stop(): Promise<void> {
    const launcher = this.#launcher;
    if (launcher === null || launcher.exitCode !== null || launcher.signalCode !== null) return;
    const ended = new Promise((resolve) => launcher.once('exit', resolve));
    launcher.kill('SIGTERM');
    await ended;
  }
}

/** Sends everything while `interrupt` is called at evenly spaced moments; a provider retries through each outage. */
async function sendThroughKills(server: Server): Promise<readonly Answer[]> {
  const demo = readDemoFile(stateDir);
  const story = demoStory({ count, customers: 20 });
  await uploadWorld(story.world, demo);
  const total = story.phases.flat().length;
  const bar = progressBar('Sending ', total);
  const killAt = Array.from({ length: kills }, (_, index) => Math.round(((index + 1) * total) / (kills + 1)));
  let answered = 0;
  let restarting: Promise<void> = Promise.resolve();
  const onAnswer = (): void => {
    answered += 1;
    bar.update(answered);
    if (!killAt.includes(answered)) return;
    const number = killAt.indexOf(answered);
    restarting = restarting.then(() => {
      server.kill(number % 2 === 1);
      return server.start();
    });
    // Awaited below; noted here so that a failed restart is not an unhandled rejection meanwhile.
    restarting.catch(() => {});
  };
  const answers: Answer[] = [];
  for (const phase of story.phases)
    answers.push(...(await sendAll(phase, { demo, concurrency: 8, patienceMs: 120_000, onAnswer })));
  bar.stop();
  await restarting;
  return answers;
}

async function main(): Promise<boolean> {
  const server = new Server(await freePort(host, 18_787));
  try {
    await server.start();
    const answers = await sendThroughKills(server);
    const operator = new Operator(readDemoFile(stateDir));
    const lanes = [...new Set(answers.flatMap((answer) => answer.events.map((event) => event.lane)))];
    const { drained, totals } = await waitUntilDrained(operator, lanes, 600_000);
    const evidence = {
      answers,
      events: await operator.events(),
      exceptions: await operator.exceptions(),
      trialBalance: await operator.trialBalance(),
      odoo: await operator.odoo(),
    };
    const results = [
      { what: 'nothing is still on its way', ok: drained, detail: drained ? '' : JSON.stringify(totals) },
      ...findings(evidence),
    ];
    console.log(heading(`${kills} × kill -9`));
    console.log(
      table([
        ['webhooks sent', String(answers.length)],
        ['answered 2xx', String(answers.filter((answer) => (answer.http ?? 500) < 300).length)],
        ['sent again by the provider', String(answers.reduce((sum, answer) => sum + answer.retries, 0))],
        ['open exceptions', String(evidence.exceptions.length)],
      ]),
    );
    console.log('');
    for (const { what, ok, detail } of results) {
      console.log(
        `  ${what}: ${ok ? styleText('green', 'yes') : styleText('red', 'NO')}${detail === '' ? '' : `  (${detail})`}`,
      );
    }
    return results.every((result) => result.ok);
  } finally {
    await server.stop();
  }
}

let good = false;
try {
  good = await main();
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
}
if (good) rmSync(stateDir, { recursive: true, force: true });
else console.error(`The state is left in ${stateDir}.`);
process.exit(good ? 0 : 1);
