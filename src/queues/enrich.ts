/** Fetches what webhooks do not carry, from the provider's API, by the tenant's restricted key. */
import type { Bindings } from '../bindings.ts';
import type { EpochMs } from '../canonical/ids.ts';
import { shardOf } from '../ledger/shards.ts';
import { directoryOf } from '../operations/directory.ts';
import { errorWords, logWarning } from '../operations/log.ts';
import { chargebeeEnrichmentKinds, fetchChargebeeEnrichment } from '../sources/enrichment/chargebee.ts';
import { fetchGocardlessEnrichment, gocardlessEnrichmentKinds } from '../sources/enrichment/gocardless.ts';
import type { TokenStore } from '../sources/enrichment/grant.ts';
import { fetchHubspotEnrichment, hubspotEnrichmentKinds } from '../sources/enrichment/hubspot.ts';
import {
  defaultBudget,
  type EnrichmentCache,
  type EnrichmentClient,
  type EnrichmentHttp,
  MAX_NEEDS,
} from '../sources/enrichment/port.ts';
import { fetchQuickbooksEnrichment, quickbooksEnrichmentKinds } from '../sources/enrichment/quickbooks.ts';
import { fetchRecurlyEnrichment, recurlyEnrichmentKinds } from '../sources/enrichment/recurly.ts';
import { fetchSalesforceEnrichment, salesforceEnrichmentKinds } from '../sources/enrichment/salesforce.ts';
import { fetchSquareEnrichment, squareEnrichmentKinds } from '../sources/enrichment/square.ts';
import { fetchStripeEnrichment, stripeEnrichmentKinds } from '../sources/enrichment/stripe.ts';
import { fetchXeroEnrichment, xeroEnrichmentKinds } from '../sources/enrichment/xero.ts';
import { OWN_SOURCE } from '../sources/ledgergate/index.ts';
import { enrichmentKey } from '../sources/source.ts';
import type { TenantRuntime, TenantSource } from '../tenants/runtime.ts';
import { outsideHttp } from './connectors.ts';
import { answerOwn } from './enrich-own.ts';
import type { Enrich } from './read-events.ts';

/** Providers whose API the gateway can ask. For the others every need is answered with "not to be had". */
const clients: ReadonlyMap<string, EnrichmentClient> = new Map([
  ['stripe', { fetch: fetchStripeEnrichment, kinds: stripeEnrichmentKinds }],
  ['chargebee', { fetch: fetchChargebeeEnrichment, kinds: chargebeeEnrichmentKinds }],
  ['salesforce', { fetch: fetchSalesforceEnrichment, kinds: salesforceEnrichmentKinds }],
  ['recurly', { fetch: fetchRecurlyEnrichment, kinds: recurlyEnrichmentKinds }],
  ['gocardless', { fetch: fetchGocardlessEnrichment, kinds: gocardlessEnrichmentKinds }],
  ['square', { fetch: fetchSquareEnrichment, kinds: squareEnrichmentKinds }],
  ['hubspot', { fetch: fetchHubspotEnrichment, kinds: hubspotEnrichmentKinds }],
  ['xero', { fetch: fetchXeroEnrichment, kinds: xeroEnrichmentKinds }],
  ['quickbooks', { fetch: fetchQuickbooksEnrichment, kinds: quickbooksEnrichmentKinds }],
]);

/** A Worker has six connections at once (platform.md); asking for more only queues them. */
const CONNECTIONS = 6;
const CHUNKS_AT_ONCE = 2;
const MAX_CACHED = 5_000;

/** Final answers of this isolate; a lost one costs one more call. Keys carry tenant and source, so nothing is shared. */
const answers = new Map<string, unknown>();

const cacheFor = (scope: string): EnrichmentCache => ({
  get: async (key) => answers.get(`${scope}/${key}`),
  put: async (key, value) => {
    if (answers.size >= MAX_CACHED) answers.clear();
    answers.set(`${scope}/${key}`, value);
  },
});

/** Where the tokens of a tenant's credential are kept. */
export type TokensOf = (tenant: string, reference: string) => TokenStore;

/** Until when a source's provider has asked not to be asked (429): a lost entry costs one refused call. */
export type Pauses = Map<string, EpochMs>;

const pausesOfIsolate: Pauses = new Map();

export function enrichFrom(env: Bindings): Enrich {
  const tokens: TokensOf = (tenant, reference) => directoryOf(env).tokens(tenant, reference);
  const outside = enrichWith(outsideHttp(env), tokens, pausesOfIsolate);
  return async (runtime, source, needs, now) => {
    if (source.source.provider !== OWN_SOURCE) return outside(runtime, source, needs, now);
    const { tenant, config } = runtime;
    return answerOwn(shardOf(env, config.shard), tenant, needs, ({ kind }, error) =>
      logWarning('own_enrichment_delayed', { tenant, kind, error: errorWords(error) }),
    );
  };
}

/** What no client offers is answered with null; what could not be asked is left out, so that its event waits. */
export function enrichWith(http: EnrichmentHttp, tokensOf: TokensOf | null = null, pauses: Pauses = new Map()): Enrich {
  return async (tenant, source, needs, now) => {
    const client = clients.get(source.source.provider);
    const offered = needs.filter((need) => client?.kinds.includes(need.kind) === true);
    const enrichment = new Map<string, unknown>(
      needs.filter((need) => !offered.includes(need)).map((need) => [enrichmentKey(need), null]),
    );
    const scope = `${tenant.tenant}/${source.id}`;
    if (client === undefined || (pauses.get(scope) ?? 0) > now) return enrichment;
    const access = {
      apiUrl: source.apiUrl,
      apiKey: source.apiKey,
      http,
      cache: cacheFor(scope),
      budget: { ...defaultBudget, concurrency: CONNECTIONS / CHUNKS_AT_ONCE },
      ...tokensFor(tenant, source, tokensOf),
      now: () => now,
    };
    const chunks = Array.from({ length: Math.ceil(offered.length / MAX_NEEDS) }, (_, at) =>
      offered.slice(at * MAX_NEEDS, (at + 1) * MAX_NEEDS),
    );
    const next = chunks.values();
    const work = async (): Promise<void> => {
      // One iterator shared by the workers: each takes the next chunk, none is taken twice.
      for (const chunk of next) {
        const outcome = await client.fetch(chunk, access);
        for (const [key, value] of outcome.enrichment) enrichment.set(key, value);
        if (outcome.outcome === 'retry') {
          if (outcome.retryAfterMs !== null) {
            if (pauses.size >= MAX_CACHED) pauses.clear();
            pauses.set(scope, now + outcome.retryAfterMs);
          }
          logWarning('enrichment_delayed', { tenant: tenant.tenant, source: source.id, reason: outcome.message });
        }
      }
    };
    await Promise.all(Array.from({ length: CHUNKS_AT_ONCE }, work));
    return enrichment;
  };
}

function tokensFor(tenant: TenantRuntime, source: TenantSource, tokensOf: TokensOf | null): { tokens?: TokenStore } {
  const reference = tenant.config.sources[source.id]?.apiKey;
  return reference === undefined || tokensOf === null ? {} : { tokens: tokensOf(tenant.tenant, reference) };
}
