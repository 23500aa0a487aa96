/** A target's gate in memory, by the real policy: what pauses, holds back and lets through, without a Durable Object. */
import type { LaneKey } from '../../src/canonical/ids.ts';
import {
  acquire,
  type CallOutcome,
  type GateLimits,
  type GateState,
  initialGate,
  pause,
  release,
  resume,
} from '../../src/durable-objects/target-gate/policy.ts';
import type { GatePort, Permit } from '../../src/queues/ports.ts';

export class MemoryGate implements GatePort {
  private state: GateState;
  private permits = 0;
  private readonly held = new Set<string>();

  constructor(
    private readonly now: () => number,
    private readonly limits: GateLimits,
  ) {
    this.state = initialGate(now());
  }

  async acquire(): Promise<Permit> {
    const permitId = `permit-${++this.permits}`;
    const { state, answer } = acquire(this.state, { wanted: 1, limits: this.limits, now: this.now(), permitId });
    this.state = state;
    return answer;
  }

  async release(permitId: string, outcome: CallOutcome, retryAfterMs: number | null): Promise<void> {
    this.state = release(this.state, { permitId, outcome, retryAfterMs, now: this.now() });
  }

  async holdBack(lanes: readonly LaneKey[]): Promise<boolean> {
    if (this.state.paused === null) return false;
    for (const lane of lanes) this.held.add(lane);
    return true;
  }

  async waiting(limit: number): Promise<string[]> {
    return [...this.held].slice(0, limit);
  }

  async forget(lanes: readonly string[]): Promise<void> {
    for (const lane of lanes) this.held.delete(lane);
  }

  async pause(reason: string): Promise<void> {
    this.state = pause(this.state, reason, this.now());
  }

  async resume(): Promise<void> {
    this.state = resume(this.state);
  }

  async status() {
    return { breaker: this.state.breaker, paused: this.state.paused, underWay: this.state.permits.length };
  }
}
