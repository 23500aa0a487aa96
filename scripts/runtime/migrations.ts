/** Applies migrations/*.sql to the local D1 as `wrangler d1 migrations apply` does: in name order, each once. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Miniflare } from 'miniflare';

/**
 * One batch (one transaction) per file together with its mark in `d1_migrations`, so that a kill in the middle leaves a
 * file wholly applied or not at all. Returns the names applied now.
 */
export async function applyMigrations(miniflare: Miniflare, binding: string, directory: string): Promise<string[]> {
  const database = await miniflare.getD1Database(binding);
  await database
    .prepare(
      'CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)',
    )
    .run();
  const { results } = await database.prepare('SELECT name FROM d1_migrations').all<{ name: string }>();
  const done = new Set(results.map((row) => row.name));
  const missing = readdirSync(directory)
    .filter((name) => name.endsWith('.sql') && !done.has(name))
    .sort();
  for (const name of missing) {
    const statements = readFileSync(join(directory, name), 'utf8')
      .split('--> statement-breakpoint')
      .map((statement) => statement.trim())
      .filter((statement) => statement !== '');
    await database.batch([
      ...statements.map((statement) => database.prepare(statement)),
      database.prepare('INSERT INTO d1_migrations (name) VALUES (?1)').bind(name),
    ]);
  }
  return missing;
}
