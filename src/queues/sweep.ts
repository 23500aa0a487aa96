/**
 * The sweeper behind the alarms: every minute it visits a page of lanes, compares where the lane stands with where the
 * books stand, and rings where something is left over. It comes round to every lane in time and its cost per minute
 * does not grow with their number.
 */
import type { Bindings } from '../bindings.ts';
import { laneKey, tenantId } from '../canonical/ids.ts';
import { laneName } from '../durable-objects/customer-lane/protocol.ts';
import type { LedgerDatabase } from '../ledger/database.ts';
import { ring } from '../operations/accept.ts';
import { eachShard } from '../operations/each-shard.ts';
import { errorWords, logWarning } from '../operations/log.ts';

const PAGE = 50;

export interface SweptLane {
  readonly tenant: string;
  readonly lane: string;
  readonly position: number;
}

/** The page of lanes after `cursor`, by key; the first page again after the last. One index walk of `PAGE` rows. */
export async function nextPage(
  db: LedgerDatabase,
  cursor: { tenant: string; lane: string } | null,
): Promise<SweptLane[]> {
  const { results } = await db
    .prepare('SELECT tenant, lane, position FROM lanes WHERE (tenant, lane) > (?1, ?2) ORDER BY tenant, lane LIMIT ?3')
    .bind(cursor?.tenant ?? '', cursor?.lane ?? '', PAGE)
    .all<SweptLane>();
  return results;
}

const cursors = new Map<number, { tenant: string; lane: string } | null>();

/** Visits one page of each shard. The cursor lives in the isolate: a new isolate starts over, which costs time only. */
export async function sweep(env: Bindings): Promise<void> {
  await eachShard(env, 'sweep', async (db, index) => {
    const page = await nextPage(db, cursors.get(index) ?? null);
    const last = page.at(-1);
    cursors.set(index, page.length < PAGE || last === undefined ? null : { tenant: last.tenant, lane: last.lane });
    const left = await Promise.all(page.map((lane) => leftOver(env, lane)));
    await ring(
      env,
      page
        .filter((_, at) => left[at] === true)
        .map(({ tenant, lane }) => ({ tenant: tenantId(tenant), lane: laneKey(lane) })),
    );
  });
}

async function leftOver(env: Bindings, lane: SweptLane): Promise<boolean> {
  const name = { tenant: tenantId(lane.tenant), lane: laneKey(lane.lane) };
  try {
    const status = await env.LANES.getByName(laneName(name)).status(1);
    if (status === null) return false;
    if (status.head.position !== lane.position)
      logWarning('lane_apart', { ...name, lane: status.head.position, books: lane.position });
    return status.head.position !== lane.position || status.oldestUnsettledAt !== null;
  } catch (error) {
    logWarning('sweep_failed', { ...name, error: errorWords(error) });
    return false;
  }
}
