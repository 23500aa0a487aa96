/** The gateway and its sandboxes as Miniflare runs them: the bundles, wrangler.toml's bindings, state on disk. */
import { join } from 'node:path';
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, Response as MiniflareResponse } from 'miniflare';
import type { BundledWorker } from './build.ts';
import type { WranglerConfig } from './wrangler-config.ts';

export const host = '127.0.0.1';

export interface GatewayOptions {
  readonly wrangler: WranglerConfig;
  readonly bundle: BundledWorker;
  readonly port: number;
  readonly stateDir: string;
  /** Vars and secrets beside wrangler.toml's. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Called when workerd died and was started anew: its process ids have changed. */
  readonly onRestart: () => void;
  /** Answers what the gateway asks of others, so that nothing leaves this machine; absent: it asks them. */
  readonly outside?: (address: string) => Promise<Response>;
}

/** Quiet (warnings only) and offline (no fetch of request metadata, no telemetry). */
const shared = {
  host,
  cf: false,
  logRequests: false,
  telemetry: { enabled: false },
} as const;

const answering =
  (outside: NonNullable<GatewayOptions['outside']>) =>
  async ({ url }: { readonly url: string }): Promise<MiniflareResponse> => {
    const answer = await outside(url);
    return new MiniflareResponse(await answer.text(), { status: answer.status, headers: [...answer.headers] });
  };

/** Starts the gateway's default (dev) environment. Resolves when it serves. */
export async function startGateway(options: GatewayOptions): Promise<Miniflare> {
  const { wrangler, outside } = options;
  const sqliteClasses = new Set(wrangler.migrations.flatMap((migration) => migration.new_sqlite_classes));
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...shared,
      log: new Log(LogLevel.WARN),
      port: options.port,
      resourcePersistencePath: join(options.stateDir, 'gateway'),
      unsafeHandleRuntimeRestart: options.onRestart,
      name: wrangler.name,
      modules: true,
      script: options.bundle.code,
      scriptPath: options.bundle.path,
      compatibilityDate: wrangler.compatibility_date,
      compatibilityFlags: wrangler.compatibility_flags,
      bindings: { ...wrangler.vars, ...options.secrets },
      ...(outside === undefined ? {} : { outboundService: answering(outside) }),
      durableObjects: Object.fromEntries(
        wrangler.durable_objects.bindings.map((binding) => [
          binding.name,
          { className: binding.class_name, useSQLite: sqliteClasses.has(binding.class_name) },
        ]),
      ),
      queueProducers: Object.fromEntries(
        wrangler.queues.producers.map((producer) => [producer.binding, { queueName: producer.queue }]),
      ),
      queueConsumers: Object.fromEntries(
        wrangler.queues.consumers.map((consumer) => [
          consumer.queue,
          {
            maxBatchSize: consumer.max_batch_size,
            maxBatchTimeout: consumer.max_batch_timeout,
            maxRetries: consumer.max_retries,
            retryDelay: consumer.retry_delay,
            ...(consumer.dead_letter_queue === undefined ? {} : { deadLetterQueue: consumer.dead_letter_queue }),
          },
        ]),
      ),
      d1Databases: Object.fromEntries(
        wrangler.d1_databases.map((database) => [database.binding, database.database_id]),
      ),
      r2Buckets: Object.fromEntries(wrangler.r2_buckets.map((bucket) => [bucket.binding, bucket.bucket_name])),
    }),
  );
  await miniflare.ready;
  return miniflare;
}

export interface SandboxOptions {
  readonly wrangler: WranglerConfig;
  readonly stateDir: string;
  readonly onRestart: () => void;
  readonly odoo: {
    readonly bundle: BundledWorker;
    readonly port: number;
    readonly vars: Readonly<Record<string, string>>;
  };
  readonly stripe: {
    readonly bundle: BundledWorker;
    readonly port: number;
    readonly vars: Readonly<Record<string, string>>;
  };
}

/** Starts the stand-ins in a workerd of their own, each on its own port, so that they can be killed like real ones. */
export async function startSandboxes(options: SandboxOptions): Promise<Miniflare> {
  const { wrangler, odoo, stripe } = options;
  const worker = (name: string, part: SandboxOptions['odoo'], binding: string, className: string) => ({
    name,
    modules: true,
    script: part.bundle.code,
    scriptPath: part.bundle.path,
    compatibilityDate: wrangler.compatibility_date,
    compatibilityFlags: wrangler.compatibility_flags,
    bindings: part.vars,
    durableObjects: { [binding]: { className, useSQLite: true } },
    unsafeDirectSockets: [{ host, port: part.port }],
  });
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...shared,
      log: new Log(LogLevel.WARN),
      port: 0,
      resourcePersistencePath: join(options.stateDir, 'sandbox'),
      unsafeHandleRuntimeRestart: options.onRestart,
      workers: [
        worker('sandbox-odoo', odoo, 'ODOO_DATABASE', 'OdooDatabase'),
        worker('sandbox-stripe', stripe, 'STRIPE_OBJECTS', 'StripeObjects'),
      ],
    }),
  );
  await miniflare.ready;
  return miniflare;
}
