/**
 * What the stages need from the outside. The Worker gives real bindings (src/queues/doorbells.ts); the simulator gives
 * the same lane, ledger and connector code over in-memory storage, with faults in between.
 */
import type { EpochMs, LaneKey, TenantId } from '../canonical/ids.ts';
import type { LeaseAnswer, LeasedEvent, SettleAnswer, Settlement } from '../durable-objects/customer-lane/protocol.ts';
import type { WaitReason } from '../durable-objects/target-gate/policy.ts';
import type { LedgerDatabase } from '../ledger/database.ts';
import type { TargetConnector } from '../targets/connector.ts';
import type { TenantRuntime } from '../tenants/runtime.ts';
import type { Enrich } from './read-events.ts';

export interface LaneName {
  readonly tenant: TenantId;
  readonly lane: LaneKey;
}

export interface LanePort {
  lease(): Promise<LeaseAnswer>;
  settle(epoch: number, settlement: Settlement): Promise<SettleAnswer>;
  /** Settled events whose bytes are not in the archive yet, from that seq on; bounded by the lane. */
  unarchived(from: number): Promise<readonly LeasedEvent[]>;
}

export interface ArchivePort {
  /** Writes one object; rejects when it may not have been written. */
  put(key: string, body: string): Promise<void>;
}

/** A permit to call a target once. `wait` says when to ask again. */
export type Permit =
  | { readonly code: 'granted'; readonly permitId: string }
  | { readonly code: 'wait'; readonly retryAfterMs: number; readonly reason: WaitReason };

export interface GatePort {
  acquire(): Promise<Permit>;
  /** While it is paused: whose documents it holds, to be hastened when it is resumed. False: it is paused no more. */
  holdBack(lanes: readonly LaneKey[]): Promise<boolean>;
  release(permitId: string, outcome: 'ok' | 'failed' | 'config', retryAfterMs: number | null): Promise<void>;
}

export interface StagePorts {
  readonly lane: (name: LaneName) => LanePort;
  /** Null: the tenant has no published config (any more); its lanes keep what they hold. */
  readonly tenant: (tenant: TenantId) => Promise<TenantRuntime | null>;
  readonly ledger: (tenant: TenantId) => Promise<LedgerDatabase>;
  /** Accepts an event into another lane of the tenant; resolves once it is stored there. A repeat is a duplicate. */
  readonly forward: (tenant: TenantRuntime, from: LaneKey, to: LaneKey, event: LeasedEvent) => Promise<void>;
  readonly archive: ArchivePort;
  readonly enrich: Enrich;
  readonly connector: (tenant: TenantRuntime, target: string) => Promise<TargetConnector | null>;
  readonly gate: (tenant: TenantRuntime, target: string) => GatePort;
  /** Rings a lane's doorbell again: there is more than one pass could take. */
  readonly ring: (lanes: readonly LaneName[]) => Promise<void>;
  readonly now: () => EpochMs;
  /** Waits within a pass, for a target's rate limit. Bounded by the caller. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Random suffix of archive objects' names, hex. */
  readonly newSuffix: () => string;
  readonly report: (event: StageReport) => void;
}

/** What the stages have to say to logs and metrics: never bodies, names or secrets. */
export type StageReport =
  | { readonly what: 'lane_busy' | 'lane_idle'; readonly lane: LaneName }
  | {
      readonly what: 'stage_failed';
      readonly lane: LaneName | null;
      readonly stage: 'lease' | 'decide' | 'archive' | 'commit' | 'post' | 'record' | 'settle';
      readonly error: string;
    }
  | { readonly what: 'lane_recovered'; readonly lane: LaneName; readonly positions: number }
  | { readonly what: 'settle_refused'; readonly lane: LaneName; readonly reason: string };
