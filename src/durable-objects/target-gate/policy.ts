/**
 * When a target may be called: token bucket, concurrency, circuit breaker, pause. Pure functions of state, event and
 * now; the Durable Object around them only keeps the state. One permit is one call, however many documents it carries.
 */
import type { EpochMs } from '../../canonical/ids.ts';
import { unreachable } from '../../canonical/result.ts';

export interface GateLimits {
  /** Calls under way at once. */
  readonly concurrency: number;
  /** Calls started per second, on average; bursts up to one second's worth, and at least one. */
  readonly perSecond: number;
}

/**
 * `closed` counts failures in a row. `open` lets nothing through until `until`. `half_open` has one probe under way;
 * its outcome decides. `trips` counts openings without a success between them and doubles the cool-down.
 */
export type Breaker =
  | { readonly state: 'closed'; readonly failures: number }
  | { readonly state: 'open'; readonly until: EpochMs; readonly trips: number }
  | { readonly state: 'half_open'; readonly permitId: string; readonly trips: number };

/**
 * `by: 'person'` holds until a person resumes. `by: 'config'` (wrong key, wrong database, missing rights) also lets one
 * probe through at `probeAt`, so that a repaired target comes back by itself.
 */
export interface Pause {
  readonly by: 'person' | 'config';
  readonly reason: string;
  readonly since: EpochMs;
  readonly probeAt: EpochMs;
  readonly probes: number;
}

interface Permit {
  readonly id: string;
  readonly count: number;
  readonly expiresAt: EpochMs;
}

export interface GateState {
  readonly tokens: number;
  readonly refilledAt: EpochMs;
  readonly permits: readonly Permit[];
  readonly breaker: Breaker;
  readonly paused: Pause | null;
  /** The target said to wait until then (Retry-After). */
  readonly quietUntil: EpochMs;
}

export type WaitReason = 'rate' | 'concurrency' | 'open' | 'paused';
export type AcquireAnswer =
  | { readonly code: 'granted'; readonly permits: number; readonly permitId: string; readonly until: EpochMs }
  | { readonly code: 'wait'; readonly retryAfterMs: number; readonly reason: WaitReason };

/** `ok`: the target answered, be it with a refusal of one document. `failed`: it did not. `config`: it refuses us. */
export type CallOutcome = 'ok' | 'failed' | 'config';

export const gatePolicy = {
  /** Failures in a row that open the breaker. */
  failuresToOpen: 5,
  coolDownMs: 5_000,
  maxCoolDownMs: 300_000,
  /** A holder that neither released nor came back within this time has crashed. Longer than any target's timeout. */
  permitMs: 900_000,
  configProbeMs: 180_000,
  maxConfigProbeMs: 1_800_000,
  maxQuietMs: 900_000,
  /** How soon to ask again when every permit is out: a release cannot be foreseen. */
  concurrencyRetryMs: 250,
  maxPermits: 64,
} as const;

export const initialGate = (now: EpochMs): GateState => ({
  tokens: Number.MAX_SAFE_INTEGER,
  refilledAt: now,
  permits: [],
  breaker: { state: 'closed', failures: 0 },
  paused: null,
  quietUntil: 0,
});

/** Doubles with every repetition, from `base` to `max`. */
const backoff = (base: number, max: number, repetition: number): number =>
  Math.min(max, base * 2 ** Math.min(Math.max(repetition, 0), 20));

const burst = (limits: GateLimits): number => Math.max(1, limits.perSecond);

/** Time passes: tokens flow in, crashed holders' permits expire. A clock that steps back changes nothing. */
function advance(state: GateState, limits: GateLimits, now: EpochMs): GateState {
  const elapsed = Math.max(0, now - state.refilledAt);
  const expired = state.permits.filter((permit) => permit.expiresAt <= now);
  const advanced: GateState = {
    ...state,
    tokens: Math.min(burst(limits), state.tokens + (elapsed * limits.perSecond) / 1000),
    refilledAt: Math.max(now, state.refilledAt),
    permits: expired.length === 0 ? state.permits : state.permits.filter((permit) => permit.expiresAt > now),
  };
  const { breaker } = advanced;
  if (breaker.state !== 'half_open' || advanced.permits.some((permit) => permit.id === breaker.permitId)) {
    return advanced;
  }
  // The probe's holder is gone and nobody knows what the target did: as if it had failed.
  return { ...advanced, breaker: opened(breaker.trips + 1, now) };
}

const opened = (trips: number, now: EpochMs): Breaker => ({
  state: 'open',
  until: now + backoff(gatePolicy.coolDownMs, gatePolicy.maxCoolDownMs, trips - 1),
  trips,
});

export interface AcquireRequest {
  /** Calls the caller would make now; it is given between one and this many. */
  readonly wanted: number;
  readonly limits: GateLimits;
  readonly now: EpochMs;
  /** Unique; becomes the permit's id when one is granted. */
  readonly permitId: string;
}

export function acquire(
  before: GateState,
  request: AcquireRequest,
): { readonly state: GateState; readonly answer: AcquireAnswer } {
  const { limits, now } = request;
  const state = advance(before, limits, now);
  const wait = (reason: WaitReason, retryAfterMs: number) => ({
    state,
    answer: { code: 'wait', reason, retryAfterMs: Math.max(1, Math.ceil(retryAfterMs)) } as const,
  });

  const probing = state.paused !== null || state.breaker.state !== 'closed';
  if (state.paused !== null) {
    if (state.paused.by === 'person') return wait('paused', gatePolicy.maxConfigProbeMs);
    if (now < state.paused.probeAt) return wait('paused', state.paused.probeAt - now);
  }
  if (state.breaker.state === 'half_open') return wait('open', gatePolicy.coolDownMs);
  if (state.breaker.state === 'open' && now < state.breaker.until) return wait('open', state.breaker.until - now);
  if (now < state.quietUntil) return wait('rate', state.quietUntil - now);

  const underWay = state.permits.reduce((sum, permit) => sum + permit.count, 0);
  const free = Math.min(limits.concurrency, gatePolicy.maxPermits) - underWay;
  if (free < 1) return wait('concurrency', gatePolicy.concurrencyRetryMs);
  if (state.tokens < 1) return wait('rate', ((1 - state.tokens) * 1000) / limits.perSecond);

  const permits = probing ? 1 : Math.max(1, Math.min(request.wanted, free, Math.floor(state.tokens)));
  const until = now + gatePolicy.permitMs;
  const { breaker } = state;
  return {
    state: {
      ...state,
      tokens: state.tokens - permits,
      permits: [...state.permits, { id: request.permitId, count: permits, expiresAt: until }],
      breaker:
        breaker.state === 'open' ? { state: 'half_open', permitId: request.permitId, trips: breaker.trips } : breaker,
      // The next probe is due later even if this one's holder is never heard of again.
      paused: state.paused === null ? null : nextProbe(state.paused, now),
    },
    answer: { code: 'granted', permits, permitId: request.permitId, until },
  };
}

const nextProbe = (paused: Pause, now: EpochMs): Pause => ({
  ...paused,
  probes: paused.probes + 1,
  probeAt: now + backoff(gatePolicy.configProbeMs, gatePolicy.maxConfigProbeMs, paused.probes),
});

export interface ReleaseRequest {
  readonly permitId: string;
  readonly outcome: CallOutcome;
  /** What the target asked for (Retry-After); null when it did not. */
  readonly retryAfterMs: number | null;
  readonly now: EpochMs;
}

/** A permit that is not known any more (expired, or given before a restart) still tells how the target is. */
export function release(before: GateState, request: ReleaseRequest): GateState {
  const { now } = request;
  const quiet = request.retryAfterMs === null ? 0 : now + Math.min(request.retryAfterMs, gatePolicy.maxQuietMs);
  const state: GateState = {
    ...before,
    permits: before.permits.filter((permit) => permit.id !== request.permitId),
    quietUntil: Math.max(before.quietUntil, quiet),
  };
  switch (request.outcome) {
    case 'ok':
      return afterSuccess(state, request.permitId);
    case 'failed':
      return { ...state, breaker: afterFailure(state.breaker, request.permitId, now) };
    case 'config':
      // The target is up and refuses us: that is no matter for the breaker.
      return {
        ...afterSuccess({ ...state, paused: null }, request.permitId),
        paused: pausedByConfig(before.paused, now),
      };
    default:
      return unreachable(request.outcome);
  }
}

function afterSuccess(state: GateState, permitId: string): GateState {
  const { breaker } = state;
  // While open, a call that started before the opening says nothing about now; only the probe closes it.
  const closes = breaker.state === 'closed' || (breaker.state === 'half_open' && breaker.permitId === permitId);
  return {
    ...state,
    breaker: closes ? { state: 'closed', failures: 0 } : breaker,
    // Only a probe gets through a config pause, unless the call began before it.
    paused: state.paused?.by === 'config' && state.paused.probes > 0 ? null : state.paused,
  };
}

function afterFailure(breaker: Breaker, permitId: string, now: EpochMs): Breaker {
  switch (breaker.state) {
    case 'closed': {
      const failures = breaker.failures + 1;
      return failures >= gatePolicy.failuresToOpen ? opened(1, now) : { state: 'closed', failures };
    }
    case 'half_open':
      return breaker.permitId === permitId ? opened(breaker.trips + 1, now) : breaker;
    case 'open':
      return breaker;
    default:
      return unreachable(breaker);
  }
}

function pausedByConfig(paused: Pause | null, now: EpochMs): Pause {
  if (paused !== null) return paused;
  return {
    by: 'config',
    reason: 'the target refuses the configured credentials, database or rights',
    since: now,
    probeAt: now + gatePolicy.configProbeMs,
    probes: 0,
  };
}

/** A person's pause replaces an automatic one and is never ended by a probe. */
export const pause = (state: GateState, reason: string, now: EpochMs): GateState => ({
  ...state,
  paused: { by: 'person', reason, since: now, probeAt: 0, probes: 0 },
});

/** Ends any pause and gives the breaker a fresh start: the person says it is repaired. */
export const resume = (state: GateState): GateState => ({
  ...state,
  paused: null,
  breaker: { state: 'closed', failures: 0 },
  quietUntil: 0,
});
