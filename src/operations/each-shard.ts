import type { Bindings } from '../bindings.ts';
import { allShards } from '../ledger/shards.ts';
import { errorWords, logWarning } from './log.ts';

/** Runs a task of the clock on each shard. One that does not answer is told as `<task>_failed` and holds up no other. */
export async function eachShard(
  env: Bindings,
  task: string,
  run: (db: D1Database, index: number) => Promise<void>,
): Promise<void> {
  for (const [index, db] of allShards(env).entries()) {
    try {
      await run(db, index);
    } catch (error) {
      logWarning(`${task}_failed`, { shard: index, error: errorWords(error) });
    }
  }
}
