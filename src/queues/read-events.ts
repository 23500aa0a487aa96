/** Source events → readings: the provider's words made canonical facts, with what the webhook did not carry fetched first. */
import { stringify } from 'lossless-json';
import { z } from 'zod';
import { entityByRule } from '../canonical/entities.ts';
import type { CanonicalEvent, CanonicalKind } from '../canonical/events.ts';
import type { EpochMs } from '../canonical/ids.ts';
import { stakeOf } from '../canonical/stake.ts';
import type { LeasedEvent } from '../durable-objects/customer-lane/protocol.ts';
import { Disconnected } from '../sources/enrichment/port.ts';
import { textAt } from '../sources/references.ts';
import type { Enrichment, EnrichmentNeed } from '../sources/source.ts';
import { enrichmentKey } from '../sources/source.ts';
import type { TenantRuntime, TenantSource } from '../tenants/runtime.ts';
import type { TrustTier } from '../verification/verification.ts';
import { ofNoEntity } from './held-events.ts';
import type { Reading } from './lane-plan.ts';

export type Readings = ReadonlyMap<LeasedEvent, Reading>;

/** Events as they read, and what was asked for it: together with the bytes all that a reading follows from. */
export interface EventsRead {
  readonly readings: Readings;
  /** Of each event that asked for anything: what was answered. */
  readonly answers: ReadonlyMap<LeasedEvent, Enrichment>;
}

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

/** How each event reads. Never throws for one event's sake; what could not be fetched just now reads as `later`. */
export async function readEvents(
  tenant: TenantRuntime,
  events: readonly LeasedEvent[],
  enrich: Enrich,
  now: EpochMs,
): Promise<EventsRead> {
  const first = await readAll(tenant, events, enrich, now, 'as_delivered');
  const { readings } = first;
  const { proofs, asked } = await fetchProofs(tenant, events, readings, enrich, now);
  if (proofs.size === 0) return first;
  const proven = [...proofs].flatMap(([event, proof]) =>
    proof.kind === 'proven' ? [{ event, copy: proof.copy }] : [],
  );
  const copies = proven.map(({ copy }) => copy);
  const again = await readAll(tenant, copies, enrich, now, 'proven');
  const final = new Map(readings);
  for (const [event, proof] of proofs) {
    if (proof.kind === 'later') final.set(event, { kind: 'later', reason: 'waits for the provider’s own event' });
  }
  for (const { event, copy } of proven) {
    const reading = again.readings.get(copy);
    // The lane was chosen by what the webhook claimed; another customer's event is not to be booked in it.
    if (reading !== undefined && !ofOtherCustomer(readings.get(event), reading)) final.set(event, reading);
  }
  const answers = new Map(first.answers);
  const add = (event: LeasedEvent, more: Enrichment | undefined): void => {
    if (more !== undefined) answers.set(event, new Map([...(answers.get(event) ?? []), ...more]));
  };
  for (const [event, answered] of asked) add(event, answered);
  for (const { event, copy } of proven) add(event, again.answers.get(copy));
  return { readings: final, answers };
}

const customersOf = (reading: Reading | undefined): readonly unknown[] =>
  reading?.kind === 'facts' || reading?.kind === 'exception'
    ? reading.facts.flatMap((fact) => ('customer' in fact && fact.customer !== null ? [fact.customer] : []))
    : [];

const ofOtherCustomer = (claimed: Reading | undefined, proven: Reading): boolean =>
  customersOf(proven).some((customer) => !customersOf(claimed).includes(customer));

type Proof = { readonly kind: 'proven'; readonly copy: LeasedEvent } | { readonly kind: 'later' };

/**
 * Money that came with too weak a proof is asked for again, from the provider and by the tenant's key: what is answered
 * there is true whoever sent the webhook. Events without an answer are not in the map and keep their exception.
 */
async function fetchProofs(
  tenant: TenantRuntime,
  events: readonly LeasedEvent[],
  readings: Readings,
  enrich: Enrich,
  now: EpochMs,
): Promise<{ readonly proofs: ReadonlyMap<LeasedEvent, Proof>; readonly asked: EventsRead['answers'] }> {
  const doubted = events.filter((event) => {
    const reading = readings.get(event);
    const untrusted = reading?.kind === 'exception' && reading.exception.cause === 'untrusted_money';
    return untrusted && (tenant.sources.get(event.source)?.apiKey ?? null) !== null;
  });
  const needs = new Map(doubted.map((event) => [event, [proofOf(event)]]));
  const enrichments = await enrichAll(tenant, needs, enrich, now);
  const proofs = new Map<LeasedEvent, Proof>();
  for (const event of doubted) {
    const source = tenant.sources.get(event.source);
    const answers = source === undefined ? undefined : enrichments.get(source);
    const key = enrichmentKey(proofOf(event));
    if (answers?.has(key) !== true || isDisconnected(answers.get(key))) proofs.set(event, { kind: 'later' });
    else {
      const copy = provenCopy(event, answers.get(key));
      if (copy !== null) proofs.set(event, { kind: 'proven', copy });
    }
  }
  return { proofs, asked: answersByEvent(tenant, needs, enrichments) };
}

const proofOf = (event: LeasedEvent): EnrichmentNeed => ({ kind: 'event', id: event.eventId, account: null });

const eventWithId = z.looseObject({ id: z.string() });

/** The event as the provider keeps it; null when there is none of that id. Numbers beyond 2^53 keep their digits. */
function provenCopy(event: LeasedEvent, fetched: unknown): LeasedEvent | null {
  const parsed = eventWithId.safeParse(fetched);
  const text = parsed.success && parsed.data.id === event.eventId ? stringify(fetched) : undefined;
  return text === undefined ? null : { ...event, body: new Uint8Array(new TextEncoder().encode(text)) };
}

type Standing = 'as_delivered' | 'proven';

async function readAll(
  tenant: TenantRuntime,
  events: readonly LeasedEvent[],
  enrich: Enrich,
  now: EpochMs,
  standing: Standing,
): Promise<EventsRead> {
  const needsOf = new Map<LeasedEvent, readonly EnrichmentNeed[]>();
  for (const event of events) {
    const source = tenant.sources.get(event.source);
    if (source !== undefined) needsOf.set(event, source.source.enrichment(event));
  }
  const enrichments = await enrichAll(tenant, needsOf, enrich, now);
  const readings = new Map(
    events.map((event) => [event, readEvent(tenant, event, needsOf.get(event) ?? [], enrichments, standing)]),
  );
  return { readings, answers: answersByEvent(tenant, needsOf, enrichments) };
}

function answersByEvent(
  tenant: TenantRuntime,
  needsOf: ReadonlyMap<LeasedEvent, readonly EnrichmentNeed[]>,
  enrichments: ReadonlyMap<TenantSource, Enrichment>,
): ReadonlyMap<LeasedEvent, Enrichment> {
  const byEvent = new Map<LeasedEvent, Enrichment>();
  for (const [event, needs] of needsOf) {
    const source = tenant.sources.get(event.source);
    const answered = source === undefined ? undefined : enrichments.get(source);
    const keys = needs.map(enrichmentKey).filter((key) => answered?.has(key) === true);
    if (keys.length > 0) byEvent.set(event, new Map(keys.map((key) => [key, answered?.get(key)])));
  }
  return byEvent;
}

/** One call a source. */
async function enrichAll(
  tenant: TenantRuntime,
  needsOf: ReadonlyMap<LeasedEvent, readonly EnrichmentNeed[]>,
  enrich: Enrich,
  now: EpochMs,
): Promise<ReadonlyMap<TenantSource, Enrichment>> {
  const perSource = new Map<TenantSource, EnrichmentNeed[]>();
  for (const [event, needs] of needsOf) {
    const source = tenant.sources.get(event.source);
    if (source === undefined || needs.length === 0) continue;
    perSource.set(source, [...(perSource.get(source) ?? []), ...needs]);
  }
  const enrichments = new Map<TenantSource, Enrichment>();
  await Promise.all(
    [...perSource].map(async ([source, needs]) => {
      enrichments.set(source, await enrich(tenant, source, needs, now));
    }),
  );
  return enrichments;
}

const PROVEN_NOTE = 'read from the provider itself, because the webhook’s proof of origin was too weak for money';

function readEvent(
  tenant: TenantRuntime,
  event: LeasedEvent,
  needs: readonly EnrichmentNeed[],
  enrichments: ReadonlyMap<TenantSource, Enrichment>,
  standing: Standing,
): Reading {
  const source = tenant.sources.get(event.source);
  if (source === undefined) return { kind: 'quarantine', reason: `the config has no source ${event.source} any more` };
  const enrichment = enrichments.get(source) ?? new Map<string, unknown>();
  const unanswered = needs.find((need) => !enrichment.has(enrichmentKey(need)));
  if (unanswered !== undefined)
    return { kind: 'later', reason: `waits for the provider’s ${unanswered.kind.replaceAll('_', ' ')}` };
  const disconnected = needs.map((need) => enrichment.get(enrichmentKey(need))).find(isDisconnected);
  if (disconnected !== undefined) return waitsForConnection(source, disconnected);
  const read = source.source.interpret(event, enrichment);
  if (read.kind === 'quarantine') return { kind: 'quarantine', reason: `${read.reason.code}: ${read.reason.detail}` };
  const entity = read.entity ?? entityFor(source, read.facts, event);
  if (!Object.hasOwn(tenant.config.entities, entity))
    return { kind: 'exception', facts: read.facts, exception: ofNoEntity(event, entity, read.facts) };
  const books = tenant.books(entity);
  if (standing === 'proven') {
    const note = read.note === null ? PROVEN_NOTE : `${read.note}; ${PROVEN_NOTE}`;
    return { kind: 'facts', facts: read.facts, note, books };
  }
  const weak = tiers[event.trust] < tiers[source.moneyNeeds] && read.facts.some((fact) => !harmless.has(fact.kind));
  if (weak) return { ...untrusted(event, source, read.facts), entity };
  return { kind: 'facts', facts: read.facts, note: read.note, books };
}

/** By the source's rules, where it serves several entities. */
const entityFor = (source: TenantSource, facts: readonly CanonicalEvent[], event: LeasedEvent): string =>
  source.entityRules.length === 0
    ? source.entity
    : (entityByRule(source.entityRules, facts, (path) => textAt(event.body, path)) ?? source.entity);

const isDisconnected = (value: unknown): value is Disconnected => value instanceof Disconnected;

/** The same words for every event of the source: it is one trouble, and one exception. */
function waitsForConnection(source: TenantSource, { message }: Disconnected): Reading {
  return {
    kind: 'later',
    reason: 'waits until the source is connected again',
    exception: {
      cause: 'source_disconnected',
      message: `${message}. Events of ${source.id} that are read from there wait.`,
      remedy: `Give the consent again at the provider and store the new credential as the secret that apiKey of ${source.id} names. The events go on by themselves.`,
      amount: null,
      currency: null,
      object: null,
    },
  };
}

function untrusted(
  event: LeasedEvent,
  source: TenantSource,
  facts: readonly CanonicalEvent[],
): Extract<Reading, { kind: 'exception' }> {
  return {
    kind: 'exception',
    facts,
    exception: {
      cause: 'untrusted_money',
      message: `${event.type} moves money but came only ${event.trust}; ${source.id} asks for ${source.moneyNeeds}.`,
      remedy:
        'Give the source a stronger proof of origin (signature, Basic, client certificate), an apiKey by which the event can be read from the provider, or lower moneyNeeds in the config, then unblock.',
      ...stakeOf(facts),
      object: null,
    },
  };
}
