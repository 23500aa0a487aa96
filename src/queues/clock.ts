/** What the clock does each minute. Each task stands by itself: one that fails is told, holds no other, and comes again. */
import type { Bindings } from '../bindings.ts';
import type { EpochMs } from '../canonical/ids.ts';
import { expireApprovals } from '../operations/expire-approvals.ts';
import { errorWords, logError } from '../operations/log.ts';
import { isFeedTime, pullRates } from '../operations/rates-feed.ts';
import { tellDueRecognitions } from '../operations/recognition-run.ts';
import { resumeAllParked } from '../operations/resume-parked.ts';
import { sealDue } from '../operations/sealing.ts';
import { closeDueWindows } from '../operations/windows.ts';
import { feedPorts } from './connectors.ts';
import { sweep } from './sweep.ts';

const tasks: Readonly<Record<string, (env: Bindings, now: EpochMs) => Promise<unknown>>> = {
  sweep: (env) => sweep(env),
  parked: (env) => resumeAllParked(env),
  recognition: (env, now) => tellDueRecognitions(env, now),
  approvals: (env, now) => expireApprovals(env, now),
  windows: (env, now) => closeDueWindows(env, now),
  seals: (env, now) => sealDue(env, now),
  rates: async (env, now) => {
    if (isFeedTime(now)) feedPlace = '';
    if (feedPlace !== null) feedPlace = await pullRates(feedPorts(env), feedPlace, now);
  },
};

/** How far the round of rates came; null: it is over. Lost with the isolate, and then the next round begins anew. */
let feedPlace: string | null = null;

export async function everyMinute(env: Bindings, now: EpochMs): Promise<void> {
  await Promise.all(
    Object.entries(tasks).map(async ([task, run]) => {
      try {
        await run(env, now);
      } catch (error) {
        logError('clock_failed', { task, error: errorWords(error) });
      }
    }),
  );
}
