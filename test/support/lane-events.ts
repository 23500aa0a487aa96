import { createHash } from 'node:crypto';
import { laneKey, providerEventId, sourceId, tenantId } from '../../src/canonical/ids.ts';
import type { AcceptEvent, LeaseAnswer, Settlement } from '../../src/durable-objects/customer-lane/protocol.ts';

export const identity = { tenant: tenantId('acme'), lane: laneKey('stripe:cus_1') };

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text));
}

/** A delivery as the ingress hands it in. */
export function delivery(
  id: string,
  changes: { body?: string; quarantine?: string; receivedAt?: number } = {},
): AcceptEvent {
  const body = bytesOf(changes.body ?? `{"id":"${id}"}`);
  return {
    source: sourceId('stripe'),
    eventId: providerEventId(id),
    type: 'invoice.paid',
    occurredAt: 900,
    receivedAt: changes.receivedAt ?? 1000,
    trust: 'signed',
    bodyHash: createHash('sha256').update(body).digest('hex'),
    body,
    evidence: { 'stripe-signature': 't=1,v1=ab' },
    quarantine: changes.quarantine ?? null,
  };
}

export const hashAt = (position: number): string =>
  position === 0 ? '0'.repeat(64) : createHash('sha256').update(`entry ${position}`).digest('hex');

export type Lease = Extract<LeaseAnswer, { code: 'leased' }>;

/** The settlement that applies `seqs` in that order, with `changes` over it. */
export function applying(lease: Lease, seqs: readonly number[], changes: Partial<Settlement> = {}): Settlement {
  const position = lease.head.position + seqs.length;
  return {
    applied: seqs.map((seq, index) => ({ seq, position: lease.head.position + index + 1 })),
    head: { position, hash: hashAt(position) },
    held: [],
    outbox: [],
    posted: [],
    archivedTo: null,
    ...changes,
  };
}
