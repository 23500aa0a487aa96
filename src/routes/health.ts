/** Liveness and readiness. Neither tells anything of tenants, so neither asks for a token. */
import { Hono } from 'hono';
import type { Bindings } from '../bindings.ts';
import { allShards } from '../ledger/shards.ts';
import { errorWords, logWarning } from '../operations/log.ts';

export type Check = 'ok' | 'failed' | 'unbound';

/** Answers within one row read per database. A table of the latest migration must be there. */
async function databaseReady(db: D1Database): Promise<void> {
  await db.prepare('SELECT (SELECT 1 FROM audit LIMIT 1) AS audit').first();
}

async function check(name: string, work: () => Promise<unknown>): Promise<readonly [string, Check]> {
  try {
    await work();
    return [name, 'ok'];
  } catch (error) {
    logWarning('not_ready', { check: name, error: errorWords(error) });
    return [name, 'failed'];
  }
}

const bound = (name: string, binding: unknown): readonly [string, Check] => [
  name,
  binding === undefined ? 'unbound' : 'ok',
];

/** What a request needs: databases with their tables, the archive, lanes, gates, the queue. Durable Objects are not woken. */
export async function readiness(env: Bindings): Promise<Readonly<Record<string, Check>>> {
  const checks = await Promise.all([
    ...allShards(env).map((db, index) => check(`ledger_${index}`, () => databaseReady(db))),
    check('archive', () => env.ARCHIVE.head('ready')),
  ]);
  return Object.fromEntries([
    ...checks,
    bound('lanes', env.LANES),
    bound('target_gates', env.TARGET_GATES),
    bound('doorbells', env.DOORBELLS),
    bound('secrets_key', env.SECRETS_KEY),
  ]);
}

export const health = new Hono<{ Bindings: Bindings }>();

health.get('/healthz', (c) => c.json({ status: 'ok' }));

health.get('/readyz', async (c) => {
  const checks = await readiness(c.env);
  const ready = Object.values(checks).every((result) => result === 'ok');
  return c.json({ status: ready ? 'ready' : 'not ready', checks }, ready ? 200 : 503);
});
