/**
 * `POST /in/:tenant/:source`: limits → verify → parse → accept → answer. The provider gets its acknowledgement only
 * after every event of the delivery is durably in its lane; our own trouble answers 503, so that the provider sends again.
 */
import type { Context } from 'hono';
import { Hono } from 'hono';
import { z } from 'zod';
import type { Bindings } from '../bindings.ts';
import { type EpochMs, providerEventId } from '../canonical/ids.ts';
import type { AcceptEvent } from '../durable-objects/customer-lane/protocol.ts';
import { sha256Hex } from '../ledger/hash.ts';
import { acceptIntoLanes, type LaneDelivery, laneOf } from '../operations/accept.ts';
import { directoryOf } from '../operations/directory.ts';
import { errorWords, logError, logWarning } from '../operations/log.ts';
import type { AcceptedSummary, AddressedEvent } from '../sources/source.ts';
import type { TenantRuntime, TenantSource } from '../tenants/runtime.ts';
import type { Delivery, VerifiedDelivery } from '../verification/verification.ts';
import { countIngress } from './ingress-counters.ts';
import { problem } from './problem.ts';
import { readBody } from './read-body.ts';
import { shield } from './shield.ts';

type IngressContext = Context<{ Bindings: Bindings }>;

export const ingress = new Hono<{ Bindings: Bindings }>();
ingress.all('/:tenant/:source', receive);
/** Senders that cannot sign prove themselves by a secret last segment (src/verification/secret-path.ts). */
ingress.all('/:tenant/:source/:secret', receive);

async function receive(c: IngressContext): Promise<Response> {
  const receivedAt = Date.now();
  const shielded = await shield(c.req.raw, `${c.req.param('tenant')}/${c.req.param('source')}`, c.env.INGRESS_LIMIT);
  if (shielded !== null) return shielded;
  let tenant: TenantRuntime | null;
  try {
    tenant = await directoryOf(c.env).find(c.req.param('tenant') ?? '', receivedAt);
  } catch (error) {
    // The config could not be read: nothing is known about the sender, and it is our fault.
    logError('config_unreadable', { error: errorWords(error) });
    return problem('unavailable', { retryAfterSeconds: 30 });
  }
  const source = [...(tenant?.sources.values() ?? [])].find(({ id }) => id === c.req.param('source'));
  if (tenant === null || source === undefined) return problem('not_found');
  const refusal = refuseByHead(c.req.raw, source);
  if (refusal !== null) return refusal;
  const body = await readBody(c.req.raw, source.source.maxBodyBytes);
  if (body === null) return problem('payload_too_large');
  return deliver(c, tenant, source, deliveryOf(c.req.raw, body, receivedAt));
}

/** What can be refused before the body is read. */
function refuseByHead(request: Request, { source }: TenantSource): Response | null {
  if (!source.methods.some((method) => method === request.method)) {
    return problem('method_not_allowed', { headers: { allow: source.methods.join(', ') } });
  }
  const mediaType = (request.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (!source.contentTypes.includes(mediaType)) return problem('unsupported_media_type');
  const length = Number(request.headers.get('content-length') ?? '0');
  return length > source.maxBodyBytes ? problem('payload_too_large') : null;
}

function deliveryOf(request: Request, body: Uint8Array<ArrayBuffer>, receivedAt: EpochMs): Delivery {
  return {
    method: request.method,
    url: new URL(request.url),
    headers: request.headers,
    body,
    receivedAt,
    /** Looked at by the schemes that need it only: the edge's facts are parsed when they are first asked for. */
    get clientCertificate() {
      return clientCertificateOf(request);
    },
  };
}

/** Cloudflare's facts about the client certificate; absent where mTLS is off or nothing was presented. */
const tlsClientAuth = z.object({
  certPresented: z.literal('1'),
  certVerified: z.string(),
  certSubjectDNRFC2253: z.string(),
  certIssuerDNRFC2253: z.string(),
  certFingerprintSHA256: z.string(),
  certNotAfter: z.string(),
});

function clientCertificateOf(request: Request): NonNullable<Delivery['clientCertificate']> | null {
  const presented = request.cf?.tlsClientAuth;
  if (presented === undefined) return null;
  const parsed = tlsClientAuth.safeParse(presented);
  if (!parsed.success) return null;
  return {
    verified: parsed.data.certVerified === 'SUCCESS',
    subjectDN: parsed.data.certSubjectDNRFC2253,
    issuerDN: parsed.data.certIssuerDNRFC2253,
    fingerprintSha256: parsed.data.certFingerprintSHA256,
    notAfter: parsed.data.certNotAfter,
  };
}

async function deliver(
  c: IngressContext,
  tenant: TenantRuntime,
  { id, source, secrets }: TenantSource,
  delivery: Delivery,
): Promise<Response> {
  const verification = await source.verify(delivery, secrets);
  if (!verification.ok) {
    countIngress(tenant.tenant, id, 'refused');
    logWarning('delivery_refused', { tenant: tenant.tenant, source: id, reason: verification.error });
    // The sender's keys could not be fetched: nothing is proven either way, and it is not the sender's fault.
    if (verification.error === 'keys_unavailable') return problem('unavailable', { retryAfterSeconds: 30 });
    return source.refuse() ?? problem('not_authenticated');
  }
  const verified = verification.value;
  const parsed = source.parse(verified);
  const events = parsed.ok ? parsed.value : [await unreadable(verified, parsed.error.reason)];
  const deliveries = await Promise.all(
    events.map(
      async (event): Promise<LaneDelivery> => ({
        lane: laneOf(id, source.provider, event),
        event: await toAccept(id, verified, event),
      }),
    ),
  );
  const accepted = await acceptIntoLanes(c.env, tenant.tenant, tenant.config.shard, deliveries, c.executionCtx);
  if (accepted.code === 'refused')
    return problem('payload_too_large', { detail: 'an event of the delivery is too large to be stored' });
  if (accepted.code !== 'accepted') return problem('overloaded', { retryAfterSeconds: accepted.retryAfterSeconds });
  const summary = summarise(deliveries, accepted.results);
  countIngress(tenant.tenant, id, summary.status);
  return source.acknowledge(summary, verified);
}

async function toAccept(
  source: TenantSource['id'],
  verified: VerifiedDelivery,
  event: AddressedEvent,
): Promise<AcceptEvent> {
  return {
    source,
    eventId: event.eventId,
    type: event.type,
    occurredAt: event.occurredAt,
    receivedAt: verified.receivedAt,
    trust: verified.trust,
    bodyHash: await sha256Hex(event.body),
    body: event.body,
    evidence: verified.evidence,
    quarantine: event.quarantine === null ? null : `${event.quarantine.code}: ${event.quarantine.detail}`,
  };
}

/** Authentic but without any address: kept whole under its own hash, so that a repeat is a duplicate. */
async function unreadable(
  verified: VerifiedDelivery,
  reason: NonNullable<AddressedEvent['quarantine']>,
): Promise<AddressedEvent> {
  return {
    eventId: providerEventId(`unreadable-${await sha256Hex(verified.body)}`),
    type: 'unreadable',
    occurredAt: verified.receivedAt,
    customer: null,
    sharedLane: 'account',
    body: verified.body,
    quarantine: reason,
  };
}

function summarise(
  deliveries: readonly LaneDelivery[],
  results: readonly { code: string; seq: number }[],
): AcceptedSummary {
  const fresh = deliveries.filter((_, index) => results[index]?.code === 'accepted');
  const status =
    fresh.length === 0 && deliveries.length > 0
      ? 'duplicate'
      : fresh.length > 0 && fresh.every(({ event }) => event.quarantine !== null)
        ? 'quarantined'
        : 'accepted';
  return {
    status,
    events: deliveries.map(({ lane, event }, index) => ({ id: event.eventId, lane, seq: results[index]?.seq ?? 0 })),
  };
}
