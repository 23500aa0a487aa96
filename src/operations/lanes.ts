/** What operators ask of lanes, and how far lanes have come. Each call takes a fresh stub: one that failed stays broken. */
import { z } from 'zod';
import type { Bindings } from '../bindings.ts';
import { type EpochMs, laneKey, tenantId } from '../canonical/ids.ts';
import { type Doorbell, type LaneStatus, type LogLine, laneName } from '../durable-objects/customer-lane/protocol.ts';

export const doorbellOf = (tenant: string, lane: string): Doorbell => ({
  tenant: tenantId(tenant),
  lane: laneKey(lane),
});

export const laneStub = (env: Bindings, tenant: string, lane: string) =>
  env.LANES.getByName(laneName(doorbellOf(tenant, lane)));

/** Items a status lists; the numbers beyond it are told as "at least". */
const STATUS_ITEMS = 500;
/** Lanes asked at once. */
const AT_ONCE = 20;

export const laneProgress = z.object({
  lane: z.string(),
  accepted: z.int().describe('events accepted so far'),
  applied: z.int().describe('events applied to the books'),
  unsettled: z.int().describe('accepted and not looked at yet'),
  waiting: z.int().describe('held for something that has not come; goes on by itself'),
  parked: z.int().describe('held for a person'),
  quarantined: z.int().describe('authentic but not understood'),
  outbox: z.int().describe('events whose documents are not all at their targets'),
  uncertain: z.int().describe('of these, those whose last try has an unknown outcome'),
  retrying: z.int().describe('of these, those that were tried and did not get through'),
  nextTryAt: z.string().nullable().describe('when the outbox is tried next'),
  oldestUnsettledAt: z.string().nullable(),
  paused: z.boolean(),
  drained: z.boolean().describe('nothing is left that happens by itself'),
});
export type LaneProgress = z.infer<typeof laneProgress>;

/** Pure. A lane that never accepted anything is drained. Counts of held events and of the outbox stop at 500. */
export function progressOf(lane: string, status: LaneStatus | null): LaneProgress {
  const held = status?.held ?? [];
  const outbox = status?.outbox ?? [];
  const count = (kind: string): number => held.filter((event) => event.reason.kind === kind).length;
  const unsettled = status === null ? 0 : Math.max(0, status.accepted - status.settledTo);
  const waiting = count('waiting');
  const next = outbox.length === 0 ? null : Math.min(...outbox.map((item) => item.notBefore));
  return {
    lane,
    accepted: status?.accepted ?? 0,
    applied: status?.head.position ?? 0,
    unsettled,
    waiting,
    parked: count('parked'),
    quarantined: count('quarantined'),
    outbox: outbox.length,
    uncertain: outbox.filter((item) => item.uncertain).length,
    retrying: outbox.filter((item) => item.attempts > 0).length,
    nextTryAt: next === null ? null : new Date(next).toISOString(),
    oldestUnsettledAt:
      status === null || status.oldestUnsettledAt === null ? null : new Date(status.oldestUnsettledAt).toISOString(),
    paused: status?.paused ?? false,
    drained: unsettled === 0 && waiting === 0 && outbox.length === 0,
  };
}

/** Asks at most 100 lanes, 20 at once. Rejects when one does not answer: half an answer would look like progress. */
export async function lanesProgress(env: Bindings, tenant: string, lanes: readonly string[]): Promise<LaneProgress[]> {
  const progress: LaneProgress[] = [];
  for (let start = 0; start < lanes.length; start += AT_ONCE) {
    const some = lanes.slice(start, start + AT_ONCE);
    progress.push(
      ...(await Promise.all(
        some.map(async (lane) => progressOf(lane, await laneStub(env, tenant, lane).status(STATUS_ITEMS))),
      )),
    );
  }
  return progress;
}

const PAGE = 500;
/** How far back a lane is searched for an event that is not in the books yet: it is near the end. */
const SEARCH = 5_000;

/** An event among the newest 5,000 of its lane, or null. */
export async function findInLane(
  env: Bindings,
  tenant: string,
  lane: string,
  eventId: string,
  source: string | undefined,
): Promise<LogLine | null> {
  const stub = laneStub(env, tenant, lane);
  const status = await stub.status(1);
  if (status === null) return null;
  let from: number | null = Math.max(1, status.accepted - SEARCH + 1);
  for (let pages = 0; from !== null && pages < SEARCH / PAGE; pages += 1) {
    const page: Awaited<ReturnType<typeof stub.events>> = await stub.events(from, PAGE);
    const found = page.events.find(
      (line) => line.eventId === eventId && (source === undefined || line.source === source),
    );
    if (found !== undefined) return found;
    from = page.next;
  }
  return null;
}

/** One line of a lane's log, or null. */
export async function lineOf(env: Bindings, tenant: string, lane: string, seq: number): Promise<LogLine | null> {
  const page = await laneStub(env, tenant, lane).events(seq, 1);
  const line = page.events[0];
  return line !== undefined && line.seq === seq ? line : null;
}

/** The platform's word on a failed call to a Durable Object: trying again later helps. */
export function isTransient(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  return ('retryable' in error && error.retryable === true) || ('overloaded' in error && error.overloaded === true);
}

/** How long ago, for people: `42 s`, `13 min`, `5 h`, `3 d`. */
export function age(since: EpochMs, now: EpochMs): string {
  const seconds = Math.max(0, Math.round((now - since) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
