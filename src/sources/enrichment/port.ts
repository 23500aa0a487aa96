/**
 * Asking a provider for what its webhook does not carry. Bounded, read-only, and honest about not knowing: what does
 * not exist or may not be read is null, what could not be asked makes the event wait. Nothing is guessed.
 */
import type { EpochMs } from '../../canonical/ids.ts';
import type { Enrichment, EnrichmentNeed } from '../source.ts';
import type { TokenStore } from './grant.ts';

/**
 * `retry`: at least one answer could not be had for a reason that may pass (an outage, a limit, a wrong key). The event
 * waits; booking it without its fee would be wrong for ever. `message` is for operators: no ids, no keys.
 */
export type EnrichmentOutcome =
  | { readonly outcome: 'fetched'; readonly enrichment: Enrichment }
  /** Some answer is still missing; `enrichment` holds those that came. */
  | {
      readonly outcome: 'retry';
      readonly enrichment: Enrichment;
      readonly retryAfterMs: number | null;
      readonly message: string;
    };

/** Answers that cannot change any more. Losing an entry costs a call; it must never answer with another key's value. */
export interface EnrichmentCache {
  /** Undefined when it is not there. */
  get(key: string): Promise<unknown>;
  put(key: string, value: unknown): Promise<void>;
}

export const noCache: EnrichmentCache = {
  get: async () => undefined,
  put: async () => {},
};

/** What `TargetHttp` (src/targets) offers, as far as it is needed here: timeout, size cap, no redirects. */
export interface EnrichmentHttp {
  send(request: {
    /** POST is for access tokens alone: nothing is ever written. */
    readonly method: 'GET' | 'POST';
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | null;
    readonly timeoutMs: number;
  }): Promise<
    | { readonly kind: 'answer'; readonly status: number; readonly body: string; readonly retryAfterMs: number | null }
    | { readonly kind: 'refused' | 'broken'; readonly message: string }
  >;
}

export interface EnrichmentBudget {
  readonly concurrency: number;
  readonly timeoutMs: number;
  /** Characters of one answer. */
  readonly maxAnswerLength: number;
  /** Pages of one list; a longer list counts as not to be had. */
  readonly maxPages: number;
}

export const defaultBudget: EnrichmentBudget = {
  concurrency: 4,
  timeoutMs: 10_000,
  maxAnswerLength: 4 * 1024 * 1024,
  maxPages: 10,
};

/** Needs of one call; a caller with more splits them. */
export const MAX_NEEDS = 50;

export interface EnrichmentAccess {
  /** Where the tenant says the API is, `https://acme.chargebee.com` or a sandbox; null: the provider's usual place. */
  readonly apiUrl: string | null;
  /** Null: the tenant gave no key. Every answer is null then, and nothing is asked. */
  readonly apiKey: string | null;
  readonly http: EnrichmentHttp;
  readonly cache: EnrichmentCache;
  readonly budget: EnrichmentBudget;
  /** Where the tokens of the key's grant are kept, for providers that rotate them; and the time to judge them by. */
  readonly tokens?: TokenStore;
  readonly now?: () => EpochMs;
}

/**
 * Stands in an enrichment in an answer's place: the tenant's access has ended, and until a person renews it nothing can be
 * asked. The event waits, and the person is told.
 */
export class Disconnected {
  /** For operators: no ids, no keys. */
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** What a provider's API can be asked, and how. */
export interface EnrichmentClient {
  /** `event`, where it is offered, answers the event as the provider keeps it: proof of what a webhook claimed. */
  readonly kinds: readonly string[];
  readonly fetch: FetchEnrichment;
}

/** A provider's client. @throws RangeError for more than MAX_NEEDS needs or a kind it does not know: a caller's bug. */
export type FetchEnrichment = (
  needs: readonly EnrichmentNeed[],
  access: EnrichmentAccess,
) => Promise<EnrichmentOutcome>;
