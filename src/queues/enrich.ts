/** Fetches what webhooks do not carry, from the provider's API, by the tenant's restricted key. */
import type { Bindings } from '../bindings.ts';
import { logWarning } from '../operations/log.ts';
import { chargebeeEnrichmentKinds, fetchChargebeeEnrichment } from '../sources/enrichment/chargebee.ts';
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
import { fetchStripeEnrichment, stripeEnrichmentKinds } from '../sources/enrichment/stripe.ts';
import { enrichmentKey } from '../sources/source.ts';
import { outsideHttp } from './connectors.ts';
import type { Enrich } from './read-events.ts';

/** Providers whose API the gateway can ask. For the others every need is answered with "not to be had". */
const clients: ReadonlyMap<string, EnrichmentClient> = new Map([
  ['stripe', { fetch: fetchStripeEnrichment, kinds: stripeEnrichmentKinds }],
  ['chargebee', { fetch: fetchChargebeeEnrichment, kinds: chargebeeEnrichmentKinds }],
  ['salesforce', { fetch: fetchSalesforceEnrichment, kinds: salesforceEnrichmentKinds }],
  ['recurly', { fetch: fetchRecurlyEnrichment, kinds: recurlyEnrichmentKinds }],
  ['hubspot', { fetch: fetchHubspotEnrichment, kinds: hubspotEnrichmentKinds }],
]);

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

export const enrichFrom = (env: Bindings): Enrich => enrichWith(outsideHttp(env));

/** What no client offers is answered with null; what could not be asked is left out, so that its event waits. */
export function enrichWith(http: EnrichmentHttp): Enrich {
  return async (tenant, source, needs) => {
    const client = clients.get(source.source.provider);
    const offered = needs.filter((need) => client?.kinds.includes(need.kind) === true);
    const enrichment = new Map<string, unknown>(
      needs.filter((need) => !offered.includes(need)).map((need) => [enrichmentKey(need), null]),
    );
    if (client === undefined) return enrichment;
    for (let start = 0; start < offered.length; start += MAX_NEEDS) {
      const outcome = await client.fetch(offered.slice(start, start + MAX_NEEDS), {
        apiUrl: source.apiUrl,
        apiKey: source.apiKey,
        http,
        cache: cacheFor(`${tenant.tenant}/${source.id}`),
        budget: defaultBudget,
      });
      for (const [key, value] of outcome.enrichment) enrichment.set(key, value);
      if (outcome.outcome === 'retry') {
        logWarning('enrichment_delayed', { tenant: tenant.tenant, source: source.id, reason: outcome.message });
      }
    }
    return enrichment;
  };
}
