/** When a posting that did not go through is tried again. Pure; bounded; a person can always ask for an earlier try. */
import type { EpochMs } from '../canonical/ids.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const schedules = {
  /** Nothing was sent: cheap and safe to repeat. */
  not_sent: { first: 15_000, most: 10 * MINUTE },
  /** Looked up first, so safe too; given time because the target may still be at it (odoo.md: 30 s of inner retries). */
  uncertain: { first: 30_000, most: HOUR },
  /** The target said no: its data must change first, so rarely, for when somebody has changed it. */
  rejected: { first: 10 * MINUTE, most: 24 * HOUR },
  /** Goes when what it depends on has gone. */
  blocked: { first: 15_000, most: HOUR },
} as const;

/** @param attempts tries before this one. @param retryAfterMs what the target asked for, if it did. */
export function retryAt(
  outcome: keyof typeof schedules,
  attempts: number,
  retryAfterMs: number | null,
  now: EpochMs,
): EpochMs {
  const { first, most } = schedules[outcome];
  const backoff = Math.min(first * 2 ** Math.min(attempts, 20), most);
  return now + Math.max(backoff, Math.min(retryAfterMs ?? 0, most));
}
