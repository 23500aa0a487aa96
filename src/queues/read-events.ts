/** Source events → readings: the provider's words made canonical facts, with what the webhook did not carry fetched first. */
import type { CanonicalEvent, CanonicalKind } from '../canonical/events.ts';
import type { EpochMs } from '../canonical/ids.ts';
import type { LeasedEvent } from '../durable-objects/customer-lane/protocol.ts';
import type { Enrichment, EnrichmentNeed } from '../sources/source.ts';
import { enrichmentKey } from '../sources/source.ts';
import type { TenantRuntime, TenantSource } from '../tenants/runtime.ts';
import type { TrustTier } from '../verification/verification.ts';
import { type Reading, stakeOf } from './plan-lane.ts';

export type Readings = ReadonlyMap<LeasedEvent, Reading>;

/** Fetches needs of one source: a map entry per need that was answered (null: asked, not there); absent: not answered. */
export type Enrich = (
  tenant: TenantRuntime,
  source: TenantSource,
  needs: readonly EnrichmentNeed[],
  now: EpochMs,
) => Promise<Enrichment>;

const tiers: Readonly<Record<TrustTier, number>> = { addressed: 0, authenticated: 1, signed: 2 };

/** Facts that move no money and promise none: taken from any trust tier. */
const harmless: ReadonlySet<CanonicalKind> = new Set<CanonicalKind>([
  'customer.upserted',
  'product.upserted',
  'subscription.changed',
  'deal.won',
  'contract.activated',
  'payment.failed',
]);

export async function readEvents(
  tenant: TenantRuntime,
  events: readonly LeasedEvent[],
  enrich: Enrich,
  now: EpochMs,
): Promise<Readings> {
  const needsOf = new Map<LeasedEvent, readonly EnrichmentNeed[]>();
  const perSource = new Map<TenantSource, EnrichmentNeed[]>();
  for (const event of events) {
    const source = tenant.sources.get(event.source);
    if (source === undefined) continue;
    const needs = source.source.enrichment(event);
    needsOf.set(event, needs);
    if (needs.length > 0) perSource.set(source, [...(perSource.get(source) ?? []), ...needs]);
  }
  const enrichments = new Map<TenantSource, Enrichment>();
  await Promise.all(
    [...perSource].map(async ([source, needs]) => {
      enrichments.set(source, await enrich(tenant, source, needs, now));
    }),
  );
  return new Map(events.map((event) => [event, readEvent(tenant, event, needsOf.get(event) ?? [], enrichments)]));
}

function readEvent(
  tenant: TenantRuntime,
  event: LeasedEvent,
  needs: readonly EnrichmentNeed[],
  enrichments: ReadonlyMap<TenantSource, Enrichment>,
): Reading {
  const source = tenant.sources.get(event.source);
  if (source === undefined) return { kind: 'quarantine', reason: `the config has no source ${event.source} any more` };
  const enrichment = enrichments.get(source) ?? new Map<string, unknown>();
  const unanswered = needs.find((need) => !enrichment.has(enrichmentKey(need)));
  if (unanswered !== undefined)
    return { kind: 'later', reason: `waits for the provider’s ${unanswered.kind.replaceAll('_', ' ')}` };
  const read = source.source.interpret(event, enrichment);
  if (read.kind === 'quarantine') return { kind: 'quarantine', reason: `${read.reason.code}: ${read.reason.detail}` };
  const weak = tiers[event.trust] < tiers[source.moneyNeeds] && read.facts.some((fact) => !harmless.has(fact.kind));
  if (weak) return untrusted(event, source, read.facts);
  return { kind: 'facts', facts: read.facts, note: read.note, books: tenant.books(source.entity) };
}

function untrusted(event: LeasedEvent, source: TenantSource, facts: readonly CanonicalEvent[]): Reading {
  return {
    kind: 'exception',
    facts,
    exception: {
      cause: 'untrusted_money',
      message: `${event.type} moves money but came only ${event.trust}; ${source.id} asks for ${source.moneyNeeds}.`,
      remedy:
        'Give the source a stronger proof of origin (signature, Basic, client certificate), or lower moneyNeeds in the config, then unblock.',
      ...stakeOf(facts),
      object: null,
    },
  };
}
