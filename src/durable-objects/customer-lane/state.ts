/** The one row a lane keeps of itself, and the rows of its tables as values. */
import { z } from 'zod';
import {
  type EpochMs,
  type LaneKey,
  laneKey,
  type ProviderEventId,
  providerEventId,
  type SourceId,
  sourceId,
  type TenantId,
  tenantId,
} from '../../canonical/ids.ts';
import type { TrustTier } from '../../verification/verification.ts';
import type { HeldReason } from './protocol.ts';
import type { HeldRow } from './rules.ts';
import { integer, integerOrNull, type LaneStorage, type SqlRow, text, textOrNull } from './storage.ts';

/** What the running lease handed out. */
export interface Leased {
  /** In the order handed out. */
  readonly seqs: readonly number[];
  readonly conflictsTo: number;
  readonly quarantinedTo: number;
}

export interface LaneState {
  readonly tenant: TenantId;
  readonly lane: LaneKey;
  readonly epoch: number;
  /** 0 when nobody holds it. */
  readonly leaseUntil: EpochMs;
  readonly leased: Leased | null;
  /**
   * Handed out and named by no settlement since, in that order. The ledger may have applied them in exactly this order
   * (a crash after its commit, an answer lost), so the next lease hands out these first: the same decision is made
   * again, with the same positions, or found in the books. At most a lease's worth.
   */
  readonly doubt: readonly number[];
  readonly position: number;
  readonly hash: string;
  /** Every event up to here is applied, skipped or listed in `held`. */
  readonly settledTo: number;
  readonly settledEpoch: number;
  readonly settledPrint: string;
  /** Every applied event up to here is in the archive. */
  readonly archivedTo: number;
  readonly prunedTo: number;
  readonly conflictsTo: number;
  readonly conflictsOmitted: number;
  readonly quarantinedTo: number;
  readonly paused: boolean;
}

const seqList = z.array(z.int().positive());
const leasedJson = z.object({ seqs: seqList, conflictsTo: z.int(), quarantinedTo: z.int() });
const releasedBy = z.string().optional();
const heldReasonJson = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('waiting'), requires: z.array(z.string()), until: z.int(), releasedBy }),
  z.object({
    ...{ kind: z.literal('parked'), exceptionId: z.string(), cause: z.string(), version: z.int().optional() },
    releasedBy,
  }),
  z.object({ kind: z.literal('quarantined'), reason: z.string(), releasedBy }),
]);
const evidenceJson = z.record(z.string(), z.string());
const trustTier = z.enum(['signed', 'authenticated', 'addressed']) satisfies z.ZodType<TrustTier>;

export const GENESIS_HASH = '0'.repeat(64);

export const createState = (tenant: TenantId, lane: LaneKey): LaneState => ({
  tenant,
  lane,
  epoch: 0,
  leaseUntil: 0,
  leased: null,
  doubt: [],
  position: 0,
  hash: GENESIS_HASH,
  settledTo: 0,
  settledEpoch: 0,
  settledPrint: '',
  archivedTo: 0,
  prunedTo: 0,
  conflictsTo: 0,
  conflictsOmitted: 0,
  quarantinedTo: 0,
  paused: false,
});

/** Null before the first accept. */
export function readState(storage: LaneStorage): LaneState | null {
  const [row] = storage.exec('SELECT * FROM state');
  if (row === undefined) return null;
  const leased = textOrNull(row, 'leased');
  return {
    tenant: tenantId(text(row, 'tenant')),
    lane: laneKey(text(row, 'lane')),
    epoch: integer(row, 'epoch'),
    leaseUntil: integer(row, 'lease_until'),
    leased: leased === null ? null : leasedJson.parse(JSON.parse(leased)),
    doubt: seqList.parse(JSON.parse(text(row, 'doubt'))),
    position: integer(row, 'position'),
    hash: text(row, 'hash'),
    settledTo: integer(row, 'settled_to'),
    settledEpoch: integer(row, 'settled_epoch'),
    settledPrint: text(row, 'settled_print'),
    archivedTo: integer(row, 'archived_to'),
    prunedTo: integer(row, 'pruned_to'),
    conflictsTo: integer(row, 'conflicts_to'),
    conflictsOmitted: integer(row, 'conflicts_omitted'),
    quarantinedTo: integer(row, 'quarantined_to'),
    paused: integer(row, 'paused') === 1,
  };
}

export function insertState(storage: LaneStorage, state: LaneState): void {
  storage.exec('INSERT INTO state (one, tenant, lane, hash) VALUES (1, ?, ?, ?)', state.tenant, state.lane, state.hash);
}

/** One row written, whatever changed. Columns of a newer schema keep what they hold. */
export function updateState(storage: LaneStorage, state: LaneState): void {
  storage.exec(
    `UPDATE state SET epoch = ?, lease_until = ?, leased = ?, doubt = ?, position = ?, hash = ?, settled_to = ?,
      settled_epoch = ?, settled_print = ?, archived_to = ?, pruned_to = ?, conflicts_to = ?, conflicts_omitted = ?,
      quarantined_to = ?, paused = ?`,
    state.epoch,
    state.leaseUntil,
    state.leased === null ? null : JSON.stringify(state.leased),
    JSON.stringify(state.doubt),
    state.position,
    state.hash,
    state.settledTo,
    state.settledEpoch,
    state.settledPrint,
    state.archivedTo,
    state.prunedTo,
    state.conflictsTo,
    state.conflictsOmitted,
    state.quarantinedTo,
    state.paused ? 1 : 0,
  );
}

/** @throws when it is not what this code stored. */
export const parseHeldReason = (json: string): HeldReason => heldReasonJson.parse(JSON.parse(json));

export const heldRow = (row: SqlRow): HeldRow => ({
  seq: integer(row, 'seq'),
  kind: text(row, 'kind'),
  dueAt: integerOrNull(row, 'due_at'),
  heldAt: integer(row, 'held_at'),
  size: integer(row, 'size'),
});

/** The columns of a log row every reader wants. */
export interface LogFacts {
  readonly seq: number;
  readonly source: SourceId;
  readonly eventId: ProviderEventId;
  readonly type: string;
  readonly occurredAt: EpochMs;
  readonly receivedAt: EpochMs;
  readonly trust: TrustTier;
  readonly bodyHash: string;
}

export const logFacts = (row: SqlRow): LogFacts => ({
  seq: integer(row, 'seq'),
  source: sourceId(text(row, 'source')),
  eventId: providerEventId(text(row, 'event_id')),
  type: text(row, 'type'),
  occurredAt: integer(row, 'occurred_at'),
  receivedAt: integer(row, 'received_at'),
  trust: trustTier.parse(row.trust),
  bodyHash: text(row, 'body_hash'),
});

export const parseEvidence = (row: SqlRow): Readonly<Record<string, string>> =>
  evidenceJson.parse(JSON.parse(text(row, 'evidence')));
