/**
 * The archive of signed bytes, with the answers each event was read with: one object per consumer batch and tenant,
 * never one per event. It lies behind the lane:
 * when it cannot be written the books go on, the bytes stay in the lane and the events' archive reference stays empty.
 */
import type { TenantId } from '../canonical/ids.ts';
import type { LeasedEvent } from '../durable-objects/customer-lane/protocol.ts';
import { writeArchiveLine } from '../ledger/archive-lines.ts';
import type { LateReference } from '../ledger/commit.ts';
import type { ArchiveReference } from '../ledger/commit-rows.ts';
import { errorWords } from '../operations/log.ts';
import type { Enrichment } from '../sources/source.ts';
import type { LeasedLane } from './ledger-work.ts';
import type { StagePorts } from './ports.ts';
import type { EventsRead } from './read-events.ts';

export interface ArchivedBatch {
  readonly reference: ArchiveReference;
  /** References of events that were booked before while the archive was away. */
  readonly late: readonly LateReference[];
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

/** An archive object in the making: lines, and who stands where. */
class Bundle {
  readonly key: string;
  readonly lines: string[] = [];
  readonly references = new Map<string, string>();
  readonly late: LateReference[] = [];
  readonly upTo = new Map<LeasedLane, number>();

  constructor(key: string) {
    this.key = key;
  }

  /** @param answers what the event was read with; null: nothing was asked, or (late) it is not known any more. */
  add(lease: LeasedLane, event: LeasedEvent, answers: Enrichment | null): string {
    const reference = `${this.key}#${this.lines.length}`;
    const { seq, source, eventId, type, occurredAt, receivedAt, trust, bodyHash, evidence } = event;
    const facts = { lane: lease.lane, seq, source, eventId, type, occurredAt, receivedAt, trust, bodyHash, evidence };
    const line = { ...facts, ...encodeBody(event.body) };
    this.lines.push(
      answers === null ? JSON.stringify(line) : writeArchiveLine({ ...line, answers: Object.fromEntries(answers) }),
    );
    this.upTo.set(lease, Math.max(seq, this.upTo.get(lease) ?? 0));
    return reference;
  }

  /** Later answers of an event whose bytes are archived already, or will be once it is applied. */
  addAnswers({ source, eventId }: LeasedEvent, answers: Enrichment): string {
    const reference = `+${this.key}#${this.lines.length}`;
    this.lines.push(writeArchiveLine({ kind: 'answers', source, eventId, answers: Object.fromEntries(answers) }));
    return reference;
  }
}

const nothingArchived: ArchivedBatch = { reference: () => null, late: [], upTo: () => null };

/**
 * Writes what was leased for the first time, and what an earlier pass could not write, as newline-delimited JSON.
 * Never throws: events whose bytes could not be archived keep them in the lane, and the next pass tries again.
 */
export async function archiveBatch(
  tenant: TenantId,
  leases: readonly LeasedLane[],
  read: EventsRead,
  ports: StagePorts,
): Promise<ArchivedBatch> {
  const now = ports.now();
  const day = new Date(now).toISOString().slice(0, 10).replaceAll('-', '/');
  const bundle = new Bundle(`raw/${tenant}/${day}/${String(now).padStart(15, '0')}-${ports.newSuffix()}.ndjson`);
  try {
    for (const lease of leases) {
      addLaterAnswers(lease, bundle, read);
      const caughtUp = await addLate(lease, bundle, ports);
      if (!caughtUp) continue;
      for (const event of lease.events) {
        if (event.held !== null) continue;
        const reference = bundle.add(lease, event, read.answers.get(event) ?? null);
        bundle.references.set(`${lease.lane}#${event.seq}`, reference);
      }
    }
    if (bundle.lines.length === 0) return nothingArchived;
    await ports.archive.put(bundle.key, `${bundle.lines.join('\n')}\n`);
  } catch (error) {
    ports.report({ what: 'stage_failed', lane: null, stage: 'archive', error: errorWords(error) });
    return nothingArchived;
  }
  return {
    reference: (_tenant, lane, seq) => bundle.references.get(`${lane}#${seq}`) ?? null,
    late: bundle.late,
    upTo: (lease) => bundle.upTo.get(lease) ?? null,
  };
}

/** An event that was held may be applied in this pass, with other answers than those its bytes were archived with. */
function addLaterAnswers(lease: LeasedLane, bundle: Bundle, read: EventsRead): void {
  for (const event of lease.events) {
    const answers = event.held === null ? undefined : read.answers.get(event);
    if (answers === undefined || read.readings.get(event)?.kind !== 'facts') continue;
    bundle.references.set(`${lease.lane}#${event.seq}`, bundle.addAnswers(event, answers));
  }
}

/** What was applied while the archive was away. False: there is still more of it, so newer events must wait. */
async function addLate(lease: LeasedLane, bundle: Bundle, ports: StagePorts): Promise<boolean> {
  if (lease.unarchived === null) return true;
  const events = await ports.lane({ tenant: lease.tenant, lane: lease.lane }).unarchived(lease.unarchived.from);
  for (const event of events) {
    const reference = bundle.add(lease, event, null);
    bundle.late.push({ tenant: lease.tenant, source: event.source, eventId: event.eventId, reference });
  }
  return (events.at(-1)?.seq ?? 0) >= lease.unarchived.to;
}
