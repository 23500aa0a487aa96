/**
 * What is measured, each in a workerd of its own on Miniflare with the settings of `npm start`, state on disk in a
 * temporary folder, loopback only. Everything is stopped and removed by `stopAll`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Miniflare } from 'miniflare';
import { z } from 'zod';
import { type BundledWorker, bundleWorkers } from '../../scripts/runtime/build.ts';
import { type DemoFile, loadLocalSecrets, writeDemoFile } from '../../scripts/runtime/credentials.ts';
import { host, startGateway, startSandboxes } from '../../scripts/runtime/gateway.ts';
import { applyMigrations } from '../../scripts/runtime/migrations.ts';
import { freePort } from '../../scripts/runtime/ports.ts';
import { childrenOf } from '../../scripts/runtime/processes.ts';
import { seedDemoTenant, seedOdoo } from '../../scripts/runtime/seed.ts';
import { readWranglerConfig, type WranglerConfig } from '../../scripts/runtime/wrangler-config.ts';

const root = join(import.meta.dirname, '..', '..');
const FIRST_PORT = 9100;
const wrangler = readWranglerConfig(join(root, 'wrangler.toml'));
const running: { readonly miniflare: Miniflare; readonly directory: string }[] = [];
let nextPort = FIRST_PORT;

export interface Measured {
  readonly url: string;
  readonly secret: string;
  /** Its workerd. */
  readonly pids: readonly number[];
  readonly miniflare: Miniflare;
}

export interface MeasuredGateway extends Measured {
  readonly demo: DemoFile;
  /** The workerd of the sandbox Odoo and Stripe; empty when they were not asked for. */
  readonly sandboxPids: readonly number[];
}

async function port(): Promise<number> {
  const free = await freePort(host, nextPort);
  nextPort = free + 1;
  return free;
}

const runtimes = (): number[] =>
  childrenOf(process.pid)
    .filter(({ command }) => command.includes('workerd'))
    .map(({ pid }) => pid);

/** Starts it, keeps it for `stopAll`, and finds the processes that came with it. */
async function started(directory: string, start: () => Promise<Miniflare>): Promise<[Miniflare, number[]]> {
  const before = new Set(runtimes());
  const miniflare = await start();
  running.push({ miniflare, directory });
  ownSignals();
  const all = runtimes();
  // Lets the launcher end them should this process be killed outright (scripts/run.mjs).
  process.send?.({ dependants: all });
  return [miniflare, all.filter((pid) => !before.has(pid))];
}

const temporary = (name: string): string => mkdtempSync(join(tmpdir(), `ledgergate-bench-${name}-`));

const noRestart = (): void => {
  throw new Error('workerd died in the middle of the measurement');
};

async function bundleOf(entry: string): Promise<BundledWorker> {
  const [bundle] = await bundleWorkers(root, [entry]);
  if (bundle === undefined) throw new Error(`no bundle of ${entry}`);
  return bundle;
}

/** The same start as the gateway's, with nothing bound but the floor's Durable Object. */
export async function startFloor(secret: string): Promise<Measured> {
  const bundle = await bundleOf('bench/floor.ts');
  const bindings: WranglerConfig = {
    ...wrangler,
    name: 'floor',
    durable_objects: { bindings: [{ name: 'FLOOR', class_name: 'FloorStore' }] },
    migrations: [{ tag: 'v1', new_sqlite_classes: ['FloorStore'] }],
    queues: { producers: [], consumers: [] },
    d1_databases: [],
    r2_buckets: [],
  };
  const stateDir = temporary('floor');
  const at = await port();
  const [miniflare, pids] = await started(stateDir, () =>
    startGateway({
      wrangler: bindings,
      bundle,
      port: at,
      stateDir,
      secrets: { SIGNING_SECRET: secret },
      onRestart: noRestart,
    }),
  );
  return { url: `http://${host}:${at}/`, secret, pids, miniflare };
}

export interface GatewayChoices {
  readonly name: string;
  /** Documents go to the sandbox Odoo. Otherwise the tenant's routes name the embedded GL only: posting is paused. */
  readonly posting: boolean;
  /** The ledger stage answers doorbells. Otherwise they stay in the queue. */
  readonly ledger: boolean;
  /** The Worker's entry; the real one unless it is to count. */
  readonly entry?: string;
  /** Seconds that a consumer batch may wait to fill; wrangler.toml's unless said. */
  readonly batchTimeout?: number;
  readonly vars?: Readonly<Record<string, string>>;
}

export async function startLedgergate(choices: GatewayChoices): Promise<MeasuredGateway> {
  const stateDir = temporary(choices.name);
  const secrets = loadLocalSecrets(stateDir);
  const [at, odooPort, stripePort] = [await port(), await port(), await port()];
  const addresses = {
    gateway: `http://${host}:${at}`,
    odoo: `http://${host}:${odooPort}`,
    stripeApi: `http://${host}:${stripePort}`,
  };
  const [, sandboxPids] = choices.ledger
    ? await started(stateDir, async () =>
        startSandboxes({
          wrangler,
          stateDir,
          onRestart: noRestart,
          odoo: {
            bundle: await bundleOf('sandbox/odoo/index.ts'),
            port: odooPort,
            vars: { ODOO_API_KEY: secrets.odooApiKey, ODOO_DATABASE_NAME: 'demo' },
          },
          stripe: {
            bundle: await bundleOf('sandbox/stripe/index.ts'),
            port: stripePort,
            vars: { STRIPE_API_KEY: secrets.stripeApiKey },
          },
        }),
      )
    : [null, []];
  const bundle = await bundleOf(choices.entry ?? wrangler.main);
  const [miniflare, pids] = await started(stateDir, () =>
    startGateway({
      wrangler: queuesOf(choices),
      bundle,
      port: at,
      stateDir,
      secrets: {
        SECRETS_KEY: secrets.secretsKey,
        ROOT_TOKEN: secrets.rootToken,
        ALLOW_PRIVATE_TARGETS: '1',
        ...choices.vars,
      },
      onRestart: noRestart,
    }),
  );
  for (const { binding, migrations_dir } of wrangler.d1_databases) {
    await applyMigrations(miniflare, binding, join(root, migrations_dir));
  }
  const demo = writeDemoFile(stateDir, addresses, secrets);
  const document = readFileSync(join(root, 'tenants/demo.json'), 'utf8');
  if (choices.posting) await seedOdoo(stateDir, readFileSync(join(root, 'tenants/demo-odoo.json'), 'utf8'), demo);
  await seedDemoTenant(stateDir, choices.posting ? document : withoutPosting(document), demo, secrets);
  return { url: demo.sources.stripe.url, secret: secrets.stripeSigningSecret, pids, miniflare, demo, sandboxPids };
}

function queuesOf(choices: GatewayChoices): WranglerConfig {
  const { queues } = wrangler;
  const { batchTimeout } = choices;
  const consumers = queues.consumers.map((consumer) =>
    batchTimeout === undefined ? consumer : { ...consumer, max_batch_timeout: batchTimeout },
  );
  return { ...wrangler, queues: { ...queues, consumers: choices.ledger ? consumers : [] } };
}

const routed = z.looseObject({ routes: z.array(z.looseObject({ to: z.string() })) });

function withoutPosting(document: string): string {
  const config = routed.parse(JSON.parse(document));
  return JSON.stringify({ ...config, routes: config.routes.filter(({ to }) => to === 'gl') });
}

let stopping: Promise<void> = Promise.resolve();

/** Stops what was started, newest first, then removes its state. Called twice, the second waits for the first. */
export function stopAll(): Promise<void> {
  stopping = stopping.then(async () => {
    const stopped = running.splice(0).reverse();
    for (const { miniflare } of stopped) {
      await miniflare.dispose().catch((error: unknown) => console.error(`a workerd did not stop: ${String(error)}`));
    }
    for (const directory of new Set(stopped.map((one) => one.directory))) {
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    }
  });
  return stopping;
}

/** An interrupted bench leaves neither processes nor state behind. Miniflare, at its start, adds handlers that exit too early. */
function ownSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.removeAllListeners(signal);
    process.on(signal, () => void stopAll().finally(() => process.exit(130)));
  }
}
