/** wrangler.toml is the one source of truth for bindings and queue settings; the local runtime and its tests read it here. */
import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import { z } from 'zod';

const queueConsumer = z.strictObject({
  queue: z.string(),
  max_batch_size: z.int(),
  max_batch_timeout: z.int(),
  max_retries: z.int(),
  retry_delay: z.int(),
  max_concurrency: z.int(),
  /** Absent only on a consumer of dead letters. */
  dead_letter_queue: z.string().optional(),
});

const bindings = z.object({
  vars: z.record(z.string(), z.string()),
  durable_objects: z.object({ bindings: z.array(z.strictObject({ name: z.string(), class_name: z.string() })) }),
  migrations: z.array(z.strictObject({ tag: z.string(), new_sqlite_classes: z.array(z.string()) })),
  queues: z.object({
    producers: z.array(z.strictObject({ binding: z.string(), queue: z.string() })),
    consumers: z.array(queueConsumer),
  }),
  d1_databases: z.array(
    z.strictObject({
      binding: z.string(),
      database_name: z.string(),
      database_id: z.string(),
      migrations_dir: z.string(),
    }),
  ),
  r2_buckets: z.array(z.strictObject({ binding: z.string(), bucket_name: z.string() })),
  ratelimits: z.array(
    z.strictObject({
      name: z.string(),
      namespace_id: z.string(),
      simple: z.strictObject({ limit: z.int(), period: z.union([z.literal(10), z.literal(60)]) }),
    }),
  ),
  triggers: z.object({ crons: z.array(z.string()) }),
});

/** What one environment binds. Environments inherit none of it, so each states all of it. */
export type EnvironmentBindings = z.infer<typeof bindings>;

const wranglerConfig = bindings.extend({
  name: z.string(),
  main: z.string(),
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()),
  env: z.record(z.string(), bindings),
});
export type WranglerConfig = z.infer<typeof wranglerConfig>;

/** Throws a ZodError that names the field when wrangler.toml lacks a setting this project wants explicit. */
export function readWranglerConfig(path: string): WranglerConfig {
  return wranglerConfig.parse(parse(readFileSync(path, 'utf8')));
}
