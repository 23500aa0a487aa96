/**
 * One gate per target of a tenant: everybody who calls the target asks here first. A thin shell round policy.ts.
 *
 * Stored, because it must survive an eviction: an opened breaker, a pause, and whose documents it holds. In memory only:
 * tokens, permits, failures counted towards opening. After an eviction the target may briefly see up to twice its concurrency; that costs
 * less than a row written per call.
 */
import { DurableObject } from 'cloudflare:workers';
import { z } from 'zod';
import type { Bindings } from '../../bindings.ts';
import {
  type AcquireAnswer,
  acquire,
  type Breaker,
  type CallOutcome,
  type GateLimits,
  type GateState,
  initialGate,
  type Pause,
  pause,
  release,
  resume,
} from './policy.ts';

export interface GateStatus {
  readonly breaker: Breaker;
  readonly paused: Pause | null;
  readonly underWay: number;
  readonly quietUntil: number;
  /** Rows written by this instance since it woke: the gate's cost. */
  readonly rowsWritten: number;
}

const storedGate = z.object({
  breaker: z.union([
    z.object({ state: z.literal('closed'), failures: z.number() }),
    z.object({ state: z.literal('open'), until: z.number(), trips: z.number() }),
  ]),
  paused: z
    .object({
      by: z.enum(['person', 'config']),
      reason: z.string(),
      since: z.number(),
      probeAt: z.number(),
      probes: z.number(),
    })
    .nullable(),
  quietUntil: z.number(),
});

const maxReasonLength = 500;
/** Lanes remembered while the target is paused; those beyond come back by themselves. */
const maxWaiting = 10_000;

/** What survives: a probe under way is stored as the open breaker it came from, as its permit does not survive. */
function stored(state: GateState): string {
  const { breaker } = state;
  const kept: z.infer<typeof storedGate> = {
    breaker:
      breaker.state === 'half_open'
        ? { state: 'open', until: 0, trips: breaker.trips }
        : breaker.state === 'closed'
          ? { state: 'closed', failures: 0 }
          : breaker,
    paused: state.paused,
    quietUntil: state.quietUntil,
  };
  return JSON.stringify(kept);
}

export class TargetGate extends DurableObject<Bindings> {
  private state: GateState;
  private saved: string;
  private rowsWritten = 0;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    this.state = initialGate(Date.now());
    ctx.storage.sql.exec(
      'CREATE TABLE IF NOT EXISTS gate (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL) STRICT',
    );
    ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS waiting (lane TEXT PRIMARY KEY) STRICT, WITHOUT ROWID');
    for (const row of ctx.storage.sql.exec('SELECT state FROM gate WHERE id = 1')) {
      this.state = { ...this.state, ...storedGate.parse(JSON.parse(z.string().parse(row.state))) };
    }
    this.saved = stored(this.state);
  }

  /**
   * Asks for up to `wanted` calls. Granted permits expire at `until`; whoever holds them must have called `release`
   * before. `wait` says when asking again makes sense. `now` is for tests.
   */
  acquire(request: { wanted: number; limits: GateLimits; now?: number }): AcquireAnswer {
    const { state, answer } = acquire(this.state, {
      wanted: request.wanted,
      limits: request.limits,
      now: request.now ?? Date.now(),
      permitId: crypto.randomUUID(),
    });
    this.keep(state);
    return answer;
  }

  /** Gives the permits back and says how the target was. Twice is once, as far as permits go. */
  release(request: { permitId: string; outcome: CallOutcome; retryAfterMs: number | null; now?: number }): void {
    this.keep(
      release(this.state, {
        permitId: request.permitId,
        outcome: request.outcome,
        retryAfterMs: request.retryAfterMs,
        now: request.now ?? Date.now(),
      }),
    );
  }

  /** A person stops all calls to the target; postings are held and counted until `resume`. */
  pause(reason: string, now?: number): GateStatus {
    this.keep(pause(this.state, reason.slice(0, maxReasonLength), now ?? Date.now()));
    return this.status();
  }

  resume(): GateStatus {
    this.keep(resume(this.state));
    return this.status();
  }

  /**
   * Remembers lanes whose documents are held because the target is paused; a row for each that is new. False when it is
   * paused no more: ask again instead.
   */
  holdBack(lanes: readonly string[]): boolean {
    if (this.state.paused === null) return false;
    const cursor = this.ctx.storage.sql.exec(
      'INSERT OR IGNORE INTO waiting SELECT value FROM json_each(?) WHERE (SELECT count(*) FROM waiting) < ?',
      JSON.stringify(lanes),
      maxWaiting,
    );
    this.rowsWritten += cursor.rowsWritten;
    return true;
  }

  /** Lanes that were held back and not forgotten since, at most `limit`. */
  waiting(limit: number): string[] {
    const rows = this.ctx.storage.sql.exec('SELECT lane FROM waiting ORDER BY lane LIMIT ?', limit);
    return [...rows].map(({ lane }) => z.string().parse(lane));
  }

  forget(lanes: readonly string[]): void {
    const cursor = this.ctx.storage.sql.exec(
      'DELETE FROM waiting WHERE lane IN (SELECT value FROM json_each(?))',
      JSON.stringify(lanes),
    );
    this.rowsWritten += cursor.rowsWritten;
  }

  status(): GateStatus {
    return {
      breaker: this.state.breaker,
      paused: this.state.paused,
      underWay: this.state.permits.reduce((sum, permit) => sum + permit.count, 0),
      quietUntil: this.state.quietUntil,
      rowsWritten: this.rowsWritten,
    };
  }

  /** Writes one row, and only when what must survive has changed: none at all while the target is well. */
  private keep(state: GateState): void {
    this.state = state;
    const text = stored(state);
    if (text === this.saved) return;
    const cursor = this.ctx.storage.sql.exec(
      'INSERT INTO gate (id, state) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state',
      text,
    );
    this.rowsWritten += cursor.rowsWritten;
    this.saved = text;
  }
}
