import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type EnvironmentBindings, readWranglerConfig } from '../scripts/runtime/wrangler-config.ts';

const path = join(import.meta.dirname, '../wrangler.toml');
const config = readWranglerConfig(path);
const environments: [string, EnvironmentBindings][] = [['dev', config], ...Object.entries(config.env)];

const rawEnvironments = z.record(z.string(), z.record(z.string(), z.unknown()));

/** A binding set without what must differ between environments: names and ids of the resources themselves. */
const shape = (bindings: EnvironmentBindings) => ({
  vars: Object.keys(bindings.vars),
  durableObjects: bindings.durable_objects.bindings,
  migrations: bindings.migrations,
  producers: bindings.queues.producers.map((producer) => producer.binding),
  consumers: bindings.queues.consumers.map(({ queue: _queue, dead_letter_queue: dead, ...settings }) => ({
    ...settings,
    hasDeadLetters: dead !== undefined,
  })),
  databases: bindings.d1_databases.map((database) => [database.binding, database.migrations_dir]),
  buckets: bindings.r2_buckets.map((bucket) => bucket.binding),
  rateLimits: bindings.ratelimits.map(({ namespace_id: _namespace, ...settings }) => settings),
  crons: bindings.triggers.crons,
});

describe('wrangler.toml', () => {
  it('has dev, staging and production', () => {
    expect(environments.map(([name]) => name)).toEqual(['dev', 'staging', 'production']);
  });

  it.each(environments)('binds in %s what it binds in dev', (_name, bindings) => {
    expect(shape(bindings)).toEqual(shape(config));
  });

  it.each(environments)(
    'declares every key in %s that dev declares, so that nothing is inherited by mistake',
    (name) => {
      const raw = parse(readFileSync(path, 'utf8'));
      const inherited = new Set(['main', 'compatibility_date', 'compatibility_flags', 'workers_dev', 'env']);
      const environment = name === 'dev' ? raw : rawEnvironments.parse(raw.env)[name];
      expect(
        Object.keys(environment ?? {})
          .filter((key) => !inherited.has(key))
          .sort(),
      ).toEqual(
        Object.keys(raw)
          .filter((key) => !inherited.has(key))
          .sort(),
      );
    },
  );

  it.each(environments)('gives every dead letter queue of %s a consumer, and no queue two', (_name, bindings) => {
    const consumed = bindings.queues.consumers.map((consumer) => consumer.queue);
    const dead = bindings.queues.consumers.flatMap((consumer) => consumer.dead_letter_queue ?? []);
    expect(dead.length).toBeGreaterThan(0);
    expect(consumed).toEqual(expect.arrayContaining(dead));
    expect(new Set(consumed).size).toBe(consumed.length);
  });

  it.each(environments)('gives every queue that %s writes to a consumer with dead letters', (_name, bindings) => {
    for (const producer of bindings.queues.producers) {
      const consumer = bindings.queues.consumers.find((candidate) => candidate.queue === producer.queue);
      expect(consumer?.dead_letter_queue).toBeDefined();
    }
  });

  it('shares no database, bucket, queue or rate limit between environments', () => {
    const resources = environments.flatMap(([, bindings]) => [
      ...bindings.d1_databases.map((database) => database.database_id),
      ...bindings.r2_buckets.map((bucket) => bucket.bucket_name),
      ...bindings.queues.consumers.map((consumer) => consumer.queue),
      ...bindings.ratelimits.map((limit) => limit.namespace_id),
    ]);
    expect(new Set(resources).size).toBe(resources.length);
  });

  it('makes every Durable Object class SQLite-backed', () => {
    for (const [, bindings] of environments) {
      const classes = bindings.migrations.flatMap((migration) => migration.new_sqlite_classes);
      expect(bindings.durable_objects.bindings.map((binding) => binding.class_name).sort()).toEqual(classes.sort());
    }
  });
});
