/**
 * `npm start`: the whole gateway on this machine. Builds the Worker and the sandboxes, applies the migrations, serves,
 * seeds tenant `demo`, and says where everything is. State is kept in STATE_DIR; PORT is the gateway's port.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Miniflare } from 'miniflare';
import { bundleWorkers } from './runtime/build.ts';
import { defaultPort, loadLocalSecrets, stateDirectory, writeDemoFile } from './runtime/credentials.ts';
import { host, startGateway, startSandboxes } from './runtime/gateway.ts';
import { claimStateDirectory, forgetInstance, recordInstance } from './runtime/instance.ts';
import { applyMigrations } from './runtime/migrations.ts';
import { freePort, isPortFree } from './runtime/ports.ts';
import { seedDemoTenant, seedOdoo } from './runtime/seed.ts';
import { failure, type Step, startSteps, summary } from './runtime/terminal.ts';
import { readWranglerConfig } from './runtime/wrangler-config.ts';

const root = join(import.meta.dirname, '..');
const stateDir = stateDirectory(root);
const port = Number(process.env.PORT ?? defaultPort);
const gatewayUrl = `http://${host}:${port}`;
const running: Miniflare[] = [];
let stopping = false;

/** Ends everything within five seconds, whatever hangs. What was acknowledged is on disk already. */
async function stop(word: string, code: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  console.log(word);
  setTimeout(() => process.exit(code || 1), 5000).unref();
  await Promise.allSettled(running.map((miniflare) => miniflare.dispose()));
  forgetInstance(stateDir);
  process.exit(code);
}

/** Tells the state directory and the launcher which processes are ours to clean up. */
function announce(): void {
  const dependants = recordInstance(stateDir, gatewayUrl);
  process.send?.({ dependants });
}

async function claim(): Promise<void> {
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw failure(`PORT must be a port number, not "${process.env.PORT}".`);
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const claimed = await claimStateDirectory(stateDir);
  if (claimed.code === 'running') {
    throw failure(
      `Ledgergate already serves ${stateDir} at ${claimed.address}.`,
      `Stop it with Ctrl-C where it runs, or: kill ${claimed.pid}`,
    );
  }
  if (claimed.code === 'stuck') throw failure(`Process ${claimed.pid}, left by an earlier start, cannot be ended.`);
  if (claimed.stopped.length > 0)
    console.log(`Ended what an earlier start left behind (process ${claimed.stopped.join(', ')}).`);
  if (!(await isPortFree(host, port))) {
    throw failure(`Port ${port} is taken by another program.`, `Choose another: PORT=${port + 10} npm start`);
  }
}

async function serve(step: Step): Promise<void> {
  const wrangler = readWranglerConfig(join(root, 'wrangler.toml'));
  const secrets = loadLocalSecrets(stateDir);
  step('building');
  const [bundle, odooBundle, stripeBundle] = await bundleWorkers(root, [
    wrangler.main,
    'sandbox/odoo/index.ts',
    'sandbox/stripe/index.ts',
  ]);
  if (bundle === undefined || odooBundle === undefined || stripeBundle === undefined)
    throw new Error('a bundle is missing');
  const odooPort = await freePort(host, port + 1);
  const stripePort = await freePort(host, odooPort + 1);
  const addresses = {
    gateway: gatewayUrl,
    odoo: `http://${host}:${odooPort}`,
    stripeApi: `http://${host}:${stripePort}`,
  };

  step('starting the sandboxes');
  const odooVars = { ODOO_API_KEY: secrets.odooApiKey, ODOO_DATABASE_NAME: 'demo' };
  const stripeVars = { STRIPE_API_KEY: secrets.stripeApiKey };
  running.push(
    await startSandboxes({
      wrangler,
      stateDir,
      onRestart: announce,
      odoo: { bundle: odooBundle, port: odooPort, vars: odooVars },
      stripe: { bundle: stripeBundle, port: stripePort, vars: stripeVars },
    }),
  );
  announce();

  step('starting the gateway');
  const workerSecrets = { SECRETS_KEY: secrets.secretsKey, ROOT_TOKEN: secrets.rootToken, ALLOW_PRIVATE_TARGETS: '1' };
  const gateway = await startGateway({ wrangler, bundle, port, stateDir, secrets: workerSecrets, onRestart: announce });
  running.push(gateway);
  announce();

  step('applying migrations');
  for (const database of wrangler.d1_databases) {
    await applyMigrations(gateway, database.binding, join(root, database.migrations_dir));
  }
  const demo = writeDemoFile(stateDir, addresses, secrets);
  step('seeding tenant demo');
  await seedOdoo(stateDir, readFileSync(join(root, 'tenants/demo-odoo.json'), 'utf8'), demo);
  await seedDemoTenant(stateDir, readFileSync(join(root, 'tenants/demo.json'), 'utf8'), demo, secrets);
  ownSignals();
  keepTime(gateway, wrangler.triggers.crons);
  summary(demo, stateDir);
}

/**
 * Miniflare fires no cron triggers, so a timer does: every trigger this project has runs each minute. Once at the start
 * too: that is what picks up the lanes whose doorbells a kill has swallowed.
 */
function keepTime(gateway: Miniflare, crons: readonly string[]): void {
  const tick = async (): Promise<void> => {
    const worker = await gateway.getWorker();
    for (const cron of crons) await worker.scheduled({ cron, scheduledTime: new Date() });
  };
  const guarded = (): void => {
    tick().catch((error: unknown) => {
      if (!stopping)
        console.error(`The scheduled work failed: ${error instanceof Error ? error.message : String(error)}`);
    });
  };
  guarded();
  setInterval(guarded, 60_000).unref();
}

/** Miniflare exits at once on a signal, before its databases are closed; ours are to be the only handlers. */
function ownSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.removeAllListeners(signal);
    process.on(signal, () => void stop('\nStopping …', 0));
  }
}

// A closed terminal must not turn into a crash in the middle of stopping.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
ownSignals();
process.on('disconnect', () => void stop('The launcher ended; stopping …', 1));

const { step, finish } = startSteps();
try {
  await claim();
  await serve(step);
} catch (error) {
  finish();
  console.error(error instanceof Error ? error.message : String(error));
  await stop('Ledgergate did not start.', 1);
} finally {
  finish();
}
