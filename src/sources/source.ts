/**
 * The seam every provider is written against. One file (or folder) per provider, declared as a `SourceDefinition` and
 * listed in registry.ts; adding one touches nothing else. test/conformance/source-contract.ts attacks each of them.
 */
import type { z } from 'zod';
import type { CanonicalEvent } from '../canonical/events.ts';
import type { EpochMs, ObjectKey, ProviderEventId } from '../canonical/ids.ts';
import type { Result } from '../canonical/result.ts';
import type { Delivery, LiveSecret, TrustTier, Verification, VerifiedDelivery } from '../verification/verification.ts';

/** Why an authentic event was not understood. The bytes are kept; a person can re-drive it after a change. */
export interface QuarantineReason {
  readonly code:
    | 'unknown_type'
    | 'schema_mismatch'
    | 'not_json'
    | 'not_xml'
    | 'wrong_mode'
    | 'wrong_account'
    | 'unsupported_shape';
  /** Paths and expectations only; never values. At most 500 characters. */
  readonly detail: string;
}

/** One event of a delivery, addressed: who, what, when, in which lane. */
export interface AddressedEvent {
  readonly eventId: ProviderEventId;
  /** The provider's type word, `invoice.finalized`, `Opportunity`. */
  readonly type: string;
  readonly occurredAt: EpochMs;
  /**
   * The lane within the tenant, without the provider prefix: a customer reference, or null for what belongs to no
   * customer: then `account` or `catalogue` says which of the source's own lanes.
   */
  readonly customer: string | null;
  readonly sharedLane: 'account' | 'catalogue';
  /** The event's own bytes: the whole body, or its slice of a batch. */
  readonly body: Uint8Array<ArrayBuffer>;
  readonly quarantine: QuarantineReason | null;
}

/** A delivery that is authentic but not addressable at all (not JSON, no event id). Kept whole, under its body's hash. */
export interface UnreadableDelivery {
  readonly reason: QuarantineReason;
}

export interface AcceptedSummary {
  readonly status: 'accepted' | 'duplicate' | 'quarantined';
  readonly events: readonly { readonly id: string; readonly lane: string; readonly seq: number }[];
}

/** What a source may ask the provider's API before `toCanonical`, when the webhook does not carry it. */
export interface EnrichmentNeed {
  /** `balance_transaction`, `credit_note_lines`, `payout_transactions`, `event` (re-fetch for proof) … */
  readonly kind: string;
  /** The provider's id of what to fetch. */
  readonly id: string;
  /** Account to fetch on behalf of (Stripe Connect), or null. */
  readonly account: string | null;
}

/** Fetched objects by `kind:id`; `null` means: asked, and there is no access or no such object. */
export type Enrichment = ReadonlyMap<string, unknown>;

export const enrichmentKey = (need: EnrichmentNeed): string => `${need.kind}:${need.id}`;

/** A stored event as the ledger stage sees it. */
export interface StoredEvent {
  readonly eventId: ProviderEventId;
  readonly type: string;
  readonly occurredAt: EpochMs;
  readonly receivedAt: EpochMs;
  readonly body: Uint8Array<ArrayBuffer>;
}

export type Interpretation =
  /** Canonical events in the order they are to be booked; empty with a note when the event concerns no books. */
  | {
      readonly kind: 'facts';
      readonly facts: readonly CanonicalEvent[];
      readonly note: string | null;
      /** The legal entity, where the event itself names it; otherwise the source's. */
      readonly entity?: string;
    }
  | { readonly kind: 'quarantine'; readonly reason: QuarantineReason };

/** The provider-specific part of a source's settings, validated by the definition's own schema. */
export interface SourceDefinition<Settings = unknown> {
  readonly provider: string;
  /** zod schema of the provider's settings in the tenant's config (strict: unknown keys are errors). */
  readonly settings: z.ZodType<Settings>;
  /** Refuse anything larger, bytes. */
  readonly maxBodyBytes: number;
  readonly methods: readonly ('POST' | 'PUT' | 'GET')[];
  /** Accepted media types, lower case, without parameters. */
  readonly contentTypes: readonly string[];
  /** Proves who sent it, on raw bytes, before anything else is looked at. Constant-time comparisons; no I/O but JWKS. */
  verify(delivery: Delivery, secrets: readonly LiveSecret[], settings: Settings): Promise<Verification>;
  /** Splits and addresses a verified delivery: at most 250 events, in the sender's order. Pure. Never throws. */
  parse(delivery: VerifiedDelivery, settings: Settings): Result<readonly AddressedEvent[], UnreadableDelivery>;
  /**
   * The answer the provider expects once all of it is stored; the settings say which where a provider has several. The
   * delivery is there for set-up messages whose challenge has to be given back.
   */
  acknowledge(summary: AcceptedSummary, settings: Settings, delivery?: VerifiedDelivery): Response;
  /**
   * The answer to a delivery that is not proven, where the provider needs another than 401 with a problem: a Basic
   * challenge, an empty body, a status of its own. It is not told why, so it cannot tell the sender.
   */
  refuse?(settings: Settings): Response;
  /** What must be fetched before the event can be interpreted. Pure. */
  enrichment(event: StoredEvent, settings: Settings): readonly EnrichmentNeed[];
  /** Provider event → facts. Pure and deterministic; the same event always yields the same facts. Never throws. */
  interpret(event: StoredEvent, settings: Settings, enrichment: Enrichment): Interpretation;
  /** Event types understood, for docs/sources.md and the conformance suite. */
  readonly understands: readonly string[];
  /**
   * What stands first in object keys and customer lanes, when it is not the provider's name: a source that a config
   * describes speaks for a system of the tenant's own.
   */
  system?(settings: Settings): string;
  /** Whether it proves deliveries without a secret of ours (JWT, client certificate); otherwise a config needs one. */
  secretless?(settings: Settings): boolean;
  /** For docs/sources.md; every provider should have one. */
  readonly about?: SourceAbout;
}

/** A provider in words, for docs/sources.md: short phrases, no full stops. `npm run generate` writes them there. */
export interface SourceAbout {
  readonly name: string;
  /** How deliveries prove their sender. */
  readonly auth: string;
  /** The strongest proof it offers; where settings offer weaker ones too, `auth` says so. */
  readonly trust: TrustTier;
  readonly acknowledges: string;
  /** What makes two deliveries the same event. */
  readonly dedupe: string;
  /** What it does when it gets no 2xx, and for how long. */
  readonly retries: string;
  /** The page about it, relative to docs/; null: `sources/<provider>.md`, where there is one. */
  readonly page: string | null;
}

/** Object keys of a provider: `key('invoice', 'in_1')` → `stripe:invoice:in_1`. */
export const keysOf =
  (provider: string) =>
  (kind: string, id: string): ObjectKey =>
    `${provider}:${kind}:${id}` as ObjectKey;
