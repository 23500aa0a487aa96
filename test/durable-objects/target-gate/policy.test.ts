import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AcquireAnswer,
  acquire,
  type CallOutcome,
  type GateLimits,
  type GateState,
  gatePolicy,
  initialGate,
  pause,
  release,
  resume,
} from '../../../src/durable-objects/target-gate/policy.ts';

const limits: GateLimits = { concurrency: 2, perSecond: 4 };

/** A gate with a clock, for tests that read as a story. */
class Gate {
  now = 1_000_000;
  state: GateState = initialGate(this.now);
  private permits = 0;

  ask(wanted = 1, at: GateLimits = limits): AcquireAnswer {
    const { state, answer } = acquire(this.state, {
      wanted,
      limits: at,
      now: this.now,
      permitId: `p${this.permits++}`,
    });
    this.state = state;
    return answer;
  }
  granted(wanted = 1, at: GateLimits = limits): string {
    const answer = this.ask(wanted, at);
    if (answer.code !== 'granted') throw new Error(`expected a permit, got ${answer.reason}`);
    return answer.permitId;
  }
  give(permitId: string, outcome: CallOutcome, retryAfterMs: number | null = null) {
    this.state = release(this.state, { permitId, outcome, retryAfterMs, now: this.now });
  }
  call(outcome: CallOutcome) {
    this.give(this.granted(), outcome);
    this.now += 1000;
  }
  failUntilOpen() {
    for (let i = 0; i < gatePolicy.failuresToOpen; i++) this.call('failed');
    expect(this.state.breaker.state).toBe('open');
  }
  waitFor(answer: AcquireAnswer) {
    if (answer.code === 'granted') throw new Error('nothing to wait for');
    this.now += answer.retryAfterMs;
  }
}

describe('rate and concurrency', () => {
  it('grants up to the concurrency, then says concurrency', () => {
    const gate = new Gate();
    expect(gate.ask(5)).toMatchObject({ code: 'granted', permits: 2 });
    expect(gate.ask()).toMatchObject({ code: 'wait', reason: 'concurrency' });
  });

  it('spends a burst of one second, then tells exactly when the next call may start', () => {
    const gate = new Gate();
    for (let i = 0; i < 4; i++) gate.give(gate.granted(), 'ok');
    expect(gate.ask()).toEqual({ code: 'wait', reason: 'rate', retryAfterMs: 250 });
    gate.now += 249;
    expect(gate.ask().code).toBe('wait');
    gate.now += 1;
    expect(gate.ask().code).toBe('granted');
  });

  it('grants one call every ten seconds to a target of 0.1 per second', () => {
    const gate = new Gate();
    const slow = { concurrency: 1, perSecond: 0.1 };
    gate.give(gate.granted(1, slow), 'ok');
    expect(gate.ask(1, slow)).toMatchObject({ reason: 'rate', retryAfterMs: 10_000 });
  });

  it('takes back the permits of a holder that crashed', () => {
    const gate = new Gate();
    gate.ask(2);
    gate.now += gatePolicy.permitMs - 1;
    expect(gate.ask().code).toBe('wait');
    gate.now += 1;
    expect(gate.ask().code).toBe('granted');
  });

  it('keeps quiet for as long as the target asked, within bounds', () => {
    const gate = new Gate();
    gate.give(gate.granted(), 'failed', 7000);
    expect(gate.ask()).toEqual({ code: 'wait', reason: 'rate', retryAfterMs: 7000 });
    gate.now += 7000;
    gate.give(gate.granted(), 'failed', 10 ** 12);
    expect(gate.ask()).toMatchObject({ retryAfterMs: gatePolicy.maxQuietMs });
  });
});

describe('circuit breaker', () => {
  it('opens after failures in a row, not after failures with successes between them', () => {
    const gate = new Gate();
    for (let i = 0; i < 20; i++) gate.call(i % gatePolicy.failuresToOpen === 0 ? 'ok' : 'failed');
    expect(gate.state.breaker.state).toBe('closed');
    gate.call('ok');
    gate.failUntilOpen();
    expect(gate.ask()).toMatchObject({ code: 'wait', reason: 'open' });
  });

  it('lets exactly one probe through after the cool-down, and closes when it succeeds', () => {
    const gate = new Gate();
    gate.failUntilOpen();
    gate.waitFor(gate.ask());
    const probe = gate.ask(5);
    expect(probe).toMatchObject({ code: 'granted', permits: 1 });
    expect(gate.ask()).toMatchObject({ code: 'wait', reason: 'open' });
    if (probe.code === 'granted') gate.give(probe.permitId, 'ok');
    expect(gate.state.breaker).toEqual({ state: 'closed', failures: 0 });
  });

  it('doubles the cool-down with every failed probe, up to its bound', () => {
    const gate = new Gate();
    gate.failUntilOpen();
    gate.now += 10 ** 6;
    const coolDowns: number[] = [];
    for (let i = 0; i < 9; i++) {
      gate.give(gate.granted(), 'failed');
      const answer = gate.ask();
      coolDowns.push(answer.code === 'wait' ? answer.retryAfterMs : 0);
      gate.waitFor(answer);
    }
    expect(coolDowns).toEqual([10, 20, 40, 80, 160, 300, 300, 300, 300].map((seconds) => seconds * 1000));
  });

  it('counts a probe whose holder crashed as failed', () => {
    const gate = new Gate();
    gate.failUntilOpen();
    gate.waitFor(gate.ask());
    gate.granted();
    gate.now += gatePolicy.permitMs;
    expect(gate.ask()).toMatchObject({ code: 'wait', reason: 'open', retryAfterMs: 2 * gatePolicy.coolDownMs });
  });

  it('is not closed by a late success of a call that began before it opened', () => {
    const gate = new Gate();
    const early = gate.granted();
    gate.now += 1000;
    gate.failUntilOpen();
    gate.give(early, 'ok');
    expect(gate.state.breaker.state).toBe('open');
  });
});

describe('pause', () => {
  it('pauses on a config failure and lets a probe through every few minutes', () => {
    const gate = new Gate();
    gate.call('config');
    const paused = gate.ask();
    expect(paused).toMatchObject({ code: 'wait', reason: 'paused' });
    gate.waitFor(paused);
    gate.give(gate.granted(), 'config');
    expect(gate.ask()).toMatchObject({ code: 'wait', reason: 'paused', retryAfterMs: gatePolicy.configProbeMs });
    gate.waitFor(gate.ask());
    gate.give(gate.granted(), 'ok');
    expect(gate.state.paused).toBeNull();
  });

  it('is not ended by a call that began before the pause', () => {
    const gate = new Gate();
    const early = gate.granted();
    gate.give(gate.granted(), 'config');
    gate.give(early, 'ok');
    expect(gate.state.paused).not.toBeNull();
  });

  it('holds a person’s pause for ever, whatever is released, until the person resumes', () => {
    const gate = new Gate();
    const early = gate.granted();
    gate.state = pause(gate.state, 'year-end close', gate.now);
    gate.give(early, 'config');
    gate.now += 10 ** 9;
    expect(gate.ask()).toMatchObject({ code: 'wait', reason: 'paused' });
    expect(gate.state.paused?.reason).toBe('year-end close');
    gate.state = resume(gate.state);
    expect(gate.ask().code).toBe('granted');
  });
});

type Step =
  | { readonly kind: 'acquire'; readonly wanted: number }
  | {
      readonly kind: 'release';
      readonly pick: number;
      readonly outcome: CallOutcome;
      readonly retryAfterMs: number | null;
    }
  | { readonly kind: 'pass'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('acquire' as const), wanted: fc.integer({ min: 1, max: 20 }) }),
  fc.record({
    kind: fc.constant('release' as const),
    pick: fc.nat(10),
    outcome: fc.constantFrom<CallOutcome>('ok', 'failed', 'config'),
    retryAfterMs: fc.option(fc.nat(100_000)),
  }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 400_000 }) }),
);
const anyLimits = fc.record({
  concurrency: fc.integer({ min: 1, max: 16 }),
  perSecond: fc.double({ min: 0.01, max: 100, noNaN: true }),
});

describe('whatever happens', () => {
  it('never exceeds concurrency or rate, never grants while open or paused, and always becomes willing again', () => {
    fc.assert(
      fc.property(anyLimits, fc.array(step, { maxLength: 120 }), (at, steps) => {
        const gate = new Gate();
        const start = gate.now;
        const held: string[] = [];
        let started = 0;
        for (const each of steps) {
          if (each.kind === 'pass') gate.now += each.ms;
          if (each.kind === 'release') {
            const [permit] = held.splice(each.pick % Math.max(1, held.length), 1);
            if (permit !== undefined) gate.give(permit, each.outcome, each.retryAfterMs);
          }
          if (each.kind !== 'acquire') continue;
          const before = gate.state;
          const answer = gate.ask(each.wanted, at);
          if (answer.code === 'wait') {
            expect(answer.retryAfterMs).toBeGreaterThan(0);
            expect(answer.retryAfterMs).toBeLessThanOrEqual(
              Math.max(gatePolicy.maxConfigProbeMs, 1000 / at.perSecond) + 1,
            );
            continue;
          }
          held.push(answer.permitId);
          started += answer.permits;
          expect(answer.permits).toBeLessThanOrEqual(each.wanted);
          if (before.breaker.state === 'open') expect(gate.now).toBeGreaterThanOrEqual(before.breaker.until);
          if (before.paused !== null) expect(gate.now).toBeGreaterThanOrEqual(before.paused.probeAt);
          expect(gate.state.permits.reduce((sum, permit) => sum + permit.count, 0)).toBeLessThanOrEqual(at.concurrency);
          const allowance = Math.max(1, at.perSecond) + ((gate.now - start) * at.perSecond) / 1000;
          expect(started).toBeLessThanOrEqual(allowance + 1e-6);
        }
        for (const permit of held) gate.give(permit, 'ok');
        let answer = gate.ask(1, at);
        for (let i = 0; i < 5 && answer.code === 'wait'; i++) {
          gate.waitFor(answer);
          answer = gate.ask(1, at);
        }
        expect(answer.code).toBe('granted');
      }),
      { numRuns: 300 },
    );
  });
});
