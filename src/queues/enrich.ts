/** Fetches what webhooks do not carry, from the provider's API, by the tenant's restricted key. */
import type { Bindings } from '../bindings.ts';
import { shardOf } from '../ledger/shards.ts';
import { errorWords, logWarning } from '../operations/log.ts';
import { chargebeeEnrichmentKinds, fetchChargebeeEnrichment } from '../sources/enrichment/chargebee.ts';
import { fetchGocardlessEnrichment, gocardlessEnrichmentKinds } from '../sources/enrichment/gocardless.ts';
import { fetchHubspotEnrichment, hubspotEnrichmentKinds } from '../sources/enrichment/hubspot.ts';
import {
  defaultBudget,
  type EnrichmentCache,
  type EnrichmentClient,
  type EnrichmentHttp,
  MAX_NEEDS,
} from '../sources/enrichment/port.ts';
import { fetchRecurlyEnrichment, recurlyEnrichmentKinds } from '../sources/enrichment/recurly.ts';
import { fetchSalesforceEnrichment, salesforceEnrichmentKinds } from '../sources/enrichment/salesforce.ts';
import { fetchSquareEnrichment, squareEnrichmentKinds } from '../sources/enrichment/square.ts';
import { fetchStripeEnrichment, stripeEnrichmentKinds } from '../sources/enrichment/stripe.ts';
import { OWN_SOURCE } from '../sources/ledgergate/index.ts';
import { enrichmentKey } from '../sources/source.ts';
import { outsideHttp } from './connectors.ts';
import { answerWindows } from './enrich-windows.ts';
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

export function enrichFrom(env: Bindings): Enrich {
  const outside = enrichWith(outsideHttp(env));
  return async (runtime, source, needs, now) => {
    if (source.source.provider !== OWN_SOURCE) return outside(runtime, source, needs, now);
    const { tenant, config } = runtime;
    return answerWindows(shardOf(env, config.shard), runtime, needs, ({ kind }, error) =>
      logWarning('own_enrichment_delayed', { tenant, kind, error: errorWords(error) }),
    );
  };
}

/** What no client offers is answered with null; what could not be asked is left out, so that its event waits. */
export function enrichWith(http: EnrichmentHttp): Enrich {
  return async (tenant, source, needs) => {
    const client = clients.get(source.source.provider);
    const offered = needs.filter((need) => client?.kinds.includes(need.kind) === true);
    const enrichment = new Map<string, unknown>(
      needs.filter((need) => !offered.includes(need)).map((need) => [enrichmentKey(need), null]),
    );
    if (client === undefined) return enrichment;
    const access = {
      apiUrl: source.apiUrl,
      apiKey: source.apiKey,
      http,
      cache: cacheFor(`${tenant.tenant}/${source.id}`),
      budget: { ...defaultBudget, concurrency: CONNECTIONS / CHUNKS_AT_ONCE },
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
          logWarning('enrichment_delayed', { tenant: tenant.tenant, source: source.id, reason: outcome.message });
        }
      }
    };
    await Promise.all(Array.from({ length: CHUNKS_AT_ONCE }, work));
    return enrichment;
  };
}
