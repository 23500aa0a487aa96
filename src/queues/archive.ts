/**
 * The archive of signed bytes: one object per consumer batch and tenant, never one per event. It lies behind the lane:
 * when it cannot be written the books go on, the bytes stay in the lane and the events' archive reference stays empty.
 */
import type { TenantId } from '../canonical/ids.ts';
import type { ArchiveReference } from '../ledger/commit.ts';
import type { LeasedLane } from './ledger-stage.ts';
import { errorWords } from '../operations/log.ts';
import { type StagePorts } from './ports.ts';

export interface ArchivedBatch {
  readonly reference: ArchiveReference;
  /** How far the lane is archived by this batch; null when it is not. */
  readonly upTo: (lease: LeasedLane) => number | null;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes as text where they are valid UTF-8, so that people can read the archive; base64 otherwise. Lossless both ways. */
export function encodeBody(body: Uint8Array): { text: string } | { base64: string } {
  try {
    return { text: decoder.decode(body) };
  } catch {
    let binary = '';
    for (const byte of body) binary += String.fromCharCode(byte);
    return { base64: btoa(binary) };
  }
}

/** Writes what was leased for the first time as newline-delimited JSON. Never throws. */
export async function archiveBatch(tenant: TenantId, leases: readonly LeasedLane[], ports: StagePorts): Promise<ArchivedBatch> {
  const lines: string[] = [];
  const references = new Map<string, string>();
  const upTo = new Map<LeasedLane, number>();
  const now = ports.now();
  const day = new Date(now).toISOString().slice(0, 10).replaceAll('-', '/');
  const key = `raw/${tenant}/${day}/${String(now).padStart(15, '0')}-${ports.newSuffix()}.ndjson`;
  for (const lease of leases) {
    for (const event of lease.events) {
      if (event.held !== null) continue;
      references.set(`${lease.lane}#${event.seq}`, `${key}#${lines.length}`);
      upTo.set(lease, event.seq);
      const { source, eventId, type, receivedAt, trust, bodyHash, evidence } = event;
      lines.push(JSON.stringify({ lane: lease.lane, seq: event.seq, source, eventId, type, receivedAt, trust, bodyHash, evidence, ...encodeBody(event.body) }));
    }
  }
  if (lines.length === 0) return { reference: () => null, upTo: () => null };
  try {
    await ports.archive.put(key, `${lines.join('\n')}\n`);
  } catch (error) {
    ports.report({ what: 'stage_failed', lane: null, stage: 'archive', error: errorWords(error) });
    return { reference: () => null, upTo: () => null };
  }
  return {
    reference: (_tenant, lane, seq) => references.get(`${lane}#${seq}`) ?? null,
    upTo: (lease) => upTo.get(lease) ?? null,
  };
}
